"""Operations: what Triton's kernels gain over PyTorch's, by layer of StyleGAN2, and whether they compute the same.

Bytes are the fewest that an operation must move: what it reads once and what it writes once, forward and backward.
Beside the bandwidth of a large copy on the same device they say how far from the floor it is.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ganzoo.layers import activate, downsample, fir_kernel, smooth, upsample, use_kernels

TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
SIZES = ((256, 64), (64, 256), (16, 512))  # resolution and channels of StyleGAN2 with half the channels at 256 pixels
BATCH = 32


class Operation(NamedTuple):
    """One layer's operation: what it is given, how it computes, and how many maps it moves at least."""

    inputs: tuple[Tensor, ...]
    compute: Callable[..., Tensor]
    moved: int


def operations(resolution: int, channels: int, batch: int, dtype: torch.dtype, device: str) -> dict[str, Operation]:
    """Return what StyleGAN2 does beside its convolutions at a resolution; maps are channels-last."""
    kernel = fir_kernel([1, 3, 3, 1]).to(device)

    def maps(size: int, depth: int = channels) -> Tensor:
        drawn = torch.randn(batch, depth, size, size, device=device).to(dtype)
        return drawn.contiguous(memory_format=torch.channels_last).requires_grad_()

    def leaf(*shape: int) -> Tensor:
        return torch.randn(shape, device=device, requires_grad=True)

    noise = torch.randn(batch, 1, resolution, resolution, device=device)
    full = channels * resolution**2
    found = {
        "filter before halving": ((maps(resolution),), lambda x: smooth(x, kernel, padding=(2, 2)), 4 * full),
        "halve the shortcut": ((maps(resolution),), lambda x: downsample(x, kernel), 2 * full + full // 2),
        "filter after doubling": ((maps(resolution + 1),), lambda x: smooth(x, kernel * 4, padding=(1, 1)), 4 * full),
        "double the image": ((maps(resolution // 2, 3),), lambda x: upsample(x, kernel), 15 * resolution**2 // 2),
        "activate in the generator": (
            (maps(resolution), leaf(batch, channels), leaf(), leaf(channels)),
            lambda x, f, s, b: activate(x, factors=f, noise=noise, strength=s, bias=b, bound=256.0),
            6 * full,
        ),
        "activate in the discriminator": (
            (maps(resolution), leaf(channels)),
            # A copy stands for a convolution's result: what stands before it may be overwritten.
            lambda x, b: activate(x.clone(), bias=b, bound=256.0),
            7 * full,
        ),
    }
    width = torch.finfo(dtype).bits // 8 * batch
    return {name: Operation(given, compute, moved * width) for name, (given, compute, moved) in found.items()}


def measured(device: torch.device, *, tiny: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give for each operation, size and type: milliseconds of both, the gain, the bandwidth, the largest difference."""
    sizes, batch, repeats = (((8, 4),), 2, 1) if tiny else (SIZES, BATCH, 20)
    for label, dtype in TYPES.items():
        for resolution, channels in sizes:
            for name, operation in operations(resolution, channels, batch, dtype, str(device)).items():
                yield f"{name}, {resolution}x{resolution}x{channels}, {label}", both(operation, device, repeats)


def both(operation: Operation, device: torch.device, repeats: int) -> dict[str, Any]:
    """Measure an operation, forward and backward, with PyTorch's operations and with the kernels."""
    seconds, values = {}, {}
    given = torch.randn_like(operation.compute(*operation.inputs))

    def step() -> list[Tensor]:
        result = operation.compute(*operation.inputs)
        return [result.detach(), *torch.autograd.grad(result, operation.inputs, given)]

    for kernels in (False, True):
        use_kernels(kernels)
        try:
            values[kernels] = step()
            seconds[kernels] = median_seconds(step, device, repeats)
        finally:
            use_kernels(False)
    return {
        "pytorch_ms": seconds[False] * 1e3,
        "kernels_ms": seconds[True] * 1e3,
        "gain": seconds[False] / seconds[True],
        "gb_per_s": operation.moved / seconds[True] / 1e9,
        "difference": max(
            float((one.double() - other.double()).norm() / (other.double().norm() + 1e-12))
            for one, other in zip(values[True], values[False], strict=True)
        ),
    }


def median_seconds(step: Callable[[], Any], device: torch.device, repeats: int) -> float:
    """Return the median time of a step, on a GPU by its own clock."""
    cuda = device.type == "cuda"
    found = []
    for number in range(repeats + 3):
        if cuda:
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            step()
            end.record()
            end.synchronize()
            took = start.elapsed_time(end) / 1e3
        else:
            began = time.process_time()
            step()
            took = time.process_time() - began
        # The first few allocate, and wake the clocks.
        if number >= min(3, repeats):
            found.append(took)
    return statistics.median(found)


def copy_bandwidth(device: torch.device, *, tiny: bool) -> float:
    """Return the bytes per second that a large copy reads and writes: the ceiling of all of these."""
    source = torch.randn(2**10 if tiny else 2**28, device=device)
    target = torch.empty_like(source)
    return 2 * source.nbytes / median_seconds(lambda: target.copy_(source), device, 1 if tiny else 10)
