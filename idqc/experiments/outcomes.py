"""What became of each customer in an experiment, and the measures that are made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType


@dataclass(frozen=True)
class CustomerOutcome:
    """One customer, from the exposure on. None: it has not happened.

    `overturned`: a person decided otherwise than the capture check had said: rejected what it let through, or approved
    what it had asked to take again. None in an arm without a model, or while no person has decided.
    """

    arm: str
    exposed_at: datetime
    photos: int = 0
    submitted_after_s: float | None = None
    bypassed: bool = False
    unjudged: bool = False
    approved: bool | None = None
    overturned: bool | None = None


@dataclass(frozen=True)
class Metric:
    """One measure. `of` gives a customer's value, or None for one whom it leaves out.

    `better` is +1 when more is better, -1 when less is, 0 when it only explains. `of_everyone`: no customer is left
    out, so that arms can be compared without picking whom they let through. `waits`: it is known only when the queue
    has decided; a customer is counted once the window for that has passed.
    """

    title: Mapping[str, str]
    of: Callable[[CustomerOutcome], float | None]
    better: int
    unit: float = 1.0
    share: bool = True
    of_everyone: bool = True
    waits: bool = False


def _metric(ko: str, en: str, of: Callable[[CustomerOutcome], float | None], better: int, **more: object) -> Metric:
    return Metric(MappingProxyType({"ko": ko, "en": en}), of, better, **more)  # type: ignore[arg-type]


def _passed(customer: CustomerOutcome) -> float:
    return float(customer.submitted_after_s is not None and not customer.bypassed and not customer.unjudged)


def _rejected(customer: CustomerOutcome) -> float | None:
    return None if customer.approved is None else float(not customer.approved)


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "approved": _metric(
            "최종 승인된 고객", "customers approved in the end", lambda one: float(one.approved is True), +1, waits=True
        ),
        "capture_pass": _metric("촬영 단계 통과율", "pass rate of the capture step", _passed, +1),
        "completed": _metric(
            "사진을 제출한 고객",
            "customers who sent a photo at all",
            lambda one: float(one.submitted_after_s is not None),
            +1,
        ),
        "bypass": _metric("우회 버튼 사용률", "bypass rate", lambda one: float(one.bypassed), -1),
        "retakes": _metric(
            "재촬영 횟수", "retakes a customer", lambda one: float(max(one.photos - 1, 0)), -1, share=False
        ),
        "time_to_pass_s": _metric(
            "통과까지 걸린 시간(초)",
            "seconds to pass, of those who did",
            lambda one: one.submitted_after_s if _passed(one) else None,
            -1,
            unit=10.0,
            share=False,
            of_everyone=False,
        ),
        "rejected_after": _metric(
            "검증 후 거절률",
            "rejection after verification, of those decided",
            _rejected,
            -1,
            of_everyone=False,
            waits=True,
        ),
        "overturned": _metric(
            "심사자가 뒤집은 비율",
            "reviewer overturn, of those a person decided",
            lambda one: None if one.overturned is None else float(one.overturned),
            -1,
            of_everyone=False,
            waits=True,
        ),
    }
)
