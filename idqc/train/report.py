"""Tables of a report, on the terminal and in Markdown, and small pictures in colours that everybody can tell apart."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image as Pillow
from rich.console import Console
from rich.table import Table as RichTable

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
"""Okabe and Ito's palette (2008)."""

PICTURE_COLOURS = 32


@dataclass(frozen=True)
class Table:
    """One table: title, column names, rows of cells as people read them, what must be known to read it, and the file
    name of a picture of the same numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    picture: str = ""


def show(table: Table, console: Console) -> None:
    """Prints a table to the terminal."""
    rich = RichTable(title=table.title, caption=table.note or None, title_justify="left", caption_justify="left")
    for index, name in enumerate(table.columns):
        rich.add_column(name, justify="left" if index == 0 else "right", overflow="fold")
    for row in table.rows:
        rich.add_row(*row)
    console.print(rich)


def markdown(table: Table) -> str:
    """The table as Markdown, with its title as a heading."""
    lines = [f"## {table.title}", "", *([table.note, ""] if table.note else [])]
    lines.append("| " + " | ".join(table.columns) + " |")
    lines.append("| --- |" + " ---: |" * (len(table.columns) - 1))
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table.rows]
    lines += ["", f"![{table.title}]({table.picture})"] if table.picture else []
    return "\n".join([*lines, ""])


def number(value: float | None, digits: int = 3) -> str:
    """A number for a cell; a dash where there is none."""
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def draw() -> Any:
    """matplotlib's pyplot, drawing into memory, with plain styling."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.rcParams.update({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True})
    pyplot.rcParams.update({"grid.alpha": 0.3, "legend.frameon": False, "axes.titlesize": 9})
    return pyplot


def save_picture(figure: Any, path: Path, dpi: int = 100) -> None:
    """Saves a figure as a PNG of few colours, a fourth of the bytes of a full one, and closes it."""
    full = io.BytesIO()
    figure.savefig(full, format="png", dpi=dpi, bbox_inches="tight")
    draw().close(figure)
    Pillow.open(full).convert("RGB").quantize(PICTURE_COLOURS).save(path, optimize=True)
