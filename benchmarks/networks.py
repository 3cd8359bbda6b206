"""StyleGAN2 and ProGAN of this project against published packages, whole training steps with all their penalties.

All take turns in one process, in short rounds. Usage, with the packages in ./peers as `peers.py` says:

    PYTHONPATH=peers python benchmarks/networks.py [--rounds 5] [--only StyleGAN2] [--memory]
    PYTHONPATH=peers python benchmarks/networks.py --threads 2      # on a quiet machine: seconds of the clock

What is printed: seconds of the processor per 1,000 images, each kind of step counting as often as its recipe does it;
how many times as fast ours is; parameters; and the peak memory of a process that does nothing else.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

import torch
from peers import LATENT, AkanimaxProGAN, ExamplesDCGAN, LucidrainsStyleGAN2, Variant
from rich.console import Console
from rich.table import Table

from ganzoo._recipe.load import validate
from ganzoo._registry.registry import Registry
from ganzoo._runs.provenance import peak_memory_bytes
from ganzoo._training.build import build_trainer
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.objectives import Role
from ganzoo_stylegan2.discriminator import StyleGAN2Discriminator

RESOLUTION, BASE, HIGHEST = 64, 4096, 128
STYLEGAN2_BATCH, PROGAN_BATCH, DCGAN_BATCH = 8, 16, 64


class Contender(Protocol):
    """Something that trains."""

    batch: int

    def variants(self) -> list[tuple[str, float, Variant]]:
        """Return the kinds of step, how often each is done, and a call that does one."""

    def parameters(self) -> int:
        """Count the parameters of its networks."""


class Fixed:
    """The same reals each time: nobody waits for data."""

    def __init__(self, batch: int) -> None:
        self.images, self.labels = torch.rand(batch, 3, RESOLUTION, RESOLUTION) * 2 - 1, torch.zeros(batch, 0)

    def at(self, position: int, count: int, resolution: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the images, wherever in the stream."""
        return self.images, self.labels


class Ours:
    """A recipe in ganzoo's trainer. Lazy penalties take part in a step when a player's count of updates says so."""

    def __init__(self, recipe: dict[str, Any]) -> None:
        self.batch = recipe["training"]["batch_size"]
        reals = Fixed(self.batch)
        chosen = validate(recipe, Registry.discover(), "benchmark")
        images = ImageSpec(RESOLUTION, 3)
        self.trainer = build_trainer(chosen, images, torch.device("cpu"), reals, reals)
        self.lazy = {
            Role(side): every
            for side, every in (("discriminator", 16), ("generator", 4))
            if any(penalty.get("every") == every for penalty in recipe.get("regularizers", []))
        }

    def variants(self) -> list[tuple[str, float, Variant]]:
        """Return plain steps, and those with each lazy penalty."""
        plain = 1 - sum(1 / every for every in self.lazy.values())
        lazy = [(side.value, 1 / every, lambda side=side: self.step(side)) for side, every in self.lazy.items()]
        return [("plain", plain, self.step), *lazy]

    def parameters(self) -> int:
        """Count the parameters of both networks."""
        networks = (self.trainer.game.generator, self.trainer.game.discriminator)
        return sum(p.numel() for network in networks for p in network.parameters())

    def step(self, lazy: Role | None = None) -> None:
        """Do one step, in which the lazy penalties of one side take part, or none."""
        for side, player in self.trainer.players.items():
            player.updates = 0 if side is lazy else 1
        self.trainer.step(self.trainer.phase)


def our_stylegan2(precision: str, discriminator_max: int = HIGHEST) -> Ours:
    """Return StyleGAN2 with R1 every 16 and path length every 4."""
    widths = {"channel_base": BASE, "channel_max": HIGHEST}
    return Ours(
        _recipe(STYLEGAN2_BATCH, precision)
        | {
            "generator": {"name": "stylegan2", **widths},
            "discriminator": {"name": "stylegan2", "channel_base": BASE, "channel_max": discriminator_max},
            "loss": {"name": "logistic"},
            "regularizers": [{"name": "r1", "every": 16}, {"name": "path-length", "every": 4}],
        }
    )


def our_progan(precision: str) -> Ours:
    """Return ProGAN with WGAN-GP and drift."""
    widths = {"channel_base": BASE, "channel_max": HIGHEST}
    return Ours(
        _recipe(PROGAN_BATCH, precision)
        | {
            "generator": {"name": "progan", "latent_dim": LATENT, **widths},
            "discriminator": {"name": "progan", **widths},
            "loss": {"name": "wgan-gp", "drift": 0.001},
        }
    )


def our_dcgan(precision: str, *, shares_fakes: bool) -> Ours:
    """Return the networks and the training of pytorch/examples' DCGAN, with fakes shared as there or not."""
    network = {"name": "dcgan", "width": 64, "kernel": 4, "normalization": "batch"}
    recipe = _recipe(DCGAN_BATCH, precision)
    optimizer = {"learning_rate": 2e-4, "betas": [0.5, 0.999]}
    recipe["training"] |= {f"{side}_optimizer": optimizer for side in ("generator", "discriminator")}
    recipe["training"] |= {"share_fakes": shares_fakes}
    return Ours(
        recipe
        | {
            "generator": network | {"latents": "normal", "batch_norm_of_dense": "channels"},
            "discriminator": network,
            "loss": {"name": "logistic"},
        }
    )


