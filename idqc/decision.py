"""From scores to outcomes to a verdict: the only place where a threshold meets a score."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from idqc.catalogue import Criterion
from idqc.chances import Chance, read_chance
from idqc.errors import SetupError
from idqc.inspection import Finding, Outcome, Thresholds

_SEVERITY = {
    Outcome.NOT_APPLICABLE: 0,
    Outcome.PASS: 0,
    Outcome.NOT_COMPUTED: 1,
    Outcome.WARN: 1,
    Outcome.REJECT: 2,
}
CHANCE = "chance"
"""The name of a map's table, inside the table of its criterion."""
_VERDICTS = (Outcome.PASS, Outcome.WARN, Outcome.REJECT)


@dataclass(frozen=True)
class ThresholdTable:
    """All thresholds of a release, by criterion or by family key such as `field.hidden`, and beside them the maps that
    turn a model's score into a chance. Thresholds are chances where there is a map."""

    by_key: Mapping[str, Thresholds]
    chances: Mapping[str, Chance] = field(default_factory=dict)

    def of(self, criterion: Criterion) -> Thresholds:
        """The thresholds of one criterion: its own line where there is one, else its family's."""
        own = self.by_key.get(criterion.code)
        return own if own is not None else self.by_key[criterion.threshold_key]

    def chance_of(self, criterion: Criterion) -> Chance | None:
        """The map of one criterion; None for rules and for files without maps: their scores count as they are."""
        return self.chances.get(criterion.code, self.chances.get(criterion.threshold_key))


def parse_thresholds(text: str) -> ThresholdTable:
    """Reads `thresholds/*.toml`: one table a criterion with `reject`, `reject_warning` and `source`, and for a learned
    score a table `chance` inside of it with `prior`, `low`, `high`, `offset` and `source` (see `idqc.chances`).

    A missing `reject` means that the criterion can only warn. Raises SetupError for a value outside 0..1, a warning
    threshold above its reject threshold, a table without a source, or a map that is no increasing one.
    """
    found: dict[str, Thresholds] = {}
    chances: dict[str, Chance] = {}
    for key, table in _tables("", tomllib.loads(text)):
        reject, warning = table.get("reject"), table.get("reject_warning")
        for value in (reject, warning):
            if value is not None and not 0.0 <= float(value) <= 1.0:
                raise _broken(key, f"holds {value}, outside 0 to 1")
        if reject is not None and warning is not None and warning > reject:
            raise _broken(key, f"warns at {warning}, above its reject at {reject}")
        if not table.get("source"):
            raise _broken(key, "has no source")
        found[key] = Thresholds(None if reject is None else float(reject), None if warning is None else float(warning))
        if CHANCE in table:
            try:
                chances[key] = read_chance(table[CHANCE])
            except ValueError as wrong:
                raise _broken(key, str(wrong)) from wrong
    return ThresholdTable(MappingProxyType(found), MappingProxyType(chances))


def decide(score: float | None, thresholds: Thresholds, *, applicable: bool = True) -> Outcome:
    """What one score means. None is *not computed*, or *not applicable* where the criterion does not apply."""
    if not applicable:
        return Outcome.NOT_APPLICABLE
    if score is None:
        return Outcome.NOT_COMPUTED
    if thresholds.reject is not None and score >= thresholds.reject:
        return Outcome.REJECT
    if thresholds.reject_warning is not None and score >= thresholds.reject_warning:
        return Outcome.WARN
    return Outcome.PASS


def verdict(findings: Iterable[Finding]) -> Outcome:
    """The worst outcome of all findings; what was not computed counts as a warning."""
    return _VERDICTS[max((_SEVERITY[finding.outcome] for finding in findings), default=1)]


def _tables(prefix: str, raw: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for name, value in raw.items():
        if not isinstance(value, Mapping) or name == CHANCE:
            continue
        key = f"{prefix}{name}"
        if CHANCE in value or any(not isinstance(inner, Mapping) for inner in value.values()):
            yield key, value
        yield from _tables(f"{key}.", value)


def _broken(key: str, what: str) -> SetupError:
    return SetupError(
        f"The thresholds of {key}: the table {what}.",
        "Correct the file named by IDQC_THRESHOLDS, or write it anew with `idqc calibrate`.",
        code="setup.thresholds",
    )
