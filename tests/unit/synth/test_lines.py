"""Drawn text lines: every character can be drawn, check digits fit, and the same seed draws the same line."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from idqc.formats import check_format
from idqc.mrz import parse_td3
from idqc.synth.assets import Assets
from idqc.synth.line_texts import CHARSET, SYLLABLES, mrz_lines, number, random_date, random_text
from idqc.synth.lines import LINE_HEIGHT_PX, draw_line


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets.load(None, None)


def test_charset_holds_every_syllable_of_ks_x_1001_once() -> None:
    assert len(SYLLABLES) == 2350
    assert SYLLABLES[0] == "가"
    assert SYLLABLES[-1] == "힝"
    assert len(set(CHARSET)) == len(CHARSET)


@pytest.mark.parametrize("script", ["hangul", "latin", "mrz"])
def test_texts_stay_within_the_charset(script: str) -> None:
    rng = np.random.default_rng(3)
    texts = [random_text(rng, script) for _ in range(300)]
    assert set("".join(texts)) <= set(CHARSET)
    assert all(text.strip() for text in texts)


def test_texts_are_what_the_formats_expect() -> None:
    rng = np.random.default_rng(4)
    zones = [zone for _ in range(60) if len(zone := mrz_lines(rng)) == 2]
    parsed = [parse_td3("\n".join(zone)) for zone in zones]
    assert len(parsed) > 20
    assert all(zone is not None and zone.failed == () for zone in parsed)
    dates = [
        check_format("date_period" if "~" in text else "date", text) for text in (random_date(rng) for _ in range(200))
    ]
    assert all(found.ok for found in dates)
    assert all(found.dates[0] >= date(1900, 1, 1) for found in dates)
    assert any(check_format("resident_number", number(rng)).ok for _ in range(50))


def test_a_seed_draws_the_same_line(assets: Assets) -> None:
    first, again = (draw_line(np.random.default_rng(9), assets, "train") for _ in range(2))
    assert first.text == again.text
    assert np.array_equal(first.bgr, again.bgr)


@pytest.mark.parametrize("script", ["hangul", "latin", "mrz"])
@pytest.mark.parametrize("damage", [0.0, 1.0])
def test_lines_have_the_height_and_some_ink(assets: Assets, script: str, damage: float) -> None:
    rng = np.random.default_rng(11)
    for _ in range(8):
        line = draw_line(rng, assets, "test", script, damage)
        assert line.bgr.dtype == np.uint8
        assert line.bgr.shape[0] == LINE_HEIGHT_PX
        assert line.bgr.shape[1] >= 16
        assert line.bgr.std() > 1.0
        assert line.script == script
