"""Trains the quality model: torchvision's MobileNetV3-small from scratch, beside the measures of the same document."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from idqc.documents import document_types
from idqc.inspection import Points
from idqc.labels import Label, read_labels
from idqc.models import quality as reader
from idqc.photo.geometry import homography, project, rectangle, rectify
from idqc.photo.measures import Measures, Plane, measure
from idqc.train.auc import auc
from idqc.train.crops import Crop, Crops, build_crops
from idqc.train.document_defects import GLARE_HOLE, spoil_document
from idqc.train.export import export_onnx
from idqc.train.loop import Budget, fit
from idqc.train.manifest import write_entry
from idqc.train.photos import load_photo
from idqc.train.quality_net import QualityNet, map_loss, severity_loss, start_map

DOCUMENTS = 7_500
MOST_CUTS = 4
"""Where photos are few, each is rectified up to this often, with other errors of its corners, to get DOCUMENTS."""
CORNER_ERROR = 0.006
"""Standard deviation of the document model's corners, in shares of the document's sides."""
PIXELS_SPARE = 1.2
"""How many more pixels a photo is decoded with than the rectified document has: fine detail survives the turn."""
FINE_CELLS = 8 * reader.MAP_CELLS
DOCUMENT_WIDTH_MM = document_types()["td1"].size_mm[0]
"""Blur is counted in millimetres of an ID-1 card; on a passport's page the same share of the width is as bad."""
RECIPE = "quality-2"
MAP_WEIGHT = 0.5
SEVERE = 0.5
"""Severities from here up are told from clean photos in validation."""


def document_size_px(document_type: str | None) -> tuple[int, int]:
    """The size to which a document is laid flat; one of an unknown type is taken for an ID-1 card."""
    kind = document_types().get(document_type or "") or document_types()["td1"]
    return kind.rectified_size_px(reader.DOCUMENT_WIDTH_PX)


def glare_map(label: Label, quad: Points) -> Plane:
    """Where glare lies on a document, (112, 112) float32 0 or 1."""
    plane = np.zeros((FINE_CELLS, FINE_CELLS), np.float32)
    flat = homography(quad, rectangle(FINE_CELLS, FINE_CELLS))
    for glare in label.glare_quads:
        cv2.fillPoly(plane, [np.round(project(flat, np.array(glare, np.float32))).astype(np.int32)], 1.0)
    return plane


