"""What photos of normal cards live through: hands, wear, sleeves, newer cameras, messengers, screenshots."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from idqc.inspection import Image
from idqc.labels import SPLITS, Label
from idqc.photo.geometry import area, intersection_area, rectangle, rectify
from idqc.synth.assets import Assets, Face
from idqc.synth.camera import dress, shot
from idqc.synth.camera.clutter import strew
from idqc.synth.camera.conditions import Conditions, draw_conditions
from idqc.synth.camera.cover import ROOM_MM, set_stage
from idqc.synth.camera.lens import fringe, tone_map, wobble
from idqc.synth.camera.portrait_print import SPOILS, spoil_portrait
from idqc.synth.camera.scene import background
from idqc.synth.camera.sensor import FIRST_NEWER, camera_kind, camera_kinds
from idqc.synth.camera.sleeve import slip_into_sleeve
from idqc.synth.camera.transfer import screenshot
from idqc.synth.camera.wear import crease, kinegram, scratch, sheen, soil, wear, whiten_edges
from idqc.synth.card import Card, CardField
from idqc.synth.forge import original
from idqc.synth.plan import Plan

ASSETS = Assets((), (), ())


def make_card() -> Card:
    """A pale card with lines of small print in the middle and nothing near its edges."""
    bgr = np.full((756, 1198, 3), 225, np.uint8)
    fields = {}
    for row, name in enumerate(("name", "id_number", "address", "issue_date", "issuer")):
        quad = rectangle(420, 34) + np.asarray([230, 200 + 70 * row], np.float32)
        cv2.putText(bgr, f"0123456789 {row}", (230, 230 + 70 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (25, 25, 25), 3)
        fields[name] = CardField(quad, name, ((quad, name),), None)
    portrait = rectangle(200, 260) + np.asarray([760, 220], np.float32)
    bgr[220:480, 760:960] = np.random.default_rng(1).integers(60, 200, (260, 200, 1), np.uint8)
    fields["portrait"] = CardField(portrait, "", (), None)
    keys = {"person": "p", "layout": "L000", "font": "f"}
    return Card(bgr, "kr_resident", (85.6, 54.0), 3.0, fields, portrait, None, keys)


def shoot(index: int) -> tuple[Image, Label]:
    rng = np.random.default_rng([5, index])
    plan = Plan(5, index, "train", "clean", "kr_resident")
    jpeg, label = shot.photograph(rng, plan, original(rng, make_card()), ASSETS, "photos/000000.jpg")
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)), label


def test_fingers_at_the_edge_are_obstacles_and_no_defect() -> None:
    flat = original(np.random.default_rng(0), make_card())
    plan = Plan(5, 0, "train", "clean", "kr_resident")
    labelled = 0
    for seed in range(6):
        stage = set_stage(flat, ROOM_MM)
        dress._harmless_fingers(np.random.default_rng(seed), stage, flat)
        labelled += len(stage.things)
        fields = [stage.place(item.quad_xy) for item in flat.card.fields.values()]
        assert len(stage.things) <= len(stage.arms)
        for thing in stage.things:
            low, high = stage.document_quad.min(axis=0), stage.document_quad.max(axis=0)
            assert (thing >= low - 1).all()
            assert (thing <= high + 1).all()
            inside = stage.covered[int(thing[0, 1]) : int(thing[2, 1]), int(thing[0, 0]) : int(thing[2, 0])]
            assert (inside > 127).mean() > 0.3
        assert all(stage.hidden_share(field) < 0.02 for field in fields)
    assert labelled >= 4
    assert plan.defects == ()


def test_clean_photos_with_fingers_stay_clean() -> None:
    found = [shoot(index)[1] for index in range(10)]
    assert all(label.clean for label in found), [label.severity for label in found]
    assert any(label.obstacles for label in found)
    for label in found:
        for thing in label.obstacles:
            quad = np.asarray(thing, np.float32)
            assert intersection_area(quad, np.asarray(label.quad, np.float32)) > 0.9 * area(quad)
            assert all(field.visible for field in label.fields.values())


def test_a_sliver_of_a_finger_is_no_obstacle() -> None:
    stage = set_stage(original(np.random.default_rng(0), make_card()), ROOM_MM)
    top = round(ROOM_MM * stage.px_per_mm)
    stage.note(np.ones((top + 4, 200), np.float32), 0, top + 100, 1.5)
    assert stage.things == []
    stage.note(np.ones((top + 80, 200), np.float32), 0, top + 100, 1.5)
    assert np.ptp(stage.things[0], axis=0).tolist() == [200, 80]


@pytest.mark.parametrize("way", [kinegram, sheen, scratch, whiten_edges, crease, soil])
def test_every_wear_shows_and_print_stays_legible(way: object) -> None:
    extra = {scratch: (14.0, 1.0), whiten_edges: (14.0, 1.0), crease: (14.0,), soil: (14.0,)}.get(way, ())  # type: ignore[call-overload]
    before = make_card().bgr
    changed = 0
    for seed in range(4):
        after, again = before.copy(), before.copy()
        way(np.random.default_rng(seed), after, *extra)  # type: ignore[operator]
        way(np.random.default_rng(seed), again, *extra)  # type: ignore[operator]
        assert np.array_equal(after, again)
        changed += not np.array_equal(before, after)
        for item in make_card().fields.values():
            assert _contrast(after, item) > 0.6 * _contrast(before, item)
    assert changed >= 3


def _contrast(bgr: Image, item: CardField) -> float:
    (x0, y0), (x1, y1) = item.quad_xy[0].astype(int), item.quad_xy[2].astype(int)
    part = cv2.cvtColor(bgr[y0:y1, x0:x1], cv2.COLOR_BGR2GRAY)
    return float(np.percentile(part, 90) - np.percentile(part, 10))


def test_a_worn_card_in_a_sleeve_is_legible() -> None:
    card = make_card()
    for seed in range(5):
        rng = np.random.default_rng(seed)
        stage = set_stage(original(rng, card), 8.0)
        bare = stage.opaque.copy()
        wear(rng, stage.bgr, stage.px_per_mm)
        slip_into_sleeve(rng, stage)
        assert (stage.opaque > bare).mean() > 0.02
        assert not stage.covered.any()
        assert stage.things == []
        for item in card.fields.values():
            placed = replace(item, quad_xy=stage.place(item.quad_xy))
            assert _contrast(stage.bgr, placed) > 0.5 * _contrast(card.bgr, item)


@pytest.mark.parametrize("changes", [{"sent_share": 0.8}, {"screenshot": True}, {"tremble_px": 1.5}])
def test_labels_follow_what_happens_after_the_shot(changes: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(*arguments: object) -> Conditions:
        plain = draw_conditions(*arguments)  # type: ignore[arg-type]
        return replace(plain, **{"sent_share": 1.0, "screenshot": False, "exif_orientation": 1, **changes})

    monkeypatch.setattr(shot, "draw_conditions", drawn)
    image, label = shoot(2)
    for name in ("name", "id_number", "address"):
        field = rectify(image, np.asarray(label.fields[name].quad, np.float32), 210, 17)
        rows = cv2.cvtColor(np.asarray(field), cv2.COLOR_BGR2GRAY).astype(float)
        assert np.percentile(rows, 95) - np.percentile(rows, 3) > 40


def test_a_screenshot_holds_the_whole_picture() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    for seed in range(5):
        shown, (right, down) = screenshot(np.random.default_rng(seed), picture)
        assert down > 0
        assert np.array_equal(shown[down : down + 300, right : right + 400], picture)
        assert shown.shape[0] > 320


def test_newer_cameras_do_more_and_splits_share_none() -> None:
    names = {split: set(camera_kinds(split)) for split in SPLITS}
    assert not names["train"] & names["test"]
    assert not names["train"] & names["calibrate"]
    for split in SPLITS:
        newer = [camera_kind(name) for name in names[split] if int(name[1:]) >= FIRST_NEWER]
        assert any(kind.fringe for kind in newer)
        assert any(kind.tone_map for kind in newer)
    older = [camera_kind(name) for name in names["train"] if int(name[1:]) < FIRST_NEWER]
    assert not any(kind.fringe or kind.tone_map or kind.tremble or kind.smear for kind in older)


def test_lens_and_shutter_change_pixels_and_the_document_keeps_its_light() -> None:
    picture = np.asarray(cv2.resize(make_card().bgr, (600, 380)), np.uint8)
    picture[:, :150] = 30
    quad = rectangle(400, 340) + np.asarray([180, 20], np.float32)
    assert not np.array_equal(fringe(picture, 0.002), picture)
    assert not np.array_equal(wobble(np.random.default_rng(0), picture, 2.0), picture)
    mapped = tone_map(picture, quad, 0.4)
    assert mapped[:, :120].mean() > 1.2 * picture[:, :120].mean()
    assert mapped[30:350, 190:570].mean() == pytest.approx(picture[30:350, 190:570].mean(), rel=0.06)


@pytest.mark.parametrize("way", [name for name in SPOILS if name != "cover"])
def test_every_spoilt_print_changes_the_portrait_alone(way: str) -> None:
    flat = original(np.random.default_rng(0), make_card())
    stage = set_stage(flat, 0.0)
    assert flat.card.portrait_quad is not None
    severity = spoil_portrait(np.random.default_rng(1), stage, flat.card.portrait_quad, None, way, 0.7)
    assert 0.3 < severity <= 1.0
    changed = np.argwhere((stage.bgr != flat.bgr).any(axis=2))
    assert len(changed) > 200
    assert (changed.min(axis=0) >= (219, 759)).all()
    assert (changed.max(axis=0) <= (481, 961)).all()


def test_scenes_are_strewn_and_repeat() -> None:
    for seed in range(8):
        plain = background(np.random.default_rng(seed), 320, 240, None)
        assert np.array_equal(plain, background(np.random.default_rng(seed), 320, 240, None))
        strewn = plain.copy()
        strew(np.random.default_rng(seed), strewn, 6)
        assert not np.array_equal(plain, strewn)


def test_faces_with_a_fault_keep_to_their_split(tmp_path: object) -> None:
    faces = tuple(
        Face(path=tmp_path, person=f"x-{number}", landmarks=None, aligned=False, caption=caption)  # type: ignore[arg-type]
        for number, caption in enumerate(["sunglasses", "", "eyes closed", "dog"] * 20)
    )
    assets = Assets(faces, (), ())
    people = {}
    for split in SPLITS:
        faulty = assets.faulty(split)
        assert faulty is not None
        assert {face.caption for face in faulty.all_faces} == {"sunglasses", "eyes closed"}
        people[split] = {face.person for face in faulty.faces(split)}
    assert not people["train"] & people["test"]
    assert assets.faces("train") == []
