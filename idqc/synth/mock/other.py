"""Cards that are not identity documents: bank, business, student, loyalty and insurance cards, receipts."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from idqc.synth.assets import Assets
from idqc.synth.card import Card, TextStyle
from idqc.synth.mock import ornament
from idqc.synth.mock.draws import between, chance, digits, letters, pick, weighted
from idqc.synth.mock.ground import band
from idqc.synth.mock.korea import ROAD_SYLLABLES
from idqc.synth.mock.korean import ID1_MM, ID1_RADIUS_MM
from idqc.synth.mock.paint import fit, hsv, luma, text_width
from idqc.synth.mock.portrait import draw_portrait_style, paste
from idqc.synth.mock.sheet import Sheet, choose_font, without_marks
from idqc.synth.mock.values_korean import address_words, korean_person
from idqc.synth.mock.values_latin import latin_person

COMPANY_WORDS = (
    "NOVA",
    "HANBIT",
    "ORION",
    "BLUE",
    "DAON",
    "MAPLE",
    "SEORA",
    "ATLAS",
    "PINE",
    "ZENITH",
    "GREEN",
    "LUMA",
    "ARCA",
)
COMPANY_KINDS = (
    "BANK",
    "CARD",
    "MART",
    "CAFE",
    "AIR",
    "CLUB",
    "LIFE",
    "INSURANCE",
    "UNIVERSITY",
    "LAB",
    "TECH",
    "STUDIO",
    "GROUP",
)
JOBS = (
    "대표이사",
    "과장",
    "팀장",
    "Manager",
    "Software Engineer",
    "Director",
    "연구원",
    "디자이너",
    "Sales",
    "Professor",
    "변호사",
)


def draw_unsupported(rng: np.random.Generator, split: str, assets: Assets) -> Card:
    """A card or slip that no bank takes as an identity document; document_type is None and it has no named fields."""
    kind, size, draw, _ = weighted(rng, tuple((kind, kind[3]) for kind in KINDS))
    size = (size[0] * between(rng, 0.98, 1.02), size[1] * between(rng, 0.98, 1.02)) if size != ID1_MM else size
    if kind == "receipt":
        size = (size[0], between(rng, 60, 130))
    script = "hangul" if chance(rng, 0.55) else "latin"
    layout_id = f"L{int(rng.integers(0, 6)):03d}"
    sheet = Sheet(rng, f"other/{kind}", layout_id, split, assets, size, script, fresh_ground=0.25)
    draw(sheet)
    sheet.fields.clear()
    radius = ID1_RADIUS_MM if size == ID1_MM else 0.0
    card = sheet.card(None, radius)
    card.keys["layout"] = kind
    return card


def _plain(sheet: Sheet, dark: float = 0.4) -> None:
    """Replaces the ground by one colour or a gradient, often dark or vivid as on bank cards."""
    rng = sheet.rng
    if chance(rng, 0.25):
        return
    if chance(rng, dark):
        ends = [hsv(float(rng.random()), between(rng, 0.0, 0.9), between(rng, 0.08, 0.75)) for _ in range(2)]
    else:
        ends = [hsv(float(rng.random()), between(rng, 0.0, 0.25), between(rng, 0.88, 1.0)) for _ in range(2)]
    if chance(rng, 0.5):
        ends[1] = ends[0]
    cells = (
        np.asarray([[ends[0], ends[1]], [ends[1], ends[0]]], np.uint8)
        if chance(rng, 0.3)
        else np.asarray([[ends[0], ends[1]]] * 2, np.uint8)
    )
    sheet.bgr = np.asarray(cv2.resize(cells, (sheet.width, sheet.height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _ink(sheet: Sheet) -> tuple[int, int, int]:
    """A colour that can be read on the middle of the card."""
    mean = sheet.bgr[::16, ::16].mean(axis=(0, 1))
    if luma((int(mean[0]), int(mean[1]), int(mean[2]))) < 140:
        return pick(sheet.rng, ((245, 245, 245), (210, 230, 240), (120, 200, 230)))
    return pick(sheet.rng, ((25, 25, 25), (60, 40, 30), (90, 50, 20)))


def _say(
    sheet: Sheet, text: str, x: float, y: float, size_mm: float, room: float | None = None, bold: bool = False
) -> float:
    """Sets a line of free text; returns where the next one can start."""
    font = sheet.title_font if bold else sheet.value_font
    style = sheet.style(font, size_mm, sheet.palette.ink)
    text = without_marks(text, style)
    if text:
        sheet.print_line(text, x, y, fit(text, style, room or sheet.width - x - 30, 0.3))
    return y + style.size_px * 1.3


def _name(sheet: Sheet) -> str:
    if sheet.script == "hangul":
        return korean_person(sheet.rng).name
    person = latin_person(sheet.rng)
    return f"{person.given_names} {person.surname}"


def _company(rng: np.random.Generator) -> str:
    return f"{pick(rng, COMPANY_WORDS)} {pick(rng, COMPANY_KINDS)}"


def _phone(rng: np.random.Generator) -> str:
    return pick(rng, ("010", "02", "031", "+82 10", "+1 555")) + f"-{digits(rng, 4)}-{digits(rng, 4)}"


def _with_ink(sheet: Sheet) -> TextStyle:
    """Takes an ink that suits the ground; returns a small style of it."""
    ink = _ink(sheet)
    sheet.palette = type(sheet.palette)(**{**sheet.palette.__dict__, "ink": ink, "caption": ink, "title": ink})
    return sheet.style(sheet.value_font, 2.0, ink)


def _credit(sheet: Sheet) -> None:
    rng, width, height = sheet.rng, sheet.width, sheet.height
    _plain(sheet, 0.65)
    _with_ink(sheet)
    _say(sheet, _company(rng), width * 0.06, height * 0.08, between(rng, 3, 5), bold=True)
    if chance(rng, 0.8):
        ornament.chip(rng, sheet.bgr, width * 0.09, height * between(rng, 0.28, 0.36), width * 0.13)
    mono = choose_font(rng, sheet.assets.fonts(sheet.split, "mrz")[3:] or [sheet.value_font], 0.3)
    if chance(rng, 0.75):
        number = " ".join(digits(rng, 4) for _ in range(4))
        style = sheet.style(mono, between(rng, 4.4, 6.0), sheet.palette.ink)
        sheet.print_line(number, width * 0.08, height * 0.56, fit(number, style, width * 0.85))
        sheet.print_line(
            f"{int(rng.integers(1, 13)):02d}/{int(rng.integers(26, 33))}",
            width * 0.45,
            height * 0.74,
            sheet.style(mono, 3.2, sheet.palette.ink),
        )
    _say(sheet, _name(sheet).upper(), width * 0.08, height * 0.84, between(rng, 2.8, 3.6), width * 0.55)
    for at in range(2):
        centre = (int(width * (0.83 + 0.06 * at)), int(height * 0.84))
        overlay = sheet.bgr.copy()
        cv2.circle(overlay, centre, int(height * 0.085), hsv(float(rng.random()), 0.8, 0.85), -1, cv2.LINE_AA)
        cv2.addWeighted(overlay, 0.85, sheet.bgr, 0.15, 0, dst=sheet.bgr)


def _business(sheet: Sheet) -> None:
    rng, width, height = sheet.rng, sheet.width, sheet.height
    _plain(sheet, 0.12)
    _with_ink(sheet)
    if chance(rng, 0.7):
        ornament.crest(
            rng,
            sheet.bgr,
            (width * pick(rng, (0.12, 0.85)), height * 0.2),
            height * 0.11,
            hsv(float(rng.random()), 0.8, 0.7),
            1.0,
        )
    x = width * pick(rng, (0.07, 0.07, 0.4))
    y = height * between(rng, 0.28, 0.4)
    y = _say(sheet, _name(sheet), x, y, between(rng, 3.5, 6), bold=True)
    y = _say(sheet, pick(rng, JOBS), x, y, between(rng, 2, 2.8))
    y = max(y + 20, height * 0.62)
    y = _say(sheet, _company(rng), x, y, between(rng, 2.2, 3.2), bold=True)
    for line in (
        f"T {_phone(rng)}",
        f"{letters(rng, 6).lower()}@{letters(rng, 5).lower()}.example",
        " ".join(address_words(rng)[:5]),
    ):
        if y < height * 0.92:
            y = _say(sheet, line, x, y, between(rng, 1.7, 2.3))


def _badge(sheet: Sheet) -> None:
    """A student or staff card, with a portrait."""
    rng, width, height = sheet.rng, sheet.width, sheet.height
    _plain(sheet, 0.15)
    _with_ink(sheet)
    colour = hsv(float(rng.random()), between(rng, 0.4, 0.9), between(rng, 0.3, 0.8))
    if chance(rng, 0.7):
        band(sheet.bgr, 0, round(height * between(rng, 0.16, 0.26)), colour, 1.0)
    if chance(rng, 0.4):
        band(sheet.bgr, round(height * 0.88), height, colour, 0.9)
    school = "".join(pick(rng, ROAD_SYLLABLES) for _ in range(2)) + pick(rng, ("대학교", "고등학교", "도서관"))
    _say(
        sheet,
        school if sheet.script == "hangul" else _company(rng),
        width * 0.05,
        height * 0.05,
        between(rng, 3.5, 5),
        bold=True,
    )
    side = between(rng, 0.22, 0.3) * width
    left = pick(rng, (width * 0.06, width * 0.94 - side))
    box = (left, height * 0.3, left + side, min(height * 0.3 + side * 1.28, height * 0.93))
    sheet.portrait_quad, sheet.landmarks = paste(
        rng, sheet.bgr, sheet.face, draw_portrait_style(rng, colour), box, colour
    )
    x = left + side + 40 if left < width / 2 else width * 0.06
    y = height * between(rng, 0.34, 0.42)
    y = _say(
        sheet,
        pick(rng, ("학생증", "STUDENT ID", "사원증", "STAFF", "회원증", "MEMBER")),
        x,
        y,
        between(rng, 3, 4.5),
        width * 0.4,
        bold=True,
    )
    y = _say(sheet, _name(sheet), x, y + 14, between(rng, 3, 4), width * 0.5)
    y = _say(
        sheet,
        pick(rng, ("컴퓨터공학과", "경영학과", "Dept. of Physics", "간호학과", "School of Law")),
        x,
        y,
        2.6,
        width * 0.5,
    )
    _say(sheet, digits(rng, 8), x, y, 2.8, width * 0.5)
    if chance(rng, 0.5):
        ornament.barcode(rng, sheet.bgr, (x, height * 0.76, x + width * 0.35, height * 0.86))


def _loyalty(sheet: Sheet) -> None:
    rng, width, height = sheet.rng, sheet.width, sheet.height
    _plain(sheet, 0.5)
    _with_ink(sheet)
    ornament.crest(
        rng,
        sheet.bgr,
        (width * between(rng, 0.3, 0.8), height * between(rng, 0.3, 0.6)),
        height * between(rng, 0.15, 0.35),
        sheet.palette.ink,
        between(rng, 0.4, 1),
    )
    _say(sheet, _company(rng), width * 0.07, height * 0.1, between(rng, 4, 7), bold=True)
    _say(
        sheet,
        pick(rng, ("MEMBERSHIP", "POINT CARD", "포인트 카드", "GIFT CARD", "VIP")),
        width * 0.07,
        height * 0.32,
        3,
    )
    ornament.barcode(rng, sheet.bgr, (width * 0.07, height * 0.68, width * between(rng, 0.5, 0.9), height * 0.84))
    _say(sheet, digits(rng, 16), width * 0.07, height * 0.86, 2.6)


def _insurance(sheet: Sheet) -> None:
    rng, width, height = sheet.rng, sheet.width, sheet.height
    _plain(sheet, 0.05)
    _with_ink(sheet)
    _say(sheet, _company(rng), width * 0.05, height * 0.06, between(rng, 3.5, 5), bold=True)
    names = ("Member", "Group #", "Plan", "RxBIN", "Copay", "ID", "Effective", "Deductible", "PCP", "Issuer")
    for column in range(2):
        y = height * 0.28
        for _ in range(5):
            x = width * (0.05 + 0.48 * column)
            value = pick(rng, (digits(rng, 7), letters(rng, 6), f"${digits(rng, 3)}", _name(sheet)))
            y = _say(sheet, f"{pick(rng, names)}  {value}", x, y, between(rng, 2.0, 2.8), width * 0.44)
    if chance(rng, 0.5):
        band(sheet.bgr, round(height * 0.9), height, hsv(float(rng.random()), 0.7, 0.7), 1.0)


def _receipt(sheet: Sheet) -> None:
    rng, width, height = sheet.rng, sheet.width, sheet.height
    sheet.bgr[:] = int(between(rng, 225, 252))
    _with_ink(sheet)
    y = _say(sheet, _company(rng), width * 0.1, height * 0.03, 4.5, bold=True)
    y = _say(
        sheet,
        f"2026-{int(rng.integers(1, 12)):02d}-{int(rng.integers(1, 29)):02d}  {digits(rng, 2)}:{digits(rng, 2)}",
        width * 0.08,
        y,
        2.5,
    )
    while y < height * 0.8:
        style = sheet.style(sheet.value_font, 2.6, sheet.palette.ink)
        price = f"{int(rng.integers(1, 60)) * 500:,}"
        sheet.print_line(price, width * 0.92 - text_width(price, style), y, style)
        item = pick(rng, ("아메리카노", "Latte", "김밥", "Bread", "우유 1L", "Water", "라면", "Notebook"))
        y = _say(sheet, item, width * 0.08, y, 2.6, width * 0.6)
    _say(sheet, f"TOTAL {int(rng.integers(1, 90)) * 1000:,}", width * 0.3, height * 0.86, 4, bold=True)


Kind = tuple[str, tuple[float, float], Callable[[Sheet], None], float]
KINDS: tuple[Kind, ...] = (
    ("credit", ID1_MM, _credit, 0.25),
    ("business", (90.0, 50.0), _business, 0.25),
    ("badge", ID1_MM, _badge, 0.18),
    ("loyalty", ID1_MM, _loyalty, 0.14),
    ("insurance", ID1_MM, _insurance, 0.1),
    ("receipt", (72.0, 110.0), _receipt, 0.08),
)
"""Name, size in millimetres, painter, share."""
