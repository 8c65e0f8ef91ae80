"""The Korean driver's licence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from idqc.synth.assets import Assets
from idqc.synth.card import Card, TextStyle
from idqc.synth.mock.draws import between, chance, pick, weighted
from idqc.synth.mock.ground import band
from idqc.synth.mock.korean import ID1_RADIUS_MM, break_lines, print_issued, print_portrait, start_sheet
from idqc.synth.mock.paint import fit, text_width
from idqc.synth.mock.portrait import PortraitStyle, draw_portrait_style, paste
from idqc.synth.mock.sheet import Sheet, without_marks
from idqc.synth.mock.values_korean import (
    KOREAN_DATE_STYLES,
    LICENCE_CLASSES,
    KoreanPerson,
    address_words,
    korean_date,
    korean_person,
    licence_dates,
    licence_number,
    licence_serial,
    police_issuer,
    resident_number,
)


def draw_licence(rng: np.random.Generator, layout_id: str, split: str, assets: Assets, expired: bool = False) -> Card:
    """A driver's licence, front."""
    sheet = start_sheet(rng, "kr_driver", layout_id, split, assets)
    layout, palette, width, height = sheet.layout, sheet.palette, sheet.width, sheet.height
    person = korean_person(rng)
    on_left = chance(layout, 0.82)
    issued, first, last = licence_dates(rng, person, expired)
    margin = between(layout, 0.035, 0.06) * width
    title_style = sheet.style(
        sheet.title_font, between(layout, 3.6, 4.8), palette.title, pick(layout, (0.0, 0.03, 0.1))
    )
    title_top = between(layout, 0.045, 0.075) * height
    if chance(layout, 0.4):
        band(sheet.bgr, 0, round(title_top + title_style.size_px * 1.25), palette.band, between(layout, 0.2, 0.5))
    english = weighted(layout, (("(Driver's License)", 0.6), ("Driver's License", 0.2), ("", 0.2)))
    title = pick(layout, ("자동차운전면허증", "자동차운전면허증", "운전면허증", "자동차 운전면허증"))
    title_x = pick(layout, (margin, width * 0.3, width * 0.2))
    quad = sheet.print_field("title", title, title_x, title_top, title_style, width * 0.42)
    if english:
        small = sheet.style(sheet.title_font, between(layout, 2.3, 3.0), palette.title)
        english = without_marks(english, small)
        small = fit(english, small, width - margin - float(quad[1, 0]) - 24, 0.4)
        sheet.print_line(
            english, float(quad[1, 0]) + 18, title_top + (title_style.size_px - small.size_px) * 0.84, small
        )
    top = float(quad[2, 1]) + between(layout, 0.035, 0.055) * height
    foot = between(layout, 0.785, 0.81) * height
    side = between(layout, 0.235, 0.285) * width
    tall = min(side * between(layout, 1.22, 1.34), foot - top - (0 if on_left else 52))
    serial_style = sheet.style(sheet.value_font, between(layout, 2.1, 2.7), palette.ink)
    portrait_style = draw_portrait_style(layout, palette.band)
    left = margin if on_left else width - margin - side
    class_style = sheet.style(
        sheet.value_font, between(layout, 3.0, 4.0), pick(layout, (palette.ink, palette.title, (40, 40, 170)))
    )
    class_over = on_left and chance(layout, 0.45)
    p_top = top + class_style.size_px * 1.25 if class_over else top
    tall = min(tall, foot - p_top - (0 if on_left else serial_style.size_px * 1.4))
    print_portrait(sheet, (left, p_top, left + side, p_top + tall), portrait_style)
    licence = weighted(rng, LICENCE_CLASSES)
    if class_over:
        sheet.print_field("license_class", licence, left, top, class_style, side)
    x0, x1 = (left + side + 0.03 * width, width - margin) if on_left else (margin, left - 0.03 * width)
    serial = licence_serial(rng)
    ghost_left, ghost_top = x1, foot
    if on_left:
        ghost_w = between(layout, 0.1, 0.13) * width
        ghost_h = ghost_w * 1.25
        ghost_left, ghost_top = x1 - ghost_w, foot - ghost_h - serial_style.size_px * 1.35
        small_style = PortraitStyle(
            portrait_style.backdrop,
            portrait_style.process,
            "square",
            None,
            portrait_style.eye_share,
            portrait_style.eye_height,
        )
        paste(rng, sheet.bgr, sheet.face, small_style, (ghost_left, ghost_top, x1, ghost_top + ghost_h), palette.ink)
        sheet.print_field(
            "serial", serial, ghost_left - 10, ghost_top + ghost_h + 5, serial_style, ghost_w + 10, "centre"
        )
    else:
        sheet.print_field("serial", serial, left, p_top + tall + 6, serial_style, side, "centre")
    column = Column(sheet, x0, x1, ghost_left - 0.02 * width, ghost_top - 8)
    period = f"{first:%Y.%m.%d} ~ {last:%Y.%m.%d}"
    _body(column, person, None if class_over else licence, class_style, licence_number(rng, issued), period, top, foot)
    date_text = korean_date(issued, pick(layout, KOREAN_DATE_STYLES))
    print_issued(
        sheet,
        date_text,
        police_issuer(rng),
        x0 if chance(layout, 0.4) else margin,
        width - margin,
        foot + 8,
        height * 0.95,
    )
    return sheet.card("kr_driver", ID1_RADIUS_MM)


