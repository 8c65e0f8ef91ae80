"""What keeps: the database, the blobs and the keys of one installation, as one frozen value."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from idqc.errors import BlobError, SetupError
from idqc.settings import Settings, store_url
from idqc.store import blobs, keyring
from idqc.store.blobs import BlobFolder
from idqc.store.engine import Store, open_store
from idqc.store.vault import Vault, open_vault


@dataclass(frozen=True)
class House:
    """An open installation. Safe to share between threads."""

    store: Store
    vault: Vault
    folder: BlobFolder
    pseudonym_key: bytes = field(repr=False)

    def pseudonym(self, text: str) -> str:
        """The HMAC-SHA-256 under which a customer's reference is stored and found, 64 hexadecimal digits."""
        return hmac.new(self.pseudonym_key, text.encode(), hashlib.sha256).hexdigest()

    def remove(self, blob_ids: list[str]) -> None:
        """Removes the files of blobs whose rows are gone; call it after the commit."""
        for blob_id in blob_ids:
            self.folder.remove(blob_id)

    def read_blob(self, blob_id: str) -> bytes:
        """Decrypts one blob in a transaction of its own. Raises BlobError."""
        with self.store.reading() as connection:
            return blobs.read(connection, self.folder, self.vault, blob_id)

    def close(self) -> None:
        """Closes the database."""
        self.store.close()


def open_house(settings: Settings) -> House:
    """Opens the store that the settings describe, and checks that the master key is the one its objects lie under.

    Raises:
        SetupError: database, blob store or master key cannot be used.
    """
    vault = open_vault(settings)
    folder = blobs.open_folder(settings.blob_url or str(settings.data_dir / "blobs"))
    store = open_store(store_url(settings))
    try:
        with store.unit_of_work() as connection:
            key = keyring.secret(connection, vault, keyring.PSEUDONYMS, store.clock())
    except BlobError as wrong:
        store.close()
        raise SetupError(
            "The database was made under another master key.",
            "Set IDQC_MASTER_KEY to that key; while rotating, name it in IDQC_PREVIOUS_MASTER_KEYS.",
            code="setup.master_key",
        ) from wrong
    except BaseException:
        store.close()
        raise
    return House(store, vault, folder, key)
