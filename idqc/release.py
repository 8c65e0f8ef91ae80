"""A release: weights, preprocessing and thresholds as one verified, hashed thing that every Inspection names."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from idqc.catalogue import FIXED, field_criteria
from idqc.decision import ThresholdTable, parse_thresholds
from idqc.documents import document_types
from idqc.errors import SetupError
from idqc.runtime.profile import Profile
from idqc.runtime.session import ModelSpec, Session, TensorSpec, open_session

PREPROCESSING = ("documents", "models", "photo")
"""The packages whose text shapes what a model sees; a change in them makes another release."""


@dataclass(frozen=True)
class Release:
    """Weights and thresholds that belong together. `id` is the manifest's version and a hash of all content."""

    id: str
    weights_dir: Path
    models: Mapping[str, ModelSpec]
    thresholds: ThresholdTable

    def open(self, model: str, profile: Profile) -> Session:
        """Opens one model, checked against the manifest. Raises SetupError."""
        if model not in self.models:
            raise SetupError(
                f"The manifest names no model {model}.",
                "Restore weights/manifest.toml from the release.",
                code="setup.weights_missing",
            )
        return open_session(self.weights_dir, self.models[model], profile)


def bundled() -> Path:
    """The folder that holds `weights/` and `thresholds/`: inside the wheel, or the checkout around the package."""
    inside = Path(str(files("idqc"))) / "bundled"
    return inside if inside.is_dir() else Path(str(files("idqc"))).parent


def load_release(weights_dir: Path | None = None, thresholds: Path | None = None) -> Release:
    """Reads the manifest and the thresholds, by default the bundled ones. Files are hashed when they are opened.

    Raises:
        SetupError: a file is missing or broken, or a criterion has no thresholds.
    """
    weights_dir = weights_dir or bundled() / "weights"
    thresholds = thresholds or bundled() / "thresholds" / "default.toml"
    manifest_text = _read(weights_dir / "manifest.toml", "IDQC_WEIGHTS_DIR")
    thresholds_text = _read(thresholds, "IDQC_THRESHOLDS")
    try:
        manifest = tomllib.loads(manifest_text)
        table = parse_thresholds(thresholds_text)
        models = {name: _spec(name, entry) for name, entry in manifest["models"].items()}
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as broken:
        raise SetupError(
            f"The manifest or the thresholds cannot be read: {type(broken).__name__}.",
            "Restore weights/manifest.toml and thresholds/default.toml from the release.",
            code="setup.manifest",
        ) from broken
    keys = {criterion.threshold_key for criterion in FIXED}
    keys |= {criterion.threshold_key for name in document_types() for criterion in field_criteria(name)}
    missing = sorted(keys - set(table.by_key))
    if missing:
        raise SetupError(
            f"{len(missing)} criteria have no thresholds: {', '.join(missing)}.",
            "Add a table for each to the thresholds file, or write it anew with `idqc calibrate`.",
            code="setup.thresholds",
        )
    content = hashlib.sha256()
    for text in (manifest_text, thresholds_text, *_preprocessing()):
        content.update(hashlib.sha256(text.encode()).digest())
    release_id = f"{manifest['release']}+{content.hexdigest()[:12]}"
    return Release(release_id, weights_dir, MappingProxyType(models), table)


def _spec(name: str, entry: Mapping[str, Any]) -> ModelSpec:
    def tensors(key: str) -> tuple[TensorSpec, ...]:
        return tuple(
            TensorSpec(t["name"], t["dtype"], tuple(size if size > 0 else None for size in t["shape"]))
            for t in entry[key]
        )

    return ModelSpec(name, entry["file"], entry["sha256"], tensors("inputs"), tensors("outputs"))


def _preprocessing() -> list[str]:
    package = Path(str(files("idqc")))
    return [
        path.read_text(encoding="utf-8")
        for folder in PREPROCESSING
        for path in sorted((package / folder).iterdir())
        if path.suffix in (".py", ".toml")
    ]


def _read(path: Path, setting: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as missing:
        raise SetupError(
            f"{path.name} cannot be read ({type(missing).__name__}).",
            f"Point {setting} at the release's folder or file.",
            code="setup.weights_missing",
        ) from missing
