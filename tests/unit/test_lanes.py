"""Stages of one request side by side, and alone when no lane is free."""

from __future__ import annotations

import threading

import pytest

from idqc.runtime.lanes import Lanes


def test_results_come_back_in_order() -> None:
    lanes = Lanes(spare=2)
    assert lanes.run([lambda n=n: n * n for n in range(20)]) == [n * n for n in range(20)]  # type: ignore[misc]
    lanes.close()


def test_two_tasks_really_run_side_by_side() -> None:
    lanes = Lanes(spare=1)
    meeting = threading.Barrier(2, timeout=5)
    assert len(lanes.run([meeting.wait, meeting.wait])) == 2
    lanes.close()


def test_without_spare_threads_the_caller_does_everything() -> None:
    lanes = Lanes(spare=0)
    assert set(lanes.run([threading.get_ident] * 3)) == {threading.get_ident()}


def test_a_busy_lane_is_not_waited_for() -> None:
    lanes = Lanes(spare=1)
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        leave.wait(5)

    other = threading.Thread(target=lanes.run, args=([hold, hold],))
    other.start()
    inside.wait(5)
    assert set(lanes.run([threading.get_ident] * 2)) == {threading.get_ident()}
    leave.set()
    other.join(5)
    lanes.close()


def test_the_first_error_is_raised_and_lanes_stay_usable() -> None:
    lanes = Lanes(spare=1)

    def fail() -> int:
        raise ValueError("broken stage")

    with pytest.raises(ValueError, match="broken stage"):
        lanes.run([lambda: 1, fail])
    assert lanes.run([lambda: 1, lambda: 2]) == [1, 2]
    lanes.close()
