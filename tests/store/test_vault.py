"""Encryption at rest: what opens what, rotation of the master key, and where a key may come from."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from idqc.errors import BlobError, SetupError
from idqc.settings import Mode, Settings
from idqc.store import blobs, inspections, keyring, submissions, webhooks
from idqc.store.blobs import BlobKind, Bucket, LocalFolder, open_folder
from idqc.store.house import House, open_house
from idqc.store.tables import blobs as blob_rows
from idqc.store.vault import Sealed, Vault, open_vault
from idqc.surfaces.housekeeping import erase_customer
from idqc.surfaces.verification import Intake, inspection_of, masked_photo, submit
from idqc.surfaces.worker import Worker
from tests.store.conftest import RoteInspector

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)


def test_an_object_opens_under_its_own_name_and_key_alone() -> None:
    vault = Vault.of(OLD)
    sealed = vault.seal(b"a photo", "photo 1")
    assert b"a photo" not in sealed.ciphertext
    assert vault.open(sealed, "photo 1") == b"a photo"
    with pytest.raises(BlobError):
        vault.open(sealed, "photo 2")
    with pytest.raises(BlobError) as refused:
        Vault.of(NEW).open(sealed, "photo 1")
    assert refused.value.code == "blob.master_key"


@pytest.mark.parametrize("place", [0, 20, -1])
def test_a_changed_object_does_not_open(place: int) -> None:
    vault = Vault.of(OLD)
    sealed = vault.seal(b"a photo of a card", "photo 1")
    changed = bytearray(sealed.ciphertext)
    changed[place] ^= 1
    with pytest.raises(BlobError):
        vault.open(Sealed(sealed.key_id, sealed.wrapped_key, bytes(changed)), "photo 1")


def test_two_objects_never_share_a_key() -> None:
    vault = Vault.of(OLD)
    one, other = vault.seal(b"same", "photo 1"), vault.seal(b"same", "photo 1")
    assert vault.unwrap(one, "photo 1") != vault.unwrap(other, "photo 1")
    assert one.ciphertext != other.ciphertext


def test_after_a_rotation_the_old_master_key_opens_nothing(house: House, worker: Worker, photo: bytes) -> None:
    sent = submit(house, photo, Intake(customer_ref="a"), 100).submission_id
    worker.step()
    with house.store.unit_of_work() as connection:
        webhooks.add_endpoint(connection, house.vault, "https://bank.example/hook", b"s" * 32, house.store.clock())
    before = masked_photo(house, sent)
    old = next(iter(house.vault.keys.values()))
    rotating = House(house.store, Vault.of(NEW, old), house.folder, house.pseudonym_key)
    assert keyring.rotate(house.store, rotating.vault) == 4
    assert keyring.rotate(house.store, rotating.vault) == 0
    after = House(house.store, Vault.of(NEW), house.folder, house.pseudonym_key)
    assert masked_photo(after, sent) == before
    assert inspection_of(after, sent, "customer") is not None  # type: ignore[arg-type]
    with house.store.unit_of_work() as connection:
        assert keyring.secret(connection, after.vault, keyring.PSEUDONYMS, house.store.clock()) == house.pseudonym_key
        with pytest.raises(BlobError):
            inspections.read(connection, house.vault, submissions.read(connection, sent)["inspection_id"])
    with pytest.raises(BlobError):
        masked_photo(house, sent)


def test_a_rotation_leaves_the_objects_as_they_are(house: House, photo: bytes) -> None:
    submit(house, photo, Intake(), 100)
    file = next(file for file in house.folder.path.rglob("*") if file.is_file())  # type: ignore[attr-defined]
    before = file.read_bytes()
    keyring.rotate(house.store, Vault.of(NEW, next(iter(house.vault.keys.values()))))
    assert file.read_bytes() == before


def test_a_blob_in_anothers_place_does_not_open(house: House) -> None:
    written = [blobs.write(house.folder, house.vault, BlobKind.PHOTO, data) for data in (b"one", b"other")]
    with house.store.unit_of_work() as connection:
        for blob in written:
            blobs.record(connection, blob, house.store.clock())
    house.folder.write(written[0].id, house.folder.read(written[1].id))
    with pytest.raises(BlobError):
        house.read_blob(written[0].id)
    with house.store.unit_of_work() as connection:
        row = connection.execute(select(blob_rows).where(blob_rows.c.id == written[1].id)).one()
        connection.execute(update(blob_rows).where(blob_rows.c.id == written[0].id).values(wrapped_key=row.wrapped_key))
    with pytest.raises(BlobError):
        house.read_blob(written[0].id)


def test_a_blob_whose_row_is_gone_cannot_be_read_though_its_file_is_there(house: House) -> None:
    blob = blobs.write(house.folder, house.vault, BlobKind.PHOTO, b"a photo")
    with pytest.raises(BlobError) as refused:
        house.read_blob(blob.id)
    assert refused.value.code == "blob.deleted"


def test_a_lost_file_is_said_so(house: House) -> None:
    blob = blobs.write(house.folder, house.vault, BlobKind.PHOTO, b"a photo")
    with house.store.unit_of_work() as connection:
        blobs.record(connection, blob, house.store.clock())
    house.folder.remove(blob.id)
    with pytest.raises(BlobError) as refused:
        house.read_blob(blob.id)
    assert refused.value.code == "blob.missing"


@pytest.mark.parametrize("url", ["{folder}", "local://{folder}", "memory://idqc"])
def test_every_kind_of_folder_keeps_reads_lists_and_removes(url: str, tmp_path: Path) -> None:
    folder = open_folder(url.format(folder=tmp_path / "blobs"))
    assert isinstance(folder, LocalFolder if "://" not in url else Bucket)
    folder.write("ab12", b"ciphertext")
    assert folder.read("ab12") == b"ciphertext"
    assert list(folder.ids(-60)) == ["ab12"]
    assert list(folder.ids(3600)) == []
    folder.remove("ab12")
    folder.remove("ab12")
    with pytest.raises(FileNotFoundError):
        folder.read("ab12")


def test_an_object_that_goes_while_a_bucket_is_listed_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = open_folder("memory://idqc-race")
    assert isinstance(folder, Bucket)
    for blob_id in ("ab12", "ab34"):
        folder.write(blob_id, b"ciphertext")
    listed = folder.filesystem.find(folder.prefix)
    monkeypatch.setattr(folder.filesystem, "find", lambda _: listed)
    folder.remove("ab12")
    assert list(folder.ids(-60)) == ["ab34"]
    folder.remove("ab34")


def test_a_photo_goes_its_whole_way_in_a_bucket(database_url: str, tmp_path: Path, photo: bytes) -> None:
    """Spool, inspection, masked photo, erasure and the sweep of what a crash left, on an fsspec store."""
    settings = Settings(data_dir=tmp_path, database_url=SecretStr(database_url), blob_url=f"memory://{tmp_path.name}")
    house = open_house(settings)
    sent = submit(house, photo, Intake(customer_ref="a"), 100).submission_id
    spooled = list(house.folder.ids(-60))
    assert len(spooled) == 1
    assert photo[:200] not in house.folder.read(spooled[0])
    Worker(house, RoteInspector(), lease_s=60.0).step()  # type: ignore[arg-type]
    kept = list(house.folder.ids(-60))
    assert len(kept) == 1
    assert kept != spooled
    assert masked_photo(house, sent)[:2] == b"\xff\xd8"
    house.folder.write("f" * 32, b"no row names it")
    assert erase_customer(house, "a", "test") == 1
    assert list(house.folder.ids(-60)) == ["f" * 32]
    house.close()


def test_an_unknown_kind_of_folder_is_refused() -> None:
    with pytest.raises(SetupError) as refused:
        open_folder("nowhere://bucket")
    assert refused.value.code == "setup.blob_url"


def test_a_demo_makes_one_key_that_only_its_user_reads(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first, again = open_vault(settings), open_vault(settings)
    assert first.current == again.current
    assert (tmp_path / "master.key").stat().st_mode & 0o077 == 0


def test_production_needs_a_key_of_its_own_and_apart_from_the_data(tmp_path: Path) -> None:
    production = Settings(mode=Mode.PRODUCTION, data_dir=tmp_path / "data")
    with pytest.raises(SetupError) as refused:
        open_vault(production)
    assert refused.value.code == "setup.master_key"
    for folder, good in (("data", False), ("secrets", True)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "key").write_text(OLD.hex())
        held = production.model_copy(update={"master_key": SecretStr(f"file:{tmp_path / folder / 'key'}")})
        if good:
            assert open_vault(held).keys
        else:
            with pytest.raises(SetupError):
                open_vault(held)


@pytest.mark.parametrize("key", ["short", "zz" * 32, "ab" * 31, "file:/nowhere/key"])
def test_a_key_that_cannot_be_used_is_said_so(key: str, tmp_path: Path) -> None:
    with pytest.raises(SetupError) as refused:
        open_vault(Settings(data_dir=tmp_path, master_key=SecretStr(key)))
    assert refused.value.code == "setup.master_key"
    assert key not in refused.value.detail


def test_a_house_does_not_open_with_another_key(database_url: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=SecretStr(database_url), master_key=SecretStr(OLD.hex()))
    open_house(settings).close()
    other = settings.model_copy(update={"master_key": SecretStr(NEW.hex())})
    with pytest.raises(SetupError) as refused:
        open_house(other)
    assert refused.value.code == "setup.master_key"
    open_house(other.model_copy(update={"previous_master_keys": SecretStr(OLD.hex())})).close()
