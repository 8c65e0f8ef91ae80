"""Prometheus: counts by verdict, by criterion and by error code; a histogram for each stage."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from idqc.inspection import Inspection

STAGE_BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """The counters of one app, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._inspections = Counter("idqc_inspections", "Inspections", ["surface", "verdict"], registry=self.registry)
        self._findings = Counter("idqc_findings", "Findings", ["criterion", "outcome"], registry=self.registry)
        self._errors = Counter("idqc_errors", "Refused or failed requests", ["code"], registry=self.registry)
        self._stages = Histogram(
            "idqc_stage_seconds", "Time of a stage", ["stage"], registry=self.registry, buckets=STAGE_BUCKETS_S
        )
        self._capture_photos = Counter(
            "idqc_capture_photos", "Photos on the capture screen", ["advice", "reason"], registry=self.registry
        )
        self._bypasses = Counter(
            "idqc_capture_bypasses", "Ways through taken, by main reason", ["reason"], registry=self.registry
        )
        self._captures = Counter(
            "idqc_capture_submissions", "Photos that left the capture screen", ["route"], registry=self.registry
        )
        self.places = Gauge("idqc_places_taken", "Photos in the house, waiting ones included", registry=self.registry)

    def count(self, inspection: Inspection) -> None:
        """Counts one finished inspection."""
        self._inspections.labels(inspection.surface.value, inspection.verdict.value).inc()
        for finding in inspection.findings:
            self._findings.labels(finding.criterion, finding.outcome.value).inc()
        for stage, milliseconds in inspection.timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1000.0)

    def count_capture_photo(self, advice: str, reason: str | None) -> None:
        """Counts one photo that the capture screen judged, and what for it was turned back."""
        self._capture_photos.labels(advice, reason or "").inc()

    def count_bypass(self, reason: str | None) -> None:
        """Counts one way through that was taken."""
        self._bypasses.labels(reason or "").inc()

    def count_captured(self, route: str) -> None:
        """Counts one photo that was submitted from the capture screen."""
        self._captures.labels(route).inc()

    def count_error(self, code: str) -> None:
        """Counts one refused or failed request."""
        self._errors.labels(code).inc()

    def text(self) -> bytes:
        """What Prometheus reads."""
        return generate_latest(self.registry)
