"""What recipes cost here: processor seconds per thousand images on one thread, whole steps with all their penalties.

Usage: python benchmarks/recipe_cost.py RECIPE... [--steps 16] [--rounds 3]

Recipes take turns, each for as many steps as penalties need to have had their turn (`--steps`), on made-up images, so
that nobody waits for data; the median of the rounds counts. An adaptive augmentation stands at its start.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from rich.console import Console
from rich.table import Table

from ganzoo._recipe.load import load
from ganzoo._registry.registry import Registry
from ganzoo._training.build import build_trainer
from ganzoo.contracts.component import ImageSpec


class Fixed:
    """The same reals each time, with one class after the other."""

    def __init__(self, batch: int, images: ImageSpec) -> None:
        side, classes = images.resolution, max(1, images.label_dim)
        self.images = torch.rand(batch, images.channels, side, side) * 2 - 1
        self.labels = torch.eye(classes)[torch.arange(batch) % classes][:, : images.label_dim]

    def at(self, position: int, count: int, resolution: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the images, wherever in the stream."""
        return self.images, self.labels


class Contender:
    """A recipe in the trainer."""

    def __init__(self, name: str, registry: Registry) -> None:
        self.name, recipe = load(name, registry)
        options = recipe.dataset.options
        images = ImageSpec(
            options.resolution, getattr(options, "channels", None) or 3, getattr(options, "classes", 0) or 0
        )
        self.batch = recipe.training.batch_size
        reals = Fixed(self.batch, images)
        self.trainer = build_trainer(recipe, images, torch.device("cpu"), reals, reals)
        self.seconds: list[float] = []

    def parameters(self) -> int:
        """Count the parameters of both networks."""
        networks = (self.trainer.game.generator, self.trainer.game.discriminator)
        return sum(parameter.numel() for network in networks for parameter in network.parameters())

    def play(self, steps: int) -> None:
        """Do these steps, and note their processor seconds per thousand images."""
        start = time.process_time()
        for _ in range(steps):
            self.trainer.step(self.trainer.phase)
        self.seconds.append((time.process_time() - start) / (steps * self.batch) * 1000)


def main() -> None:
    """Time the recipes in turn, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="+")
    parser.add_argument(
        "--steps", type=int, default=16, help="steps of a round: penalties of every 16th are in it once"
    )
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    registry = Registry.discover()
    contenders = [Contender(name, registry) for name in asked.recipes]
    for contender in contenders:
        contender.play(2)  # kernels are chosen, moments made
        contender.seconds.clear()
    for _ in range(asked.rounds):
        for contender in contenders:
            contender.play(asked.steps)
    table = Table("recipe", "s/kimg", "least to most", "M parameters G + D")
    for each in contenders:
        spread = f"{min(each.seconds):.1f} to {max(each.seconds):.1f}"
        table.add_row(each.name, f"{statistics.median(each.seconds):.1f}", spread, f"{each.parameters() / 1e6:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
