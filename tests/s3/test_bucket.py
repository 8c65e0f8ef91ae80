"""Blobs in a bucket: s3fs against an S3 service on this machine (moto's server), the whole way of a photo.

s3fs and moto bring two dozen packages, 100 MB: `make test-all` installs them, `make test` does without. What an
fsspec store has to do is in tests/store/test_vault.py, on one in memory.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import s3fs
from moto.server import ThreadedMotoServer

from idqc.settings import Settings
from idqc.store import blobs, submissions
from idqc.store.blobs import Bucket, open_folder
from idqc.store.house import House, open_house
from idqc.surfaces.verification import masked_photo
from tests.stub_house import card_photo, put_case


@pytest.fixture
def bucket_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket on this machine; credentials and address come as they do in production, by AWS_* variables."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    bucket = f"idqc-{uuid.uuid4().hex}"  # all servers of a process share their buckets
    s3fs.S3FileSystem().mkdir(bucket)
    yield f"s3://{bucket}/production"
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.fixture
def house(bucket_url: str, tmp_path: Path) -> Iterator[House]:
    opened = open_house(Settings(data_dir=tmp_path, blob_url=bucket_url))
    yield opened
    opened.close()


def test_a_bucket_keeps_reads_lists_and_removes(bucket_url: str) -> None:
    folder = open_folder(bucket_url)
    assert isinstance(folder, Bucket)
    folder.write("ab12", b"ciphertext")
    folder.write("ab12", b"ciphertext, written again")
    assert folder.read("ab12") == b"ciphertext, written again"
    assert list(folder.ids(-60)) == ["ab12"]
    assert list(folder.ids(3600)) == []
    folder.remove("ab12")
    folder.remove("ab12")
    with pytest.raises(FileNotFoundError):
        folder.read("ab12")
    assert list(folder.ids(-60)) == []


def test_a_photo_goes_its_way_in_a_bucket(house: House) -> None:
    photo = card_photo()
    case = put_case(house, {"quality.glare": 0.62}, photo=photo)
    kept = masked_photo(house, case)
    assert kept[:2] == b"\xff\xd8"
    # The unmasked upload is gone, and the masked photo lies there as ciphertext alone.
    with house.store.reading() as connection:
        photo_id = submissions.read(connection, case)["photo_id"]
    assert list(house.folder.ids(-60)) == [photo_id]
    assert kept[:200] not in house.folder.read(photo_id)


def test_what_another_process_wrote_or_removed_is_seen(bucket_url: str) -> None:
    import boto3

    folder, other, bucket = open_folder(bucket_url), boto3.client("s3"), bucket_url.split("/")[2]
    folder.write("f" * 32, b"ciphertext")
    assert list(folder.ids(-60)) == ["f" * 32]
    other.put_object(Bucket=bucket, Key=f"production/ff/{'f' * 31}0", Body=b"of another process")
    assert sorted(folder.ids(-60)) == [f"{'f' * 31}0", "f" * 32]
    other.delete_object(Bucket=bucket, Key=f"production/ff/{'f' * 32}")
    assert list(folder.ids(-60)) == [f"{'f' * 31}0"]
    with pytest.raises(FileNotFoundError):
        folder.read("f" * 32)


def test_what_a_crash_left_in_a_bucket_is_left_to_its_age(house: House) -> None:
    house.folder.write("f" * 32, b"no row names it, yet")
    with house.store.reading() as connection:
        assert blobs.orphans(connection, house.folder) == []
