"""Trains the portrait model: torchvision's MobileNetV3-small from scratch with four small heads.

Data folders are of two kinds: with `labels.jsonl` (portraits cut from photos) or pictures of faces (mock portraits).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import mobilenet_v3_small

from idqc.inspection import Points
from idqc.labels import Label, read_labels
from idqc.models import portrait as reader
from idqc.train.auc import auc
from idqc.train.crops import Crop, Crops, build_crops
from idqc.train.export import export_onnx
from idqc.train.faces import read_faces
from idqc.train.loop import Budget, fit
from idqc.train.manifest import write_entry
from idqc.train.photos import load_photo
from idqc.train.portrait_mock import Target, mock_portrait

MOCK_CROPS = {"train": 8_000, "calibrate": 1_000}
PHOTO_CUTS = {"train": 3, "calibrate": 1}
"""A photo's portrait is cut this often, each time with another error of the box."""
PLAIN_EVERY = 3
"""Of photos whose portrait is as it should be, one in this many is used for training: they are the most."""
BOX_ERROR = 0.025
RECIPE = "portrait-2"
COMPONENT_COUNT = len(reader.LEARNED_COMPONENTS)
SWAPPED = [1, 0, 2, 4, 3]
"""Where each landmark goes in a mirrored picture."""


class PortraitNet(nn.Module):
    """Input (n, 3, 160, 160); outputs face (n, 1), landmarks (n, 10), components (n, 7), low_quality (n, 1).

    In train mode the three probabilities come out as logits.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trunk = mobilenet_v3_small(weights=None).features
        self.narrow = nn.Sequential(nn.Conv2d(576, 40, 1, bias=False), nn.BatchNorm2d(40), nn.Hardswish())
        self.points = nn.Sequential(nn.Linear(40 * 25, 96), nn.Hardswish(), nn.Linear(96, 10))
        self.scores = nn.Sequential(
            nn.Linear(576 + 40 * 25, 160), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(160, 2 + COMPONENT_COUNT)
        )

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        features = self.trunk(image)
        where = self.narrow(features).flatten(1)
        scores = self.scores(torch.cat([features.mean((2, 3)), where], 1))
        if not self.training:
            scores = torch.sigmoid(scores)
        landmarks = 0.5 + self.points(where)
        return scores[:, :1], landmarks, scores[:, 1 : 1 + COMPONENT_COUNT], scores[:, 1 + COMPONENT_COUNT :]


def photo_target(label: Label, to_crop: np.ndarray) -> Target:
    """What a rendered photo's portrait should teach. What the label does not speak of stays unknown."""
    missing = label.severity.get("portrait.missing", 0.0)
    low = label.severity.get("portrait.low_quality", 0.0)
    if missing > 0.5:
        return Target(face=0.0, components={}, low_quality=None)
    # Blur and glare of the whole photo stand in the portrait's own label; its exposure does not.
    spoilt = any(label.severity.get(f"quality.{name}", 0.0) > 0.3 for name in ("dark", "bright"))
    known = {} if low > 0 or spoilt else dict.fromkeys(reader.LEARNED_COMPONENTS, 0.0)
    target = Target(face=1.0 if missing == 0 else None, components=known, low_quality=low)
    if low == 0 and spoilt:
        target.low_quality = None
    if label.face_landmarks is not None and missing == 0:
        marks = cv2.perspectiveTransform(np.array(label.face_landmarks, np.float32).reshape(-1, 1, 2), to_crop)
        target.landmarks = [round(float(v), 4) for v in marks.ravel()]
    return target


def _shaken(quad: Points, rng: np.random.Generator) -> Points:
    """A portrait quad with the error of a field detector's box."""
    spread = np.abs(quad - quad.mean(axis=0)).max(axis=0)
    moved = quad + rng.normal(0, BOX_ERROR, (1, 2)) * spread * 2 + rng.normal(0, BOX_ERROR / 3, (4, 2)) * spread * 2
    return np.asarray(quad.mean(axis=0) + (moved - quad.mean(axis=0)) * rng.uniform(0.96, 1.06), np.float32)


def _cut_photo(folder: Path, label: Label, split: str) -> Iterator[Crop]:
    if label.portrait_quad is None:
        return
    portrait = np.array(label.portrait_quad, np.float32)
    photo, inside = load_photo(folder / label.file, portrait, 2 * reader.SIZE_PX)
    scale = float(np.linalg.norm(inside[1] - inside[0]) / max(float(np.linalg.norm(portrait[1] - portrait[0])), 1e-6))
    rng = np.random.default_rng([label.seed or 0, zlib.crc32(label.file.encode())])
    for _ in range(PHOTO_CUTS[split]):
        quad = _shaken(portrait, rng)
        crop = reader.crop(photo, np.asarray(quad * np.float32(scale), np.float32))
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
        to_crop = cv2.getPerspectiveTransform(reader.crop_quad(quad), corners)
        group = "clean" if label.clean else "other"
        yield {"image": crop}, photo_target(label, to_crop).as_json() | {"group": group}


