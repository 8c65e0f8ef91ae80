"""Arms behind the fingers on a card, where the camera sees the table at a slant."""

from __future__ import annotations

import numpy as np
import pytest

from idqc.photo.geometry import project
from idqc.synth.camera.conditions import Frame
from idqc.synth.camera.cover import Stage
from idqc.synth.camera.hand import NEAREST, before_the_viewer, draw_arms

SLANT = np.asarray([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, -0.004, 1.0]])
"""What lies at y = 250 passes the camera, and below it everything is turned over."""


def test_a_path_ends_before_it_passes_the_camera() -> None:
    path = np.asarray([[100, 0], [100, 100], [100, 2000]], np.float32)
    kept = before_the_viewer(SLANT, path)
    assert kept[:2].tolist() == path[:2].tolist()
    assert len(kept) == 3
    assert kept[2] @ SLANT[2, :2] + 1 == pytest.approx(NEAREST, abs=1e-3)
    assert (np.diff(project(SLANT, kept)[:, 1]) > 0).all()
    assert before_the_viewer(np.eye(3), path).tolist() == path.tolist()


@pytest.mark.parametrize("root_y", [0.0, 150.0, 249.0, 249.99])
def test_an_arm_toward_the_camera_can_be_drawn(root_y: float) -> None:
    bgr = np.zeros((600, 400, 3), np.uint8)
    empty = np.zeros((10, 10), np.uint8)
    quad = np.zeros((4, 2), np.float32)
    arm = (np.float32([100, root_y]), np.float32([0, 1]), np.float32([120, 150, 200]), 16.0)
    stage = Stage(bgr, empty, empty, quad, 4.0, np.eye(3), arms=[arm])
    draw_arms(bgr, stage, Frame(400, 600, SLANT, quad, False))
    assert bgr.any() == (root_y < 249)  # nearer it is out of the frame
