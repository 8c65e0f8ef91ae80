"""Blobs: encrypted objects in a folder or a bucket. The database holds the key of each; without its row it is noise.

The object is written before the row that names it, and removed after the row is gone. What a crash leaves in between is
ciphertext without a key, which `sweep` takes away.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, delete, insert, select, update

from idqc.errors import BlobError, SetupError
from idqc.store.tables import blobs
from idqc.store.vault import Sealed, Vault, WrappedKey

ORPHAN_AGE_S = 3600
"""An object without a row may be one whose row is about to be written; after an hour it is left over."""


class BlobKind(StrEnum):
    """What a blob holds."""

    SPOOL = "spool"
    PHOTO = "photo"


class BlobFolder(Protocol):
    """Where ciphertext lies, by id."""

    def write(self, blob_id: str, ciphertext: bytes) -> None:
        """Keeps it durably, all or nothing."""

    def read(self, blob_id: str) -> bytes:
        """Returns it. Raises FileNotFoundError."""

    def remove(self, blob_id: str) -> None:
        """Removes it; nothing happens when it is gone."""

    def ids(self, older_than_s: float) -> Iterable[str]:
        """The ids of objects of at least this age."""


@dataclass(frozen=True)
class Blob:
    """A written object whose row is still to be recorded."""

    id: str
    kind: BlobKind
    size_bytes: int
    key: WrappedKey


def write(folder: BlobFolder, vault: Vault, kind: BlobKind, data: bytes) -> Blob:
    """Encrypts and writes one object, outside of any transaction; `record` makes it count."""
    blob_id = uuid.uuid4().hex
    sealed = vault.seal(data, f"{kind} {blob_id}")
    folder.write(blob_id, sealed.ciphertext)
    return Blob(blob_id, kind, len(data), WrappedKey(sealed.key_id, sealed.wrapped_key))


def record(connection: Connection, blob: Blob, now: datetime) -> None:
    """Records a written object: from its commit on it can be read."""
    connection.execute(
        insert(blobs).values(
            id=blob.id,
            kind=blob.kind.value,
            created_at=now,
            size_bytes=blob.size_bytes,
            key_id=blob.key.key_id,
            wrapped_key=blob.key.wrapped_key,
        )
    )


def read(connection: Connection, folder: BlobFolder, vault: Vault, blob_id: str) -> bytes:
    """Decrypts one object. Raises BlobError when it is gone, erased or changed."""
    row = connection.execute(select(blobs).where(blobs.c.id == blob_id)).one_or_none()
    if row is None:
        raise BlobError("The photo was deleted.", "Its retention ended, or it was erased.", code="blob.deleted")
    try:
        ciphertext = folder.read(blob_id)
    except FileNotFoundError:
        raise BlobError(
            "The photo is recorded and its object is missing.", "Restore the blob store.", code="blob.missing"
        ) from None
    return vault.open(Sealed(row.key_id, row.wrapped_key, ciphertext), f"{row.kind} {blob_id}")


def forget(connection: Connection, blob_ids: Iterable[str | None]) -> list[str]:
    """Deletes the keys of objects: from the commit on nobody can read them. The caller removes the files after it."""
    ids = [blob_id for blob_id in blob_ids if blob_id is not None]
    if ids:
        connection.execute(delete(blobs).where(blobs.c.id.in_(ids)))
    return ids


def rewrap(connection: Connection, vault: Vault, limit: int) -> int:
    """Puts keys that lie under older master keys under the current one. Returns how many; 0 when all are done."""
    old = connection.execute(
        select(blobs.c.id, blobs.c.kind, blobs.c.key_id, blobs.c.wrapped_key)
        .where(blobs.c.key_id != vault.current)
        .limit(limit)
        .with_for_update()
    ).all()
    for row in old:
        wrapped = vault.rewrap(WrappedKey(row.key_id, row.wrapped_key), f"{row.kind} {row.id}")
        connection.execute(
            update(blobs).where(blobs.c.id == row.id).values(key_id=wrapped.key_id, wrapped_key=wrapped.wrapped_key)
        )
    return len(old)


def orphans(connection: Connection, folder: BlobFolder) -> list[str]:
    """Objects that no row names, older than an hour."""
    left = []
    for blob_id in folder.ids(ORPHAN_AGE_S):
        if connection.execute(select(blobs.c.id).where(blobs.c.id == blob_id)).first() is None:
            left.append(blob_id)
    return left


@dataclass(frozen=True)
class LocalFolder:
    """Objects as files, in 256 folders by the first two digits of their id."""

    path: Path

    def write(self, blob_id: str, ciphertext: bytes) -> None:
        """Writes beside and renames, so that a crash leaves a whole file or none."""
        target = self._file(blob_id)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{blob_id}.partial")
        with open(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            file.write(ciphertext)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        # The name itself must be on the disk before a row counts on it.
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, blob_id: str) -> bytes:
        """Reads the file."""
        return self._file(blob_id).read_bytes()

    def remove(self, blob_id: str) -> None:
        """Deletes the file."""
        self._file(blob_id).unlink(missing_ok=True)
        self._file(blob_id).with_name(f".{blob_id}.partial").unlink(missing_ok=True)

    def ids(self, older_than_s: float) -> Iterable[str]:
        """By the files' times; unfinished ones too."""
        limit = time.time() - older_than_s
        for file in self.path.glob("*/*"):
            if file.stat().st_mtime < limit:
                yield file.name.removeprefix(".").removesuffix(".partial")

    def _file(self, blob_id: str) -> Path:
        return self.path / blob_id[:2] / blob_id


