"""The queue in Prometheus' words, read from the database: the decisions of every worker and reviewer are in it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from idqc.states import State
from idqc.store import decision_times, submissions
from idqc.store.house import House


class QueueMetrics(Collector):
    """What is asked at every scrape: depth by state, the age of the oldest, time to decision."""

    def __init__(self, house: House) -> None:
        self._house = house

    def describe(self) -> list[Metric]:
        """Nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The metrics of this moment."""
        store = self._house.store
        with store.reading() as connection:
            depth = submissions.depth(connection)
            oldest = submissions.oldest_queued(connection)
            times = decision_times.read(connection)
        states = GaugeMetricFamily("idqc_submissions", "Submissions by state", labels=["state"])
        for state in State:
            if state is not State.ERASED:
                states.add_metric([state.value], depth.get(state, 0))
        yield states
        age_s = 0.0 if oldest is None else max((store.clock() - oldest).total_seconds(), 0.0)
        yield GaugeMetricFamily("idqc_queue_oldest_seconds", "Age of the submission that waits longest", age_s)
        decided = HistogramMetricFamily(
            "idqc_decision_seconds", "From submission to decision, by the state decided", labels=["state"]
        )
        for state, (counts, total_s) in times.items():
            running, buckets = 0, []
            for end_s in decision_times.BUCKETS_S:
                running += counts.get(end_s, 0)
                buckets.append((str(float(end_s)), running))
            buckets.append(("+Inf", running + counts.get(decision_times.BEYOND, 0)))
            decided.add_metric([state.value], buckets, total_s)
        yield decided