def _chosen(labels: Iterable[Label], plain_every: int) -> list[Label]:
    """All labels with a portrait that is spoilt or missing, and one in `plain_every` of the others."""
    portraits = [label for label in labels if label.portrait_quad is not None and label.document_type is not None]
    spoilt = ("portrait.missing", "portrait.low_quality")
    return [
        label
        for number, label in enumerate(portraits)
        if number % plain_every == 0 or any(label.severity.get(code, 0.0) > 0 for code in spoilt)
    ]


def _crops(data: Iterable[Path], split: str, out: Path, mock_crops: dict[str, int]) -> list[Crops]:
    """One cache for each data folder that has something of the split."""
    caches = []
    for folder in data:
        where = out / "cache" / f"{folder.name}-{split}"
        if (folder / "labels.jsonl").is_file():
            labels = _chosen(read_labels(folder, (split,)), PLAIN_EVERY if split == "train" else 1)

            def cut_photo(label: Label, home: Path = folder) -> Iterable[Crop]:
                return _cut_photo(home, label, split)

            key = f"{RECIPE} {folder.resolve()} {len(labels)}"
            caches.append(build_crops(where, labels, cut_photo, PHOTO_CUTS[split], key))
            continue
        faces = [face for face in read_faces(folder, split) if face.usable]
        if not faces:
            continue

        def cut_mock(number: int, found: list[Any] = faces) -> Iterable[Crop]:
            image, target = mock_portrait(found, np.random.default_rng([number, len(split)]))
            yield {"image": image}, target.as_json() | {"group": "mock"}

        numbers = list(range(mock_crops[split]))
        caches.append(build_crops(where, numbers, cut_mock, 1, f"{RECIPE} {folder.resolve()} {len(faces)}"))
    return [cache for cache in caches if len(cache)]


def _row(target: dict[str, Any]) -> np.ndarray:
    """face, low_quality, 7 components, 10 landmarks as float32; NaN where unknown."""
    components, landmarks = target["components"], target["landmarks"]
    values = [target["face"], target["low_quality"], *components, *(landmarks or [None] * 10)]
    return np.array([np.nan if value is None else value for value in values], np.float32)


class Samples:
    """All crops of a split with their target rows."""

    def __init__(self, caches: list[Crops]) -> None:
        self.caches = caches
        self.rows = np.stack([_row(target) for cache in caches for target in cache.targets])
        self.groups = np.array([target["group"] for cache in caches for target in cache.targets])
        self._where = [(c, i) for c, cache in enumerate(caches) for i in range(len(cache))]

    def images(self, numbers: Iterable[int]) -> np.ndarray:
        """(n, 160, 160, 3) uint8 BGR."""
        return np.stack([self.caches[c].arrays["image"][i] for c, i in (self._where[n] for n in numbers)])


