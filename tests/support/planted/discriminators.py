"""Discriminators with planted bugs."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ganzoo.layers import batch_mean
from ganzoo.testing import TinyDiscriminator, TinyFeaturedDiscriminator
from planted.bug import PlantedBug, planted

DISCRIMINATORS: list[PlantedBug] = []


class Sound(TinyDiscriminator):
    """A convolution before the linear layer, and a curve between them."""

    def __init__(self, options: Any, images: Any) -> None:
        super().__init__(options, images)
        self.stem = nn.Conv2d(images.channels, images.channels, 3, padding=1)

    def forward(self, images, labels):
        return super().forward(self.look(images), labels)

    def look(self, images):
        return F.softplus(self.stem(images))


@planted(DISCRIMINATORS, "changes the images", "in place")
class RectifiesInPlace(Sound):
    def look(self, images):
        if not images.requires_grad:
            images.clamp_(min=-0.5)
        return super().look(images)


@planted(DISCRIMINATORS, "batch of one", "squeeze")
class Squeezed(Sound):
    def forward(self, images, labels):
        return super().forward(images, labels).unsqueeze(1).squeeze()


@planted(DISCRIMINATORS, "depends on the others of its batch", "depends_on_batch")
class StandardDeviation(Sound):
    """ProGAN's deviation within the minibatch, without saying so."""

    def look(self, images):
        return super().look(images) + images.std(dim=0, keepdim=True).mean()


@planted(DISCRIMINATORS, "depends on the others of its batch")
class CoupledBesideDropout(Sound):
    def look(self, images):
        seen = F.dropout(super().look(images), 0.1, training=self.training)
        return seen - seen.mean(dim=0)


@planted(DISCRIMINATORS, "random", "evaluation")
class DropoutAlways(Sound):
    def look(self, images):
        return F.dropout(super().look(images), 0.2)


@planted(DISCRIMINATORS, "numpy")
class NumpyNoise(Sound):
    def look(self, images):
        return super().look(images + 0.01 * torch.from_numpy(np.random.randn(*images.shape)).to(images))


@planted(DISCRIMINATORS, "random.gauss")
class PythonNoise(Sound):
    def look(self, images):
        return super().look(images) * random.gauss(1, 0.1)


@planted(DISCRIMINATORS, "depends on the order")
class CountsRows(Sound):
    def forward(self, images, labels):
        return super().forward(images, labels) + 0.1 * torch.arange(len(images), device=images.device)


@planted(DISCRIMINATORS, "bounded", "tanh")
class Squashed(Sound):
    def forward(self, images, labels):
        return super().forward(images, labels).tanh()


@planted(DISCRIMINATORS, "never below 0", "softplus")
class Softened(Sound):
    def forward(self, images, labels):
        return F.softplus(super().forward(images, labels))


@planted(DISCRIMINATORS, "never above 0", "logsigmoid")
class LogProbability(Sound):
    def forward(self, images, labels):
        return F.logsigmoid(super().forward(images, labels))


class _Rectifier(torch.autograd.Function):
    """A softened rectifier that approximates its second derivative by none."""

    @staticmethod
    def forward(ctx, pixels):
        ctx.save_for_backward(pixels)
        return F.softplus(pixels)

    @staticmethod
    def backward(ctx, slope):
        (pixels,) = ctx.saved_tensors
        return slope * torch.sigmoid(pixels.data)


@planted(DISCRIMINATORS, "_Rectifier", "gradient of the gradient", "finite differences")
class NoCurvature(Sound):
    def look(self, images):
        return _Rectifier.apply(self.stem(images))


class _Scaled(torch.autograd.Function):
    """A scale that forgets itself on the way back."""

    @staticmethod
    def forward(ctx, pixels):
        return pixels * 0.5

    @staticmethod
    def backward(ctx, slope):
        return slope.clone()


@planted(DISCRIMINATORS, "_Scaled", "finite differences")
class WrongScale(Sound):
    def look(self, images):
        return super().look(_Scaled.apply(images))


@planted(DISCRIMINATORS, "stem.weight", "detach()")
class DetachedStem(Sound):
    def look(self, images):
        return F.softplus(F.conv2d(images, self.stem.weight.detach(), self.stem.bias, padding=1))


@planted(DISCRIMINATORS, "stem.weight", "finite differences")
class HalfDetached(Sound):
    """Half of what the weight does has no gradient."""

    def look(self, images):
        return super().look(images) + F.conv2d(images, self.stem.weight.data, padding=1)


@planted(DISCRIMINATORS, "`stem`", "nn.ModuleDict")
class DictOfLayers(TinyDiscriminator):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.stem = {"rgb": nn.Conv2d(images.channels, images.channels, 1)}

    def forward(self, images, labels):
        return super().forward(self.stem["rgb"](images), labels)


