"""Everything that a document says: its fields read, side by side, and named where their looks do not name them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import NDArray

from idqc.consistency import MRZ_FIELD
from idqc.documents import DocumentType
from idqc.formats import check_format
from idqc.inspection import Image
from idqc.models.assignment import assign
from idqc.models.fields import NOT_TEXT, Box, FieldBoxes, Line
from idqc.models.text import As, TextEngine
from idqc.models.text_lines import last_word
from idqc.mrz import parse_td3
from idqc.naming import Clue, caption_boxes, doubtful, gains, is_caption
from idqc.readings import FieldText, crop_of, read_field, readable

SEX = "sex"
BEHIND = 0.9
"""The detector's boxes of long lines may end a letter early; bare stock is trimmed anyway. In heights of the line."""
MOST_CAPTIONS = 5
"""At most so many doubtful lines get their captions read, each two crops of about 15 ms."""


class Transcript:
    """One document being read; belongs to one inspection. First `tasks` run, then `doubts`, then `finish` is asked.

    Tasks of one step may run side by side.
    """

    def __init__(
        self, engine: TextEngine, document_bgr: Image, kind: DocumentType, boxes: FieldBoxes, as_of: date
    ) -> None:
        self._as_of = as_of
        self._engine, self._document_bgr, self._kind, self._boxes = engine, document_bgr, kind, boxes
        self._texts: dict[str, FieldText] = {}
        self._names = [name for name in kind.fields if name not in NOT_TEXT]
        self._lines: Sequence[Line] = boxes.lines if kind.has_captions else ()
        self._seen: list[As | None] = [None] * len(self._lines)
        self._captions: list[list[str]] = [[] for _ in self._lines]
        self._given: list[int | None] = []

    def tasks(self) -> list[Callable[[], None]]:
        """Reads of all fields, the longest first; where names are in doubt, of all lines."""
        specs = readable(self._kind, self._boxes)
        if not self._lines:
            return [partial(self._read, spec.name) for spec in specs]
        apart = [partial(self._read, spec.name) for spec in specs if spec.name in NOT_TEXT]
        return [*apart, *(partial(self._look, row) for row in range(len(self._lines)))]

    def doubts(self) -> list[Callable[[], None]]:
        """Reads of the captions of lines whose name is in doubt."""
        if not self._lines:
            return []
        total = self._name()
        ratio = self._document_bgr.shape[1] / self._document_bgr.shape[0]
        return [
            partial(self._look_beside, row, caption_boxes(self._lines[row], self._lines, ratio))
            for row in doubtful(total, self._given)[:MOST_CAPTIONS]
        ]

    def finish(self) -> tuple[FieldBoxes, dict[str, FieldText]]:
        """The boxes under their final names, and what each field says."""
        if not self._lines:
            return self._boxes, self._texts
        self._name()
        fields = {name: box for name, box in self._boxes.fields.items() if name in NOT_TEXT}
        for row, column in enumerate(self._given):
            seen = self._seen[row]
            if column is None or seen is None:
                continue
            spec = self._kind.fields[self._names[column]]
            box = replace(self._lines[row].box, name=spec.name)
            fields[spec.name] = self._tight(box) if spec.name == SEX else box
            if spec.format is not None:
                reading = seen(spec.format)
                self._texts[spec.name] = FieldText(reading, check_format(spec.format, reading.text))
        return FieldBoxes(fields, self._boxes.obstacles, self._boxes.lines), self._texts

    def _name(self) -> NDArray[np.float64]:
        zone = parse_td3(self._texts[MRZ_FIELD].reading.text) if MRZ_FIELD in self._texts else None
        clues = [
            Clue(seen("text").text if seen is not None else "", tuple(captions))
            for seen, captions in zip(self._seen, self._captions, strict=True)
        ]
        total = gains(self._lines, clues, self._kind, zone, self._names, self._as_of)
        self._given = assign(total)
        return total

    def _tight(self, box: Box) -> Box:
        """The box around the last word in it. A single letter is so small that its box often holds the caption too."""
        height, width = self._document_bgr.shape[:2]
        x0, y0 = int(box.left * width), int(box.top * height)
        crop = self._document_bgr[
            y0 : max(round(box.bottom * height), y0 + 1), x0 : max(round(box.right * width), x0 + 1)
        ]
        left, top, right, bottom = last_word(crop)
        return replace(
            box,
            left=(x0 + left) / width,
            top=(y0 + top) / height,
            right=(x0 + right) / width,
            bottom=(y0 + bottom) / height,
        )

    def _read(self, name: str) -> None:
        spec, box = self._kind.fields[name], self._boxes.fields[name]
        self._texts[name] = read_field(self._engine, self._document_bgr, box, spec)

    def _look(self, row: int) -> None:
        self._seen[row] = self._engine.look(crop_of(self._document_bgr, self._lines[row].box, BEHIND))

    def _look_beside(self, row: int, places: Sequence[Box]) -> None:
        for place in places:
            text = self._engine.look(crop_of(self._document_bgr, place))("latin_name").text
            self._captions[row].append(text)
            if is_caption(text, self._kind):
                break
