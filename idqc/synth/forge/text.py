"""One or more printed values changed on the card: characters moved, erased and set again, patched over, spliced in.

The machine-readable zone stays as it was, so that on a passport it contradicts what was changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import cv2
import numpy as np

from idqc.inspection import Points
from idqc.synth.assets import Assets, kinds
from idqc.synth.card import Card, CardField, FlatObject, TextStyle
from idqc.synth.forge.glyphs import CAREFUL, CAREFUL_OF_SPLIT, edit_carefully, line_of
from idqc.synth.forge.original import degraded, gaussian, original
from idqc.synth.mock.draws import between, chance, pick
from idqc.synth.mock.paint import add_grain, around, covers, resized, set_line, text_width

EDITS = 60
CAREFUL_FROM = 30
"""Edits from this number on are those of `glyphs`; earlier ones stay as they were."""
ERASURES = ("inpainted", "flat_patch", "moved", "near_patch", "fluid", "smeared")
"""How old ink goes away. Training knows the first four, calibration five, test all."""
ERASURES_OF_SPLIT = {"train": 4, "calibrate": 5, "test": 6}
UNTOUCHED = frozenset({"title", "mrz", "portrait", "seal"})
SYLLABLES = (
    "김이박최정강조윤장임한오서신권황안송류홍전고문손양배백허남심민준서연지현수영도윤하은우진성훈경미정희동시구로길산천"
)
WIDE_STYLE = 0.5


@dataclass(frozen=True)
class Edit:
    """A forger's habits: what all edits of one kind share."""

    id: str
    erasure: str
    other_font: bool
    whole_line: bool
    size: float
    colour: float
    shift_px: float
    finish: str


def edit_kind(edit_id: str, split: str) -> Edit:
    """The same habits for the same id, always."""
    number = int(edit_id[1:])
    rng = np.random.default_rng([43, number])
    erasure = ERASURES[number % ERASURES_OF_SPLIT[split]]
    if number >= CAREFUL_FROM:
        erasure = CAREFUL[number % CAREFUL_OF_SPLIT[split]]
    return Edit(
        edit_id,
        erasure,
        other_font=chance(rng, 0.55),
        whole_line=chance(rng, 0.5),
        size=between(rng, 0.0, 0.09),
        colour=between(rng, 0.0, 45.0),
        shift_px=between(rng, 0.3, 2.6),
        finish=pick(rng, ("none", "splice", "blur", "noise", "sharpen", "none")),
    )


def text_tamper(rng: np.random.Generator, card: Card, split: str, assets: Assets) -> FlatObject:
    """The card with one to three changed values; `keys["tampered"]` names the fields, joined by commas.

    A card without a printed value raises ValueError.
    """
    edit = edit_kind(pick(rng, kinds("T", EDITS, split)), split)
    candidates = [
        name
        for name, field in card.fields.items()
        if name not in UNTOUCHED and field.style is not None and any(len(text) > 1 for _, text in field.lines)
    ]
    wanted = 1 + int(rng.random() < 0.35) + int(rng.random() < 0.15)
    bgr, fields, tampered = card.bgr.copy(), dict(card.fields), list[str]()
    for name in rng.permutation(candidates):
        if edit.erasure in CAREFUL:
            changed = _carefully_changed(rng, bgr, fields[str(name)], edit.erasure, card)
        else:
            changed = _changed_field(rng, bgr, fields[str(name)], edit, split, assets)
        if changed is not None:
            fields[str(name)] = changed
            tampered.append(str(name))
        if len(tampered) >= wanted:
            break
    if not tampered and candidates and edit.erasure in CAREFUL:
        # Nothing on this card can be borrowed or slid: one character is set anew instead.
        edit = replace(edit, erasure="one_glyph")
        for name in candidates:
            changed = _carefully_changed(rng, bgr, fields[name], edit.erasure, card)
            if changed is not None:
                fields[name] = changed
                tampered.append(name)
                break
    if not tampered:
        raise ValueError("text_tamper needs a card with a printed value")
    flat = original(rng, replace(card, bgr=bgr, fields=fields), "text_tamper", f"{edit.id}.{edit.erasure}")
    return replace(flat, keys={**flat.keys, "tampered": ",".join(sorted(tampered))})


