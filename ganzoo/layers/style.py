"""Style shell: what style-based generators share around their synthesis network, from mapping to choice of noise.

A generator with styles subclasses `StyledGenerator` and writes its synthesis alone. One that does not is
style-based all the same if it has the methods of `ganzoo.StyleBased`.

Papers: StyleGAN, arXiv:1812.04948; StyleGAN2, arXiv:1912.04958.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor
from typing_extensions import TypeVar

from ganzoo.contracts.capabilities import NoiseMode
from ganzoo.contracts.component import ComponentOptions, ImageSpec
from ganzoo.contracts.networks import Generator
from ganzoo.layers.mapping import LabelEmbedding, MappingNetwork
from ganzoo.layers.precision import full_precision
from ganzoo.layers.ranks import batch_mean, per_image

_NOISE_BUFFER = "noise_const"  # the name that NVIDIA's PyTorch code gives it


class StyledOptions(ComponentOptions):
    """Options that every generator of the shell has; the defaults are StyleGAN's."""

    latent_dim: PositiveInt = Field(default=512, description="Size of the latents (Z).")
    style_dim: PositiveInt = Field(default=512, description="Size of the styles (W).")
    # arXiv:1812.04948, section 2: eight layers, found best in table 4.
    mapping_layers: int = Field(default=8, ge=1, le=16, description="Dense layers of the mapping network.")
    mapping_width: PositiveInt | None = Field(
        default=None, description="Units of the hidden layers of the mapping network; by default, style_dim."
    )
    # arXiv:1812.04948, appendix C: with more, a deep mapping network does not train stably.
    mapping_lr_multiplier: PositiveFloat = Field(
        default=0.01, description="Factor on the learning rate of the mapping network."
    )
    # arXiv:1812.04948, table 2: FID is best where 90 % of the training examples are mixed.
    style_mixing: float = Field(
        default=0.9, ge=0.0, le=1.0, description="Probability that a batch in training mixes two styles."
    )
    # `dlatent_avg_beta` of the official code. 1 is out of range: it would leave w_avg at 0 for ever, and truncation
    # would pull towards a style that no latent has.
    w_avg_beta: float = Field(
        default=0.995, ge=0.0, lt=1.0, description="Share that the tracked mean style (w_avg) keeps at each batch."
    )


StyledOptionsT = TypeVar("StyledOptionsT", bound=StyledOptions, default=Any)


