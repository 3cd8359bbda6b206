"""Capabilities: what some networks can do beyond their contract.

They are known by their methods, so a plugin imports nothing to have one; and importing them costs no torch, so that a
figure can say which it needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor

NoiseMode = Literal["random", "constant", "none"]


@runtime_checkable
class Growable(Protocol):
    """Capability: progressive growing (ProGAN, arXiv:1710.10196)."""

    def grow(self, resolution: int, alpha: float) -> None:
        """Work at `resolution` from now on; the newest block weighs `alpha` (0 absent, 1 fully in)."""


@runtime_checkable
class Featured(Protocol):
    """Capability of a discriminator: features on the way to its logits (arXiv:1606.03498, section 3.1)."""

    def features(self, images: Tensor, labels: Tensor) -> Sequence[Tensor]:
        """Return features `[N, ...]` of images, those nearest to the image first, as `forward` computes them."""


@runtime_checkable
class StyleBased(Protocol):
    """Capability: `forward(z, c) == synthesize(map(z, c))` in evaluation mode (StyleGAN, arXiv:1812.04948)."""

    def map(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Map latents to styles `[N, S, W]`; mixes styles while training."""

    def synthesize(self, styles: Tensor) -> Tensor:
        """Turn styles `[N, S, W]` into images `[N, C, R, R]`."""

    def mean_w(self) -> Tensor:
        """Return the tracked mean style `[W]` (`w_avg`), towards which truncation pulls."""


@runtime_checkable
class Transformable(Protocol):
    """Capability of a generator: what it generates can be moved within the image (StyleGAN3, arXiv:2106.12423)."""

    def use_transform(self, matrix: Tensor | None) -> None:
        """Move what is generated from now on, as people would move a picture; None, as at first, leaves it in place.

        `matrix` is `[3, 3]`, or `[N, 3, 3]` with one for each image, in homogeneous coordinates whose origin is the
        image's center and whose unit is its side, x to the right and y down: a content at p appears at `matrix` p.
        """


@runtime_checkable
class NoiseInputs(Protocol):
    """Capability: noise maps inside the generator, apart from its latents (StyleGAN, arXiv:1812.04948, section 3.2)."""

    def use_noise(self, mode: NoiseMode) -> None:
        """Choose the noise from now on; networks begin, and always train, with `random`.

        `random` is drawn for every image; `constant` is the network's own buffers, the same for every image;
        `none` adds nothing.
        """


@runtime_checkable
class NoiseMaps(Protocol):
    """Of a generator with noise inputs: which buffers `constant` noise is, so that it can be fitted to images.

    Paper: StyleGAN2, arXiv:1912.04958, appendix D.
    """

    def noise_maps(self) -> Sequence[str]:
        """Name these buffers `[..., r, r]`; with `[N, 1, r, r]` in its place, each image has its own map."""


@runtime_checkable
class StyleAffines(Protocol):
    """Of a generator with styles: the weights by which layers see their style (SeFa, arXiv:2007.06600, section 3)."""

    def style_weights(self) -> Sequence[tuple[int, Tensor]]:
        """Return for each layer the number of the style that it sees, and its weight `[O, W]` as it is used."""


@runtime_checkable
class StyleResolutions(Protocol):
    """Of a generator with styles: where they act."""

    def style_resolutions(self) -> Sequence[int]:
        """Return for each of the S styles (`num_ws`) the resolution of the maps that it acts on."""


@runtime_checkable
class NoiseResolutions(Protocol):
    """Of a generator with noise inputs: noise chosen by resolution.

    Paper: StyleGAN, arXiv:1812.04948, figure 5.
    """

    def noise_resolutions(self) -> Sequence[int]:
        """Return the resolutions of the maps that noise is added to, lowest first; none without noise."""

    def use_noise_at(self, modes: Mapping[int, NoiseMode]) -> None:
        """Choose the noise at some resolutions, until `use_noise` is called again."""


@runtime_checkable
class SkipOutputs(Protocol):
    """Of a generator with styles: its image is a sum over resolutions.

    Paper: StyleGAN2, arXiv:1912.04958, section 4.
    """

    def outputs(self, styles: Tensor) -> Sequence[Tensor]:
        """Return the image so far at each resolution, lowest first; the last is that of `synthesize(styles)`."""
