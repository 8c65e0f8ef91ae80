"""The criteria, and what each audience sees of an Inspection."""

from __future__ import annotations

import json
from datetime import date

import pytest

from idqc.audience import ORIGINAL_ONLY_CODE, to_json
from idqc.catalogue import FIXED, criteria, field_criteria, find
from idqc.documents import document_types
from idqc.inspection import Audience, FieldReading, Finding, Inspection, Outcome, Surface, Thresholds


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
            for text in (criterion.meaning, criterion.customer or criterion.meaning):
                assert set(text) == {"ko", "en"}
                assert all(text.values())


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
            Finding("fraud.portrait_tamper", 0.954321, Outcome.REJECT, limits),
        ),
        fields=(FieldReading("id_number", "711231-*******", 0.97, 0.91, True, None),),
        timings_ms={"decode": 12.0},
    )


def test_a_customer_sees_no_score_no_threshold_no_reading_and_no_fraud_criterion() -> None:
    answer = to_json(_inspection(), Audience.CUSTOMER)
    text = json.dumps(answer, ensure_ascii=False)
    for secret in ("score", "threshold", "0.1234", "0.654", "fraud", "711231", "987", "timings"):
        assert secret not in text
    codes = [finding["criterion"] for finding in answer["findings"]]
    assert codes == ["quality.blur", ORIGINAL_ONLY_CODE]
    assert answer["verdict"] == "warn"


def test_a_reviewer_sees_everything() -> None:
    answer = to_json(_inspection(), Audience.REVIEWER)
    assert answer["verdict"] == "reject"
    assert answer["findings"][3]["score"] == 0.954321
    assert answer["fields"][0]["value"] == "711231-*******"
    assert answer["findings"][0]["thresholds"] == {"reject": 0.9, "reject_warning": 0.4}
