from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from idqc.labels import Label
from idqc.photo.geometry import area, rectangle, rectify
from idqc.synth.assets import Assets
from idqc.synth.camera import shot
from idqc.synth.camera.conditions import Conditions, draw_conditions
from idqc.synth.camera.shot import photograph, photograph_scene
from idqc.synth.card import PX_PER_MM, Card, CardField, FlatObject
from idqc.synth.forge import original
from idqc.synth.plan import Plan

ASSETS = Assets((), (), ())
SIZE_MM = (85.6, 53.98)
NAMES = ("name", "id_number", "address", "issue_date", "issuer")


def make_card() -> Card:
    """A white card whose fields are black bars, so that a test can see where they went."""
    width, height = round(SIZE_MM[0] * PX_PER_MM), round(SIZE_MM[1] * PX_PER_MM)
    bgr = np.full((height, width, 3), 240, np.uint8)
    fields = {}
    for row, name in enumerate(NAMES):
        quad = rectangle(400, 40) + np.asarray([80, 100 + 120 * row], np.float32)
        cv2.rectangle(bgr, quad[0].astype(int).tolist(), (quad[2].astype(int) - 1).tolist(), (20, 20, 20), -1)
        fields[name] = CardField(quad, name, ((quad, name),), None)
    portrait = rectangle(300, 380) + np.asarray([800, 180], np.float32)
    bgr[180:560, 800:1100] = (90, 120, 180)
    fields["portrait"] = CardField(portrait, "", (), None)
    keys = {"person": "p", "layout": "L000", "font": "f"}
    return Card(bgr, "kr_resident", SIZE_MM, 3.0, fields, portrait, portrait[[0, 1, 2, 3, 0]], keys)


def shoot(kind: str = "clean", index: int = 0, **plan: object) -> tuple[np.ndarray, Label]:
    rng = np.random.default_rng([3, index])
    drawn = Plan(3, index, "train", kind, "kr_resident", **plan)  # type: ignore[arg-type]
    jpeg, label = photograph(rng, drawn, original(rng, make_card()), ASSETS, "photos/000000.jpg")
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), label


@pytest.mark.parametrize("index", range(5))
def test_field_quads_lie_on_the_print(index: int) -> None:
    image, label = shoot(index=index)
    assert label.clean, label.severity
    for name in NAMES:
        field = label.fields[name]
        assert field.visible
        flat = rectify(image, np.asarray(field.quad, np.float32), 200, 20).astype(int).mean(axis=2)
        around = rectify(image, grown(np.asarray(field.quad, np.float32), 1.08, 1.8), 216, 36).astype(int).mean(axis=2)
        middle = (around[0].mean() + flat[10].mean()) / 2
        inside = np.concatenate([flat[1], flat[-2], flat[2:-2, 1], flat[2:-2, -2]])
        rim = np.concatenate([around[3], around[-4], around[:, 2], around[:, -3]])
        assert (inside < middle).mean() > 0.9
        assert (rim > middle).mean() > 0.9


def grown(quad: np.ndarray, along: float, across: float) -> np.ndarray:
    centre = quad.mean(axis=0)
    right, down = (quad[1] - quad[0]) / 2 * along, (quad[3] - quad[0]) / 2 * across
    return np.asarray(
        [centre - right - down, centre + right - down, centre + right + down, centre - right + down], np.float32
    )


@pytest.mark.parametrize("code", ["blur", "dark", "bright", "cut_off", "low_resolution", "tilt"])
@pytest.mark.parametrize("wanted", [0.3, 0.8])
def test_a_wanted_defect_comes_out_at_about_its_severity(code: str, wanted: float) -> None:
    _, label = shoot("defect", 5, defects=((f"quality.{code}", wanted),))
    spread = 0.5 if code == "tilt" else 0.25
    assert label.severity[f"quality.{code}"] == pytest.approx(wanted, abs=spread)
    others = {name for name, value in label.severity.items() if name.startswith("quality.") and value > 0.1} - {
        f"quality.{code}"
    }
    # The lens of a coarse photo is soft at its scale.
    assert not others - ({"quality.blur"} if code == "low_resolution" else set())


def test_glare_is_labelled_where_it_hides_print() -> None:
    found = [shoot("defect", index, defects=(("quality.glare", 0.8),))[1] for index in range(4)]
    assert all(label.severity["quality.glare"] > 0.3 for label in found)
    assert any(label.glare_quads for label in found)


def test_hidden_fields_are_not_visible() -> None:
    found = [shoot("defect", index, defects=(("field.hidden", 0.9),))[1] for index in range(4)]
    for label in found:
        hidden = {name: label.severity.get(f"field.{name}.hidden", 0) for name in NAMES}
        assert max(hidden.values()) > 0.4
        assert all(label.fields[name].visible == (share <= 0.4) for name, share in hidden.items())
    assert any(label.obstacles for label in found)


def test_missing_and_spoilt_portraits() -> None:
    assert shoot("defect", 1, defects=(("portrait.missing", 1.0),))[1].severity["portrait.missing"] > 0.5
    assert shoot("defect", 2, defects=(("portrait.low_quality", 0.7),))[1].severity["portrait.low_quality"] > 0.2


def test_recaptures_stay_large_and_sharp() -> None:
    rng = np.random.default_rng(1)
    for index in range(6):
        plan = Plan(3, index, "test", "attack", "kr_resident", True, "screen", (("quality.blur", 0.2),))
        flat = replace(original(rng, make_card()), attack="screen", emissive=True)
        _, label = photograph(rng, plan, flat, ASSETS, "photos/000000.jpg")
        assert label.quad is not None
        assert area(np.asarray(label.quad, np.float32)) / (SIZE_MM[0] * SIZE_MM[1]) > 7.0**2
        assert label.severity.get("quality.blur", 0) <= 0.25
        assert label.severity["fraud.screen"] == 1.0


@pytest.mark.parametrize("orientation", [3, 6])
def test_exif_turn_leaves_labels_upright(orientation: int, monkeypatch: pytest.MonkeyPatch) -> None:
    _force(monkeypatch, exif_orientation=orientation, screenshot=False)
    image, label = shoot(index=1)
    document = rectify(image, np.asarray(label.quad, np.float32), 400, 252)
    portrait = document[70:180, 275:360].reshape(-1, 3).mean(axis=0)
    assert portrait[2] > portrait[0]


def _force(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Sets what `draw_conditions` draws."""

    def drawn(*arguments: object) -> Conditions:
        return replace(draw_conditions(*arguments), **changes)  # type: ignore[arg-type]

    monkeypatch.setattr(shot, "draw_conditions", drawn)


def test_a_plain_scene_has_no_document() -> None:
    plan = Plan(3, 0, "train", "negative", None, card=False)
    _, label = photograph_scene(np.random.default_rng(0), plan, ASSETS, "photos/000000.jpg")
    assert label.quad is None
    assert label.severity == {"quality.no_document": 1.0}


def test_flat_object_is_not_changed() -> None:
    flat: FlatObject = original(np.random.default_rng(0), make_card())
    before = flat.bgr.copy()
    for index in range(4):
        plan = Plan(3, index, "train", "defect", "kr_resident", True, None, (("field.erased", 1.0),))
        photograph(np.random.default_rng(index), plan, flat, ASSETS, "photos/000000.jpg")
    assert np.array_equal(before, flat.bgr)
