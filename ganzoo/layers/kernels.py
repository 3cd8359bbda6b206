"""Kernels: whether layers compute with Triton's on a GPU, or with PyTorch's own operations."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import TypeVar

import torch
from torch import Tensor

_DEVICE = "cuda"
_TYPES = (torch.float32, torch.bfloat16, torch.float16, torch.float64)
_MOST_IMAGES = 65535  # of one launch: the third axis of CUDA's grid
_MOST_ELEMENTS = 2**31  # of one image: places in it are counted in 32 bits

_Result = TypeVar("_Result")


class _Choice:
    """What was chosen, and what became of it."""

    wanted = False
    failed = False


def use_kernels(wanted: bool) -> None:
    """Choose whether layers on a GPU compute with kernels in Triton from now on, in this process.

    They do what PyTorch's operations do in fewer passes over the memory, and their numbers differ in the last bits. If
    Triton is not installed or cannot compile them, a warning says so once and PyTorch's operations are used.
    """
    _Choice.wanted, _Choice.failed = wanted, False


def kernels_fit(images: Tensor) -> bool:
    """Return whether Triton's kernels are used for `[N, C, H, W]`."""
    return (
        _Choice.wanted
        and not _Choice.failed
        and images.device.type == _DEVICE
        and images.dtype in _TYPES
        and len(images) <= _MOST_IMAGES
        and images[:1].numel() < _MOST_ELEMENTS
        # The compiler fuses what it sees; of a kernel it sees nothing.
        and not torch.compiler.is_compiling()
    )


def with_kernels(
    module: str, images: Tensor, fast: Callable[[ModuleType], _Result], plain: Callable[[], _Result]
) -> _Result:
    """Return what `fast` computes with a module of kernels, or what `plain` does if they do not fit or fail."""
    if not kernels_fit(images):
        return plain()
    try:
        # Triton is imported here, and so only where there is a GPU.
        kernels = importlib.import_module(f"ganzoo.layers.{module}")
        if not images.is_cuda or images.device.index == torch.cuda.current_device():
            return fast(kernels)
        # Triton launches on the current device, whatever its arguments are on.
        with torch.cuda.device(images.device):
            return fast(kernels)
    except torch.OutOfMemoryError:
        raise
    # A missing package, a compiler or driver that does not know this GPU: no reason to end a training.
    except Exception as error:
        _Choice.failed = True
        warnings.warn(
            f"the kernels in Triton cannot be used, so PyTorch's operations are: {type(error).__name__}: {error}",
            stacklevel=2,
        )
        return plain()