def fields_px(label: Label, flat: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Left, top, right, bottom of the mandatory fields of a document, where `flat` takes photo pixels to its own."""
    kind = document_types().get(label.document_type or "")
    boxes = []
    for name in kind.mandatory_fields if kind else ():
        if name in label.fields:
            corners = project(flat, np.array(label.fields[name].quad, np.float32))
            (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
            boxes.append((int(left), int(top), int(right), int(bottom)))
    return boxes


def _cut(folder: Path, label: Label, cuts: int) -> Iterator[Crop]:
    """The rectified document; then, if its quality is good, the same spoilt, with other errors of the corners."""
    if label.quad is None:
        return
    true_quad = np.array(label.quad, np.float32)
    photo, quad = load_photo(folder / label.file, true_quad, PIXELS_SPARE * reader.DOCUMENT_WIDTH_PX)
    size_px = document_size_px(label.document_type)
    severity = {code: label.severity.get(code, 0.0) for code in reader.CRITERIA}
    good = max(severity.values()) == 0 and label.severity.get("quality.low_resolution", 0.0) == 0
    rng = np.random.default_rng([label.seed or 0, zlib.crc32(label.file.encode())])
    from_shares = homography(rectangle(1, 1), quad)
    for number in range(cuts if good else 1):
        error = rng.normal(0, CORNER_ERROR, (4, 2)).astype(np.float32)
        document = rectify(photo, project(from_shares, rectangle(1, 1) + error), *size_px)
        spoilt, lost, clean = dict(severity), glare_map(label, true_quad), label.clean
        if number > 0:
            boxes = fields_px(label, homography(true_quad, rectangle(*size_px)))
            result = spoil_document(document, size_px[0] / DOCUMENT_WIDTH_MM, boxes, rng)
            document, clean = result.document_bgr, clean and not result.severity
            spoilt |= result.severity
            if result.lost is not None:
                holes = (result.lost > GLARE_HOLE).astype(np.float32)
                lost = np.asarray(cv2.resize(holes, (FINE_CELLS, FINE_CELLS), interpolation=cv2.INTER_AREA), np.float32)
        cells = cv2.resize(lost, (reader.MAP_CELLS, reader.MAP_CELLS), interpolation=cv2.INTER_AREA)
        target = {
            "severity": [round(spoilt[code], 4) for code in reader.CRITERIA],
            "measures": [round(float(value), 4) for value in measure(document).vector],
            "glare": [round(float(value) * 100) for value in cells.ravel()],
            "clean": clean,
        }
        yield {"image": reader.resized(document)}, target


class Samples:
    """All documents of a split: `severity` (n, 4), `measures` (n, 44), `maps` (n, 4, 14, 14), `clean` (n,)."""

    def __init__(self, caches: list[Crops]) -> None:
        self._images = [cache.arrays["image"] for cache in caches]
        self._where = [(c, i) for c, cache in enumerate(caches) for i in range(len(cache))]
        targets = [target for cache in caches for target in cache.targets]
        self.severity = np.array([target["severity"] for target in targets], np.float32)
        self.measures = np.array([target["measures"] for target in targets], np.float32)
        self.clean = np.array([target["clean"] for target in targets], bool)
        # Only glare has a place of its own in the labels; the other maps learn the severity of the whole document.
        cells = reader.MAP_CELLS
        self.maps = np.repeat(self.severity[:, :, None, None], cells, 2).repeat(cells, 3)
        glare = np.array([target["glare"] for target in targets], np.float32) / 100
        self.maps[:, reader.GLARE] = glare.reshape(-1, cells, cells)

    def __len__(self) -> int:
        return len(self._where)

    def images(self, numbers: Iterable[int]) -> np.ndarray:
        """(n, 224, 224, 3) uint8 BGR."""
        return np.stack([self._images[c][i] for c, i in (self._where[n] for n in numbers)])


def _samples(data: list[Path], split: str, out: Path) -> Samples:
    labels = {folder: [x for x in read_labels(folder, (split,)) if x.quad is not None] for folder in data}
    total = sum(map(len, labels.values()))
    if not total:
        raise ValueError(f"no documents of split {split} in {', '.join(map(str, data))}")
    cuts = int(np.clip(round(DOCUMENTS / total), 1, MOST_CUTS)) if split == "train" else 1
    caches = []
    for folder, found in labels.items():

        def cut(label: Label, home: Path = folder) -> Iterable[Crop]:
            return _cut(home, label, cuts)

        key = f"{RECIPE} {folder.resolve()} {len(found)} {cuts}"
        caches.append(build_crops(out / "cache" / f"{folder.name}-{split}", found, cut, cuts, key))
    return Samples([cache for cache in caches if len(cache)])


def _loss(model: Any, batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
    image, measures, severity, maps = batch
    found, found_maps = model(image, measures)
    errors = severity_loss(found, severity)
    places = map_loss(found_maps, maps)
    return errors + MAP_WEIGHT * places


def _predict(model: Any, samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    severity, maps = [], []
    for start in range(0, len(samples), 64):
        stop = min(start + 64, len(samples))
        images = torch.from_numpy(reader.normalise(samples.images(range(start, stop))))
        with torch.no_grad():
            found = model(images, torch.from_numpy(samples.measures[start:stop]))
        severity.append(found[0].numpy())
        maps.append(found[1].numpy())
    return np.concatenate(severity), np.concatenate(maps)


def measure_model(model: Any, samples: Samples) -> dict[str, float]:
    """AUC of severe against clean documents, the model's beside the plain measure's, and what the glare map covers."""
    severity, maps = _predict(model, samples)
    numbers: dict[str, float] = {}
    for index, code in enumerate(reader.CRITERIA):
        name, severe = code.removeprefix("quality."), samples.severity[:, index] >= SEVERE
        floor = np.array([Measures(vector).floor_score(code) for vector in samples.measures])
        numbers[f"auc_{name}"] = auc(severity[severe, index], severity[samples.clean, index])
        numbers[f"floor_auc_{name}"] = auc(floor[severe], floor[samples.clean])
        affected = samples.severity[:, index] > 0
        numbers[f"auc_any_{name}"] = auc(severity[affected, index], severity[samples.clean, index])
        numbers[f"mae_{name}"] = float(np.abs(severity[:, index] - samples.severity[:, index]).mean())
    wanted, found = samples.maps[:, reader.GLARE] >= 0.5, maps[:, reader.GLARE] >= reader.GLARE_CELL
    numbers["glare_map_iou"] = float((wanted & found).sum() / max(int((wanted | found).sum()), 1))
    return {name: value for name, value in numbers.items() if not math.isnan(value)}


def train(data: list[Path], out: Path, weights: Path, budget: Budget) -> dict[str, Any]:
    """Trains on split train, validates on split calibrate, writes `weights/quality.onnx` and its manifest entry.

    Args:
        data: folders with `labels.jsonl`.

    Raises:
        ValueError: no document of split train or calibrate was found.
    """
    cv2.setNumThreads(budget.threads)
    torch.manual_seed(budget.seed)
    learn, check = _samples(data, "train", out), _samples(data, "calibrate", out)
    model = QualityNet(learn.measures).to(memory_format=torch.channels_last)
    model.start_from_measures(torch.from_numpy(learn.measures), torch.from_numpy(learn.severity))
    if not (out / "checkpoint.pt").exists():
        start_map(model, learn.images, learn.maps, budget.seed)
    steps = max(math.ceil(len(learn) / budget.batch), 1)

    def batches(epoch: int) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        rng = np.random.default_rng([budget.seed, epoch])
        for chunk in np.array_split(rng.permutation(len(learn)), steps):
            images, maps = learn.images(chunk), learn.maps[chunk].copy()
            for n in range(len(chunk)):
                # A mirrored or turned document is as blurred as before.
                turn = (slice(None, None, int(rng.choice([-1, 1]))), slice(None, None, int(rng.choice([-1, 1]))))
                images[n], maps[n] = images[n][turn], maps[n][(slice(None), *turn)]
            measures = learn.measures[chunk]
            yield (
                torch.from_numpy(reader.normalise(images)).contiguous(memory_format=torch.channels_last),
                torch.from_numpy(measures),
                torch.from_numpy(learn.severity[chunk]),
                torch.from_numpy(maps),
            )

    numbers = fit(model, batches, steps, _loss, lambda m: measure_model(m, check), budget, out)
    command = f"idqc train quality --data {' '.join(folder.name for folder in data)} --batch {budget.batch}"
    run = {key: numbers.pop(key) for key in ("seconds", "steps", "epochs", "examples")}
    run |= {"documents": len(learn), "seed": budget.seed, "threads": budget.threads, "command": command}
    return ship(model, check, weights, numbers, run)


def ship(model: Any, check: Samples, weights: Path, numbers: dict[str, float], run: dict[str, Any]) -> dict[str, Any]:
    """Writes `weights/quality.onnx` and its manifest entry; returns everything measured."""
    path = weights / "quality.onnx"
    example = [torch.from_numpy(reader.normalise(check.images([0]))), torch.from_numpy(check.measures[:1])]
    parity = export_onnx(model, example, (("image", "measures"), ("severity", "map")), path, None)
    write_entry(
        weights,
        reader.NAME,
        path,
        inputs={
            "image": "NCHW, RGB, ImageNet mean and deviation, the rectified document",
            "measures": "idqc.photo.measures.NAMES, as measured",
        },
        outputs={
            "severity": f"0 normal to 1: {', '.join(reader.CRITERIA)}",
            "map": "the same over the rectified document, 0..1",
        },
        training=run,
        metrics=numbers,
        parity_max_diff=parity,
        licence="Apache-2.0",
        attribution="Trained from scratch on mock documents made by idqc synth.",
    )
    return {**numbers, **run, "parity_max_diff": parity}
