"""What documents in Latin script have in common: rows of captioned cells, their order, and who they are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from idqc.synth.card import TextStyle
from idqc.synth.mock.captions import caption
from idqc.synth.mock.draws import between, chance, pick, weighted
from idqc.synth.mock.paint import fit, text_width
from idqc.synth.mock.sheet import Sheet, without_marks
from idqc.synth.mock.values_latin import DATE_STYLES, LatinPerson, latin_date, sex_text, upper

LONG = frozenset({"surname", "given_names", "birth_place", "issuer"})
"""Fields that get a row, or most of one, for themselves."""


@dataclass(frozen=True)
class GridStyle:
    """How a layout sets its cells. `placing` of captions: above, left, or none; `columns` of short fields in a row."""

    placing: str
    wording: str
    columns: int
    capitals: bool
    date_style: str
    sex_style: str
    value_mm: float
    caption_mm: float
    bold_names: bool


def draw_grid_style(layout: np.random.Generator, value_mm: tuple[float, float]) -> GridStyle:
    """The style of a layout."""
    placing = weighted(layout, (("above", 0.62), ("left", 0.22), ("below", 0.08), ("none", 0.08)))
    wording = weighted(
        layout, (("native", 0.25), ("english", 0.2), ("both", 0.35), ("number", 0.06), ("numbered", 0.14))
    )
    return GridStyle(
        placing=placing,
        wording=wording,
        columns=pick(layout, (1, 2, 2, 2, 3)),
        capitals=chance(layout, 0.7),
        date_style=pick(layout, DATE_STYLES),
        sex_style=weighted(layout, (("letter", 0.75), ("double", 0.15), ("word", 0.1))),
        value_mm=between(layout, *value_mm),
        caption_mm=between(layout, 1.35, 1.75),
        bold_names=chance(layout, 0.3),
    )


def person_values(
    person: LatinPerson, grid: GridStyle, number: str, issued: date, expires: date, issuer: str, nationality: str
) -> dict[str, str]:
    """The values as a layout prints them, by field."""
    raw = {
        "surname": person.surname,
        "given_names": person.given_names,
        "nationality": nationality,
        "birth_place": person.birth_place,
        "issuer": issuer,
    }
    values = {name: upper(text) if grid.capitals else text for name, text in raw.items()}
    if not grid.capitals:
        values["birth_place"] = person.birth_place.title() if person.birth_place.isupper() else person.birth_place
    values |= {
        "document_number": number,
        "birth_date": latin_date(person.birth, grid.date_style),
        "issue_date": latin_date(issued, grid.date_style),
        "expiry_date": latin_date(expires, grid.date_style),
        "sex": sex_text(person.sex, grid.sex_style),
    }
    return values


def order_fields(layout: np.random.Generator, names: list[str]) -> list[str]:
    """An order a document could have: names first, the rest mixed; sometimes the number leads."""
    head = [name for name in ("surname", "given_names", "name") if name in names]
    if chance(layout, 0.1):
        head[:2] = head[1::-1]
    rest = [name for name in names if name not in head]
    pairs = [["sex", "nationality"], ["birth_date", "birth_place"], ["issue_date", "expiry_date"]]
    if chance(layout, 0.5):
        pairs = [["nationality"], ["birth_date"], ["sex"], ["birth_place"], ["issue_date"], ["expiry_date"]]
    groups = [[name for name in group if name in rest] for group in pairs]
    known = {name for group in groups for name in group}
    groups += [[name] for name in rest if name not in known]
    if chance(layout, 0.6):
        groups = [groups[at] for at in layout.permutation(len(groups))]
    ordered = [name for group in groups for name in group]
    if "document_number" in ordered and chance(layout, 0.25):
        ordered.remove("document_number")
        return ["document_number", *head, *ordered]
    return head + ordered


def pack(ordered: list[str], columns: int, widen: bool) -> list[list[tuple[str, float]]]:
    """Rows of (field, share of the width): long fields alone, short ones side by side."""
    rows: list[list[tuple[str, float]]] = []
    used = 1.0
    for name in ordered:
        need = 1.0 if name in LONG and not (widen and name in ("issuer", "birth_place")) else 1.0 / columns
        if name in LONG and need < 1.0:
            need = min(2 * need, 0.6)
        if used + need > 1.001:
            rows.append([])
            used = 0.0
        rows[-1].append((name, need))
        used += need
    return rows


def print_grid(
    sheet: Sheet,
    grid: GridStyle,
    values: dict[str, str],
    ordered: list[str],
    language: str,
    box: tuple[float, float, float, float],
    styles: dict[str, TextStyle] | None = None,
) -> float:
    """Sets the fields in rows inside of a box (left, top, right, bottom). Returns where the last row ends.

    `styles` gives a style of its own to a field. Type shrinks until every row fits.
    """
    layout, rng = sheet.layout, sheet.rng
    left, top, right, bottom = box
    columns = (
        grid.columns if grid.placing not in ("left", "none") else min(grid.columns, 1 if right - left < 700 else 2)
    )
    rows = pack(ordered, columns, right - left > 560)
    while (bottom - top) / len(rows) < (62 if grid.placing in ("above", "below") else 46) and columns < 3:
        columns += 1
        rows = pack(ordered, columns, True)
    step = min((bottom - top) / len(rows), between(layout, 6.0, 9.5) * 14)
    has_caption = grid.placing in ("above", "below")
    caption_px = min(grid.caption_mm * 14, step * 0.32)
    value_px = min(grid.value_mm * 14, (step - (caption_px * 1.3 if has_caption else 0)) * 0.8)
    ink, tint = sheet.palette.ink, sheet.palette.caption
    value_style = sheet.style(sheet.value_font, value_px / 14, ink, pick(layout, (0.0, 0.0, 0.03, 0.06)))
    name_style = sheet.style(sheet.title_font, value_px / 14, ink) if grid.bold_names else value_style
    caption_style = sheet.style(sheet.caption_font, caption_px / 14, tint)
    y = top + between(rng, 0, 1) * min(bottom - top - step * len(rows), 14)
    for row in rows:
        x = left
        for name, share in row:
            width = (right - left) * share
            style = name_style if name in ("surname", "given_names") else value_style
            style = (styles or {}).get(name, style)
            _print_cell(
                sheet,
                grid,
                name,
                values[name],
                language,
                (x, y, width - 0.02 * sheet.width, step),
                style,
                caption_style,
            )
            x += width
        y += step
    return y


def _print_cell(
    sheet: Sheet,
    grid: GridStyle,
    name: str,
    value: str,
    language: str,
    cell: tuple[float, float, float, float],
    style: TextStyle,
    caption_style: TextStyle,
) -> None:
    """One caption and its value in a cell (left, top, width, height)."""
    x, y, room, _ = cell
    words = "" if grid.placing == "none" and name != "document_number" else caption(name, language, grid.wording)
    words = without_marks(words, caption_style)
    if grid.placing in ("left", "none") and words:
        label = fit(words, caption_style, room * 0.42, 0.5)
        sheet.print_line(words, x, y + (style.size_px - label.size_px) * 0.84, label)
        indent = min(text_width(words, label), room * 0.5) + 10
        sheet.print_field(name, value, x + indent, y, style, room - indent)
    elif grid.placing == "below" and words:
        sheet.print_field(name, value, x, y, style, room)
        label = fit(words, caption_style, room, 0.5)
        sheet.print_line(words, x, y + style.size_px * 1.14, label)
    else:
        if words:
            label = fit(words, caption_style, room, 0.5)
            sheet.print_line(words, x, y, label)
            y += caption_style.size_px * 1.3
        sheet.print_field(name, value, x, y, style, room)
