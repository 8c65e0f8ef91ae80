"""The release's recogniser beside Tesseract on the same lines of Hangul, in fonts that training never saw.

    python benchmarks/hangul.py [--lines 150] [--psm 7] [--smooth 0] [--only WORD] [--weights DIR]

Lines of names and addresses (Faker's, ko_KR), issuing offices and words of cards are printed in the fonts of the test
split: in black on white, and on drawn card stock, which is then spoiled in every way of CONDITIONS. Fonts are new to
the recogniser; kinds of stock and the words of offices and cards it has seen in training, Tesseract has not.

Tesseract (Debian's tesseract-ocr and tesseract-ocr-kor) gets what its manual advises: one line a picture (--psm 7), 48
px high by cubic interpolation where it is smaller, a border of 10 px. It smooths nothing by itself: --smooth. It runs
as one process a condition over a list of files, on one thread; the CPU time of a run over one file is taken off, so
that starting is not counted. The recogniser reads without the formats and word lists that help it inside an inspection.
Spaces do not count. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from faker import Faker
from machine import describe, noise
from rapidfuzz.distance import Levenshtein

from idqc.inspection import Image
from idqc.models.text import NAME, TextReader, open_text
from idqc.release import load_release
from idqc.runtime.profile import detect
from idqc.synth.assets import Assets, Font
from idqc.synth.line_texts import issuer, korean_words
from idqc.synth.lines import background, draws, ink
from idqc.train.reading import squeeze

HEIGHT_PX = 48
TYPE_PX = 40
MARGIN = 0.15
"""Of the letters' height, on every side."""
BORDER_PX = 10
DRAWS = 1000
WARM_RUNS = 5
Spoil = Callable[[np.random.Generator, Image], Image]


@dataclass(frozen=True, eq=False)
class Line:
    """A crisp line on card stock and in black on white, both (48, width, 3) uint8 BGR, and what it says."""

    bgr: Image
    plain_bgr: Image
    text: str


@dataclass(frozen=True, eq=False)
class Reading:
    """What an engine made of the lines of a condition, and its CPU milliseconds a line."""

    texts: Sequence[str]
    ms: float


def blurred(rng: np.random.Generator, line: Image) -> Image:
    return np.asarray(cv2.GaussianBlur(line, (0, 0), 2.2), np.uint8)


def small(rng: np.random.Generator, line: Image) -> Image:
    size = (max(round(line.shape[1] * 16 / HEIGHT_PX), 8), 16)
    return np.asarray(cv2.resize(line, size, interpolation=cv2.INTER_AREA), np.uint8)


def noisy(rng: np.random.Generator, line: Image) -> Image:
    return np.asarray((line + rng.normal(0, 25, line.shape)).clip(0, 255), np.uint8)


def compressed(rng: np.random.Generator, line: Image) -> Image:
    data = cv2.imencode(".jpg", line, [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def turned(rng: np.random.Generator, line: Image) -> Image:
    height, width = line.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = (corners + rng.uniform(-0.18, 0.18, (4, 2)) * height).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners, moved)
    return np.asarray(cv2.warpPerspective(line, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


CONDITIONS: dict[str, Spoil] = {
    "clean, 48 px": lambda rng, line: line,
    "blurred, sigma 2.2 px of 48": blurred,
    "16 px high": small,
    "noisy, sigma 25 of 255": noisy,
    "JPEG, quality 30": compressed,
    "perspective, corners off by up to 18 % of the height": turned,
}


def draw_lines(rng: np.random.Generator, fonts: Sequence[Font], count: int) -> list[Line]:
    """Lines as Korean cards print them, on drawn stock, every font in turn."""
    faker = Faker("ko_KR")
    faker.seed_instance(int(rng.integers(2**31)))
    makers = (faker.name, faker.address, lambda: issuer(rng), lambda: korean_words(rng), faker.address)
    lines: list[Line] = []
    while len(lines) < count:
        font, text = fonts[len(lines) % len(fonts)], str(makers[len(lines) % len(makers)]()).strip()
        if draws(font, text):
            mask = ink(text, font, TYPE_PX, 0.0)
            gap = round(MARGIN * mask.shape[0])
            paper = background(rng, mask.shape[0] + 2 * gap, mask.shape[1] + 2 * gap)
            colour = rng.uniform(0, 70, 3).astype(np.float32)
            inside = paper[gap:-gap, gap:-gap]
            inside += (colour - inside) * mask[..., None]
            plain = 255 * (1 - np.pad(mask, gap)[..., None].repeat(3, axis=2))
            lines.append(Line(_sized(paper), _sized(plain), text))
    return lines


def _sized(sheet: np.ndarray) -> Image:
    size = (round(sheet.shape[1] * HEIGHT_PX / sheet.shape[0]), HEIGHT_PX)
    return np.asarray(cv2.resize(sheet.clip(0, 255).astype(np.uint8), size, interpolation=cv2.INTER_AREA), np.uint8)


def read_ours(reader: TextReader, pictures: Sequence[Image]) -> Reading:
    """The release's recogniser, line by line."""
    for picture in pictures[:WARM_RUNS]:
        reader.read_line(picture)
    started = time.process_time()
    texts = [reader.read_line(picture)[0] for picture in pictures]
    return Reading(texts, (time.process_time() - started) * 1e3 / len(pictures))


def read_tesseract(program: str, pictures: Sequence[Image], psm: int, smooth_px: float) -> Reading:
    """One process over a list of PNG files; what one file costs, mostly loading the model, is taken off once."""
    with tempfile.TemporaryDirectory() as name:
        folder, paths = Path(name), []
        for number, picture in enumerate(pictures):
            if picture.shape[0] < HEIGHT_PX:
                size = (round(picture.shape[1] * HEIGHT_PX / picture.shape[0]), HEIGHT_PX)
                picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.uint8)
            if smooth_px > 0:
                picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), smooth_px), np.uint8)
            sides = (BORDER_PX,) * 4
            paths.append(folder / f"{number:05}.png")
            cv2.imwrite(str(paths[-1]), cv2.copyMakeBorder(picture, *sides, cv2.BORDER_REPLICATE))
        (folder / "all.txt").write_text("".join(f"{path}\n" for path in paths))
        (folder / "one.txt").write_text(f"{paths[0]}\n")
        alone = min(_tesseract(program, folder / "one.txt", psm)[1] for _ in range(3))
        output, spent = _tesseract(program, folder / "all.txt", psm)
    texts = output.removesuffix("\f").split("\f")
    if len(texts) != len(pictures):
        raise SystemExit(f"tesseract answered {len(texts)} of {len(pictures)} pictures")
    return Reading(texts, (spent - alone) * 1e3 / (len(pictures) - 1))


