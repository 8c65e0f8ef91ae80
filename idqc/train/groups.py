"""Which photos a criterion should flag and which it should not: the groups that evaluation and calibration compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from idqc.catalogue import FIXED, all_criteria, find
from idqc.chances import rounded
from idqc.decision import ThresholdTable, decide
from idqc.evidence import Evidence
from idqc.inspection import Outcome
from idqc.labels import Label
from idqc.train.scored import Scored

Pair: TypeAlias = tuple[Label, Scored]

BAD = 0.5
"""From this severity on a photo should be flagged; between 0 and this either answer is right."""
MILD = 0.25
"""Below this severity a warning may be right, a reject is not."""

FAMILIES = ("field.hidden", "field.unreadable")
KEYS = (*(criterion.code for criterion in FIXED), *FAMILIES)
"""Every threshold key, in the order of the catalogue; the field criteria are pooled over fields."""


@dataclass(frozen=True)
class Sample:
    """One score, and where it comes from. A criterion that was not computed has no score."""

    score: float | None
    file: str
    code: str
    severity: float


@dataclass
class Group:
    """The scores of one key.

    `bad`: severity of at least 0.5, one sample a photo, or a photo and field for a family. `mild`: above 0, below 0.25.
    `clean`: photos with nothing wrong at all. `normal`: genuine accepted documents with severity 0 here, whatever else
    is wrong with them. `acceptable`: those of them with nothing else of severity 0.5 or more; a false reject hurts
    there. For a family these three are one sample a photo: its highest score over the fields with severity 0.
    """

    key: str
    bad: list[Sample] = field(default_factory=list)
    mild: list[Sample] = field(default_factory=list)
    clean: list[Sample] = field(default_factory=list)
    normal: list[Sample] = field(default_factory=list)
    acceptable: list[Sample] = field(default_factory=list)


def group(key: str, pairs: Iterable[Pair]) -> Group:
    """Sorts the photos of a set by what a criterion, or a family of them, should say of them."""
    found = Group(key)
    fraud = key.startswith("fraud.")
    known = {criterion.code for criterion in all_criteria()}
    for label, scored in pairs:
        if scored.error is not None:
            continue
        if label.attack is None or fraud:
            for code, severity in label.severity.items():
                if key_of(code) == key and code in known and (severity >= BAD or 0.0 < severity < MILD):
                    sample = Sample(scored.scores.get(code), label.file, code, severity)
                    (found.bad if severity >= BAD else found.mild).append(sample)
        if label.attack is not None or label.document_type is None:
            continue
        codes = [c for c in scored.scores if key_of(c) == key and label.severity.get(c, 0.0) == 0.0]
        if not codes:
            continue
        scores = [(value, code) for code in codes if (value := scored.scores[code]) is not None]
        value, code = max(scores, default=(None, codes[0]))
        sample = Sample(value, label.file, code, 0.0)
        found.normal.append(sample)
        if all(severity < BAD for severity in label.severity.values()):
            found.acceptable.append(sample)
        if label.clean:
            found.clean.append(sample)
    return found


def key_of(code: str) -> str:
    """The threshold key of a criterion: itself, or its family."""
    parts = code.split(".")
    return f"field.{parts[-1]}" if parts[0] == "field" else code


def values(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """The scores of the samples that have one: (n,) float64."""
    return np.array([sample.score for sample in samples if sample.score is not None], np.float64)


def as_chances(pairs: Iterable[Pair], thresholds: ThresholdTable) -> list[Pair]:
    """The photos with the scores that a release with these maps answers: chances, and rules where they are surer.

    Made anew from the scores of models and rules every time. What comes out has no `rules`, and must not be put in
    again.
    """
    return [
        (label, replace(scored, scores={code: _judged(code, scored, thresholds) for code in scored.scores}, rules={}))
        for label, scored in pairs
    ]


def _judged(code: str, scored: Scored, thresholds: ThresholdTable) -> float | None:
    rule = scored.rules.get(code)
    evidence = Evidence(scored.scores[code], rule=None if rule is None else Evidence(rule))
    score = evidence.judged(thresholds.chance_of(find(code))).score
    return None if score is None else rounded(score)


def outcomes(scored: Scored, thresholds: ThresholdTable) -> Mapping[str, Outcome]:
    """The outcomes of a photo under these thresholds, which may differ from those that it was scored with."""
    not_applicable = Outcome.NOT_APPLICABLE.value
    return {
        code: decide(score, thresholds.of(find(code)), applicable=scored.outcomes[code] != not_applicable)
        for code, score in scored.scores.items()
    }


def kind_of(label: Label) -> str:
    """What a photo is, in a few words: clean, an attack, a scene, a card of another kind, or its worst defect."""
    if label.attack is not None:
        return f"attack: {label.attack}"
    if label.document_type is None:
        return "other card" if label.quad is not None else "plain scene"
    if label.clean:
        return "clean"
    worst = max(label.severity, key=lambda code: label.severity[code])
    return f"defect: {key_of(worst)}" if label.severity[worst] >= BAD else "mild defects only"