@dataclass(frozen=True)
class Column:
    """Where the text of a licence may stand: from x0 to x1, only to `narrow_x1` below `narrow_top` (small portrait)."""

    sheet: Sheet
    x0: float
    x1: float
    narrow_x1: float
    narrow_top: float

    def room(self, bottom: float) -> float:
        """The width of a line that reaches down to `bottom`."""
        return (self.x1 if bottom < self.narrow_top else self.narrow_x1) - self.x0


def _body(
    column: Column,
    person: KoreanPerson,
    licence: str | None,
    class_style: TextStyle,
    number: str,
    period: str,
    top: float,
    bottom: float,
) -> None:
    """Class, number, name, resident number, address, renewal period and conditions, spread from `top` to `bottom`."""
    sheet, rng, layout, ink = column.sheet, column.sheet.rng, column.sheet.layout, column.sheet.palette.ink
    captions = chance(layout, 0.35)
    number_style = sheet.style(
        sheet.value_font, between(layout, 3.2, 4.2), pick(layout, (ink, ink, sheet.palette.title))
    )
    name_style = sheet.style(sheet.value_font, between(layout, 3.0, 4.0), ink, pick(layout, (0.0, 0.1)))
    id_style = sheet.style(sheet.value_font, between(layout, 2.8, 3.5), ink)
    address_style = sheet.style(sheet.value_font, between(layout, 2.2, 2.7), ink)
    period_style = sheet.style(sheet.value_font, between(layout, 2.2, 2.7), ink)
    caption_style = sheet.style(sheet.caption_font, between(layout, 1.6, 1.9), sheet.palette.caption)
    together = licence is not None and chance(layout, 0.6)
    lines, address_style = break_lines(
        address_words(rng), address_style, column.narrow_x1 - column.x0 - (90 if captions else 0)
    )
    leading = address_style.size_px * between(layout, 1.12, 1.25)
    heights = [number_style.size_px, name_style.size_px, id_style.size_px, leading * len(lines), period_style.size_px]
    heights += [caption_style.size_px * 1.1]
    if licence is not None and not together:
        heights.insert(0, class_style.size_px)
    gap = min(max((bottom - top - sum(heights)) / (len(heights) - 1), 2.0), 22.0)
    y = top

    def label(text: str, size: float) -> float:
        """Sets a caption on this line; returns its width with the gap behind it."""
        if not captions:
            return 0.0
        sheet.print_line(text, column.x0, y + (size - caption_style.size_px) * 0.84, caption_style)
        return text_width(text, caption_style) + 12

    if licence is not None and not together:
        sheet.print_field("license_class", licence, column.x0, y, class_style, column.room(y + class_style.size_px))
        y += class_style.size_px + gap
    room = column.room(y + number_style.size_px)
    indent = 0.0
    if licence is not None and together:
        quad = sheet.print_field("license_class", licence, column.x0, y, class_style, room * 0.4)
        indent = float(quad[1, 0]) - column.x0 + 24
    sheet.print_field("document_number", number, column.x0 + indent, y, number_style, room - indent)
    y += max(number_style.size_px, class_style.size_px if indent else 0) + gap
    indent = label("성명", name_style.size_px)
    sheet.print_field(
        "name", person.name, column.x0 + indent, y, name_style, column.room(y + name_style.size_px) - indent
    )
    y += name_style.size_px + gap
    indent = label("주민번호", id_style.size_px)
    number_room = column.room(y + id_style.size_px) - indent
    sheet.print_field("id_number", resident_number(rng, person), column.x0 + indent, y, id_style, number_room)
    y += id_style.size_px + gap
    indent = label("주소", address_style.size_px)
    sheet.print_lines("address", lines, column.x0 + indent, y, address_style, leading)
    y += leading * len(lines) + gap
    word = pick(layout, ("적성검사기간", "갱신기간", "갱신기간", "적성검사"))
    sheet.print_line(word, column.x0, y + (period_style.size_px - caption_style.size_px) * 0.84, caption_style)
    indent = text_width(word, caption_style) + 14
    sheet.print_field("expiry_date", period, column.x0 + indent, y, period_style, column.narrow_x1 - column.x0 - indent)
    y += period_style.size_px + gap
    condition = pick(rng, ("", "A", "A (자동변속기)", "B", "E"))
    sheet.print_line(f"조  건 : {condition}", column.x0, y, caption_style)
