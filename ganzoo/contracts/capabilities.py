"""Capabilities that only some figures use. They are known by their methods, so a plugin imports nothing to have one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from ganzoo.contracts.networks import NoiseMode


@runtime_checkable
class NoiseMaps(Protocol):
    """Of a generator with noise inputs: which buffers `constant` noise is, so that it can be fitted to images.

    Paper: StyleGAN2, arXiv:1912.04958, appendix D.
    """

    def noise_maps(self) -> Sequence[str]:
        """Name these buffers `[..., r, r]`; with `[N, 1, r, r]` in its place, each image has its own map."""


@runtime_checkable
class StyleAffines(Protocol):
    """Of a generator with styles: the weights by which layers see their style.

    Paper: SeFa, arXiv:2007.06600, section 3.
    """

    def style_weights(self) -> Sequence[tuple[int, Tensor]]:
        """Return for each layer the number of the style that it sees, and its weight `[O, W]` as it is used."""


@runtime_checkable
class Perceptual(Protocol):
    """Of an extractor: features in which squared distances say how different images look, and that can be descended."""

    def perceptual(self) -> nn.Module:
        """Return a network from float images `[N, 3, R, R]` in [-1, 1] to features `[N, D]`, without random draws."""


@runtime_checkable
class StyleResolutions(Protocol):
    """Of a generator with styles: where they act."""

    def style_resolutions(self) -> Sequence[int]:
        """Return for each of the S styles the side of the maps that it acts on."""


@runtime_checkable
class NoiseResolutions(Protocol):
    """Of a generator with noise inputs: noise chosen by resolution.

    Paper: StyleGAN, arXiv:1812.04948, figure 5.
    """

    def noise_resolutions(self) -> Sequence[int]:
        """Return the sides of the maps that noise is added to, smallest first."""

    def use_noise_at(self, modes: Mapping[int, NoiseMode]) -> None:
        """Choose the noise at some sides, until `use_noise` is called again."""


@runtime_checkable
class SkipOutputs(Protocol):
    """Of a generator with styles: its image is a sum over resolutions.

    Paper: StyleGAN2, arXiv:1912.04958, section 4.
    """

    def outputs(self, styles: Tensor) -> Sequence[Tensor]:
        """Return the image so far at each resolution, smallest first; the last is that of `synthesize(styles)`."""