@dataclass(frozen=True)
class Bucket:
    """Objects in whatever fsspec opens: S3 and its relatives, and other stores that write an object all or nothing."""

    filesystem: Any
    prefix: str

    def write(self, blob_id: str, ciphertext: bytes) -> None:
        """One put."""
        self.filesystem.makedirs(f"{self.prefix}/{blob_id[:2]}", exist_ok=True)
        self.filesystem.pipe_file(self._name(blob_id), ciphertext)

    def read(self, blob_id: str) -> bytes:
        """One get."""
        return bytes(self.filesystem.cat_file(self._name(blob_id)))

    def remove(self, blob_id: str) -> None:
        """One delete."""
        try:
            self.filesystem.rm_file(self._name(blob_id))
        except FileNotFoundError:
            return

    def ids(self, older_than_s: float) -> Iterable[str]:
        """By the store's own times."""
        limit = time.time() - older_than_s
        # The library remembers listings, and other processes write and remove too.
        self.filesystem.invalidate_cache()
        for name in self.filesystem.find(self.prefix):
            try:
                written_at = self.filesystem.modified(name).timestamp()
            except FileNotFoundError:  # somebody removed it since
                continue
            if written_at < limit:
                yield str(name).rsplit("/", 1)[-1]

    def _name(self, blob_id: str) -> str:
        return f"{self.prefix}/{blob_id[:2]}/{blob_id}"


def open_folder(url: str) -> BlobFolder:
    """Opens where blobs lie.

    Args:
        url: a path, or a URL that fsspec knows; for S3 and its relatives install the `s3` extra.

    Raises:
        SetupError: a URL of an unknown kind, or whose library is missing.
    """
    if "://" not in url:
        Path(url).mkdir(parents=True, exist_ok=True)
        return LocalFolder(Path(url))
    import fsspec

    try:
        filesystem, prefix = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as unknown:
        raise SetupError(
            f"The blob URL cannot be used ({type(unknown).__name__}).",
            "Use a folder, or s3://bucket/prefix with the `s3` extra.",
            code="setup.blob_url",
        ) from None
    return Bucket(filesystem, str(prefix).rstrip("/"))
