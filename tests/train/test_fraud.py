"""The fraud trainer on a handful of tiny photos: crops, targets, sampling, and a run that leaves a loadable model."""

from __future__ import annotations

import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

from idqc.inspection import Photo
from idqc.labels import FieldLabel, Label, LineLabel, to_json
from idqc.models.fraud import COPIES, SPECIES, CopyWeights, open_fraud
from idqc.release import _spec
from idqc.runtime.profile import detect
from idqc.train import fraud
from idqc.train.fraud_crops import (
    CROP_PX,
    FIELD,
    GENUINE_PER_ATTACK,
    PORTRAIT,
    TILE,
    Sampler,
    augmented,
    chosen,
    read_crops,
    taught,
)
from idqc.train.kinds import kinds_of
from idqc.train.loop import Budget


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    lines = []
    quad = [[60.0, 50.0], [700.0, 60.0], [690.0, 460.0], [70.0, 450.0]]
    for number in range(16):
        attack = (None, None, None, *SPECIES)[number % 8]
        picture = cv2.resize(rng.integers(80, 220, (130, 190, 3), np.uint8), (760, 520))
        if attack == "screen":
            picture[:, ::3] //= 2
        if attack == "grayscale_copy":
            picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        cv2.imwrite(str(home / f"{number}.jpg"), picture)
        box = [[300.0, 120.0], [420.0, 120.0], [420.0, 145.0], [300.0, 145.0]]
        name = FieldLabel(box, "KIM", True, [LineLabel(box, "KIM")], tampered=attack == "text_tamper")
        portrait = [[100.0, 150.0], [220.0, 150.0], [220.0, 300.0], [100.0, 300.0]]
        severity = {"quality.blur": 0.5} if number % 8 == 1 else {}
        split = "train" if number < 8 else "calibrate"
        label = Label(
            f"{number}.jpg", "td1", quad, {"name": name}, portrait, severity=severity, attack=attack, split=split
        )
        lines.append(to_json(label))
    (home / "labels.jsonl").write_text("\n".join(lines) + "\n")
    return home


def test_crops_teach_what_they_show(folder: Path, tmp_path: Path) -> None:
    crops = read_crops([folder], tmp_path, "train")
    assert crops.arrays["crop"].shape[1:] == (160, 160, 3)
    kinds = {target["kind"] for target in crops.targets}
    assert kinds == {TILE, PORTRAIT, FIELD}
    for target in crops.targets:
        values, masks = taught([target])
        if target["kind"] == TILE:
            assert masks[0].tolist() == [1, 1, 1, 0, 0]
            assert values[0, :3].sum() == (target["attack"] in COPIES)
        else:
            at = 3 if target["kind"] == PORTRAIT else 4
            assert masks[0, at] == 1
            assert values[0, at] == (target["attack"] == SPECIES[at])
    again = read_crops([folder], tmp_path, "train")
    np.testing.assert_array_equal(again.arrays["crop"][3], crops.arrays["crop"][3])


def test_batches_are_balanced_and_repeatable(folder: Path, tmp_path: Path) -> None:
    sampler = Sampler(read_crops([folder], tmp_path, "train"), 64, 3)
    crops, targets, masks = next(sampler.batches(0))
    assert crops.shape == (64, CROP_PX, CROP_PX, 3)
    np.testing.assert_array_equal(next(sampler.batches(0))[0], crops)
    assert (targets[masks == 0] == 0).all()
    assert 0.15 < targets[:, :3].sum() / (masks[:, 0]).sum() < 0.75


def test_photos_that_are_left_out_are_never_drawn(folder: Path, tmp_path: Path) -> None:
    crops = read_crops([folder], tmp_path, "train")
    screens = {target["card"] for target in crops.targets if target["attack"] == "screen"}
    sampler = Sampler(crops, 64, 3, screens)
    assert screens
    assert "screen" not in sampler.groups
    drawn = {crops.targets[row]["card"] for rows in sampler.groups.values() for row in rows}
    assert drawn == {target["card"] for target in crops.targets} - screens


