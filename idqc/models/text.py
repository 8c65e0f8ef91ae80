"""The text recogniser: one line of a document in, its characters and how sure it is of each out.

One network for Hangul, Latin, digits and MRZ (PP-OCRv6's trunk with a head of our own characters). `TextReader` splits
a field into lines and reads each with one run; a format narrows the characters that can come out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.documents import FieldSpec
from idqc.inspection import Image
from idqc.models.alphabets import alphabet
from idqc.models.text_lines import split_lines
from idqc.runtime.profile import Profile
from idqc.runtime.session import ModelSpec, Session, open_session

NAME = "text"

INPUT = "line"
OUTPUT = "probability"
CHARSET_KEY = "charset"
"""The key of the ONNX metadata that holds the characters of classes 1, 2, …; class 0 is the CTC blank."""
LINE_HEIGHT_PX = 48
STEP_PX = 8
"""Pixels of width for one time step of the output."""
PX_A_CHARACTER = 20
"""Where the number of characters is known. CTC needs two time steps for each of several equal characters in a row."""
MIN_WIDTH_PX = 32
MAX_WIDTH_PX = 1280
CHARACTERS_A_LINE = {"mrz_td3": 44}
"""Formats whose lines always hold as many characters, and whose number of lines is certain."""


def line_width_px(height: int, width: int, characters: int = 0) -> int:
    """The width at which a line of this size is read: its own at height 48, or what a known number of characters
    needs (a line of the MRZ is wider than its letters ask for, and half of the width is half of the time)."""
    natural = round(width * LINE_HEIGHT_PX / max(height, 1))
    return int(np.clip(PX_A_CHARACTER * characters or natural, MIN_WIDTH_PX, MAX_WIDTH_PX))


def prepare(line_bgr: Image, characters: int = 0) -> NDArray[np.float32]:
    """Makes a line crop of any size the network's input: (1, 3, 48, width) float32, BGR, -1..1.

    Args:
        line_bgr: one line with a little margin.
        characters: how many it is known to hold (44 for a passport's MRZ line), or 0.
    """
    height, width = line_bgr.shape[:2]
    size = (line_width_px(height, width, characters), LINE_HEIGHT_PX)
    way = cv2.INTER_AREA if height > LINE_HEIGHT_PX else cv2.INTER_LINEAR
    return normalised(np.asarray(cv2.resize(line_bgr, size, interpolation=way), np.uint8)[None])


def normalised(lines_bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 48, width, 3) uint8 BGR to (n, 3, 48, width) float32 in -1..1, the scale that the trunk was trained with."""
    return np.ascontiguousarray(lines_bgr.transpose(0, 3, 1, 2), np.float32) / np.float32(127.5) - np.float32(1)


class Reading(NamedTuple):
    """What a field says: `text` (lines joined by a line end), the geometric mean of its characters' confidences and the
    smallest of them, 0..1. An empty text has confidence 0."""

    text: str
    confidence: float
    confidence_min: float


As = Callable[[str | None], Reading]
"""A look at a line that is not named yet: given a field's format, what the line says as such a field."""


class TextEngine(Protocol):
    """Anything that reads fields: the recogniser of this module, or an engine that the operator plugs in."""

    def read_field(self, crop_bgr: Image, spec: FieldSpec) -> Reading:
        """Reads the crop of one field (upright, with a little margin) as that field's format has it."""

    def look(self, crop_bgr: Image) -> As:
        """Looks at the crop of one line whose field is not known yet; the network runs once, here."""


def read(probability: NDArray[np.float32], charset: str, kind: str | None = None) -> tuple[str, NDArray[np.float32]]:
    """CTC greedy decoding: the best character of every step, repeats joined, blanks dropped.

    Args:
        probability: (steps, classes), rows sum to 1, class 0 is the blank.
        charset: the characters of classes 1, 2, ….
        kind: a field format that narrows the characters, or None for all.

    Returns:
        The text and, for each character, the largest probability in its run of steps.
    """
    letters = alphabet(charset, kind)
    narrowed = letters.narrow(probability)
    best, sure = narrowed.argmax(1), narrowed.max(1)
    characters: list[str] = []
    confidences: list[float] = []
    before = 0
    for column, confidence in zip(best.tolist(), sure.tolist(), strict=True):
        if column and column == before:
            confidences[-1] = max(confidences[-1], confidence)
        elif column:
            characters.append(charset[letters.kept[column] - 1])
            confidences.append(confidence)
        before = column
    return "".join(characters), np.array(confidences, np.float32).clip(0, 1)


def summary(lines: list[tuple[str, NDArray[np.float32]]]) -> Reading:
    """Joins lines and their characters' confidences; spaces do not count, and neither do lines without a character."""
    kept = [(text.strip(), confidences) for text, confidences in lines if text.strip()]
    if not kept:
        return Reading("", 0.0, 0.0)
    sure = np.concatenate([confidences for _, confidences in kept])
    return Reading(
        "\n".join(text for text, _ in kept), float(np.exp(np.log(np.maximum(sure, 1e-6)).mean())), float(sure.min())
    )


@dataclass(frozen=True)
class TextReader:
    """The recogniser on one shared session; one run a line (batches cost more a line on CPU than single lines)."""

    session: Session
    charset: str

    def read_line(self, line_bgr: Image, kind: str | None = None) -> tuple[str, NDArray[np.float32]]:
        """Reads one line: the text and each character's confidence."""
        inputs = {INPUT: prepare(line_bgr, CHARACTERS_A_LINE.get(kind or "", 0))}
        return read(self.session.run(inputs)[OUTPUT][0], self.charset, kind)

    def read_field(self, crop_bgr: Image, spec: FieldSpec) -> Reading:
        """Splits a field's crop into at most `spec.max_lines` lines and reads them. 10-25 ms a line."""
        lines = split_lines(crop_bgr, spec.max_lines, exactly=spec.format in CHARACTERS_A_LINE)
        return summary([self.read_line(line, spec.format) for line in lines])

    def look(self, crop_bgr: Image) -> As:
        """Looks at one line, to be read as one format or another later."""
        seen = [self.session.run({INPUT: prepare(line)})[OUTPUT][0] for line in split_lines(crop_bgr, 1)]
        return lambda kind: summary([read(probability, self.charset, kind) for probability in seen])


def open_text(folder: Path, spec: ModelSpec, profile: Profile) -> TextReader:
    """Opens the recogniser of a release. Raises SetupError when the file is not the manifest's."""
    session = open_session(folder, spec, profile)
    return TextReader(session, session.metadata[CHARSET_KEY])
