"""Leave one kind out: what the fraud model sees of a kind of screen, printer, edit or document that it never met.

    python benchmarks/leave_one_out.py DATA... --out OUT [--minutes 12] [--leave screen=phone --leave edit=poisson ...]

For each kind the final recipe is trained at a reduced budget on the split train without photos of that kind, and tried
on photos of that kind from the split calibrate (whose screens, printers, layouts and persons are new anyway) beside
genuine ones. Beside it stands one run of the same budget that met every kind. A run that was cut off goes on. Prints a
Markdown table and writes it to OUT/table.md.
"""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path
from typing import Any

import torch

from idqc.labels import read_labels
from idqc.train.fraud import (
    CROPS_IN_EPOCH,
    FraudNet,
    card_logits,
    fit_copy_weights,
    loss,
    measures,
)
from idqc.train.fraud_crops import Sampler, read_crops
from idqc.train.kinds import kinds_of
from idqc.train.loop import Budget, fit
from idqc.train.report import Table, markdown

USUAL = (
    "screen=phone",
    "screen=monitor",
    "printer=inkjet",
    "printer=laser",
    "edit=poisson",
    "edit=inpainted",
    "type=td1",
)
BATCH, RATE = 32, 3e-4
EVERYTHING = "nothing"
Cards = dict[str, dict[str, Any]]


def trained(crops: dict[str, Any], without: frozenset[str], minutes: float, out: Path) -> Cards:
    """Trains without some cards; gives the logits of the calibrate cards. Kept in `out` once it is done."""
    kept = out / "cards.pickle"
    if kept.exists():
        return dict(pickle.loads(kept.read_bytes()))
    budget = Budget(epochs=100_000, batch=BATCH, learning_rate=RATE, minutes=minutes)
    sampler = Sampler(crops["train"], BATCH, budget.seed, without)
    torch.manual_seed(budget.seed)
    model = FraudNet().to(memory_format=torch.channels_last)
    fit(model, sampler.batches, CROPS_IN_EPOCH // BATCH, loss, lambda _: {}, budget, out)
    with torch.no_grad():
        cards = card_logits(model, crops["calibrate"])
    kept.write_bytes(pickle.dumps(cards))
    return cards


def row(kind: str, cards: Cards, kinds: dict[str, frozenset[str]]) -> dict[str, float]:
    """How well forgeries of a kind separate from genuine photos: for a document type, from those of that type."""
    of_type = kind.startswith("type=")
    tried = {
        name: card
        for name, card in cards.items()
        if kind in kinds.get(name, ()) or (card["attack"] is None and not of_type)
    }
    found = measures(tried, fit_copy_weights(cards))
    count = sum(card["attack"] is not None for card in tried.values())
    return {"forgeries": float(count), **found}


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--leave", action="append", help=f"a kind; may be repeated. Usual: {', '.join(USUAL)}")
    asked = parser.parse_args()
    crops = {split: read_crops(asked.data, asked.out / "cache", split) for split in ("train", "calibrate")}
    kinds = {f"{home.name}/{label.file}": kinds_of(label) for home in asked.data for label in read_labels(home)}
    everything = trained(crops, frozenset(), asked.minutes, asked.out / EVERYTHING)
    rows = []
    for kind in asked.leave or USUAL:
        left = frozenset(name for name, of in kinds.items() if kind in of)
        cards = trained(crops, left, asked.minutes, asked.out / kind.replace("=", "-"))
        unseen, seen = row(kind, cards, kinds), row(kind, everything, kinds)
        for name in sorted(name for name in unseen if name.startswith("auc_") and name.count("_") <= 2):
            species = name.removeprefix("auc_")
            if species.endswith("_against_bad") or species in ("grayscale_network", "grayscale_chroma"):
                continue
            errors = [one.get(f"apcer_at_bpcer5_{species}") for one in (unseen, seen)]
            rows.append([kind, species, f"{unseen['forgeries']:.0f}", f"{unseen[name]:.3f}", f"{seen[name]:.3f}"]
                        + ["–" if error is None else f"{100 * error:.0f} %" for error in errors])  # fmt: skip
    table = Table(
        "One kind left out",
        ("left out", "species", "forgeries", "AUC, never met", "AUC, met", "missed at BPCER 5 %, never met", "met"),
        rows,
        f"{asked.minutes:g} minutes of one core a run; {len(crops['train'].targets)} crops of train.",
    )
    text = markdown(table)
    (asked.out / "table.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
