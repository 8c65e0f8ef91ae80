"""The course of a comparison as the shapes of an inline SVG: estimate, always-valid band, zero, and where it got sure.

One hue: what is what shows by shape, so that nobody needs to tell colours apart. A panel is as wide as a phone; on a
wide screen several stand side by side. Colours and line widths stand in console.css, since the pages' policy allows no
style attribute.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from api.pages.case_view import KOREA
from idqc.experiments.course import Course

WIDTH, HEIGHT = 340, 226
"""Units of the view box; on a phone about pixels."""
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 32, 28
"""Room for the numbers and the unit around the plot."""
ACROSS, UP = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
FRAME = {"width": WIDTH, "height": HEIGHT, "left": LEFT, "top": TOP, "across": ACROSS, "up": UP}
"""The view box and the plot inside it, for the template."""
WANTED_TICKS = 4
SETTLED = 0.1
"""The first tenth of the looks is left out when the scale is chosen: the band is still so wide that it would flatten
all that comes later. It runs out of the picture there."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tick:
    """A number on an axis, and where it stands."""

    at: float
    text: str


@dataclass(frozen=True)
class Panel:
    """One comparison as shapes, all in units of the view box. `mark` is the corner points of the triangle, or empty."""

    band: str
    upper: str
    lower: str
    estimate: str
    zero: float
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    mark: str
    mark_at: float


def panel_of(course: Course, scale: float) -> Panel | None:
    """Draws a course; None while no look of it has an interval.

    Args:
        course: what to draw.
        scale: what a value is multiplied by: 100 for percentage points, 1 for anything else.
    """
    there = np.isfinite(course.low)
    if not there.any():
        return None
    times = np.array([when.timestamp() for when in course.at])[there]
    value, low, high = (what[there] * scale for what in (course.difference, course.low, course.high))
    settled = min(round(len(times) * SETTLED), len(times) - 1)
    ticks = _ticks(min(0.0, float(low[settled:].min())), max(0.0, float(high[settled:].max())))
    x = _across(times)
    y_value, y_low, y_high = (_up(what, ticks) for what in (value, low, high))
    mark, mark_at = "", 0.0
    if course.certain_from is not None:
        mark_at = float(x[max(course.certain_from - int(np.argmax(there)), 0)])
        mark = f"{mark_at:.1f},{TOP - 2} {mark_at - 5:.1f},{TOP - 11} {mark_at + 5:.1f},{TOP - 11}"
    return Panel(
        band=f"{_points(x, y_high)} {_points(x[::-1], y_low[::-1])}",
        upper=_points(x, y_high),
        lower=_points(x, y_low),
        estimate=_points(x, y_value),
        zero=float(_up(np.zeros(1), ticks)[0]),
        across=_dates(times),
        up=tuple(Tick(float(_up(np.array([tick]), ticks)[0]), _number(tick)) for tick in ticks),
        mark=mark,
        mark_at=mark_at,
    )


def _across(times: Floats) -> Floats:
    span = max(float(times[-1] - times[0]), 1.0)
    return np.asarray(LEFT + (times - times[0]) / span * ACROSS, np.float64)


def _up(values: Floats, ticks: tuple[float, ...]) -> Floats:
    share = (values - ticks[0]) / (ticks[-1] - ticks[0])
    return np.asarray(HEIGHT - BOTTOM - share * UP, np.float64)


def _ticks(low: float, high: float) -> tuple[float, ...]:
    """Round numbers from at or below `low` to at or above `high`."""
    rough = max(high - low, 1e-9) / WANTED_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return tuple(number * step for number in range(first, max(last, first + 1) + 1))


def _dates(times: Floats) -> tuple[Tick, ...]:
    begin, end = float(times[0]), float(times[-1])
    form = "%m-%d" if end - begin > 3 * 86400 else "%m-%d %H:%M"
    marks = sorted({begin, (begin + end) / 2, end})
    return tuple(
        Tick(float(_across(np.array([begin, mark, end]))[1]), f"{datetime.fromtimestamp(mark, KOREA):{form}}")
        for mark in marks
    )


def _number(value: float) -> str:
    text = f"{value:+.10g}" if value else "0"
    return text.replace("-", "−")


def _points(x: Floats, y: Floats) -> str:
    return " ".join(f"{one:.1f},{other:.1f}" for one, other in zip(x, y, strict=True))
