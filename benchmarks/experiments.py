"""Error rate and power of an experiment's reading, looked at after every customer: `python benchmarks/experiments.py`.

Null runs: all arms alike. Effect runs: the arms of docs/experiments.md. 1,000 runs of each, seeds 0 to 999.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from idqc.experiments.arms import ActAt, Arm, Experiment
from idqc.experiments.sequential import exact_upper
from idqc.experiments.simulator import Habits, Power, approval_rate, habits_of, measure, ratio_alarm

ARMS = (
    Arm("control", ActAt.NEVER, True, 1),
    Arm("A", ActAt.WARNING, True, 1),
    Arm("B", ActAt.REJECT, False, 1),
)


def show(title: str, power: Power, null: bool) -> None:
    """One line of the table."""
    claimed, naive = power.claimed / power.runs, power.naive / power.runs
    line = f"{title}: {power.runs} runs of {power.customers} customers, read after every customer: "
    if null:
        print(
            line + f"a difference claimed at any look in {power.claimed} ({claimed:.1%}, 95 % upper bound "
            f"{exact_upper(power.claimed, power.runs):.1%}), a winner named in {power.wrong}; "
            f"a 95 % z interval, Bonferroni too, read in the same way: {power.naive} ({naive:.1%})"
        )
    else:
        print(
            line + f"right winner {power.right} ({power.right / power.runs:.1%}), wrong winner {power.wrong}, "
            f"median stop at {power.median_customers} customers"
        )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--customers", type=int, default=20_000)
    asked = parser.parse_args()
    experiment = Experiment("benchmark", "salt of the benchmark", ARMS, "approved", 20_000, 72.0)
    two = replace(experiment, arms=ARMS[1:])
    real = {arm.name: habits_of(arm) for arm in ARMS}
    for name, habits in real.items():
        print(f"arm {name}: approved {approval_rate(habits):.4f} by the exact recursion")
    started = time.process_time()
    for title, habits in {
        "null, everybody as in A": real["A"],
        "null, everybody as in control": real["control"],
    }.items():
        alike = dict.fromkeys(real, habits)
        show(f"{title}, 3 arms", measure(experiment, alike, asked.runs, asked.customers, 1, None), null=True)
    rare = Habits(0.05, 0.05, True, approves_good=0.02, approves_bad=0.01)
    show(
        "null, 2 % approved, 3 arms",
        measure(experiment, dict.fromkeys(real, rare), asked.runs, asked.customers, 2, None),
        null=True,
    )
    show("null, 2 arms", measure(two, dict.fromkeys(real, real["A"]), asked.runs, asked.customers, 3, None), null=True)
    show("control, A, B", measure(experiment, real, asked.runs, asked.customers, 4, "A"), null=False)
    for points in (0.01, 0.02, 0.03):
        base = real["A"]
        better = replace(base, approves_good=min(base.approves_good + points / 0.93, 1.0))
        habits = {"A": better, "B": base}
        gain = approval_rate(better) - approval_rate(base)
        show(
            f"2 arms, A better by {100 * gain:.2f} points",
            measure(two, habits, asked.runs, asked.customers, 5, "A"),
            null=False,
        )
    for lost in (0.0, 0.02, 0.05, 0.1):
        alarms = [
            ratio_alarm([1, 1, 1], asked.customers, np.random.default_rng([6, n]), lost) for n in range(asked.runs)
        ]
        stops = [at for at in alarms if at is not None]
        median = f", median after {np.median(stops):.0f} customers" if stops else ""
        print(f"shares, {lost:.0%} of one arm's customers lost: STOP in {len(stops)} of {asked.runs} runs{median}")
    print(f"{time.process_time() - started:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    main()
