"""Generation: the one place that draws latents, labels and noise after training.

Latents and labels are drawn in blocks of fixed size, each from a stream of its own, so image number i of a seed has
the same latent and label whatever the batch size. Noise drawn inside the network is seeded once per batch.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganzoo._inference.gpu_arithmetic import gpu_arithmetic
from ganzoo._inference.growth_stage import GrowthStage
from ganzoo._inference.sampling_options import SamplingOptions
from ganzoo._random.global_streams import seed_global_streams
from ganzoo._random.seeds import seed_for
from ganzoo.contracts.capabilities import NoiseMode
from ganzoo.contracts.networks import Generator
from ganzoo.errors import RecipeError, RunError

ROUNDING = "floor(127.5 x + 128), clamped to 0..255"
LATENT_BLOCK = 256


def to_uint8(images: Tensor) -> Tensor:
    """Round images `[N, C, R, R]` in [-1, 1] to uint8: the inverse of `pixels / 127.5 - 1`, halves go up.

    Raises:
        RunError: A value is NaN or infinite.
    """
    if not torch.isfinite(images).all():
        raise RunError("the generator made images with NaN or infinite values, so there is nothing to show or score.")
    # The same rule as the official StyleGAN2-ADA code, so that numbers can be compared with published ones.
    return images.float().mul(127.5).add_(128.0).clamp_(0.0, 255.0).to(torch.uint8)


def draw_labels(label_counts: NDArray[np.int64], count: int, *, seed: int) -> Tensor:
    """Draw one-hot labels `[count, L]`, each class as often as the reference has it.

    Args:
        label_counts: Images per class, `[L]`; empty for unconditional models.
        count: How many labels.
        seed: Seed of the sampling.

    Raises:
        RecipeError: There are classes but no labeled image.
    """
    classes = len(label_counts)
    if not classes:
        return torch.zeros(count, 0)
    total = int(label_counts.sum())
    if not total:
        raise RecipeError("the reference has classes but no labeled image, so no label distribution to draw from.")
    # Raw Philox words: numpy promises those bits for ever, but not those of `integers`.
    words = np.random.Philox(key=seed_for("labels", seed)).random_raw(count)
    drawn = np.searchsorted(np.cumsum(label_counts), words % np.uint64(total), side="right")
    labels = torch.zeros(count, classes)
    labels[torch.arange(count), torch.from_numpy(drawn)] = 1.0
    return labels


def draw_latents(
    generator: Generator, start: int, stop: int, *, seed: int, sampling: SamplingOptions | None = None
) -> Tensor:
    """Return latents number `start` to `stop` of a seed, `[stop - start, Z]`, by the generator's own rule.

    They are truncated where `sampling` says so.
    """
    draw = (sampling or SamplingOptions()).latents
    blocks = range(start // LATENT_BLOCK, -(-stop // LATENT_BLOCK))
    drawn = [
        draw(generator, LATENT_BLOCK, torch.Generator().manual_seed(seed_for("latents", seed, block)))
        for block in blocks
    ]
    offset = blocks.start * LATENT_BLOCK
    return torch.cat(drawn)[start - offset : stop - offset]


def generate(
    generator: Generator,
    count: int,
    *,
    seed: int,
    batch_size: int,
    device: torch.device | str,
    labels: Tensor | None = None,
    truncation_psi: float = 1.0,
    truncation_cutoff: int | None = None,
    truncation_threshold: float | None = None,
    noise_mode: NoiseMode | None = None,
    resolution: int | None = None,
    rows: range | None = None,
) -> Iterator[Tensor]:
    """Generate `count` images batch by batch, without gradient and in evaluation mode.

    The modes of the network's modules and the global random state are left as they were found.

    Args:
        generator: The network, on `device` already.
        count: How many images.
        seed: Seed of latents and noise.
        batch_size: Images per forward.
        device: Where the network is.
        labels: One-hot labels `[count, L]`; None for an unconditional network.
        truncation_psi: Pull of styles towards their mean: 1 none, 0 all the way (arXiv:1812.04948, appendix B).
        truncation_cutoff: How many of the first style layers are truncated; None: all.
        truncation_threshold: Largest absolute value of a latent's numbers; None: latents are not truncated.
        noise_mode: Noise inside the network; None: `random` if it has any.
        resolution: Final resolution; growable networks are set to it, fully grown.
        rows: Only these of them; None: all. They are made in the batches in which all would be.

    Yields:
        Images `[n, C, R, R]` in about [-1, 1], on `device`.

    Raises:
        RefusedError: Truncation is asked of a network that lacks what it truncates, or noise of one without inputs.
    """
    sampling = SamplingOptions(
        truncation_psi,
        truncation_cutoff,
        noise_mode,
        None if resolution is None else GrowthStage(resolution),
        truncation_threshold=truncation_threshold,
    )
    sampling.check(generator)
    if labels is None:
        labels = torch.zeros(count, 0)
    rows = range(count) if rows is None else rows
    with sampling.applied(generator):
        for start in range(rows.start // batch_size * batch_size, rows.stop, batch_size):
            stop = min(start + batch_size, count)
            latents = draw_latents(generator, start, stop, seed=seed, sampling=sampling).to(device)
            with torch.no_grad(), seeded_noise(seed_for("noise", seed, start), torch.device(device)):
                yielded = sampling.images(generator, latents, labels[start:stop].to(device))
            yield yielded[max(0, rows.start - start) : rows.stop - start]


@contextmanager
def seeded_noise(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's, numpy's and Python's global streams inside, and leave them as they were."""
    devices = [device] if device.type == "cuda" else []
    numpy_state, python_state = np.random.get_state(), random.getstate()
    with torch.random.fork_rng(devices=devices):
        seed_global_streams(seed, device)
        try:
            yield
        finally:
            np.random.set_state(numpy_state)
            random.setstate(python_state)


@contextmanager
def repeatable(device: torch.device) -> Iterator[None]:
    """Make a GPU compute in true float32 and convolve the same way every time, as protocols say."""
    with gpu_arithmetic(device):
        yield
