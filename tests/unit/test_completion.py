"""The edge that the frame cut off: found again from the other three and the card's proportions, never made up."""

import numpy as np
import pytest

from idqc.documents import ID1_MM
from idqc.inspection import Points
from idqc.photo.completion import complete, cut_edges
from idqc.photo.geometry import iou
from idqc.photo.quad import FOCAL_LENGTH_PER_LONG_SIDE, cut_off_share

WIDTH, HEIGHT = 1600, 1200


def photographed(turn_deg: float, tilt_deg: float, to_right_mm: float, away_mm: float = 130.0) -> Points:
    """Where the corners of an ID-1 card lie in the photo of a phone's main camera."""
    turn, tilt = np.radians([turn_deg, tilt_deg])
    in_plane = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    out_of_plane = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    half = np.array([*ID1_MM, 0]) / 2
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * half
    placed = corners @ in_plane.T @ out_of_plane.T + np.array([to_right_mm, 0, away_mm])
    seen = placed[:, :2] / placed[:, 2:] * FOCAL_LENGTH_PER_LONG_SIDE * WIDTH
    return np.asarray(seen + np.array([WIDTH, HEIGHT]) / 2, np.float32)


def stopped_at_the_frame(true: Points) -> Points:
    """The quad as a network sees it that takes the frame's right side for the card's right edge."""
    quad = true.copy()
    for far, near in ((1, 0), (2, 3)):
        share = (WIDTH - true[near, 0]) / (true[far, 0] - true[near, 0])
        quad[far] = true[near] + min(share, 1) * (true[far] - true[near])
    return quad


@pytest.mark.parametrize(("turn_deg", "tilt_deg"), [(0, 0), (0, 25), (4, -20), (-3, 35)])
def test_a_cut_edge_is_found_again(turn_deg: float, tilt_deg: float) -> None:
    true = photographed(turn_deg, tilt_deg, to_right_mm=55)
    assert cut_off_share(true, WIDTH, HEIGHT) > 0.1
    found = complete(stopped_at_the_frame(true), ID1_MM, WIDTH, HEIGHT)
    assert iou(found, true) > 0.97
    assert cut_off_share(found, WIDTH, HEIGHT) == pytest.approx(cut_off_share(true, WIDTH, HEIGHT), abs=0.03)


def test_a_cut_top_edge_of_a_card_on_its_side() -> None:
    true = photographed(0, 10, to_right_mm=55)
    turned = np.roll(true, 1, axis=0)  # the document's own top is on the right
    broad = (ID1_MM[1], ID1_MM[0])
    found = complete(np.roll(stopped_at_the_frame(true), 1, axis=0), broad, WIDTH, HEIGHT)
    assert iou(found, turned) > 0.97


def test_a_whole_card_stays_as_it_is() -> None:
    inside = photographed(5, 20, to_right_mm=0)
    assert cut_edges(inside, WIDTH, HEIGHT) == []
    assert np.array_equal(complete(inside, ID1_MM, WIDTH, HEIGHT), inside)


def test_a_scan_that_fills_the_frame_is_whole() -> None:
    width, height = 1011, 638
    scan = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    assert cut_edges(scan, width, height) == [0, 1, 2, 3]
    assert np.array_equal(complete(scan, ID1_MM, width, height), scan)


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_scan_whose_lower_edge_was_taken_for_a_stripe_is_its_whole_frame(turn: int) -> None:
    size = (1360, 2167) if turn % 2 else (2167, 1360)
    upright = np.array([[3, 3], [2179, 1], [2107, 1096], [26, 1208]], np.float32) / np.float32([2167, 1360])
    # The photo turned by quarters: every corner goes on to the next place.
    placed = upright
    for _ in range(turn):
        placed = np.stack([1 - placed[:, 1], placed[:, 0]], axis=1)
    found = complete(placed * np.float32(size), ID1_MM, *size)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * np.float32(size)
    assert np.array_equal(found, np.roll(corners, -turn, axis=0))


def test_a_card_in_a_cameras_frame_is_not_its_frame() -> None:
    close = np.array([[10, 60], [1590, 70], [1580, 1100], [20, 1090]], np.float32)
    found = complete(close, ID1_MM, WIDTH, HEIGHT)
    assert not np.array_equal(found, np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32))


def test_nothing_is_added_where_it_would_have_been_seen() -> None:
    """A quad that is far too short, away from the frame but for one corner: the edges are wrong, not cut."""
    true = photographed(0, 0, to_right_mm=0)
    short = true.copy()
    short[[1, 2]] = true[[0, 3]] + 0.7 * (true[[1, 2]] - true[[0, 3]])
    assert np.array_equal(complete(short, ID1_MM, WIDTH, HEIGHT), short)
