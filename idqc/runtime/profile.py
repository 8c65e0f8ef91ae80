"""What this machine offers to a model: threads and execution providers, decided once at start-up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import onnxruntime

PREFERRED_PROVIDERS = ("CUDAExecutionProvider", "OpenVINOExecutionProvider", "CPUExecutionProvider")


CPU_FLAGS = Path("/proc/cpuinfo")
WIDE_SUMS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})
"""Instructions that add products of 8 bits in 32; without them the fastest kernels add two in 16, which overflows."""


@dataclass(frozen=True)
class Profile:
    """Thread budget and providers. `intra_op_threads` is for one run of one model; `wide_sums` says that 8-bit models
    may use the fastest kernels without losing anything."""

    intra_op_threads: int
    providers: tuple[str, ...]
    wide_sums: bool = False


def detect(intra_op_threads: int = 1) -> Profile:
    """Takes the providers that the installed build of onnxruntime brings, the fastest first.

    One thread a run is the default: under load one request uses one thread, since more threads than cores cost twice
    the time and more. A caller that knows the machine to be idle may ask for more.
    """
    available = set(onnxruntime.get_available_providers())
    providers = tuple(name for name in PREFERRED_PROVIDERS if name in available)
    return Profile(intra_op_threads, providers, has_wide_sums())


def has_wide_sums(flags: Path = CPU_FLAGS) -> bool:
    """Whether the processor is known to add products of 8 bits without overflow; where nothing tells, it is not."""
    try:
        text = flags.read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False
    return bool(WIDE_SUMS & set(text.split()))
