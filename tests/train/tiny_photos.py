"""Card photos small enough for a training smoke test: drawn, spoilt in one way, labelled."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from idqc.inspection import Image
from idqc.labels import Label, to_json
from idqc.photo.geometry import homography, project, rectangle

SIZE = (480, 303)
PORTRAIT = np.array([[30, 70], [150, 70], [150, 230], [30, 230]], np.float32)
DEFECTS = (None, "quality.blur", "quality.glare", "quality.dark", "quality.bright", "portrait.missing")


def draw_face(image: Image, left: int, top: int, width: int, height: int) -> np.ndarray:
    """Draws a face into the image and gives its five landmarks."""
    marks = np.array([[0.38, 0.45], [0.62, 0.45], [0.5, 0.6], [0.4, 0.72], [0.6, 0.72]]) * [width, height] + [left, top]
    centre = left + width // 2, top + height // 2
    cv2.ellipse(image, centre, (int(width * 0.3), int(height * 0.38)), 0, 0, 360, (150, 180, 220), -1)
    for x, y in marks[:2]:
        cv2.circle(image, (int(x), int(y)), max(width // 18, 2), (40, 30, 20), -1)
    cv2.line(image, tuple(map(int, marks[3])), tuple(map(int, marks[4])), (60, 50, 150), 3)
    return marks.astype(np.float32)


def write_photos(folder: Path, count: int) -> Path:
    """Writes `count` photos and `labels.jsonl`; a third of them is of split calibrate."""
    (folder / "photos").mkdir(parents=True)
    with (folder / "labels.jsonl").open("w", encoding="utf-8") as lines:
        for number in range(count):
            lines.write(to_json(_photo(folder, number)) + "\n")
    return folder


def _photo(folder: Path, number: int) -> Label:
    rng = np.random.default_rng(number)
    defect = DEFECTS[number // 3 % len(DEFECTS)]
    card = np.full((SIZE[1], SIZE[0], 3), rng.uniform(150, 210, 3), np.uint8)
    for row in range(60, 290, 26):
        cv2.putText(card, f"SPECIMEN {rng.integers(1e6):06d}", (180, row), 0, 0.7, (40, 40, 40), 2, cv2.LINE_AA)
    cv2.rectangle(card, (30, 70), (150, 230), (235, 235, 235), -1)
    marks = None if defect == "portrait.missing" else draw_face(card, 30, 70, 120, 160)
    quad = rectangle(*SIZE) * np.float32(1.4) + np.float32([40, 60]) + rng.uniform(-25, 25, (4, 2)).astype(np.float32)
    place = homography(rectangle(*SIZE), quad)
    photo = cv2.warpPerspective(card, place, (760, 560), borderMode=cv2.BORDER_CONSTANT, borderValue=(70, 90, 80))
    glare = []
    if defect == "quality.blur":
        photo = cv2.GaussianBlur(photo, (0, 0), 6)
    elif defect == "quality.glare":
        spot = rectangle(120, 90) + rng.uniform([20, 20], [330, 190]).astype(np.float32)
        glare = [project(place, spot).tolist()]
        cv2.fillPoly(photo, [np.array(glare[0]).astype(np.int32)], (255, 255, 255))
    elif defect == "quality.dark":
        photo = (photo * 0.15).astype(np.uint8)
    elif defect == "quality.bright":
        photo = cv2.add(photo, np.full_like(photo, 110))
    file = f"photos/{number:05d}.png"
    cv2.imwrite(str(folder / file), photo)
    return Label(
        file=file,
        document_type="kr_resident",
        quad=quad.tolist(),
        portrait_quad=project(place, PORTRAIT).tolist(),
        face_landmarks=None if marks is None else project(place, marks).tolist(),
        glare_quads=glare,
        severity={} if defect is None else {defect: 0.9},
        split="calibrate" if number % 3 == 2 else "train",
        seed=number,
    )
