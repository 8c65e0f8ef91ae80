from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np

from idqc.name_letters import FILE
from idqc.train.name_letters import fit


def test_the_weights_come_from_the_names_and_hold_for_others(tmp_path: Path) -> None:
    said = fit(tmp_path / FILE)
    assert said["held_out"] > 1000
    assert said["given_name_auc"] > 0.8
    assert said["town_auc"] > 0.7
    fresh, kept = (
        np.frombuffer(path.read_bytes(), np.int8).astype(float) for path in (tmp_path / FILE, files("idqc") / FILE)
    )
    assert np.corrcoef(fresh, kept)[0, 1] > 0.99
