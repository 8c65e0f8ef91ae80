"""What this machine offers to a model: threads and execution providers, decided once at start-up."""

from __future__ import annotations

from dataclasses import dataclass

import onnxruntime

PREFERRED_PROVIDERS = ("CUDAExecutionProvider", "OpenVINOExecutionProvider", "CPUExecutionProvider")


@dataclass(frozen=True)
class Profile:
    """Thread budget and providers. `intra_op_threads` is for one run of one model."""

    intra_op_threads: int
    providers: tuple[str, ...]


def detect(intra_op_threads: int = 1) -> Profile:
    """Takes the providers that the installed build of onnxruntime brings, the fastest first.

    One thread a run is the default: under load one request uses one thread, since more threads than cores cost twice
    the time and more. A caller that knows the machine to be idle may ask for more.
    """
    available = set(onnxruntime.get_available_providers())
    return Profile(intra_op_threads, tuple(name for name in PREFERRED_PROVIDERS if name in available))
