"""How the document model's tensors are made and read; no weights needed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from idqc.inspection import Photo
from idqc.models import boxes, corners, document
from idqc.photo.geometry import homography, iou, project

QUAD = np.array([[400, 300], [1500, 340], [1460, 1080], [380, 1000]], np.float32)


def photo(width: int = 2000, height: int = 1500, scale: float = 1.0) -> Photo:
    shown = np.full((round(height * scale), round(width * scale), 3), 40, np.uint8)
    cv2.fillConvexPoly(shown, (QUAD * scale).astype(np.int32), (250, 250, 250))
    return Photo(shown, scale, width, height)


def cell(quad_share: np.ndarray, *scores: float) -> np.ndarray:
    low, high = quad_share.min(axis=0), quad_share.max(axis=0)
    marks = np.concatenate([quad_share, np.ones((4, 1))], axis=1).ravel()
    return np.concatenate([(low + high) / 2, high - low, scores, marks]).astype(np.float32)


def shares_of(quad: np.ndarray, box: document.Letterbox) -> np.ndarray:
    return (quad * box.scale + [box.left_px, box.top_px]) / document.INPUT_PX


def prediction(*cells: np.ndarray) -> dict[str, np.ndarray]:
    return {"prediction": np.stack(cells, axis=1)[None]}


def refinement(
    offsets: np.ndarray | None = None, flip: float = -4.0, name: str = "passport", logit: float = 9.0
) -> dict[str, np.ndarray]:
    logits = np.zeros((1, len(corners.DOCUMENT_CLASSES)), np.float32)
    logits[0, corners.DOCUMENT_CLASSES.index(name)] = logit
    moved = np.zeros((1, 8), np.float32) if offsets is None else offsets
    return {"offsets": moved, "flip": np.array([[flip]], np.float32), "type": logits}


class FakeSession:
    def __init__(self, *answers: dict[str, np.ndarray]) -> None:
        self.answers, self.calls = answers, list[dict[str, np.ndarray]]()

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        self.calls.append(inputs)
        return self.answers[min(len(self.calls), len(self.answers)) - 1]


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.25])
@pytest.mark.parametrize(("width", "height"), [(2000, 1500), (1500, 2000), (320, 2000)])
def test_letterbox_and_back(width: int, height: int, scale: float) -> None:
    inputs, box = document.prepare(photo(width, height, scale))
    assert inputs["image"].shape == (1, 3, document.INPUT_PX, document.INPUT_PX)
    assert inputs["image"].dtype == np.float32
    assert inputs["image"].flags.c_contiguous
    assert inputs["image"].min() >= 0
    assert inputs["image"].max() <= 1
    back = box.to_full_size(shares_of(QUAD, box) * document.INPUT_PX)
    assert np.abs(back - QUAD).max() < 0.01
    bar = inputs["image"][0, :, 0, 0] if width != height else None
    assert bar is not None
    assert bar == pytest.approx(document.LETTERBOX_GREY / 255)


def test_letterbox_is_rgb() -> None:
    red = np.zeros((400, 400, 3), np.uint8)
    red[..., 2] = 255
    image = document.prepare(Photo(red, 1.0, 400, 400))[0]["image"]
    assert image[0, :, 96, 96].tolist() == [1.0, 0.0, 0.0]


def test_read_suppresses_and_sorts() -> None:
    _, box = document.prepare(photo())
    best, near = shares_of(QUAD, box), shares_of(QUAD + 8, box)
    far = shares_of(QUAD * 0.3, box)
    found = document.read(prediction(cell(near, 0.6), cell(far, 0.3), cell(best, 0.9)), box)
    assert [round(place.confidence, 3) for place in found] == [0.9, 0.3]
    assert np.abs(found[0].quad_xy_px - QUAD).max() < 0.05


def test_read_keeps_corners_outside_of_the_frame() -> None:
    _, box = document.prepare(photo())
    outside = QUAD - np.float32([600, 0])
    found = document.read(prediction(cell(shares_of(outside, box), 0.8)), box)
    assert np.abs(found[0].quad_xy_px - outside).max() < 0.05


def test_read_finds_nothing() -> None:
    _, box = document.prepare(photo())
    assert document.read(prediction(cell(shares_of(QUAD, box), 0.005)), box) == []
    crossed = QUAD[[0, 2, 1, 3]]
    assert document.read(prediction(cell(shares_of(crossed, box), 0.9)), box) == []


def test_suppression_by_class_leaves_others_alone() -> None:
    _, box = document.prepare(photo())
    share = shares_of(QUAD, box)
    raw = prediction(cell(share, 0.9, 0.1), cell(share, 0.1, 0.8), cell(share, 0.7, 0.2))["prediction"]
    decoded = boxes.decode(raw, 2, 0.1)
    assert len(boxes.suppress(decoded, 0.5, by_class=True).classes) == 2
    assert len(boxes.suppress(decoded, 0.5, by_class=False).classes) == 1
    assert len(boxes.suppress(decoded, 1.1, by_class=False, most=2).classes) == 2


def test_overlap() -> None:
    one = np.float32([0, 0, 2, 2])
    others = np.float32([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]])
    assert boxes.overlap(one, others).tolist() == pytest.approx([1.0, 1 / 3, 0.0])


def test_corner_crop_has_document_and_margin() -> None:
    shown = photo()
    crop = corners.prepare(shown.bgr, QUAD)["crop"]
    assert crop.shape == (1, 3, 160, 224)
    left, top = (corners.CROP_CORNERS[0] * [224, 160]).round().astype(int)
    assert crop[0, 0, 80, left + 3] > 0.9
    assert crop[0, 0, 80, left - 3] < 0.3
    assert crop[0, 0, top + 3, 112] > 0.9
    assert crop[0, 0, top - 3, 112] < 0.3


def test_corner_crop_is_grey_outside_of_the_photo() -> None:
    crop = corners.prepare(photo().bgr, QUAD - np.float32([600, 0]))["crop"]
    assert crop[0, :, 80, 5] == pytest.approx(corners.OUTSIDE_GREY / 255)


def test_offsets_move_the_corners() -> None:
    coarse = QUAD + np.float32([[30, -20], [-25, 15], [10, 40], [-20, -10]])
    truth_in_crop = project(np.linalg.inv(corners.crop_to_photo(coarse)), QUAD)
    offsets = (truth_in_crop - corners.CROP_CORNERS).reshape(1, 8)
    refined = corners.read(refinement(offsets, 0.0, "td1"), coarse)
    assert np.abs(refined.quad_xy - QUAD).max() < 0.05
    assert refined.upside_down == 0.5
    assert corners.DOCUMENT_CLASSES[int(refined.types.argmax())] == "td1"
    assert refined.types.sum() == pytest.approx(1.0)


def test_absurd_offsets_are_ignored() -> None:
    crossed = corners.CROP_CORNERS[[1, 0, 2, 3]]
    offsets = (crossed - corners.CROP_CORNERS).reshape(1, 8)
    assert np.array_equal(corners.read(refinement(offsets), QUAD).quad_xy, QUAD)


def test_landscape_turns_only_what_is_clearly_upright() -> None:
    assert np.array_equal(corners.landscape(QUAD), QUAD)
    assert np.array_equal(corners.landscape(np.roll(QUAD, 1, axis=0)), np.roll(QUAD, 2, axis=0))
    square = np.float32([[0, 0], [100, 0], [100, 110], [0, 110]])
    assert np.array_equal(corners.landscape(square), square)


def test_warp_is_exact_for_the_identity() -> None:
    shown = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)
    assert np.array_equal(corners.warp(shown, np.diag([60.0, 40.0, 1.0]), 60, 40), shown)


def test_shrinking_keeps_the_quad_in_place() -> None:
    shown = photo()
    small, ratio = corners.shrink(shown.bgr, QUAD, 172, 123)
    assert 0.1 < ratio < 0.3
    found, _ = cv2.findContours((small[..., 0] > 145).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    assert abs(cv2.contourArea(found[0]) - cv2.contourArea(QUAD * np.float32(ratio))) < 600
    same, one = corners.shrink(shown.bgr, QUAD, 1200, 900)
    assert one == 1.0
    assert same is shown.bgr


def wide(by: float) -> np.ndarray:
    """Offsets that push every corner outwards by a share of the crop."""
    return np.array([[-by, -by, by, -by, by, by, -by, by]], np.float32)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_run_refines_until_corners_stay_and_turns_right_way_up(scale: float) -> None:
    shown = photo(scale=scale)
    _, box = document.prepare(shown)
    finder = FakeSession(prediction(cell(shares_of(QUAD, box), 0.9)))
    off, back = wide(0.05), -wide(0.05) / (1 + 2 * 0.05 * (1 + 2 * corners.MARGIN))
    upside_down, turned = refinement(flip=4.0, name="passport"), refinement(back, flip=-4.0)
    closer = FakeSession(refinement(off, name="td1"), turned, upside_down)
    found = document.DocumentModel(finder, closer).run(shown)  # type: ignore[arg-type]
    assert len(closer.calls) == 3
    assert (len(found), found[0].type) == (1, "passport")
    assert found[0].confidence == pytest.approx(0.9)
    assert np.abs(found[0].quad_xy_px - np.roll(QUAD, 2, axis=0)).max() < 0.1
    assert iou(found[0].quad_xy_px, QUAD) > 0.999


def test_the_second_look_is_turned_and_no_third_is_taken_of_what_stays() -> None:
    _, box = document.prepare(photo())
    finder = FakeSession(prediction(cell(shares_of(QUAD, box), 0.9)))
    closer = FakeSession(refinement(), refinement(flip=4.0))
    (found,) = document.DocumentModel(finder, closer).run(photo())  # type: ignore[arg-type]
    seen = [call["crop"][0] for call in closer.calls]
    assert len(seen) == 2
    assert np.abs(seen[0] - seen[1][:, ::-1, ::-1]).mean() < 0.02
    assert np.abs(found.quad_xy_px - QUAD).max() < 0.1


BESIDE = QUAD + np.float32([150, 250])


def two_places() -> FakeSession:
    _, box = document.prepare(photo())
    return FakeSession(
        prediction(cell(shares_of(QUAD - np.float32([350, 280]), box), 0.9), cell(shares_of(BESIDE, box), 0.4))
    )


def test_a_place_where_no_card_is_seen_gives_way_to_the_next() -> None:
    closer = FakeSession(*[refinement(logit=1.0)] * 2, refinement(name="td1"), refinement(flip=4.0, name="td1"))
    (found,) = document.DocumentModel(two_places(), closer).run(photo())  # type: ignore[arg-type]
    assert found.type == "td1"
    assert found.confidence == pytest.approx(0.9)
    assert np.abs(found.quad_xy_px - BESIDE).max() < 0.1


def test_corners_that_never_stay_are_no_card_however_sure_the_type() -> None:
    restless = [refinement(wide(sign * 0.05)) for sign in (1, -1) * document.REFINEMENTS][: document.REFINEMENTS]
    closer = FakeSession(*restless, refinement(), refinement(flip=4.0))
    (found,) = document.DocumentModel(two_places(), closer).run(photo())  # type: ignore[arg-type]
    assert found.certainty >= document.CERTAIN
    assert np.abs(found.quad_xy_px - BESIDE).max() < 0.1


def test_a_place_hardly_believed_in_is_not_looked_at() -> None:
    _, box = document.prepare(photo())
    finder = FakeSession(
        prediction(cell(shares_of(QUAD - np.float32([350, 280]), box), 0.9), cell(shares_of(BESIDE, box), 0.2))
    )
    closer = FakeSession(refinement(logit=1.0))
    document.DocumentModel(finder, closer).run(photo())  # type: ignore[arg-type]
    assert len(closer.calls) == 2


def test_the_first_place_stands_when_a_closer_look_is_sure_of_none() -> None:
    closer = FakeSession(refinement(logit=2.0), refinement(flip=4.0, logit=2.0), refinement(logit=1.0))
    (found,) = document.DocumentModel(two_places(), closer).run(photo())  # type: ignore[arg-type]
    assert np.abs(found.quad_xy_px - (QUAD - np.float32([350, 280]))).max() < 0.1


def test_refining_ends_when_corners_never_stay() -> None:
    _, box = document.prepare(photo())
    finder = FakeSession(prediction(cell(shares_of(QUAD, box), 0.9)))
    closer = FakeSession(*[refinement(wide(sign * 0.05)) for sign in (1, -1) * document.REFINEMENTS])
    document.DocumentModel(finder, closer).run(photo())  # type: ignore[arg-type]
    assert len(closer.calls) == document.REFINEMENTS


def test_run_on_an_empty_scene() -> None:
    _, box = document.prepare(photo())
    finder = FakeSession(prediction(cell(shares_of(QUAD, box), 0.001)))
    assert document.DocumentModel(finder, FakeSession()).run(photo()) == []  # type: ignore[arg-type]


def test_homography_of_the_crop_meets_the_quad() -> None:
    assert np.abs(project(corners.crop_to_photo(QUAD), corners.CROP_CORNERS) - QUAD).max() < 0.01
    assert np.linalg.det(homography(corners.CROP_CORNERS, QUAD)) != 0


def test_another_card_outdoes_no_doubtful_identity_card() -> None:
    looks = [refinement(logit=4.0), refinement(flip=4.0, logit=4.0)]
    closer = FakeSession(*looks, refinement(name="unsupported"), refinement(flip=4.0, name="unsupported"))
    (found,) = document.DocumentModel(two_places(), closer).run(photo())  # type: ignore[arg-type]
    assert found.type == "passport"
    assert 0.9 < found.certainty < document.CERTAIN
