"""Passport data pages (TD3) with a machine-readable zone whose check digits are right."""

from __future__ import annotations

from datetime import date

import numpy as np

from idqc.synth.assets import Assets, Font
from idqc.synth.card import PX_PER_MM, Card, TextStyle
from idqc.synth.mock import ornament
from idqc.synth.mock.captions import caption
from idqc.synth.mock.draws import between, chance, digits, pick, weighted
from idqc.synth.mock.latin import draw_grid_style, order_fields, person_values, print_grid
from idqc.synth.mock.mrz import LINE_LENGTH, td3
from idqc.synth.mock.nations import Nation
from idqc.synth.mock.paint import fit, font_of, text_width
from idqc.synth.mock.portrait import PortraitStyle, draw_portrait_style, paste
from idqc.synth.mock.sheet import Sheet, choose_font, without_marks
from idqc.synth.mock.values_korean import korean_person
from idqc.synth.mock.values_latin import (
    LatinPerson,
    document_number,
    latin_person,
    personal_number,
    validity,
)

PAGE_MM = (125.0, 88.0)
PAGE_RADIUS_MM = 3.0
MRZ_PITCH_MM = 2.54
"""Ten characters an inch, Doc 9303 part 3."""

KOREA = Nation(
    "KOR", ("REPUBLIC OF KOREA",), ("REPUBLIC OF KOREA",), "", "ko", ("SEOUL",), (),
    ("여권 PASSPORT", "PASSPORT", "여권"), ("MINISTRY OF FOREIGN AFFAIRS", "MINISTRY OF FOREIGN AFFAIRS AND TRADE"),
)  # fmt: skip


def draw_passport(rng: np.random.Generator, layout_id: str, split: str, assets: Assets, expired: bool = False) -> Card:
    """A data page, Korean on about two pages in five."""
    korean = chance(rng, 0.42)
    script = "hangul" if korean and chance(rng, 0.6) else "latin"
    sheet = Sheet(rng, "passport", layout_id, split, assets, PAGE_MM, script)
    layout, width, height = sheet.layout, sheet.width, sheet.height
    hangul = choose_font(rng, assets.fonts(split, "hangul"), 0.3) if script == "latin" else sheet.value_font
    if korean:
        citizen = korean_person(rng)
        person = LatinPerson(KOREA, citizen.roman_surname, citizen.roman_given, citizen.sex, citizen.birth, "SEOUL")
    else:
        citizen, person = None, latin_person(rng)
    nation = person.nation
    sheet.print_specimen(("SPECIMEN", "SPECIMEN", "견본 SPECIMEN"), hangul)
    grid = draw_grid_style(layout, (2.6, 3.4))
    issued, expires = validity(rng, person.birth, expired)
    number = document_number(rng, nation.code, passport=True)
    values = person_values(
        person, grid, number, issued, expires, pick(rng, nation.authorities), pick(rng, nation.nationality)
    )
    wanted = ["surname", "given_names", "nationality", "birth_date", "sex", "issue_date", "expiry_date"]
    own_number = ""
    if citizen is not None:
        wanted.append("name")
        values["name"] = citizen.name
        if issued < date(2021, 12, 21):
            own_number = digits(rng, 7)
    elif chance(layout, 0.3):
        own_number = personal_number(rng, person.birth)
    if own_number:
        wanted.append("personal_number")
        values["personal_number"] = own_number
    wanted += ["birth_place"] if citizen is None and chance(layout, 0.6) else []
    wanted += ["issuer"] if chance(layout, 0.8) else []
    mrz = _mrz_lines(rng, person, number, expires, own_number)
    portrait_end = _portraits(sheet)
    head = _header(sheet, nation, hangul, number, max(portrait_end, 0.0))
    language = nation.captions
    captions_of = hangul if citizen is not None else sheet.caption_font
    sheet.caption_font = captions_of
    styles: dict[str, TextStyle] = {}
    if citizen is not None:
        styles["name"] = sheet.style(hangul, grid.value_mm, sheet.palette.ink)
    ordered = order_fields(layout, wanted)
    margin = between(layout, 0.035, 0.05) * width
    x0, x1 = (portrait_end, width - margin) if portrait_end > 0 else (margin, -portrait_end)
    print_grid(sheet, grid, values, ordered, language, (x0, head, x1, height * 0.735), styles)
    _print_mrz(sheet, mrz)
    return sheet.card("passport", PAGE_RADIUS_MM)


