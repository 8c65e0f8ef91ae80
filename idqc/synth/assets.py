"""What mock photos are made of: faces, background textures and fonts, kept apart by split.

A person, a texture, a font family or a kind of camera belongs to one split for good, so that a model is never measured
on something that it was trained on. Faces and textures are put there by a hash of their name: adding files moves none.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Picture
from PIL import ImageFont

from idqc.inspection import Image, Points
from idqc.labels import SPLITS
from idqc.synth.cmap import BrokenFont, characters

SHARES = (0.60, 0.15, 0.25)
"""How much of everything is for train, calibrate and test."""

FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
FONT_PACKAGES = ("justmytype_intl_cjk",)
DISPLAY_FAMILIES = re.compile(r"^BM|Pilgi|EULJIRO|OCR|Hairline|Thin|CondLight|Math", re.IGNORECASE)
"""Handwriting, posters and hairlines: no document is set in them."""
MRZ_FAMILIES = re.compile(r"OCR.?B|OCR.?A\b|OCRA", re.IGNORECASE)
MONOSPACE_FAMILIES = re.compile(r"(Liberation|DejaVu Sans|Free) ?Mono", re.IGNORECASE)
HANGUL = frozenset(ord(bytes((high, low)).decode("euc_kr")) for high in range(0xB0, 0xC9) for low in range(0xA1, 0xFF))
"""The 2,350 syllables of KS X 1001."""
LATIN = frozenset([*range(0x21, 0x7F), *range(0xC0, 0x100)])
NO_HANGUL_FONT = (
    "No font with the 2,350 Hangul syllables was found. Install Debian's fonts-nanum, fonts-unfonts-core, "
    "fonts-baekmuk and fonts-noto-cjk, or the package justmytype-intl-cjk."
)


@dataclass(frozen=True, eq=False)
class Face:
    """A portrait picture. `landmarks` is (5, 2) in its pixels: eyes left and right in the picture, nose, mouth corners.

    `aligned` is False for pictures with every pose and light, which seldom stand on a document.
    """

    path: Path
    person: str
    landmarks: Points | None
    aligned: bool = True
    caption: str = ""
    """What a weak label says about the picture, of those in `PORTRAIT_FAULTS`; mostly nothing."""


PORTRAIT_FAULTS = {
    "eyes closed": 0.6, "sunglasses": 0.9, "aviator sunglasses": 0.9, "sport sunglasses": 0.9, "profile view": 0.95,
    "turned sideways": 0.8, "hand covering face": 0.75, "blurred": 0.8, "two people": 0.9, "looking down": 0.55,
    "tilted downwards": 0.55, "tilted upwards": 0.55, "back lighting": 0.6, "spotlight": 0.4, "hat": 0.3,
    "bandana": 0.4, "scarf": 0.3, "side light with shadows": 0.3,
}  # fmt: skip
"""Captions of faces that no office accepts, and the severity of portrait.low_quality that a card with them has."""


@dataclass(frozen=True)
class Font:
    """One face of a font file. `bold` and `italic` come from the name of its style."""

    path: str
    index: int
    family: str
    bold: bool
    italic: bool


def split_of(key: str) -> str:
    """The split that a key belongs to for good: a stable hash, about 60 / 15 / 25 %."""
    share = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
    return SPLITS[0] if share < SHARES[0] else SPLITS[1] if share < SHARES[0] + SHARES[1] else SPLITS[2]


def kinds(prefix: str, count: int, split: str) -> list[str]:
    """The ids of numbered kinds (layouts `L`, cameras `C` ...) of a split.

    Full blocks of 30 are dealt block by block: of each, numbers 0-17 are for train, 18-22 for calibrate and 23-29 for
    test, so that adding a block moves none. Any other count is one block with the same shares.
    """
    block = 30 if count % 30 == 0 else count
    ends = [0, math.ceil(block * SHARES[0]), math.ceil(block * (SHARES[0] + SHARES[1])), block]
    at = SPLITS.index(split)
    digits = 3 if prefix == "L" else 2
    return [f"{prefix}{number:0{digits}d}" for number in range(count) if ends[at] <= number % block < ends[at + 1]]


@dataclass(frozen=True, eq=False)
class Assets:
    """Everything that mock photos are made of. Pickles, so that worker processes need not search again."""

    all_faces: tuple[Face, ...]
    all_textures: tuple[Path, ...]
    all_fonts: tuple[tuple[str, str, Font], ...]
    """(script, split, font)"""

    @staticmethod
    def load(faces: Path | None, textures: Path | None) -> Assets:
        """Searches the folders. None means: a drawn face, procedural backgrounds (enough for a test, not for training).

        Raises FileNotFoundError for a folder without pictures, RuntimeError when no Hangul font is installed.
        """
        return Assets(tuple(_faces(faces)), tuple(_pictures(textures)), _fonts())

    def faces(self, split: str, every_pose: bool = False) -> list[Face]:
        """The faces of a split; empty when no folder was given. `every_pose` adds those that are not aligned."""
        return [face for face in self.all_faces if split_of(face.person) == split and (every_pose or face.aligned)]

    @cache  # noqa: B019 - the assets of a run live as long as its process
    def faulty(self, split: str) -> Assets | None:
        """The same with no faces but those of the split that a caption finds fault with; None when there are none."""
        found = [face for face in self.faces(split, every_pose=True) if face.caption in PORTRAIT_FAULTS]
        faces = tuple(replace(face, aligned=True) for face in found)
        return replace(self, all_faces=faces) if faces else None

    def textures(self, split: str) -> list[Path]:
        """The background pictures of a split; empty when no folder was given."""
        return [path for path in self.all_textures if split_of(texture_key(path)) == split]

    def fonts(self, split: str, script: str) -> list[Font]:
        """The fonts of a split for `hangul`, `latin` or `mrz` (OCR-A, OCR-B and monospace, the same in every split).

        Where no such font is installed, the zone is set in a Latin one: enough for a test, not for training.
        """
        found = [font for kind, home, font in self.all_fonts if kind == script and home in (split, "every")]
        return found or (self.fonts(split, "latin") if script == "mrz" else [])


def texture_key(path: Path) -> str:
    """The name that a texture has in labels."""
    return path.stem


DRAWN_FIVE = ((0.39, 0.46), (0.61, 0.46), (0.5, 0.58), (0.42, 0.68), (0.58, 0.68))


def drawn_face(rng: np.random.Generator, width_px: int = 240, height_px: int = 300) -> tuple[Image, Points]:
    """A simple face and its five landmarks, for runs without pictures of faces: (height, width, 3) and (5, 2)."""
    image = np.full((height_px, width_px, 3), rng.integers(170, 250, 3), np.uint8)
    w, h = width_px, height_px
    skin = tuple(int(v) for v in (np.array([150, 180, 225]) * rng.uniform(0.6, 1.05)).clip(0, 255))
    hair = tuple(int(v) for v in rng.integers(10, 90, 3))
    cv2.ellipse(image, (w // 2, int(h * 1.05)), (int(w * 0.46), int(h * 0.3)), 0, 0, 360, hair, -1, cv2.LINE_AA)
    cv2.ellipse(image, (w // 2, int(h * 0.44)), (int(w * 0.31), int(h * 0.34)), 0, 0, 360, hair, -1, cv2.LINE_AA)
    cv2.ellipse(image, (w // 2, int(h * 0.52)), (int(w * 0.25), int(h * 0.31)), 0, 0, 360, skin, -1, cv2.LINE_AA)
    points = np.asarray(DRAWN_FIVE, np.float32) * np.asarray([w, h], np.float32)
    points += rng.normal(0, 0.006 * w, points.shape).astype(np.float32)
    for x, y in points[:2]:
        cv2.ellipse(image, (int(x), int(y)), (w // 18, w // 36), 0, 0, 360, (240, 240, 240), -1, cv2.LINE_AA)
        cv2.circle(image, (int(x), int(y)), w // 40, (40, 30, 20), -1, cv2.LINE_AA)
    nose, left, right = points[2:].astype(int)
    cv2.line(image, (w // 2, int(h * 0.5)), tuple(map(int, nose)), tuple(int(v * 0.8) for v in skin), 2, cv2.LINE_AA)
    cv2.line(image, tuple(map(int, left)), tuple(map(int, right)), (70, 60, 170), 4, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.2), np.uint8), points


def _pictures(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"})
    if not found:
        raise FileNotFoundError(f"no pictures in {folder}")
    return found


FIVE_OF_189 = ((0, 0), (1, 1), (54, 60), (87, 87), (93, 93))
"""Pupils, tip of the nose (between two points) and corners of the mouth in the 189-point template of webmorph.org."""

FIVE_OF_FFHQ = ((0.37, 0.47), (0.63, 0.47), (0.50, 0.62), (0.40, 0.745), (0.60, 0.745))
"""Where the same five stand in pictures aligned as in the FFHQ data set (shares of the picture; eyes to about 1 %)."""


def _faces(folder: Path | None) -> Iterable[Face]:
    paths = _pictures(folder)
    if folder is None:
        return
    file = folder / "landmarks_189.json"
    landmarks = json.loads(file.read_text()) if file.is_file() else {}
    captions = _captions(folder / "weak_labels.tsv")
    for path in paths:
        studio = path.parent.name.startswith("webmorph")
        name = path.relative_to(folder).as_posix()
        person = f"webmorph-{path.stem[:3]}" if studio else f"{path.parent.name}-{path.stem}"
        points = landmarks.get(f"faces/{name}", landmarks.get(name))
        five = np.asarray(points, np.float32)[np.array(FIVE_OF_189)].mean(axis=1) if points else None
        if path.parent.name == "sfhq":
            with Picture.open(path) as picture:
                five = np.asarray(FIVE_OF_FFHQ, np.float32) * np.asarray(picture.size, np.float32)
        caption = captions.get(f"faces/{name}", captions.get(name, ""))
        yield Face(path, person, five, aligned=not path.parent.name.endswith("t2i"), caption=caption)


def _captions(file: Path) -> dict[str, str]:
    """Weak labels by picture: lines of file, topic and caption; empty where there is no such file."""
    lines = file.read_text(encoding="utf-8").splitlines()[1:] if file.is_file() else []
    rows = [line.split("\t") for line in lines]
    return {row[0]: row[2] for row in rows if len(row) == 3}


@cache
def _fonts() -> tuple[tuple[str, str, Font], ...]:
    """Every usable font with its script and split.

    Families are dealt out in the order of their hash, so that each split gets its share, and at least 3 when there are
    9 or more, whatever is installed.
    """
    by_script: dict[str, list[Font]] = {"hangul": [], "latin": [], "mrz": []}
    for path in _font_files():
        for script, font in _inspect(path):
            by_script[script].append(font)
    if not by_script["hangul"]:
        raise RuntimeError(NO_HANGUL_FONT)
    dealt = [("mrz", "every", font) for font in by_script["mrz"]]
    for script in ("hangul", "latin"):
        families = sorted(
            {root_family(font) for font in by_script[script]}, key=lambda name: hashlib.sha256(name.encode()).digest()
        )
        spare = len(families) >= 9
        tail = [max(round(len(families) * share), 3 if spare else 1) for share in SHARES[1:]]
        home = {}
        for place, family in enumerate(families):
            home[family] = SPLITS[1] if place < tail[0] else SPLITS[2] if place < sum(tail) else SPLITS[0]
        if len(families) < 3:
            home = dict.fromkeys(families, "every")
        dealt += [(script, home[root_family(font)], font) for font in by_script[script]]
    return tuple(dealt)


def root_family(font: Font) -> str:
    """The family without its width: Roboto Condensed is drawn like Roboto, so both belong to one split."""
    return re.sub(r" (Mono|Condensed|Narrow)\b|Coding$", "", font.family)


def _font_files() -> list[Path]:
    folders = [folder for folder in FONT_FOLDERS if folder.is_dir()]
    for package in FONT_PACKAGES:
        spec = importlib.util.find_spec(package)
        folders += [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    files = [
        path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in {".ttf", ".otf", ".ttc"}
    ]
    return sorted(files)


def _inspect(path: Path) -> Iterable[tuple[str, Font]]:
    """The scripts that the faces of a font file are used for."""
    for index in range(12):
        try:
            family, style_name = ImageFont.truetype(str(path), 10, index).getname()
            drawn = characters(str(path), index)
        except (OSError, BrokenFont):
            return
        family = family or path.stem
        style = f"{style_name or ''} {path.stem}".lower()
        if path.suffix.lower() == ".ttc" and not family.endswith(" KR"):
            continue
        found = Font(
            str(path), index, family, "bold" in style or "black" in style, "italic" in style or "oblique" in style
        )
        upright = not found.italic and "condensed" not in path.stem.lower()
        if upright and (MRZ_FAMILIES.search(family) or MONOSPACE_FAMILIES.search(family)):
            yield "mrz", found
        if not (DISPLAY_FAMILIES.search(family) or DISPLAY_FAMILIES.search(path.stem) or "light" in style):
            if drawn >= HANGUL:
                yield "hangul", found
            elif drawn >= LATIN:
                yield "latin", found
        if path.suffix.lower() != ".ttc":
            return
