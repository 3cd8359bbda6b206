"""Kernels: where the time of a step on a device goes, and how often the host waits, from PyTorch's profiler."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

# The first that fits; names of kernels of cuDNN, cuBLAS, CUTLASS, PyTorch and Triton.
FAMILIES = (
    ("triton", r"triton|^_\w+_kernel$"),
    ("layout conversion", r"nchwToNhwc|nhwcToNchw|NchwToNhwc|tensorTransform|convertTensor"),
    ("convolution", r"conv|fprop|dgrad|wgrad|implicit|winograd|xmma"),
    ("matrix product", r"gemm|gemv|cutlass|cublas|matmul|splitK|nvjet"),
    ("optimizer and average", r"multi_tensor_apply|FusedAdam|foreach|lerp"),
    ("resampling", r"grid_sampler|upsample|interpolate|pool|pad"),
    ("normalization", r"batch_norm|layer_norm|bn_fw|bn_bw|welford"),
    ("reduction", r"reduce|softmax|norm"),
    ("random", r"random|distribution|philox|bernoulli"),
    ("copy", r"[Mm]emcpy|[Mm]emset|copy|Copy|[cC]at[A-Z]|CatArray|fill|Fill"),
    ("elementwise", r"elementwise|vectorized|unrolled"),
)
WAITS = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize")


def family(name: str) -> str:
    """Return what a kernel does, by its name."""
    return next((label for label, pattern in FAMILIES if re.search(pattern, name)), "other")


@dataclass
class Kernels:
    """Device time by kernel in seconds, launches and waits per step; kinds of step add up by their shares."""

    seconds: Counter[str] = field(default_factory=Counter)
    launches: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)

    def add(self, other: Kernels, share: float) -> None:
        """Add another step as the share of steps that it is."""
        for mine, theirs in ((self.seconds, other.seconds), (self.launches, other.launches), (self.calls, other.calls)):
            for name, value in theirs.items():
                mine[name] += value * share

    def as_json(self, top: int = 25) -> dict[str, Any]:
        """Return families and the dearest kernels by share of device time, and waits per step."""
        busy = sum(self.seconds.values()) or 1.0
        families: Counter[str] = Counter()
        for name, seconds in self.seconds.items():
            families[family(name)] += seconds / busy
        return {
            "device_seconds_per_step": sum(self.seconds.values()),
            "kernels_per_step": round(sum(self.launches.values()), 1),
            "families": {name: round(share, 4) for name, share in families.most_common()},
            "top_kernels": [
                {"kernel": name[:160], "share": round(seconds / busy, 4), "per_step": round(self.launches[name], 2)}
                for name, seconds in self.seconds.most_common(top)
            ],
            "host_calls_per_step": {name: round(count, 3) for name, count in self.calls.most_common()},
            "host_syncs_per_step": round(sum(self.calls[name] for name in WAITS), 3),
        }


def profiled(step: Callable[[], None], device: torch.device) -> Kernels:
    """Profile one step; on a CPU its operators take the place of kernels."""
    cuda = device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if cuda else [])]
    with profile(activities=activities, acc_events=True) as watch:
        step()
        if cuda:
            torch.cuda.synchronize(device)
    found = Kernels()
    for event in watch.key_averages():
        on_device = event.device_type == torch.autograd.DeviceType.CUDA
        if on_device or not cuda:
            time = event.self_device_time_total if cuda else event.self_cpu_time_total
            found.seconds[event.key] += time / 1e6
            found.launches[event.key] += event.count
        if event.key in WAITS or "local_scalar" in event.key or "ageable" in event.key:
            found.calls[event.key] += event.count
    if cuda:
        found.calls["cudaDeviceSynchronize"] -= 1  # the one above
    return found
