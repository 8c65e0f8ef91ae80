"""Mock portraits say what was done to them; the portrait trainer runs from both kinds of data to checked ONNX."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from idqc.labels import SPLITS, Label, read_labels
from idqc.models import portrait as reader
from idqc.runtime.reference import run_once
from idqc.synth import assets
from idqc.train import portrait
from idqc.train.auc import auc
from idqc.train.faces import LANDMARKS_OF_FFHQ, read_faces, split_of
from idqc.train.loop import Budget
from idqc.train.portrait_defects import spoil
from idqc.train.portrait_mock import DEFECTS, Target, mock_portrait
from tests.train.tiny_photos import draw_face, write_photos


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn faces laid out as the real ones: studio pictures with points, aligned ones, others with captions."""
    folder = tmp_path_factory.mktemp("faces")
    for name in ("webmorph_neutral_front", "sfhq", "sfhq_t2i"):
        (folder / name).mkdir()
    points = {}
    for number in range(24):
        image = np.full((200, 160, 3), 40 + number * 8, np.uint8)
        marks = draw_face(image, 0, 0, 160, 200)
        cv2.imwrite(str(folder / "sfhq" / f"sample_r{number:02d}.png"), image)
        cv2.imwrite(str(folder / "sfhq_t2i" / f"glasses_style_r00_c{number:02d}.png"), image)
        studio = f"webmorph_neutral_front/{number:03d}_03.png"
        cv2.imwrite(str(folder / studio), image)
        template = np.zeros((189, 2))
        template[[0, 1, 87, 93]] = marks[[0, 1, 3, 4]]
        template[[54, 60]] = marks[2]
        points[f"faces/{studio}"] = template.tolist()
    (folder / "landmarks_189.json").write_text(json.dumps(points))
    rows = ["faces/sfhq_t2i/glasses_style_r00_c00.png\tglasses style\tsport sunglasses"]
    rows += [f"faces/sfhq_t2i/glasses_style_r00_c{n:02d}.png\tbad things\tcat" for n in range(1, 12)]
    (folder / "weak_labels.tsv").write_text("file\ttopic\tcaption\n" + "\n".join(rows) + "\n")
    return folder


def test_faces_are_dealt_by_person_and_bring_landmarks(faces: Path) -> None:
    dealt = {split: read_faces(faces, split) for split in SPLITS}
    assert sum(map(len, dealt.values())) == 72
    assert all(split_of(face.person) == split for split, found in dealt.items() for face in found)
    everyone = [face for found in dealt.values() for face in found]
    studio = next(face for face in everyone if face.person.startswith("webmorph"))
    assert studio.landmarks is not None
    assert np.allclose(studio.landmarks, [[0.38, 0.45], [0.62, 0.45], [0.5, 0.6], [0.4, 0.72], [0.6, 0.72]], atol=1e-6)
    aligned = next(face for face in everyone if face.path.parent.name == "sfhq")
    assert np.allclose(aligned.landmarks, LANDMARKS_OF_FFHQ)
    captions = {face.caption: face.usable for face in everyone if face.path.parent.name == "sfhq_t2i"}
    assert captions == {"sport sunglasses": True, "cat": False, "": False}


def test_splits_agree_with_the_generator() -> None:
    people = [f"webmorph-{number:03d}" for number in range(300)]
    assert [split_of(person) for person in people] == [assets.split_of(person) for person in people]


@pytest.mark.parametrize("defect", [name for name in DEFECTS if name not in ("none", "missing")])
def test_a_defect_changes_the_picture_and_reports_its_severity(defect: str) -> None:
    rng = np.random.default_rng(4)
    image = np.full((256, 205, 3), 170, np.uint8)
    marks = draw_face(image, 0, 0, 205, 256) / np.float32([205, 256])
    for known in (marks, None):
        spoilt, moved, severity = spoil(image, known, defect, 0.8, image[:, ::-1].copy(), rng)
        assert spoilt.shape == image.shape
        assert 0 <= severity <= 1
        assert np.abs(spoilt.astype(int) - image).mean() > 0.5
        assert moved is None or moved.shape == (5, 2)


def test_mock_portraits_cover_every_target(faces: Path) -> None:
    found = [face for face in read_faces(faces, "train") if face.usable]
    rng = np.random.default_rng(1)
    targets = []
    for _ in range(60):
        crop, target = mock_portrait(found, rng)
        assert crop.shape == (160, 160, 3)
        targets.append(target)
    assert {target.face for target in targets} >= {0.0, 1.0}
    assert any(target.low_quality == 0 for target in targets)
    assert any((target.low_quality or 0) > 0.5 for target in targets)
    json.dumps([target.as_json() for target in targets])


def test_a_photo_teaches_only_what_its_label_says() -> None:
    identity = np.eye(3)

    def taught(severity: dict[str, float]) -> Target:
        label = Label("a.png", "td1", None, face_landmarks=[[0.5, 0.5]] * 5, severity=severity)
        return portrait.photo_target(label, identity)

    clean, missing = taught({}), taught({"portrait.missing": 1.0})
    assert (clean.face, clean.low_quality, clean.components["pose"]) == (1.0, 0.0, 0.0)
    assert (missing.face, missing.low_quality, missing.components, missing.landmarks) == (0.0, None, {}, None)
    low, dark = taught({"portrait.low_quality": 0.7}), taught({"quality.dark": 0.6})
    assert (low.face, low.low_quality, low.components) == (1.0, 0.7, {})
    assert (dark.face, dark.low_quality, dark.components) == (1.0, None, {})


def test_from_photos_and_faces_to_a_file_that_serves(faces: Path, tmp_path: Path) -> None:
    data = write_photos(tmp_path / "photos", 18)
    budget = Budget(epochs=1, batch=8, learning_rate=1e-3)
    numbers = portrait.train(
        [data, faces], tmp_path / "out", tmp_path / "weights", budget, {"train": 16, "calibrate": 16}
    )
    assert numbers["parity_max_diff"] < 1e-4
    assert "auc_missing_mock" in numbers
    label = next(read_labels(data))
    photo = np.asarray(cv2.imread(str(data / label.file)), np.uint8)
    quad = np.array(label.portrait_quad, np.float32)
    reading = reader.read(run_once(tmp_path / "weights" / "portrait.onnx", reader.prepare(photo, quad)), quad)
    assert 0 <= reading.missing <= 1
    assert set(reading.components) == set(reader.COMPONENTS)


def test_folders_without_portraits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no portraits of split train"):
        portrait.train([tmp_path], tmp_path / "out", tmp_path, Budget(1, 2, 1e-3))


def test_auc() -> None:
    assert auc(np.array([2, 3]), np.array([0, 1])) == 1.0
    assert auc(np.array([1, 1]), np.array([1, 1])) == 0.5
    assert auc(np.array([0]), np.array([1])) == 0.0
    assert np.isnan(auc(np.array([]), np.array([1])))
