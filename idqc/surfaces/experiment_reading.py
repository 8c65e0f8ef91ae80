"""One look at an experiment: its report, how the comparisons came to stand, and why customers took the way through."""

from __future__ import annotations

from dataclasses import dataclass

from idqc.experiments.arms import Experiment
from idqc.experiments.course import Course, courses
from idqc.experiments.report import Report, State, read
from idqc.store import capture_sessions, experiments
from idqc.store.engine import Store


@dataclass(frozen=True)
class ExperimentReading:
    """All that a page or a terminal shows. Courses and ways through are empty while the report is broken."""

    report: Report
    courses: tuple[Course, ...]
    ways_through: tuple[tuple[str, str, int], ...]
    """Arm, the criterion that the way through is counted under, how often; the most frequent first."""


def look_at(store: Store, experiment: Experiment) -> ExperimentReading:
    """Reads an experiment as of now, in one transaction; valid however often it is done."""
    with store.reading() as connection:
        customers = experiments.outcomes(connection, experiment)
        ways = capture_sessions.bypasses_by_reason(connection, experiment.name)
    now = store.clock()
    report = read(experiment, customers, now)
    if report.state is State.BROKEN:
        return ExperimentReading(report, (), ())
    return ExperimentReading(report, courses(experiment, customers, now), tuple(ways))
