"""What images by seed cost beyond the network: bare forwards of a small StyleGAN2 against `ganzoo.explore`, in turns.

    python benchmarks/sampling.py [--images 1000] [--resolution 64] [--rounds 5] [--device cpu]

Both make the same number of images in groups of the size that `ganzoo` chooses for the device. The bare forwards draw
one latent tensor and throw the images away; the other side draws latents and noise per image, rounds to uint8 and
keeps all images.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._inference.per_seed import group_size
from ganzoo._inference.run_files import RunFiles
from ganzoo._inference.sampling_options import SamplingOptions
from ganzoo._registry.registry import Registry
from ganzoo._runs.directory import RunDirectory
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.networks import Generator

TARGET = 1.1


def _generator(resolution: int) -> Generator:
    cls = Registry.discover().part("generator", "stylegan2").cls
    options = cls.Options(latent_dim=64, style_dim=64, mapping_layers=4, channel_base=2048, channel_max=64)
    torch.manual_seed(0)
    return cls(options, ImageSpec(resolution, 1, 0)).eval().requires_grad_(False)


def _settled(device: torch.device) -> float:
    if device.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize(device)
    return time.perf_counter()


def _bare(generator: Generator, count: int, size: int, device: torch.device) -> float:
    labels = torch.zeros(size, 0, device=device)
    began = _settled(device)
    with torch.no_grad():
        for _ in range(0, count, size):
            generator(torch.randn(size, generator.latent_dim, device=device), labels)
    return _settled(device) - began


def _by_seed(opened: OpenedGenerator, count: int) -> float:
    began = _settled(opened.device)
    opened.images(range(count))
    return _settled(opened.device) - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    device = torch.device(given.device)
    generator = _generator(given.resolution).to(device)
    spec = ImageSpec(given.resolution, 1, 0)
    opened = OpenedGenerator(
        RunFiles(RunDirectory(Path("none"))), generator, spec, 0, "ema", "", device, SamplingOptions()
    )
    size = group_size(given.resolution, device)
    _bare(generator, size, size, device)
    _by_seed(opened, size)
    turns = [
        (_bare(generator, given.images, size, device), _by_seed(opened, given.images)) for _ in range(given.rounds)
    ]
    bare, by_seed = (min(column) for column in zip(*turns, strict=True))  # what a busy machine disturbs least
    table = Table(title=f"{given.images} images at {given.resolution}x{given.resolution}, groups of {size}, {device}")
    for heading in ("", "seconds", "images/s", "ratio"):
        table.add_column(heading, justify="left" if not heading else "right")
    table.add_row("bare forwards", f"{bare:.2f}", f"{given.images / bare:.0f}", "")
    ratio = f"{by_seed / bare:.2f} (<= {TARGET})"
    table.add_row("images by seed", f"{by_seed:.2f}", f"{given.images / by_seed:.0f}", ratio)
    Console().print(table)


if __name__ == "__main__":
    main()
