"""Identity cards of ID-1 size in Latin script, front."""

from __future__ import annotations

import numpy as np

from idqc.synth.assets import Assets
from idqc.synth.card import Card
from idqc.synth.mock import ornament
from idqc.synth.mock.captions import caption
from idqc.synth.mock.draws import between, chance, pick, weighted
from idqc.synth.mock.ground import band
from idqc.synth.mock.korean import ID1_MM, ID1_RADIUS_MM
from idqc.synth.mock.latin import draw_grid_style, order_fields, person_values, print_grid
from idqc.synth.mock.paint import fit, luma, text_width
from idqc.synth.mock.portrait import PortraitStyle, draw_portrait_style, paste
from idqc.synth.mock.sheet import Sheet, without_marks
from idqc.synth.mock.values_latin import (
    document_number,
    latin_person,
    personal_number,
    validity,
)


def draw_identity_card(
    rng: np.random.Generator, layout_id: str, split: str, assets: Assets, expired: bool = False
) -> Card:
    """An identity card or a residence permit, in one of the layouts."""
    sheet = Sheet(rng, "td1", layout_id, split, assets, ID1_MM, "latin")
    layout, palette, width, height = sheet.layout, sheet.palette, sheet.width, sheet.height
    person = latin_person(rng)
    nation = person.nation
    sheet.print_specimen(("SPECIMEN", "SPECIMEN", "MUSTER", "SAMPLE"), sheet.title_font)
    head = _header(sheet, pick(rng, nation.names), pick(rng, nation.card_titles))
    grid = draw_grid_style(layout, (2.3, 3.1))
    issued, expires = validity(rng, person.birth, expired)
    number = document_number(rng, nation.code, passport=False)
    values = person_values(
        person, grid, number, issued, expires, pick(rng, nation.authorities), pick(rng, nation.nationality)
    )
    values["personal_number"] = personal_number(rng, person.birth)
    wanted = ["surname", "given_names", "document_number", "birth_date", "sex", "expiry_date"]
    for name, share in (
        ("nationality", 0.85),
        ("birth_place", 0.55),
        ("personal_number", 0.45),
        ("issue_date", 0.7),
        ("issuer", 0.45),
    ):
        if chance(layout, share):
            wanted.append(name)
    ordered = order_fields(layout, wanted)
    side = between(layout, 0.235, 0.3) * width
    margin = between(layout, 0.03, 0.055) * width
    top = head + between(layout, 0.02, 0.06) * height
    tall = min(side * between(layout, 1.2, 1.34), height * 0.93 - top)
    on_left = chance(layout, 0.8)
    left = margin if on_left else width - margin - side
    style = draw_portrait_style(layout, palette.band)
    jitter = rng.normal(0, 3, 2)
    box = (left + jitter[0], top + jitter[1], left + side + jitter[0], top + tall + jitter[1])
    sheet.portrait_quad, sheet.landmarks = paste(rng, sheet.bgr, sheet.face, style, box, palette.ink)
    x0, x1 = (left + side + 0.035 * width, width - margin) if on_left else (margin, left - 0.03 * width)
    foot = height * 0.955
    below = top + tall + 12
    if foot - below > 44:
        _under_portrait(sheet, nation.captions, (left, below, left + side, foot - 4))
    x1 = _beside(sheet, style, x0, x1, top, foot, on_left)
    big = chance(layout, 0.22)
    y = head + between(layout, 0.01, 0.03) * height
    if big:
        ordered.remove("document_number")
        large = sheet.style(sheet.value_font, between(layout, 3.2, 4.2), pick(layout, (palette.ink, palette.title)))
        sheet.print_field(
            "document_number", values["document_number"], x0, y, large, x1 - x0, pick(layout, ("left", "right"))
        )
        y += large.size_px * 1.35
    print_grid(sheet, grid, values, ordered, nation.captions, (x0, y, x1, foot - 4))
    return sheet.card("td1", ID1_RADIUS_MM)


