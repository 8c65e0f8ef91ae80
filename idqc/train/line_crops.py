"""Text lines cut from labelled photos, so that the recogniser also learns cameras and whole documents."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from idqc.inspection import Image, Points
from idqc.labels import Label, read_labels
from idqc.photo.geometry import homography, rectangle
from idqc.synth.line_texts import CHARSET
from idqc.synth.lines import LINE_HEIGHT_PX, Line
from idqc.train.crops import Crop, Crops, build_crops

HEIGHT_PX, WIDTH_PX = 64, 768
"""Of a cached crop. The line itself stands in the middle with MARGIN of its height around; wider lines are squeezed."""
MARGIN = 0.35
MAX_LINES_A_PHOTO = 14
LEAST_LINE_PX = 10.0
"""Smaller lines cannot be read by a person either."""
WORST_SEVERITY = 0.6
"""A photo that is blurred, dark or glared worse than this, or a field as unreadable, teaches nothing."""
SPOILS = ("quality.blur", "quality.glare", "quality.dark", "quality.bright", "quality.low_resolution")


def _with_margin(quad: Points) -> tuple[Points, float, float]:
    """The quad grown by MARGIN of its height on every side, and the line's own width and height in pixels."""
    across, down = (quad[1] - quad[0] + quad[2] - quad[3]) / 2, (quad[3] - quad[0] + quad[2] - quad[1]) / 2
    width, height = float(np.linalg.norm(across)), max(float(np.linalg.norm(down)), 1e-3)
    x, y = across / max(width, 1e-3) * MARGIN * height, down * MARGIN
    return np.asarray(quad + np.array([-x - y, x - y, x + y, -x + y]), np.float32), width, height


def _readable(label: Label, name: str) -> bool:
    if any(label.severity.get(code, 0.0) > WORST_SEVERITY for code in SPOILS):
        return False
    worst = max(label.severity.get(f"field.{name}.{defect}", 0.0) for defect in ("hidden", "unreadable"))
    return label.fields[name].visible and worst < 0.3


def cut_lines(item: tuple[Path, Label]) -> Iterable[Crop]:
    """The readable lines of one photo: `line` (64, 768, 3) BGR; target text and the width that is filled."""
    folder, label = item
    wanted = [
        line
        for name, found in label.fields.items()
        if _readable(label, name)
        for line in found.lines
        if line.text.strip() and set(line.text) <= set(CHARSET)
    ]
    photo = cv2.imread(str(folder / label.file)) if wanted else None
    if photo is None:
        return
    half: Image | None = None
    for line in wanted[:MAX_LINES_A_PHOTO]:
        quad, width, height = _with_margin(np.asarray(line.quad, np.float32))
        if height < LEAST_LINE_PX:
            continue
        filled = min(round((width / height + 2 * MARGIN) * HEIGHT_PX / (1 + 2 * MARGIN)), WIDTH_PX)
        matrix = homography(quad, rectangle(filled, HEIGHT_PX))
        # Down from the photo in one step aliases, so a large line is first halved.
        if height > 1.5 * HEIGHT_PX:
            if half is None:
                half = np.asarray(cv2.resize(photo, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
            crop = cv2.warpPerspective(half, matrix @ np.diag([2.0, 2.0, 1.0]), (filled, HEIGHT_PX))
        else:
            crop = cv2.warpPerspective(photo, matrix, (filled, HEIGHT_PX))
        sheet = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
        sheet[:, :filled] = crop
        yield {"line": sheet}, {"text": line.text.strip(), "width": filled}


def line_crops(data: list[Path], out: Path, splits: tuple[str, ...] = ("train",)) -> Crops:
    """The cache of all folders' lines under `out`, made on the first call. About 15 photos a second."""
    items = [(folder, label) for folder in data for label in read_labels(folder, splits) if label.document_type]
    key = f"{[str(folder) for folder in data]} {splits} {HEIGHT_PX}x{WIDTH_PX} {MARGIN}"
    return build_crops(out / "cache" / "lines", items, cut_lines, MAX_LINES_A_PHOTO, key)


def draw_photo_line(rng: np.random.Generator, crops: Crops) -> Line:
    """A random cached line with another margin and light every time."""
    place = int(rng.integers(len(crops)))
    target = crops.targets[place]
    sheet, width = crops.arrays["line"][place], int(target["width"])
    margin = round(HEIGHT_PX * MARGIN / (1 + 2 * MARGIN))
    top, bottom = (int(margin * share) for share in rng.uniform(0.0, 0.95, 2))
    left, right = (int(margin * share) for share in rng.uniform(0.0, 0.9, 2))
    crop = np.asarray(sheet[top : HEIGHT_PX - bottom, left : width - right], np.float32)
    crop = (crop - 128) * np.float32(rng.uniform(0.75, 1.2)) + np.float32(128 + rng.normal(0, 10))
    scaled = max(round(crop.shape[1] * LINE_HEIGHT_PX / crop.shape[0] * rng.uniform(0.88, 1.12)), 16)
    picture = cv2.resize(crop.clip(0, 255).astype(np.uint8), (scaled, LINE_HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return Line(np.asarray(picture, np.uint8), target["text"], "photo", 0.5)
