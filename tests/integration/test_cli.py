"""The command line over a stub Inspector, and the errors that stop it at the start."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

import idqc.installation
from idqc import cli
from idqc.errors import SetupError
from idqc.store.keys import list_keys


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, stub: Any) -> Callable[..., Any]:
    monkeypatch.setattr(idqc.installation, "open_installation", lambda settings: stub)
    monkeypatch.setenv("COLUMNS", "160")
    return lambda *arguments: CliRunner().invoke(cli.app, list(map(str, arguments)))


@pytest.fixture
def photos(tmp_path: Path, photo: bytes) -> Path:
    folder = tmp_path / "photos"
    (folder / "b").mkdir(parents=True)
    for name in ("b/2.jpg", "a.JPG", "c.jpeg"):
        (folder / name).write_bytes(photo)
    (folder / "notes.txt").write_text("no photo")
    return folder


def test_one_photo_is_told_in_full(run: Callable[..., Any], photos: Path) -> None:
    done = run("inspect", photos / "a.JPG")
    assert done.exit_code == 0
    for told in ("WARN", "quality.glare", "0.62", "711231-*******", "2026.11.1+0123456789ab"):
        assert told in done.stdout


def test_one_bad_photo_is_told_too(run: Callable[..., Any], tmp_path: Path) -> None:
    done = run("inspect", tmp_path / "missing.jpg")
    assert done.exit_code == cli.SOME_WERE_BAD
    assert "file.unreadable" in done.stdout


def test_folders_become_a_table(run: Callable[..., Any], photos: Path) -> None:
    (photos / "bad.png").write_bytes(b"")
    done = run("inspect", photos)
    assert done.exit_code == cli.SOME_WERE_BAD
    assert "photo.empty" in done.stdout
    assert "3 warn, 1 not inspected" in done.stdout


def test_json_lines_stand_in_the_order_of_the_paths(run: Callable[..., Any], photos: Path) -> None:
    done = run("inspect", "--json", photos / "c.jpeg", photos)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(line["path"]).name for line in lines] == ["c.jpeg", "a.JPG", "2.jpg", "c.jpeg"]
    assert {line["verdict"] for line in lines} == {"warn"}


def test_options_reach_the_inspector(run: Callable[..., Any], photos: Path, stub: Any) -> None:
    options = ("--surface", "capture", "--explain", "regions", "--document-type", "td1", "--as-of", "2026-12-01")
    assert run("inspect", *options, photos / "a.JPG").exit_code == 0
    call = stub.calls[0]
    assert (call["surface"], call["explain"], call["document_type"]) == ("capture", "regions", "td1")
    assert call["as_of"].isoformat() == "2026-12-01"


def test_annotated_pictures_keep_files_of_one_name_apart(run: Callable[..., Any], photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "annotated"
    assert run("inspect", "--annotate", out, photos / "a.JPG", photos).exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == ["00000-a.jpg", "00001-a.jpg", "00002-2.jpg", "00003-c.jpg"]
    picture = cv2.imdecode(np.frombuffer((out / "00000-a.jpg").read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (480, 640 + 520, 3)


def test_an_unmeant_error_is_a_line_like_any_other(run: Callable[..., Any], photos: Path, stub: Any) -> None:
    def fail() -> None:
        raise RuntimeError("711231-1234567")

    stub.during = fail
    done = run("inspect", "--json", photos / "a.JPG")
    assert done.exit_code == cli.SOME_WERE_BAD
    assert json.loads(done.stdout)["error"]["code"] == "service.internal"
    assert "711231" not in done.output


@pytest.mark.parametrize("as_json", [False, True])
def test_the_catalogue_comes_with_live_thresholds(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, stub: Any, as_json: bool
) -> None:
    monkeypatch.setattr("idqc.release.load_release", lambda weights, thresholds: stub.release)
    done = run("criteria", *(["--json"] if as_json else []))
    assert done.exit_code == 0
    if as_json:
        line = json.loads(done.stdout.splitlines()[0])
        assert line["thresholds"] == {"reject": 0.9, "reject_warning": 0.4}
        priors = {said["code"]: said["prior"] for said in map(json.loads, done.stdout.splitlines())}
        assert (priors["quality.glare"], priors["quality.tilt"]) == (0.034, None)
    else:
        assert "field.id_number.hidden" in done.stdout
        assert "0.90" in done.stdout
        assert "0.034" in done.stdout
        assert "are chances" in done.stdout


@pytest.mark.parametrize(("host", "mode"), [("127.0.0.1", "demo"), ("localhost", "demo"), ("0.0.0.0", "production")])
def test_serve_starts_the_service(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, stub: Any, tmp_path: Path, host: str, mode: str
) -> None:
    started: list[Any] = []
    monkeypatch.setenv("IDQC_MODE", mode)
    monkeypatch.setenv("IDQC_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("IDQC_MASTER_KEY", "0f" * 32)
    monkeypatch.setattr("api.app.serve", lambda *arguments: started.append(arguments))
    done = run("serve", "--host", host, "--port", "8123")
    assert done.exit_code == 0
    settings, inspector, house, certificate = started[0]
    assert (settings.host, settings.port, inspector, certificate) == (host, 8123, stub, None)
    with house.store.reading() as connection:
        assert len(list_keys(connection)) == (1 if mode == "demo" else 0)
    assert ("API key" in done.stdout) is (mode == "demo")


def test_the_demo_answers_this_machine_only(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDQC_MODE", raising=False)
    done = run("serve", "--host", "0.0.0.0")
    assert isinstance(done.exception, SetupError)
    assert done.exception.code == "setup.demo_host"


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any], tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "idqc.train.quality", None)
    done = run("train", "quality", "--data", tmp_path, "--out", tmp_path)
    assert isinstance(done.exception, SetupError)
    assert "idqc[cpu,train]" in done.exception.hint
    monkeypatch.setitem(sys.modules, "api.app", None)
    assert isinstance(run("serve").exception, SetupError)


def test_long_work_is_handed_over(monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any], tmp_path: Path) -> None:
    calls: dict[str, Any] = {}

    def remember(name: str) -> Callable[..., dict[str, float]]:
        return lambda *arguments, **options: calls.update({name: (arguments, options)}) or {"auc": 0.99}

    class Budget(SimpleNamespace):
        """Stands for one that needs no torch."""

    monkeypatch.setattr(cli, "replace", lambda usual, **asked: asked)
    modules = {
        "idqc.train.quality": SimpleNamespace(train=remember("train")),
        "idqc.train.budgets": SimpleNamespace(BUDGETS={"quality": Budget()}),
        "idqc.train.calibrate": SimpleNamespace(calibrate=remember("calibrate")),
        "idqc.train.evaluate": SimpleNamespace(evaluate=remember("evaluate")),
        "idqc.synth.generator": SimpleNamespace(generate=remember("synth")),
    }
    monkeypatch.setattr(cli, "load", lambda module, extra: modules[module])
    done = run(
        "train", "quality", "--data", "a", "--data", "b", "--out", tmp_path, "--minutes", "2.5", "--threads", "1"
    )
    assert json.loads(done.stdout) == {"auc": 0.99}
    assert calls["train"][0] == ([Path("a"), Path("b")], tmp_path, Path("weights"), {"minutes": 2.5, "threads": 1})
    assert run("calibrate", "--data", "a").exit_code == 0
    assert calls["calibrate"] == (
        (Path("a"), None, Path("thresholds")),
        {"splits": ("calibrate",), "jobs": 1, "limit": None, "scores": None},
    )
    assert run("evaluate", "--data", "a", "--out", "b", "--split", "test", "--limit", "9").exit_code == 0
    assert calls["evaluate"][0] == (Path("a"), Path("b"), ("test",))
    assert run("synth", tmp_path, "--n", "3", "--split", "train").exit_code == 0
    assert calls["synth"][0][:7] == (tmp_path, 3, None, None, 7, 2, "train")
    assert calls["synth"][1]["mix"] is None
    assert run("synth", tmp_path, "--mix", "clean=0.4, flat=1").exit_code == 0
    assert calls["synth"][1]["mix"] == {"clean": 0.4, "flat": 1.0}
    assert run("synth", tmp_path, "--mix", "clean").exit_code == 2


@pytest.mark.parametrize("fails", [False, True])
def test_an_error_on_purpose_is_two_lines_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fails: bool
) -> None:
    def start() -> None:
        if fails:
            raise SetupError("The weights are missing.", "Restore them.", code="setup.weights_missing")

    monkeypatch.setattr(cli, "app", start)
    if not fails:
        cli.main()
        return
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    told = capsys.readouterr().err
    assert told.splitlines() == ["setup.weights_missing: The weights are missing.", "Restore them."]
