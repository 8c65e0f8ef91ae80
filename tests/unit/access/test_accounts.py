"""Accounts and passwords: strength, hashing, locks that grow and end, sessions that end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from idqc.access import passwords
from idqc.access.accounts import (
    LONGEST_LOCK,
    SESSION_IDLE,
    SESSION_LIFE,
    Account,
    Permission,
    Role,
    check_account_name,
    draw_token,
    lock_after,
    session_ends,
    token_hash,
)
from idqc.access.passwords import check_strength, draw_password, hash_password, is_outdated, verify_password
from idqc.errors import RequestError

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_a_password_is_kept_as_argon2id_and_verified() -> None:
    kept = hash_password("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert verify_password("correct horse battery", kept)
    assert not verify_password("correct horse batterz", kept)
    assert not verify_password("anything", "not a hash")
    assert not is_outdated(kept)


def test_nobody_costs_as_much_as_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counting:
        verified = 0

        def verify(self, kept: str, password: str) -> bool:
            Counting.verified += 1
            return True

    monkeypatch.setattr(passwords, "_nobody", lambda: "$argon2id$nobody")
    monkeypatch.setattr(passwords, "_hasher", Counting())
    assert not verify_password("anything", None)
    assert Counting.verified == 1


@pytest.mark.parametrize("password", ["short", "a" * 300, "abababababababab", "minjun-is-my-name"])
def test_a_weak_password_is_refused_without_being_told(password: str) -> None:
    with pytest.raises(RequestError) as refused:
        check_strength(password, "minjun")
    assert refused.value.code == "request.password"
    assert password not in refused.value.detail


def test_a_drawn_password_is_strong_enough() -> None:
    for _ in range(20):
        check_strength(draw_password(), "reviewer")


def test_locks_begin_after_five_failures_double_and_end() -> None:
    assert [lock_after(n, NOW) for n in range(5)] == [None] * 5
    minutes = [(until - NOW) / timedelta(minutes=1) for n in range(5, 12) if (until := lock_after(n, NOW))]
    assert minutes == [1, 2, 4, 8, 16, 32, 60]
    assert (lock_after(10_000, NOW) or NOW) - NOW == LONGEST_LOCK


def test_a_session_ends_by_silence_and_by_age() -> None:
    assert session_ends(NOW, NOW) == NOW + SESSION_IDLE
    assert session_ends(NOW, NOW + SESSION_LIFE - timedelta(minutes=1)) == NOW + SESSION_LIFE


def test_roles_hold_what_they_need() -> None:
    may = {role: {p for p in Permission if Account("1", "a", role, None, 0, None, False).may(p)} for role in Role}
    assert may[Role.REVIEWER] == {Permission.DECIDE}
    assert may[Role.LEAD] == {Permission.DECIDE, Permission.READ_AGREEMENT, Permission.READ_EXPERIMENT}
    assert may[Role.OPERATOR] == {Permission.OPERATE}


def test_names_are_plain() -> None:
    assert check_account_name(" Min.Jun@bank ") == "min.jun@bank"
    for wrong in ("", "a", "민준", "a b", "-a", "a" * 65):
        with pytest.raises(RequestError):
            check_account_name(wrong)


def test_a_session_s_secret_is_kept_as_a_hash() -> None:
    token = draw_token()
    assert token_hash(token) == token_hash(token) != token
