"""Arithmetic of a recipe: in which types a training computes, and what a GPU may do with them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

# What a GPU may choose otherwise from one part of a training to the next: it moves last bits, or digits with TF32, and
# a resume that changes it says that it is not exact.
GPU_SETTINGS = ("tf32", "cudnn")


class ArithmeticSettings(BaseModel):
    """In which types networks and penalties are computed; weights, moments and losses are always in float32."""

    precision: Literal["fp32", "bf16", "fp16"] = Field(
        default="fp32",
        description="What networks compute in: float32, bfloat16, or float16 with loss scaling. Weights, losses and "
        "the optimizer stay in float32.",
    )
    penalty_precision: Literal["fp32", "half"] = Field(
        default="fp32",
        description="`half`: penalties compute in the type of `precision` too, as NVIDIA's code does. `fp32` is exact.",
    )
    tf32: bool = Field(
        default=False,
        description="Let a GPU round the factors of float32 products to 10 bits (TensorFloat-32), which is quicker.",
    )
    cudnn: Literal["deterministic", "heuristic", "benchmark"] = Field(
        default="deterministic",
        description="Kernels of a GPU's convolutions: those that add up alike each time, those that cuDNN's rules "
        "choose, or the quickest of all, measured when a size is first seen.",
    )
