"""Images asked for one by one: each depends on its own latent, label and seed, independent of the other images.

Latents and noise come from a stream per image; a generator that draws in another way than `RowStreams` knows makes one
image at a time. Since libraries sum in another order for other batch sizes, every group has one size, which image size
and device decide alone (half of it where memory runs out), and the last one is filled up. What is left depends on the
place in the batch at some sizes of linear layers, and is below 1e-6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from ganzoo._inference.generate import repeatable, seeded_noise
from ganzoo._inference.growth_stage import GrowthStage
from ganzoo._inference.oom_batching import in_groups
from ganzoo._inference.sampling_options import SamplingOptions
from ganzoo._random.per_sample import RowStreams
from ganzoo._random.seeds import seed_for
from ganzoo.contracts.networks import Discriminator, Generator
from ganzoo.errors import GanzooError, RunError

_LARGEST_GROUP = 32
_PIXELS = {"cpu": 2**18}
_PIXELS_ELSEWHERE = 2**22


def group_size(resolution: int, device: torch.device) -> int:
    """Return how many images of this side are computed at once on a device."""
    pixels = _PIXELS.get(device.type, _PIXELS_ELSEWHERE)
    return max(1, min(_LARGEST_GROUP, pixels // resolution**2))


def latents_of(generator: Generator, seeds: Sequence[int], sampling: SamplingOptions | None = None) -> Tensor:
    """Return the latent of each seed, `[N, Z]`, by the generator's own rule, truncated as the sampling says.

    Raises:
        GanzooError: There are no seeds.
    """
    if not len(seeds):
        raise GanzooError("no seeds are given, so there is nothing to make; give at least one")
    draw = (sampling or SamplingOptions()).latents
    return torch.cat([draw(generator, 1, torch.Generator().manual_seed(seed_for("latent", seed))) for seed in seeds])


def portray(
    generator: Generator,
    latents: Tensor,
    labels: Tensor,
    seeds: Sequence[int],
    sampling: SamplingOptions,
    *,
    resolution: int,
    device: torch.device,
) -> Iterator[Tensor]:
    """Generate the image of each latent, without gradient and in evaluation mode.

    Args:
        generator: The network, on `device` already.
        latents: Latents `[N, Z]`.
        labels: Labels `[N, L]`.
        seeds: Seed of each image's noise, N of them.
        sampling: Truncation, noise and stage.
        resolution: Resolution of the images, which decides how many are made at once.
        device: Where the network is.

    Yields:
        Images `[n, C, R, R]` in about [-1, 1], float32 on the CPU.

    Raises:
        RecipeError: The generator lacks a capability that the sampling needs.
        RunError: An image has values that are NaN or infinite.
    """
    sampling.check(generator)

    def make(rows: Tensor) -> Tensor:
        return sampling.images(generator, latents[rows].to(device), labels[rows].to(device))

    yield from drawn(generator, make, seeds, sampling, resolution=resolution, device=device)


def drawn(
    generator: Generator,
    make: Callable[[Tensor], Tensor],
    seeds: Sequence[int],
    sampling: SamplingOptions,
    *,
    resolution: int,
    device: torch.device,
) -> Iterator[Tensor]:
    """Call `make` with the row numbers of one group after another, as `portray` says of latents; noise by `seeds`.

    Args:
        generator: The network that `make` uses, on `device` already.
        make: Takes rows `[n]`, returns their images `[n, C, R, R]`.
        seeds: Seed of each row's noise.
        sampling: The noise inside the generator; `make` sees to truncation and stage.
        resolution: Resolution of the images, which decides how many are made at once.
        device: Where the network is.

    Yields:
        Images `[n, C, R, R]` in about [-1, 1], float32 on the CPU.

    Raises:
        RunError: An image has values that are NaN or infinite.
    """

    def made(rows: Tensor, stream: int | None = None) -> Tensor:
        own = [seed_for("noise", seeds[row]) for row in rows.tolist()]
        with torch.no_grad(), seeded_noise(own[0] if stream is None else stream, device), RowStreams(own):
            return make(rows).float().cpu()

    def filled(rows: range) -> Tensor:
        return made(torch.tensor(rows).clamp_(max=len(seeds) - 1))[: len(seeds) - rows.start]

    with sampling.applied(generator), repeatable(device):
        first = torch.zeros(2, dtype=torch.int64)
        free = torch.equal(made(first, 0), made(first, 1))  # of all other draws than those of RowStreams
        for images in in_groups(len(seeds), group_size(resolution, device) if free else 1, filled):
            yield _finite(images, "the generator made images")


def judge(
    discriminator: Discriminator,
    images: Tensor,
    labels: Tensor,
    *,
    together: bool,
    stage: GrowthStage | None,
    device: torch.device,
) -> Tensor:
    """Return the logits `[N]` of images `[N, C, R, R]`, float32 on the CPU, in evaluation mode.

    Args:
        discriminator: The network, on `device` already.
        images: Images on the scale of the reals, [-1, 1].
        labels: Labels `[N, L]`.
        together: Whether all are one batch, for networks that compare the images of a batch; else each is by itself.
        stage: Where a growing discriminator is to stand; None: where it stands.
        device: Where the network is.

    Raises:
        RunError: A logit is NaN or infinite.
    """
    if stage is not None:
        stage.set(discriminator)
    discriminator.eval()
    count = len(images)
    size = count if together else group_size(images.shape[-1], device)
    logits: list[Tensor] = []
    with torch.no_grad(), repeatable(device), seeded_noise(seed_for("noise", 0), device):
        for rows, real in _groups(count, size):
            logits.append(discriminator(images[rows].to(device), labels[rows].to(device))[:real].float().cpu())
    return _finite(torch.cat(logits), "the discriminator gave logits")


def _groups(count: int, size: int) -> Iterator[tuple[Tensor, int]]:
    """Yield the rows of each group, `size` of them, and how many are not filling."""
    for start in range(0, count, size):
        yield torch.arange(start, start + size).clamp_(max=count - 1), min(size, count - start)


def _finite(values: Tensor, what: str) -> Tensor:
    if not torch.isfinite(values).all():
        raise RunError(f"{what} with NaN or infinite values, so there is nothing to show.")
    return values
