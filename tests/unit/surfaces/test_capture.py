"""The rules of the capture screen, without web and without a store."""

from __future__ import annotations

import json
from datetime import date

import pytest

from idqc.catalogue import ORIGINAL_ONLY, find
from idqc.experiments.arms import DEFAULT_POLICY, ActAt, Policy
from idqc.inspection import Finding, Inspection, Outcome, Region, Surface, Thresholds
from idqc.routes import Advice, Route
from idqc.surfaces.capture import (
    NotYet,
    bypass_offered,
    customer_answer,
    judge,
    main_reason,
    route,
    under,
)

LIMITS = Thresholds(0.9, 0.4)
QUAD = ((10.0, 10.0), (50.0, 10.0), (50.0, 30.0), (10.0, 30.0))
GLARE, BLUR = "quality.glare", "quality.blur"
AT_REJECT = Policy("x:B", ActAt.REJECT, False)
CONTROL = Policy("x:control", ActAt.NEVER, True)


def inspected(**outcomes: Outcome) -> Inspection:
    """An inspection whose findings have the outcomes given by code, dots written as two underscores."""
    findings = tuple(
        Finding(
            code,
            0.5,
            outcome,
            LIMITS,
            (Region("id_number", QUAD, code.split(".")[1]),),
            find(code).customer or find(code).meaning,
        )
        for code, outcome in ((key.replace("__", "."), value) for key, value in outcomes.items())
    )
    return Inspection(
        inspection_id="0" * 32,
        surface=Surface.CAPTURE,
        verdict=Outcome.WARN,
        release="r",
        policy="default",
        image_width_px=640,
        image_height_px=480,
        as_of=date(2026, 11, 22),
        document_type="kr_resident",
        document_confidence=0.9,
        document_quad=QUAD,
        findings=findings,
        fields=(),
        timings_ms={},
    )


def test_a_reject_is_told_before_a_warning() -> None:
    photo = inspected(quality__blur=Outcome.WARN, quality__glare=Outcome.REJECT)
    assert judge(photo, DEFAULT_POLICY).reason == GLARE
    assert judge(inspected(quality__blur=Outcome.WARN, quality__glare=Outcome.WARN), DEFAULT_POLICY).reason == BLUR


def test_an_arm_decides_which_threshold_acts() -> None:
    warned, rejected = inspected(quality__glare=Outcome.WARN), inspected(quality__glare=Outcome.REJECT)
    assert [judge(photo, DEFAULT_POLICY).advice for photo in (warned, rejected)] == [Advice.RETAKE, Advice.RETAKE]
    assert [judge(photo, AT_REJECT).advice for photo in (warned, rejected)] == [Advice.ACCEPT, Advice.RETAKE]
    assert [judge(photo, CONTROL).advice for photo in (warned, rejected)] == [Advice.ACCEPT, Advice.ACCEPT]
    assert under(warned, AT_REJECT).policy == "x:B"


def test_what_was_not_computed_asks_for_nothing() -> None:
    assert judge(inspected(quality__glare=Outcome.NOT_COMPUTED), DEFAULT_POLICY).advice is Advice.ACCEPT


@pytest.mark.parametrize("code", ["fraud__screen", "fraud__print", "fraud__grayscale_copy"])
def test_a_copy_is_one_request_for_the_original_whichever_fired(code: str) -> None:
    photo = inspected(**{code: Outcome.WARN})
    answer = customer_answer(photo, judge(photo, DEFAULT_POLICY))
    assert (answer["reason"], answer["message"], answer["regions"]) == ("document.original_only", ORIGINAL_ONLY, [])
    assert "fraud" not in json.dumps(answer)


@pytest.mark.parametrize("code", ["fraud__portrait_tamper", "fraud__text_tamper"])
def test_tampering_is_never_told(code: str) -> None:
    assert judge(inspected(**{code: Outcome.REJECT}), DEFAULT_POLICY).advice is Advice.ACCEPT


def test_the_customer_sees_where_to_look_and_no_number_behind_it() -> None:
    photo = inspected(quality__glare=Outcome.REJECT)
    answer = customer_answer(photo, judge(photo, DEFAULT_POLICY))
    assert answer["regions"] == [{"label": "id_number", "quad": QUAD, "defect": "glare"}]
    assert (answer["image"], answer["document"]) == ({"width": 640, "height": 480}, QUAD)
    assert not {"score", "thresholds", "outcome"} & set(json.dumps(answer).replace('"', " ").split())


@pytest.mark.parametrize(
    ("reasons", "offered"),
    [
        ([], False),
        ([GLARE, GLARE], False),
        ([GLARE, BLUR, GLARE, BLUR], False),
        ([GLARE, BLUR, GLARE, GLARE], True),
        (["document.original_only"] * 3, True),
        ([GLARE, BLUR, GLARE, BLUR, "quality.dark"], True),
    ],
)
def test_the_way_through_opens_after_three_for_one_or_five_in_all(reasons: list[str], offered: bool) -> None:
    assert bypass_offered(reasons, DEFAULT_POLICY) is offered
    assert not bypass_offered(reasons, AT_REJECT)


def test_a_bypass_is_counted_under_its_main_reason() -> None:
    assert main_reason([GLARE, BLUR, GLARE]) == GLARE
    assert main_reason([GLARE, BLUR]) == BLUR
    assert main_reason([]) is None


def test_how_a_submitted_photo_came_through() -> None:
    judged = {"good": Advice.ACCEPT, "bad": Advice.RETAKE}
    assert route(judged, "good", bypassed=False) is Route.ACCEPTED
    assert route(judged, "bad", bypassed=True) is Route.BYPASSED
    assert route(judged, "never seen", bypassed=False) is Route.UNJUDGED
    with pytest.raises(NotYet) as refused:
        route(judged, "bad", bypassed=False)
    assert refused.value.code == "capture.retake_needed"
