"""The training loop that every model here shares: AdamW, cosine rate, averaged weights, checkpoints that resume."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from idqc.train.meter import Meter

WARM_UP_SHARE = 0.03
FINAL_RATE_SHARE = 0.01
WEIGHT_DECAY = 0.02
GRADIENT_NORM = 10.0
AVERAGE_DECAY = 0.998
SECONDS_BETWEEN_CHECKPOINTS = 150.0
VALIDATION_SHARE = 0.06
"""Validation after an epoch is skipped while it would take more than this share of the time; the last one never is."""


@dataclass(frozen=True)
class Budget:
    """What a training run may use. With `minutes` the run ends on time, whatever `epochs` says.

    `minutes` counts the loop (steps and validation) over all resumed parts, not the making of the crop cache.
    """

    epochs: int
    batch: int
    learning_rate: float
    minutes: float | None = None
    threads: int = 1
    seed: int = 7


def learning_rate_share(progress: float) -> float:
    """The share of the full learning rate at `progress` 0..1 of the run: linear warm-up, then cosine."""
    if progress < WARM_UP_SHARE:
        return max(progress, WARM_UP_SHARE / 10) / WARM_UP_SHARE
    turn = min((progress - WARM_UP_SHARE) / (1 - WARM_UP_SHARE), 1.0)
    return FINAL_RATE_SHARE + (1 - FINAL_RATE_SHARE) * 0.5 * (1 + math.cos(math.pi * turn))


class AveragedWeights:
    """An exponential moving average of a model's parameters and buffers."""

    def __init__(self, model: Any) -> None:
        self.state = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: Any, step: int) -> None:
        """Moves the average towards the model; early steps move it more, so that it leaves the start quickly."""
        weight = 1.0 - min(AVERAGE_DECAY, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            if value.dtype.is_floating_point:
                self.state[name].lerp_(value.detach(), weight)
            else:
                self.state[name].copy_(value)

    def swap(self, model: Any) -> dict[str, Any]:
        """Puts the average into the model and returns what it held before."""
        before = {name: value.detach().clone() for name, value in model.state_dict().items()}
        model.load_state_dict(self.state)
        return before


def fit(
    model: Any,
    batches: Callable[[int], Iterator[Any]],
    steps_per_epoch: int,
    loss: Callable[[Any, Any], Any],
    validate: Callable[[Any], dict[str, float]],
    budget: Budget,
    out: Path,
) -> dict[str, Any]:
    """Trains `model` in place and leaves the averaged weights in it, in eval mode.

    Args:
        batches: gives the batches of an epoch (0, 1, …); anything that `loss` understands. It should draw its
            randomness from `budget.seed` and the epoch.
        steps_per_epoch: how many of them are used an epoch.
        loss: `loss(model, batch)` -> scalar tensor; the model is in train mode.
        validate: gets the model with averaged weights in eval mode and without gradients; its numbers go to
            `out/metrics.jsonl`.
        out: holds `checkpoint.pt` and `metrics.jsonl`. A checkpoint found there is continued.

    Returns:
        The last validation's numbers, and `seconds`, `steps`, `epochs`, `examples` of the whole run.
    """
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(budget.threads)
    torch.manual_seed(budget.seed)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in trained if p.ndim > 1], "weight_decay": WEIGHT_DECAY},
            {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=budget.learning_rate,
    )
    average = AveragedWeights(model)
    step, seconds, checkpoint = 0, 0.0, out / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        average.state = saved["average"]
        torch.set_rng_state(saved["rng"])
        step, seconds = saved["step"], saved["seconds"]

    total = steps_per_epoch * budget.epochs
    started = time.monotonic() - seconds
    last_save = time.monotonic()
    spent_validating, numbers, losses = 0.0, dict[str, float](), list[float]()

    def progress() -> float:
        timed = (time.monotonic() - started) / (60 * budget.minutes) if budget.minutes else 0.0
        return max(step / max(total, 1), timed)

    def save() -> None:
        state: dict[str, Any] = {
            "model": model.state_dict(),
            "average": average.state,
            "optimizer": optimizer.state_dict(),
        }
        state |= {"step": step, "seconds": time.monotonic() - started, "rng": torch.get_rng_state()}
        torch.save(state, checkpoint.with_suffix(".tmp"))
        checkpoint.with_suffix(".tmp").replace(checkpoint)

    def report() -> dict[str, float]:
        before = average.swap(model)
        model.eval()
        with torch.no_grad():
            found = validate(model)
        model.load_state_dict(before)
        line = {"step": step, "epoch": step / steps_per_epoch, "seconds": round(time.monotonic() - started, 1)}
        line |= {"loss": sum(losses) / max(len(losses), 1), **found}
        with (out / "metrics.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")
        losses.clear()
        return found

    with Meter(f"train {out.name}", total, step) as meter:
        while step < total and progress() < 1.0:
            left = steps_per_epoch - step % steps_per_epoch
            model.train()
            for batch in islice(batches(step // steps_per_epoch), left):
                at = progress()
                if at >= 1.0:
                    break
                for group in optimizer.param_groups:
                    group["lr"] = budget.learning_rate * learning_rate_share(at)
                value = loss(model, batch)
                if not torch.isfinite(value):
                    raise FloatingPointError(f"the loss is {float(value)} at step {step}; lower the learning rate")
                optimizer.zero_grad(set_to_none=True)
                value.backward()
                torch.nn.utils.clip_grad_norm_(trained, GRADIENT_NORM)
                optimizer.step()
                step += 1
                average.update(model, step)
                losses.append(float(value.detach()))
                recent = losses[-50:]
                meter.advance(f"loss {sum(recent) / len(recent):.4f}")
                if time.monotonic() - last_save > SECONDS_BETWEEN_CHECKPOINTS:
                    save()
                    last_save = time.monotonic()
            elapsed = time.monotonic() - started
            if step < total and progress() < 1.0 and spent_validating <= VALIDATION_SHARE * elapsed:
                begun = time.monotonic()
                numbers = report()
                spent_validating += time.monotonic() - begun
                save()
    numbers = report()
    save()
    average.swap(model)
    model.eval()
    run = {"seconds": round(time.monotonic() - started, 1), "steps": step}
    return {**numbers, **run, "epochs": step / max(steps_per_epoch, 1), "examples": step * budget.batch}
