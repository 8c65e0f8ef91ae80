"""Experiments from TOML: what is refused, who gets which arm, and that it stays."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from idqc.errors import SetupError
from idqc.experiments.arms import DEFAULT_POLICY, ActAt, parse_experiment, read_experiment

TEXT = """
name = "capture-2026-12"
salt = "sixteen characters or more"
primary = "approved"
planned_customers = 20000
decided_within_h = 72

[arms.control]
act_at = "never"
[arms.A]
act_at = "reject_warning"
bypass = true
[arms.B]
act_at = "reject"
bypass = false
share = 2
"""


def test_threshold_and_bypass_are_two_factors() -> None:
    arms = "".join(
        f'[arms.{act_at}-{bypass}]\nact_at = "{act_at}"\nbypass = {bypass}\n'
        for act_at in ("reject_warning", "reject")
        for bypass in ("true", "false")
    )
    experiment = parse_experiment(f'name = "four"\nsalt = "sixteen characters or more"\n{arms}')
    assert [(arm.act_at, arm.bypass) for arm in experiment.arms] == [
        (ActAt.WARNING, True),
        (ActAt.WARNING, False),
        (ActAt.REJECT, True),
        (ActAt.REJECT, False),
    ]


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "experiment.toml").write_text(TEXT)
    experiment = read_experiment(tmp_path / "experiment.toml")
    assert [arm.name for arm in experiment.arms] == ["control", "A", "B"]
    assert experiment.policy(experiment.arm("B")).name == "capture-2026-12:B"
    assert (experiment.policy(experiment.arm("A")).act_at, DEFAULT_POLICY.act_at) == (ActAt.WARNING, ActAt.WARNING)
    with pytest.raises(SetupError, match="cannot be read"):
        read_experiment(tmp_path / "missing.toml")


def test_the_documented_file_is_one() -> None:
    text = (Path(__file__).parents[3] / "docs" / "experiments.md").read_text(encoding="utf-8")
    experiment = parse_experiment(text.split("```toml\n")[1].split("```")[0])
    assert [(arm.name, arm.act_at, arm.bypass) for arm in experiment.arms] == [
        ("control", ActAt.NEVER, True),
        ("A", ActAt.WARNING, True),
        ("B", ActAt.REJECT, False),
    ]


@pytest.mark.parametrize(
    ("was", "is_now", "said"),
    [
        ('name = "capture-2026-12"', 'name = "with space"', "`name`"),
        ('salt = "sixteen characters or more"', 'salt = "short"', "`salt`"),
        ('primary = "approved"', 'primary = "rejected_after"', "every customer"),
        ('primary = "approved"', 'winner = "A"', "unknown keys: winner"),
        ("planned_customers = 20000", "planned_customers = 10", "`planned_customers`"),
        ("decided_within_h = 72", "decided_within_h = 0", "`decided_within_h`"),
        ('act_at = "reject"', 'act_at = "sometimes"', "`act_at` of arm B"),
        ("bypass = false", "", "`bypass` of arm B"),
        ("share = 2", "share = 0", "`share` of arm B"),
        ("share = 2", "weight = 2", "arm B has unknown keys"),
        ("[arms.A]", "[arms.A", "no TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_key(was: str, is_now: str, said: str) -> None:
    assert was in TEXT
    with pytest.raises(SetupError, match=said):
        parse_experiment(TEXT.replace(was, is_now))


def test_assignment_is_sticky_and_follows_the_shares() -> None:
    experiment = parse_experiment(TEXT)
    customers = [f"customer-{number}" for number in range(20_000)]
    first = [experiment.assign(customer).name for customer in customers]
    assert first == [experiment.assign(customer).name for customer in customers]
    counts = Counter(first)
    assert [counts[name] / 20_000 for name in ("control", "A", "B")] == pytest.approx([0.25, 0.25, 0.5], abs=0.012)


def test_another_salt_or_name_deals_anew() -> None:
    experiment = parse_experiment(TEXT)
    for other in (TEXT.replace("sixteen", "seventeen"), TEXT.replace("2026-12", "2027-01")):
        again = parse_experiment(other)
        same = sum(again.assign(f"{n}").name == experiment.assign(f"{n}").name for n in range(4000))
        assert same / 4000 == pytest.approx(0.25**2 + 0.25**2 + 0.5**2, abs=0.03)
