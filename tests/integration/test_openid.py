"""Signing in by OpenID Connect against a provider on this machine: who gets in, who is bound, what is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from authlib.oidc.core.claims import IDToken
from fastapi.testclient import TestClient
from joserfc.jwk import RSAKey

from api.app import create_app
from idqc.access.accounts import Role
from idqc.settings import Settings
from idqc.store.house import House
from idqc.surfaces.sign_in import create_account
from tests.integration.identity_provider import CLIENT, Provider, running_provider

HTML = {"Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture
def client(stub: Any, house: House, provider: Provider) -> TestClient:
    settings = Settings(
        openid_issuer=provider.issuer, openid_client_id=CLIENT, openid_client_secret="secret", threads=1
    )
    return TestClient(create_app(settings, stub, house), headers=HTML, follow_redirects=False)


def way_back(client: TestClient) -> str:
    """Goes to the provider as a browser would; gives the address at which it comes back."""
    begun = client.get("/console/openid")
    assert begun.status_code == 302
    asked = httpx2.get(begun.headers["Location"], follow_redirects=False)
    return asked.headers["Location"].removeprefix("http://testserver")


def come_back(client: TestClient, address: str) -> tuple[int, bool]:
    """The status, and whether the console is open afterwards."""
    answer = client.get(address)
    return answer.status_code, "Review queue" in client.get("/console").text


def test_a_registered_address_signs_in_and_is_bound(client: TestClient, house: House, provider: Provider) -> None:
    assert "Sign in with the company account" in client.get("/console").text
    create_account(house.store, "hana@bank.example", Role.REVIEWER, None, actor="test")
    assert come_back(client, way_back(client)) == (303, True)
    # From then on the provider's subject counts, whatever the address says, and no other subject can take the account.
    client.cookies.clear()
    provider.claims = {"email": "new@bank.example", "email_verified": False}
    assert come_back(client, way_back(client)) == (303, True)
    client.cookies.clear()
    provider.claims = {"sub": "user-2"}
    assert come_back(client, way_back(client)) == (401, False)


def test_an_account_with_a_password_is_not_taken_over(client: TestClient, house: House) -> None:
    create_account(house.store, "hana@bank.example", Role.REVIEWER, "four unrelated words", actor="test")
    assert come_back(client, way_back(client)) == (401, False)


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email": "nobody@bank.example"},
        {"aud": "another-client"},
        {"aud": "another-client", "azp": CLIENT},
        {"aud": ["another-client", "a-third"], "azp": CLIENT},
        {"iss": "https://elsewhere.example"},
        {"nonce": "replayed"},
        {"exp": int(time.time()) - 3600},
    ],
)
def test_a_wrong_token_opens_nothing(
    client: TestClient, house: House, provider: Provider, claims: dict[str, Any]
) -> None:
    create_account(house.store, "hana@bank.example", Role.REVIEWER, None, actor="test")
    provider.claims = claims
    assert come_back(client, way_back(client)) == (401, False)


@pytest.mark.parametrize(
    ("claims", "ours"),
    [
        ({}, True),
        ({"aud": [CLIENT, "another-client"]}, True),
        ({"aud": "another-client"}, False),
        ({"aud": ["another-client"], "azp": CLIENT}, False),
        ({"aud": f"{CLIENT}-test"}, False),
        ({"iss": "https://elsewhere.example"}, False),
    ],
)
def test_issuer_and_audience_are_looked_at_even_where_the_library_does_not(
    client: TestClient, house: House, provider: Provider, monkeypatch: pytest.MonkeyPatch, claims: Any, ours: bool
) -> None:
    monkeypatch.setattr(IDToken, "validate", lambda *_, **__: None)
    create_account(house.store, "hana@bank.example", Role.REVIEWER, None, actor="test")
    provider.claims = claims
    assert come_back(client, way_back(client)) == ((303, True) if ours else (401, False))


def test_a_token_signed_by_another_key_opens_nothing(client: TestClient, house: House, provider: Provider) -> None:
    create_account(house.store, "hana@bank.example", Role.REVIEWER, None, actor="test")
    provider.key = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
    assert come_back(client, way_back(client)) == (401, False)


def test_an_answer_that_nobody_asked_for_opens_nothing(client: TestClient, house: House) -> None:
    create_account(house.store, "hana@bank.example", Role.REVIEWER, None, actor="test")
    address = way_back(client)
    client.cookies.clear()  # another browser
    assert come_back(client, address) == (401, False)
    assert come_back(client, "/console/openid/callback?error=access_denied&state=x") == (401, False)


def test_a_provider_that_does_not_answer_is_told(stub: Any, house: House) -> None:
    settings = Settings(openid_issuer="http://127.0.0.1:9", openid_client_id=CLIENT, threads=1)
    client = TestClient(create_app(settings, stub, house), headers=HTML, follow_redirects=False)
    answer = client.get("/console/openid")
    assert (answer.status_code, "company account failed" in answer.text) == (401, True)


def test_without_a_provider_there_is_no_such_way_in(stub: Any, house: House) -> None:
    client = TestClient(create_app(Settings(threads=1), stub, house), headers=HTML, follow_redirects=False)
    assert "company account" not in client.get("/console").text
    assert client.get("/console/openid").headers["Location"] == "/console"
    assert client.get("/console/openid/callback").headers["Location"] == "/console"
