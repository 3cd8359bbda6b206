"""Extractors with planted bugs."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import nn
from torch.nn import functional as F

from ganzoo import ComponentOptions, Extractor, Layer, PluginError
from planted.bug import PlantedBug, planted

EXTRACTORS: list[PlantedBug] = []


class Convolutions(nn.Module):
    """Two convolutions with fixed random weights."""

    def __init__(self, layers: Any, size: int = 8) -> None:
        super().__init__()
        self.layers = list(layers)
        stream = torch.Generator().manual_seed(0)
        self.first, self.second = nn.Conv2d(3, size, 3, stride=2), nn.Conv2d(size, size, 3, stride=2)
        for convolution in (self.first, self.second):
            nn.init.normal_(convolution.weight, std=0.2, generator=stream)
            nn.init.zeros_(convolution.bias)
        self.requires_grad_(False)

    def prepared(self, images):
        return images.float() / 127.5 - 1

    def forward(self, images):
        low = F.relu(self.first(self.prepared(images)))
        high = F.relu(self.second(low))
        found = {"low": low.mean(dim=(2, 3)), "high": high.mean(dim=(2, 3))}
        return tuple(self.finish(found[layer]) for layer in self.layers)

    def finish(self, features):
        return features


class SoundOptions(ComponentOptions):
    """Size."""

    size: int = Field(default=8, ge=1, description="Channels.")


class Sound(Extractor[SoundOptions]):
    """Features of two random convolutions."""

    name = "convolutions"
    label = "conv"
    layers = {"pooled": Layer("high", width=8), "early": Layer("low")}  # noqa: RUF012
    Options = SoundOptions
    network: type = Convolutions

    def weights(self):
        return None

    def identity(self):
        return {"version": 1, "size": self.options.size}

    def build(self, layers):
        return self.network(layers, self.options.size)


@planted(EXTRACTORS, "depends on the others of its batch")
class Whitened(Sound):
    class network(Convolutions):
        def finish(self, features):
            return features - features.mean(dim=0)


@planted(EXTRACTORS, "depends on the others of its batch")
class NormalizedByBatch(Sound):
    class network(Convolutions):
        def __init__(self, layers, size=8):
            super().__init__(layers, size)
            self.normalize = nn.BatchNorm1d(size, track_running_stats=False, affine=False)

        def finish(self, features):
            return self.normalize(features)


@planted(EXTRACTORS, "training mode", "train()")
class AlwaysTraining(Sound):
    class network(Convolutions):
        def __init__(self, layers, size=8):
            super().__init__(layers, size)
            self.normalize = nn.BatchNorm1d(size, affine=False)

        def train(self, mode=True):
            return super().train(True)

        def finish(self, features):
            return self.normalize(features)


@planted(EXTRACTORS, "F.dropout", "global stream")
class DropsAlways(Sound):
    class network(Convolutions):
        def finish(self, features):
            return F.dropout(features, 0.1)


@planted(EXTRACTORS, "torch's global stream", "torch.Generator")
class GlobalWeights(Sound):
    class network(Convolutions):
        def __init__(self, layers, size=8):
            super().__init__(layers, size)
            self.mix = nn.Linear(size, size).requires_grad_(False)

        def finish(self, features):
            return self.mix(features)


@planted(EXTRACTORS, "torch.manual_seed")
class Seeds(Sound):
    def build(self, layers):
        torch.manual_seed(0)
        return super().build(layers)


@planted(EXTRACTORS, "numpy")
class NumpyCrop(Sound):
    class network(Convolutions):
        def prepared(self, images):
            return super().prepared(images.roll(int(np.random.randint(4)), dims=3))


@planted(EXTRACTORS, "random.random")
class PythonFlip(Sound):
    class network(Convolutions):
        def prepared(self, images):
            return super().prepared(images.flip(3) if random.random() < 0.5 else images)


@planted(EXTRACTORS, "changes the images")
class InPlace(Sound):
    class network(Convolutions):
        def prepared(self, images):
            return super().prepared(images.bitwise_not_())


@planted(EXTRACTORS, "float32", "float16")
class Halves(Sound):
    class network(Convolutions):
        def finish(self, features):
            return features.half()


@planted(EXTRACTORS, "order", "layers")
class FixedOrder(Sound):
    def build(self, layers):
        return super().build(sorted(layers))


@planted(EXTRACTORS, "one tensor for each layer")
class AllLayers(Sound):
    def build(self, layers):
        return super().build(["high", "low"] if len(layers) > 1 else [*layers, "low"])


@planted(EXTRACTORS, "batch of one")
class Squeezed(Sound):
    class network(Convolutions):
        def finish(self, features):
            return features.squeeze()


@planted(EXTRACTORS, "earlier call")
class RunningMean(Sound):
    class network(Convolutions):
        mean = 0.0

        def finish(self, features):
            self.mean = 0.9 * self.mean + 0.1 * features.mean()
            return features - self.mean


@planted(EXTRACTORS, "the same for every image")
class Dead(Sound):
    class network(Convolutions):
        def finish(self, features):
            return features * 0


@planted(EXTRACTORS, "torch.get_default_dtype()")
class DefaultDtype(Sound):
    def build(self, layers):
        network = super().build(layers)
        torch.set_default_dtype(torch.float64)
        return network


class ShrinkingOptions(ComponentOptions):
    """Sizes."""

    shrink: bool = Field(default=False, description="Whether images are halved before.")


class SoundShrinking(Extractor[ShrinkingOptions]):
    """The same features, of smaller images if that is asked for."""

    name = "shrinking"
    label = "shrinking"
    layers = {"pooled": Layer("high", width=8)}  # noqa: RUF012
    Options = ShrinkingOptions

    def weights(self):
        return None

    def identity(self):
        return {"version": 1, "shrink": self.options.shrink}

    def build(self, layers):
        network = Convolutions(layers)
        if self.options.shrink:
            network.register_forward_pre_hook(lambda module, given: (F.avg_pool2d(given[0].float(), 2),))
        return network


@planted(EXTRACTORS, "another 'shrink'", "identity()")
class ForgetsOption(SoundShrinking):
    def identity(self):
        return {"version": 1}


@planted(EXTRACTORS, "depends on the others of its batch")
class BrightestOfBatch(Sound):
    class network(Convolutions):
        def prepared(self, images):
            return images.float() / images.max()


# Sizes of images


class Resized(Sound):
    """The same features, of images that are brought to 32 pixels."""

    class network(Convolutions):
        def prepared(self, images):
            return super().prepared(F.interpolate(images.float(), size=(32, 32), mode="bilinear", antialias=True))


class _Dense(Convolutions):
    """A dense layer on all pixels."""

    def __init__(self, layers, size=8):
        super().__init__(layers, size)
        self.dense = nn.Linear(3 * 32 * 32, size).requires_grad_(False)
        nn.init.normal_(self.dense.weight, std=0.02, generator=torch.Generator().manual_seed(1))
        nn.init.zeros_(self.dense.bias)

    def pixels(self, images):
        return images.flatten(1)

    def forward(self, images):
        features = self.dense(self.pixels(self.prepared(images)))
        return tuple(features for _ in self.layers)


@planted(EXTRACTORS, "fails for images of 16 pixels", "works for 32", "F.interpolate", twin=Resized)
class Only32(Sound):
    network = _Dense


@planted(EXTRACTORS, "of images of 64 pixels", "rows 48 to 63", twin=Resized)
class FirstPixels(Sound):
    class network(_Dense):
        def pixels(self, images):
            return F.pad(images.flatten(1), (0, 3 * 32 * 32))[:, : 3 * 32 * 32]


@planted(EXTRACTORS, "of images of 64 pixels", "reads a part of an image", twin=Resized)
class UpperLeft(Sound):
    class network(Convolutions):
        def prepared(self, images):
            return super().prepared(images[:, :, :32, :32])


@planted(EXTRACTORS, "of images of 16 pixels", "the same whatever the images are", twin=Resized)
class ZerosElsewhere(Sound):
    class network(Convolutions):
        def prepared(self, images):
            return super().prepared(images) * (images.shape[-1] >= 32)


@planted(EXTRACTORS, "have the size [48], and [8] where images have 32", "pool over places", twin=Resized)
class SizeOfMaps(Sound):
    class network(Convolutions):
        def forward(self, images):
            maps = F.avg_pool2d(self.prepared(images), 4).flatten(1)
            return tuple(maps if images.shape[-1] != 32 else maps[:, :8] for _ in self.layers)


class RefusesLarge(Resized):
    """The same, which refuses what is larger in words."""

    class network(Resized.network):
        def prepared(self, images):
            if images.shape[-1] > 32:
                raise PluginError("convolutions: takes images of up to 32 pixels; choose another extractor")
            return super().prepared(images)


SOUND_EXTRACTORS = [RefusesLarge]


class FloatImages(nn.Module):
    """The same of float images."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, images):
        return self.network((self.prepared(images) + 1) * 127.5)[0]

    def prepared(self, images):
        return images


