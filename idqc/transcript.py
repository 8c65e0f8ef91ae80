"""Everything that a document says: its fields read, side by side, and named where their looks do not name them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import NDArray

from idqc.captions import (
    LEAST_START,
    LONGEST_END,
    NUMBER_ABOVE,
    WITHIN,
    likeness,
    numbered,
    places,
    without_end_of_caption,
)
from idqc.consistency import MRZ_FIELD
from idqc.documents import DocumentType
from idqc.formats import check_format
from idqc.inspection import Image
from idqc.line_ends import to_their_ends
from idqc.line_evidence import NAMES, is_name_of_zone
from idqc.line_pieces import Read, pieces
from idqc.models.assignment import assign
from idqc.models.fields import NOT_TEXT, Box, FieldBoxes, Line
from idqc.models.text import As, Reading, TextEngine
from idqc.models.text_lines import last_words
from idqc.mrz import Mrz, parse_td3
from idqc.naming import Clue, doubtful, gains, own_caption, trust, visibility
from idqc.readings import FieldText, crop_of, read_field, readable

SEX = "sex"
_END_BEFORE_SEX = re.compile(r"^[a-zß ]{1,3}(?=[MFX]$)")
"""The end of a caption, such as the x of `Sex`, before a single letter."""
SHORTEST_WORD = 5
"""A sex in fewer characters is a letter, alone or with dirt."""
LEAST_SHARE = 0.8
"""Of the width that a value's share of the letters asks for."""
THINNEST_LETTER = 0.4
"""Width of an M or F over its height; a thinner piece of a blurred line is a stroke of one."""
AROUND = 0.15
"""The margin in which the ends of a line's last letters are looked for, in heights of the line."""
CAPTION_FORMATS = ("text", "latin_name")
"""Captions are read twice from one look: numbers and Hangul go without the second, faint letters without the first."""
BEHIND = 0.9
"""The detector's boxes of long lines may end a letter early; bare stock is trimmed anyway. In heights of the line."""
CUT_CAPTION = 78.0
"""Per cent of letters that what was read of a caption, which may be cut off, shares with a known one."""
FIRST_CAPTIONS, MOST_CAPTIONS = 2, 6
"""Of so many doubtful lines captions are looked for everywhere, until one is found; of so many in all, where it was.
A crop takes about 15 ms."""
NOTHING = Reading("", 0.0, 0.0)
ROUNDS = 2
"""How often `doubts` has something to read."""


