"""A print or photocopy of the card on paper, cut out or with a white border."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from idqc.inspection import Points
from idqc.photo.geometry import rectangle
from idqc.synth.assets import Assets, kinds
from idqc.synth.card import Card, FlatObject
from idqc.synth.forge.fold import crumpled
from idqc.synth.forge.halftone import (
    blue_noise,
    clustered_dots,
    diffused_dots,
    inked,
    separated,
    stochastic_dots,
)
from idqc.synth.forge.original import degraded, gaussian, rounded_mask
from idqc.synth.mock.draws import between, chance, pick

PRINTERS = 40
TEXELS = 4_200_000
MM_PER_INCH = 25.4
ANGLES = ((15, 75, 0, 45), (75, 15, 90, 45), (18, 72, 0, 45), (30, 60, 0, 45), (45, 0, 90, 63))


@dataclass(frozen=True)
class Printer:
    """A kind of printer: family, resolution, screen, inks."""

    id: str
    family: str
    per_mm: float
    cells_per_mm: float
    angles: tuple[int, ...]
    line: bool
    inks_bgr: np.ndarray
    black_share: float
    spread: float
    pass_mm: float


def printer_kind(printer_id: str) -> Printer:
    """The same printer for the same id, always."""
    number = int(printer_id[1:])
    rng = np.random.default_rng([37, number])
    family = ("laser", "inkjet", "photo", "laser", "diffusion")[number % 5]
    inks = np.array([[0.86, 0.62, 0.05], [0.55, 0.12, 0.88], [0.08, 0.92, 0.97], [0.09, 0.09, 0.09]], np.float32)
    inks = np.clip(inks + rng.normal(0, 0.05, inks.shape), 0.02, 1.0)
    dpi = {
        "laser": 600,
        "inkjet": pick(rng, (300, 360, 600)),
        "photo": pick(rng, (600, 720)),
        "diffusion": pick(rng, (240, 300, 360)),
    }
    return Printer(
        printer_id,
        family,
        per_mm=dpi[family] / MM_PER_INCH,
        cells_per_mm=between(rng, 75, 175) / MM_PER_INCH,
        angles=pick(rng, ANGLES),
        line=chance(rng, 0.3),
        inks_bgr=inks.astype(np.float32),
        black_share=between(rng, 0.3, 1.0),
        spread=between(rng, -0.2, 0.9),
        pass_mm=between(rng, 1.5, 12.0),
    )


def colour_print(rng: np.random.Generator, card: Card, split: str, assets: Assets) -> FlatObject:
    """The card printed in colour by a printer of the split. At most about 4.2 million texels."""
    kind = printer_kind(pick(rng, kinds("P", PRINTERS, split)))
    margins_mm, cut = _margins(rng, 14.0)
    scale = between(rng, 0.93, 1.06) if chance(rng, 0.4) else 1.0
    across = card.size_mm[0] * scale + margins_mm[0] + margins_mm[2]
    down = card.size_mm[1] * scale + margins_mm[1] + margins_mm[3]
    per_mm = min(kind.per_mm, (TEXELS / (across * down)) ** 0.5)
    if kind.family == "laser":
        per_mm = min((TEXELS / (across * down)) ** 0.5, 34.0)

    art = degraded(rng, card.bgr, between(rng, 0.1, 0.8))
    art = _compressed_gamut(rng, art)
    light = _paper_white(rng)
    planes = separated(art, kind.black_share, kind.spread)
    width, height = round(card.size_mm[0] * scale * per_mm), round(card.size_mm[1] * scale * per_mm)
    dots = []
    for number, separation in enumerate(planes):
        plane: np.ndarray = separation
        offset = rng.normal(0, 0.04, 2) * per_mm if chance(rng, 0.5) else np.zeros(2)
        ratio = np.array([[plane.shape[1] / width, 0, offset[0]], [0, plane.shape[0] / height, offset[1]]], np.float32)
        way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        plane = cv2.warpAffine(plane, ratio, (width, height), flags=way, borderMode=cv2.BORDER_REPLICATE)
        if kind.family == "laser":
            phase = (float(rng.uniform(0, 7)), float(rng.uniform(0, 7)))
            angle = kind.angles[number] + between(rng, -1, 1)
            dots.append(clustered_dots(plane, kind.cells_per_mm / per_mm, angle, phase, kind.line))
        elif kind.family == "diffusion":
            dots.append(diffused_dots(plane))
        else:
            shift = (int(rng.integers(128)), int(rng.integers(128)))
            dots.append(stochastic_dots(plane, blue_noise(int(kind.id[1:]) * 4 + number), shift))
    bgr: np.ndarray = inked(dots, kind.inks_bgr, light)
    if kind.family != "laser" or chance(rng, 0.5):
        bgr = cv2.GaussianBlur(bgr, (3, 3), between(rng, 0.4, 0.9))
    if kind.family == "photo":
        # Light inks and fine drops: the same structure, much fainter.
        faint = between(rng, 0.3, 0.8)
        bgr = cv2.addWeighted(bgr, faint, cv2.blur(bgr, (5, 5)), 1 - faint, 0)
    if kind.family in ("inkjet", "diffusion") or chance(rng, 0.15):
        bgr = _banded(rng, bgr, kind.pass_mm * per_mm)
    sheet, quad, opaque = _on_sheet(rng, bgr, card, margins_mm, cut, per_mm, light, scale)
    glossy = kind.family == "photo" and chance(rng, 0.7)
    gloss = between(rng, 0.3, 0.9) if glossy else between(rng, 0.0, 0.25)
    if not glossy:
        sheet = _fibrous(rng, sheet, per_mm)
    flat = FlatObject(sheet, opaque, quad, per_mm, gloss, False, card, "print", {"printer": kind.id})
    return crumpled(rng, flat)


def grayscale_copy(rng: np.random.Generator, card: Card, split: str, assets: Assets) -> FlatObject:
    """A black-and-white photocopy or fax of the card on paper. At most about 3 million texels."""
    copier = pick(rng, kinds("G", PRINTERS, split))
    kind = np.random.default_rng([41, int(copier[1:])])
    margins_mm, cut = _margins(rng, 25.0)
    across, down = card.size_mm[0] + margins_mm[0] + margins_mm[2], card.size_mm[1] + margins_mm[1] + margins_mm[3]
    per_mm = min(pick(kind, (300, 400, 600)) / MM_PER_INCH, (TEXELS * 0.55 / (across * down)) ** 0.5)
    width, height = round(card.size_mm[0] * per_mm), round(card.size_mm[1] * per_mm)

    weights = kind.dirichlet([1.2, 4.0, 3.0]).astype(np.float32)
    art = degraded(rng, card.bgr, between(rng, 0.0, 0.9))
    grey = cv2.transform(cv2.resize(art, (width, height), interpolation=cv2.INTER_LINEAR), weights[None])
    middle, contrast = between(rng, 0.4, 0.68), between(rng, 0.9, 3.2)
    ramp = np.linspace(0, 1, 256)
    curve = np.clip((ramp - middle) * contrast + 0.55 + between(rng, -0.05, 0.2), 0, 1) * 255
    grey = cv2.LUT(grey, curve.astype(np.uint8))
    margins = [round(v * per_mm) for v in margins_mm]
    paper_grey = int(between(rng, 228, 255)) if chance(rng, 0.8) else int(between(rng, 150, 228))
    grey = cv2.copyMakeBorder(
        grey, margins[1], margins[3], margins[0], margins[2], cv2.BORDER_CONSTANT, value=paper_grey
    )
    quad = rectangle(width, height) + np.array([margins[0], margins[1]], np.float32)
    if chance(rng, 0.6):
        _edge_shadow(rng, grey, quad, per_mm)
    screen = kind.random()
    if screen < 0.35:
        dots = clustered_dots(
            255 - grey,
            between(kind, 65, 150) / MM_PER_INCH / per_mm,
            between(rng, 40, 50),
            (0.0, 0.0),
            kind.random() < 0.4,
        )
        grey = cv2.addWeighted(grey, 0.25, (1 - dots) * np.uint8(255), 0.75, 0)
    elif screen < 0.5:
        grey = (1 - diffused_dots(255 - grey)) * np.uint8(255)
    if chance(rng, 0.7):
        _speckle(rng, grey)
    if chance(rng, 0.5):
        _streak(rng, grey)
    grey = cv2.GaussianBlur(grey, (3, 3), between(rng, 0.3, 1.0))

    # Toner is not black and paper not white: the copy keeps a slight tint, and never the card's own colours.
    toner = between(rng, 0.03, 0.24) * np.array([between(rng, 0.93, 1.1), 1.0, between(rng, 0.95, 1.05)], np.float32)
    light = _paper_white(rng)
    table = toner + (light - toner) * np.linspace(0, 1, 256, dtype=np.float32)[:, None]
    bgr = cv2.LUT(cv2.merge([grey] * 3), (np.clip(table, 0, 1) * 255).astype(np.uint8)[:, None])
    bgr = _fibrous(rng, bgr, per_mm)
    opaque = np.full(bgr.shape[:2], 255, np.uint8)
    if cut:
        radius = card.corner_radius_mm * per_mm * (rng.random() < 0.6)
        opaque = rounded_mask(bgr.shape[0], bgr.shape[1], radius)
    gloss = between(rng, 0.0, 0.3)
    sheet = np.asarray(bgr, np.uint8)
    flat = FlatObject(sheet, opaque, quad, per_mm, gloss, False, card, "grayscale_copy", {"printer": copier})
    return crumpled(rng, flat)


def _margins(rng: np.random.Generator, most_mm: float) -> tuple[np.ndarray, bool]:
    """Paper left around the picture (left, top, right, bottom) in mm, and whether it was cut out along its edge."""
    choice = rng.random()
    if choice < 0.45:
        return np.zeros(4), True
    if choice < 0.7:
        return rng.uniform(0.2, 3.0, 4), False
    return rng.uniform(3.0, most_mm, 4), False


def _paper_white(rng: np.random.Generator) -> np.ndarray:
    """The colour of blank paper, (3,) float32 BGR 0..1: from yellowish recycled to bluish bright."""
    blue = between(rng, -0.09, 0.03)
    colour = between(rng, 0.84, 0.99) * np.array([1 + blue, 1 + 0.25 * blue, 1.0])
    return np.clip(colour, 0, 1).astype(np.float32)


def _compressed_gamut(rng: np.random.Generator, image_bgr: np.ndarray) -> np.ndarray:
    """Paper shows fewer colours: less saturation, lifted blacks, another tone curve, a colour cast."""
    grey = cv2.cvtColor(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    keep = between(rng, 0.6, 1.15)
    out = cv2.addWeighted(image_bgr, keep, grey, 1 - keep, 0)
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[:, None] ** rng.uniform(0.75, 1.3, 3).astype(np.float32)
    black = between(rng, 0.0, 0.16)
    return cv2.LUT(out, ((black + (1 - black) * ramp) * 255).astype(np.uint8)[:, None])


def _banded(rng: np.random.Generator, bgr: np.ndarray, pass_px: float) -> np.ndarray:
    """Passes of the print head: bands of slightly other density and thin lines between them."""
    upright = chance(rng, 0.6)
    length = bgr.shape[0] if upright else bgr.shape[1]
    number = (np.arange(length) / max(pass_px, 2) + rng.random()).astype(int)
    density = 1 + rng.normal(0, between(rng, 0.0, 0.035), number[-1] + 1)[number]
    seams = np.flatnonzero(np.diff(number))
    density[seams] *= 1 + rng.normal(0, between(rng, 0.01, 0.15), len(seams))
    gain = np.clip(density * 200, 0, 255).astype(np.uint8)
    gain = gain[:, None] if upright else gain[None, :]
    return cv2.multiply(bgr, cv2.merge([np.ascontiguousarray(np.broadcast_to(gain, bgr.shape[:2]))] * 3), scale=1 / 200)


def _fibrous(rng: np.random.Generator, bgr: np.ndarray, per_mm: float) -> np.ndarray:
    """The texture of uncoated paper: fine fibres and slow clouds, a few grey levels strong."""
    height, width = bgr.shape[:2]
    fine = gaussian(rng, (height // 2 + 1, width // 2 + 1), between(rng, 1, 7))
    cloud = gaussian(rng, (height // 24 + 2, width // 24 + 2), between(rng, 0.5, 4))
    grain = cv2.resize(fine, (width, height)) + cv2.resize(cloud, (width, height), interpolation=cv2.INTER_CUBIC)
    return cv2.add(bgr, cv2.merge([grain] * 3), dtype=cv2.CV_8U)


def _on_sheet(
    rng: np.random.Generator,
    bgr: np.ndarray,
    card: Card,
    margins_mm: np.ndarray,
    cut: bool,
    per_mm: float,
    light: np.ndarray,
    scale: float,
) -> tuple[np.ndarray, Points, np.ndarray]:
    """Puts the print on its paper. Returns the sheet, the document's quad on it and what is opaque."""
    height, width = bgr.shape[:2]
    radius = card.corner_radius_mm * scale * per_mm
    paper = (np.clip(light, 0, 1) * 255).tolist()
    if not cut:
        inside = rounded_mask(height, width, radius if rng.random() < 0.7 else 0)
        bgr = np.where(inside[..., None] > 127, bgr, np.array(paper, np.uint8))
        left, top, right, bottom = (round(v * per_mm) for v in margins_mm)
        sheet = cv2.copyMakeBorder(bgr, top, bottom, left, right, cv2.BORDER_CONSTANT, value=paper)
        return (
            sheet,
            rectangle(width, height) + np.array([left, top], np.float32),
            np.full(sheet.shape[:2], 255, np.uint8),
        )
    opaque = rounded_mask(height, width, radius * rng.uniform(0.7, 1.2) if rng.random() < 0.6 else 0)
    if chance(rng, 0.5):
        # Scissors leave no straight line: each side wanders by a fraction of a millimetre.
        wander = per_mm * between(rng, 0.1, 0.8)
        for turn in range(4):
            side = np.rot90(opaque, turn)
            knots = rng.uniform(0, wander, 6).astype(np.float32)[None]
            depth = cv2.resize(knots, (side.shape[1], 1), interpolation=cv2.INTER_LINEAR)[0]
            strip = int(wander) + 2
            side[:strip][np.arange(strip)[:, None] < depth[None]] = 0
    return bgr, rectangle(width, height), opaque