def _augmented(images: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    rows = rows.copy()
    light = rng.uniform(0.85, 1.15, (len(images), 1, 1, 1)) * rng.uniform(0.95, 1.05, (len(images), 1, 1, 3))
    images = np.clip(images * light.astype(np.float32), 0, 255).astype(np.uint8)
    for n in np.flatnonzero(rng.random(len(images)) < 0.5):
        images[n] = images[n, :, ::-1]
        marks = rows[n, -10:].reshape(5, 2)[SWAPPED]
        rows[n, -10:] = np.column_stack([1 - marks[:, 0], marks[:, 1]]).ravel()
    return images, rows


def _loss(model: Any, batch: tuple[Tensor, Tensor]) -> Tensor:
    image, rows = batch
    face, landmarks, components, low_quality = model(image)
    scores = torch.cat([face, low_quality, components], 1)
    wanted, known = rows[:, : scores.shape[1]], ~torch.isnan(rows[:, : scores.shape[1]])
    weight = torch.ones(scores.shape[1])
    weight[1] = 2.0
    errors = F.binary_cross_entropy_with_logits(scores, torch.nan_to_num(wanted), reduction="none")
    total = (errors * known * weight).sum() / known.sum().clamp(min=1)
    marks, marked = rows[:, -10:], ~torch.isnan(rows[:, -10:])
    away = F.smooth_l1_loss(landmarks, torch.nan_to_num(marks), beta=0.02, reduction="none")
    return total + 4.0 * (away * marked).sum() / marked.sum().clamp(min=1)


def _predict(model: Any, samples: Samples) -> dict[str, np.ndarray]:
    parts: list[list[np.ndarray]] = [[], [], [], []]
    for start in range(0, len(samples.rows), 64):
        images = samples.images(range(start, min(start + 64, len(samples.rows))))
        with torch.no_grad():
            for part, value in zip(parts, model(torch.from_numpy(reader.normalise(images))), strict=True):
                part.append(value.numpy())
    return dict(zip(("face", "landmarks", "components", "low_quality"), map(np.concatenate, parts), strict=True))


def measure_model(model: Any, samples: Samples) -> dict[str, float]:
    """AUCs of severities from 0.5 up against 0, apart for mock portraits and photos, and the landmarks' mean error."""
    found, rows = _predict(model, samples), samples.rows
    numbers: dict[str, float] = {}
    for name, mine in (("mock", samples.groups == "mock"), ("photo", samples.groups != "mock")):
        clean = mine & ((rows[:, 1] == 0) if name == "mock" else (samples.groups == "clean"))
        for label, score, bad in (
            ("missing", 1 - found["face"][:, 0], rows[:, 0] == 0),
            ("low_quality", found["low_quality"][:, 0], rows[:, 1] >= 0.5),
            *((c, found["components"][:, i], rows[:, 2 + i] >= 0.5) for i, c in enumerate(reader.LEARNED_COMPONENTS)),
        ):
            if (bad & mine).any() and clean.any():
                numbers[f"auc_{label}_{name}"] = auc(score[bad & mine], score[clean])
        marked = mine & ~np.isnan(rows[:, -1]) & (np.nan_to_num(rows[:, 1]) < 0.5)
        if marked.any():
            wanted = rows[marked, -10:].reshape(-1, 5, 2)
            away = np.linalg.norm(found["landmarks"][marked].reshape(-1, 5, 2) - wanted, axis=2).mean(axis=1)
            numbers[f"landmark_error_{name}"] = float(
                np.median(away / np.linalg.norm(wanted[:, 1] - wanted[:, 0], axis=1))
            )
    return numbers


def train(
    data: list[Path], out: Path, weights: Path, budget: Budget, mock_crops: dict[str, int] | None = None
) -> dict[str, Any]:
    """Trains on split train, validates on split calibrate, writes `weights/portrait.onnx` and its manifest entry.

    Args:
        data: folders with `labels.jsonl`, and folders of faces.
        mock_crops: how many mock portraits each split gets from a folder of faces; MOCK_CROPS when None.

    Raises:
        ValueError: no portrait of split train or calibrate was found.
    """
    cv2.setNumThreads(budget.threads)
    torch.manual_seed(budget.seed)
    caches = {split: _crops(data, split, out, mock_crops or MOCK_CROPS) for split in ("train", "calibrate")}
    for split, found in caches.items():
        if not found:
            raise ValueError(f"no portraits of split {split} in {', '.join(map(str, data))}")
    learn, check = Samples(caches["train"]), Samples(caches["calibrate"])
    model = PortraitNet().to(memory_format=torch.channels_last)
    steps = max(math.ceil(len(learn.rows) / budget.batch), 1)

    def batches(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        rng = np.random.default_rng([budget.seed, epoch])
        order = rng.permutation(len(learn.rows))
        for chunk in np.array_split(order, steps):
            images, rows = _augmented(learn.images(chunk), learn.rows[chunk], rng)
            tensor = torch.from_numpy(reader.normalise(images)).contiguous(memory_format=torch.channels_last)
            yield tensor, torch.from_numpy(rows)

    numbers = fit(model, batches, steps, _loss, lambda m: measure_model(m, check), budget, out)
    path = weights / "portrait.onnx"
    example = torch.from_numpy(reader.normalise(check.images([0])))
    parity = export_onnx(model, [example], (("image",), ("face", "landmarks", "components", "low_quality")), path, None)
    run = {key: numbers.pop(key) for key in ("seconds", "steps", "epochs", "examples")}
    command = f"idqc train portrait --data {' '.join(f.name for f in data)} --batch {budget.batch}"
    write_entry(
        weights,
        reader.NAME,
        path,
        inputs={"image": "NCHW, RGB, ImageNet mean and deviation, 0.10 margin around the portrait"},
        outputs={
            "face": "probability that a face is there",
            "landmarks": "x, y of eyes, nose and mouth corners in shares of the crop",
            "components": f"0 normal to 1 failed: {', '.join(reader.LEARNED_COMPONENTS)}",
            "low_quality": "0 normal to 1 not identifiable",
        },
        training={"command": command, "crops": len(learn.rows), "seed": budget.seed, "threads": budget.threads, **run},
        metrics=numbers,
        parity_max_diff=parity,
        licence="Apache-2.0",
        attribution="Trained from scratch. Faces: webmorph.org (DeBruine & Jones 2017, CC BY 4.0) and SFHQ (MIT).",
    )
    return {**numbers, **run, "parity_max_diff": parity}