def test_kinds_of_a_photo() -> None:
    quad = [[0.0, 0.0], [9.0, 0.0], [9.0, 5.0], [0.0, 5.0]]
    on_screen = Label("a.jpg", "td1", quad, attack="screen", screen="S00")
    assert kinds_of(on_screen) == {"type=td1", "screen=phone"}
    assert kinds_of(Label("b.jpg", "passport", quad, edit="E02.poisson")) == {"type=passport", "edit=poisson"}
    assert kinds_of(Label("c.jpg", "td1", quad, screen="Galaxy S24", printer="P01")) == {"type=td1", "printer=inkjet"}
    assert kinds_of(Label("d.jpg", None, None)) == frozenset()


def test_augmentation_keeps_size_and_turns_no_text() -> None:
    crop = np.zeros((160, 160, 3), np.uint8)
    crop[:, :20] = 255
    for seed in range(20):
        rng = np.random.default_rng(seed)
        assert augmented(rng, crop, TILE).shape == (CROP_PX, CROP_PX, 3)
        field = augmented(rng, crop, FIELD)
        assert field[:, :10].mean() > 120 > field[:, 40:].mean()


def test_half_of_the_originals_are_bad_ones() -> None:
    def label(number: int, attack: str | None, blur: float) -> Label:
        quad = [[0.0, 0.0], [9.0, 0.0], [9.0, 5.0], [0.0, 5.0]]
        return Label(f"{number}.jpg", "td1", quad, severity={"quality.blur": blur}, attack=attack)

    labels = [(Path("x"), label(n, "screen" if n < 10 else None, 0.6 if n % 3 == 0 else 0.0)) for n in range(70)]
    found = [entry[1] for entry in chosen(labels, "train")]
    originals = [entry for entry in found if entry.attack is None]
    assert len(found) - len(originals) == 10
    assert len(originals) == 10 * GENUINE_PER_ATTACK
    assert sum(bool(entry.severity["quality.blur"]) for entry in originals) == len(originals) / 2


def test_grey_copies_are_told_by_chroma_when_the_network_knows_nothing() -> None:
    rng = np.random.default_rng(0)
    cards = {
        str(n): {
            "attack": "grayscale_copy" if n < 20 else None,
            "chroma": 0.02 if n < 20 else 0.3,
            TILE: [rng.normal(size=5)],
        }
        for n in range(60)
    }
    weights = fraud.fit_copy_weights(cards)
    assert weights.log_chroma < -0.5
    assert abs(weights.logit) < abs(weights.log_chroma)


def test_a_network_that_adds_nothing_to_chroma_is_left_out() -> None:
    """Logits that lean the right way on the far copies alone spoil the order of the near ones."""
    chroma = [0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09]
    logits = [9.0, 0.0, 0.0, 0.0, 8.0, -1.0, -1.0, -1.0]
    cards = {
        str(n): {"attack": "grayscale_copy" if n < 4 else None, "chroma": chroma[n], TILE: [np.full(5, logits[n])]}
        for n in range(8)
    }
    weights = fraud.fit_copy_weights(cards)
    order = [weights.logit * logits[n] + weights.log_chroma * np.log(chroma[n]) for n in range(8)]
    assert min(order[:4]) > max(order[4:])


def test_measures_of_a_perfect_network() -> None:
    cards = {}
    for number in range(40):
        attack = (None, *SPECIES)[number % 6]
        row = np.array([5.0 if attack == name else -5.0 for name in SPECIES])
        rows = {TILE: [row], "portrait": [row], "field": [row, row - 1]}
        cards[str(number)] = {"attack": attack, "bad": number % 12 == 0, "chroma": 0.2, **rows}
    found = fraud.measures(cards, CopyWeights(1.0, 0.0, 0.0))
    assert all(found[f"auc_{name}"] == 1.0 for name in SPECIES)
    assert found["apcer_at_bpcer5_screen"] == 0.0


def test_a_short_run_leaves_a_model_that_the_service_can_open(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fraud, "CROPS_IN_EPOCH", 8)
    found = fraud.train([folder], tmp_path / "out", tmp_path / "weights", Budget(epochs=1, batch=4, learning_rate=1e-4))
    assert found["steps"] >= 1
    entry = tomllib.loads((tmp_path / "weights" / "manifest.toml").read_text())["models"]["fraud"]
    assert entry["parity_max_diff"] <= 1e-4
    model = open_fraud(tmp_path / "weights", _spec("fraud", entry), detect())
    picture = cv2.imread(str(folder / "0.jpg"))
    reading = model.run(Photo(picture, 1.0, 760, 520), np.float32([[60, 50], [700, 60], [690, 460], [70, 450]]))
    assert set(reading.scores) == set(COPIES)