class Seeing(Resized):
    """One whose features say how different images look."""

    floats = FloatImages

    def perceptual(self):
        return self.floats(self.build(["high"]))


@planted(EXTRACTORS, "perceptual features draw with `torch.randn_like`")
class SeesNoise(Seeing):
    class floats(FloatImages):
        def prepared(self, images):
            return images + 0.01 * torch.randn_like(images)


@planted(EXTRACTORS, "perceptual features", "others of its batch")
class SeesTheBatch(Seeing):
    class floats(FloatImages):
        def prepared(self, images):
            return images - images.mean(dim=0, keepdim=True)


@planted(EXTRACTORS, "do not depend on channel 1", twin=Resized)
class RedAlone(Resized):
    class network(Resized.network):
        def prepared(self, images):
            return super().prepared(images)[:, :1].expand(-1, 3, -1, -1)


@planted(EXTRACTORS, "in 8 bits", "`-`", twin=Resized)
class WrapsAround(Resized):
    class network(Resized.network):
        def prepared(self, images):
            return super().prepared(images - 128)


@planted(EXTRACTORS, "another device", "torch.full(...)", twin=Resized)
class OnTheCpu(Resized):
    class network(Resized.network):
        def prepared(self, images):
            return super().prepared(images) - torch.full((1, 3, 1, 1), 0.1)


@planted(EXTRACTORS, "do not depend on rows 0 to 1", "reads a part of an image", twin=Resized)
class SevenEighths(Resized):
    class network(Resized.network):
        def prepared(self, images):
            edge = images.shape[-1] // 16
            return super().prepared(images[:, :, edge : images.shape[-1] - edge, edge : images.shape[-1] - edge])


SOUND_EXTRACTORS += [Seeing]
