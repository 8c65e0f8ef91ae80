"""What is true about a finished photo: quads in photo pixels, visibility, a severity for everything that is wrong."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.documents import document_types
from idqc.inspection import Points
from idqc.labels import FieldLabel, Label, LabelQuad, LineLabel
from idqc.photo.geometry import area, clip_to_frame, project
from idqc.photo.quad import cut_off_score, cut_off_share, low_resolution_score, px_per_mm, tilt_deg, tilt_score
from idqc.synth.camera.conditions import Conditions, blur_score
from idqc.synth.camera.cover import Stage
from idqc.synth.camera.dress import PORTRAIT_COVER_AT_ONE
from idqc.synth.camera.light import GRID_EDGE, GRID_H, GRID_W, Map, glare_severity, grid_to_photo
from idqc.synth.camera.portrait_print import PORTRAIT_BLUR_AT_ONE, PORTRAIT_BLUR_AT_ZERO
from idqc.synth.card import FlatObject
from idqc.synth.plan import Plan

VISIBLE_UNTIL = 0.4
LEAST_SEVERITY = 0.02
BLUR_PER_HEIGHT_AT_ZERO, BLUR_PER_HEIGHT_AT_ONE = 0.07, 0.25
"""Standard deviation of blur as a share of the text's height: at a quarter no stroke is left."""
TEXT_PX_AT_ZERO, TEXT_PX_AT_ONE = 12.0, 5.0
"""Text height in photo pixels."""
UNREADABLE_FROM = 0.3
"""Below this a field is harder to read but reads; it is not labelled unreadable."""
GLARE_HOLE = 0.5


@dataclass(frozen=True)
class Seen:
    """What the shot measured while it was made. `lost` is the content lost to reflections on the grid of `light`."""

    dark: float
    bright: float
    lost: Map
    blur_mm: float
    portrait_print: float


def label(plan: Plan, flat: FlatObject, stage: Stage, shot: Conditions, seen: Seen, file: str) -> Label:
    """The label of a photo that shows a card."""
    frame = shot.frame
    card = flat.card
    to_photo = frame.matrix
    quad = project(to_photo, stage.document_quad)
    answer = Label(
        file=file, document_type=card.document_type, quad=points_list(quad), split=plan.split, seed=plan.seed
    )
    keys = {**card.keys, **flat.keys}
    answer.person, answer.layout, answer.font = keys.get("person"), keys.get("layout"), keys.get("font")
    answer.screen, answer.printer, answer.edit = keys.get("screen"), keys.get("printer"), keys.get("edit")
    answer.camera, answer.texture = shot.camera, shot.texture.stem if shot.texture is not None else None
    answer.attack = flat.attack
    tampered = set(filter(None, keys.get("tampered", "").split(",")))
    severity: dict[str, float] = {}
    lost_by_field = {name: lost_in_field(seen.lost, flat, item.quad_xy) for name, item in card.fields.items()}
    mandatory = document_types()[card.document_type].mandatory_fields if card.document_type else ()
    for name, item in card.fields.items():
        on_stage = stage.place(item.quad_xy)
        in_photo = project(to_photo, on_stage)
        outside = cut_off_share(in_photo, frame.width_px, frame.height_px)
        hidden = min(stage.hidden_share(on_stage) * (1 - outside) + outside, 1.0)
        answer.fields[name] = FieldLabel(
            quad=points_list(in_photo),
            text=item.text,
            visible=hidden <= VISIBLE_UNTIL,
            lines=[LineLabel(points_list(project(to_photo, stage.place(line))), text) for line, text in item.lines],
            tampered=name in tampered or (name == "portrait" and flat.attack == "portrait_tamper"),
        )
        if name not in mandatory:
            continue
        severity[f"field.{name}.hidden"] = hidden
        if item.lines and hidden <= VISIBLE_UNTIL:
            unreadable = max(
                _unreadable(item.lines[0][0], flat, in_photo, item.quad_xy, seen.blur_mm), lost_by_field[name]
            )
            severity[f"field.{name}.unreadable"] = unreadable if unreadable >= UNREADABLE_FROM else 0.0
    if card.portrait_quad is not None:
        answer.portrait_quad = points_list(project(to_photo, stage.place(card.portrait_quad)))
        if card.document_type:
            hidden = severity.get("field.portrait.hidden", 0.0)
            blurred = seen.blur_mm * flat.px_per_mm / max(_width(stage.place(card.portrait_quad)), 1e-6)
            blurred = (blurred - PORTRAIT_BLUR_AT_ZERO) / (PORTRAIT_BLUR_AT_ONE - PORTRAIT_BLUR_AT_ZERO)
            worst = max(
                seen.portrait_print,
                min(blurred, 1.0),
                lost_by_field.get("portrait", 0.0),
                hidden / PORTRAIT_COVER_AT_ONE,
            )
            missing = float(np.clip((hidden - 0.7) / 0.2, 0, 1))
            severity["portrait.missing"] = missing
            severity["portrait.low_quality"] = min(worst, 1.0) if missing < 0.5 else 0.0
    if card.face_landmarks is not None:
        answer.face_landmarks = points_list(project(to_photo, stage.place(card.face_landmarks)))
    answer.obstacles = [points_list(project(to_photo, thing)) for thing in stage.things]
    answer.glare_quads = _glare_quads(seen.lost, quad, frame.width_px, frame.height_px)
    severity |= {
        "quality.cut_off": cut_off_score(cut_off_share(quad, frame.width_px, frame.height_px)),
        "quality.low_resolution": low_resolution_score(px_per_mm(quad, card.size_mm)),
        "quality.tilt": 0.0
        if frame.scan
        else tilt_score(tilt_deg(quad, card.size_mm, frame.width_px, frame.height_px)),
        "quality.blur": blur_score(seen.blur_mm),
        "quality.dark": seen.dark,
        "quality.bright": seen.bright,
        "quality.glare": glare_score(seen.lost, flat),
        "document.expired": 1.0 if plan.expired else 0.0,
        "document.unsupported": 0.0 if card.document_type else 1.0,
    }
    if flat.attack:
        severity[f"fraud.{flat.attack}"] = 1.0
    answer.severity = {code: round(value, 4) for code, value in severity.items() if value >= LEAST_SEVERITY}
    return answer


