"""Sends webhooks: Standard Webhooks headers, an HMAC over the body, retries; never to a private address unasked.

The name is looked up once and the connection goes to the very address that was checked, so that a name which changes
its mind between the two (DNS rebinding) gains nothing. Redirects are not followed.
"""

from __future__ import annotations

import base64
import http.client
import ipaddress
import json
import logging
import secrets
import socket
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from idqc.errors import RequestError
from idqc.store import webhooks
from idqc.store.house import House
from idqc.store.webhooks import Delivery

TIMEOUT_S = 10.0
LEASE = timedelta(seconds=60)
"""When a sender dies with a message in hand, another takes it after this; a receiver tells repeats by webhook-id."""
IDLE_S = 0.5
SECRET_BYTES = 32
log = logging.getLogger("idqc.webhooks")


class PrivateAddress(RequestError):
    """The receiver's address is not on the public internet."""

    code = "webhook.private_address"


class WrongUrl(RequestError):
    """The receiver's URL cannot be used."""

    code = "webhook.url"


def new_secret() -> tuple[bytes, str]:
    """A signing secret, and the form in which the receiver's library takes it (whsec_...)."""
    secret = secrets.token_bytes(SECRET_BYTES)
    return secret, f"whsec_{base64.b64encode(secret).decode()}"


def check_url(url: str, private_hosts: frozenset[str]) -> None:
    """Refuses a URL that is no https URL of a host. Raises WrongUrl."""
    parts = urlsplit(url)
    allowed = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in private_hosts)
    if not allowed or not parts.hostname or parts.username or parts.fragment:
        raise WrongUrl(
            "A webhook needs an https URL without user name or fragment.",
            "For a receiver inside your network, list its host in IDQC_WEBHOOK_PRIVATE_HOSTS; http is allowed there.",
        )


def public_address(host: str, port: int, private_hosts: frozenset[str]) -> str:
    """The address to connect to.

    Raises:
        PrivateAddress: one of the host's addresses is private, and the host is not among `private_hosts`.
        OSError: the name is not known.
    """
    addresses = [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if host not in private_hosts and any(not _is_public(address) for address in addresses):
        raise PrivateAddress(
            "The webhook's host has an address that is not on the public internet.",
            "List the host in IDQC_WEBHOOK_PRIVATE_HOSTS if it is yours.",
        )
    return addresses[0]


def read_hosts(text: str) -> frozenset[str]:
    """Host names of a comma-separated setting."""
    return frozenset(name.strip().lower() for name in text.split(",") if name.strip())


@dataclass
class WebhookSender:
    """Delivers what is due, one message at a time."""

    house: House
    private_hosts: str = ""
    _hosts: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._hosts = read_hosts(self.private_hosts)

    def run(self, stop: threading.Event) -> None:
        """Sends until it is told to stop."""
        while not stop.is_set():
            try:
                sent = self.step()
            except Exception as outage:
                log.error("webhooks cannot be sent", exc_info=outage)
                stop.wait(5.0)
                continue
            if not sent:
                stop.wait(IDLE_S)

    def step(self) -> bool:
        """Sends one message. False when none is due."""
        store = self.house.store
        with store.reading() as connection:
            if not webhooks.due(connection, store.clock()):
                return False
        with store.unit_of_work() as connection:
            message = webhooks.claim(connection, self.house.vault, store.clock(), LEASE)
        if message is None:
            return False
        error = self._send(message)
        with store.unit_of_work() as connection:
            if error is None:
                webhooks.delivered(connection, message, store.clock())
            else:
                webhooks.failed(connection, message, store.clock(), error)
        log.info("webhook", extra={"delivery_id": message.id, "attempt": message.attempt, "code": error or "delivered"})
        return True

    def _send(self, message: Delivery) -> str | None:
        """Returns None when the receiver took it, else a code that says what was wrong."""
        body = json.dumps(message.payload, ensure_ascii=False, separators=(",", ":"))
        now = self.house.store.clock().astimezone(UTC)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "idqc",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(message.secret).sign(message.id, now, body),
        }
        try:
            status = self._post(message.url, body.encode(), headers)
        except (PrivateAddress, WrongUrl) as refused:
            return refused.code
        except (OSError, ValueError, http.client.HTTPException) as failed:
            return f"webhook.{type(failed).__name__}"[:80]
        return None if 200 <= status < 300 else f"webhook.status_{status}"

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        check_url(url, self._hosts)
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = public_address(host, port, self._hosts)
        kind = _PinnedHttps if parts.scheme == "https" else _PinnedHttp
        connection = kind(host, port, address)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()


class _PinnedHttp(http.client.HTTPConnection):
    """Connects to an address that was checked, whatever the name says by now."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S)
        self._address = address

    def connect(self) -> None:
        """Opens the connection."""
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT_S)


class _PinnedHttps(_PinnedHttp):
    """The same with TLS; the certificate must be the host's."""

    default_port = 443

    def connect(self) -> None:
        """Opens the connection."""
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.split("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_global and not parsed.is_multicast
