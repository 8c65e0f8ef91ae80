"""Every forgery species: what it promises about its picture, quad, keys and labels."""

from __future__ import annotations

from importlib import import_module

import cv2
import numpy as np
import pytest

from idqc.synth.assets import Assets, drawn_face, kinds
from idqc.synth.card import Card, CardField, TextStyle
from idqc.synth.forge import FORGERIES, original
from idqc.synth.forge.desktop import furnish, in_bezel
from idqc.synth.forge.fold import BOW_MM, curled, folded
from idqc.synth.forge.glyphs import CAREFUL, edit_carefully, line_of
from idqc.synth.forge.halftone import clustered_dots, diffused_dots, inked, separated
from idqc.synth.forge.original import gaussian
from idqc.synth.forge.portrait import BLENDED, BLENDED_OF_SPLIT, WAYS, WAYS_OF_SPLIT
from idqc.synth.forge.screen import lattice_tile, screen_kind
from idqc.synth.forge.text import EDITS, edit_kind
from idqc.synth.mock.paint import box_quad, set_line


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets.load(None, None)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textures of a tenth of the usual size: what the tests look at does not need more."""
    monkeypatch.setattr(import_module("idqc.synth.forge.screen"), "TEXELS", 900_000)
    monkeypatch.setattr(import_module("idqc.synth.forge.paper"), "TEXELS", 500_000)


@pytest.fixture(scope="module")
def card(assets: Assets) -> Card:
    rng = np.random.default_rng(3)
    bgr = np.full((756, 1198, 3), (215, 225, 205), np.uint8)
    for y in range(0, 756, 9):
        cv2.line(bgr, (0, y), (1198, y + 40), (190, 205, 225), 1, cv2.LINE_AA)
    face, landmarks = drawn_face(rng, 300, 380)
    bgr[220:600, 60:360] = face
    font = assets.fonts("train", "latin")[0]
    style = TextStyle(font.path, font.index, 34.0, (30, 30, 30), 0.0)
    fields = {}
    texts = {"surname": "SPECIMEN", "birth_date": "1987.04.12", "document_number": "X4182736"}
    for row, (name, text) in enumerate(texts.items()):
        quad = set_line(bgr, text, (420, 280 + 90 * row), style)
        fields[name] = CardField(quad, text, ((quad, text),), style)
    fields["mrz"] = CardField(box_quad(60, 650, 1100, 700), "MRZ<<", ((box_quad(60, 650, 1100, 700), "MRZ<<"),), style)
    portrait = box_quad(60, 220, 360, 600)
    fields["portrait"] = CardField(portrait, "", (), None)
    keys = {"person": "nobody", "layout": "L000", "font": font.family}
    return Card(bgr, "td1", (85.6, 54.0), 3.18, fields, portrait, landmarks + np.float32([60, 220]), keys)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("species", list(FORGERIES))
@pytest.mark.parametrize("split", ["train", "test"])
def test_forgery_keeps_its_promises(species: str, split: str, card: Card, assets: Assets) -> None:
    before = card.bgr.copy()
    flat = FORGERIES[species](np.random.default_rng(5), card, split, assets)
    again = FORGERIES[species](np.random.default_rng(5), card, split, assets)
    assert flat.attack == species
    assert flat.bgr.dtype == np.uint8
    assert flat.bgr.shape[2] == 3
    assert flat.opaque.shape == flat.bgr.shape[:2]
    assert flat.bgr.shape[0] * flat.bgr.shape[1] <= 12_000_000
    np.testing.assert_array_equal(card.bgr, before)
    np.testing.assert_array_equal(flat.bgr, again.bgr)
    assert flat.document_quad.shape == (4, 2)
    assert (flat.document_quad >= 0).all()
    assert (flat.document_quad <= np.float32(flat.opaque.shape[::-1])).all()
    assert flat.emissive == (species == "screen")
    assert set(flat.keys) & {"screen", "printer", "edit"}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("species", "key"), [("screen", "screen"), ("print", "printer"), ("text_tamper", "edit")])
def test_kinds_of_splits_are_disjoint(species: str, key: str, card: Card, assets: Assets) -> None:
    count = 3 if species != "text_tamper" else 12
    found = {
        split: {FORGERIES[species](np.random.default_rng(seed), card, split, assets).keys[key] for seed in range(count)}
        for split in ("train", "test")
    }
    assert not {kind.split(".")[0] for kind in found["train"]} & {kind.split(".")[0] for kind in found["test"]}


def test_careful_edits_change_one_place_and_some_are_kept_for_the_test(card: Card, assets: Assets) -> None:
    ways: dict[str, set[str]] = {"train": set(), "test": set()}
    for split in ways:
        for number in range(30, 60):
            edit = edit_kind(f"T{number}", split)
            if edit.id in kinds("T", EDITS, split):
                ways[split].add(edit.erasure)
    assert ways["train"] < ways["test"] == set(CAREFUL)
    field = card.fields["birth_date"]
    assert field.style is not None
    line = line_of(field.quad_xy, field.text, field.style)
    for way in CAREFUL:
        for seed in range(3):
            bgr = card.bgr.copy()
            found = edit_carefully(np.random.default_rng(seed), bgr, line, way, card.fields)
            assert found is not None
            text, quad = found
            differ = sum(a != b for a, b in zip(text, field.text, strict=True))
            assert differ == (2 if way == "slid" else 1)
            rows, columns = np.nonzero((bgr != card.bgr).any(axis=2))
            assert len(rows) > 20
            assert rows.min() > field.quad_xy[0, 1] - 15
            assert rows.max() < field.quad_xy[2, 1] + 15
            assert columns.max() < quad[1, 0] + 15


def test_portrait_edits_are_many_and_some_are_kept_for_the_test() -> None:
    assert len({*WAYS[: WAYS_OF_SPLIT["train"]], *BLENDED[: BLENDED_OF_SPLIT["train"]]}) >= 6
    assert BLENDED_OF_SPLIT["train"] < BLENDED_OF_SPLIT["test"] == len(BLENDED)
    assert not set(kinds("E", 60, "train")) & set(kinds("E", 60, "test"))


def test_a_curled_sheet_takes_its_fields_along(card: Card) -> None:
    flat = original(np.random.default_rng(0), card)
    for seed in range(4):
        bent = curled(np.random.default_rng(seed), flat)
        x0, y0, x1, y1 = (int(v) for v in (*bent.card.fields["surname"].quad_xy[0], *card.fields["surname"].quad_xy[2]))
        assert cv2.cvtColor(bent.bgr[y0:y1, x0:x1], cv2.COLOR_BGR2GRAY).min() < 90
        moved = bent.card.fields["surname"].quad_xy - card.fields["surname"].quad_xy
        assert 0.5 < np.abs(moved).max() < BOW_MM * flat.px_per_mm
        assert not np.array_equal(folded(np.random.default_rng(seed), flat.bgr, flat.px_per_mm), flat.bgr)


@pytest.mark.parametrize("device", ["phone", "tablet", "laptop", "monitor", "television"])
def test_programs_and_bezels_stand_around_the_picture(device: str) -> None:
    back = np.full((420, 600, 3), 30, np.uint8)
    plain = back.copy()
    furnish(np.random.default_rng(2), back, (100, 100, 500, 350), device)
    assert (back != plain).any()
    assert (back[100:350, 100:500] != plain[100:350, 100:500]).mean() < 0.02
    framed, quad, opaque = in_bezel(np.random.default_rng(1), back, box_quad(100, 100, 500, 350), 8.0, device)
    assert opaque.shape == framed.shape[:2]
    assert opaque[0, 0] == 0
    x, y = (int(v) for v in quad[0])
    np.testing.assert_array_equal(framed[y : y + 250, x : x + 400], back[100:350, 100:500])


def test_text_tamper_changes_what_it_names_and_leaves_the_machine_readable_zone(card: Card, assets: Assets) -> None:
    for seed in range(15):
        flat = FORGERIES["text_tamper"](np.random.default_rng(seed), card, "train", assets)
        tampered = flat.keys["tampered"].split(",")
        assert "mrz" not in tampered
        changed = [name for name, field in flat.card.fields.items() if field.text != card.fields[name].text]
        assert sorted(changed) == tampered
        x0, y0, x1, y1 = (int(v) for v in (*card.fields["mrz"].quad_xy[0], *card.fields["mrz"].quad_xy[2]))
        np.testing.assert_array_equal(flat.bgr[y0:y1, x0:x1], card.bgr[y0:y1, x0:x1])
        for name in tampered:
            assert len(flat.card.fields[name].text) == len(card.fields[name].text)


def test_portrait_tamper_stays_near_the_portrait(card: Card, assets: Assets) -> None:
    for seed in range(6):
        for split in ("train", "test"):
            flat = FORGERIES["portrait_tamper"](np.random.default_rng(seed), card, split, assets)
            changed = np.argwhere((flat.bgr != card.bgr).any(axis=2))
            assert len(changed) > 2000
            assert changed[:, 1].max() < 420
            assert flat.card.face_landmarks is not None


def test_a_card_with_nothing_to_edit_is_refused(card: Card, assets: Assets) -> None:
    bare = Card(**{**vars(card), "fields": {}, "portrait_quad": None})
    for species in ("portrait_tamper", "text_tamper"):
        with pytest.raises(ValueError, match="needs a card"):
            FORGERIES[species](np.random.default_rng(0), bare, "train", assets)


@pytest.mark.usefixtures("small")
def test_grayscale_copy_has_no_colours_of_the_card(card: Card, assets: Assets) -> None:
    for seed in range(6):
        flat = FORGERIES["grayscale_copy"](np.random.default_rng(seed), card, "train", assets)
        small = cv2.resize(flat.bgr, (200, 126), interpolation=cv2.INTER_AREA).astype(np.float32)
        tint = small - small.mean(axis=2, keepdims=True)
        assert tint.reshape(-1, 3).std(axis=0).max() < 6


def test_lattices_differ_and_keep_light() -> None:
    tiles = [lattice_tile(screen_kind(f"S{number:02d}")) for number in range(40)]
    assert len({tile.shape for tile in tiles}) >= 3
    for tile in tiles:
        assert 0.1 < tile.mean() < 1.0
        assert tile.std() > 0.03


@pytest.mark.parametrize("share", [32, 96, 160, 224])
def test_halftones_cover_what_they_were_asked_for(share: int) -> None:
    plane = np.full((300, 300), share, np.uint8)
    for dots in (clustered_dots(plane, 0.13, 15, (0.3, 1.0), False), clustered_dots(plane, 0.13, 75, (0, 0), True)):
        assert dots.mean() == pytest.approx(share / 255, abs=0.06)
    assert diffused_dots(plane).mean() == pytest.approx(share / 255, abs=0.02)


def test_full_inks_are_dark_and_no_ink_is_paper() -> None:
    paper, inks = np.float32([0.9, 0.95, 1.0]), np.full((4, 3), 0.3, np.float32)
    full, none = [np.ones((4, 4), np.uint8)] * 4, [np.zeros((4, 4), np.uint8)] * 4
    assert inked(full, inks, paper).max() < 10
    np.testing.assert_allclose(inked(none, inks, paper)[0, 0], paper * 255, atol=1)
    assert all(plane.max() == 0 for plane in separated(np.full((4, 4, 3), 255, np.uint8), 0.7, 0.2))


def test_original_is_the_card_itself(card: Card) -> None:
    flat = original(np.random.default_rng(0), card)
    assert flat.attack is None
    assert flat.opaque[0, 0] == 0
    assert flat.opaque[300, 0] == 255
    np.testing.assert_array_equal(flat.bgr, card.bgr)


def test_full_size_textures_are_bounded(card: Card, assets: Assets) -> None:
    for forge in FORGERIES.values():
        flat = forge(np.random.default_rng(1), card, "train", assets)
        assert flat.bgr.shape[0] * flat.bgr.shape[1] <= 12_000_000


def test_noise_is_as_strong_in_every_channel() -> None:
    noise = gaussian(np.random.default_rng(0), (80, 90, 3), 6.0)
    assert noise.reshape(-1, 3).std(axis=0) == pytest.approx([6, 6, 6], rel=0.1)
    assert abs(np.corrcoef(noise.reshape(-1, 3).T)[0, 1]) < 0.05
    assert gaussian(np.random.default_rng(0), (80, 90), 6.0).std() == pytest.approx(6, rel=0.1)
