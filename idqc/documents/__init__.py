"""Document types as data: each TOML file here is one type. Adding a type needs no Python."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Any

PORTRAIT = "portrait"
ID1_MM = (85.6, 53.98)
"""Width and height of an ID-1 card (ISO/IEC 7810), which a card of unknown type is taken for."""
UNSUPPORTED = "unsupported"
"""What the document model calls a card that is none of the accepted types."""


@dataclass(frozen=True)
class FieldSpec:
    """One field of a document type. `format` is None for what is not read (portrait, seal, title).

    A type whose fields have captions prints lines that look alike, which are told apart by what they say.
    """

    name: str
    label: Mapping[str, str]
    mandatory: bool
    format: str | None
    max_lines: int
    sensitive: bool
    captions: tuple[str, ...] = ()
    """What documents print beside this field, in many languages: small letters without accents, or a number (4b)."""


@dataclass(frozen=True)
class DocumentType:
    """A document type: its size, its fields, and where a resident number may stand (in shares)."""

    type: str
    name: Mapping[str, str]
    size_mm: tuple[float, float]
    accepted: bool
    fields: Mapping[str, FieldSpec]
    resident_number_areas: tuple[tuple[float, float, float, float], ...]

    @property
    def mandatory_fields(self) -> tuple[str, ...]:
        """The fields that must be visible, portrait included."""
        return tuple(name for name, spec in self.fields.items() if spec.mandatory)

    @cached_property
    def captions(self) -> tuple[str, ...]:
        """Those of all fields, each once."""
        return tuple(dict.fromkeys(caption for spec in self.fields.values() for caption in spec.captions))

    @property
    def has_captions(self) -> bool:
        """Whether fields are named by more than their looks."""
        return bool(self.captions)

    def rectified_size_px(self, width_px: int) -> tuple[int, int]:
        """Width and height in pixels of the document laid flat at this width."""
        return width_px, round(width_px * self.size_mm[1] / self.size_mm[0])


def _parse(raw: dict[str, Any]) -> DocumentType:
    specs = {
        name: FieldSpec(
            name=name,
            label=MappingProxyType(dict(spec["label"])),
            mandatory=bool(spec["mandatory"]),
            format=spec.get("format"),
            max_lines=int(spec.get("max_lines", 1)),
            sensitive=bool(spec.get("sensitive", spec.get("format") == "resident_number")),
            captions=tuple(spec.get("captions", ())),
        )
        for name, spec in raw["fields"].items()
    }
    return DocumentType(
        type=str(raw["type"]),
        name=MappingProxyType(dict(raw["name"])),
        size_mm=(float(raw["size_mm"][0]), float(raw["size_mm"][1])),
        accepted=bool(raw["accepted"]),
        fields=MappingProxyType(specs),
        resident_number_areas=tuple(
            (float(a), float(b), float(c), float(d)) for a, b, c, d in raw["resident_number_areas"]
        ),
    )


@cache
def document_types() -> Mapping[str, DocumentType]:
    """Every document type that has a TOML file, by its code, in alphabetical order."""
    found = {}
    for file in sorted(files(__package__).iterdir(), key=lambda item: item.name):
        if file.name.endswith(".toml"):
            parsed = _parse(tomllib.loads(file.read_text(encoding="utf-8")))
            found[parsed.type] = parsed
    return MappingProxyType(found)
