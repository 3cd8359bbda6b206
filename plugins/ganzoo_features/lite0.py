"""EfficientNet-Lite0: features of ImageNet from a package of the package index, without any other download."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganzoo import Layer
from ganzoo_features.efficientnet_lite import EfficientNetLite
from ganzoo_features.from_file import LITE0_WEIGHTS, FromFile, FromFileOptions
from ganzoo_features.perceptual import UnitFeatures, unit_length

_POOLED, _LOGITS, _STAGES = "1280", "logits", "stages"
_SMALL_SIDE = 128
_MEAN, _DEVIATION = 127.0, 128.0  # of 8-bit colors, as TensorFlow's conversion of the weights has them
_PLACES = 4
_STRIDES = (4, 8, 16, 32)


class Lite0(FromFile):
    """EfficientNet-Lite0 trained on ImageNet; its weights are a package (`ganzoo-toolkit[lite]`).

    Its scores are labeled FD-lite0, KD-lite0 and so on. It sees objects and their parts; like all such networks it
    is over-sensitive to noise.

    Paper: arXiv:1905.11946.

    Attributes:
        side: Side at which it sees images, as its authors trained it.
        width: Factor of the channels of Lite0.
        depth: Factor of the blocks of Lite0.
        map_widths: Channels of the last maps of a quarter to a 32nd of the side.
    """

    name = "efficientnet-lite0"
    published = LITE0_WEIGHTS
    label = "lite0"
    layers: ClassVar[Mapping[str, Layer]] = {
        "pooled": Layer(_POOLED, width=1280),
        "logits": Layer(_LOGITS, width=1000),
        "perceptual": Layer(_STAGES),
    }

    side: ClassVar[int] = 224
    width: ClassVar[float] = 1.0
    depth: ClassVar[float] = 1.0
    map_widths: ClassVar[tuple[int, ...]] = (24, 40, 112, 320)

    Options = FromFileOptions

    def identity(self) -> Mapping[str, str | int | float | bool]:
        return {**super().identity(), "resize": f"bicubic, antialiased, to {self.side}, float"}

    def build(self, layers: Sequence[str]) -> nn.Module:
        return _Layers(self._network(), tuple(layers), self.side)

    def perceptual(self) -> nn.Module:
        """Return the last maps of each resolution; images of up to 128 pixels are seen at 128, others at `side`."""
        network = self._network()
        first, *others = network.stages
        first = nn.Sequential(_ToSide(self.side), network.stem, nn.ReLU6(), first)
        mean, deviation = _MEAN / 255, _DEVIATION / 255
        return UnitFeatures([first, *others], (mean,) * 3, (deviation,) * 3)

    def map_shapes(self, resolution: int) -> Sequence[tuple[int, int]]:
        """Return the last maps of a quarter to a 32nd of the side, as in table 4 of arXiv:2111.01007."""
        if resolution % _STRIDES[-1]:
            return ()
        return [(width, resolution // stride) for width, stride in zip(self.map_widths, _STRIDES, strict=True)]

    def feature_maps(self) -> nn.Module:
        """Return these maps of images as they are, whose side is a multiple of 32."""
        return _Maps(self._network())

    def _network(self) -> EfficientNetLite:
        try:
            return EfficientNetLite(self.state(), width=self.width, depth=self.depth)
        except (KeyError, RuntimeError) as error:
            raise self.misfit(error) from error


class _Layers(nn.Module):
    """uint8 images `[N, 3, H, W]` to a tuple of features, one for each layer asked for."""

    def __init__(self, network: EfficientNetLite, layers: tuple[str, ...], side: int) -> None:
        super().__init__()
        self.network, self.layers, self.side = network, layers, side

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        colors = resized(images.float(), self.side).clamp(0, 255)
        maps = self.network.maps((colors - _MEAN) / _DEVIATION)
        pooled = self.network.pooled(maps[-1])
        return tuple(self._layer(layer, maps, pooled) for layer in self.layers)

    def _layer(self, layer: str, maps: Sequence[Tensor], pooled: Tensor) -> Tensor:
        if layer == _POOLED:
            return pooled
        if layer == _LOGITS:
            return self.network.classifier(pooled)
        return torch.cat([_coarse(each) for each in maps], dim=1)


class _Maps(nn.Module):
    """Float images `[N, 3, R, R]` in [-1, 1] to their maps."""

    def __init__(self, network: EfficientNetLite) -> None:
        super().__init__()
        self.network = network
        # Those that score alone.
        del network.head, network.classifier

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        colors = images * 127.5 + 127.5
        return tuple(self.network.maps((colors - _MEAN) / _DEVIATION)[1:])


class _ToSide(nn.Module):
    """Float images to the side at which their perceptual distance is taken."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, images: Tensor) -> Tensor:
        return resized(images, _SMALL_SIDE if images.shape[-1] <= _SMALL_SIDE else self.side)


def resized(images: Tensor, side: int) -> Tensor:
    """Return images `[N, 3, R, R]` at another side, bicubic and antialiased."""
    return functional.interpolate(images, (side, side), mode="bicubic", antialias=True, align_corners=False)


def _coarse(maps: Tensor) -> Tensor:
    """Return maps `[N, C, r, r]`, of unit length at each place, as means over a grid of 4x4, `[N, 16 C]`."""
    return functional.adaptive_avg_pool2d(unit_length(maps), _PLACES).flatten(1) / _PLACES
