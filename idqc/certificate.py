"""A certificate of this machine's own making, so that a phone's browser gives its camera to the demo."""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = timedelta(days=30)
"""For trying things out; a service that stays gets a certificate from the bank's own authority."""


@dataclass(frozen=True)
class Certificate:
    """The two files, and what the browser's warning page must show before somebody goes on."""

    certificate: Path
    key: Path
    fingerprint: str


def self_signed(folder: Path, host: str, now: datetime | None = None) -> Certificate:
    """Makes a certificate for a host, or takes the one of an earlier start while it is good for another day.

    Args:
        folder: where the two files go; the key's can be read by its owner alone.
        host: the address that the service listens on; for all of them (0.0.0.0) this machine's own names count.
    """
    moment = now or datetime.now(UTC)
    files = folder / "certificate.pem", folder / "key.pem"
    names = _names(host)
    if all(file.is_file() for file in files):
        kept = x509.load_pem_x509_certificate(files[0].read_bytes())
        covered = set(kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        if kept.not_valid_after_utc > moment + timedelta(days=1) and covered >= set(names):
            return Certificate(*files, _fingerprint(kept))
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idqc demo")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(hours=1))
        .not_valid_after(moment + LIFE)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    files[1].unlink(missing_ok=True)
    with os.fdopen(os.open(files[1], os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(private)
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return Certificate(*files, _fingerprint(made))


def _names(host: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return [*names, x509.DNSName(host)] if host != "localhost" else names
    if not address.is_unspecified:
        return names if address.is_loopback else [*names, x509.IPAddress(address)]
    name = socket.gethostname()
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(name, None)}
    except OSError:
        found = set()
    own = sorted(ipaddress.ip_address(str(one).partition("%")[0]) for one in found if ":" not in str(one))
    return [*names, x509.DNSName(name), *(x509.IPAddress(one) for one in own if not one.is_loopback)]


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()