def _tesseract(program: str, listed: Path, psm: int) -> tuple[str, float]:
    """The output of a run over a list of files, and its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [program, str(listed), "stdout", "-l", "kor", "--psm", str(psm), "--dpi", "300"],
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        capture_output=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout.decode(), spent


def shares(lines: Sequence[Line], texts: Sequence[str]) -> np.ndarray:
    """(lines, 3): characters, characters read rightly (never less than none of a line), whether the line is exact."""
    rows = []
    for line, text in zip(lines, texts, strict=True):
        truth, read = squeeze(line.text), squeeze(text)
        wrong = Levenshtein.distance(truth, read)
        rows.append((len(truth), max(len(truth) - wrong, 0), wrong == 0))
    return np.array(rows, np.float64)


def cells(ours: np.ndarray, theirs: np.ndarray, rng: np.random.Generator) -> list[str]:
    """Characters and exact lines of both, and the difference, with 95 % intervals over drawn lines."""
    drawn = rng.integers(len(ours), size=(DRAWS, len(ours)))

    def accuracy(counts: np.ndarray) -> np.ndarray:
        return np.asarray(100 * counts[..., 1].sum(-1) / counts[..., 0].sum(-1))

    def exact(counts: np.ndarray) -> np.ndarray:
        return np.asarray(100 * counts[..., 2].mean(-1))

    def cell(value: np.ndarray, values: np.ndarray) -> str:
        low, high = np.quantile(values, (0.025, 0.975))
        return f"{float(value):.1f} ({low:.1f} to {high:.1f})"

    found = [cell(of(one), of(one[drawn])) for of in (accuracy, exact) for one in (ours, theirs)]
    ahead = cell(accuracy(ours) - accuracy(theirs), accuracy(ours[drawn]) - accuracy(theirs[drawn]))
    return [found[0], found[1], ahead, found[2], found[3]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=150, help="of every condition")
    parser.add_argument("--psm", type=int, default=7, help="Tesseract's page segmentation: 7 one line, 13 a raw line")
    parser.add_argument("--smooth", type=float, default=0.0, help="sigma in px of a Gaussian before Tesseract")
    parser.add_argument("--only", default="", help="conditions whose name holds this word")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    program = shutil.which("tesseract")
    if program is None:
        raise SystemExit("tesseract is not installed: apt-get install tesseract-ocr tesseract-ocr-kor")
    version = subprocess.run([program, "--version"], capture_output=True, check=True).stdout.decode().split("\n")[0]
    cv2.setNumThreads(1)
    release = load_release(asked.weights, None)
    reader = open_text(release.weights_dir, release.models[NAME], detect())
    fonts = Assets.load(None, None).fonts("test", "hangul")
    for line in (*describe(), noise()):
        print(line)
    engine = f"{version}, -l kor --psm {asked.psm}, smoothed by {asked.smooth:g} px"
    print(f"release {release.id}; {engine}; {asked.lines} lines a condition")
    print(f"fonts of the test split: {', '.join(sorted({font.family for font in fonts}))}\n")
    rng = np.random.default_rng(asked.seed)
    lines = draw_lines(rng, fonts, asked.lines)
    columns = (
        "condition", "characters, idqc %", "characters, Tesseract %", "idqc ahead by, points", "exact lines, idqc %",
        "exact lines, Tesseract %", "idqc, CPU-ms a line", "Tesseract, CPU-ms a line",
    )  # fmt: skip
    print("| " + " | ".join(columns) + " |\n| --- |" + " ---: |" * (len(columns) - 1))
    conditions = {"black on white": [line.plain_bgr for line in lines]}
    conditions |= {name: [spoil(rng, line.bgr) for line in lines] for name, spoil in CONDITIONS.items()}
    for name in (name for name in conditions if asked.only in name):
        pictures = conditions[name]
        ours, theirs = read_ours(reader, pictures), read_tesseract(program, pictures, asked.psm, asked.smooth)
        row = cells(shares(lines, ours.texts), shares(lines, theirs.texts), rng)
        print("| " + " | ".join([name, *row, f"{ours.ms:.1f}", f"{theirs.ms:.1f}"]) + " |", flush=True)


if __name__ == "__main__":
    main()
