"""The sentence of a finding, in Korean and in English, naming the field that it points at."""

from __future__ import annotations

from collections.abc import Mapping

from idqc.catalogue import Criterion
from idqc.documents import DocumentType
from idqc.inspection import Region

DOCUMENT = {"ko": "신분증", "en": "document"}
"""What {field} becomes when no single field is named."""


def sentence(criterion: Criterion, regions: tuple[Region, ...], kind: DocumentType | None) -> Mapping[str, str]:
    """The customer's sentence where the criterion has one, else its meaning; {field} is the first field pointed at."""
    return _naming(criterion.customer or criterion.meaning, regions, kind)


def advice(criterion: Criterion, regions: tuple[Region, ...], kind: DocumentType | None) -> Mapping[str, str]:
    """The reviewer's sentence: what shows, on which field, and what to do about it."""
    return _naming(criterion.reviewer, regions, kind)


def _naming(template: Mapping[str, str], regions: tuple[Region, ...], kind: DocumentType | None) -> Mapping[str, str]:
    named = next((r.label for r in regions if kind is not None and r.label in kind.fields), None)
    label = DOCUMENT if named is None or kind is None else kind.fields[named].label
    return {language: text.replace("{field}", label[language]) for language, text in template.items()}
