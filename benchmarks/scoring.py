"""How fast scoring is: Inception features against torch-fidelity's own command line, in turns on this machine.

    python benchmarks/scoring.py [--weights FILE] [--images 80] [--rounds 3]

Without weights random ones of the right shape are made: speed does not depend on their values. The command line is
timed on few and on many images, and the difference taken, so that its start does not count against it.
"""

from __future__ import annotations

import argparse
import io
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from ganzoo._registry.registry import Registry
from ganzoo.scoring.features import build_extractor, extract
from ganzoo_metrics.fid import frechet_distance
from ganzoo_metrics.kid import kernel_distance

FEW = 16
TARGET = 1.25  # what AVX2 gains on one thread and on two (docs/scoring.md), less its spread


class _Untrained(FeatureExtractorInceptionV3):
    def load_state_dict(self, state_dict, *args, **others):
        return None


def random_weights(path: Path) -> Path:
    """Save Inception weights as they are before training."""
    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    network = _Untrained("inception-v3-compat", ["2048"], feature_extractor_weights_path=nothing)
    for name, value in network.state_dict().items():
        if name.endswith("conv.weight"):
            torch.nn.init.kaiming_normal_(value)
    torch.save(network.state_dict(), path)
    return path


def dump(folder: Path, images: torch.Tensor) -> Path:
    folder.mkdir()
    for index, image in enumerate(images):
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(folder / f"{index:05d}.png")
    return folder


def command_line_seconds(folder: Path, weights: Path) -> float:
    command = [sys.executable, "-m", "torch_fidelity.fidelity", "--isc", "--isc-splits", "1", "--input1", str(folder)]
    command += ["--feature-extractor-weights-path", str(weights), "--cpu", "--silent", "--no-cache"]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def our_seconds(module: torch.nn.Module, images: torch.Tensor, layer: str) -> float:
    start = time.perf_counter()
    extract(module, images.split(64), (layer,), device="cpu")
    return time.perf_counter() - start


def in_turns(folder: Path, weights: Path, images: torch.Tensor, rounds: int) -> tuple[list[float], list[float]]:
    """Return seconds per image of the command line and of ganzoo, round by round."""
    cls = Registry.discover().part("extractor", "inception-v3-compat").cls
    module = build_extractor(cls(cls.Options(weights=weights)), ("logits_unbiased",), "cpu")
    few, many = dump(folder / "few", images[:FEW]), dump(folder / "many", images)
    ours, theirs = [], []
    our_seconds(module, images[:FEW], "logits_unbiased")
    for _ in range(rounds):
        start = command_line_seconds(few, weights)
        theirs.append((command_line_seconds(many, weights) - start) / (len(images) - FEW))
        ours.append(our_seconds(module, images, "logits_unbiased") / len(images))
    return theirs, ours


def offline_speed(name: str, layer: str, images: torch.Tensor, count: int) -> float:
    """Return images per second of processor time, on one thread, of an extractor that needs no download."""
    cls = Registry.discover().part("extractor", name).cls
    module = build_extractor(cls(cls.Options()), (layer,), "cpu")
    many = images.repeat(-(-count // len(images)), 1, 1, 1)[:count]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        our_seconds(module, many[:FEW], layer)
        start = time.process_time()
        our_seconds(module, many, layer)
        return len(many) / (time.process_time() - start)
    finally:
        torch.set_num_threads(threads)


def statistics_seconds(count: int, width: int = 2048) -> tuple[float, float]:
    """Return the seconds of FID and of KID, errors included, for `count` images on either side."""
    fakes, reals = torch.randn(count, width), torch.randn(count, width) + 0.1
    start = time.perf_counter()
    frechet_distance(fakes, reals)
    between = time.perf_counter()
    kernel_distance(fakes, reals, subsets=100, subset_size=min(1000, count))
    return between - start, time.perf_counter() - between


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--images", type=int, default=80)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--resolution", type=int, default=64)
    asked = parser.parse_args()
    shape = (asked.images, 3, asked.resolution, asked.resolution)
    images = torch.from_numpy(np.random.RandomState(0).randint(0, 256, shape).astype(np.uint8))
    with tempfile.TemporaryDirectory() as name:
        weights = asked.weights or random_weights(Path(name) / "random.pth")
        theirs, ours = in_turns(Path(name), weights, images, asked.rounds)
    ratios = [their / our for their, our in zip(theirs, ours, strict=True)]
    table = Table(
        title=f"{asked.images} images of {asked.resolution}x{asked.resolution}, {torch.get_num_threads()} threads"
    )
    for column in ("what", "median", "range"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for what, seconds in (("torch-fidelity's command line", theirs), ("ganzoo", ours)):
        speeds = [1 / each for each in seconds]
        table.add_row(
            f"{what}, images/s", f"{statistics.median(speeds):.1f}", f"{min(speeds):.1f} to {max(speeds):.1f}"
        )
    table.add_row(
        f"ratio (at least {TARGET})", f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f} to {max(ratios):.2f}"
    )
    random, lite0 = (
        offline_speed(name, layer, images, count)
        for name, layer, count in (("random-features", "800", 1024), ("efficientnet-lite0", "1280", 96))
    )
    table.add_row("random-features, one thread, images/s (at least 200)", f"{random:.0f}", "")
    table.add_row("efficientnet-lite0, one thread, images/s (at least 12)", f"{lite0:.1f}", "")
    for count in (1000, 4000):
        fid, kid = statistics_seconds(count)
        table.add_row(f"FID and KID of {count} images, with errors, s", f"{fid:.1f} and {kid:.1f}", "")
    Console().print(table)


if __name__ == "__main__":
    main()
