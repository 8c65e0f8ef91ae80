"""The edges of the corners network: crossings become lines, lines meet in corners; and the hardships of its crops."""

import numpy as np
import pytest
import torch

from idqc.models.corners import CROP_CORNERS
from idqc.train.adversity import harden
from idqc.train.corners import edge_loss
from idqc.train.corners_net import COLUMNS, ROWS, CornersNet, crossings, fit, meet, true_crossings

QUAD = torch.tensor([[[0.12, 0.20], [0.86, 0.14], [0.90, 0.83], [0.15, 0.88]]])


def maps_of(corners: torch.Tensor) -> torch.Tensor:
    """Maps that know exactly where the edges of (1, 4, 2) corners cross."""
    maps = torch.zeros(1, 8, ROWS, COLUMNS)
    for edge, places in enumerate(true_crossings(corners)):
        size = COLUMNS if edge % 2 == 0 else ROWS
        cells = (torch.arange(size) + 0.5) / size
        peaks = -0.5 * ((cells - places[0][:, None]) * size / 0.7) ** 2
        maps[0, edge] = peaks if edge % 2 == 0 else peaks.T
    return maps


def test_corners_are_where_the_edges_meet() -> None:
    found = meet(*crossings(maps_of(QUAD)))
    assert torch.allclose(found, QUAD, atol=2e-3)


def test_a_covered_stretch_does_not_move_the_corner_when_it_does_not_count() -> None:
    across, counts = crossings(maps_of(QUAD))
    across[1][0, 20:40] = 0.7  # a finger over the top edge
    off = (meet(across, counts) - QUAD).abs().max()
    counts[1][0, 20:40] = 1e-4
    assert (meet(across, counts) - QUAD).abs().max() < 5e-3 < off


def test_a_line_of_one_place_lies_straight() -> None:
    weights = torch.full((1, COLUMNS), 1e-6)
    weights[0, 30] = 1.0
    places = torch.rand(1, COLUMNS, generator=torch.Generator().manual_seed(1))
    start, slope = fit(places, weights)
    assert abs(float(slope[0])) < 0.05
    assert float(start[0] + slope[0] * (30.5 / COLUMNS)) == pytest.approx(float(places[0, 30]), abs=1e-3)


def test_the_loss_is_least_where_the_edges_are() -> None:
    there = edge_loss(maps_of(QUAD), QUAD)
    assert float(there) < float(edge_loss(maps_of(QUAD), QUAD + 0.05))


def test_the_network_answers_for_each_crop() -> None:
    net = CornersNet().eval()
    with torch.no_grad():
        offsets, flip, kind = net(torch.rand(2, 3, 160, 224))
    assert (offsets.shape, flip.shape, kind.shape) == ((2, 8), (2, 1), (2, 5))
    places = offsets.view(2, 4, 2) + torch.from_numpy(CROP_CORNERS)
    assert bool(((places > -0.5) & (places < 1.5)).all())


def test_hardship_changes_a_crop_and_keeps_its_shape() -> None:
    picture = np.full((160, 224, 3), 120, np.uint8)
    picture[40:120, 50:170] = (200, 180, 90)
    changed = [harden(picture.copy(), np.random.default_rng(seed)) for seed in range(24)]
    assert all(one.shape == picture.shape and one.dtype == np.uint8 for one in changed)
    assert sum(not np.array_equal(one, picture) for one in changed) == len(changed)
    again = harden(picture.copy(), np.random.default_rng(3))
    assert np.array_equal(again, changed[3])
