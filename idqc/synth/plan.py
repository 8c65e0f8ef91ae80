"""What photo a number stands for: which document, what is wrong with it, which split. Pure in seed and index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from idqc.labels import SPLITS
from idqc.synth.assets import SHARES

MIX: Mapping[str, float] = MappingProxyType(
    {"clean": 0.38, "defect": 0.30, "attack": 0.22, "negative": 0.10, "flat": 0.0}
)
"""Kinds of photos and their usual shares. `flat` is a card without a camera, for training the field detector."""
DOCUMENT_SHARES: Mapping[str, float] = MappingProxyType(
    {"kr_resident": 0.32, "kr_driver": 0.26, "passport": 0.20, "td1": 0.22}
)
FLAT_SHARES: Mapping[str, float] = MappingProxyType(
    {"kr_resident": 0.1, "kr_driver": 0.14, "passport": 0.38, "td1": 0.38}
)
"""Latin documents have twice the fields, half of them short and told apart by their captions alone."""
ATTACKS = ("screen", "print", "grayscale_copy", "portrait_tamper", "text_tamper")
COPIES = ("screen", "print", "grayscale_copy")
DEFECTS: Mapping[str, float] = MappingProxyType(
    {
        "quality.blur": 1.4, "quality.glare": 1.5, "quality.dark": 1.0, "quality.bright": 1.0, "quality.cut_off": 1.2,
        "quality.low_resolution": 0.9, "quality.tilt": 0.9, "field.hidden": 1.8, "field.erased": 0.5,
        "portrait.missing": 0.8, "portrait.low_quality": 1.3, "document.expired": 0.8,
    }
)  # fmt: skip
"""Defects and how often each is drawn, relative to the others."""
MILD_WITH_ATTACK = ("quality.glare", "quality.dark", "quality.bright", "quality.blur")
EXPIRING = ("kr_driver", "passport", "td1")


@dataclass(frozen=True)
class Plan:
    """One photo to be made. `defects` are (code, severity wanted); a plain scene is `negative` with `card` False."""

    seed: int
    index: int
    split: str
    kind: str
    document_type: str | None
    card: bool = True
    attack: str | None = None
    defects: tuple[tuple[str, float], ...] = ()
    expired: bool = False

    @property
    def copied(self) -> bool:
        """Whether the photo shows a copy of a document: a screen, a print, a photocopy."""
        return self.attack in COPIES

    def wanted(self, code: str) -> float:
        """The severity wanted of a defect, 0 when it is not wanted."""
        return dict(self.defects).get(code, 0.0)


def plan_photo(seed: int, index: int, split: str | None = None, mix: Mapping[str, float] = MIX) -> Plan:
    """Draws the plan of one photo. `split` forces the split; otherwise it is drawn 60 / 15 / 25."""
    rng = np.random.default_rng([seed, index, 1])
    drawn = _draw(rng, dict(zip(SPLITS, SHARES, strict=True)))
    home = split or drawn
    kind = _draw(rng, mix)
    document_type: str | None = _draw(rng, FLAT_SHARES if kind == "flat" else DOCUMENT_SHARES)
    if kind == "negative":
        card = bool(rng.random() < 0.5)
        return Plan(seed, index, home, kind, None, card=card)
    attack, defects = None, []
    if kind == "attack":
        attack = ATTACKS[int(rng.integers(len(ATTACKS)))]
        if rng.random() < 0.2:
            defects = [(MILD_WITH_ATTACK[int(rng.integers(4))], float(rng.uniform(0.05, 0.25)))]
    elif kind == "flat":
        defects = [("field.hidden", _severity(rng))] if rng.random() < 0.3 else []
    elif kind == "defect":
        first = _draw(rng, DEFECTS)
        others = {code: share for code, share in DEFECTS.items() if code.split(".")[0] != first.split(".")[0]}
        codes = [first, _draw(rng, others)] if rng.random() < 0.2 else [first]
        defects = [(code, _severity(rng)) for code in codes]
    expired = any(code == "document.expired" for code, _ in defects)
    if expired and document_type not in EXPIRING:
        document_type = EXPIRING[int(rng.integers(len(EXPIRING)))]
    return Plan(seed, index, home, kind, document_type, True, attack, tuple(defects), expired)


def _severity(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.06, 1.0))


def _draw(rng: np.random.Generator, shares: Mapping[str, float]) -> str:
    names = list(shares)
    weights = np.array([shares[name] for name in names], np.float64)
    return names[
        int(np.searchsorted(np.cumsum(weights / weights.sum()), rng.random(), side="right").clip(0, len(names) - 1))
    ]
