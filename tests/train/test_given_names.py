from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from idqc.given_names import FILE
from idqc.train.given_names import fit


def test_the_weights_come_from_the_names_and_hold_for_others(tmp_path: Path) -> None:
    said = fit(tmp_path / FILE)
    assert said["held_out"] > 1000
    assert said["held_out_auc"] > 0.8
    fresh, kept = (path.read_bytes() for path in (tmp_path / FILE, files("idqc") / FILE))
    assert len(fresh) == len(kept)
