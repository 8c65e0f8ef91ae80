"""Pictures of all criteria at once: how scores of clean and bad photos are spread, and how they follow severity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from idqc.decision import ThresholdTable
from idqc.train.evaluate_criteria import limits_of
from idqc.train.groups import KEYS, Pair, group, key_of, values
from idqc.train.report import BLACK, BLUE, VERMILION, draw, save_picture


def draw_scores(pairs: Sequence[Pair], thresholds: ThresholdTable, path: Path) -> None:
    """Small multiples: how scores of clean and of bad photos are spread, with the two thresholds."""
    figure, axes = _grid("Scores of clean and of bad photos; thresholds dashed (reject) and dotted (warn)")
    for axis, key in zip(axes, KEYS, strict=True):
        found, limits = group(key, pairs), limits_of(key, thresholds)
        bins = np.linspace(0, 1, 26)
        for samples, colour, name in ((found.clean, BLUE, "clean"), (found.bad, VERMILION, "bad")):
            some = values(samples)
            if len(some):
                weights = np.full(len(some), 100 / len(some))
                axis.hist(some, bins, weights=weights, color=colour, alpha=0.65, label=f"{name}, {len(some)}")
        for limit, style in ((limits.reject, "--"), (limits.reject_warning, ":")):
            if limit is not None:
                axis.axvline(limit, color=BLACK, linestyle=style, linewidth=1)
        axis.set(title=key, xlim=(0, 1), yscale="symlog", ylim=(0, 100))
        axis.legend(fontsize=6)
    figure.supxlabel("score (0 normal, 1 to be turned away)")
    figure.supylabel("share of the photos, %")
    save_picture(figure, path)


def draw_severity(pairs: Sequence[Pair], path: Path) -> None:
    """Small multiples: the score against the labelled severity of genuine photos; a good score follows it."""
    figure, axes = _grid("Score against labelled severity")
    for axis, key in zip(axes, KEYS, strict=True):
        points = [
            (severity, value)
            for label, scored in pairs
            for code, severity in label.severity.items()
            if key_of(code) == key and (value := scored.scores.get(code)) is not None
        ]
        if points:
            axis.scatter(*np.array(points).T, s=4, color=BLUE, alpha=0.5, linewidths=0)
        axis.set(title=key, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    figure.supxlabel("severity (label)")
    figure.supylabel("score")
    save_picture(figure, path)


def _grid(title: str) -> tuple[Any, Any]:
    columns = 5
    figure, axes = draw().subplots(math.ceil(len(KEYS) / columns), columns, figsize=(13, 9), squeeze=False)
    figure.suptitle(title)
    figure.subplots_adjust(left=0.06, right=0.98, bottom=0.07, top=0.92, hspace=0.45, wspace=0.25)
    for axis in axes.flat[len(KEYS) :]:
        axis.set_visible(False)
    return figure, axes.flat[: len(KEYS)]
