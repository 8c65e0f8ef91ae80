"""Stages of one request side by side, and alone when no lane is free."""

from __future__ import annotations

import threading

import pytest

from idqc.runtime.lanes import Lanes


def test_results_come_back_in_order() -> None:
    lanes = Lanes(cores=3)
    assert lanes.run([lambda n=n: n * n for n in range(20)]) == [n * n for n in range(20)]  # type: ignore[misc]
    lanes.close()


def test_two_tasks_really_run_side_by_side() -> None:
    lanes = Lanes(cores=2)
    meeting = threading.Barrier(2, timeout=5)
    assert len(lanes.run([meeting.wait, meeting.wait])) == 2
    lanes.close()


def test_without_spare_threads_the_caller_does_everything() -> None:
    lanes = Lanes(cores=1)
    assert set(lanes.run([threading.get_ident] * 3)) == {threading.get_ident()}


def test_requests_that_take_all_cores_run_alone() -> None:
    lanes = Lanes(cores=2)
    with lanes.request(), lanes.request():
        assert set(lanes.run([threading.get_ident] * 3)) == {threading.get_ident()}
        with lanes.request():  # one more than there are cores waits for nothing
            assert lanes.run([lambda: 1, lambda: 2]) == [1, 2]
    meeting = threading.Barrier(2, timeout=5)
    with lanes.request():
        assert len(lanes.run([meeting.wait, meeting.wait])) == 2
    lanes.close()


def test_the_first_error_is_raised_and_lanes_stay_usable() -> None:
    lanes = Lanes(cores=2)

    def fail() -> int:
        raise ValueError("broken stage")

    with pytest.raises(ValueError, match="broken stage"):
        lanes.run([lambda: 1, fail])
    assert lanes.run([lambda: 1, lambda: 2]) == [1, 2]
    lanes.close()