def _header(sheet: Sheet, country: str, title: str) -> float:
    """Country, title, flag and emblem across the top. Returns where the header ends."""
    layout, rng, palette, width, height = sheet.layout, sheet.rng, sheet.palette, sheet.width, sheet.height
    tall = between(layout, 0.12, 0.17) * height
    colour = palette.title
    kind = weighted(layout, (("bar", 0.35), ("plain", 0.45), ("line", 0.2)))
    if kind == "bar":
        band(sheet.bgr, 0, round(tall), palette.band, between(layout, 0.35, 1.0))
        if luma(tuple(int(v) for v in sheet.bgr[: round(tall)].mean(axis=(0, 1)))) < 125:  # type: ignore[arg-type]
            colour = (250, 250, 250)
    elif kind == "line":
        y = round(tall)
        sheet.bgr[y : y + 3, round(width * 0.03) : round(width * 0.97)] = palette.band
    x = width * between(layout, 0.03, 0.05)
    ornaments = pick(layout, ("flag", "crest", "none", "none"))
    if ornaments == "flag":
        ornament.flag(rng, sheet.bgr, (x, tall * 0.22, x + tall * 0.85, tall * 0.8))
        x += tall * 1.05
    elif ornaments == "crest":
        ornament.crest(layout, sheet.bgr, (x + tall * 0.35, tall * 0.5), tall * 0.35, colour, 1.0)
        x += tall * 0.95
    room = width * 0.96 - x
    country_style = sheet.style(sheet.title_font, between(layout, 2.0, 3.0), colour, pick(layout, (0.0, 0.05, 0.12)))
    title_style = sheet.style(sheet.title_font, between(layout, 2.3, 3.4), colour, pick(layout, (0.0, 0.0, 0.08)))
    country = without_marks(country, country_style)
    arrangement = pick(layout, ("stacked", "stacked", "swapped", "beside", "centred"))
    if arrangement == "beside":
        country_style = fit(country, country_style, room * 0.5, 0.4)
        sheet.print_line(country, x, (tall - country_style.size_px) / 2, country_style)
        used = text_width(country, country_style) + 0.03 * width
        top = (tall - title_style.size_px) / 2
        sheet.print_field("title", title, x + used, top, title_style, room - used, "right", 0.4)
        return tall
    country_style = fit(country, country_style, room, 0.4)
    scale = min(1.0, tall * 0.8 / (country_style.size_px + title_style.size_px) / 1.1)
    country_style = fit(country, sheet.style(sheet.title_font, country_style.size_px * scale / 14, colour), room, 0.4)
    title_style = sheet.style(sheet.title_font, title_style.size_px * scale / 14, colour)
    first, second = tall * 0.1, tall * 0.54
    align = "centre" if arrangement == "centred" else "left"
    country_top, title_top = (second, first) if arrangement == "swapped" else (first, second)
    free = (room - text_width(country, country_style)) / 2 if align == "centre" else 0.0
    sheet.print_line(country, x + free, country_top, country_style)
    sheet.print_field("title", title, x, title_top, title_style, room, align, 0.4)
    return tall


def _under_portrait(sheet: Sheet, language: str, box: tuple[float, float, float, float]) -> None:
    """A signature, a barcode or nothing in the space under the portrait."""
    layout, rng = sheet.layout, sheet.rng
    left, top, right, bottom = box
    kind = weighted(layout, (("signature", 0.55), ("barcode", 0.15), ("none", 0.3)))
    if kind == "signature":
        style = sheet.style(sheet.caption_font, 1.4, sheet.palette.caption)
        words = without_marks(caption("signature", language, pick(layout, ("native", "english", "both"))), style)
        sheet.print_line(words, left, top, fit(words, style, right - left, 0.5))
        ornament.signature(rng, sheet.bgr, (left, top + 24, right, min(bottom, top + 120)), sheet.palette.ink)
    elif kind == "barcode":
        ornament.barcode(rng, sheet.bgr, (left, top, right, min(bottom, top + 56)))


def _beside(sheet: Sheet, style: PortraitStyle, x0: float, x1: float, top: float, foot: float, on_left: bool) -> float:
    """A ghost portrait or a chip at the far edge. Returns the right end that is left for text."""
    layout, rng, width = sheet.layout, sheet.rng, sheet.width
    kind = weighted(layout, (("ghost", 0.4), ("chip", 0.14), ("code", 0.08), ("edge", 0.1), ("none", 0.28)))
    if kind == "ghost":
        side = between(layout, 0.1, 0.15) * width
        y = between(layout, 0.3, 0.95) * (foot - top - side * 1.3) + top
        process = pick(layout, (style.process, "laser", "tinted"))
        ghost = PortraitStyle(
            None, process, pick(layout, ("faded", "square", "oval")), None, style.eye_share, style.eye_height
        )
        paste(
            rng,
            sheet.bgr,
            sheet.face,
            ghost,
            (x1 - side, y, x1, y + side * 1.28),
            sheet.palette.title,
            between(layout, 0.3, 0.8),
        )
        return x1 - (side * (1.06 if chance(layout, 0.7) else 0.0))
    if kind == "chip" and on_left:
        side = 0.13 * width
        ornament.chip(rng, sheet.bgr, x1 - side, top + 0.12 * sheet.height, side)
        return x1 - side * 1.08
    if kind == "code":
        side = between(layout, 0.08, 0.12) * width
        ornament.barcode(rng, sheet.bgr, (x1 - side, foot - side, x1, foot))
        return x1 - side * 1.1
    if kind == "edge":
        small = sheet.style(sheet.caption_font, 1.7, sheet.palette.ink)
        ornament.vertical_print(rng, sheet.bgr, small, width - 40, sheet.height * 0.35)
        return min(x1, width - 56)
    return x1