class StyledGenerator(Generator[StyledOptionsT]):
    """Mapping network, mean style, style mixing and noise modes; subclasses synthesize.

    Subclasses call `build_mapping` once in their `__init__`, and take the noise of a layer from `noise_at`. What a
    layer adds as constant noise is its buffer `noise_const`. Each of S styles (`num_ws`) belongs to one layer.

    Args:
        options: Sizes and probabilities.
        images: What is made.
        style_resolutions: For each of the S styles, the resolution of the maps that it acts on.
        noise_resolutions: The resolutions at which noise is added, lowest first.
    """

    Options = StyledOptions
    mapping: MappingNetwork
    w_avg: Tensor

    def __init__(
        self,
        options: StyledOptionsT,
        images: ImageSpec,
        *,
        style_resolutions: Sequence[int],
        noise_resolutions: Sequence[int],
    ) -> None:
        super().__init__(options, images)
        self.options = options
        self.latent_dim = options.latent_dim
        self.num_ws = len(style_resolutions)
        self._style_resolutions, self._noise_resolutions = tuple(style_resolutions), tuple(noise_resolutions)
        self._noise_mode: NoiseMode = "random"
        self._noise_modes: Mapping[int, NoiseMode] = {}

    def build_mapping(
        self,
        images: ImageSpec,
        *,
        labels: LabelEmbedding = "joint",
        label_width: int | None = None,
        bias_gain: float | None = None,
    ) -> None:
        """Make the mapping network, whose other arguments are the options', and the buffer `w_avg` `[W]`.

        It is a call of its own since weights are drawn where a layer is made: the order is part of a seed's result.
        """
        options = self.options
        self.mapping = MappingNetwork(
            options.latent_dim,
            images.label_dim,
            options.style_dim,
            options.mapping_layers,
            lr_multiplier=options.mapping_lr_multiplier,
            width=options.mapping_width,
            label_width=label_width,
            labels=labels,
            bias_gain=bias_gain,
        )
        self.register_buffer("w_avg", torch.zeros(options.style_dim))

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.synthesize(self.map(latents, labels))

    def map(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Map latents `[N, Z]` and labels `[N, L]` to styles `[N, S, W]`; training tracks their mean and mixes some."""
        style = self._style_of(latents, labels)
        if not self.training:
            return layered(style, self.num_ws)
        # The mean of the batch's own styles: those that are mixed in below are of the same distribution.
        with torch.no_grad():
            self.track_mean(batch_mean(style))
        crossover = draw_crossover(self.active_ws(), self.options.style_mixing)
        if crossover is None:
            return layered(style, self.num_ws)
        # Latents of the shell are N(0, 1), and both styles of an image are of its class.
        size, device, dtype = latents.shape[1], latents.device, latents.dtype
        drawn = per_image(lambda images: torch.randn(images, size, device=device, dtype=dtype), len(latents))
        other = self._style_of(drawn, labels)
        return layered(style, self.num_ws, other, crossover)

    @abstractmethod
    def synthesize(self, styles: Tensor) -> Tensor:
        """Turn styles `[N, S, W]` into images `[N, C, R, R]`."""

    def mean_w(self) -> Tensor:
        """Return the tracked mean style `[W]`."""
        return self.w_avg

    def active_ws(self) -> int:
        """Return how many styles act on an image now: all but in networks that grow. Mixing crosses over among them."""
        return self.num_ws

    def style_resolutions(self) -> Sequence[int]:
        """Return for each of the S styles the resolution of the maps that it acts on."""
        return self._style_resolutions

    def use_noise(self, mode: NoiseMode) -> None:
        """Choose the noise of all layers from now on."""
        self._noise_mode, self._noise_modes = mode, {}

    def noise_resolutions(self) -> Sequence[int]:
        """Return the resolutions at which noise is added, lowest first."""
        return self._noise_resolutions

    def use_noise_at(self, modes: Mapping[int, NoiseMode]) -> None:
        """Choose the noise at some resolutions, until `use_noise` is called again."""
        self._noise_modes = dict(modes)

    def noise_at(self, resolution: int) -> NoiseMode:
        """Return which noise layers of this resolution add."""
        return self._noise_modes.get(resolution, self._noise_mode)

    def noise_maps(self) -> Sequence[str]:
        """Name the buffers of constant noise."""
        return [name for name, _ in self.named_buffers() if name.rpartition(".")[2] == _NOISE_BUFFER]

    def _style_of(self, latents: Tensor, labels: Tensor) -> Tensor:
        # Eight layers at a hundredth of the learning rate: bfloat16 would round small steps away.
        with full_precision(latents):
            return self.mapping(latents, labels)

    def track_mean(self, batch_mean: Tensor) -> None:
        """Move `w_avg` towards the mean style `[W]` of a batch."""
        self.w_avg.lerp_(batch_mean, 1 - self.options.w_avg_beta)


def draw_crossover(num_ws: int, probability: float) -> int | None:
    """Draw which of `num_ws` styles is the first to come from another latent; None: all are of one.

    Uniform from 1 to num_ws - 1, so that both latents are used; once for a batch, as in the official code.
    (Style mixing: StyleGAN, arXiv:1812.04948, section 3.1.)
    """
    # Drawn on the CPU, from the global stream: the number decides what Python does next, and asking a GPU for it
    # would wait for all that the GPU still has to do.
    if num_ws < 2 or float(torch.rand((), device="cpu")) >= probability:
        return None
    return int(torch.randint(1, num_ws, (), device="cpu"))


def layered(style: Tensor, num_ws: int, other: Tensor | None = None, crossover: int = 0) -> Tensor:
    """Return styles `[N, num_ws, W]`: the style `[N, W]` for all layers, or another one from layer `crossover` on."""
    styles = style.unsqueeze(1).expand(-1, num_ws, -1)
    if other is None:
        return styles
    return torch.cat([styles[:, :crossover], other.unsqueeze(1).expand(-1, num_ws - crossover, -1)], dim=1)


def truncated(styles: Tensor, mean_w: Tensor, psi: float, cutoff: int | None = None) -> Tensor:
    """Pull the first `cutoff` styles (all if None) of `[N, S, W]` towards the mean style `[W]`.

    The truncation trick: StyleGAN, arXiv:1812.04948, appendix B.
    """
    layers = styles.shape[1] if cutoff is None else cutoff
    pulled = mean_w + psi * (styles[:, :layers] - mean_w)
    if layers >= styles.shape[1]:
        return pulled
    return torch.cat([pulled, styles[:, layers:]], dim=1)