class Transcript:
    """One document being read; belongs to one inspection. First `tasks` run, then `doubts` are asked for and run
    ROUNDS times, then `finish` is asked. Tasks of one step may run side by side.
    """

    def __init__(
        self, engine: TextEngine, document_bgr: Image, kind: DocumentType, boxes: FieldBoxes, as_of: date
    ) -> None:
        self._as_of = as_of
        self._engine, self._document_bgr, self._kind, self._boxes = engine, document_bgr, kind, boxes
        self._texts: dict[str, FieldText] = {}
        self._names = [name for name in kind.fields if name not in NOT_TEXT]
        self._lines: Sequence[Line] = to_their_ends(boxes.lines, document_bgr) if kind.has_captions else ()
        self._seen: list[As | None] = [None] * len(self._lines)
        self._captions: list[dict[str, tuple[str, ...]]] = [{} for _ in self._lines]
        self._given: list[int | None] = []
        self._ragged: set[int] = set()
        self._zone: Mrz | None = None
        self._mended = False

    def tasks(self) -> list[Callable[[], None]]:
        """Reads of all fields, the longest first; where names are in doubt, of all lines."""
        specs = readable(self._kind, self._boxes)
        if not self._lines:
            return [partial(self._read, spec.name) for spec in specs]
        apart = [partial(self._read, spec.name) for spec in specs if spec.name in NOT_TEXT]
        return [*apart, *(partial(self._look, row) for row in range(len(self._lines)))]

    def doubts(self) -> list[Callable[[], None]]:
        """Reads of the captions of lines whose name is in doubt; where a first few have none, of no more."""
        if not self._lines:
            return []
        again = self._mend() if not self._mended else []
        return [*again, *self._ask_captions()]

    def _mend(self) -> list[Callable[[], None]]:
        """Puts lines together that were found in pieces. Returns the reads of those that are new."""
        self._mended = True
        height, width = self._document_bgr.shape[:2]
        said = [seen("text") if seen is not None else NOTHING for seen in self._seen]
        read = [Read(line.box, one.text, one.confidence) for line, one in zip(self._lines, said, strict=True)]
        found = pieces(read, self._kind, width / height)
        kept = [row for row in range(len(self._lines)) if row not in found.dropped]
        self._seen = [self._seen[row] for row in kept]
        self._captions = [{WITHIN: tuple(found.captions[row])} if row in found.captions else {} for row in kept]
        self._ragged = {at for at, row in enumerate(kept) if row in found.ragged}
        self._lines = [
            replace(self._lines[row], box=replace(found.joined[row], confidence=self._lines[row].box.confidence))
            if row in found.joined
            else self._lines[row]
            for row in kept
        ]
        return [partial(self._look, at) for at, row in enumerate(kept) if row in found.joined]

    def _ask_captions(self) -> list[Callable[[], None]]:
        rows = doubtful(self._name(), self._given)
        seen = [row for row, found in enumerate(self._captions) if found.keys() - {WITHIN}]
        if not seen:
            return [partial(self._look_around, row, None) for row in rows[:FIRST_CAPTIONS]]
        ways = [
            way
            for row in seen
            for way, texts in self._captions[row].items()
            if way != WITHIN and self._is_one(way, texts)
        ]
        if not ways:
            return []
        way = max(dict.fromkeys(ways), key=ways.count)
        left = [row for row in rows if row not in seen][: MOST_CAPTIONS - len(seen)]
        return [partial(self._look_around, row, way) for row in left]

    def finish(self) -> tuple[FieldBoxes, dict[str, FieldText]]:
        """The boxes under their final names, as sure as those are, and what each field says."""
        if not self._lines:
            return self._boxes, self._texts
        sure = trust(self._name(), self._lines)
        fields = {name: box for name, box in self._boxes.fields.items() if name in NOT_TEXT}
        for row, column in enumerate(self._given):
            seen = self._seen[row]
            if column is None or seen is None:
                continue
            spec = self._kind.fields[self._names[column]]
            box = replace(self._lines[row].box, name=spec.name, confidence=float(sure[row, column]))
            fields[spec.name] = self._value(box, spec.name, seen("text").text, row in self._ragged)
            if spec.format is not None:
                reading = seen(spec.format)
                value = self._bare(reading.text, seen("text").text, spec.name, row in self._ragged)
                reading = reading._replace(text=value)
                self._texts[spec.name] = FieldText(reading, check_format(spec.format, reading.text))
        visible = visibility(sure, self._names)
        return FieldBoxes(fields, self._boxes.obstacles, self._boxes.lines, visible), self._texts

    def _name(self) -> NDArray[np.float64]:
        if MRZ_FIELD in self._texts:
            self._zone = parse_td3(self._texts[MRZ_FIELD].reading.text)
        clues = [self._clue(seen, captions) for seen, captions in zip(self._seen, self._captions, strict=True)]
        total = gains(self._lines, clues, self._kind, self._zone, self._names, self._as_of)
        self._given = assign(total)
        return total

    def _clue(self, seen: As | None, captions: Mapping[str, tuple[str, ...]]) -> Clue:
        if seen is None:
            return Clue("", captions=captions)
        reading = seen("text")
        return Clue(reading.text, reading.confidence, seen("date").text, captions)

    def _split(self, text: str, name: str, ragged: bool) -> tuple[str, str]:
        """The caption, or the end of one, that the line of a field begins with, and its value."""
        first, _, rest = text.partition(" ")
        end, text = (first, rest) if ragged and rest and len(first) <= LONGEST_END else ("", text)
        start, value = own_caption(text, self._kind, self._zone)
        # A name that begins with another field's caption is a Nascimento's.
        if (
            name in NAMES
            and start
            and "/" not in start
            and likeness(start, self._kind.fields[name].captions) < CUT_CAPTION
        ):
            start, value = "", text
        bare = _END_BEFORE_SEX.sub("", value.lstrip(" /.:"))
        return f"{end} {start}".strip(), bare or value

    def _bare(self, text: str, as_text: str, name: str, ragged: bool) -> str:
        """A field's text without its caption. `as_text` is the same line read with all characters: without the stroke
        between them two captions are one word, which none is like."""
        start, value = self._split(as_text, name, ragged)
        words, behind = text.split(), len(value.split())
        if "/" in start and 0 < behind < len(words):
            return " ".join(words[-behind:])
        _, value = self._split(text, name, ragged)
        short = without_end_of_caption(value, self._kind.fields[name].captions)
        if self._zone is not None and name in NAMES and not is_name_of_zone(short, name, self._zone):
            return value  # the zone has the small letters, too, or cannot tell
        return short

    def _value(self, box: Box, name: str, text: str, ragged: bool) -> Box:
        """The box without the caption that the line begins with. That of a single letter often holds some of it."""
        start, value = self._split(text, name, ragged)
        if name == SEX and len(value.strip()) < SHORTEST_WORD:
            letter = self._last_words(box, 1)
            height, width = self._document_bgr.shape[:2]
            wide, tall = (letter.right - letter.left) * width, (letter.bottom - letter.top) * height
            return letter if wide >= THINNEST_LETTER * tall else box
        if not start:
            return box
        cut = self._last_words(box, len(value.split()))
        # Captions are set smaller than values: less than the value's share of the letters cannot be all of it.
        whole = cut.right - cut.left >= LEAST_SHARE * (box.right - box.left) * len(value) / len(text)
        return cut if whole else box

    def _last_words(self, box: Box, words: int) -> Box:
        height, width = self._document_bgr.shape[:2]
        tall = (box.bottom - box.top) * height
        x0, y0 = max(int(box.left * width), 0), max(int(box.top * height - AROUND * tall), 0)
        x1, y1 = round(box.right * width + 2 * AROUND * tall), round(box.bottom * height + AROUND * tall)
        crop = self._document_bgr[y0 : max(y1, y0 + 2), x0 : max(x1, x0 + 2)]
        left, top, right, bottom = last_words(crop, words)
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

    def _look_around(self, row: int, only: str | None) -> None:
        height, width = self._document_bgr.shape[:2]
        for way, place in places(self._lines[row], self._lines, width / height).items():
            if only is not None and way != only:
                continue
            seen = self._engine.look(crop_of(self._document_bgr, place, 0.0, 0.0))
            self._captions[row][way] = tuple(dict.fromkeys(seen(kind).text for kind in CAPTION_FORMATS))
            if self._is_one(way, self._captions[row][way]):
                break

    def _is_one(self, way: str, texts: Sequence[str]) -> bool:
        if way == NUMBER_ABOVE:
            return any(numbered(text) in spec.captions for text in texts for spec in self._kind.fields.values())
        return any(
            len(text) >= LEAST_START and likeness(text, spec.captions) >= CUT_CAPTION
            for text in texts
            for spec in self._kind.fields.values()
        )
