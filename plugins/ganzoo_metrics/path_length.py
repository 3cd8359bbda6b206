"""Perceptual path length: how much images change on a short step between two styles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ganzoo import (
    ComponentOptions,
    Display,
    Estimate,
    Metric,
    MetricInput,
    NoiseInputs,
    Perceptual,
    ScoredNetworks,
    StyleBased,
)

_LARGEST = 256  # official metric: larger images are averaged down to this
_TAIL = 0.01  # official metric: the smallest and largest hundredth of the distances are left out


class PathLengthOptions(ComponentOptions):
    """Which steps, and how many."""

    # arXiv:1812.04948, section 4.1: 100,000 of them, of 1e-4.
    samples: int = Field(default=1000, ge=100, description="Steps averaged over; the paper takes 100,000.")
    epsilon: PositiveFloat = Field(default=1e-4, le=0.1, description="Length of a step, of the way between two styles.")
    sampling: Literal["full", "end"] = Field(
        default="end", description="Steps anywhere on the way between two styles, or at its end."
    )


class PathLength(Metric[PathLengthOptions]):
    """Perceptual path length in w (PPL): how smoothly images follow their styles; needs styles, no real image.

    Distances are those of the extractor's perceptual features, so values compare within one extractor only. Noise is
    held constant, styles are not truncated.

    Paper: StyleGAN, arXiv:1812.04948, section 4.1; StyleGAN2, arXiv:1912.04958, takes `sampling = "end"`.
    """

    name = "perceptual-path-length"
    values: ClassVar[Mapping[str, Display]] = {"perceptual_path_length": Display("PPL")}
    reads = ()
    uses_reference = False
    generator_must_be = StyleBased
    extractor_must_be = Perceptual

    Options = PathLengthOptions

    def shortage(self, generated: int, reference: int) -> str | None:
        return None

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        return 0.0  # all of it is drawing and looking at images

    def images_drawn(self) -> int:
        return 2 * self.options.samples

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        assert data.networks is not None, "lent to every metric that asks for a capability"
        lengths = path_lengths(data.networks, self.options)
        return {"perceptual_path_length": trimmed_mean(lengths)}


@torch.no_grad()
def path_lengths(networks: ScoredNetworks, options: PathLengthOptions) -> Tensor:
    """Return squared perceptual distances over epsilon squared, float64 `[samples]`."""
    generator: Any = networks.generator
    extractor: Any = networks.extractor
    perceptual = extractor.perceptual().to(networks.device).eval()
    if isinstance(generator, NoiseInputs):
        generator.use_noise("constant")  # other noise at either end would be a distance of its own
    rng, found = torch.Generator().manual_seed(networks.seed), []
    for start in range(0, options.samples, networks.batch_size):
        count = min(networks.batch_size, options.samples - start)
        rows = torch.arange(start, start + count) % len(networks.labels)
        labels = networks.labels[rows].to(networks.device)
        one, other = (generator.map(generator.sample_latents(count, rng).to(networks.device), labels) for _ in range(2))
        place = torch.rand(count, generator=rng) if options.sampling == "full" else torch.zeros(count)
        place = place.view(-1, 1, 1).to(networks.device)
        here, there = (torch.lerp(one, other, place + step) for step in (0.0, options.epsilon))
        seen = [perceptual(_viewed(generator.synthesize(styles))) for styles in (here, there)]
        found.append((seen[0] - seen[1]).double().square().sum(1).cpu() / options.epsilon**2)
    return torch.cat(found)


def _viewed(images: Tensor) -> Tensor:
    """Return images `[N, C, R, R]` as an extractor sees them: three channels, at most 256x256."""
    images = images.float()
    if images.shape[-1] > _LARGEST:
        images = avg_pool2d(images, images.shape[-1] // _LARGEST)
    return images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images


def trimmed_mean(lengths: Tensor) -> Estimate:
    """Return the mean of lengths `[n]` without the smallest and the largest hundredth, and its standard error.

    The error is that of a trimmed mean: what lies beyond counts as the nearest that is kept (Tukey and McLaughlin
    1963).
    """
    low, high = lengths.quantile(_TAIL, interpolation="lower"), lengths.quantile(1 - _TAIL, interpolation="higher")
    kept = lengths[(lengths >= low) & (lengths <= high)]
    spread = float(lengths.clamp(float(low), float(high)).std())
    return Estimate(float(kept.mean()), spread / ((1 - 2 * _TAIL) * len(lengths) ** 0.5))
