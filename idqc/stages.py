"""The stages of the cascade. Each looks at one thing, and leaves evidence and what later stages need in the Run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from threading import get_ident
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from idqc.documents import ID1_MM, PORTRAIT, UNSUPPORTED, DocumentType, document_types
from idqc.evidence import (
    NOT_APPLICABLE,
    NOT_COMPUTED,
    Evidence,
    of_expiry,
    of_fraud,
    of_glare,
    of_quad,
    of_readings,
    of_visibility,
    with_contradictions,
    worst_component,
)
from idqc.inspection import Document, FieldReading, Image, Photo, Points, Quad, Region, Surface, freeze_quad
from idqc.models.document import DocumentModel, Place, open_document
from idqc.models.fields import NOT_TEXT, FieldBoxes, FieldsModel, likeness_gains, open_fields, quad_in_photo
from idqc.models.fraud import FraudModel, Look, open_fraud
from idqc.models.portrait import FaceEngine, PortraitModel, open_portrait
from idqc.models.quality import CRITERIA, QualityModel, QualityReading, open_quality
from idqc.models.text import TextEngine, open_text
from idqc.naming import trust, visibility
from idqc.photo.completion import complete
from idqc.photo.geometry import Together, one_by_one, rectangle, rectify
from idqc.photo.quad import px_per_mm
from idqc.readings import EXPIRY, contradictions, expiry_date, field_readings
from idqc.release import Release
from idqc.runtime.lanes import Lanes
from idqc.runtime.profile import detect
from idqc.stopwatch import Stopwatch
from idqc.transcript import ROUNDS, Transcript

HEATMAPS = "heatmaps"
"""What an inspection is asked for that shall bring pictures of where criteria show."""
READING_WIDTHS_PX = (1000, 1800)
"""The rectified document has about as many pixels as the photo gives it, within these: no detail is lost or made up."""
BANDS = 2
"""A document is laid flat in so many pieces, side by side where a core is idle. Always as many: where a band begins
decides how places are rounded, and a photo shall get the same score on every machine."""
FORGED_FORMATS = frozenset(
    {"korean_name", "latin_name", "resident_number", "kr_license_number", "date", "alphanumeric"}
)
"""What forgers rewrite: who, which number, until when. Each field looked at costs as much as a tile."""


T = TypeVar("T")


@dataclass
class Run:
    """One inspection under way. Belongs to one request; nothing in it is shared."""

    photo: Photo
    surface: Surface
    as_of: date
    watch: Stopwatch
    mask: bool
    document_type: str | None
    explain: str | None
    evidence: dict[str, Evidence] = field(default_factory=dict)
    document: Document | None = None
    kind: DocumentType | None = None
    quality: QualityReading | None = None
    boxes: FieldBoxes | None = None
    portrait_components: Mapping[str, float] = field(default_factory=dict)
    quads: dict[str, Quad] = field(default_factory=dict)
    obstacles: tuple[Quad, ...] = ()
    readings: dict[str, FieldReading] = field(default_factory=dict)
    maps: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    """Where each criterion of quality and forgery shows, over the document: (h, w) 0..1, NaN where nothing looked."""


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
    face_engine: FaceEngine | None
    lanes: Lanes

    @classmethod
    def open(
        cls,
        release: Release,
        lanes: Lanes,
        text_engine: TextEngine | None = None,
        face_engine: FaceEngine | None = None,
    ) -> Stages:
        """Opens every model of a release, checked against its manifest; engines replace theirs. Raises SetupError."""
        profile, folder, specs = detect(), release.weights_dir, release.models
        return cls(
            document_model=open_document(folder, specs, profile),
            quality_model=open_quality(folder, specs["quality"], profile),
            fields_model=open_fields(folder, specs["fields"], profile),
            portrait_model=open_portrait(folder, specs["portrait"], profile),
            fraud_model=open_fraud(folder, specs["fraud"], profile),
            text_engine=text_engine or open_text(folder, specs["text"], profile),
            face_engine=face_engine,
            lanes=lanes,
        )

    def order(self, surface: Surface) -> Sequence[Stage]:
        """The stages of a surface, the cheapest and most decisive first."""
        if surface is Surface.CAPTURE:
            return (self.find_document, self.look_over, self.judge_copy)
        return (self.find_document, self.look_over, self.judge_closely)

    def find_document(self, run: Run) -> None:
        """Where the document lies and of which type it is; lays it flat."""
        with run.watch.stage("document"):
            found = self.document_model.run(run.photo)
            best = found[0] if found else None
            run.evidence["quality.no_document"] = Evidence(1.0 - best.confidence if best else 1.0)
            if best is None:
                return
            name = run.document_type or (best.type if best.type != UNSUPPORTED else None)
            run.kind = document_types()[name] if name is not None else None
            # Whatever card it is: one that is cut off or too small may be taken for another type because of that.
            size_mm = run.kind.size_mm if run.kind is not None else ID1_MM
            size_px = run.photo.width_px, run.photo.height_px
            quad = complete(best.quad_xy_px, size_mm, *size_px)
            run.document = Document(
                best.type, best.confidence, quad, lay_flat(run.photo, quad, run.kind, self.lanes.run)
            )
            region = Region("document", freeze_quad(quad), "unsupported")
            run.evidence["document.unsupported"] = Evidence(best.unsupported, (region,))
            run.evidence.update(of_quad(quad, size_mm, *size_px))

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
        self._blame_fields(run, document)

    def _blame_fields(self, run: Run, document: Document) -> None:
        """Evidence that names fields: which of them glare hides, and which cannot be seen."""
        assert run.quality is not None
        run.evidence["quality.glare"] = of_glare(run.quality, document.quad_xy_px, run.boxes)
        if run.kind is not None and run.boxes is not None:
            whole = freeze_quad(document.quad_xy_px)
            run.evidence.update(of_visibility(run.kind, run.boxes, run.quads, run.obstacles, whole))

    def _judge_quality(self, run: Run, document: Document) -> None:
        with run.watch.stage("quality"):
            run.quality = self.quality_model.run(document.document_bgr)
        run.maps.update(zip(CRITERIA, run.quality.maps, strict=True))

    def _find_fields(self, run: Run, document: Document) -> None:
        assert run.kind is not None
        with run.watch.stage("fields"):
            boxes = self.fields_model.run(document.document_bgr, run.kind.fields)
        run.boxes = boxes
        if run.kind.has_captions:
            names = [name for name in run.kind.fields if name not in NOT_TEXT]
            sure = trust(likeness_gains(boxes.lines, names), boxes.lines)
            run.boxes = replace(boxes, visible=visibility(sure, names))
        quad = document.quad_xy_px
        run.quads = {name: freeze_quad(quad_in_photo(box, quad)) for name, box in run.boxes.fields.items()}
        run.obstacles = tuple(freeze_quad(quad_in_photo(box, quad)) for box in run.boxes.obstacles)

    def judge_portrait(self, run: Run) -> None:
        """Whether there is a portrait with a face in it, and whether the face could be recognised."""
        if run.document is None or run.kind is None or run.boxes is None:
            return
        box = run.boxes.fields.get(PORTRAIT)
        whole = freeze_quad(run.document.quad_xy_px)
        if box is None:
            run.evidence["portrait.missing"] = Evidence(1.0, (Region(PORTRAIT, whole, "missing"),))
            run.evidence["portrait.low_quality"] = NOT_APPLICABLE
            return
        scale = np.float32(run.photo.scale)
        with run.watch.stage("portrait"):
            quad = quad_in_photo(box, run.document.quad_xy_px)
            reading = self.portrait_model.run(run.photo.bgr, quad * scale, run.photo.scale)
            if self.face_engine is not None:
                reading = self.face_engine.check(run.photo.bgr, quad * scale, reading)
        region = run.quads[PORTRAIT]
        missing = 1.0 - box.confidence * (1.0 - reading.missing)
        run.evidence["portrait.missing"] = Evidence(missing, (Region(PORTRAIT, region, "missing"),))
        run.evidence["portrait.low_quality"] = Evidence(
            reading.low_quality, (Region(PORTRAIT, region, worst_component(reading.components)),)
        )
        run.portrait_components = reading.components

    def judge_copy(self, run: Run) -> None:
        """Screens, prints and grey copies, without looking for edits; and the portrait, in turn with them."""
        if run.document is None or run.kind is None:
            return

        def together(looks: Sequence[Callable[[], Look]]) -> list[Look]:
            tasks: list[Callable[[], Look | None]] = [partial(self.judge_portrait, run), *looks]
            return [look for look in self._beside(run, "fraud", tasks) if look is not None]

        with run.watch.stage("fraud"):
            reading = self.fraud_model.run(
                run.photo, run.document.quad_xy_px, together=together, with_maps=run.explain == HEATMAPS
            )
        run.maps.update({f"fraud.{name}": plane for name, plane in reading.maps.items()})
        run.evidence.update(of_fraud(reading, run.quads, freeze_quad(run.document.quad_xy_px)))

    def judge_forgery(self, run: Run) -> None:
        """Screens, prints and grey copies, and edits of the portrait and of the fields."""
        if run.document is None or run.kind is None or run.boxes is None:
            return
        quad = run.document.quad_xy_px
        face, edited = worth_forging(run.kind, run.boxes, quad)
        with run.watch.stage("fraud"):
            together = partial(self._beside, run, "fraud")
            reading = self.fraud_model.run(run.photo, quad, face, edited, together, run.explain == HEATMAPS)
        run.maps.update({f"fraud.{name}": plane for name, plane in reading.maps.items()})
        run.evidence.update(of_fraud(reading, run.quads, freeze_quad(quad)))

    def _beside(self, run: Run, stage: str, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """Runs tasks of a stage that is being timed side by side; what other threads spend counts for it too."""
        caller = get_ident()

        def timed(task: Callable[[], T]) -> T:
            if get_ident() == caller:
                return task()
            with run.watch.stage(stage):
                return task()

        return self.lanes.run([partial(timed, task) for task in tasks])

    def _rename(self, run: Run, document: Document, named: FieldBoxes) -> None:
        """Takes over the final names of the fields; what was said of a place under another name follows it."""
        before = {place: name for name, place in run.quads.items()}
        quad = document.quad_xy_px
        run.boxes = named
        run.quads = {name: freeze_quad(quad_in_photo(box, quad)) for name, box in named.fields.items()}
        names = {before[place]: name for name, place in run.quads.items() if place in before}
        edited = run.evidence.get("fraud.text_tamper")
        if edited is not None:
            moved = tuple(replace(region, label=names.get(region.label, region.label)) for region in edited.regions)
            run.evidence["fraud.text_tamper"] = replace(edited, regions=moved)
        self._blame_fields(run, document)

    def judge_closely(self, run: Run) -> None:
        """Portrait, forgery and text: side by side, field by field, when a core is idle."""
        document, kind, boxes = run.document, run.kind, run.boxes
        if document is None or kind is None or boxes is None:
            return
        transcript = Transcript(self.text_engine, document.document_bgr, kind, boxes, run.as_of)

        def timed(read: Callable[[], None]) -> None:
            with run.watch.stage("text"):
                read()

        reads = [partial(timed, read) for read in transcript.tasks()]
        self.lanes.run([partial(self.judge_forgery, run), *reads, partial(self.judge_portrait, run)])
        for _ in range(ROUNDS):
            self.lanes.run([partial(timed, read) for read in transcript.doubts()])
        named, texts = transcript.finish()
        self._rename(run, document, named)
        boxes = named
        run.readings = field_readings(kind, texts, boxes, run.quads, masked=run.mask)
        run.evidence.update(of_readings(kind, texts, run.quads))
        run.evidence["document.expired"] = of_expiry(kind, expiry_date(texts), run.quads.get(EXPIRY), run.as_of)
        zone = contradictions(texts)
        if zone is not None:
            run.evidence["fraud.text_tamper"] = with_contradictions(
                run.evidence.get("fraud.text_tamper", NOT_COMPUTED), zone, run.quads
            )

    def warm(self) -> None:
        """Runs every model once on a grey picture."""
        photo = Photo(np.full((480, 640, 3), 128, np.uint8), 1.0, 640, 480)
        self.document_model.run(photo)
        self.document_model.refine(photo, Place(1.0, rectangle(400, 252) + np.float32(100)))
        document_bgr = photo.bgr[:252, :400]
        self.quality_model.run(document_bgr)
        self.fields_model.run(document_bgr)
        self.portrait_model.run(document_bgr, rectangle(100, 130))


def worth_forging(kind: DocumentType, boxes: FieldBoxes, quad_xy_px: Points) -> tuple[Points | None, dict[str, Points]]:
    """Where forgers edit: the portrait, and the fields that say who, which number and until when; in photo pixels."""
    portrait = boxes.fields.get(PORTRAIT)
    edited = {
        name: quad_in_photo(boxes.fields[name], quad_xy_px)
        for name in kind.mandatory_fields
        if name in boxes.fields and kind.fields[name].format in FORGED_FORMATS
    }
    return quad_in_photo(portrait, quad_xy_px) if portrait is not None else None, edited


def lay_flat(photo: Photo, quad_xy_px: np.ndarray, kind: DocumentType | None, together: Together = one_by_one) -> Image:
    """The document at about the width that the photo gives it, within READING_WIDTHS_PX. An unknown type is ID-1."""
    size_mm = kind.size_mm if kind is not None else ID1_MM
    native = px_per_mm(quad_xy_px, size_mm) * photo.scale * size_mm[0]
    width = int(np.clip(round(native), *READING_WIDTHS_PX))
    height = round(width * size_mm[1] / size_mm[0])
    return rectify(photo.bgr, quad_xy_px * np.float32(photo.scale), width, height, together, BANDS)
