"""Which field each line of text is: its looks, what it says, what its caption says, and the machine-readable zone.

Passports and identity cards in Latin script print a dozen short lines that look alike. A date is told from another by
their order in life, a name by the zone that repeats it, a place from an authority by the caption beside it. A document
sets all of its captions the same way, so that the way is chosen that makes most sense of the whole document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from idqc.captions import (
    ABOVE,
    BELOW,
    BESIDE,
    LEAST_START,
    NUMBER_ABOVE,
    WITHIN,
    is_caption,
    likeness,
    likenesses,
    looks_like_caption,
    neighbour,
    numbered,
    split_caption,
)
from idqc.documents import DocumentType
from idqc.line_evidence import (
    CERTAIN,
    FAIR,
    NAMES,
    STRONG,
    is_name_of_zone,
    of_header,
    of_name_letters,
    of_order,
    of_reading_order,
    of_words,
    of_zone,
    said_by,
)
from idqc.models.assignment import assign, probabilities
from idqc.models.fields import Line, likeness_gains
from idqc.mrz import Mrz

DOUBT = 3.0
"""A line whose name is ahead of its next best by less than this gets its caption read."""
CAPTION_AT_LEAST = 62.0
"""Per cent of letters in common, from which a caption counts; it counts in full from SURE_CAPTION on."""
SURE_CAPTION, SURE = 88.0, 85.0
FAINT = 0.4
"""How much a text must look like a misread caption to have none itself."""
NEARLY_AS_GOOD = 5.0
LOOKS = 0.5
"""A line that looks so much like a name is one, though it begins with a word that is a caption elsewhere."""
SPREAD = 2.0
"""Gains add up as if each kind of evidence knew nothing of the others, and are too sure by about this factor. Fitted on
mock photos of train."""
USUAL = 4.0
"""Captions stand above their values or to the left, unless the document makes more sense by this otherwise."""


@dataclass(frozen=True)
class Clue:
    """What was read of one line, how sure the reader was (0..1), and what it says when read as a date; where it was
    asked for, what stands around it, by the ways of setting captions."""

    text: str
    confidence: float = 1.0
    as_date: str | None = None
    captions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def gains(
    lines: Sequence[Line],
    clues: Sequence[Clue],
    kind: DocumentType,
    zone: Mrz | None,
    names: Sequence[str],
    as_of: date,
) -> NDArray[np.float64]:
    """(lines, names): what giving a line to a field gains, from all evidence.

    Args:
        clues: one for each line.
        zone: the parsed machine-readable zone, where the document has one that could be read.
        as_of: today, after which nobody is born and nothing is issued.
    """
    total = likeness_gains(lines, names)
    within = [_within(line, clue.text, kind, zone) for line, clue in zip(lines, clues, strict=True)]
    said = [
        said_by(value, clue.as_date if not start else None, clue.confidence, line, as_of)
        for (start, value), clue, line in zip(within, clues, lines, strict=True)
    ]
    total += np.array([[of_words(one, name) + of_zone(one, name, zone) for name in names] for one in said]).reshape(
        total.shape
    )
    total += of_order(said, names, as_of) + of_reading_order(lines, said, names)
    total += of_header(lines, said, names) + of_name_letters(said, names)
    faint = [
        looks_like_caption(clue.text, kind) if not start and one.topic is None and not _looks_like_name(line) else 0.0
        for line, (start, _), clue, one in zip(lines, within, clues, said, strict=True)
    ]
    printed = [row for row in range(len(lines)) if faint[row] >= FAINT or _is_printed_caption(row, lines, within, kind)]
    # A title may read like one: `identity card` and `identity card no`.
    values = np.array([name != "title" for name in names])
    for row, share in enumerate(faint):
        total[row] -= CERTAIN * (1.0 if row in printed else share) * values
    own = _of_captions(_around(lines, clues, within, printed, turned=False), kind, names)
    turned = _of_captions(_around(lines, clues, within, printed, turned=True), kind, names)
    if not np.any(turned != own) or worth(total + turned) < worth(total + own) + USUAL:
        return total + own
    return np.asarray(total + turned, np.float64)


def own_caption(text: str, kind: DocumentType, zone: Mrz | None) -> tuple[str, str]:
    """The caption that a line begins with, and its value. A name that the zone repeats is whole: there are people
    called Nascimento, which is Portuguese for birth."""
    if zone is not None and any(is_name_of_zone(text, name, zone) for name in NAMES):
        return "", text
    return split_caption(text, kind)


def _within(line: Line, text: str, kind: DocumentType, zone: Mrz | None) -> tuple[str, str]:
    """`own_caption` of a line that does not look like a name without one."""
    start, value = own_caption(text, kind, zone)
    if not start or "/" in start or not _looks_like_name(line):
        return start, value
    if any(likeness(start, kind.fields[name].captions) >= SURE for name in NAMES if name in kind.fields):
        return start, value
    return "", text


def _looks_like_name(line: Line) -> bool:
    return max((line.likeness.get(name, 0.0) for name in NAMES), default=0.0) > LOOKS


def trust(total: NDArray[np.float64], lines: Sequence[Line]) -> NDArray[np.float64]:
    """(lines, names): how sure it is that a line is there and is that field, 0..1. A field that is hidden often leaves
    its name to another line, which is seen well: that a line is there says little about its name. Gains hold
    some of that already, hence the root."""
    there = np.array([line.box.confidence for line in lines], np.float64)
    return np.asarray(probabilities(total / SPREAD) * np.sqrt(there)[:, None], np.float64)


def visibility(sure: NDArray[np.float64], names: Sequence[str]) -> dict[str, float]:
    """How sure it is that each field is seen at all, whichever line it is, from (lines, names) of `trust`."""
    return dict(zip(names, np.minimum(sure.sum(axis=0), 1.0).tolist(), strict=True))


def worth(total: NDArray[np.float64]) -> float:
    """What the best assignment of lines to fields gains."""
    return sum(float(total[row, column]) for row, column in enumerate(assign(total)) if column is not None)


def doubtful(total: NDArray[np.float64], given: Sequence[int | None]) -> list[int]:
    """The lines whose name is hardly better than another one, the most doubtful first."""
    margins = []
    for row, column in enumerate(given):
        if column is None:
            continue
        others = np.delete(total[row], column)
        margins.append((float(total[row, column] - others.max(initial=-np.inf)), row))
    return [row for margin, row in sorted(margins) if margin < DOUBT]


def _is_printed_caption(row: int, lines: Sequence[Line], within: Sequence[tuple[str, str]], kind: DocumentType) -> bool:
    """Whether a line is the caption of others: nothing but one, or one and the beginning of the line beside it."""
    start, value = within[row]
    if not start:
        return is_caption(value, kind) and not _looks_like_name(lines[row])
    if len(value) >= LEAST_START and any(likeness(value, spec.captions) >= SURE for spec in kind.fields.values()):
        return True  # two captions side by side
    box = lines[row].box
    tall = box.bottom - box.top
    return any(
        min(box.bottom, other.bottom) - max(box.top, other.top) > 0.5 * tall
        and box.left + tall < other.left < box.right + tall
        for other in (line.box for at, line in enumerate(lines) if at != row)
    )


def _around(
    lines: Sequence[Line],
    clues: Sequence[Clue],
    within: Sequence[tuple[str, str]],
    printed: Sequence[int],
    turned: bool,
) -> list[list[str]]:
    """The captions of each line: above it or to its left, or, `turned`, below it."""
    found: list[list[str]] = [[start] if start else [] for start, _ in within]
    for row, clue in enumerate(clues):
        found[row] += clue.captions.get(WITHIN, ())
        found[row] += clue.captions.get(BESIDE, ())
        found[row] += [text for text in clue.captions.get(NUMBER_ABOVE, ()) if numbered(text)]
        found[row] += clue.captions.get(BELOW if turned else ABOVE, ())
        owner = neighbour(row, lines, ABOVE) if turned else None
        if owner is not None:
            found[owner] += clue.captions.get(ABOVE, ())
    for row in printed:
        caption = lines[row].box
        found[row] = []
        for other, line in enumerate(lines):
            box, tall = line.box, line.box.bottom - line.box.top
            shared = min(caption.bottom, box.bottom) - max(caption.top, box.top)
            beside = shared > 0.5 * min(tall, caption.bottom - caption.top) and caption.right < box.left + tall
            gap = caption.top - box.bottom if turned else box.top - caption.bottom
            near = -0.3 * tall < gap < 0.9 * tall and abs(caption.left - box.left) < tall
            if other != row and other not in printed and (beside or near):
                found[other].append(clues[row].text)
    return found


def _of_captions(captions: Sequence[Sequence[str]], kind: DocumentType, names: Sequence[str]) -> NDArray[np.float64]:
    """(lines, names): for the field that a caption names, and against the others when it names one well."""
    matches = np.array([likenesses(texts, kind, names) for texts in captions]).reshape(len(captions), len(names))
    best = matches.max(axis=1, keepdims=True, initial=0.0)
    share = np.clip((matches - CAPTION_AT_LEAST) / (SURE_CAPTION - CAPTION_AT_LEAST), 0.0, 1.0)
    share = np.where(matches >= best - NEARLY_AS_GOOD, share, 0.0)
    return np.asarray((STRONG + FAIR) * (2 * share - share.max(axis=1, keepdims=True, initial=0.0)), np.float64)
