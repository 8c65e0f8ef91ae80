"""Lines of a field, CTC decoding within a format, and the reader on a session that answers what a test wants."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, cast

import cv2
import numpy as np
import pytest

from idqc.documents import FieldSpec
from idqc.inspection import Image
from idqc.models.text import INPUT, OUTPUT, Reading, TextReader, line_width_px, prepare, read, summary
from idqc.models.text_lines import split_lines
from idqc.runtime.session import Session

CHARSET = "0123456789ABCDEFGHIKLMNOPQRSTUVWXYZoli-<. 가나다"


def spec(name: str, max_lines: int = 1) -> FieldSpec:
    return FieldSpec("field", MappingProxyType({}), True, name, max_lines, False)


def spoken(text: str, confidence: float = 0.9) -> np.ndarray:
    """(steps, classes): each character takes one step, with a blank after it."""
    rows = np.zeros((2 * len(text), len(CHARSET) + 1), np.float32)
    rows[1::2, 0] = 1.0
    for place, character in enumerate(text):
        rows[2 * place, 0] = 0.02
        rows[2 * place, CHARSET.index(character) + 1] = confidence
    return rows


def test_prepare_keeps_the_shape_of_the_line() -> None:
    tensor = prepare(np.full((24, 100, 3), 255, np.uint8))
    assert tensor.shape == (1, 3, 48, 200)
    assert tensor.dtype == np.float32
    assert tensor.max() == 1.0
    assert prepare(np.zeros((48, 4, 3), np.uint8)).shape[3] == 32
    assert prepare(np.zeros((20, 4000, 3), np.uint8)).shape[3] == 1280
    assert line_width_px(48, 300, characters=44) == 880


def test_repeats_join_unless_a_blank_lies_between() -> None:
    rows = np.repeat(spoken("11-00"), 2, axis=0)
    text, sure = read(rows, CHARSET)
    assert text == "11-00"
    assert sure == pytest.approx([0.9] * 5)


def test_a_format_keeps_the_reading_within_its_characters() -> None:
    rows = spoken("7O12l", 0.8)
    assert read(rows, CHARSET)[0] == "7O12l"
    text, sure = read(rows, CHARSET, "resident_number")
    assert text == "70121"
    assert sure == pytest.approx([0.8] * 5)
    assert read(spoken("가A나"), CHARSET, "korean_name")[0] == "가나"
    assert read(spoken("Poi.<"), CHARSET, "mrz_td3")[0] == "POI<"
    assert read(spoken("가1"), CHARSET, "text")[0] == "가1"


def test_summary_is_the_geometric_mean_and_the_minimum() -> None:
    line = ("AB", np.array([0.9, 0.4], np.float32))
    found = summary([line, (" ", np.array([0.1], np.float32)), ("C", np.array([0.9], np.float32))])
    assert found.text == "AB\nC"
    assert found.confidence_min == pytest.approx(0.4)
    assert found.confidence == pytest.approx((0.9 * 0.4 * 0.9) ** (1 / 3), abs=1e-4)
    assert summary([]) == Reading("", 0.0, 0.0)


def printed(lines: list[str], noise: float = 6.0, scale: float = 0.8) -> Image:
    """A crop with lines of 24 px pitch and 6 px of margin, on a tinted and noisy ground."""
    rng = np.random.default_rng(5)
    image = np.full((24 * len(lines) + 12, 420, 3), (190, 220, 205), np.uint8)
    image = np.asarray(image + np.linspace(-25, 25, 420)[None, :, None], np.uint8)
    for place, line in enumerate(lines):
        cv2.putText(image, line, (8, 24 * place + 24), cv2.FONT_HERSHEY_SIMPLEX, scale, (40, 40, 40), 2, cv2.LINE_AA)
    return (image + rng.normal(0, noise, image.shape)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("noise", [0.0, 6.0, 14.0])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_lines_are_found(count: int, noise: float) -> None:
    crop = printed(["HELLO 123 SAMPLE", "Second of it", "AND A THIRD ONE"][:count], noise)
    lines = split_lines(crop, 3)
    assert len(lines) == count
    assert all(15 <= len(line) <= 32 for line in lines)


def test_bare_stock_beside_a_short_line_is_cut_off() -> None:
    long, short = split_lines(printed(["HELLO 123 SAMPLE OF IT", "AND"]), 3)
    assert long.shape[1] > 300
    assert 40 < short.shape[1] < 130


def test_one_line_is_one_line_and_a_zone_has_two() -> None:
    assert len(split_lines(printed(["ONE LINE ONLY", "another"]), 1)) == 1
    zone = printed(["P<UTOERIKSSON<<ANNA<MARIA<<<", "L898902C36UTO7408122F12041"], scale=0.7)
    assert len(split_lines(zone, 2, exactly=True)) == 2
    assert len(split_lines(np.full((10, 40, 3), 200, np.uint8), 3)) == 1
    assert len(split_lines(np.full((90, 400, 3), 200, np.uint8), 3)) == 1


class Echo:
    """Stands in for a session: says one text for every line, and counts."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.shapes: list[tuple[int, ...]] = []

    def run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        self.shapes.append(inputs[INPUT].shape)
        return {OUTPUT: spoken(self.text)[None]}


def test_reader_reads_every_line_once() -> None:
    echo = Echo("A1")
    reader = TextReader(cast(Session, echo), CHARSET)
    found = reader.read_field(printed(["HELLO 123 SAMPLE", "Second of it"]), spec("text", 3))
    assert found.text == "A1\nA1"
    assert found.confidence == pytest.approx(0.9, abs=1e-3)
    assert len(echo.shapes) == 2
    reader.read_field(printed(["P<UTOERIKSSON<<ANNA<", "L898902C36UTO"]), spec("mrz_td3", 2))
    assert echo.shapes[2][3] == 880
