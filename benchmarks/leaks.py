"""Looks for resident numbers wherever a run has written: database, blobs, logs, metrics, and the kept pictures.

    python benchmarks/leaks.py FOLDER [--limit 200]

FOLDER has photos and labels.jsonl (`idqc synth`). Each photo goes the whole way, through the release:

- text search: back digits, whole numbers and MRZ personal numbers in the files of the database, in the log and in the
  metrics; and anything that begins like a picture, or holds a piece of an upload, in the blob folder;
- pixels: which share of the back digits' true place (from the label) is painted over in the kept picture;
- reading: the release's own recogniser reads the true place in the kept picture, and in the upload as a control. Four
  right digits in a row are a leak.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import math
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, generate_latest

from api.metrics import Metrics
from api.queue_metrics import QueueMetrics
from idqc import logs
from idqc.documents import document_types
from idqc.inspection import Image
from idqc.inspector import Inspector
from idqc.installation import open_installation
from idqc.labels import Label, read_labels
from idqc.mrz import LINE_LENGTH, OPTIONAL_DATA
from idqc.photo.decode import decode, read_header
from idqc.settings import Settings
from idqc.store import submissions
from idqc.store.house import House, open_house
from idqc.surfaces.verification import Intake, submit
from idqc.surfaces.worker import Worker

ENOUGH_DIGITS = 4
"""In a row, of seven: fewer are read by chance, too (three of a random seven agree somewhere in about 1 in 200)."""
BACK_SHARE = 7.5 / 14
"""Where the back digits of 123456-1234567 begin, half the hyphen left to them."""
LINE_HEIGHT_PX = 48


@dataclass
class Tally:
    """What was found out about the kept pictures of one document type."""

    sent: int = 0
    deleted: int = 0
    kept: int = 0
    readable_before: int = 0
    read_after: int = 0
    uncovered: list[float] = field(default_factory=list)


def main() -> int:
    """Runs everything and prints JSON; exits 1 when text or plaintext was found."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--limit", type=int, default=200)
    options = arguments.parse_args()
    labels = [label for label in read_labels(options.folder) if numbers_of(label)][: options.limit]
    with tempfile.TemporaryDirectory(prefix="idqc-leaks-") as kept:
        found = run(Path(kept), options.folder, labels)
    print(json.dumps(found, indent=1, ensure_ascii=False))
    return 1 if found["text_hits"] or found["plaintext_objects"] else 0


def run(kept: Path, folder: Path, labels: list[Label]) -> dict[str, object]:
    """Sends every photo, works until all are judged, and searches."""
    log = logging.StreamHandler(io.StringIO())
    log.setFormatter(logs.JsonLines())
    logging.basicConfig(level="DEBUG", handlers=[log], force=True)
    settings = Settings(data_dir=kept)
    inspector, house = open_installation(settings), open_house(settings)
    metrics = Metrics()
    worker = Worker(house, inspector, lease_s=600.0, inspected=metrics.count)
    ids = {}
    for label in labels:
        photo = (folder / label.file).read_bytes()
        ids[label.file] = submit(house, photo, Intake(customer_ref=label.file), 10_000).submission_id
    while worker.step():
        continue
    tallies: dict[str, Tally] = {}
    missed = []
    for label in labels:
        tally = tallies.setdefault(label.document_type or "none", Tally())
        if look(house, inspector, folder, label, ids[label.file], tally):
            missed.append(label.file)
    registry = CollectorRegistry()
    registry.register(QueueMetrics(house))
    house.store.close()
    written = {
        "database": b"".join(file.read_bytes() for file in kept.glob("idqc.db*")),
        "blobs": b"".join(file.read_bytes() for file in (kept / "blobs").rglob("*") if file.is_file()),
        "log": log.stream.getvalue().encode(),
        "metrics": metrics.text() + generate_latest(registry),
    }
    return {
        "photos": len(labels), "searched_bytes": {name: len(data) for name, data in written.items()},
        "text_hits": search(written, labels), "plaintext_objects": plaintext(kept / "blobs"),
        "kept_pictures": {name: summary(tally) for name, tally in sorted(tallies.items())},
        "all": summary(total(tallies)), "read_in_kept_picture": missed,
    }  # fmt: skip


def numbers_of(label: Label) -> list[str]:
    """The back digits on a document: of its resident number, and of the personal number of a passport."""
    found = []
    for name in ("id_number", "personal_number"):
        text = label.fields[name].text if name in label.fields else None
        digits = re.sub(r"\D", "", text or "")
        if len(digits) >= 7:
            found.append(digits[-7:])
    return found


def search(written: dict[str, bytes], labels: list[Label]) -> dict[str, int]:
    """How many numbers stand in the clear in each place."""
    hits = Counter[str]()
    for label in labels:
        for back in numbers_of(label):
            for name, data in written.items():
                if name != "blobs" and re.search(rb"(?<![0-9a-f])" + back.encode() + rb"(?![0-9a-f])", data):
                    hits[name] += 1
    return dict(hits)


def plaintext(folder: Path) -> int:
    """How many objects begin like a picture, or can be packed: ciphertext cannot."""
    import zlib

    found = 0
    for file in folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            starts = data[:3] == b"\xff\xd8\xff" or data[:4] in (b"\x89PNG", b"RIFF")
            found += starts or b"JFIF" in data[:64] or len(zlib.compress(data, 1)) < 0.99 * len(data)
    return found


