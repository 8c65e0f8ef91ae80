"""A cache of training crops: photos are decoded once, their crops lie as uint8 in memory-mapped .npy files.

folder/<name>.npy     (capacity, *shape) uint8; only the first `count` rows are filled (the file is sparse)
folder/targets.jsonl  one JSON target a crop, in the order of the rows
folder/state.json     how many items are done, how many crops they gave, and for which `key`
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np

from idqc.train.meter import Meter

Item = TypeVar("Item")
Crop: TypeAlias = tuple[Mapping[str, np.ndarray], Any]
"""Named uint8 arrays, and what they should teach (anything that JSON can hold)."""

ITEMS_BETWEEN_STATES = 50


@dataclass(frozen=True, eq=False)
class Crops:
    """Crops by name, (count, *shape) uint8, read-only; `targets` in the same order."""

    arrays: dict[str, np.ndarray]
    targets: list[Any]

    def __len__(self) -> int:
        return len(self.targets)


def build_crops(
    folder: Path, items: Sequence[Item], cut: Callable[[Item], Iterable[Crop]], per_item: int, key: str
) -> Crops:
    """Cuts the crops of all items, or goes on where an interrupted call stopped, or just opens what is finished.

    Args:
        cut: gives the crops of one item, at most `per_item`; all crops share names and shapes. An item whose crops
            must differ from run to run needs its own seeded generator.
        key: names data and recipe; a cache made under another key is made again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state_path, targets_path = folder / "state.json", folder / "targets.jsonl"
    state: dict[str, Any] = {"key": key, "items": len(items), "done": 0, "count": 0, "shapes": {}}
    if state_path.exists():
        found = json.loads(state_path.read_text())
        if found["key"] == key and found["items"] == len(items):
            state = found
    lines = targets_path.read_text(encoding="utf-8").splitlines() if targets_path.exists() else []
    targets = [json.loads(line) for line in lines[: state["count"]]]
    capacity = max(len(items) * per_item, 1)
    arrays = {name: np.lib.format.open_memmap(folder / f"{name}.npy", mode="r+") for name in state["shapes"]}

    def save() -> None:
        for array in arrays.values():
            array.flush()
        state_path.with_suffix(".tmp").write_text(json.dumps(state))
        state_path.with_suffix(".tmp").replace(state_path)

    if state["done"] < len(items):
        with (
            targets_path.open("w", encoding="utf-8") as out,
            Meter(f"crops {folder.name}", len(items), state["done"]) as meter,
        ):
            out.writelines(json.dumps(target) + "\n" for target in targets)
            for item in items[state["done"] :]:
                for named, target in cut(item):
                    for name, crop in named.items():
                        if name not in arrays:
                            state["shapes"][name] = list(crop.shape)
                            arrays[name] = np.lib.format.open_memmap(
                                folder / f"{name}.npy", mode="w+", dtype=np.uint8, shape=(capacity, *crop.shape)
                            )
                        arrays[name][state["count"]] = crop
                    targets.append(target)
                    out.write(json.dumps(target) + "\n")
                    state["count"] += 1
                state["done"] += 1
                meter.advance(f"{state['count']} crops")
                if state["done"] % ITEMS_BETWEEN_STATES == 0:
                    out.flush()
                    save()
            out.flush()
            save()
    opened = {name: np.load(folder / f"{name}.npy", mmap_mode="r")[: state["count"]] for name in state["shapes"]}
    return Crops(opened, targets)
