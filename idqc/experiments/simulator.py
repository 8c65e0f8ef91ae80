"""Customers with known habits walk through an experiment, to show that it names the right arm and seldom a wrong one.

A customer photographs; the check of their arm asks for another photo or lets it through; they try again, give up, or
take the way through; the queue approves or rejects what was sent. The habits are assumptions for the simulation, not
measurements of a bank's customers; what is under test is the reading of the experiment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from idqc.experiments.arms import ActAt, Arm, Experiment
from idqc.experiments.outcomes import CustomerOutcome
from idqc.experiments.report import differences
from idqc.experiments.sequential import CONFIDENCE, MIN_PER_ARM, RATIO_PRIOR, SAMPLE_RATIO_P, Moments

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Habits:
    """How customers of one arm behave and how its check judges; all are probabilities, but for the seconds.

    `miss`: the check lets a bad photo through. `alarm`: it turns a good one back. Without a model both are given by
    `miss=1, alarm=0`.
    """

    miss: float
    alarm: float
    bypass: bool
    bad_first: float = 0.25
    bad_again: float = 0.35
    gives_up: float = 0.06
    takes_bypass: float = 0.5
    approves_good: float = 0.97
    approves_bad: float = 0.08
    photo_s: float = 18.0
    tries: int = 8
    """After so many photos everybody gives up or, where it is offered, takes the way through."""
    bypass_after: int = 3


HABITS: Mapping[ActAt, tuple[float, float]] = {
    ActAt.NEVER: (1.0, 0.0),
    ActAt.WARNING: (0.05, 0.05),
    ActAt.REJECT: (0.35, 0.005),
}
"""Miss and alarm of each way to act: assumed, of the size that docs/accuracy.md reports for single criteria."""


def habits_of(arm: Arm) -> Habits:
    """The assumed habits under an arm's two factors."""
    miss, alarm = HABITS[arm.act_at]
    return Habits(miss, alarm, arm.bypass)


@dataclass(frozen=True)
class Walk:
    """What became of n customers of one arm: arrays of one length."""

    photos: NDArray[np.int64]
    submitted: Bools
    bypassed: Bools
    approved: Bools
    submitted_after_s: Floats


def walk(habits: Habits, n: int, rng: np.random.Generator) -> Walk:
    """Sends n customers through the capture screen and the queue."""
    bad = rng.random(n) < habits.bad_first
    inside = np.ones(n, bool)
    photos = np.zeros(n, np.int64)
    bypassed, passed = np.zeros(n, bool), np.zeros(n, bool)
    seconds = np.zeros(n)
    for attempt in range(1, habits.tries + 1):
        photos += inside
        seconds += np.where(inside, rng.lognormal(np.log(habits.photo_s), 0.5, n), 0.0)
        flagged = rng.random(n) < np.where(bad, 1 - habits.miss, habits.alarm)
        passed |= inside & ~flagged
        inside &= flagged
        if habits.bypass and attempt >= habits.bypass_after:
            last = attempt == habits.tries
            taken = inside & (last | (rng.random(n) < habits.takes_bypass))
            bypassed |= taken
            inside &= ~taken
        inside &= rng.random(n) >= habits.gives_up
        if attempt < habits.tries:
            bad = np.where(inside, rng.random(n) < habits.bad_again, bad)
    submitted = passed | bypassed
    approved = submitted & (rng.random(n) < np.where(bad, habits.approves_bad, habits.approves_good))
    return Walk(photos, submitted, bypassed, approved, np.where(submitted, seconds, np.nan))


def approval_rate(habits: Habits) -> float:
    """The exact probability that a customer of these habits is approved: what a simulation must come to."""
    inside_bad, inside_good, approved = habits.bad_first, 1 - habits.bad_first, 0.0
    for attempt in range(1, habits.tries + 1):
        approved += inside_bad * habits.miss * habits.approves_bad
        approved += inside_good * (1 - habits.alarm) * habits.approves_good
        inside_bad *= 1 - habits.miss
        inside_good *= habits.alarm
        if habits.bypass and attempt >= habits.bypass_after:
            taken = 1.0 if attempt == habits.tries else habits.takes_bypass
            approved += taken * (inside_bad * habits.approves_bad + inside_good * habits.approves_good)
            inside_bad, inside_good = inside_bad * (1 - taken), inside_good * (1 - taken)
        left = (inside_bad + inside_good) * (1 - habits.gives_up)
        inside_bad, inside_good = left * habits.bad_again, left * (1 - habits.bad_again)
    return approved


