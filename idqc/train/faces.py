"""Pictures of faces with five landmarks, dealt to splits by person with the same hash that `idqc synth` uses."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from idqc.inspection import Image, Points
from idqc.labels import SPLITS

SHARES = (0.60, 0.15, 0.25)
PICTURES = {".jpg", ".jpeg", ".png", ".webp"}

LANDMARKS_OF_189 = ((0, 0), (1, 1), (54, 60), (87, 87), (93, 93))
"""Pupils, tip of the nose (between two points) and corners of the mouth in the 189-point template of webmorph.org."""
LANDMARKS_OF_FFHQ = ((0.37, 0.47), (0.63, 0.47), (0.50, 0.62), (0.40, 0.745), (0.60, 0.745))
"""Where the same five stand in pictures aligned as in the FFHQ data set, in shares of the picture."""

NOT_A_PORTRAIT = {"back of head", "hand covering face", "dog", "animal", "cat", "statue", "two people", "blurred"}
EYES_HIDDEN = {"aviator sunglasses", "sport sunglasses", "sunglasses", "eyes closed"}
TURNED = {"profile view", "turned sideways", "tilted upwards", "tilted downwards"}
HARD_LIGHT = {"back lighting", "blue hour lighting", "spotlight", "side light with shadows"}
UNSURE_FAMILIES = ("bad_things", "lighting", "face_pose", "glasses_style", "eye_gaze", "accessories")
"""Picture families of the T2I set with many odd pictures: without a caption of their own they are left out."""


@dataclass(frozen=True, eq=False)
class Face:
    """A picture of one person. `landmarks` is (5, 2) in shares of the picture; `caption` is weak and may be ''."""

    path: Path
    person: str
    landmarks: Points | None
    caption: str

    @property
    def usable(self) -> bool:
        """Whether this should show one face that a person could be identified by, or a known defect of it."""
        family = self.path.stem.rsplit("_r", 1)[0]
        return not (family in UNSURE_FAMILIES and not self.caption) and self.caption not in NOT_A_PORTRAIT | HARD_LIGHT

    def load(self) -> Image:
        """The picture, (h, w, 3) uint8 BGR. Raises FileNotFoundError when it cannot be read."""
        image = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if image is None:
            raise FileNotFoundError(f"{self.path.name} is not a picture")
        return np.asarray(image, np.uint8)


def split_of(person: str) -> str:
    """The split a person belongs to for good: a stable hash, about 60 / 15 / 25 %."""
    share = int.from_bytes(hashlib.sha256(person.encode()).digest()[:8], "big") / 2**64
    return SPLITS[0] if share < SHARES[0] else SPLITS[1] if share < SHARES[0] + SHARES[1] else SPLITS[2]


def read_faces(folder: Path, split: str) -> list[Face]:
    """The faces of a split of a folder with `landmarks_189.json` and `weak_labels.tsv` (both optional), by path."""
    marks_file, captions_file = folder / "landmarks_189.json", folder / "weak_labels.tsv"
    marks = json.loads(marks_file.read_text()) if marks_file.is_file() else {}
    captions: dict[str, str] = {}
    if captions_file.is_file():
        for line in captions_file.read_text(encoding="utf-8").splitlines()[1:]:
            file, _, caption = line.split("\t")
            captions[Path(file).stem] = caption
    faces = []
    for path in sorted(item for item in folder.rglob("*") if item.suffix.lower() in PICTURES):
        studio = path.parent.name.startswith("webmorph")
        person = f"webmorph-{path.stem[:3]}" if studio else f"{path.parent.name}-{path.stem}"
        if split_of(person) != split:
            continue
        name = path.relative_to(folder).as_posix()
        points = marks.get(f"faces/{name}", marks.get(name))
        landmarks = np.array(LANDMARKS_OF_FFHQ, np.float32) if path.parent.name == "sfhq" else None
        if points:
            height, width = np.asarray(cv2.imread(str(path))).shape[:2]
            five = np.array(points, np.float32)[np.array(LANDMARKS_OF_189)].mean(axis=1)
            landmarks = np.asarray(five / np.array([width, height], np.float32), np.float32)
        faces.append(Face(path, person, landmarks, captions.get(path.stem, "")))
    return faces