def _changed_field(
    rng: np.random.Generator, bgr: np.ndarray, field: CardField, edit: Edit, split: str, assets: Assets
) -> CardField | None:
    """Changes one line of the field in `bgr`. None when nothing in it can be changed."""
    assert field.style is not None
    at = int(rng.choice([i for i, (_, text) in enumerate(field.lines) if len(text) > 1]))
    quad, text = field.lines[at]
    moved = edit.erasure == "moved"
    new_text = _moved_text(rng, text, field.style) if moved else _new_text(rng, text, field.style)
    if new_text == text:
        return None
    start = line_of(quad, text, field.style).start
    if moved:
        new_quad = _move_characters(rng, bgr, text, new_text, start, field.style, edit, quad)
    else:
        new_quad = _set_again(rng, bgr, text, new_text, start, field.style, edit, quad, split, assets)
    if edit.finish != "none":
        _finish(rng, bgr, around([quad, new_quad]), edit.finish)
    return _with_line(field, at, new_quad, new_text)


def _carefully_changed(
    rng: np.random.Generator, bgr: np.ndarray, field: CardField, way: str, card: Card
) -> CardField | None:
    """Changes one character of one line of the field in `bgr`. None when that cannot be done in this way."""
    assert field.style is not None
    at = int(rng.choice([i for i, (_, text) in enumerate(field.lines) if len(text) > 1]))
    quad, text = field.lines[at]
    known = {name: other for name, other in card.fields.items() if name != "mrz"}
    changed = edit_carefully(rng, bgr, line_of(quad, text, field.style), way, known)
    return None if changed is None else _with_line(field, at, changed[1], changed[0])


def _with_line(field: CardField, at: int, new_quad: Points, new_text: str) -> CardField:
    """The field with another text and quad of one of its lines."""
    text = field.lines[at][1]
    lines = [*field.lines[:at], (new_quad, new_text), *field.lines[at + 1 :]]
    old_texts = [line for _, line in field.lines]
    joined = (
        "\n".join(line for _, line in lines)
        if field.text == "\n".join(old_texts)
        else field.text.replace(text, new_text)
    )
    return replace(field, quad_xy=around([q for q, _ in lines]), text=joined, lines=tuple(lines))


