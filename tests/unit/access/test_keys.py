"""API keys: their form, what is kept of them, how they are compared, and who holds one."""

from __future__ import annotations

import pytest

from idqc.access import keys
from idqc.access.keys import Scope, audience_of, issue, matches, read_scopes, split
from idqc.errors import RequestError
from idqc.inspection import Audience


def test_a_key_splits_into_what_was_issued() -> None:
    drawn = [issue() for _ in range(50)]
    for key in drawn:
        assert split(key.text) is not None
        key_id, secret = split(key.text) or ("", "")
        assert key_id == key.key_id
        assert matches(secret, key.secret_hash)
        assert secret not in key.secret_hash
    assert len({key.text for key in drawn}) == 50


def test_another_secret_does_not_match() -> None:
    one, other = issue(), issue()
    assert not matches((split(one.text) or ("", ""))[1], other.secret_hash)


def test_the_comparison_is_made_even_when_there_is_no_such_key(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []
    real = keys.hmac.compare_digest
    monkeypatch.setattr(keys.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or real(a, b))
    assert not matches("secret", None)
    assert not matches("", None)
    assert len(compared) == 2


@pytest.mark.parametrize(
    "text",
    ["", "idqc", "idqc_0123456789ab_", "Bearer x", "idqc_0123456789AB_" + "a" * 43, "idqc_0123456789ab_" + "a" * 44],
)
def test_what_has_not_the_form_of_a_key_is_none(text: str) -> None:
    assert split(text) is None


def test_scopes_are_read_by_name() -> None:
    assert read_scopes(["inspect", " submit", ""]) == {Scope.INSPECT, Scope.SUBMIT}
    for wrong in ([], ["inspect", "everything"]):
        with pytest.raises(RequestError) as refused:
            read_scopes(wrong)
        assert refused.value.code == "request.scopes"


def test_admin_keys_are_operators() -> None:
    assert audience_of(frozenset({Scope.ADMIN, Scope.INSPECT})) is Audience.OPERATOR
    assert audience_of(frozenset({Scope.INSPECT})) is Audience.REVIEWER
    assert audience_of(frozenset()) is Audience.CUSTOMER