@planted(DISCRIMINATORS, "`scale`", "register_buffer")
class PlainScale(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.scale = torch.full((images.channels, 1, 1), 0.5)

    def look(self, images):
        return super().look(images) * self.scale


@planted(DISCRIMINATORS, "labels", "3 channels, 3 classes")
class ColorForgetsClasses(Sound):
    def forward(self, images, labels):
        return super().forward(images, labels if images.shape[1] == 1 else labels * 0)


@planted(DISCRIMINATORS, "in evaluation mode changes", "scale")
class LearnsWhileEvaluating(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.register_buffer("scale", torch.ones(()))

    def look(self, images):
        with torch.no_grad():
            self.scale.lerp_(images.abs().mean(), 0.1)
        return super().look(images)


@planted(DISCRIMINATORS, "earlier call")
class RemembersMean(Sound):
    """Takes away the mean of the images before."""

    mean = 0.0

    def look(self, images):
        seen = super().look(images) - self.mean
        self.mean = float(images.detach().mean()) if images.device.type != "meta" else 0.0
        return seen


@planted(DISCRIMINATORS, "evaluation", "mode")
class EvaluatesItself(Sound):
    def forward(self, images, labels):
        self.eval()
        return super().forward(images, labels)


@planted(DISCRIMINATORS, "torch.float64", ".double()")
class DoubleInside(Sound):
    def forward(self, images, labels):
        return super().forward(images, labels).double()


@planted(DISCRIMINATORS, "feature 0", "detach")
class DetachedFeatures(TinyFeaturedDiscriminator):
    def features(self, images, labels):
        return [each.detach() for each in super().features(images, labels)]


@planted(DISCRIMINATORS, "feature 0", "depends on the others")
class CoupledFeatures(TinyFeaturedDiscriminator):
    def features(self, images, labels):
        return [each - each.mean(dim=0) for each in super().features(images, labels)]


@planted(
    DISCRIMINATORS, "takes labels for numbers of classes", "`F.embedding` (discriminators.py", "labels.argmax(dim=1)"
)
class LabelsAsIndex(TinyDiscriminator):
    def __init__(self, options, images):
        super().__init__(options, images)
        pixels = images.channels * images.resolution**2
        self.dense, self.embed = nn.Linear(pixels, 1), nn.Embedding(max(images.label_dim, 1), pixels)

    def forward(self, images, labels):
        pixels = images.flatten(1)
        return self.dense(pixels).squeeze(1) + (pixels * self.embed(labels.long())).sum(dim=1)


@planted(DISCRIMINATORS, "earlier call", "`steps`", "register_buffer")
class CountsSteps(Sound):
    steps = 0

    def forward(self, images, labels):
        self.steps += 1
        return super().forward(images, labels) * min(1.0, 0.5 + self.steps / 100)


# Sound ones that a check could take for broken


class Embedded(Sound):
    """A projection discriminator (arXiv:1802.05637) that looks classes up by number."""

    def __init__(self, options: Any, images: Any) -> None:
        super().__init__(options, images)
        if images.label_dim:
            self.classes = nn.Embedding(images.label_dim, images.channels)

    def forward(self, images, labels):
        logits = super().forward(images, labels * 0)
        if labels.shape[1]:
            logits = logits + (self.classes(labels.argmax(dim=1)) * self.look(images).mean(dim=(2, 3))).sum(dim=1)
        return logits


class Spectral(Sound):
    """Its layers are divided by their spectral norm (arXiv:1802.05957)."""

    def __init__(self, options: Any, images: Any) -> None:
        super().__init__(options, images)
        nn.utils.parametrizations.spectral_norm(self.stem)


class Dropping(Sound):
    """Drops pixels while it is trained."""

    def look(self, images):
        return F.dropout(super().look(images), 0.2, training=self.training)


class Deviating(StandardDeviation):
    """ProGAN's deviation within the minibatch."""

    @classmethod
    def depends_on_batch(cls, options: Any) -> bool:
        return True


class Rectified(Sound):
    """Has no second derivative but at corners."""

    def look(self, images):
        return F.leaky_relu(self.stem(images), 0.2)


class ReadsOptions(Sound):
    """Reads its options in each forward."""

    def look(self, images):
        return super().look(images) * (1 + len(self.options.model_dump()))


SOUND_DISCRIMINATORS = [Embedded, Spectral, Dropping, Deviating, Rectified, ReadsOptions]


@planted(DISCRIMINATORS, "do not depend on channel 1 and 2")
class FirstChannel(Sound):
    def look(self, images):
        return super().look(images[:, :1].expand_as(images))


class OfAllRanks(Sound):
    """Normalizes by the batch, of all processes."""

    reduces_over_ranks = True

    @classmethod
    def depends_on_batch(cls, options: Any) -> bool:
        return True

    def look(self, images):
        seen = super().look(images)
        return seen - self.mean(seen)

    def mean(self, seen):
        return batch_mean(seen)


@planted(DISCRIMINATORS, "reduces_over_ranks", "BatchNorm2d")
class OfOneRank(OfAllRanks):
    def mean(self, seen):
        return seen.mean(dim=0)


SOUND_DISCRIMINATORS += [OfAllRanks]
