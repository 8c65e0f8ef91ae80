"""Crops for the fraud model: tiles, portraits and fields of full-size photos, and how batches are drawn from them."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from idqc.inspection import Image, Points
from idqc.labels import Label, read_labels
from idqc.models import fraud as reader
from idqc.train.crops import Crop, Crops, build_crops

RECIPE = "fraud-1"
QUAD_JITTER = 0.007
"""As far as corners are off in practice, as a share of the document's edges."""
BOX_JITTER = 0.06
TILES = 8
TILES_OF_TRAINING_ORIGINALS = 4
FIELDS = {"train": 3, "calibrate": 5}
GENUINE_PER_ATTACK = 2.0
MOST_PHOTOS = {"train": 5_500, "calibrate": 700}
PER_PHOTO = 16
BAD_FROM = 0.25
"""A genuine photo with a severity from here on is a hard negative."""
QUALITY = ("quality.blur", "quality.glare", "quality.dark", "quality.bright", "quality.low_resolution", "quality.tilt")
TILE, PORTRAIT, FIELD = "tile", "portrait", "field"


def chosen(labels: Iterable[tuple[Path, Label]], split: str) -> list[tuple[Path, Label]]:
    """All attacks and some genuine photos of a split, half of these clean and half bad, in a stable shuffle."""

    def order(entry: tuple[Path, Label]) -> str:
        return hashlib.sha256(f"{entry[0].name}/{entry[1].file}".encode()).hexdigest()

    usable = sorted(((f, x) for f, x in labels if x.split == split and _usable(x)), key=order)
    attacks = [entry for entry in usable if entry[1].attack]
    genuine = [entry for entry in usable if not entry[1].attack]
    bad = [entry for entry in genuine if is_bad(entry[1])]
    good = [entry for entry in genuine if not is_bad(entry[1])]
    wanted = int(min(GENUINE_PER_ATTACK * len(attacks), MOST_PHOTOS[split] * 0.55)) if attacks else MOST_PHOTOS[split]
    attacks = attacks[: MOST_PHOTOS[split] - min(wanted, len(genuine))]
    half = min(len(bad), wanted // 2)
    return sorted([*attacks, *bad[:half], *good[: wanted - half]], key=order)


def is_bad(label: Label) -> bool:
    """Whether something is clearly wrong with the photo's quality."""
    return any(label.severity.get(code, 0.0) >= BAD_FROM for code in QUALITY)


def _usable(label: Label) -> bool:
    return label.quad is not None and label.severity.get("quality.cut_off", 0.0) < 0.5


def photo_crops(folder: Path, label: Label) -> Iterator[Crop]:
    """The crops of one photo. The quad is the true one, moved a little; the same photo always gives the same crops."""
    digest = hashlib.sha256(f"{label.file}/{label.seed}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    found = cv2.imread(str(folder / label.file), cv2.IMREAD_COLOR)
    if found is None:
        return
    photo = np.asarray(found, np.uint8)
    quad = jittered(rng, np.array(label.quad, np.float32), QUAD_JITTER)
    size, small = reader.native_size(quad), reader.preview(photo, quad)
    card: dict[str, Any] = {
        "card": f"{folder.name}/{label.file}",
        "split": label.split,
        "attack": label.attack,
        "bad": is_bad(label),
        "chroma": round(reader.chroma_spread(small), 5),
    }
    corners = reader.tile_corners(small, size)
    quads = reader.tile_quads(quad, corners, size)
    if label.split == "train" and label.attack not in reader.COPIES:
        # Originals are many: fewer tiles of each make room for more of them.
        quads = [quads[i] for i in rng.permutation(TILES)[:TILES_OF_TRAINING_ORIGINALS]]
    for crop in reader.cut(photo, _inside(quads, photo)):
        yield {"crop": crop}, {**card, "kind": TILE, "label": label.attack}
    if label.portrait_quad is not None and label.severity.get("portrait.missing", 0.0) < 0.5:
        portrait = jittered(rng, np.array(label.portrait_quad, np.float32), BOX_JITTER)
        for crop in reader.cut(photo, _inside(reader.portrait_quads(portrait), photo)):
            yield {"crop": crop}, {**card, "kind": PORTRAIT, "label": label.attack == "portrait_tamper"}
    names = [
        name for name, field in label.fields.items() if field.visible and field.lines and name not in ("title", "mrz")
    ]
    names = [str(name) for name in rng.permutation(names)] if names else []
    names.sort(key=lambda name: not label.fields[name].tampered)
    for name in names[: FIELDS[label.split]]:
        box = jittered(rng, np.array(label.fields[name].quad, np.float32), BOX_JITTER)
        if _inside([box], photo):
            crop = reader.field_crop(photo, box)
            yield {"crop": crop}, {**card, "kind": FIELD, "label": label.fields[name].tampered}


def jittered(rng: np.random.Generator, quad: Points, share: float) -> Points:
    """The quad with each corner moved by up to `share` of the edges."""
    edges = np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1)
    reach = np.array([(edges[0] + edges[2]) / 2, (edges[1] + edges[3]) / 2], np.float32) * share
    return np.asarray(quad + rng.uniform(-1, 1, (4, 2)) * reach, np.float32)


def _inside(quads: list[Points], photo: Image) -> list[Points]:
    return [quads[at] for at in reader.in_frame(quads, photo)]


def read_crops(data: list[Path], folder: Path, split: str) -> Crops:
    """Builds or opens the caches of a split, one a data folder, so that another folder costs no new ones."""
    parts = []
    for home in data:
        items = chosen(((home, label) for label in read_labels(home, (split,))), split)
        names = ",".join(f"{label.file}/{label.seed}" for _, label in items)
        key = f"{RECIPE}:{split}:{hashlib.sha256(names.encode()).hexdigest()[:16]}"
        if items:
            place = folder / f"{split}-{home.name}"
            parts.append(build_crops(place, items, lambda item: photo_crops(*item), PER_PHOTO, key))
    if len(parts) == 1:
        return parts[0]
    crops = np.concatenate([part.arrays["crop"] for part in parts]) if parts else np.zeros((0, 160, 160, 3), np.uint8)
    return Crops({"crop": crops}, [target for part in parts for target in part.targets])


class Sampler:
    """Draws balanced batches: attack species as often as each other, genuine photos half clean and half bad. Crops of
    the photos `without`, by card, are never drawn."""

    SHARES = (
        ("screen", 0.20),
        ("print", 0.17),
        ("grayscale_copy", 0.05),
        ("genuine", 0.13),
        ("bad", 0.13),
        ("tampered", 0.03),
        ("portrait+", 0.09),
        ("portrait-", 0.09),
        ("field+", 0.08),
        ("field-", 0.08),
    )

    def __init__(self, crops: Crops, batch: int, seed: int, without: Container[str] = ()) -> None:
        self.crops, self.batch, self.seed = crops, batch, seed
        groups: dict[str, list[int]] = {name: [] for name, _ in self.SHARES}
        for at, target in enumerate(crops.targets):
            if target["card"] in without:
                continue
            if target["kind"] == TILE:
                attack = target["attack"]
                genuine = "bad" if target["bad"] else "genuine"
                name = genuine if attack is None else attack if attack in reader.COPIES else "tampered"
            else:
                name = target["kind"] + ("+" if target["label"] else "-")
            groups[name].append(at)
        self.groups = {name: np.array(rows) for name, rows in groups.items() if rows}
        weights = np.array([share for name, share in self.SHARES if name in self.groups])
        self.weights = weights / weights.sum()

    def batches(self, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Without end: crops (n, s, s, 3) uint8 BGR, targets and masks (n, 5) float32."""
        rng = np.random.default_rng([self.seed, epoch])
        names = list(self.groups)
        while True:
            kinds = rng.choice(len(names), self.batch, p=self.weights)
            rows = [int(rng.choice(self.groups[names[kind]])) for kind in kinds]
            targets, masks = taught([self.crops.targets[row] for row in rows])
            yield (
                np.stack(
                    [augmented(rng, self.crops.arrays["crop"][row], self.crops.targets[row]["kind"]) for row in rows]
                ),
                targets,
                masks,
            )


def taught(targets: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """What crops teach: (n, 5) 0 or 1, and (n, 5) 1 where that is known: tiles the copies, the others their edit."""
    values, masks = np.zeros((len(targets), 5), np.float32), np.zeros((len(targets), 5), np.float32)
    for row, target in enumerate(targets):
        if target["kind"] == TILE:
            masks[row, :3] = 1
            if target["attack"] in reader.COPIES:
                values[row, reader.SPECIES.index(target["attack"])] = 1
        else:
            at = 3 if target["kind"] == PORTRAIT else 4
            masks[row, at], values[row, at] = 1, target["label"]
    return values, masks


CROP_PX = 128


def augmented(rng: np.random.Generator, crop: np.ndarray, kind: str) -> np.ndarray:
    """A 128 px part of a tile or portrait (a field is made smaller), mirrored and turned where that loses nothing."""
    if kind == FIELD:
        # Rows must not be cut: the whole crop is made smaller instead.
        crop = cv2.resize(np.ascontiguousarray(crop), (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA)
    else:
        y, x = rng.integers(0, crop.shape[0] - CROP_PX + 1, 2)
        crop = crop[y : y + CROP_PX, x : x + CROP_PX]
    if kind != FIELD and rng.random() < 0.5:
        crop = crop[:, ::-1]
    if kind == TILE:
        crop = np.rot90(crop, int(rng.integers(4)))
    choice = rng.random()
    if choice < 0.4:
        # Light and white balance carry no evidence; colour noise of a wrong balance must not become any.
        gain = rng.uniform(0.75, 1.25) * rng.uniform(0.93, 1.07, 3)
        table = np.clip(np.arange(256)[:, None] * gain + rng.uniform(-12, 12), 0, 255).astype(np.uint8)
        crop = cv2.LUT(np.ascontiguousarray(crop), table[:, None])
    elif choice < 0.52:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 97))]
        crop = np.asarray(cv2.imdecode(cv2.imencode(".jpg", np.ascontiguousarray(crop), quality)[1], cv2.IMREAD_COLOR))
    return np.ascontiguousarray(crop)
