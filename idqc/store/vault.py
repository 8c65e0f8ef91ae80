"""Encryption at rest: AES-256-GCM under a key for each object, that key wrapped by the installation's master key.

The master key never stands beside what it opens: in production it comes from IDQC_MASTER_KEY alone. Rotation wraps the
object keys anew and leaves the objects themselves as they are (NIST SP 800-57 part 1, key wrapping and cryptoperiods).
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idqc.errors import BlobError, SetupError
from idqc.settings import Mode, Settings

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_FILE = "master.key"
log = logging.getLogger("idqc.store")


@dataclass(frozen=True)
class WrappedKey:
    """An object's key under the master key of this id."""

    key_id: str
    wrapped_key: bytes


@dataclass(frozen=True)
class Sealed(WrappedKey):
    """Ciphertext (its nonce first) and the wrapped key that opens it."""

    ciphertext: bytes = field(repr=False)


@dataclass(frozen=True)
class Vault:
    """The master keys: new objects go under the current one, older ones only open."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def of(cls, current: bytes, *previous: bytes) -> Vault:
        """A vault whose current key is the first one; each is 32 bytes."""
        return cls(key_id(current), MappingProxyType({key_id(key): key for key in (*previous, current)}))

    def seal(self, data: bytes, context: str) -> Sealed:
        """Encrypts `data` under a new key.

        Args:
            context: what the object is and its id; it opens under the same words alone, so that one object cannot be
                put in another's place.
        """
        object_key = secrets.token_bytes(KEY_BYTES)
        wrapped = self.wrap(object_key, context)
        return Sealed(wrapped.key_id, wrapped.wrapped_key, _encrypt(object_key, data, context))

    def open(self, sealed: Sealed, context: str) -> bytes:
        """Decrypts. Raises BlobError when it is not what was sealed, or its master key is not here."""
        return _decrypt(self.unwrap(sealed, context), sealed.ciphertext, context)

    def wrap(self, object_key: bytes, context: str) -> WrappedKey:
        """An object's key under the current master key."""
        return WrappedKey(self.current, _encrypt(self.keys[self.current], object_key, f"key {context}"))

    def unwrap(self, wrapped: WrappedKey, context: str) -> bytes:
        """An object's key. Raises BlobError when its master key is not here."""
        master = self.keys.get(wrapped.key_id)
        if master is None:
            raise BlobError(
                f"The object lies under the master key {wrapped.key_id}, which this installation does not have.",
                "Add that key to IDQC_PREVIOUS_MASTER_KEYS.",
                code="blob.master_key",
            )
        return _decrypt(master, wrapped.wrapped_key, f"key {context}")

    def rewrap(self, wrapped: WrappedKey, context: str) -> WrappedKey:
        """The same object key under the current master key."""
        return self.wrap(self.unwrap(wrapped, context), context)


def key_id(key: bytes) -> str:
    """What names a master key in tables and logs: 16 hexadecimal digits, which say nothing about the key."""
    return hashlib.sha256(b"idqc master key" + key).hexdigest()[:16]


def open_vault(settings: Settings) -> Vault:
    """The vault of an installation. A demo without a key makes one in its data folder, and says so.

    Raises:
        SetupError: production without a key of its own, or a key that cannot be used.
    """
    given = settings.master_key.get_secret_value() if settings.master_key is not None else None
    previous = settings.previous_master_keys.get_secret_value() if settings.previous_master_keys is not None else ""
    older = [_parse(text, settings) for text in previous.split(",") if text.strip()]
    if given is not None:
        return Vault.of(_parse(given, settings), *older)
    if settings.mode is Mode.PRODUCTION:
        raise SetupError(
            "IDQC_MASTER_KEY is not set.",
            "Make one with `python3 -c 'import secrets; print(secrets.token_hex(32))'`, keep it apart from the blobs "
            "and their backup, and set IDQC_MASTER_KEY to it or to file:/path.",
            code="setup.master_key",
        )
    return Vault.of(_demo_key(settings.data_dir), *older)


def _demo_key(data_dir: Path) -> bytes:
    path = data_dir / KEY_FILE
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return _from_hex(path.read_text(encoding="ascii"))
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    log.warning("made a master key beside the data: good for a demo, refused in production")
    return _from_hex(path.read_text(encoding="ascii"))


def _parse(text: str, settings: Settings) -> bytes:
    text = text.strip()
    if not text.startswith("file:"):
        return _from_hex(text)
    path = Path(text.removeprefix("file:")).resolve()
    beside = settings.data_dir.resolve(), Path(settings.blob_url or settings.data_dir).resolve()
    if settings.mode is Mode.PRODUCTION and any(path.is_relative_to(folder) for folder in beside):
        raise SetupError(
            "The master key's file lies in the folder of the data that it opens.",
            "Keep it apart: a mounted secret, or another file system.",
            code="setup.master_key",
        )
    try:
        return _from_hex(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as unreadable:
        raise SetupError(
            f"The master key's file cannot be read ({type(unreadable).__name__}).",
            "Check IDQC_MASTER_KEY=file:/path and the rights.",
            code="setup.master_key",
        ) from None


def _from_hex(text: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise SetupError(
            f"A master key has {2 * KEY_BYTES} hexadecimal digits; this one has {len(text.strip())} characters.",
            "Make one with `python3 -c 'import secrets; print(secrets.token_hex(32))'`.",
            code="setup.master_key",
        )
    return key


def _encrypt(key: bytes, data: bytes, context: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, context.encode())


def _decrypt(key: bytes, ciphertext: bytes, context: str) -> bytes:
    try:
        return AESGCM(key).decrypt(ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError):
        raise BlobError(
            "A stored object is not what was stored: its authentication tag does not fit.",
            "Restore it from the backup; if many are so, the master key or the blob store is the wrong one.",
        ) from None
