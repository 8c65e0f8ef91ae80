"""Runs the Inspector over a folder of labelled photos and keeps everything that evaluation and calibration need.

`scores.jsonl` has one line a photo. Its scores are the models' own, from before any map to chances: they do not depend
on the thresholds file, so that one run serves calibration and then evaluation. `groups.as_chances` applies the maps of
a release. Readings are unmasked: this is for mock documents, and the file belongs in the out folder of an experiment.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from idqc.documents import DocumentType, document_types
from idqc.errors import IdqcError, SetupError
from idqc.inspection import Image, Inspection, Photo, Points, Surface
from idqc.inspector import Inspector, open_inspector
from idqc.labels import SPLITS, Label, read_labels
from idqc.models import fields as fields_model
from idqc.photo.decode import decode, read_header
from idqc.photo.geometry import homography, project, rectangle, rectify
from idqc.photo.measures import FLOOR, MEASURED_WIDTH_PX, measure
from idqc.readings import read_field
from idqc.release import Release, load_release
from idqc.runtime.profile import detect
from idqc.runtime.session import Session
from idqc.stages import lay_flat
from idqc.train.detection import Detection, field_truths, points, upright
from idqc.train.meter import Meter
from idqc.train.scored import Scored, read_scores, to_line

AS_OF = date(2026, 11, 21)
"""The day on which generated documents are judged: `synth` draws their expiry dates around it."""

SCORES = "scores.jsonl"
SCORING_FILES = (
    "captions.py", "consistency.py", "dates.py", "evidence.py", "formats.py", "korean_regions.py",
    "korean_regions.toml", "korean_text.py", "line_ends.py", "line_evidence.py", "line_pieces.py", "mrz.py",
    "name_letters.bin", "name_letters.py", "naming.py", "readings.py", "stages.py", "transcript.py", "vocabulary.py",
    "vocabulary.toml",
)  # fmt: skip
"""Beside documents/, models/ and photo/: a change in them makes other scores."""
LOWEST_CONFIDENCE = 0.01
"""Average precision wants the weak detections too."""


def fingerprint(release: Release, as_of: date) -> str:
    """Names what scores depend on: the weights, the code from photo to score, the day. Not the thresholds."""
    package = Path(__file__).parents[1]
    code = [p for folder in ("documents", "models", "photo") for p in sorted((package / folder).glob("*.[pt]*"))]
    content = hashlib.sha256(as_of.isoformat().encode())
    for name, spec in sorted(release.models.items()):
        content.update(f"{name}{spec.sha256}".encode())
    for path in (*code, *(package / name for name in SCORING_FILES)):
        content.update(path.read_bytes())
    return content.hexdigest()[:16]


def score(
    data: Path,
    out: Path,
    *,
    weights: Path | None = None,
    thresholds: Path | None = None,
    splits: Sequence[str] = SPLITS,
    jobs: int = 1,
    as_of: date = AS_OF,
    limit: int | None = None,
) -> list[tuple[Label, Scored]]:
    """Scores the photos of the named splits of a label folder; answers each label with what the release said.

    Goes on where an earlier call with the same weights and code stopped; starts anew when they have changed.

    Args:
        data: a folder with `labels.jsonl` and the photos.
        out: where `scores.jsonl` is kept.
        weights, thresholds: None for the bundled ones.
        jobs: processes; each opens the models once and uses one core.
        limit: only the first so many photos.
    """
    labels = list(read_labels(data, splits))[:limit]
    made_by = fingerprint(load_release(weights, thresholds), as_of)
    out.mkdir(parents=True, exist_ok=True)
    path = out / SCORES
    found = {s.file: s for s in read_scores(path) if s.made_by == made_by} if path.exists() else {}
    path.with_suffix(".tmp").write_text("".join(map(to_line, found.values())), encoding="utf-8")
    path.with_suffix(".tmp").replace(path)
    waiting = [label for label in labels if label.file not in found]
    if waiting:
        with (
            path.open("a", encoding="utf-8") as file,
            Meter("scoring", len(labels), len(labels) - len(waiting)) as meter,
            closing(_run(waiting, _Setting(data, weights, thresholds, as_of, made_by), jobs)) as results,
        ):
            for scored in results:
                found[scored.file] = scored
                file.write(to_line(scored))
                file.flush()
                meter.advance(scored.error or scored.verdict)
    return [(label, found[label.file]) for label in labels]


def scored_before(
    data: Path, path: Path, *, splits: Sequence[str] = SPLITS, limit: int | None = None
) -> list[tuple[Label, Scored]]:
    """Joins labels with what an earlier run kept at `path` (a `scores.jsonl`, or the folder that holds it).

    Raises SetupError when photos are missing or when more than one release made the scores.
    """
    path = path / SCORES if path.is_dir() else path
    labels = list(read_labels(data, splits))[:limit]
    found = {scored.file: scored for scored in read_scores(path)}
    missing = [label.file for label in labels if label.file not in found]
    if missing:
        raise SetupError(
            f"{path.name} has no scores of {len(missing)} of {len(labels)} photos.",
            "Leave the option out: `idqc evaluate --out` goes on where a scoring was cut off.",
        )
    pairs = [(label, found[label.file]) for label in labels]
    makers = {scored.made_by for _, scored in pairs}
    if len(makers) > 1:
        raise SetupError(
            f"{path.name} holds scores of {len(makers)} releases: {', '.join(sorted(makers))}.",
            "Report on the scores of one release at a time.",
        )
    return pairs


@dataclass(frozen=True)
class _Setting:
    data: Path
    weights: Path | None
    thresholds: Path | None
    as_of: date
    made_by: str


def _run(labels: list[Label], setting: _Setting, jobs: int) -> Generator[Scored, None, None]:
    if jobs <= 1:
        worker = _Worker(setting)
        yield from map(worker, labels)
        return
    # Spawned, not forked: an ONNX session does not survive a fork.
    with multiprocessing.get_context("spawn").Pool(min(jobs, len(labels)), _begin, (setting,)) as pool:
        yield from pool.imap(_work, labels, chunksize=2)


_worker: _Worker | None = None


def _begin(setting: _Setting) -> None:
    global _worker
    _worker = _Worker(setting)


def _work(label: Label) -> Scored:
    assert _worker is not None
    return _worker(label)


class _Worker:
    """The opened release of one process."""

    def __init__(self, setting: _Setting) -> None:
        cv2.setNumThreads(1)
        self.setting = setting
        release = load_release(setting.weights, setting.thresholds)
        self.inspector: Inspector = open_inspector(release, cores=1)
        self.fields: Session = release.open(fields_model.NAME, detect())

    def __call__(self, label: Label) -> Scored:
        scored = Scored(label.file, self.setting.made_by)
        data = (self.setting.data / label.file).read_bytes()
        started = time.perf_counter()
        try:
            inspection = self.inspector.inspect(data, Surface.VERIFICATION, as_of=self.setting.as_of, mask=False)
        except IdqcError as error:
            scored.error = error.code
            return scored
        scored.wall_ms = round((time.perf_counter() - started) * 1e3, 1)
        _note_inspection(scored, inspection)
        if label.document_type is not None and label.quad is not None:
            photo = decode(data, read_header(data))
            self._look_again(scored, photo, inspection, points(label.quad), document_types()[label.document_type])
            if label.clean:
                self._read_again(scored, photo, label, document_types()[label.document_type])
        return scored

    def _look_again(
        self, scored: Scored, photo: Photo, inspection: Inspection, true_quad: Points, kind: DocumentType
    ) -> None:
        """Measures and field boxes on the document as the label places it, and field boxes as the release places it."""
        size_px = kind.rectified_size_px(MEASURED_WIDTH_PX)
        document = rectify(photo.bgr, true_quad * photo.scale, *size_px)
        measures = measure(document)
        scored.measures = {code: round(measures.floor_score(code), 5) for code in FLOOR}
        scored.detections_true_quad = self._detect(document, np.eye(3))
        if scored.quad is not None:
            quad = points(scored.quad)
            to_truth = homography(true_quad, rectangle(1, 1)) @ homography(rectangle(1, 1), quad)
            by_looks = self._detect(rectify(photo.bgr, quad * photo.scale, *size_px), to_truth)
            named = {reading.name for reading in inspection.fields}
            scored.detections = [found for found in by_looks if found[0] not in named]
            to_truth_px = homography(true_quad, rectangle(1, 1))
            for reading in inspection.fields:
                if reading.quad is not None:
                    place = upright(project(to_truth_px, points(reading.quad)))
                    scored.detections.append((reading.name, round(reading.seen, 4), place))

    def _read_again(self, scored: Scored, photo: Photo, label: Label, kind: DocumentType) -> None:
        """Reads the fields where the label has them, so that the reader is not blamed for a misplaced box."""
        document = lay_flat(photo, points(label.quad or []), kind)
        boxes = dict(field_truths(label))
        for name, spec in kind.fields.items():
            if spec.format is not None and name in boxes:
                box = fields_model.Box(name, 1.0, *boxes[name])
                text = read_field(self.inspector.stages.text_engine, document, box, spec)
                scored.readings_true_boxes[name] = text.checked.value if text.checked.ok else text.reading.text

    def _detect(self, document_bgr: Image, to_truth: Any) -> list[Detection]:
        outputs = self.fields.run(fields_model.prepare(document_bgr))
        found: list[Detection] = []
        for box in fields_model.read_all(outputs, LOWEST_CONFIDENCE):
            corners = [[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]]
            found.append((box.name, round(box.confidence, 4), upright(project(to_truth, points(corners)))))
        return found


def _note_inspection(scored: Scored, inspection: Inspection) -> None:
    scored.size_px = inspection.image_width_px, inspection.image_height_px
    scored.verdict = inspection.verdict.value
    scored.document_type = inspection.document_type
    scored.document_confidence = inspection.document_confidence
    scored.quad = None if inspection.document_quad is None else [list(point) for point in inspection.document_quad]
    scored.scores = {finding.criterion: finding.raw for finding in inspection.findings}
    scored.rules = {finding.criterion: finding.rule for finding in inspection.findings if finding.rule is not None}
    scored.outcomes = {finding.criterion: finding.outcome.value for finding in inspection.findings}
    scored.readings = {
        reading.name: {"value": reading.value, "confidence": reading.confidence, "visible": reading.visible}
        for reading in inspection.fields
    }
    scored.timings_ms = dict(inspection.timings_ms)