def _new_text(rng: np.random.Generator, text: str, style: TextStyle) -> str:
    """The text with one to three characters exchanged for others of their kind, years first."""
    digits = [i for i, c in enumerate(text) if c.isdigit()]
    years = [m.end() - 1 - k for m in re.finditer(r"(?:19|20)\d\d", text) for k in (0, 1)]
    letters = [i for i, c in enumerate(text) if c.isalpha()]
    places = years if years and chance(rng, 0.7) else digits[len(digits) // 3 :] if digits else letters
    letter_list = list(text)
    for place in rng.permutation(places)[: int(rng.integers(1, 4))]:
        old = text[place]
        if old.isdigit():
            options = "0123456789"
        elif "가" <= old <= "힣":
            options = SYLLABLES
        else:
            options = "ABCDEFGHIKLMNOPRSTUV" if old.isupper() else "abcdefghiklmnoprstuv"
        options = "".join(c for c in options if c != old and covers(style, c))
        letter_list[place] = pick(rng, options) if options else old
    return "".join(letter_list)


def _moved_text(rng: np.random.Generator, text: str, style: TextStyle) -> str:
    """The text with one to three characters exchanged for others that already stand in it and are as wide."""
    widths = [text_width(c, style) for c in text]
    pairs = [
        (i, j)
        for i, a in enumerate(text)
        for j, b in enumerate(text)
        if a != b
        and a.isalnum()
        and b.isalnum()
        and a.isdigit() == b.isdigit()
        and abs(widths[i] - widths[j]) <= WIDE_STYLE + 0.12 * widths[i]
    ]
    new = list(text)
    for i, j in rng.permutation(pairs)[: int(rng.integers(1, 4))] if pairs else []:
        new[i] = text[j]
    return "".join(new)


def _cells(text: str, start_x: float, style: TextStyle) -> list[tuple[int, int]]:
    """The columns (first, behind the last) of each character of a line."""
    spacing = style.spacing_px if abs(style.spacing_px) >= 0.25 else 0.0
    ends = [start_x + text_width(text[: i + 1], replace(style, spacing_px=spacing)) for i in range(len(text))]
    return [(round(a), max(round(b), round(a) + 1)) for a, b in zip([start_x, *ends[:-1]], ends, strict=True)]


def _move_characters(
    rng: np.random.Generator,
    bgr: np.ndarray,
    text: str,
    new_text: str,
    start: tuple[float, float],
    style: TextStyle,
    edit: Edit,
    quad: Points,
) -> Points:
    """Copies the pixels of characters, background and all, over others. Returns the quad of the line."""
    height, width = bgr.shape[:2]
    cells = _cells(text, start[0], style)
    top, bottom = max(int(quad[0, 1]) - 2, 0), min(int(quad[2, 1]) + 3, height)
    source = bgr[top:bottom].copy()
    shift = round(rng.normal(0, edit.shift_px / 2))
    for i, (old, new) in enumerate(zip(text, new_text, strict=True)):
        if old == new:
            continue
        a, b = cells[text.index(new)]
        x = cells[i][0] + (cells[i][1] - cells[i][0] - (b - a)) // 2
        wide = min(b - a, width - a, width - x)
        y = int(np.clip(top + shift, 0, height - (bottom - top)))
        if a >= 0 and x >= 0 and wide > 1:
            bgr[y : y + bottom - top, x : x + wide] = source[:, a : a + wide]
    return quad


def _set_again(
    rng: np.random.Generator,
    bgr: np.ndarray,
    text: str,
    new_text: str,
    start: tuple[float, float],
    style: TextStyle,
    edit: Edit,
    quad: Points,
    split: str,
    assets: Assets,
) -> Points:
    """Erases what changes (or the whole line) and sets the new text, nearly as it was set. Returns the line's quad."""
    cells = _cells(text, start[0], style)
    changed = [i for i, (a, b) in enumerate(zip(text, new_text, strict=True)) if a != b]
    first, last = (0, len(text) - 1) if edit.whole_line else (changed[0], changed[-1])
    x0, x1 = cells[first][0], cells[last][1]
    _erase(rng, bgr, (x0 - 1, int(quad[0, 1]) - 2, x1 + 2, int(quad[2, 1]) + 3), edit.erasure, style)

    part = new_text[first : last + 1]
    blue, green, red = (int(np.clip(c + rng.normal(0, edit.colour), 0, 255)) for c in style.colour_bgr)
    forged = replace(resized(style, 1 + rng.normal(0, edit.size)), colour_bgr=(blue, green, red))
    if edit.other_font:
        script = "hangul" if any("가" <= c <= "힣" for c in part) else pick(rng, ("latin", "hangul"))
        fonts = assets.fonts(split, script)
        if fonts:
            font = pick(rng, fonts)
            other = replace(forged, font_path=font.path, font_index=font.index)
            if covers(other, part):
                # A forger makes the new font as wide as the old one was.
                forged = resized(other, float(np.clip((x1 - x0) / max(text_width(part, other), 1), 0.75, 1.3)))
    at = (x0 + rng.normal(0, edit.shift_px), start[1] + rng.normal(0, edit.shift_px))
    new_quad = set_line(bgr, part, at, forged, opacity=between(rng, 0.8, 1.0), soften=between(rng, 0, 1.0))
    return new_quad if edit.whole_line else around([quad, new_quad])


def _erase(
    rng: np.random.Generator, bgr: np.ndarray, box: tuple[int, int, int, int], erasure: str, style: TextStyle
) -> None:
    """Takes the old ink away inside the box (left, top, right, bottom). In place."""
    height, width = bgr.shape[:2]
    x0, y0, x1, y1 = max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height)
    place = bgr[y0:y1, x0:x1]
    if place.size == 0:
        return
    ink = np.abs(place.astype(np.int16) - np.array(style.colour_bgr, np.int16)).max(axis=2)
    paper = place[ink > 90] if (ink > 90).any() else place.reshape(-1, 3)
    if erasure == "inpainted":
        pad = 12
        top, left = max(y0 - pad, 0), max(x0 - pad, 0)
        around_box = bgr[top : y1 + pad, left : x1 + pad]
        mask = np.zeros(around_box.shape[:2], np.uint8)
        hole = mask[y0 - top : y1 - top, x0 - left : x1 - left]
        hole[:] = (
            255 if chance(rng, 0.5) else cv2.dilate(np.array(ink < 110, np.uint8) * 255, np.ones((3, 3), np.uint8))
        )
        way = cv2.INPAINT_TELEA if chance(rng, 0.5) else cv2.INPAINT_NS
        around_box[:] = cv2.inpaint(around_box, mask, between(rng, 2, 5), way)
    elif erasure == "flat_patch":
        place[:] = np.clip(np.median(paper, axis=0) + rng.normal(0, 6, 3), 0, 255).astype(np.uint8)
    elif erasure == "near_patch":
        rise = (y1 - y0) * int(rng.choice([-2, -1, 1, 2]))
        y = int(np.clip(y0 + rise, 0, height - (y1 - y0)))
        x = int(np.clip(x0 + rng.integers(-20, 21), 0, width - (x1 - x0)))
        patch = bgr[y : y + y1 - y0, x : x + x1 - x0].astype(np.int16) + rng.normal(0, 5, 3).astype(np.int16)
        share = cv2.GaussianBlur(np.pad(np.ones((y1 - y0 - 4, x1 - x0 - 4), np.float32), 2), (0, 0), 1.2)[..., None]
        place[:] = np.clip(place + (patch - place) * share, 0, 255).astype(np.uint8)
    elif erasure == "fluid":
        # Correction fluid: a bright blot with a soft, uneven rim.
        blot = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.rectangle(blot, (2, 2), (x1 - x0 - 3, y1 - y0 - 3), 255, -1)
        share = (cv2.GaussianBlur(blot, (0, 0), between(rng, 0.8, 2.5)).astype(np.float32) / 255)[..., None]
        light = np.clip(np.percentile(paper, 85, axis=0) + between(rng, 0, 15), 0, 255)
        place[:] = (place + (light - place) * share).astype(np.uint8)
    else:
        hard = cv2.medianBlur(np.ascontiguousarray(place), int(rng.choice([9, 15, 21])))
        place[:] = cv2.blur(hard, (int(rng.integers(5, 16)), int(rng.integers(3, 9))))
    if chance(rng, 0.4):
        part = np.ascontiguousarray(place)
        add_grain(rng, part, between(rng, 0.5, 3.5))
        place[:] = part


def _finish(rng: np.random.Generator, bgr: np.ndarray, quad: Points, finish: str) -> None:
    """What the edited area went through and the rest of the card did not. In place."""
    pad = int(rng.integers(1, 10))
    x0, y0 = (int(max(v - pad, 0)) for v in quad.min(axis=0))
    x1, y1 = (int(v + pad) for v in quad.max(axis=0))
    place = bgr[y0:y1, x0:x1]
    part = np.ascontiguousarray(place)
    if part.shape[0] < 8 or part.shape[1] < 8:
        return
    if finish == "splice":
        part = degraded(rng, part, between(rng, 0.4, 1.0))
    elif finish == "blur":
        part = cv2.GaussianBlur(part, (0, 0), between(rng, 0.5, 1.4))
    elif finish == "noise":
        part = cv2.add(part, gaussian(rng, part.shape, between(rng, 2, 9)), dtype=cv2.CV_8U)
    else:
        soft = cv2.GaussianBlur(part, (0, 0), between(rng, 0.8, 2.0))
        part = cv2.addWeighted(part, 1.8, soft, -0.8, 0)
    place[:] = part
