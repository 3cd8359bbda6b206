"""What the trainer costs over a bare hand-written loop: the same DCGAN, losses, shared forwards and data.

The two alternate in short blocks within one process. Usage: python benchmarks/trainer_overhead.py [--rounds 12]
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table
from torch.nn.functional import softplus

from ganzoo._recipe.load import validate
from ganzoo._recipe.recipe import Recipe
from ganzoo._registry.registry import Registry
from ganzoo._training.build import build_trainer
from ganzoo._training.trainer import Trainer
from ganzoo.contracts.component import ImageSpec

RESOLUTION, BLOCK = 64, 2
GAMMA, RATE, BETAS, EPSILON = 1.0, 2e-4, (0.5, 0.99), 1e-8


def recipe(width: int, batch_size: int) -> Recipe:
    """Return the DCGAN recipe that both loops follow."""
    network = {"name": "dcgan", "width": width, "kernel": 4}
    optimizer = {"learning_rate": RATE, "betas": BETAS, "epsilon": EPSILON}
    data = {
        "dataset": {"name": "phantom", "resolution": RESOLUTION},
        "generator": network | {"latents": "normal"},
        "discriminator": network | {"normalization": "none"},
        "loss": {"name": "logistic"},
        "regularizers": [{"name": "r1", "gamma": GAMMA}],
        "training": {
            "total_kimg": 1000,
            "batch_size": batch_size,
            "generator_optimizer": optimizer,
            "discriminator_optimizer": optimizer,
        },
        "scoring": {"extractor": {"name": "random-features"}},
    }
    return validate(data, Registry.discover(), "benchmark")


class Fixed:
    """The same reals each time: neither loop waits for data."""

    def __init__(self, batch_size: int) -> None:
        self.images = torch.rand(batch_size, 1, RESOLUTION, RESOLUTION) * 2 - 1
        self.labels = torch.zeros(batch_size, 0)

    def at(self, position: int, count: int, resolution: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the images, wherever in the stream."""
        return self.images, self.labels


def bare_loop(trainer: Trainer, reals: Fixed) -> Callable[[], None]:
    """Return one step as a person would write it for this one model, loss and penalty."""
    networks = trainer.game.generator, trainer.game.discriminator, trainer.ema.network
    generator, discriminator, ema = copy.deepcopy(networks)
    adam = [
        torch.optim.Adam(network.parameters(), lr=RATE, betas=BETAS, eps=EPSILON, fused=True)
        for network in (generator, discriminator)
    ]
    kept = [*ema.parameters(), *(buffer for buffer in ema.buffers() if buffer.is_floating_point())]
    followed = [*generator.parameters(), *(buffer for buffer in generator.buffers() if buffer.is_floating_point())]
    kept = [tensor.detach() for tensor in kept]
    followed = [tensor.detach() for tensor in followed]
    count, labels = len(reals.images), reals.labels
    decay = 0.5 ** (count / 1000)

    def step() -> None:
        real = reals.images.detach().requires_grad_()
        with torch.no_grad():
            fake = generator(torch.randn(count, generator.latent_dim), labels)
        adam[1].zero_grad(set_to_none=True)
        real_logits = discriminator(real, labels)
        loss = softplus(-real_logits).mean() + softplus(discriminator(fake, labels)).mean()
        (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
        (loss + GAMMA / 2 * slope.square().sum(dim=(1, 2, 3)).mean()).backward()
        adam[1].step()
        discriminator.requires_grad_(False)
        adam[0].zero_grad(set_to_none=True)
        made = generator(torch.randn(count, generator.latent_dim), labels)
        generator_loss = softplus(-discriminator(made, labels)).mean()
        generator_loss.backward()
        adam[0].step()
        discriminator.requires_grad_(True)
        with torch.no_grad():
            torch._foreach_lerp_(kept, followed, 1 - decay)
        loss.item(), generator_loss.item()

    return step


def seconds(step: Callable[[], object]) -> tuple[float, float]:
    """Return the time of one step by the clock and of the processor, over a short block of them."""
    clock, processor = time.perf_counter(), time.process_time()
    for _ in range(BLOCK):
        step()
    return (time.perf_counter() - clock) / BLOCK, (time.process_time() - processor) / BLOCK


def alternate(loops: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return the times of each loop's blocks, the loops taking turns in turning order."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in loops}
    for number in range(rounds + 1):
        for name in sorted(loops, reverse=bool(number % 2)):
            times[name].append(seconds(loops[name]))
    return {name: values[1:] for name, values in times.items()}  # the first round warms up


def main() -> None:
    """Alternate the two loops and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--width", type=int, nargs="*", default=[32, 64])
    parser.add_argument("--batch", type=int, default=16)
    arguments = parser.parse_args()
    threads = torch.get_num_threads()
    table = Table(title=f"seconds per step, {RESOLUTION} pixels, batch {arguments.batch}, {threads} threads, medians")
    for name in ("width", "measured by", "bare loop", "trainer", "ratio", "median of paired ratios"):
        table.add_column(name, justify="right")
    for width in arguments.width:
        reals, chosen = Fixed(arguments.batch), recipe(width, arguments.batch)
        trainer = build_trainer(chosen, ImageSpec(RESOLUTION, 1), torch.device("cpu"), reals, reals)
        bare = bare_loop(trainer, reals)
        loops: dict[str, Callable[[], object]] = {"bare": bare, "trainer": lambda t=trainer: t.step(t.phase)}
        found = alternate(loops, arguments.rounds)
        for column, measure in enumerate(("clock", "processor")):
            ours, theirs = ([block[column] for block in found[name]] for name in ("trainer", "bare"))
            medians = statistics.median(theirs), statistics.median(ours)
            paired = statistics.median(t / b for t, b in zip(ours, theirs, strict=True))
            times = f"{medians[0]:.4f}", f"{medians[1]:.4f}", f"{medians[1] / medians[0]:.3f}"
            table.add_row(str(width), measure, *times, f"{paired:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
