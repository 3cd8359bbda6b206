"""Arithmetic of a training: the types that its networks and penalties compute in, and what the GPU may do."""

from __future__ import annotations

import platform
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch

from ganzoo._inference.gpu_arithmetic import gpu_arithmetic
from ganzoo._recipe.arithmetic import ArithmeticSettings
from ganzoo._version import __version__

_HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}
_WITHOUT_BF16 = ("AVX2", "DEFAULT", "NO AVX")  # what x86 CPUs have whose bfloat16 goes by loops
_X86 = ("x86_64", "AMD64")


@dataclass(frozen=True)
class Arithmetic:
    """How numbers are computed; weights, losses, moments and averages are in float32.

    Attributes:
        half: The type of 16 bits that networks compute in, or None for float32.
        half_penalties: Whether penalties do too.
        tf32: Whether a GPU may round factors of float32 to 10 bits.
        cudnn: How a GPU's convolutions are chosen.
    """

    half: torch.dtype | None = None
    half_penalties: bool = False
    tf32: bool = False
    cudnn: str = "deterministic"

    @classmethod
    def of(cls, settings: ArithmeticSettings) -> Arithmetic:
        """Return what a recipe says."""
        half = _HALF.get(settings.precision)
        return cls(half, settings.penalty_precision == "half", settings.tf32, settings.cudnn)

    def slow_on(self, device: torch.device) -> str | None:
        """Say that a device has no quick arithmetic for these numbers, and what would do; None where it has.

        Measured in processor time of whole steps of StyleGAN2 and DCGAN at 32 pixels, on one thread of a Xeon: float16
        with all its instructions (32 to 36) and kept to AVX-512 or AVX2, bfloat16 kept to AVX2.
        """
        if device.type != "cpu" or self.half is None:
            return None
        instead = 'take "fp32", or a GPU (--device cuda)'
        if self.half is torch.float16:
            return (
                f'training.precision = "fp16" is for GPUs: on CPUs its steps took 11 to 36 times as long as in "fp32"; '
                f"{instead}"
            )
        if platform.machine() in _X86 and torch.backends.cpu.get_cpu_capability() in _WITHOUT_BF16:
            return (
                f'training.precision = "bf16": this CPU has no AVX-512, without which steps took 8 to 12 times as long '
                f'as in "fp32"; {instead}'
            )
        return None

    @property
    def scales_losses(self) -> bool:
        """Whether gradients need a scale: float16 has none below 6e-8, where bfloat16 reaches as far as float32."""
        return self.half is torch.float16

    def on(self, device: torch.device) -> AbstractContextManager[None]:
        """Return a context in which a device computes so."""
        return gpu_arithmetic(
            device,
            tf32=self.tf32,
            deterministic=self.cudnn == "deterministic",
            benchmark=self.cudnn == "benchmark",
        )

    def facts(self, device: torch.device) -> dict[str, Any]:
        """Return what decides the last bits of a sum: equal answers are needed for an exact resume."""
        found = {
            "threads": torch.get_num_threads(),
            "device": device.type,
            "torch": torch.__version__,
            "machine": platform.machine(),
            "cpu": torch.backends.cpu.get_cpu_capability(),
            "ganzoo": __version__,
        }
        if device.type == "cuda":
            found |= {
                "gpu": torch.cuda.get_device_name(device),
                "cudnn": str(torch.backends.cudnn.version()),  # type: ignore[no-untyped-call]
                "tf32": self.tf32,
                "cudnn kernels": self.cudnn,
            }
        return found
