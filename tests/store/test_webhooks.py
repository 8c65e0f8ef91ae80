"""Webhooks: one signed message for each change of state, retried, and never to a private address unasked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from idqc.states import State
from idqc.store import submissions, webhooks
from idqc.store.engine import Store
from idqc.store.house import House
from idqc.store.tables import webhook_deliveries
from idqc.surfaces.verification import Intake, submit
from idqc.surfaces.webhook_sender import PrivateAddress, WebhookSender, WrongUrl, check_url, new_secret, public_address
from idqc.surfaces.worker import Worker
from tests.store.conftest import Clock
from tests.webhook_receiver import Receiver, running_receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


@pytest.fixture
def told(house: House, receiver: Receiver, clock: Clock) -> str:
    """The secret of an endpoint at the receiver, in its library's form."""
    clock.now = datetime.now(UTC)  # the receiver's library compares with the real time
    secret, shown = new_secret()
    with house.store.unit_of_work() as connection:
        webhooks.add_endpoint(connection, house.vault, receiver.url, secret, clock())
    return shown


def test_every_change_of_state_is_told_and_signed(
    house: House, worker: Worker, photo: bytes, receiver: Receiver, told: str
) -> None:
    sent = submit(house, photo, Intake(customer_ref="hong-771"), 100).submission_id
    worker.step()
    sender = WebhookSender(house, "localhost")
    while sender.step():
        pass
    messages = [Webhook(told).verify(body, headers) for headers, body in receiver.arrived]
    assert sorted(message["data"]["state"] for message in messages) == ["awaiting_review", "inspecting", "queued"]
    assert {message["data"]["submission_id"] for message in messages} == {sent}
    assert {message["type"] for message in messages} == {"submission.state_changed"}
    assert len({headers["webhook-id"] for headers, _ in receiver.arrived}) == 3
    assert not [body for _, body in receiver.arrived if b"hong" in body]
    headers, body = receiver.arrived[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(told).verify(body.replace(b"queued", b"approved").replace(b"inspecting", b"approved"), headers)


def test_a_receiver_that_fails_is_tried_again_later_with_the_same_id(
    house: House, photo: bytes, receiver: Receiver, told: str, clock: Clock
) -> None:
    submit(house, photo, Intake(), 100)
    receiver.statuses = [503, 302]
    sender = WebhookSender(house, "localhost")
    assert sender.step()
    assert not sender.step()
    clock.forward(seconds=6)
    assert sender.step()
    assert not sender.step()
    clock.forward(seconds=31)
    assert sender.step()
    clock.forward(days=3)
    assert not sender.step()
    assert len({headers["webhook-id"] for headers, _ in receiver.arrived}) == 1
    with house.store.reading() as connection:
        row = connection.execute(select(webhook_deliveries)).one()
    assert (row.attempt, row.last_error) == (3, None)
    assert row.delivered_at is not None


def test_a_receiver_that_never_answers_is_given_up(
    house: House, photo: bytes, receiver: Receiver, told: str, clock: Clock
) -> None:
    submit(house, photo, Intake(), 100)
    receiver.statuses = [500] * 20
    sender = WebhookSender(house, "localhost")
    attempts = 0
    while sender.step():
        attempts += 1
        clock.forward(days=1, seconds=1)
    assert attempts == len(webhooks.DELAYS) + 1
    with house.store.reading() as connection:
        row = connection.execute(select(webhook_deliveries)).one()
    assert (row.last_error, row.next_at) == ("webhook.status_500", None)
    assert row.gave_up_at is not None


def test_a_private_address_is_refused_unless_its_host_is_listed(
    house: House, photo: bytes, receiver: Receiver, told: str
) -> None:
    submit(house, photo, Intake(), 100)
    WebhookSender(house).step()
    assert receiver.arrived == []
    with house.store.reading() as connection:
        assert connection.execute(select(webhook_deliveries.c.last_error)).scalar() == "webhook.url"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1", "0.0.0.0"]
)
def test_private_addresses_are_recognised(host: str) -> None:
    with pytest.raises(PrivateAddress):
        public_address(host, 443, frozenset())
    assert public_address(host, 443, frozenset({host}))


@pytest.mark.parametrize(
    "url",
    ["http://bank.example/", "ftp://bank.example/", "https://", "https://user:pass@bank.example/", "bank.example"],
)
def test_a_url_that_is_no_https_url_of_a_host_is_refused(url: str) -> None:
    with pytest.raises(WrongUrl):
        check_url(url, frozenset())


def test_a_removed_receiver_is_told_nothing_more(house: House, photo: bytes, receiver: Receiver, told: str) -> None:
    submit(house, photo, Intake(), 100)
    with house.store.unit_of_work() as connection:
        webhooks.remove_endpoint(connection, webhooks.endpoints(connection)[0]["id"], house.store.clock())
    submit(house, photo, Intake(), 100)
    assert not WebhookSender(house, "localhost").step()


def test_a_message_stands_or_falls_with_its_change(house: House, photo: bytes, told: str) -> None:
    store: Store = house.store

    def fail() -> None:
        with store.unit_of_work() as connection:
            submissions.move(connection, sent, State.DEAD, "operator", store.clock())
            raise ZeroDivisionError

    sent = submit(house, photo, Intake(), 100).submission_id
    with pytest.raises(ZeroDivisionError):
        fail()
    with store.reading() as connection:
        payloads = connection.execute(select(webhook_deliveries.c.payload)).scalars().all()
    assert [payload["data"]["state"] for payload in payloads] == ["queued"]
