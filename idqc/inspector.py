"""The Inspector: one photo in, one Inspection out. The cascade runs the cheapest and most decisive stage first."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from idqc.catalogue import Criterion, criteria
from idqc.chances import rounded
from idqc.decision import decide, verdict
from idqc.documents import document_types
from idqc.errors import RequestError
from idqc.evidence import NOT_COMPUTED, Evidence, of_redacted
from idqc.heatmaps import as_data_urls
from idqc.inspection import Finding, Inspection, Outcome, Quad, Surface, freeze_quad
from idqc.models.fields import quad_in_photo
from idqc.models.portrait import FaceEngine
from idqc.models.text import TextEngine
from idqc.photo.decode import decode, read_header
from idqc.release import Release
from idqc.runtime.lanes import Lanes
from idqc.stages import HEATMAPS, Run, Stages
from idqc.stopwatch import Stopwatch
from idqc.wording import advice, sentence

ENOUGH_LONG_SIDE_PX = 3000
"""A card that fills this many pixels has 30 px/mm, finer than print: a larger JPEG is decoded at half its size. Less
would cost the traces of screens and prints."""

EXPLANATIONS = ("regions", HEATMAPS)

NUMBERED = frozenset({"id_number", "personal_number"})
"""Fields that can hold a resident number."""
KOREA = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True)
class Inspector:
    """Opened models and one release. Safe to share between threads; an inspection changes nothing in it."""

    release: Release
    stages: Stages

    def inspect(
        self,
        data: bytes,
        surface: Surface | str = Surface.VERIFICATION,
        *,
        as_of: date | None = None,
        explain: str | None = None,
        document_type: str | None = None,
        mask: bool = True,
        redacted: Sequence[Quad] = (),
    ) -> Inspection:
        """Inspects one photo; about 0.5 s of CPU for verification, a quarter of it for capture, at 2 megapixels.

        Args:
            data: the bytes of a JPEG, PNG or WebP file.
            surface: which criteria count; on capture, a certain quality reject ends the run early.
            as_of: the day on which expiry is judged, by default today in Korea.
            explain: None, `regions` to run every stage whatever the cascade would skip, or `heatmaps` to get pictures
                of where the criteria of quality and forgery show as well.
            document_type: the type that the customer said it is; None takes what the model sees.
            redacted: quads of this photo that were painted over before it was kept. What they cover is neither hidden
                nor unreadable by the customer's fault: criteria of those fields are not computed.
            mask: False leaves resident numbers readable; for evaluation on mock documents only.

        Raises:
            PhotoError: the bytes are no photo that can be judged.
            RequestError: an unknown surface, explanation or document type.
        """
        surface = _surface(surface)
        if explain not in (None, *EXPLANATIONS):
            raise RequestError(
                f"explain={explain[:20]!r} is not known.",
                f"Use explain={' or explain='.join(EXPLANATIONS)}, or leave it out.",
                code="request.explain",
            )
        if document_type is not None and document_type not in document_types():
            raise RequestError(
                f"The document type is none of the {len(document_types())} known ones.",
                f"Use one of: {', '.join(document_types())}.",
                code="request.document_type",
            )
        with self.stages.lanes.request():
            return self._run(data, surface, as_of, explain, document_type, mask, redacted)

    def _run(
        self,
        data: bytes,
        surface: Surface,
        as_of: date | None,
        explain: str | None,
        document_type: str | None,
        mask: bool,
        redacted: Sequence[Quad],
    ) -> Inspection:
        watch = Stopwatch()
        with watch.stage("decode"):
            header = read_header(data)
            photo = decode(data, header, ENOUGH_LONG_SIDE_PX)
        day = as_of or datetime.now(KOREA).date()
        run = Run(
            photo=photo,
            surface=surface,
            as_of=day,
            watch=watch,
            mask=mask,
            document_type=document_type,
            explain=explain,
        )
        for stage in self.stages.order(surface):
            stage(run)
            if surface is Surface.CAPTURE and explain is None and self._certain(run):
                break
        if redacted and run.document is not None and run.kind is not None:
            run.evidence.update(of_redacted(run.evidence, run.kind, redacted, run.quads))
        return self._conclude(run)

    def warm(self) -> None:
        """Runs every model once, so that the first photo is as fast as the next."""
        self.stages.warm()

    def _findings(self, run: Run) -> tuple[Finding, ...]:
        return tuple(
            self._finding(criterion, run.evidence.get(criterion.code, NOT_COMPUTED), run)
            for criterion in criteria(run.surface, run.kind.type if run.kind else None)
        )

    def _finding(self, criterion: Criterion, evidence: Evidence, run: Run) -> Finding:
        thresholds = self.release.thresholds.of(criterion)
        raw, rule = evidence.score, evidence.rule.score if evidence.rule is not None else None
        evidence = evidence.judged(self.release.thresholds.chance_of(criterion))
        score = None if evidence.score is None else rounded(evidence.score)
        outcome = decide(score, thresholds, applicable=evidence.applicable)
        told = outcome in (Outcome.REJECT, Outcome.WARN)
        return Finding(
            criterion=criterion.code,
            score=score,
            outcome=outcome,
            thresholds=thresholds,
            regions=evidence.regions if told else (),
            message=sentence(criterion, evidence.regions, run.kind) if told else {},
            raw=None if raw is None else rounded(raw),
            rule=None if rule is None else rounded(rule),
            advice=advice(criterion, evidence.regions, run.kind) if told else {},
        )

    def _certain(self, run: Run) -> bool:
        return any(
            finding.outcome is Outcome.REJECT and finding.criterion.startswith(("quality.", "document."))
            for finding in self._findings(run)
        )

    def _conclude(self, run: Run) -> Inspection:
        findings = self._findings(run)
        document = run.document
        explanation: dict[str, Any] = {}
        if run.explain is not None:
            explanation["portrait"] = {k: round(v, 4) for k, v in run.portrait_components.items()}
        if run.explain == HEATMAPS and document is not None:
            size = run.photo.width_px, run.photo.height_px
            explanation["heatmaps"] = as_data_urls(run.maps, document.quad_xy_px, size)
        return Inspection(
            explanation=explanation,
            stray_quads=stray_quads(run),
            inspection_id=uuid.uuid4().hex,
            surface=run.surface,
            verdict=verdict(findings),
            release=self.release.id,
            policy="default",
            image_width_px=run.photo.width_px,
            image_height_px=run.photo.height_px,
            as_of=run.as_of,
            document_type=document.type if document else None,
            document_confidence=round(document.confidence, 4) if document else None,
            document_quad=freeze_quad(document.quad_xy_px) if document else None,
            findings=findings,
            fields=tuple(run.readings.values()),
            timings_ms={
                name: round(ms, 1) for name, ms in (*run.watch.wall_ms.items(), ("total", run.watch.total_ms()))
            },
        )


def open_inspector(
    release: Release,
    *,
    cores: int = 2,
    text_engine: TextEngine | None = None,
    face_engine: FaceEngine | None = None,
) -> Inspector:
    """Opens every model of a release.

    Args:
        cores: how many cores all requests together may use; a photo borrows those that no other needs.
        text_engine: reads fields in place of the release's own recogniser.
        face_engine: says in place of the portrait model whether there is a face.

    Raises:
        SetupError: a file is missing or not the manifest's.
    """
    stages = Stages.open(release, Lanes(cores), text_engine=text_engine, face_engine=face_engine)
    return Inspector(release, stages)


def stray_quads(run: Run) -> tuple[Quad, ...]:
    """Where the field detector saw a number that the type does not have: the type may be the mistake."""
    if run.document is None or run.kind is None or run.boxes is None:
        return ()
    strays = [line.box for line in run.boxes.lines if line.box.name in NUMBERED - set(run.kind.fields)]
    return tuple(freeze_quad(quad_in_photo(box, run.document.quad_xy_px)) for box in strays)


def _surface(name: Surface | str) -> Surface:
    try:
        return Surface(name)
    except ValueError as unknown:
        raise RequestError(
            "The surface is not known.",
            f"Use one of: {', '.join(surface.value for surface in Surface)}.",
            code="request.surface",
        ) from unknown
