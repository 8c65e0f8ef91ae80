"""An experiment's report in the words and numbers of its page, for the console and for a file."""

from __future__ import annotations

import math
from typing import Any

from api.pages.case_view import moment
from api.pages.experiment_plot import FRAME, panel_of
from api.pages.texts import Texts
from idqc.catalogue import find
from idqc.experiments.arms import Experiment
from idqc.experiments.course import Course
from idqc.experiments.outcomes import METRICS, Metric
from idqc.experiments.report import Comparison, Reading, Report, State
from idqc.experiments.sequential import CONFIDENCE, MIN_PER_ARM, SAMPLE_RATIO_P
from idqc.surfaces.experiment_reading import ExperimentReading

KINDS = {State.BROKEN: "bad", State.EARLY: "info", State.OPEN: "info", State.DECIDED: "good"}


def experiment_view(t: Texts, experiment: Experiment, looked: ExperimentReading) -> dict[str, Any]:
    """What the page shows.

    Args:
        t: the console's texts in the reader's language.
        experiment: the one that was read.
        looked: what was read.
    """
    report, metric = looked.report, METRICS[experiment.primary]
    return {
        "name": experiment.name,
        "at": moment(report.at),
        "kind": KINDS[report.state],
        "verdict": _verdict(t, report),
        "primary": metric.title[t.language],
        "broken": report.state is State.BROKEN,
        "arms": _arms(t, experiment, report),
        "confidence": f"{100 * CONFIDENCE:.0f} %",
        "ratio": _p(report.sample_ratio_p),
        "planned": f"{experiment.planned_customers:,}",
        "lines": [_line(t, key, metric, report) for key, metric in METRICS.items()] if report.readings else [],
        "comparisons": [_comparison(t, line, metric) for line in report.comparisons],
        "unit": t("experiment.points") if metric.share else t("experiment.per_customer"),
        "frame": FRAME,
        "plots": [_plot(t, course, metric) for course in looked.courses],
        "ways": [
            {"arm": arm, "reason": find(reason).meaning[t.language] if reason != "None" else "–", "count": count}
            for arm, reason, count in looked.ways_through
        ],
    }


def _verdict(t: Texts, report: Report) -> str:
    title = METRICS[report.primary].title[t.language]
    return t(
        f"experiment.{report.state.value}",
        winner=report.winner, primary=title, least=MIN_PER_ARM, p=_p(SAMPLE_RATIO_P),
    )  # fmt: skip


def _arms(t: Texts, experiment: Experiment, report: Report) -> list[dict[str, Any]]:
    total, shares = sum(report.customers.values()), sum(arm.share for arm in experiment.arms)
    return [
        {
            "name": arm.name,
            "acts": t(f"experiment.{arm.act_at.value}"),
            "bypass": t("experiment.with_bypass" if arm.bypass else "experiment.without_bypass"),
            "customers": f"{report.customers[arm.name]:,}",
            "share": f"{100 * report.customers[arm.name] / total:.1f} %" if total else "–",
            "due": f"{100 * arm.share / shares:.1f} %",
        }
        for arm in experiment.arms
    ]


def _line(t: Texts, key: str, metric: Metric, report: Report) -> dict[str, Any]:
    return {
        "title": metric.title[t.language],
        "primary": key == report.primary,
        "explains": not metric.of_everyone,
        "cells": [_cell(one, metric) for one in report.readings if one.metric == key],
    }


def _cell(reading: Reading, metric: Metric) -> dict[str, str]:
    known = not math.isnan(reading.value) and not math.isnan(reading.low)
    return {
        "arm": reading.arm,
        "value": _level(reading.value, metric) if known else "–",
        "interval": f"{_level(reading.low, metric)} – {_level(reading.high, metric)}" if known else "",
        "count": f"{reading.count:,}",
    }


def _comparison(t: Texts, line: Comparison, metric: Metric) -> dict[str, str]:
    known = not math.isnan(line.low)
    return {
        "title": t("experiment.minus", one=line.one, other=line.other),
        "difference": _gap(line.difference, metric) if known else "–",
        "interval": t("experiment.from_to", low=_gap(line.low, metric), high=_gap(line.high, metric)) if known else "–",
        "ahead": _ahead(t, line.better, known),
    }


def _ahead(t: Texts, better: str | None, known: bool) -> str:
    if better is not None:
        return t("experiment.ahead", arm=better)
    return t("experiment.uncertain" if known else "experiment.too_few")


def _plot(t: Texts, course: Course, metric: Metric) -> dict[str, Any]:
    up, down = (course.one, course.other) if metric.better >= 0 else (course.other, course.one)
    since = None if course.certain_from is None else moment(course.at[course.certain_from])
    return {
        "title": t("experiment.minus", one=course.one, other=course.other),
        "panel": panel_of(course, 100.0 if metric.share else 1.0),
        "sides": t("experiment.sides", up=up, down=down),
        "since": t("experiment.since", at=since) if since else t("experiment.not_since"),
    }


def _level(value: float, metric: Metric) -> str:
    # Adding 0 after rounding makes a negative zero an ordinary one.
    return f"{round(100 * value, 1) + 0.0:.1f} %" if metric.share else f"{round(value, 2) + 0.0:.2f}"


def _gap(value: float, metric: Metric) -> str:
    return (f"{100 * value:+.1f}" if metric.share else f"{value:+.2f}").replace("-", "−")


def _p(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1g}"
