from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from idqc.labels import SPLITS, read_labels
from idqc.synth.assets import kinds, split_of
from idqc.synth.generator import generate
from idqc.synth.plan import ATTACKS, plan_photo


def digest(folder: Path) -> dict[str, str]:
    files = [folder / "labels.jsonl", *sorted((folder / "photos").iterdir())]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_same_seed_same_photos_and_runs_go_on(tmp_path: Path) -> None:
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    seen: list[tuple[int, int]] = []
    assert generate(whole, 5, None, None, seed=7, progress=lambda done, n: seen.append((done, n))) == 5
    assert seen[-1] == (5, 5)
    assert generate(halves, 2, None, None, seed=7) == 2
    with (halves / "labels.part.jsonl").open("w") as part:
        part.write('{"file": "photos/0000')
    assert generate(halves, 5, None, None, seed=7) == 3
    assert digest(whole) == digest(halves)
    assert [label.file for label in read_labels(whole)] == [f"photos/{index:06d}.jpg" for index in range(5)]


def test_another_seed_is_refused(tmp_path: Path) -> None:
    generate(tmp_path, 1, None, None, seed=1)
    with pytest.raises(ValueError, match="seed 1"):
        generate(tmp_path, 2, None, None, seed=2)


def test_split_can_be_forced_and_mix_checked(tmp_path: Path) -> None:
    generate(tmp_path, 2, None, None, seed=1, split="test", mix={"negative": 1.0})
    assert {label.split for label in read_labels(tmp_path)} == {"test"}
    with pytest.raises(ValueError, match="unknown in mix"):
        generate(tmp_path, 2, None, None, seed=1, mix={"perfect": 1.0})
    with pytest.raises(ValueError, match="split"):
        generate(tmp_path, 2, None, None, seed=1, split="dev")


def test_flat_cards_fill_their_picture(tmp_path: Path) -> None:
    generate(tmp_path, 6, None, None, seed=3, split="train", mix={"flat": 1.0})
    for label in read_labels(tmp_path):
        with Image.open(tmp_path / label.file) as picture:
            width, height = picture.size
        assert label.quad == [[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]]
        assert label.camera is None
        quads = np.array([field.quad for field in label.fields.values()])
        assert len(quads) >= 6
        assert (quads.min() >= 0, quads[..., 0].max() <= width, quads[..., 1].max() <= height) == (True, True, True)


def test_plans_follow_the_mix() -> None:
    plans = [plan_photo(7, index) for index in range(4000)]
    count = Counter(plan.kind for plan in plans)
    assert count["clean"] / 4000 == pytest.approx(0.38, abs=0.03)
    assert count["attack"] / 4000 == pytest.approx(0.22, abs=0.03)
    assert {plan.attack for plan in plans} == {None, *ATTACKS}
    split = Counter(plan.split for plan in plans)
    assert split["train"] / 4000 == pytest.approx(0.60, abs=0.03)
    assert sum(len(plan.defects) == 2 for plan in plans) / count["defect"] == pytest.approx(0.2, abs=0.05)
    assert all(not plan.defects for plan in plans if plan.kind == "clean")


def test_kinds_and_names_keep_to_one_split() -> None:
    assert [kinds("L", 30, split)[0] for split in SPLITS] == ["L000", "L018", "L023"]
    assert sum(len(kinds("C", 30, split)) for split in SPLITS) == 30
    assert kinds("S", 40, "train")[-1] == "S23"
    assert kinds("S", 40, "test") == [f"S{number}" for number in range(30, 40)]
    for split in SPLITS:
        assert kinds("L", 240, split)[: len(kinds("L", 30, split))] == kinds("L", 30, split)
    assert [len(kinds("L", 240, split)) for split in SPLITS] == [144, 40, 56]
    shares = Counter(split_of(f"person-{number}") for number in range(4000))
    assert shares["train"] / 4000 == pytest.approx(0.60, abs=0.03)
