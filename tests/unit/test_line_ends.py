from __future__ import annotations

from types import MappingProxyType

import cv2
import numpy as np
import pytest

from idqc.inspection import Image
from idqc.line_ends import to_their_ends
from idqc.models.fields import Box, Line

WIDTH, HEIGHT, TALL = 1000, 630, 30


def page(*texts: tuple[str, int, int]) -> tuple[Image, list[Box]]:
    """A page with texts at (left, top) px, and the box of each."""
    paper = np.full((HEIGHT, WIDTH, 3), 225, np.uint8)
    boxes = []
    for text, left, top in texts:
        cv2.putText(paper, text, (left, top + 24), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (30, 30, 30), 2, cv2.LINE_AA)
        wide = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.9, 2)[0][0]
        boxes.append(Box("text", 0.8, left / WIDTH, top / HEIGHT, (left + wide) / WIDTH, (top + TALL) / HEIGHT))
    return paper, boxes


def cut(box: Box, left: float = 0.0, right: float = 0.0) -> Box:
    wide = box.right - box.left
    return Box("text", 0.8, box.left + left * wide, box.top, box.right - right * wide, box.bottom)


def ends(paper: Image, boxes: list[Box]) -> list[Box]:
    return [line.box for line in to_their_ends([Line(box, MappingProxyType({})) for box in boxes], paper)]


def test_a_line_goes_on_to_the_right_until_a_blank() -> None:
    paper, (whole,) = page(("MINISTRYOFFOREIGN", 100, 200))
    (found,) = ends(paper, [cut(whole, right=0.4)])
    assert found.right == pytest.approx(whole.right, abs=0.01)
    assert found.left == whole.left


def test_it_ends_before_the_next_line_in_its_row() -> None:
    paper, (first, second) = page(("NORSK", 100, 200), ("1980", 215, 200))
    found, _ = ends(paper, [cut(first, right=0.3), second])
    assert found.right <= second.left + 0.002


def test_what_stands_to_the_left_is_left_alone() -> None:
    paper, (whole,) = page(("ARTHUR", 300, 200))
    beside = cut(whole, left=0.3)
    assert ends(paper, [beside]) == [beside]


def test_a_single_letter_is_whole() -> None:
    paper, (letter, *_) = page(("F", 300, 200), ("XX", 325, 200))
    assert ends(paper, [letter]) == [letter]
