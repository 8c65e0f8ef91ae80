"""What a reviewer reads of a finding: what shows, on which field, and what to do about it, in Korean and English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ADVICE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "quality.no_document": (
            "사진에서 신분증을 찾지 못했습니다. 신분증 전체가 나온 사진을 요청하세요.",
            "No identity document was found. Ask for a photo that shows all of it.",
        ),
        "document.unsupported": (
            "받지 않는 종류의 증서로 보입니다. 종류를 확인하고, 맞다면 받는 증서를 요청하세요.",
            "This looks like a document that is not accepted. Check its type; if so, ask for one that is.",
        ),
        "quality.cut_off": (
            "신분증 일부가 사진 밖에 있습니다. 네 모서리가 모두 나온 사진을 요청하세요.",
            "Part of the document lies outside the frame. Ask for a photo with all four corners in view.",
        ),
        "quality.low_resolution": (
            "신분증이 너무 작게 찍혀 글자를 읽기 어렵습니다. 더 가까이에서 찍은 사진을 요청하세요.",
            "The document is too small to be read. Ask for a photo from closer by.",
        ),
        "quality.tilt": (
            "신분증이 심하게 기울었습니다. 바로 위에서 찍은 사진을 요청하세요.",
            "The document is seen at a steep angle. Ask for a photo from straight above.",
        ),
        "quality.blur": (
            "신분증 전체가 흐립니다. 초점이 맞은 사진을 요청하세요.",
            "All of the document is blurred. Ask for a photo in focus.",
        ),
        "quality.glare": (
            "{field}에 빛이 반사되어 내용이 가려졌습니다. 다른 각도에서 찍은 사진을 요청하세요.",
            "A reflection hides part of the {field}. Ask for a photo from another angle.",
        ),
        "quality.dark": (
            "신분증 전체가 너무 어둡습니다. 밝은 곳에서 찍은 사진을 요청하세요.",
            "All of the document is too dark. Ask for a photo in better light.",
        ),
        "quality.bright": (
            "신분증 전체가 너무 밝습니다. 직접 조명을 피해 찍은 사진을 요청하세요.",
            "All of the document is too bright. Ask for a photo away from direct light.",
        ),
        "portrait.missing": (
            "얼굴 사진이 없거나 가려졌습니다. 얼굴 사진이 보이는 사진을 요청하세요.",
            "The portrait is missing or covered. Ask for a photo in which it can be seen.",
        ),
        "portrait.low_quality": (
            "얼굴 사진을 알아보기 어렵습니다. 직접 확인하고, 안 되면 선명한 사진을 요청하세요.",
            "The portrait is hard to recognise. Look for yourself; if you cannot, ask for a clearer photo.",
        ),
        "document.expired": (
            "유효기간이 지난 증서입니다. 날짜를 확인하고, 맞다면 유효한 증서를 요청하세요.",
            "The expiry date has passed. Check the date; if so, ask for a valid document.",
        ),
        "fraud.screen": (
            "화면을 다시 찍은 흔적이 신분증 전체에 있습니다. 확대해 화소 무늬를 확인하고, 실물 원본 사진을 요청하세요.",
            "Traces of a display lie all over the document. Zoom in on its pixels; ask for a photo of the original.",
        ),
        "fraud.print": (
            "출력물을 찍은 흔적이 신분증 전체에 있습니다. 확대해 망점을 확인하고, 실물 원본 사진을 요청하세요.",
            "Traces of a printer lie all over the document. Zoom in on its dots; ask for a photo of the original.",
        ),
        "fraud.grayscale_copy": (
            "신분증 전체에 색이 없어 흑백 복사본으로 보입니다. 색을 확인하고, 실물 원본 사진을 요청하세요.",
            "All of the document lacks colour, as a copy does. Check its colours; ask for a photo of the original.",
        ),
        "fraud.portrait_tamper": (
            "얼굴 사진이 교체되거나 편집된 흔적이 있습니다. 사진 둘레와 결을 주변과 비교하고, 2차 심사로 보내세요.",
            "The portrait shows traces of an edit. Compare its edge and grain with the rest, and refer the case.",
        ),
        "fraud.text_tamper": (
            "{field}의 글자가 편집된 흔적이 있습니다. 글꼴과 바탕을 다른 항목과 비교하고, 2차 심사로 보내세요.",
            "The text of the {field} shows traces of an edit. Compare type and ground with others, and refer the case.",
        ),
    }
)
"""(Korean, English) by criterion; {field} stands for the field's name."""
