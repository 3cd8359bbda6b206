"""Layers of FastGAN: gated blocks, noise, excitation of fine maps by coarse ones (arXiv:2101.04775, section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, glu, interpolate, silu
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo import NoiseMode
from ganzoo.layers import BatchNorm2d, add_noise

_EXCITING_SIDE = 4  # of the pooled coarse maps (figure 3, right)


def convolution(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, padding: int = 0, bias: bool = False
) -> nn.Module:
    """Return a convolution of spectral norm 1, as all of the authors' are."""
    layer: nn.Module = spectral_norm(nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=bias))
    return layer


class ClassNorm(nn.Module):
    """Batch normalization; where there are classes, its gain and offset are those of the label's embedding `[N, E]`."""

    def __init__(self, channels: int, embedding: int) -> None:
        super().__init__()
        self.norm = BatchNorm2d(channels, affine=not embedding)
        self.gain = spectral_norm(nn.Linear(embedding, channels)) if embedding else None
        self.offset = spectral_norm(nn.Linear(embedding, channels)) if embedding else None

    def forward(self, maps: Tensor, classes: Tensor | None) -> Tensor:
        maps = self.norm(maps)
        if self.gain is None or self.offset is None:
            return maps
        # Around 1: a class that has learned nothing yet changes nothing (arXiv:1809.11096, appendix B).
        return maps * (1 + self.gain(classes)[:, :, None, None]) + self.offset(classes)[:, :, None, None]


class GatedLayer(nn.Module):
    """Convolution, noise where the block has some, batch normalization, gated linear unit: halves its channels.

    Attributes:
        noise_mode: Which noise is added.
    """

    noise_map: Tensor

    def __init__(self, inputs: int, outputs: int, resolution: int, embedding: int, *, noisy: bool) -> None:
        super().__init__()
        self.convolution = convolution(inputs, 2 * outputs, 3, padding=1)
        self.noise_mode: NoiseMode = "random"
        # One strength for all channels, from 0 on.
        self.strength = nn.Parameter(torch.zeros(1)) if noisy else None
        if noisy:
            self.register_buffer("noise_map", torch.randn(1, 1, resolution, resolution))
        self.norm = ClassNorm(2 * outputs, embedding)

    def forward(self, maps: Tensor, classes: Tensor | None) -> Tensor:
        maps = self.convolution(maps)
        if self.strength is not None:
            weight = self.strength.expand(maps.shape[1])
            maps = add_noise(maps, weight, self.noise_map, self.noise_mode)
        return glu(self.norm(maps, classes), dim=1)


class UpBlock(nn.Module):
    """Nearest-neighbor upsampling and one gated layer, or two with noise.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        resolution: Resolution out.
        embedding: Size of the label's embedding; 0 without classes.
        composed: Whether it has two layers, with noise.
    """

    def __init__(self, inputs: int, outputs: int, resolution: int, embedding: int, *, composed: bool) -> None:
        super().__init__()
        layers = [GatedLayer(inputs, outputs, resolution, embedding, noisy=composed)]
        if composed:
            layers.append(GatedLayer(outputs, outputs, resolution, embedding, noisy=True))
        self.layers = nn.ModuleList(layers)

    def forward(self, maps: Tensor, classes: Tensor | None) -> Tensor:
        maps = interpolate(maps, scale_factor=2.0, mode="nearest")
        for layer in self.layers:
            maps = layer(maps, classes)
        return maps


class SkipLayerExcitation(nn.Module):
    """Weights for the channels of fine maps, from coarse ones: y = F(x_coarse) x_fine (equation 1).

    F pools to 4x4, convolves that to one place, and ends in a sigmoid: the gradient has a short way to coarse layers.
    """

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.gather = convolution(coarse, fine, _EXCITING_SIDE)
        self.weigh = convolution(fine, fine, 1)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        gathered = self.gather(adaptive_avg_pool2d(coarse, _EXCITING_SIDE))
        # SiLU as in Projected GAN's code; the paper's figure has a leaky ReLU there.
        return fine * torch.sigmoid(self.weigh(silu(gathered)))


class Start(nn.Module):
    """Latents `[N, Z]` to maps `[N, C, 4, 4]`, by a transposed convolution that is gated and normalized."""

    def __init__(self, latents: int, outputs: int) -> None:
        super().__init__()
        self.convolution = spectral_norm(nn.ConvTranspose2d(latents, 2 * outputs, 4, bias=False))
        self.norm = BatchNorm2d(2 * outputs)

    def forward(self, latents: Tensor) -> Tensor:
        return glu(self.norm(self.convolution(latents[:, :, None, None])), dim=1)
