"""The criteria, and what each audience sees of an Inspection."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest

from idqc.audience import ORIGINAL_ONLY_CODE, to_json
from idqc.catalogue import FIXED, all_criteria, criteria, field_criteria, find
from idqc.documents import document_types
from idqc.heatmaps import MAPPED
from idqc.inspection import Audience, FieldReading, Finding, Inspection, Outcome, Region, Surface, Thresholds
from idqc.wording import advice, sentence


def test_codes_are_unique_and_findable() -> None:
    for name in document_types():
        codes = [criterion.code for criterion in (*FIXED, *field_criteria(name))]
        assert len(codes) == len(set(codes))
        assert all(find(code).code == code for code in codes)
    with pytest.raises(KeyError):
        find("quality.smell")


def test_every_sentence_is_there_in_both_languages() -> None:
    for name in document_types():
        for criterion in (*FIXED, *field_criteria(name)):
            for text in (criterion.meaning, criterion.reviewer, criterion.customer or criterion.meaning):
                assert set(text) == {"ko", "en"}
                assert all(text.values())


def test_every_audience_has_a_sentence_with_a_cure() -> None:
    """Words of asking, in each language: a sentence without one only states a fault."""
    cures = {
        "customer": {"ko": "주세요", "en": r"[Tt]ake|[Uu]se|[Pp]lace|[Pp]hotograph|[Mm]ove|[Cc]hange"},
        "reviewer": {"ko": "요청하세요|보내세요", "en": r"[Aa]sk for|refer the case"},
    }
    for criterion in all_criteria():
        told = {"customer": criterion.customer, "reviewer": criterion.reviewer}
        assert told["customer"] or criterion.code in ("fraud.portrait_tamper", "fraud.text_tamper")
        for audience, sentences in told.items():
            for language, text in (sentences or {}).items():
                assert re.search(cures[audience][language], text), (criterion.code, audience, language)
                assert bool(re.search("[가-힣]", text.replace("{field}", ""))) == (language == "ko")


@pytest.mark.parametrize("name", list(document_types()))
def test_sentences_name_the_field(name: str) -> None:
    kind = document_types()[name]
    for criterion in (find("quality.glare"), find("fraud.text_tamper"), *field_criteria(name)):
        field = "birth_date" if "birth_date" in kind.fields else "name"
        field = criterion.code.split(".")[1] if criterion.family.startswith("field.") else field
        region = Region(field, ((0, 0), (1, 0), (1, 1), (0, 1)), "x")
        for said in [
            advice(criterion, (region,), kind),
            *([sentence(criterion, (region,), kind)] * bool(criterion.customer)),
        ]:
            for language, text in said.items():
                assert kind.fields[field].label[language] in text
                assert "{" not in text


def test_what_is_spread_over_the_card_says_so() -> None:
    assert {code for code in MAPPED if not find(code).spread} == {
        "quality.glare", "fraud.portrait_tamper", "fraud.text_tamper",
    }  # fmt: skip
    for criterion in field_criteria("passport"):
        assert not criterion.spread


def test_the_capture_surface_reads_nothing() -> None:
    codes = {criterion.code for criterion in criteria(Surface.CAPTURE, "kr_resident")}
    assert "quality.glare" in codes
    assert "field.id_number.hidden" in codes
    assert "fraud.screen" in codes
    assert not {code for code in codes if code.endswith(".unreadable") or "tamper" in code or "expired" in code}


def _inspection() -> Inspection:
    limits = Thresholds(0.9, 0.4)
    return Inspection(
        inspection_id="1",
        surface=Surface.VERIFICATION,
        verdict=Outcome.REJECT,
        release="r",
        policy="default",
        image_width_px=800,
        image_height_px=600,
        as_of=date(2026, 11, 21),
        document_type="kr_resident",
        document_confidence=0.987,
        document_quad=((0, 0), (10, 0), (10, 5), (0, 5)),
        findings=(
            Finding("quality.blur", 0.123456, Outcome.PASS, limits),
            Finding("fraud.screen", 0.654321, Outcome.WARN, limits),
            Finding("fraud.print", 0.765432, Outcome.WARN, limits),
            Finding(
                "fraud.portrait_tamper",
                0.954321,
                Outcome.REJECT,
                limits,
                advice=find("fraud.portrait_tamper").reviewer,
            ),
        ),
        fields=(FieldReading("id_number", "711231-*******", 0.97, 0.91, True, None),),
        timings_ms={"decode": 12.0},
    )


def test_a_customer_sees_no_score_no_threshold_no_reading_and_no_fraud_criterion() -> None:
    answer = to_json(_inspection(), Audience.CUSTOMER)
    text = json.dumps(answer, ensure_ascii=False)
    for secret in (
        "advice",
        "refer the case",
        "spread",
        "score",
        "threshold",
        "0.1234",
        "0.654",
        "fraud",
        "711231",
        "987",
        "timings",
    ):
        assert secret not in text
    codes = [finding["criterion"] for finding in answer["findings"]]
    assert codes == ["quality.blur", ORIGINAL_ONLY_CODE]
    assert answer["verdict"] == "warn"


def test_a_reviewer_sees_everything() -> None:
    answer = to_json(_inspection(), Audience.REVIEWER)
    assert answer["verdict"] == "reject"
    assert answer["findings"][3]["score"] == 0.954321
    assert answer["fields"][0]["value"] == "711231-*******"
    assert [finding["spread"] for finding in answer["findings"]] == [True, True, True, False]
    assert "refer the case" in answer["findings"][3]["advice"]["en"]
    assert answer["findings"][0]["advice"] is None
    assert answer["findings"][0]["thresholds"] == {"reject": 0.9, "reject_warning": 0.4}