def customers(
    experiment: Experiment, habits: Mapping[str, Habits], n: int, rng: np.random.Generator, since: datetime
) -> list[CustomerOutcome]:
    """n customers, one a minute, assigned by the experiment itself, as the store would give them to the report."""
    names = [experiment.assign(f"customer-{rng.integers(2**62)}").name for _ in range(n)]
    walks = {name: walk(habits[name], n, rng) for name in set(names)}
    found = []
    for place, name in enumerate(names):
        one = walks[name]
        submitted, bypassed = bool(one.submitted[place]), bool(one.bypassed[place])
        approved = bool(one.approved[place]) if submitted else None
        judged = experiment.arm(name).act_at is not ActAt.NEVER and approved is not None
        found.append(
            CustomerOutcome(
                arm=name,
                exposed_at=since + timedelta(minutes=place),
                photos=int(one.photos[place]),
                submitted_after_s=float(one.submitted_after_s[place]) if submitted else None,
                bypassed=bypassed,
                approved=approved,
                overturned=(approved if bypassed else not approved) if judged else None,
            )
        )
    return found


@dataclass(frozen=True)
class Run:
    """One simulated experiment, looked at after every customer.

    `winner` is the first arm that was named, after `customers` customers. `claimed`: at any look, any pair was called
    different. `naive`: the same with a 95 % z interval that is made for one look.
    """

    winner: str | None
    customers: int | None
    claimed: bool
    naive: bool


def peek(experiment: Experiment, habits: Mapping[str, Habits], n: int, rng: np.random.Generator) -> Run:
    """Runs an experiment on `approved` with n customers and reads it after every single one."""
    names = [arm.name for arm in experiment.arms]
    shares = np.array([arm.share for arm in experiment.arms], np.float64)
    arms = rng.choice(len(names), n, p=shares / shares.sum())
    moments: dict[str, Moments] = {}
    for place, name in enumerate(names):
        here = arms == place
        value = np.zeros(n)
        value[here] = walk(habits[name], int(here.sum()), rng).approved
        total = np.cumsum(value)
        moments[name] = Moments(np.cumsum(here).astype(np.float64), total, total)
    ahead: dict[tuple[str, str], NDArray[np.int64]] = {}
    for pair, interval in differences(moments, experiment):
        ahead[pair] = np.where(interval.low > 0, 1, np.where(interval.high < 0, -1, 0))
    wins = {name: np.zeros(n, np.int64) for name in names}
    for (one, other), sign in ahead.items():
        wins[one] += sign > 0
        wins[other] += sign < 0
    first = {name: int(np.argmax(won == len(names) - 1)) for name, won in wins.items() if won.max() == len(names) - 1}
    winner = min(first, key=lambda name: first[name], default=None)
    return Run(
        winner,
        None if winner is None else first[winner] + 1,
        any(bool(sign.any()) for sign in ahead.values()),
        _naive(moments, names),
    )


def _naive(moments: Mapping[str, Moments], names: Sequence[str]) -> bool:
    pairs = list(combinations(names, 2))
    z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / len(pairs) / 2)
    for one, other in pairs:
        a, b = moments[one], moments[other]
        with np.errstate(invalid="ignore", divide="ignore"):
            away = np.abs(a.mean() - b.mean()) / np.sqrt(a.variance() / a.count + b.variance() / b.count)
        if bool((away[np.minimum(a.count, b.count) >= MIN_PER_ARM] > z).any()):
            return True
    return False


def deal(shares: Sequence[int], n: int, rng: np.random.Generator, lost: float = 0.0) -> NDArray[np.int64]:
    """n customers dealt to arms by their shares; the record of one in `lost` of the first arm is missing."""
    due = np.array(shares, np.float64)
    due[0] *= 1 - lost
    return rng.choice(len(shares), n, p=due / due.sum())


def ratio_alarm(shares: Sequence[int], n: int, rng: np.random.Generator, lost: float = 0.0) -> int | None:
    """After how many customers the check of the shares, asked after every one, first says STOP; None for never."""
    arms = deal(shares, n, rng, lost)
    due = np.array(shares, np.float64) / sum(shares)
    before = np.cumsum(arms[:, None] == np.arange(len(shares)), axis=0)[np.arange(n), arms] - 1
    steps = np.log((RATIO_PRIOR * due[arms] + before) / ((RATIO_PRIOR + np.arange(n)) * due[arms]))
    over = np.flatnonzero(np.cumsum(steps) > -np.log(SAMPLE_RATIO_P))
    return int(over[0]) + 1 if len(over) else None


@dataclass(frozen=True)
class Power:
    """What many simulated runs of one experiment came to."""

    runs: int
    customers: int
    right: int
    wrong: int
    claimed: int
    naive: int
    median_customers: float | None


def measure(
    experiment: Experiment, habits: Mapping[str, Habits], runs: int, n: int, seed: int, best: str | None
) -> Power:
    """Runs an experiment many times. `best` is the arm that should win, None when all are alike."""
    done = [peek(experiment, habits, n, np.random.default_rng([seed, number])) for number in range(runs)]
    stops = [run.customers for run in done if run.winner is not None and run.winner == best and run.customers]
    return Power(
        runs=runs,
        customers=n,
        right=len(stops),
        wrong=sum(run.winner is not None and run.winner != best for run in done),
        claimed=sum(run.claimed for run in done),
        naive=sum(run.naive for run in done),
        median_customers=float(np.median(stops)) if stops else None,
    )
