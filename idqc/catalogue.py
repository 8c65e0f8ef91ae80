"""The criteria: code, family, wording in Korean and English, and who may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from idqc.advice import ADVICE
from idqc.documents import PORTRAIT, document_types
from idqc.inspection import Audience, Surface

ORIGINAL_ONLY = {
    "ko": "실물 신분증 원본을 직접 촬영해 주세요.",
    "en": "Please photograph the original card itself.",
}
"""All that a customer is told when a copy is suspected; which evidence fired stays inside."""

SPREAD = frozenset(
    {
        "quality.no_document", "document.unsupported", "quality.low_resolution", "quality.tilt", "quality.blur",
        "quality.dark", "quality.bright", "fraud.screen", "fraud.print", "fraud.grayscale_copy",
    }
)  # fmt: skip
"""What lies all over the document: moiré, halftone, darkness have no single place."""

_ALL = frozenset(Surface)
_JUDGED = frozenset({Surface.VERIFICATION, Surface.REVIEW})


@dataclass(frozen=True)
class Criterion:
    """One thing a photo is checked for.

    `customer` is the sentence that a customer reads, with {field} standing for the field's name; None means never
    shown. `reviewer` is the sentence for whoever judges the case: what shows, and what to do about it. `spread` says
    that it lies all over the document: no single place is to blame, a heat map shows only where more of it is.
    """

    code: str
    family: str
    meaning: Mapping[str, str]
    customer: Mapping[str, str] | None
    reviewer: Mapping[str, str]
    spread: bool
    surfaces: frozenset[Surface]
    threshold_key: str

    def visible_to(self, audience: Audience) -> bool:
        """Whether this criterion by name may be shown to the audience."""
        return audience is not Audience.CUSTOMER or self.customer is not None


def _criterion(
    code: str, meaning: tuple[str, str], customer: tuple[str, str] | None, surfaces: frozenset[Surface] = _ALL
) -> Criterion:
    return Criterion(
        code=code,
        family=code.split(".")[0],
        meaning=_spoken(*meaning),
        customer=None if customer is None else _spoken(*customer),
        reviewer=_spoken(*ADVICE[code]),
        spread=code in SPREAD,
        surfaces=surfaces,
        threshold_key=code,
    )


def _spoken(ko: str, en: str) -> Mapping[str, str]:
    return MappingProxyType({"ko": ko, "en": en})


_ORIGINAL = (ORIGINAL_ONLY["ko"], ORIGINAL_ONLY["en"])

FIXED: tuple[Criterion, ...] = (
    _criterion(
        "quality.no_document",
        ("사진에 신분증이 없음", "no identity document in the frame"),
        (
            "신분증이 보이지 않아요. 화면 안에 신분증을 놓고 다시 찍어 주세요.",
            "We cannot see an identity document. Place it inside the frame and take the photo again.",
        ),
    ),
    _criterion(
        "document.unsupported",
        ("받지 않는 종류의 증서", "a document of a type that is not accepted"),
        (
            "이 증서로는 확인할 수 없어요. 주민등록증, 운전면허증, 여권을 사용해 주세요.",
            "This document is not accepted. Please use an identity card, a driver's licence or a passport.",
        ),
    ),
    _criterion(
        "quality.cut_off",
        ("신분증 일부가 사진 밖에 있음", "part of the document lies outside the frame"),
        (
            "신분증의 일부가 잘렸어요. 네 모서리가 모두 보이게 다시 찍어 주세요.",
            "Part of the document is cut off. Take the photo again with all four corners in view.",
        ),
    ),
    _criterion(
        "quality.low_resolution",
        ("글자를 읽기에 화소가 모자람", "too few pixels across the document to read its smallest field"),
        (
            "신분증이 너무 작게 찍혔어요. 더 가까이에서 다시 찍어 주세요.",
            "The document is too small in the photo. Move closer and take it again.",
        ),
    ),
    _criterion(
        "quality.tilt",
        ("기울기가 심해 항목을 판단할 수 없음", "perspective so steep that fields cannot be judged"),
        (
            "신분증이 많이 기울었어요. 바로 위에서 다시 찍어 주세요.",
            "The document is seen at a steep angle. Take the photo again from straight above.",
        ),
    ),
    _criterion(
        "quality.blur",
        ("초점이 맞지 않거나 흔들림", "defocus or motion blur inside the document"),
        (
            "사진이 흐려요. 초점을 맞추고 흔들리지 않게 다시 찍어 주세요.",
            "The photo is blurred. Let the camera focus, hold still, and take it again.",
        ),
    ),
    _criterion(
        "quality.glare",
        ("빛 반사가 내용을 가림", "a specular spot hides content"),
        (
            "{field}에 빛이 반사됐어요. 각도를 바꿔 다시 찍어 주세요.",
            "Light reflects on the {field}. Change the angle and take the photo again.",
        ),
    ),
    _criterion(
        "quality.dark",
        ("신분증이 너무 어두움", "under-exposed inside the document"),
        (
            "사진이 너무 어두워요. 밝은 곳에서 다시 찍어 주세요.",
            "The photo is too dark. Take it again in better light.",
        ),
    ),
    _criterion(
        "quality.bright",
        ("신분증이 너무 밝음", "over-exposed inside the document"),
        (
            "사진이 너무 밝아요. 직접 조명을 피해 다시 찍어 주세요.",
            "The photo is too bright. Move away from direct light and take it again.",
        ),
    ),
    _criterion(
        "portrait.missing",
        ("사진란이 없거나 얼굴이 없음", "no portrait, or no face in it"),
        (
            "신분증의 얼굴 사진이 보이지 않아요. 가리지 말고 다시 찍어 주세요.",
            "The portrait on the document is not visible. Uncover it and take the photo again.",
        ),
    ),
    _criterion(
        "portrait.low_quality",
        ("얼굴을 알아볼 수 없음", "the face cannot be identified"),
        (
            "신분증의 얼굴 사진을 알아보기 어려워요. 선명하게 다시 찍어 주세요.",
            "The face on the document is hard to recognise. Take a clearer photo.",
        ),
    ),
    _criterion(
        "document.expired",
        ("유효기간이 지남", "the expiry date has passed"),
        (
            "유효기간이 지난 신분증이에요. 유효한 신분증을 사용해 주세요.",
            "This document has expired. Please use a valid one.",
        ),
        _JUDGED,
    ),
    _criterion("fraud.screen", ("화면을 다시 촬영함", "photographed from a display"), _ORIGINAL),
    _criterion("fraud.print", ("컬러 출력물을 촬영함", "photographed from a colour print"), _ORIGINAL),
    _criterion("fraud.grayscale_copy", ("흑백 복사본", "a black-and-white copy"), _ORIGINAL),
    _criterion(
        "fraud.portrait_tamper", ("얼굴 사진이 교체되거나 편집됨", "the portrait was replaced or edited"), None, _JUDGED
    ),
    _criterion("fraud.text_tamper", ("글자가 편집됨", "a text field was edited"), None, _JUDGED),
)


@cache
def field_criteria(document_type: str) -> tuple[Criterion, ...]:
    """The `field.<name>.hidden` and `field.<name>.unreadable` criteria of one document type, in its order.

    Hidden is judged for mandatory fields (the portrait has criteria of its own); unreadable for all that are read.
    """
    criteria = []
    for name, spec in document_types()[document_type].fields.items():
        if name == PORTRAIT:
            continue
        ko, en = spec.label["ko"], spec.label["en"]
        if spec.mandatory:
            criteria.append(
                Criterion(
                    code=f"field.{name}.hidden",
                    family="field.hidden",
                    meaning=_spoken(f"{ko} 항목이 가려짐", f"the {en} is covered, missing or erased"),
                    customer=_spoken(
                        f"{ko} 항목이 보이지 않아요. 가리지 말고 다시 찍어 주세요.",
                        f"The {en} is not visible. Uncover it and take the photo again.",
                    ),
                    reviewer=_spoken(
                        f"{ko} 항목이 가려졌거나 지워졌습니다. 가린 것 없이 찍은 사진을 요청하세요.",
                        f"The {en} is covered, missing or erased. Ask for a photo with nothing over it.",
                    ),
                    spread=False,
                    surfaces=_ALL,
                    threshold_key="field.hidden",
                )
            )
        if spec.mandatory and spec.format is not None:
            criteria.append(
                Criterion(
                    code=f"field.{name}.unreadable",
                    family="field.unreadable",
                    meaning=_spoken(f"{ko} 항목을 읽을 수 없음", f"the {en} cannot be read"),
                    customer=_spoken(
                        f"{ko} 항목을 읽을 수 없어요. 선명하게 다시 찍어 주세요.",
                        f"The {en} cannot be read. Take a sharper photo.",
                    ),
                    reviewer=_spoken(
                        f"{ko} 항목을 읽을 수 없거나 형식에 맞지 않습니다. 직접 읽어 보고, "
                        "안 되면 선명한 사진을 요청하세요.",
                        f"The {en} cannot be read or breaks its format. Read it yourself; if you cannot, "
                        "ask for a sharper photo.",
                    ),
                    spread=False,
                    surfaces=_JUDGED,
                    threshold_key="field.unreadable",
                )
            )
    return tuple(criteria)


def criteria(surface: Surface, document_type: str | None) -> tuple[Criterion, ...]:
    """Every criterion that an Inspection on this surface lists, in the order in which people read them."""
    by_field = field_criteria(document_type) if document_type in document_types() else ()
    return tuple(criterion for criterion in (*FIXED, *by_field) if surface in criterion.surfaces)


@cache
def all_criteria() -> tuple[Criterion, ...]:
    """Every criterion of every document type, each code once, in the order in which people read them."""
    by_code = {criterion.code: criterion for criterion in FIXED}
    for document_type in document_types():
        for criterion in field_criteria(document_type):
            by_code.setdefault(criterion.code, criterion)
    return tuple(by_code.values())


@cache
def find(code: str) -> Criterion:
    """The criterion of a code, whatever the document type. Raises KeyError for an unknown one."""
    return {criterion.code: criterion for criterion in all_criteria()}[code]