def look(house: House, inspector: Inspector, folder: Path, label: Label, submission_id: str, tally: Tally) -> bool:
    """Compares one upload with what was kept of it. True when a number can be read in the kept picture."""
    tally.sent += 1
    with house.store.reading() as connection:
        row = submissions.read(connection, submission_id)
    if row["photo_id"] is None:
        tally.deleted += 1
        return False
    tally.kept += 1
    upload = (folder / label.file).read_bytes()
    before, after = (pixels(data) for data in (upload, house.read_blob(row["photo_id"])))
    leaked = False
    for quad, digits in places(label):
        tally.uncovered.append(uncovered(before, after, quad))
        spec = document_types()[label.document_type or "kr_resident"].fields.get("id_number")
        spec = spec or document_types()["kr_resident"].fields["id_number"]
        read_before, read_after = (
            inspector.stages.text_engine.read_field(line(picture, quad), spec).text for picture in (before, after)
        )
        tally.readable_before += shares_digits(read_before, digits)
        tally.read_after += shares_digits(read_after, digits)
        leaked |= shares_digits(read_after, digits)
    return leaked


def places(label: Label) -> Iterator[tuple[NDArray[np.float32], str]]:
    """The quads (4, 2) in photo pixels that hold back digits, and those digits."""
    for name in ("id_number", "personal_number"):
        placed = label.fields.get(name)
        digits = re.sub(r"\D", "", (placed.text if placed is not None else None) or "")
        if placed is None or placed.quad is None or not placed.visible or len(digits) < 7:
            continue
        quad = np.array(placed.quad, np.float32)
        if len(digits) > 7:
            quad = part(quad, BACK_SHARE, 1.0)
        yield quad, digits[-7:]
    zone = label.fields.get("mrz")
    if zone is not None and zone.visible and len(zone.lines) == 2:
        optional = zone.lines[1].text[OPTIONAL_DATA.start : OPTIONAL_DATA.start + 14].rstrip("<")
        digits = re.sub(r"\D", "", optional)
        if len(digits) >= 7:
            end = (OPTIONAL_DATA.start + len(optional)) / LINE_LENGTH
            yield part(np.array(zone.lines[1].quad, np.float32), end - 7 / LINE_LENGTH, end), digits[-7:]


def part(quad: NDArray[np.float32], start: float, end: float) -> NDArray[np.float32]:
    """The part of a line's quad between two shares of its width."""
    top, bottom = quad[1] - quad[0], quad[2] - quad[3]
    return np.stack([quad[0] + start * top, quad[0] + end * top, quad[3] + end * bottom, quad[3] + start * bottom])


def line(picture: Image, quad: NDArray[np.float32]) -> Image:
    """The place laid flat, 48 px high, with a quarter of its height around it."""
    down, right = (quad[3] - quad[0]) * 0.25, (quad[1] - quad[0]) * 0.06
    grown = np.stack([quad[0] - down - right, quad[1] - down + right, quad[2] + down + right, quad[3] + down - right])
    ratio = np.linalg.norm(grown[1] - grown[0]) / max(float(np.linalg.norm(grown[3] - grown[0])), 1.0)
    width = max(round(LINE_HEIGHT_PX * ratio), LINE_HEIGHT_PX)
    flat = np.array([[0, 0], [width, 0], [width, LINE_HEIGHT_PX], [0, LINE_HEIGHT_PX]], np.float32)
    turned = cv2.warpPerspective(
        picture, cv2.getPerspectiveTransform(grown.astype(np.float32), flat), (width, LINE_HEIGHT_PX)
    )
    return np.asarray(turned, np.uint8)


def uncovered(before: Image, after: Image, quad: NDArray[np.float32]) -> float:
    """The share of the place's pixels that still look as they did: not painted."""
    mask = np.zeros(before.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(quad).astype(np.int32)], 1)
    inside = after[mask == 1].astype(np.int32)
    if not len(inside):
        return 0.0
    painted = np.abs(inside - 32).max(axis=1) < 24
    return float(1.0 - painted.mean())


def shares_digits(text: str, digits: str) -> bool:
    """Whether four of the digits in a row stand in what was read."""
    read = re.sub(r"\D", "", text)
    return any(digits[i : i + ENOUGH_DIGITS] in read for i in range(len(digits) - ENOUGH_DIGITS + 1))


def pixels(data: bytes) -> Image:
    """The full-size photo, (height, width, 3) BGR."""
    return decode(data, read_header(data)).bgr


def total(tallies: dict[str, Tally]) -> Tally:
    """All types together."""
    whole = Tally()
    for tally in tallies.values():
        for name in ("sent", "deleted", "kept", "readable_before", "read_after"):
            setattr(whole, name, getattr(whole, name) + getattr(tally, name))
        whole.uncovered += tally.uncovered
    return whole


def summary(tally: Tally) -> dict[str, object]:
    """Rates with Wilson's 95 % interval."""
    places_seen = len(tally.uncovered)
    low, high = wilson(tally.read_after, places_seen)
    return {
        "sent": tally.sent, "deleted_unplaced": tally.deleted, "kept": tally.kept, "places": places_seen,
        "readable_in_upload": tally.readable_before, "readable_in_kept": tally.read_after,
        "leak_rate": round(tally.read_after / places_seen, 4) if places_seen else None,
        "leak_rate_95": [round(low, 4), round(high, 4)],
        "places_painted_less_than_half": sum(share > 0.5 for share in tally.uncovered),
        "places_painted_less_than_95_percent": sum(share > 0.05 for share in tally.uncovered),
    }  # fmt: skip


def wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share."""
    if not of:
        return 0.0, 1.0
    share = hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(middle - half, 0.0), min(middle + half, 1.0)


if __name__ == "__main__":
    sys.exit(main())
