"""Makes a folder of labelled photos: `photos/000123.jpg` and `labels.jsonl`.

A photo depends on the seed, its index and the assets alone, not on the number of processes, so a run can stop anywhere
and go on. Lines of finished photos wait in `labels.part.jsonl` until all are there.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from idqc.labels import SPLITS, to_json
from idqc.synth.assets import PORTRAIT_FAULTS, Assets, kinds
from idqc.synth.camera.flat import copy_flat
from idqc.synth.camera.shot import photograph, photograph_scene
from idqc.synth.camera.wear import wear
from idqc.synth.card import PX_PER_MM, FlatObject
from idqc.synth.forge import FORGERIES, original
from idqc.synth.mock import draw_card, draw_unsupported
from idqc.synth.plan import MIX, Plan, plan_photo

LABELS = "labels.jsonl"
PART = "labels.part.jsonl"
LAYOUTS = 240
"""Layouts of each document type: 144 for train, 40 for calibrate, 56 for test."""

FAULTY_FACES = 0.35
"""The share of spoilt portraits that show a face which no office accepts; the others are printed badly or covered."""


@dataclass(frozen=True)
class Job:
    """What every worker needs to know."""

    out: Path
    assets: Assets
    seed: int
    split: str | None
    mix: Mapping[str, float]


def generate(
    out: Path,
    n: int,
    faces: Path | None,
    textures: Path | None,
    seed: int,
    jobs: int = 1,
    split: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    mix: Mapping[str, float] | None = None,
) -> int:
    """Makes photos 0 to n - 1 in `out` and returns how many were made now; those that are there already stay.

    Args:
        out: folder, made when missing. One that was begun with another seed is refused with ValueError.
        n: number of photos.
        faces: folder of portrait pictures, or None for drawn faces (tests).
        textures: folder of background pictures, or None for procedural ones.
        seed: any whole number; the same gives the same photos.
        jobs: processes.
        split: puts every photo into this split instead of drawing one.
        progress: called with (finished, all) after every photo.
        mix: shares of clean, defect, attack, negative and flat photos; `idqc.synth.plan.MIX` unless given.
    """
    if split is not None and split not in SPLITS:
        raise ValueError(f"split {split!r} is none of {', '.join(SPLITS)}")
    shares = dict(mix or MIX)
    if unknown := set(shares) - set(MIX):
        raise ValueError(f"unknown in mix: {', '.join(sorted(unknown))}; it takes {', '.join(MIX)}")
    (out / "photos").mkdir(parents=True, exist_ok=True)
    lines = _finished(out, seed)
    todo = [index for index in range(n) if index not in lines]
    job = Job(out, Assets.load(faces, textures), seed, split, shares)
    with (out / PART).open("w", encoding="utf-8") as part:
        part.writelines(line + "\n" for line in lines.values())
        part.flush()
        for index, line in _work(job, todo, jobs):
            lines[index] = line
            part.write(line + "\n")
            part.flush()
            if progress is not None:
                progress(len(lines), max(n, len(lines)))
    complete = out / (LABELS + ".new")
    complete.write_text("".join(lines[index] + "\n" for index in sorted(lines)), encoding="utf-8")
    complete.replace(out / LABELS)
    (out / PART).unlink()
    return len(todo)


def make_photo(plan: Plan, assets: Assets) -> tuple[bytes, str]:
    """Makes one planned photo: the JPEG file and its line of labels.jsonl."""
    rng = np.random.default_rng([plan.seed, plan.index, 2])
    file = f"photos/{plan.index:06d}.jpg"
    if not plan.card:
        jpeg, answer = photograph_scene(rng, plan, assets, file)
    elif plan.kind == "flat":
        jpeg, answer = copy_flat(rng, plan, _object(rng, plan, assets), file)
    else:
        jpeg, answer = photograph(rng, plan, _object(rng, plan, assets), assets, file)
    return jpeg, to_json(answer)


def _object(rng: np.random.Generator, plan: Plan, assets: Assets) -> FlatObject:
    layouts = kinds("L", LAYOUTS, plan.split)
    layout = layouts[int(rng.integers(len(layouts)))]
    if plan.document_type is None:
        return original(rng, draw_unsupported(rng, plan.split, assets))
    faulty = assets.faulty(plan.split) if plan.wanted("portrait.low_quality") and rng.random() < FAULTY_FACES else None
    card = draw_card(rng, plan.document_type, layout, plan.split, faulty or assets, expired=plan.expired)
    if plan.copied and rng.random() < 0.5:
        wear(rng, card.bgr, PX_PER_MM)
    flat = FORGERIES[plan.attack](rng, card, plan.split, assets) if plan.attack else original(rng, card)
    if faulty is None:
        return flat
    caption = next(face.caption for face in faulty.all_faces if face.person == card.keys["person"])
    return replace(flat, keys={**flat.keys, "portrait_fault": str(PORTRAIT_FAULTS[caption])})


def _finished(out: Path, seed: int) -> dict[int, str]:
    """Lines of photos that are there already, by index. A last line that a crash cut short is made again."""
    lines: dict[int, str] = {}
    for file in (out / LABELS, out / PART):
        if not file.is_file():
            continue
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                raw = json.loads(line)
            except json.JSONDecodeError:
                continue
            if raw["seed"] != seed:
                raise ValueError(f"{out} holds photos of seed {raw['seed']}, not {seed}: choose another folder")
            if (out / raw["file"]).is_file():
                lines[int(Path(raw["file"]).stem)] = line
    return lines


def _work(job: Job, todo: list[int], jobs: int) -> Iterator[tuple[int, str]]:
    if jobs <= 1:
        _prepare(job)
        yield from map(_make, todo)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, _prepare, (job,)) as pool:
        yield from pool.imap_unordered(_make, todo, chunksize=2)


_current: list[Job] = []
"""The job of this worker process, set once when it starts."""


def _prepare(job: Job) -> None:
    cv2.setNumThreads(1)
    _current[:] = [job]


def _make(index: int) -> tuple[int, str]:
    job = _current[0]
    jpeg, line = make_photo(plan_photo(job.seed, index, job.split, job.mix), job.assets)
    target = job.out / "photos" / f"{index:06d}.jpg"
    unfinished = target.with_suffix(".part")
    unfinished.write_bytes(jpeg)
    unfinished.replace(target)
    return index, line
