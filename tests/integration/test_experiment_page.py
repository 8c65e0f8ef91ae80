"""The experiment's page for leads, and the same page as a file: numbers, plots, both languages, who may see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.pages.experiment_report import experiment_file
from idqc import cli
from idqc.access.accounts import Role
from idqc.catalogue import find
from idqc.experiments.arms import read_experiment
from idqc.settings import Settings
from idqc.store.house import House
from idqc.surfaces.experiment_reading import look_at
from idqc.surfaces.sign_in import create_account
from tests.exposed_customers import expose, fill, simulated, write_experiment

PASSWORD = "four unrelated words"
Visit = Callable[..., Any]


@pytest.fixture
def visit(stub: Any, house: House) -> Iterator[Visit]:
    """Signs in and gets the page: `visit(file, language, role)`."""
    opened: list[TestClient] = []

    def visit(file: Path | None, language: str = "en", role: Role = Role.LEAD) -> Any:
        client = TestClient(
            create_app(Settings(threads=1, experiment=file), stub, house), headers={"Accept": "text/html"}
        )
        opened.append(client)
        name = f"{role.value}-{len(opened)}"
        create_account(house.store, name, role, PASSWORD, actor="test")
        csrf = re.search(r'name="csrf" value="([^"]*)"', client.get("/console").text)
        assert csrf is not None
        client.post("/console/sign-in", data={"csrf": csrf[1], "name": name, "password": PASSWORD})
        return client.get(f"/console/experiment?lang={language}")

    yield visit
    for client in opened:
        client.close()


def plots(html: str) -> list[ElementTree.Element]:
    """The drawings of the page, parsed."""
    found = re.findall(r'<svg class="plot" viewBox.*?</svg>', html, re.DOTALL)
    return [ElementTree.fromstring(one) for one in found]


def numbers(drawing: ElementTree.Element, kind: str) -> list[tuple[float, float]]:
    """The points of one line of a drawing."""
    line = next(one for one in drawing.iter() if one.get("class") == kind)
    return [tuple(map(float, point.split(","))) for point in str(line.get("points")).split()]  # type: ignore[misc]


def test_a_winner_is_shown_with_its_intervals_and_pictures(visit: Visit, house: House, tmp_path: Path) -> None:
    answer = visit(fill(house.store, tmp_path))
    assert answer.status_code == 200
    assert "A wins on customers approved in the end." in answer.text
    for told in (
        "capture-2026-12",
        "A ahead",
        "always-valid interval",
        "rejection after verification",
        "Certain since",
    ):
        assert told in answer.text
    drawn = plots(answer.text)
    assert len(drawn) == 3
    for drawing in drawn:
        assert drawing.get("role") == "img"
        name = drawing.get("aria-labelledby")
        assert f'<figcaption id="{name}">' in answer.text
        line, band = numbers(drawing, "estimate"), numbers(drawing, "band")
        assert len(line) > 50
        assert [x for x, _ in line] == sorted(x for x, _ in line)
        # The estimate runs inside its band, and the band narrows.
        high, low = band[: len(line)], band[len(line) :][::-1]
        assert all(up[1] <= at[1] <= down[1] for up, at, down in zip(high, line, low, strict=True))
        assert low[-1][1] - high[-1][1] < low[0][1] - high[0][1]
        assert any(one.get("class") == "mark" for one in drawing.iter())
    assert "style=" not in answer.text
    assert "<script" not in answer.text


def test_the_page_is_whole_in_korean(visit: Visit, house: House, tmp_path: Path) -> None:
    text = visit(fill(house.store, tmp_path, 1500), "ko").text
    assert "촬영 화면 실험" in text
    assert "최종 승인된 고객" in text
    assert "%p" in text
    for english in ("Experiment on", "approved in the end", "Comparison", "ahead", "percentage"):
        assert english not in text


def test_missing_customers_stop_the_page_too(visit: Visit, house: House, tmp_path: Path) -> None:
    file = write_experiment(tmp_path)
    experiment = read_experiment(file)
    made = simulated(experiment, house.store, 6000)
    expose(house.store, experiment, [one for number, one in enumerate(made) if one.arm != "A" or number % 4])
    text = visit(file).text
    assert "STOP" in text
    assert not plots(text)
    assert "Measures by arm" not in text


def test_an_experiment_without_customers_is_early_and_none_is_told(visit: Visit, tmp_path: Path) -> None:
    empty = visit(write_experiment(tmp_path)).text
    assert "Too early" in empty
    assert not plots(empty)
    assert "No experiment is running." in visit(None).text


@pytest.mark.parametrize(("role", "status"), [(Role.LEAD, 200), (Role.REVIEWER, 403), (Role.OPERATOR, 403)])
def test_the_page_is_for_leads(visit: Visit, role: Role, status: int) -> None:
    assert visit(None, "en", role).status_code == status


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_same_page_goes_into_a_file(
    monkeypatch: pytest.MonkeyPatch, house: House, tmp_path: Path, language: str
) -> None:
    monkeypatch.setenv("IDQC_DATABASE_URL", house.store.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("IDQC_EXPERIMENT", str(fill(house.store, tmp_path, 1500)))
    file = tmp_path / "report.html"
    done = CliRunner().invoke(cli.app, ["experiment", "report", "--html", str(file), "--language", language])
    assert done.exit_code == 0, done.output
    html = file.read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in html
    assert ("최종 승인된 고객" if language == "ko" else "customers approved in the end") in html
    assert len(plots(html)) == 3
    # It stands alone: nothing is loaded, nothing leads back into the console.
    assert not re.search(r'(src|href)="|@import|url\((?!#)|<script', html)
    assert ".plot .band" in html


def test_reasons_of_the_way_through_are_named(house: House, tmp_path: Path) -> None:
    experiment = read_experiment(fill(house.store, tmp_path, 1500))
    ways = (("A", "quality.glare", 12), ("control", "None", 1))
    looked = replace(look_at(house.store, experiment), ways_through=ways)
    html = experiment_file(experiment, looked, "en")
    assert "Why customers took the way through" in html
    assert f'<td data-label="Most frequent problem">{find("quality.glare").meaning["en"]}</td>' in html
    assert "None" not in html
