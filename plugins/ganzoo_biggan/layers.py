"""Layers of both BigGAN networks: convolutions and dense layers of spectral norm 1, and their residual blocks."""

from __future__ import annotations

from functools import partial
from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, relu
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo.layers import ConditionalBatchNorm2d, SelfAttention2d, convolve
from ganzoo_biggan.shape import BlockShape

InitialWeights = Literal["orthogonal", "normal"]


class _Convolution(nn.Conv2d):
    """A convolution that can be differentiated twice quickly."""

    def forward(self, input: Tensor) -> Tensor:
        return convolve(input, self.weight, self.bias, padding=self.kernel_size[0] // 2)


class Makes:
    """Makes layers with initial weights of one kind, and of spectral norm 1.

    Args:
        initial: `orthogonal` as in the paper (arXiv:1312.6120), or `normal`, N(0, 0.02).
    """

    def __init__(self, initial: InitialWeights) -> None:
        self.initial = initial

    def convolution(self, inputs: int, outputs: int, size: int = 3, *, bias: bool = True) -> nn.Module:
        """Return a convolution that keeps the resolution."""
        return spectral_norm(self.drawn(_Convolution(inputs, outputs, size, bias=bias)))

    def attention(self, channels: int) -> nn.Module:
        """Return self-attention among the places of maps."""
        return SelfAttention2d(channels, convolution=partial(self.convolution, size=1, bias=False))

    def linear(self, inputs: int, outputs: int, bias: bool = True) -> nn.Module:
        """Return a linear layer."""
        return spectral_norm(self.drawn(nn.Linear(inputs, outputs, bias=bias)))

    def drawn(self, layer: nn.Conv2d | nn.Linear) -> nn.Conv2d | nn.Linear:
        """Draw a layer's initial weights; biases are 0."""
        if self.initial == "orthogonal":
            nn.init.orthogonal_(layer.weight)
        else:
            nn.init.normal_(layer.weight, 0.0, 0.02)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
        return layer


class UpBlock(nn.Module):
    """The generator's residual block: twice conditional batch normalization, ReLU, 3x3; nearest upsampling in between.

    Paper: figure 15b.
    """

    def __init__(self, shape: BlockShape, makes: Makes, conditions: int, *, shared: bool) -> None:
        super().__init__()
        # Gains and biases of classes are weights; of an embedding they are layers, of spectral norm 1 as all are.
        linear = makes.linear if shared else None
        self.norm1 = ConditionalBatchNorm2d(shape.inputs, conditions, linear=linear)
        self.norm2 = ConditionalBatchNorm2d(shape.outputs, conditions, linear=linear)
        self.conv1 = makes.convolution(shape.inputs, shape.outputs)
        self.conv2 = makes.convolution(shape.outputs, shape.outputs)
        self.skip = makes.convolution(shape.inputs, shape.outputs, 1)

    def forward(self, maps: Tensor, condition: Tensor) -> Tensor:
        branch = interpolate(relu(self.norm1(maps, condition)), scale_factor=2.0)
        branch = self.conv2(relu(self.norm2(self.conv1(branch), condition)))
        # A 1x1 convolution and nearest upsampling commute; this order has a quarter of the work.
        result: Tensor = branch + interpolate(self.skip(maps), scale_factor=2.0)
        return result


class DownBlock(nn.Module):
    """The discriminator's residual block: twice ReLU, 3x3; then average pooling, and a 1x1 skip where shapes change.

    The first block of a network has no ReLU in front, as its input are images. Paper: figure 15c.
    """

    def __init__(self, shape: BlockShape, makes: Makes, *, first: bool) -> None:
        super().__init__()
        self.first, self.resamples = first, shape.resamples
        self.conv1 = makes.convolution(shape.inputs, shape.outputs)
        self.conv2 = makes.convolution(shape.outputs, shape.outputs)
        changes = shape.resamples or shape.inputs != shape.outputs
        self.skip = makes.convolution(shape.inputs, shape.outputs, 1) if changes else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        branch = self.conv2(relu(self.conv1(maps if self.first else relu(maps))))
        # Pooling and a 1x1 convolution commute too.
        pooled = avg_pool2d(maps, 2) if self.resamples else maps
        result: Tensor = (avg_pool2d(branch, 2) if self.resamples else branch) + self.skip(pooled)
        return result