def label_without_card(plan: Plan, shot_camera: str, texture: str | None, file: str) -> Label:
    """The label of a plain scene."""
    severity = {"quality.no_document": 1.0}
    return Label(
        file, None, None, severity=severity, split=plan.split, seed=plan.seed, camera=shot_camera, texture=texture
    )


def points_list(points_xy: Points) -> LabelQuad:
    """Points as JSON, to a hundredth of a pixel."""
    return [[round(float(x), 2), round(float(y), 2)] for x, y in points_xy]


def card_to_grid(flat: FlatObject) -> NDArray[np.float64]:
    """The homography from card pixels to the grid of `light`."""
    h, w = flat.card.bgr.shape[:2]
    scale = np.diag([GRID_W / w, GRID_H / h, 1.0])
    scale[:2, 2] = GRID_EDGE
    return scale


def lost_in_field(lost: Map, flat: FlatObject, quad_card: Points) -> float:
    """The worst share of content lost over any stretch of a field as long as 4 of its heights; others as a whole."""
    x, y, w, h = cv2.boundingRect(project(card_to_grid(flat), quad_card))
    part = lost[max(y, 0) : y + max(h, 1), max(x, 0) : x + max(w, 1)]
    if part.size == 0:
        return 0.0
    columns = part.mean(axis=0)
    stretch = int(min(max(4 * h, w * 0.35, 1), len(columns)))
    return float(np.convolve(columns, np.ones(stretch) / stretch, mode="valid").max())


def glare_score(lost: Map, flat: FlatObject) -> float:
    """Severity of quality.glare. Cards of other types count all their fields as mandatory."""
    mandatory = document_types()[flat.card.document_type].mandatory_fields if flat.card.document_type else None
    fields = [item for name, item in flat.card.fields.items() if mandatory is None or name in mandatory]
    worst = max((lost_in_field(lost, flat, item.quad_xy) for item in fields), default=0.0)
    return glare_severity(float(_on_card(lost).mean()), worst)


def _on_card(lost: Map) -> Map:
    return lost[GRID_EDGE : GRID_EDGE + GRID_H, GRID_EDGE : GRID_EDGE + GRID_W]


def _unreadable(line: Points, flat: FlatObject, in_photo: Points, quad_card: Points, blur_mm: float) -> float:
    height_mm = float(np.linalg.norm(line[3] - line[0])) / flat.card.bgr.shape[1] * flat.card.size_mm[0]
    shrink = float(np.sqrt(max(area(in_photo), 1e-6) / max(area(quad_card), 1e-6)))
    blurred = (blur_mm / height_mm - BLUR_PER_HEIGHT_AT_ZERO) / (BLUR_PER_HEIGHT_AT_ONE - BLUR_PER_HEIGHT_AT_ZERO)
    coarse = (TEXT_PX_AT_ZERO - float(np.linalg.norm(line[3] - line[0])) * shrink) / (TEXT_PX_AT_ZERO - TEXT_PX_AT_ONE)
    return float(np.clip(max(blurred, coarse), 0, 1))


def _width(quad: Points) -> float:
    return float(np.linalg.norm(quad[1] - quad[0]))


def _glare_quads(lost: Map, quad: Points, width_px: int, height_px: int) -> list[LabelQuad]:
    """Rotated boxes around the places on the card where a reflection hides content, in photo pixels."""
    holes = np.pad((_on_card(lost) > GLARE_HOLE).astype(np.uint8), GRID_EDGE)
    found = []
    to_photo = grid_to_photo(quad)
    for outline in cv2.findContours(holes, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        if cv2.contourArea(outline) < 0.001 * GRID_W * GRID_H:
            continue
        box = project(to_photo, np.asarray(cv2.boxPoints(cv2.minAreaRect(outline)), np.float32))
        if len(clip_to_frame(box, width_px, height_px)):
            found.append(points_list(box))
    return found
