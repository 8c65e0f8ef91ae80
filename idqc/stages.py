"""The stages of the cascade. Each looks at one thing, and leaves evidence and what later stages need in the Run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from idqc.documents import PORTRAIT, UNSUPPORTED, DocumentType, document_types
from idqc.evidence import NOT_APPLICABLE, Evidence, of_quad, of_visibility
from idqc.inspection import Document, FieldReading, Image, Photo, Quad, Region, Surface, freeze_quad
from idqc.models.document import DocumentModel, open_document
from idqc.models.fields import FieldBoxes, FieldsModel, open_fields, quad_in_photo
from idqc.models.fraud import FraudModel, open_fraud
from idqc.models.portrait import PortraitModel, open_portrait
from idqc.models.quality import QualityModel, open_quality
from idqc.models.text import TextEngine, open_text
from idqc.photo.geometry import rectangle, rectify
from idqc.photo.quad import px_per_mm
from idqc.readings import FieldText, read_fields
from idqc.release import Release
from idqc.runtime.lanes import Lanes
from idqc.runtime.profile import detect
from idqc.stopwatch import Stopwatch

READING_WIDTHS_PX = (1000, 1800)
"""The rectified document has about as many pixels as the photo gives it, within these: no detail is lost or made up."""


@dataclass
class Run:
    """One inspection under way. Belongs to one request; nothing in it is shared."""

    photo: Photo
    surface: Surface
    as_of: date
    watch: Stopwatch
    mask: bool
    document_type: str | None
    evidence: dict[str, Evidence] = field(default_factory=dict)
    document: Document | None = None
    kind: DocumentType | None = None
    boxes: FieldBoxes | None = None
    quads: dict[str, Quad] = field(default_factory=dict)
    readings: dict[str, FieldReading] = field(default_factory=dict)


Stage = Callable[[Run], None]


@dataclass(frozen=True)
class Stages:
    """Every opened model, as stages."""

    document_model: DocumentModel
    quality_model: QualityModel
    fields_model: FieldsModel
    portrait_model: PortraitModel
    fraud_model: FraudModel
    text_engine: TextEngine
    lanes: Lanes

    @classmethod
    def open(cls, release: Release, lanes: Lanes, text_engine: TextEngine | None = None) -> Stages:
        """Opens every model of a release, checked against its manifest. Raises SetupError."""
        profile, folder, specs = detect(), release.weights_dir, release.models
        return cls(
            document_model=open_document(folder, specs, profile),
            quality_model=open_quality(folder, specs["quality"], profile),
            fields_model=open_fields(folder, specs["fields"], profile),
            portrait_model=open_portrait(folder, specs["portrait"], profile),
            fraud_model=open_fraud(folder, specs["fraud"], profile),
            text_engine=text_engine or open_text(folder, specs["text"], profile),
            lanes=lanes,
        )

    def order(self, surface: Surface) -> Sequence[Stage]:
        """The stages of a surface, the cheapest and most decisive first."""
        if surface is Surface.CAPTURE:
            return (self.find_document, self.judge_quality, self.find_fields, self.judge_portrait, self.judge_copy)
        return (self.find_document, self.judge_quality, self.find_fields, self.judge_closely)

    def find_document(self, run: Run) -> None:
        """Where the document lies and of which type it is; lays it flat."""
        with run.watch.stage("document"):
            found = self.document_model.run(run.photo)
            best = found[0] if found else None
            run.evidence["quality.no_document"] = Evidence(1.0 - best.confidence if best else 1.0)
            if best is None:
                return
            frozen = freeze_quad(best.quad_xy_px)
            foreign = 1.0 - best.confidence if best.type != UNSUPPORTED else best.confidence
            run.evidence["document.unsupported"] = Evidence(
                foreign if best.type == UNSUPPORTED else 0.0, (Region("document", frozen, "unsupported"),)
            )
            name = run.document_type or (best.type if best.type != UNSUPPORTED else None)
            run.kind = document_types()[name] if name is not None else None
            document_bgr = _lay_flat(run.photo, best.quad_xy_px, run.kind)
            run.document = Document(best.type, best.confidence, best.quad_xy_px, document_bgr)
            if run.kind is not None:
                size = run.photo.width_px, run.photo.height_px
                run.evidence.update(of_quad(best.quad_xy_px, run.kind, *size))

    def look_over(self, run: Run) -> None:
        """Quality inside the document, and which fields are visible: two models side by side when a core is idle."""
        document = run.document
        if document is None:
            return
        tasks: list[Callable[[], None]] = [lambda: self._judge_quality(run, document)]
        if run.kind is not None:
            tasks.append(lambda: self._find_fields(run, document))
        self.lanes.run(tasks)
        quality = run.quality
        assert quality is not None
        whole = freeze_quad(document.quad_xy_px)
        for code, score in quality.severity.items():
            run.evidence[code] = Evidence(score, (Region("document", whole, code.removeprefix("quality.")),))
        run.evidence["quality.glare"] = of_glare(quality, document.quad_xy_px, run.boxes)
        if run.kind is not None and run.boxes is not None:
            run.evidence.update(of_visibility(run.kind, run.boxes, run.quads, whole))

    def _judge_quality(self, run: Run, document: Document) -> None:
        with run.watch.stage("quality"):
            run.quality = self.quality_model.run(document.document_bgr)

    def _find_fields(self, run: Run, document: Document) -> None:
        with run.watch.stage("fields"):
            run.boxes = self.fields_model.run(document.document_bgr)
        everything = [*run.boxes.fields.values(), *run.boxes.obstacles]
        quads = [freeze_quad(quad_in_photo(box, document.quad_xy_px)) for box in everything]
        run.quads = {box.name: quad for box, quad in zip(everything, quads, strict=True) if box.name != OBSTACLE}

    def warm(self) -> None:
        """Runs every model once on a grey picture."""
        photo = Photo(np.full((480, 640, 3), 128, np.uint8), 1.0, 640, 480)
        self.document_model.run(photo)
        self.document_model.refine(photo, rectangle(400, 252) + np.float32([100, 100]))
        document_bgr = photo.bgr[:252, :400]
        self.quality_model.run(document_bgr)
        self.fields_model.run(document_bgr)
        self.portrait_model.run(document_bgr, rectangle(100, 130))


def _lay_flat(photo: Photo, quad_xy_px: np.ndarray, kind: DocumentType | None) -> Image:
    size_mm = kind.size_mm if kind is not None else (85.6, 53.98)
    native = px_per_mm(quad_xy_px, size_mm) * photo.scale * size_mm[0]
    width = int(np.clip(round(native), *READING_WIDTHS_PX))
    return rectify(photo.bgr, quad_xy_px * np.float32(photo.scale), width, round(width * size_mm[1] / size_mm[0]))
