"""Whose number ours is: features and metrics against torch-fidelity, and what other libraries' resizing does to FID.

    python benchmarks/parity.py [--weights FILE] [--images 64] [--skip-command-line]

Without weights random ones of the right shape are made: equality does not depend on their values, the size of the
differences between resizes does. pytorch-fid's and clean-fid's resizes are done over again here from what they do to an
image (torch's bilinear interpolation of floats without antialiasing; Pillow's bicubic of float channels), since neither
package runs with a current SciPy.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from scoring import random_weights
from torch import Tensor
from torch.nn import functional
from torch_fidelity.datasets import ImagesPathDataset
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

from ganzoo._registry.registry import Registry
from ganzoo.scoring.features import build_extractor, extract
from ganzoo_metrics.fid import frechet_distance
from ganzoo_metrics.inception_score import inception_score
from ganzoo_metrics.kid import kernel_distance
from ganzoo_metrics.precision_recall import precision_recall

SIDE, WIDTH = 299, 2048


def pictures(count: int, channels: int, seed: int) -> Tensor:
    """Return bright squares on a textured ground, uint8 `[n, C, 64, 64]`; other seeds have other squares."""
    rng = np.random.RandomState(seed)
    images = rng.randint(0, 60, (count, channels, 64, 64))
    for image in images:
        x, y, size = *rng.randint(0, 32, 2).tolist(), rng.randint(8, 32)
        image[:, y : y + size, x : x + size] += rng.randint(60, 190, (channels, 1, 1))
    return torch.from_numpy(images.astype(np.uint8))


def dump(folder: Path, images: Tensor) -> Path:
    """Write images as PNG files, gray ones with one channel."""
    folder.mkdir()
    for index, image in enumerate(images.numpy()):
        pixels = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
        Image.fromarray(pixels).save(folder / f"{index:05d}.png")
    return folder


def our_features(weights: Path, images: Tensor, layers: tuple[str, ...]) -> dict[str, Tensor]:
    cls = Registry.discover().part("extractor", "inception-v3-compat").cls
    module = build_extractor(cls(cls.Options(weights=weights)), layers, "cpu")
    return extract(module, images.split(16), layers, device="cpu")


def their_network(weights: Path) -> torch.nn.Module:
    return FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(weights)
    ).eval()


def compare_features(weights: Path, count: int, folder: Path, table: Table) -> None:
    theirs = their_network(weights)
    for channels, what in ((1, "gray"), (3, "RGB")):
        images = pictures(count, channels, 1)
        files = sorted(str(path) for path in dump(folder / what, images).iterdir())
        read = torch.stack([ImagesPathDataset(files)[index] for index in range(count)])
        with torch.no_grad():
            wanted = torch.cat([theirs(part)[0] for part in read.split(16)])
        found = our_features(weights, images, ("2048",))["2048"]
        table.add_row(f"features of {count} PNG files, {what}", difference(found, wanted))


def difference(found: Tensor, wanted: Tensor) -> str:
    return f"{float((found - wanted).abs().max() / wanted.abs().max()):.1e}"


def compare_metrics(table: Table) -> None:
    for count in (300, 2500):  # below and above the width
        rng = torch.Generator().manual_seed(count)
        fakes = torch.randn(count, WIDTH, generator=rng) * 1.2 + 0.1
        reals = torch.randn(count, WIDTH, generator=rng)
        statistics = [fid_features_to_statistics(each.double()) for each in (fakes, reals)]
        fid = fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"]
        kid = kid_features_to_metric(
            fakes.double(), reals.double(), kid_subsets=10, kid_subset_size=200, verbose=False
        )["kernel_inception_distance_mean"]
        pr = prc_features_to_metric(fakes, reals, verbose=False)
        isc = isc_features_to_metric(fakes[:, :1008], 10)["inception_score_mean"]
        ours = {
            "FID": (frechet_distance(fakes, reals).value, fid),
            "KID": (kernel_distance(fakes, reals, subsets=10, subset_size=200).value, kid),
            "IS": (inception_score(fakes[:, :1008], splits=10, blocks=0).value, isc),
        }
        precision, recall = precision_recall(fakes, reals, neighborhood=3, blocks=2)
        ours |= {"precision": (precision.value, pr["precision"]), "recall": (recall.value, pr["recall"])}
        for name, (found, wanted) in ours.items():
            relative = abs(found - wanted) / max(abs(wanted), 1e-12)
            table.add_row(f"{name} of {count:,} made features of width {WIDTH:,}", f"{relative:.1e}")


def compare_command_line(weights: Path, count: int, folder: Path, table: Table) -> None:
    fakes, reals = pictures(count, 3, 1), pictures(count, 3, 2)
    command = [sys.executable, "-W", "ignore", "-m", "torch_fidelity.fidelity", "--cpu", "--json", "--silent"]
    command += ["--no-cache", "--fid", "--input1", str(dump(folder / "fakes", fakes))]
    command += ["--input2", str(dump(folder / "reals", reals)), "--feature-extractor-weights-path", str(weights)]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    ours = [our_features(weights, images, ("2048",))["2048"] for images in (fakes, reals)]
    wanted = answer["frechet_inception_distance"]
    table.add_row(
        f"FID of its command line, {count} images", f"{abs(frechet_distance(*ours).value - wanted) / wanted:.1e}"
    )


def as_pytorch_fid(images: Tensor) -> Tensor:
    resized = functional.interpolate(images.float() / 255, (SIDE, SIDE), mode="bilinear", align_corners=False)
    return 2 * resized - 1


def as_clean_fid(images: Tensor) -> Tensor:
    sized = [
        [Image.fromarray(channel).resize((SIDE, SIDE), Image.Resampling.BICUBIC) for channel in image]
        for image in images.numpy().astype(np.float32)
    ]
    pixels = np.array([[np.asarray(channel) for channel in image] for image in sized]).clip(0, 255)
    return (torch.from_numpy(pixels) - 128) / 128


RESIZES: dict[str, Callable[[Tensor], Tensor] | None] = {
    "torch-fidelity and ganzoo (TensorFlow 1's bilinear, as the original)": None,
    "pytorch-fid (torch's bilinear, half-pixel centers)": as_pytorch_fid,
    "clean-fid (Pillow's bicubic, antialiased)": as_clean_fid,
}


def compare_resizes(weights: Path, count: int, console: Console) -> None:
    """Print FID of the same weights and images under each library's resize."""
    table = Table(title=f"FID of the same weights and the same {count} + {count} images of 64x64, by resize")
    table.add_column("resize")
    table.add_column("FID", justify="right")
    for name, resize in RESIZES.items():
        network = their_network(weights)
        sets = []
        for seed in (1, 2):
            parts = []
            for images in pictures(count, 3, seed).split(16):
                handle = network.Conv2d_1a_3x3.register_forward_pre_hook(
                    lambda module, inputs, images=images, resize=resize: (resize(images),) if resize else inputs
                )
                with torch.no_grad():
                    parts.append(network(images)[0])
                handle.remove()
            sets.append(torch.cat(parts))
        table.add_row(name, f"{frechet_distance(*sets).value:.2f}")
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--skip-command-line", action="store_true")
    asked = parser.parse_args()
    console = Console(width=110)
    table = Table(title="Largest relative difference from torch-fidelity")
    table.add_column("what")
    table.add_column("difference", justify="right")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = asked.weights or random_weights(folder / "random.pth")
        compare_features(weights, asked.images, folder, table)
        compare_metrics(table)
        if not asked.skip_command_line:
            compare_command_line(weights, asked.images, folder, table)
        console.print(table)
        compare_resizes(weights, asked.images, console)


if __name__ == "__main__":
    main()
