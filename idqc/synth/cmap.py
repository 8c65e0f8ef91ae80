"""Which characters a font file can draw: the `cmap` table of TrueType and OpenType files, and nothing else of them.

https://learn.microsoft.com/typography/opentype/spec/cmap, formats 4 and 12.
"""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


class BrokenFont(Exception):
    """The file is not a font, or its character table is in a form that no font of the last twenty years uses."""


@lru_cache(maxsize=512)
def characters(path: str, index: int = 0) -> frozenset[int]:
    """The code points that a font draws; `index` picks one in a collection (.ttc). Raises BrokenFont or OSError."""
    with open(path, "rb") as file:
        data = file.read()
    try:
        start = struct.unpack_from(">I", data, 12 + 4 * index)[0] if data[:4] == b"ttcf" else 0
        return _best(data, _table(data, start, b"cmap"))
    except (struct.error, ValueError, IndexError) as error:
        raise BrokenFont(f"{path}: {error}") from error


def _table(data: bytes, start: int, tag: bytes) -> int:
    for number in range(struct.unpack_from(">H", data, start + 4)[0]):
        name, _, offset, _ = struct.unpack_from(">4sIII", data, start + 12 + 16 * number)
        if name == tag:
            return int(offset)
    raise ValueError(f"no table {tag.decode()}")


def _best(data: bytes, cmap: int) -> frozenset[int]:
    """The largest Unicode subtable: format 12 covers every plane, format 4 the first."""
    found: frozenset[int] = frozenset()
    for number in range(struct.unpack_from(">H", data, cmap + 2)[0]):
        platform, encoding, offset = struct.unpack_from(">HHI", data, cmap + 4 + 8 * number)
        if (platform == 0 and encoding != 5) or (platform == 3 and encoding in (1, 10)):
            at = cmap + offset
            kind = struct.unpack_from(">H", data, at)[0]
            drawn = _format_4(data, at) if kind == 4 else _format_12(data, at) if kind == 12 else frozenset()
            found = max(found, drawn, key=len)
    return found


def _format_12(data: bytes, at: int) -> frozenset[int]:
    groups = (
        np.frombuffer(data, ">u4", 3 * struct.unpack_from(">I", data, at + 12)[0], at + 16)
        .reshape(-1, 3)
        .astype(np.int64)
    )
    codes, group = _spread(groups[:, 0], groups[:, 1])
    return frozenset(codes[groups[group, 2] + codes - groups[group, 0] != 0].tolist())


def _format_4(data: bytes, at: int) -> frozenset[int]:
    length, _, twice = struct.unpack_from(">HHH", data, at + 2)
    words = np.frombuffer(data, ">u2", (length or len(data) - at) // 2, at).astype(np.int64)
    count = twice // 2
    last, first = words[7 : 7 + count], words[8 + count : 8 + 2 * count]
    delta, reach = words[8 + 2 * count : 8 + 3 * count], words[8 + 3 * count : 8 + 4 * count]
    codes, segment = _spread(first, last)
    place = 8 + 3 * count + segment + reach[segment] // 2 + codes - first[segment]
    listed = np.where(place < len(words), words[np.minimum(place, len(words) - 1)], 0)
    far = reach[segment] != 0
    glyph = np.where(far, np.where(listed == 0, 0, listed + delta[segment]), codes + delta[segment]) % 65536
    return frozenset(codes[(glyph != 0) & (codes < 0xFFFF)].tolist())


def _spread(first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every code from first to last of each range, and the number of its range."""
    sizes = np.maximum(last - first + 1, 0)
    group = np.repeat(np.arange(len(first)), sizes)
    return np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + first[group], group
