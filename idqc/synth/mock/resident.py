"""The Korean resident registration card."""

from __future__ import annotations

import numpy as np

from idqc.synth.assets import Assets
from idqc.synth.card import Card
from idqc.synth.mock.draws import between, chance, pick
from idqc.synth.mock.ground import band
from idqc.synth.mock.korean import ID1_RADIUS_MM, break_lines, print_issued, print_name, print_portrait, start_sheet
from idqc.synth.mock.paint import fit, text_width
from idqc.synth.mock.portrait import draw_portrait_style
from idqc.synth.mock.sheet import Sheet
from idqc.synth.mock.values_korean import (
    KOREAN_DATE_STYLES,
    KoreanPerson,
    address_words,
    korean_date,
    korean_person,
    resident_issue_date,
    resident_issuer,
    resident_number,
)


def draw_resident(rng: np.random.Generator, layout_id: str, split: str, assets: Assets) -> Card:
    """A resident registration card, front."""
    sheet = start_sheet(rng, "kr_resident", layout_id, split, assets)
    layout, palette, width, height = sheet.layout, sheet.palette, sheet.width, sheet.height
    person = korean_person(rng)
    hanja = chance(layout, 0.6)
    captions = chance(layout, 0.22)
    on_right = chance(layout, 0.78)
    side = between(layout, 0.26, 0.315) * width
    tall = min(side * between(layout, 1.2, 1.32), height * 0.56)
    margin = between(layout, 0.045, 0.075) * width
    top = between(layout, 0.13, 0.2) * height
    left = width - margin - side if on_right else margin
    portrait_style = draw_portrait_style(layout, palette.band)
    jitter = rng.normal(0, 4, 2)
    print_portrait(
        sheet, (left + jitter[0], top + jitter[1], left + side + jitter[0], top + tall + jitter[1]), portrait_style
    )
    x0 = margin if on_right else left + side + 0.045 * width
    x1 = left - 0.03 * width if on_right else width - margin
    title = pick(layout, ("주민등록증", "주민등록증", "주민등록증", "주 민 등 록 증"))
    title_style = sheet.style(
        sheet.title_font, between(layout, 4.4, 6.2), palette.title, pick(layout, (0.0, 0.1, 0.25, 0.4))
    )
    title_top = between(layout, 0.055, 0.09) * height
    if chance(layout, 0.25):
        band(sheet.bgr, 0, round(title_top + title_style.size_px * 1.2), palette.band, between(layout, 0.15, 0.4))
    title_quad = sheet.print_field(
        "title", title, x0, title_top, title_style, x1 - x0, pick(layout, ("left", "centre", "centre"))
    )
    y = float(title_quad[2, 1]) + between(layout, 0.012, 0.03) * height
    if chance(layout, 0.25):
        small = fit("RESIDENT REGISTRATION CARD", sheet.style(sheet.caption_font, 1.9, palette.caption), x1 - x0)
        sheet.print_line("RESIDENT REGISTRATION CARD", x0, y, small)
        y += small.size_px * 1.2
    foot = max(between(layout, 0.735, 0.765) * height, top + tall + 18)
    _body(sheet, person, x0, x1, y + 6, foot - 8, captions, hanja)
    issued = korean_date(resident_issue_date(rng, person), pick(layout, KOREAN_DATE_STYLES))
    wide = chance(layout, 0.65)
    print_issued(
        sheet, issued, resident_issuer(rng), x0 if not wide else margin, width - margin, foot + 4, height * 0.945
    )
    return sheet.card("kr_resident", ID1_RADIUS_MM)


def _body(
    sheet: Sheet, person: KoreanPerson, x0: float, x1: float, top: float, bottom: float, captions: bool, hanja: bool
) -> None:
    """Name, resident number and address between the title and the foot."""
    rng, layout, ink = sheet.rng, sheet.layout, sheet.palette.ink
    name_style = sheet.style(sheet.value_font, between(layout, 3.7, 5.0), ink, pick(layout, (0.0, 0.05, 0.15)))
    number_style = sheet.style(sheet.value_font, between(layout, 3.2, 4.1), ink, pick(layout, (0.0, 0.0, 0.04)))
    address_style = sheet.style(sheet.value_font, between(layout, 2.5, 3.2), ink)
    caption_style = sheet.style(sheet.caption_font, 1.8, sheet.palette.caption)
    indent = text_width("주민등록번호", caption_style) + 12 if captions else 0.0
    room = x1 - x0 - indent
    lines, address_style = break_lines(address_words(rng), address_style, room)
    leading = address_style.size_px * between(layout, 1.15, 1.35)
    used = name_style.size_px + number_style.size_px + leading * len(lines)
    gap = max((bottom - top - used) / 3, 4)
    spread = min(gap, between(layout, 0.02, 0.06) * sheet.height)
    y = top + (bottom - top - used - 3 * spread) * between(layout, 0.1, 0.7)
    for label, style, step in (("성명", name_style, 0), ("주민등록번호", number_style, 1), ("주소", address_style, 2)):
        if captions:
            sheet.print_line(label, x0, y + (style.size_px - caption_style.size_px) * 0.8, caption_style)
        if step == 0:
            print_name(sheet, person, x0 + indent, y, style, room, hanja)
        elif step == 1:
            sheet.print_field("id_number", resident_number(rng, person), x0 + indent, y, style, room)
        else:
            sheet.print_lines("address", lines, x0 + indent, y, style, leading)
        y += style.size_px + spread