def _mrz_country(nation: Nation) -> str:
    """The code on passports: ISO 3166-1 but for Germany, which is D."""
    return "D" if nation.code == "DEU" else nation.code


def _mrz_lines(
    rng: np.random.Generator, person: LatinPerson, number: str, expires: date, own_number: str
) -> tuple[str, str]:
    code = weighted(rng, (("P", 0.75), ("PM" if person.nation.code == "KOR" else "PP", 0.25)))
    country = _mrz_country(person.nation)
    optional = own_number.replace("-", "")[:14]
    if person.nation.code == "KOR" and optional:
        optional += "V" + digits(rng, 6)
    return td3(
        code, country, person.surname, person.given_names, number, country, person.birth, person.sex, expires, optional
    )


def _header(sheet: Sheet, nation: Nation, hangul: Font, number: str, start: float) -> float:
    """Title, country, type, code and number. Returns where the header ends."""
    layout, rng, palette, width = sheet.layout, sheet.rng, sheet.palette, sheet.width
    margin = between(layout, 0.035, 0.06) * width
    top = between(layout, 0.02, 0.05) * sheet.height
    korean = nation.code == "KOR"
    font = hangul if korean else sheet.title_font
    title_style = sheet.style(font, between(layout, 3.0, 4.6), palette.title, pick(layout, (0.0, 0.05, 0.15)))
    country_style = sheet.style(font, between(layout, 2.6, 4.0), palette.title, pick(layout, (0.0, 0.05, 0.1)))
    country = pick(rng, nation.names)
    if korean and chance(layout, 0.6):
        country = "대한민국 " + country
    country = without_marks(country, country_style)
    room = width - 2 * margin
    if chance(layout, 0.6):
        sheet.print_field("title", pick(rng, nation.passport_titles), margin, top, title_style, room * 0.4, "left", 0.4)
        country_style = fit(country, country_style, room * 0.55, 0.3)
        sheet.print_line(
            country, margin + room * 0.43, top + (title_style.size_px - country_style.size_px) * 0.84, country_style
        )
    else:
        country_style = fit(country, country_style, room * 0.55, 0.3)
        sheet.print_line(country, margin, top, country_style)
        sheet.print_field(
            "title",
            pick(rng, nation.passport_titles),
            margin + room * 0.58,
            top,
            title_style,
            room * 0.42,
            "right",
            0.4,
        )
    top += max(title_style.size_px, country_style.size_px) * 1.25
    caption_font = hangul if korean else sheet.caption_font
    small = sheet.style(caption_font, between(layout, 1.5, 1.9), palette.caption)
    value = sheet.style(sheet.value_font, between(layout, 2.8, 3.8), palette.ink, pick(layout, (0.0, 0.05)))
    start = max(margin + room * pick(layout, (0.3, 0.32, 0.36)), start)
    wording = pick(layout, ("native", "english", "both"))
    cells = (
        ("type", "P" if not korean else pick(rng, ("P", "PM")), 0.0),
        ("country", _mrz_country(nation), 0.16),
        ("document_number", number, 0.36),
    )
    room = width - margin - start
    for name, text, at in cells:
        x = start + room * at
        words = without_marks(caption(name, nation.captions, wording), small)
        sheet.print_line(words, x, top, fit(words, small, room * (0.15 if at < 0.3 else 0.6), 0.4))
        place = top + small.size_px * 1.25
        if name == "document_number":
            sheet.print_field(name, text, x, place, value, room * 0.62)
        else:
            sheet.print_line(text, x, place, value)
    return top + small.size_px * 1.25 + value.size_px * 1.25