def _recipe(batch: int, precision: str) -> dict[str, Any]:
    optimizer = {"learning_rate": 0.001, "betas": [0.0, 0.99]}
    return {
        "dataset": {"name": "phantom", "resolution": RESOLUTION},
        "training": {
            "total_kimg": 1000,
            "batch_size": batch,
            "precision": precision,
            "generator_optimizer": optimizer,
            "discriminator_optimizer": optimizer,
        },
        "scoring": {"extractor": {"name": "random-features"}},
    }


def discriminator_max_for(parameters: int) -> int:
    """Return the least `channel_max` of our discriminator with which StyleGAN2 has as many parameters."""

    def critic(width: int) -> int:
        with torch.device("meta"):
            options = StyleGAN2Discriminator.Options(channel_base=BASE, channel_max=width)
            built = StyleGAN2Discriminator(options, ImageSpec(RESOLUTION, 3))
        return sum(p.numel() for p in built.parameters())

    generator = our_stylegan2("fp32").parameters() - critic(HIGHEST)
    return next(width for width in range(HIGHEST, 8 * HIGHEST, 4) if generator + critic(width) >= parameters)


def lucidrains(critic_share: int = 2) -> LucidrainsStyleGAN2:
    """Return the package's networks, the generator as wide as ours at every side.

    Its discriminator is twice as wide as its generator at the finest sides (`critic_share` 2), as the package makes
    it, or as wide (1).
    """
    width = BASE // RESOLUTION
    return LucidrainsStyleGAN2(RESOLUTION, width // 2, critic_share * width // 4, HIGHEST, STYLEGAN2_BATCH)


def akanimax() -> AkanimaxProGAN:
    """Return the package's networks, as wide as ours at every side."""
    return AkanimaxProGAN(RESOLUTION, BASE, HIGHEST, PROGAN_BATCH)


CONTENDERS: dict[str, Callable[[], Contender]] = {
    "stylegan2_pytorch": lucidrains,
    "its D narrowed to ours": lambda: lucidrains(1),
    "ours, equal widths": lambda: our_stylegan2("fp32"),
    "ours, equal parameters": lambda: our_stylegan2("fp32", discriminator_max_for(lucidrains().parameters())),
    "the same in bf16": lambda: our_stylegan2("bf16", discriminator_max_for(lucidrains().parameters())),
    "pro-gan-pth": akanimax,
    "our ProGAN": lambda: our_progan("fp32"),
    "our ProGAN in bf16": lambda: our_progan("bf16"),
    "pytorch/examples": lambda: ExamplesDCGAN(DCGAN_BATCH, channels_last=False),
    "it in channels-last": lambda: ExamplesDCGAN(DCGAN_BATCH, channels_last=True),
    "our DCGAN": lambda: our_dcgan("fp32", shares_fakes=False),
    "our DCGAN, fakes shared": lambda: our_dcgan("fp32", shares_fakes=True),
    "it in bf16": lambda: our_dcgan("bf16", shares_fakes=True),
}
GAMES = {
    "StyleGAN2": [
        "stylegan2_pytorch",
        "its D narrowed to ours",
        "ours, equal widths",
        "ours, equal parameters",
        "the same in bf16",
    ],
    "ProGAN": ["pro-gan-pth", "our ProGAN", "our ProGAN in bf16"],
    "DCGAN": ["pytorch/examples", "it in channels-last", "our DCGAN", "our DCGAN, fakes shared", "it in bf16"],
}


def alternate(contenders: dict[str, Contender], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    """Return seconds per 1,000 images: medians over rounds of each kind of step, weighted by its share."""
    times: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds + 1):
        for name, contender in contenders.items():
            for kind, _, step in contender.variants():
                started = clock()
                step()
                if number:  # the first round warms up
                    times.setdefault((name, kind), []).append(clock() - started)
    return {
        name: sum(share * statistics.median(times[name, kind]) for kind, share, _ in contender.variants())
        * (1000 / contender.batch)
        for name, contender in contenders.items()
    }


def peak_memory(name: str, threads: int) -> float:
    """Return the GiB that a process needs at most for two steps of each kind."""
    command = [sys.executable, __file__, "--memory-of", name, "--threads", str(threads)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 2**30


def report_memory(name: str) -> None:
    """Do two steps of each kind and print the peak in bytes."""
    contender = CONTENDERS[name]()
    for _ in range(2):
        for _, _, step in contender.variants():
            step()
    print(peak_memory_bytes(torch.device("cpu")))


def main() -> None:
    """Let the contenders of each game take turns, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1, help="1: seconds of the processor; more: of the clock")
    parser.add_argument("--memory", action="store_true", help="measure peak memory too, each in a process of its own")
    parser.add_argument("--memory-of", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--only", choices=GAMES)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.memory_of:
        report_memory(arguments.memory_of)
        return
    # Of several threads the processor's seconds add up, those of waiting for each other included.
    clock = time.process_time if arguments.threads == 1 else time.perf_counter
    for game, names in GAMES.items():
        if arguments.only not in (None, game):
            continue
        contenders = {name: CONTENDERS[name]() for name in names}
        found = alternate(contenders, arguments.rounds, clock)
        table = Table(title=f"{game}, {RESOLUTION} pixels, {arguments.threads} threads, {clock.__name__}, medians")
        for column in ("", "batch", "s/kimg", "times as fast", "parameters", "peak GiB"):
            table.add_column(column, justify="right")
        for name, contender in contenders.items():
            speed, size = f"{found[names[0]] / found[name]:.2f}", f"{contender.parameters():,}"
            memory = f"{peak_memory(name, arguments.threads):.2f}" if arguments.memory else "-"
            table.add_row(name, str(contender.batch), f"{found[name]:.1f}", speed, size, memory)
        Console().print(table)


if __name__ == "__main__":
    main()
