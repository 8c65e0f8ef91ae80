"""Mock documents: values that hold together, text where the labels say, the same card from the same seed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from idqc.documents import document_types
from idqc.inspection import Points
from idqc.synth.assets import Assets
from idqc.synth.card import Card, TextStyle
from idqc.synth.mock import draw_card, draw_unsupported
from idqc.synth.mock.draws import AS_OF
from idqc.synth.mock.mrz import check_digit, td3, transliterate
from idqc.synth.mock.nations import nations
from idqc.synth.mock.paint import set_line, text_width
from idqc.synth.mock.values_korean import korean_person, licence_dates, resident_number
from idqc.synth.mock.values_latin import document_number, latin_person, validity

LAYOUTS = {"train": "L003", "calibrate": "L020", "test": "L027"}


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets.load(None, None)


def _box(quad: Points) -> tuple[float, float, float, float]:
    return float(quad[0, 0]), float(quad[0, 1]), float(quad[2, 0]), float(quad[2, 1])


def _lines(card: Card) -> list[tuple[str, tuple[float, float, float, float]]]:
    return [(name, _box(quad)) for name, field in card.fields.items() for quad, _ in field.lines]


def test_td3_is_the_example_of_doc_9303() -> None:
    first, second = td3(
        "P", "UTO", "Eriksson", "Anna Maria", "L898902C3", "UTO", date(1974, 8, 12), "F", date(2012, 4, 15), "ZE184226B"
    )
    assert first == "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
    assert second == "L898902C36UTO7408122F1204159ZE184226B<<<<<10"


def test_transliteration_spells_out_accents() -> None:
    assert transliterate("Müller-Ångström") == "MUELLER<AANGSTROEM"
    assert transliterate("O'Brien Łódź") == "OBRIEN<LODZ"
    assert check_digit("520727") == "3"


def test_resident_numbers_never_pass_the_checksum() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        person = korean_person(rng)
        number = resident_number(rng, person)
        assert number[:6] == person.birth.strftime("%y%m%d")
        assert number[6] == "-"
        assert len(number) == 14
        body = number.replace("-", "")
        weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
        right = (11 - sum(int(d) * w for d, w in zip(body[:12], weights, strict=True)) % 11) % 10
        assert int(body[12]) != right


def test_dates_fit_the_day_and_the_person() -> None:
    rng = np.random.default_rng(6)
    for expired in (False, True):
        for _ in range(150):
            person = latin_person(rng)
            issued, ends = validity(rng, person.birth, expired)
            assert person.birth < issued < ends
            assert issued <= AS_OF
            assert (ends < AS_OF) == expired
            citizen = korean_person(rng)
            issued, first, last = licence_dates(rng, citizen, expired)
            assert citizen.birth < issued < last
            assert issued <= AS_OF
            assert first < last
            assert (last < AS_OF) == expired


def test_numbers_fit_the_zone() -> None:
    rng = np.random.default_rng(8)
    for code in ("KOR", "UTO"):
        assert all(8 <= len(document_number(rng, code, passport=True)) <= 9 for _ in range(100))


def test_every_nation_has_names() -> None:
    rng = np.random.default_rng(7)
    for nation in nations():
        person = latin_person(rng, nation)
        assert person.surname
        assert person.given_names


def test_a_line_is_inside_its_quad(assets: Assets) -> None:
    font = assets.fonts("train", "hangul")[0]
    style = TextStyle(font.path, font.index, 40.0, (10, 10, 10), 2.0)
    image = np.full((120, 700, 3), 255, np.uint8)
    left, top, right, bottom = _box(set_line(image, "711231-1234567", (30, 80), style))
    ink = np.argwhere(image.min(axis=2) < 128)
    assert (ink.min(axis=0) >= (top, left)).all()
    assert (ink.max(axis=0) <= (bottom, right)).all()
    assert abs((right - left) - text_width("711231-1234567", style)) < 12


@pytest.mark.parametrize("split", LAYOUTS)
@pytest.mark.parametrize("document_type", ["kr_resident", "kr_driver", "passport", "td1"])
def test_cards_hold_their_fields_apart(assets: Assets, document_type: str, split: str) -> None:
    card = draw_card(np.random.default_rng(21), document_type, LAYOUTS[split], split, assets)
    height, width = card.bgr.shape[:2]
    spec = document_types()[document_type]
    assert card.size_mm == spec.size_mm
    assert set(spec.mandatory_fields) <= set(card.fields)
    assert set(card.fields) <= set(spec.fields) | {"birth_place"}
    assert card.face_landmarks is not None
    assert card.face_landmarks.shape == (5, 2)
    lines = _lines(card)
    for at, (name, box) in enumerate(lines):
        assert 0 <= box[0] < box[2] <= width, name
        assert 0 <= box[1] < box[3] <= height, name
        for other, (left, top, right, bottom) in lines[at + 1 :]:
            across = min(box[2], right) - max(box[0], left)
            down = min(box[3], bottom) - max(box[1], top)
            assert across <= 2 or down <= 2, (name, other)
    for field in card.fields.values():
        assert field.text == "\n".join(text for _, text in field.lines)


def test_mrz_says_what_the_page_says(assets: Assets) -> None:
    for seed in range(4):
        card = draw_card(np.random.default_rng(seed), "passport", "L001", "train", assets)
        first, second = (text for _, text in card.fields["mrz"].lines)
        assert len(first) == len(second) == 44
        assert second[:9].rstrip("<") == card.fields["document_number"].text
        assert second[9] == check_digit(second[:9])
        assert second[43] == check_digit(second[:10] + second[13:20] + second[21:43])
        assert first[5:].startswith(transliterate(card.fields["surname"].text) + "<<")


def test_the_same_seed_draws_the_same_card(assets: Assets) -> None:
    first, second = (draw_card(np.random.default_rng(3), "td1", "L005", "train", assets) for _ in range(2))
    assert np.array_equal(first.bgr, second.bgr)
    assert {name: field.text for name, field in first.fields.items()} == {
        name: field.text for name, field in second.fields.items()
    }


def test_unsupported_cards_have_no_type_and_no_fields(assets: Assets) -> None:
    for seed in range(6):
        card = draw_unsupported(np.random.default_rng(seed), "train", assets)
        assert card.document_type is None
        assert set(card.fields) <= {"portrait"}


def test_another_type_is_refused(assets: Assets) -> None:
    with pytest.raises(ValueError, match="no mock"):
        draw_card(np.random.default_rng(0), "library_card", "L000", "train", assets)