def _portraits(sheet: Sheet) -> float:
    """The portrait and, on some layouts, its ghost. Returns where text starts, or minus where it ends on the left."""
    layout, rng, width, height = sheet.layout, sheet.rng, sheet.width, sheet.height
    side = between(layout, 0.255, 0.3) * width
    tall = min(side * between(layout, 1.2, 1.34), height * 0.53)
    margin = between(layout, 0.03, 0.055) * width
    top = max(between(layout, 0.14, 0.2) * height, 0)
    top = min(top, height * 0.735 - tall)
    on_left = chance(layout, 0.9)
    if not on_left:
        top = 0.24 * height
        tall = min(tall, height * 0.74 - top)
    left = margin if on_left else width - margin - side
    style = draw_portrait_style(layout, sheet.palette.band)
    jitter = rng.normal(0, 4, 2)
    box = (left + jitter[0], top + jitter[1], left + side + jitter[0], top + tall + jitter[1])
    if chance(layout, 0.4):
        ghost_side = between(layout, 0.13, 0.19) * width
        x = width - margin - ghost_side if on_left else margin
        y = height * between(layout, 0.38, 0.45)
        ghost = PortraitStyle(
            None, pick(layout, ("laser", "tinted", style.process)), "faded", None, style.eye_share, style.eye_height
        )
        strength = between(layout, 0.15, 0.4)
        paste(
            rng,
            sheet.bgr,
            sheet.face,
            ghost,
            (x, y, x + ghost_side, y + ghost_side * 1.28),
            sheet.palette.title,
            strength,
        )
    sheet.portrait_quad, sheet.landmarks = paste(rng, sheet.bgr, sheet.face, style, box, sheet.palette.ink)
    if chance(layout, 0.25):
        area = (left, min(top + tall + 8, height * 0.7), left + side, height * 0.75)
        ornament.signature(rng, sheet.bgr, area, sheet.palette.ink)
    return left + side + 0.03 * width if on_left else -(left - 0.03 * width)


def mrz_font(rng: np.random.Generator, fonts: list[Font]) -> Font:
    """OCR-B on most pages, another monospace font on the rest; the inverted and outlined cuts of OCR-B never."""
    usable = [font for font in fonts if not font.path.endswith(("OCRBE.otf", "OCRBF.otf", "OCRBX.otf"))]
    ocr_b = [font for font in usable if font.family.startswith("OCR B")]
    others = [font for font in usable if font not in ocr_b]
    return pick(rng, ocr_b) if ocr_b and (not others or chance(rng, 0.8)) else choose_font(rng, others, 0.2)


def _print_mrz(sheet: Sheet, lines: tuple[str, str]) -> None:
    """The two lines of the zone at ten characters an inch."""
    rng, layout = sheet.rng, sheet.layout
    font = mrz_font(rng, sheet.assets.fonts(sheet.split, "mrz"))
    colour = pick(rng, ((20, 20, 20), (35, 30, 30), sheet.palette.ink))
    pitch = MRZ_PITCH_MM * PX_PER_MM * between(rng, 0.965, 1.015)
    style = sheet.style(font, between(rng, 3.7, 4.3), colour)
    if text_width("0", style) > pitch * 0.98:
        style = sheet.style(font, style.size_px / PX_PER_MM * pitch * 0.97 / text_width("0", style), colour)
    style = TextStyle(style.font_path, style.font_index, style.size_px, colour, pitch - font_of(style).getlength("0"))
    leading = between(layout, 5.8, 6.6) * PX_PER_MM
    left = (sheet.width - pitch * LINE_LENGTH) * between(layout, 0.35, 0.65)
    top = sheet.height * between(layout, 0.79, 0.815)
    sheet.print_lines("mrz", list(lines), left, top, style, leading)
