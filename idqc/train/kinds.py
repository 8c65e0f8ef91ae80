"""What a forged or genuine photo is an example of: the kinds that a leave-one-kind-out trial keeps from training."""

from __future__ import annotations

from idqc.labels import Label
from idqc.synth.forge.paper import printer_kind
from idqc.synth.forge.screen import screen_kind


def kinds_of(label: Label) -> frozenset[str]:
    """Such as `screen=phone`, `printer=inkjet`, `edit=poisson` and `type=td1`.

    Screens and printers are those of `idqc synth`: a photo of a screen or printer of another maker has no such kind.
    """
    found = set()
    if label.document_type is not None:
        found.add(f"type={label.document_type}")
    if label.screen is not None and label.screen.startswith("S"):
        found.add(f"screen={screen_kind(label.screen).device}")
    if label.printer is not None and label.printer.startswith("P"):
        found.add(f"printer={printer_kind(label.printer).family}")
    if label.edit is not None and "." in label.edit:
        found.add(f"edit={label.edit.partition('.')[2]}")
    return frozenset(found)