def _edge_shadow(rng: np.random.Generator, grey: np.ndarray, quad: Points, per_mm: float) -> None:
    """The dark line that a card's edge leaves on the copier's glass, on one or two sides. In place."""
    colour = int(between(rng, 0, 140))
    for side in rng.choice(4, int(rng.integers(1, 3)), replace=False):
        a, b = quad[side], quad[(side + 1) % 4]
        thick = max(round(between(rng, 0.15, 1.0) * per_mm), 1)
        cv2.line(grey, tuple(int(v) for v in a), tuple(int(v) for v in b), colour, thick, cv2.LINE_AA)


def _speckle(rng: np.random.Generator, grey: np.ndarray) -> None:
    """Toner where none belongs and gaps where some does. In place."""
    height, width = grey.shape
    for colour in (int(between(rng, 0, 90)), 255):
        count = int(10 ** between(rng, 1.5, 3.7))
        y, x = rng.integers(0, height, count), rng.integers(0, width, count)
        size = int(rng.integers(1, 4))
        for dy in range(size):
            grey[np.minimum(y + dy, height - 1), x] = colour
            grey[y, np.minimum(x + dy, width - 1)] = colour


def _streak(rng: np.random.Generator, grey: np.ndarray) -> None:
    """Dirt on the drum or the glass: thin lines along the paper's way. In place."""
    for _ in range(int(rng.integers(1, 5))):
        x, wide = int(rng.integers(grey.shape[1])), int(rng.integers(1, 4))
        strength = between(rng, 0.1, 0.7)
        lane = grey[:, x : x + wide]
        colour = 30 if chance(rng, 0.7) else 255
        lane[:] = (lane * (1 - strength) + colour * strength).astype(np.uint8)
