"""R1 by finite differences against the exact one: processor time of a critic's update, and how far both agree.

    python benchmarks/finite_difference_r1.py [--steps 10] [--draws 32] [--resolutions 32 64] [--critics r3gan]

Two critics without coupling over the batch learn for a while to tell smooth images from smoother ones. Then, on one
batch of reals, printed are

- processor seconds per 1,000 images of the critic's update: loss alone, with R1, with R1 and R2, each both ways;
- by sigma, in float32 and bfloat16: the finite-difference penalty over the exact one in float32 (its mean over draws of
  the noise, and the deviation of a single draw), and the cosine between the gradients of both by all weights, of one
  draw and of the mean of all draws.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn.functional import interpolate, softplus

from ganzoo import Discriminator, ImageSpec, Regularizer
from ganzoo.testing import LinearStep
from ganzoo_losses.r1 import R1
from ganzoo_losses.r2 import R2
from ganzoo_r3gan.discriminator import R3GANDiscriminator
from ganzoo_regularizers.finite_difference_r1 import FiniteDifferenceR1
from ganzoo_regularizers.finite_difference_r2 import FiniteDifferenceR2
from ganzoo_stylegan2.discriminator import StyleGAN2Discriminator

BATCH, CHANNELS, GAMMA = 8, 3, 1.0
SIGMAS = (1e-4, 1e-2, 1e-1, 3e-1)
CRITICS: dict[str, tuple[Any, dict[str, Any]]] = {
    # Without minibatch deviation, so that each logit is its own image's.
    "stylegan2": (StyleGAN2Discriminator, {"channel_base": 2048, "channel_max": 64, "minibatch_std_group": 0}),
    "r3gan": (R3GANDiscriminator, {"channel_base": 1024, "channel_max": 64, "blocks": [1]}),
}


def smooth(count: int, resolution: int, cells: int, seed: int) -> Tensor:
    """Return images of random blobs in [-1, 1]."""
    drawn = torch.randn(count, CHANNELS, cells, cells, generator=torch.Generator().manual_seed(seed))
    return interpolate(drawn, size=resolution, mode="bicubic").tanh()


def built(name: str, resolution: int) -> Discriminator:
    """Return a critic that has learned a little."""
    torch.manual_seed(0)
    cls, options = CRITICS[name]
    critic: Discriminator = cls(cls.Options(**options), ImageSpec(resolution, CHANNELS))
    critic.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.0, 0.99))
    for seed in range(20):
        step = batch(critic, resolution, seed)
        optimizer.zero_grad()
        (loss(step) + 0.1 * make(R1).penalty(step)).backward()
        optimizer.step()
    return critic


def batch(critic: Discriminator, resolution: int, seed: int) -> LinearStep:
    """Return reals with twice as fine blobs as the fakes."""
    real, fakes = (
        smooth(BATCH, resolution, resolution // 4, 2 * seed),
        smooth(BATCH, resolution, resolution // 8, 2 * seed + 1),
    )
    return LinearStep(critic, real, fakes=fakes, connected=True, fakes_connected=True)


def loss(step: LinearStep) -> Tensor:
    return softplus(-step.real_logits).mean() + softplus(step.fake_logits).mean()


def make(cls: Any, **options: Any) -> Regularizer:
    penalty: Regularizer = cls(cls.Options(**{"gamma": GAMMA, **options}))
    return penalty


def updates(critic: Discriminator, resolution: int) -> dict[str, Callable[[], None]]:
    """Return an update of the critic without optimizer, by which penalties it has."""
    kinds: dict[str, list[Any]] = {
        "loss alone": [],
        "R1": [R1],
        "R1 by differences": [FiniteDifferenceR1],
        "R1 and R2": [R1, R2],
        "both by differences": [FiniteDifferenceR1, FiniteDifferenceR2],
    }
    real, fakes = smooth(BATCH, resolution, resolution // 4, 0), smooth(BATCH, resolution, resolution // 8, 1)

    def update(penalties: Sequence[Any]) -> None:
        needs = [any(getattr(cls, f"needs_{of}_gradient") for cls in penalties) for of in ("real", "fake")]
        step = LinearStep(critic, real, fakes=fakes, connected=needs[0], fakes_connected=needs[1])
        critic.zero_grad()
        sum((make(cls).penalty(step) for cls in penalties), loss(step)).backward()

    return {name: lambda penalties=penalties: update(penalties) for name, penalties in kinds.items()}


def timed(critic: Discriminator, resolution: int, steps: int) -> dict[str, float]:
    """Return processor seconds per 1,000 images, medians over rounds in which all take turns."""
    kinds = updates(critic, resolution)
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for update in kinds.values():
        update()
    for _ in range(steps):
        for name, update in kinds.items():
            begun = time.process_time()
            update()
            seconds[name].append(time.process_time() - begun)
    return {name: statistics.median(values) * 1000 / BATCH for name, values in seconds.items()}


def gradient(penalty: Regularizer, step: LinearStep, half: bool) -> tuple[float, Tensor]:
    """Return a penalty and its gradient by all weights, as one vector."""
    rounded: AbstractContextManager[object] = torch.autocast("cpu", torch.bfloat16) if half else nullcontext()
    parameters = list(step.discriminator.parameters())
    with rounded:
        value = penalty.penalty(step)
    slopes = torch.autograd.grad(value, parameters, allow_unused=True)
    flat = [torch.zeros_like(p) if slope is None else slope for p, slope in zip(parameters, slopes, strict=True)]
    return value.item(), torch.cat([each.float().flatten() for each in flat])


def agreement(critic: Discriminator, resolution: int, draws: int) -> list[tuple[str, ...]]:
    """Return a row per precision and sigma."""
    exact, direction = gradient(make(R1), batch(critic, resolution, 1000), half=False)
    rows = []
    for half in (False, True):
        _, of_half = gradient(make(R1), batch(critic, resolution, 1000), half)
        rows.append(("bf16" if half else "fp32", "exact", "", "", _cosine(of_half, direction), ""))
        for sigma in SIGMAS:
            found = [
                gradient(make(FiniteDifferenceR1, sigma=sigma), batch(critic, resolution, 1000), half)
                for _ in range(draws)
            ]
            values = [value / exact for value, _ in found]
            mean = torch.stack([slope for _, slope in found]).mean(dim=0)
            single = statistics.fmean(float(_cosine(slope, direction)) for _, slope in found)
            rows.append(
                (
                    "bf16" if half else "fp32",
                    f"{sigma:g}",
                    f"{statistics.fmean(values):.3g}",
                    f"{statistics.stdev(values):.3g}",
                    f"{single:.3f}",
                    _cosine(mean, direction),
                )
            )
    return rows


def _cosine(one: Tensor, other: Tensor) -> str:
    return f"{torch.nn.functional.cosine_similarity(one, other, dim=0).item():.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--draws", type=int, default=32)
    parser.add_argument("--resolutions", type=int, nargs="+", default=[32, 64])
    parser.add_argument("--critics", nargs="+", choices=list(CRITICS), default=list(CRITICS))
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    console = Console()
    for name in given.critics:
        for resolution in given.resolutions:
            critic = built(name, resolution)
            seconds = timed(critic, resolution, given.steps)
            times = Table(*seconds, title=f"{name} at {resolution} pixels: processor seconds per 1,000 images")
            times.add_row(*(f"{value:.1f}" for value in seconds.values()))
            console.print(times)
            columns = (
                "precision",
                "sigma",
                "value / exact",
                "deviation",
                "cosine of one draw",
                f"of {given.draws} draws",
            )
            table = Table(*columns, title=f"{name} at {resolution} pixels")
            for row in agreement(critic, resolution, given.draws):
                table.add_row(*row)
            console.print(table)


if __name__ == "__main__":
    main()
