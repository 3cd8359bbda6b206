"""Generators with planted bugs."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ganzoo.layers import redrawn_within
from ganzoo.testing import TinyGenerator, TinyStyledGenerator
from planted.bug import PlantedBug, planted

GENERATORS: list[PlantedBug] = []


class Sound(TinyGenerator):
    """Two layers: a convolution behind the linear one."""

    def __init__(self, options: Any, images: Any) -> None:
        super().__init__(options, images)
        self.blur = nn.Conv2d(images.channels, images.channels, 3, padding=1)

    def forward(self, latents, labels):
        return self.finish(super().forward(latents, labels))

    def finish(self, images):
        return self.blur(images).tanh()


class Moved(Sound):
    """Moves its images as it is told."""

    def __init__(self, options: Any, images: Any) -> None:
        super().__init__(options, images)
        self.matrix = None

    def use_transform(self, matrix):
        self.matrix = matrix

    def finish(self, images):
        images = super().finish(images)
        if self.matrix is None:
            return images
        where = torch.linalg.inv(self.matrix.expand(len(images), 3, 3))
        # Grids count from -1 to 1, transforms in sides of the image.
        places = F.affine_grid(torch.cat([where[:, :2, :2], 2 * where[:, :2, 2:]], dim=2), images.shape, False)
        return F.grid_sample(images, places, align_corners=False)


class Truncated(Sound):
    """Truncates its latents."""

    def truncate_latents(self, latents, threshold, rng):
        return redrawn_within(latents, threshold, rng)


# How they truncate


@planted(GENERATORS, "with no number beyond the threshold")
class DrawsOnce(Truncated):
    def truncate_latents(self, latents, threshold, rng):
        again = torch.randn(latents.shape, generator=rng)
        return torch.where(latents.abs() > threshold, again, latents)


@planted(GENERATORS, "truncate_latents changes numbers within the threshold")
class ScalesLatents(Truncated):
    def truncate_latents(self, latents, threshold, rng):
        return super().truncate_latents(latents, threshold, rng) * min(1.0, threshold)


@planted(GENERATORS, "truncate_latents puts numbers beyond the threshold in one place")
class ClampsLatents(Truncated):
    def truncate_latents(self, latents, threshold, rng):
        return latents.clamp(-threshold, threshold)


@planted(GENERATORS, "truncate_latents must draw from the `rng`")
class TruncatesGlobally(Truncated):
    def truncate_latents(self, latents, threshold, rng):
        seed = int(torch.randint(2**31, ()))
        return super().truncate_latents(latents, threshold, torch.Generator().manual_seed(seed))


# How they move


@planted(GENERATORS, "taken for its inverse")
class MovesBack(Moved):
    def use_transform(self, matrix):
        self.matrix = None if matrix is None else torch.linalg.inv(matrix)


@planted(GENERATORS, "x and y are exchanged")
class MovesDown(Moved):
    def use_transform(self, matrix):
        self.matrix = None if matrix is None else matrix[..., [1, 0, 2], :][..., [1, 0, 2]]


@planted(GENERATORS, "the matrix is not used, or its unit")
class Unmoved(Moved):
    def use_transform(self, matrix):
        self.matrix = None


@planted(GENERATORS, "use_transform(None) does not bring what was moved back")
class StaysMoved(Moved):
    def use_transform(self, matrix):
        self.matrix = self.matrix if matrix is None else matrix


@planted(GENERATORS, "a matrix for each image, [N, 3, 3]")
class OneForAll(Moved):
    def use_transform(self, matrix):
        self.matrix = matrix if matrix is None or matrix.ndim == 2 else matrix[0]


# What they draw


@planted(GENERATORS, "random.random", "torch's global stream")
class PythonNoise(Sound):
    def finish(self, images):
        return super().finish(images) * (0.9 + 0.1 * random.random())


@planted(GENERATORS, "sample_latents(1, rng)", "image by image")
class CenteredLatents(Sound):
    def sample_latents(self, count, rng):
        latents = super().sample_latents(count, rng)
        return latents - latents.mean(dim=0)


@planted(GENERATORS, "numpy", "torch's global stream")
class NumpyWeights(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        with torch.no_grad():
            self.dense.bias += torch.from_numpy(np.random.randn(len(self.dense.bias))).to(self.dense.bias)


@planted(GENERATORS, "numpy", "torch's global stream")
class NumpyNoise(Sound):
    def finish(self, images):
        return super().finish(images + 0.1 * float(np.random.rand()))


@planted(GENERATORS, "a stream of its own", "built twice")
class OwnSeededWeights(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        stream = torch.Generator()
        stream.seed()
        nn.init.normal_(self.dense.weight, generator=stream)


@planted(GENERATORS, "torch.Generator", "the same noise")
class OwnNoise(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.stream = torch.Generator().manual_seed(0)

    def finish(self, images):
        return super().finish(images + 0.1 * torch.randn(images.shape, generator=self.stream).to(images))


@planted(GENERATORS, "torch.manual_seed", "generators.py")
class SeedsAll(Sound):
    def __init__(self, options, images):
        torch.manual_seed(0)
        super().__init__(options, images)


@planted(GENERATORS, "torch.manual_seed", "generators.py")
class SeedsNoise(Sound):
    def finish(self, images):
        torch.manual_seed(1)
        return super().finish(images + 0.1 * torch.randn_like(images))


@planted(GENERATORS, "random.seed")
class SeedsPython(Sound):
    def __init__(self, options, images):
        random.seed(3)
        super().__init__(options, images)


@planted(GENERATORS, "must draw from the `rng`")
class NumpyLatents(Sound):
    def sample_latents(self, count, rng):
        return torch.from_numpy(np.random.randn(count, self.latent_dim)).float()


# What they change of the process


@planted(GENERATORS, "torch.get_num_threads()", "set_num_threads")
class Threads(Sound):
    def __init__(self, options, images):
        torch.set_num_threads(torch.get_num_threads() + 1)
        super().__init__(options, images)


@planted(GENERATORS, "torch.get_default_dtype()")
class DefaultDtype(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        torch.set_default_dtype(torch.float64)


@planted(GENERATORS, "torch.backends.cudnn.benchmark")
class Benchmark(Sound):
    def __init__(self, options, images):
        torch.backends.cudnn.benchmark = True
        super().__init__(options, images)


@planted(GENERATORS, "torch.is_grad_enabled()")
class GradOff(Sound):
    def forward(self, latents, labels):
        images = super().forward(latents, labels)
        if not self.training:
            torch.set_grad_enabled(False)
        return images


@planted(GENERATORS, "use_deterministic_algorithms")
class Deterministic(Sound):
    def forward(self, latents, labels):
        torch.use_deterministic_algorithms(True, warn_only=True)
        return super().forward(latents, labels)


# What they do to their inputs


@planted(GENERATORS, "changes the latents", "in place")
class NormalizesInPlace(Sound):
    def forward(self, latents, labels):
        latents.data /= latents.norm(dim=1, keepdim=True)
        return super().forward(latents, labels)


@planted(GENERATORS, "changes the labels", "in place")
class ScalesLabels(Sound):
    def forward(self, latents, labels):
        labels.data.mul_(2)
        return super().forward(latents, labels)


# Ranges


@planted(GENERATORS, "[-1, 1]", "sigmoid")
class ZeroToOne(Sound):
    def finish(self, images):
        return self.blur(images).sigmoid()


@planted(GENERATORS, "[-1, 1]")
class Bytes(Sound):
    def finish(self, images):
        return self.blur(images).tanh() * 127.5 + 127.5


@planted(GENERATORS, "[-1, 1]", "0.5")
class HalfRange(Sound):
    def finish(self, images):
        return self.blur(images).tanh() / 2


# Company, order and memory


@planted(GENERATORS, "depends on the others of its batch", "depends_on_batch")
class CoupledBesideNoise(Sound):
    def finish(self, images):
        images = super().finish(images)
        drawn = images + 0.1 * torch.randn_like(images)
        return drawn - drawn.mean(dim=0) if self.training else drawn


@planted(GENERATORS, "depends on the others of its batch")
class NormalizedByBatch(Sound):
    def finish(self, images):
        noisy = images + 0.1 * torch.randn_like(images)
        return super().finish((noisy - noisy.mean(dim=0)) / (noisy.std(dim=0) + 1))


@planted(GENERATORS, "batch of one", "squeeze")
class Squeezed(Sound):
    def forward(self, latents, labels):
        hidden = self.dense(torch.cat([latents, labels], dim=1)).squeeze()
        return self.finish(hidden.reshape(len(latents), *self.shape).tanh() if len(latents) > 1 else hidden)


@planted(GENERATORS, "batch of one")
class StandardizedByBatch(Sound):
    """Its deviation is undefined for one image."""

    def forward(self, latents, labels):
        latents = latents / (1 + latents.std(dim=0) * 0)
        return super().forward(latents, labels)


@planted(GENERATORS, "earlier call")
class Cached(Sound):
    def forward(self, latents, labels):
        if getattr(self, "hidden", None) is None or len(self.hidden) != len(latents) or self.training:
            self.hidden = self.dense(torch.cat([latents, labels], dim=1)).detach()
        return super().forward(latents, labels) + 0.1 * self.hidden.unflatten(1, self.shape)


@planted(GENERATORS, "keeps", "`trace`", "graph")
class KeepsGraphs(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.trace = []

    def finish(self, images):
        self.trace.append(images)
        return super().finish(images)


# State


@planted(GENERATORS, "`layers`", "nn.ModuleList")
class ListOfLayers(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.layers = [nn.Conv2d(images.channels, images.channels, 1)]

    def finish(self, images):
        return super().finish(self.layers[0](images))


@planted(GENERATORS, "`gain`", "nn.Parameter")
class TensorThatLearns(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.gain = torch.ones(1, requires_grad=True)

    def finish(self, images):
        return super().finish(images) * self.gain


@planted(GENERATORS, "`kernel`", "register_buffer")
class TensorThatStays(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.kernel = torch.ones(images.channels, 1, 3, 3) / 9

    def finish(self, images):
        return F.conv2d(super().finish(images), self.kernel, padding=1, groups=len(self.kernel))


@planted(GENERATORS, "`shift`", "persistent=False")
class ForgottenBuffer(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.register_buffer("shift", torch.rand(()), persistent=False)

    def finish(self, images):
        return super().finish(images) + self.shift


@planted(GENERATORS, "`mean`", "persistent=False")
class ForgottenMean(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.register_buffer("mean", torch.zeros(()), persistent=False)

    def finish(self, images):
        images = super().finish(images)
        if self.training:
            self.mean.lerp_(images.detach().abs().mean(), 0.1)
        return images / (1 + self.mean)

    @classmethod
    def depends_on_batch(cls, options):
        return True


@planted(GENERATORS, "shared", "`spice`")
class SharedByAll(Sound):
    spice = nn.Conv2d(1, 1, 1)

    def finish(self, images):
        return super().finish(self.spice(images.flatten(0, 1).unsqueeze(1)).reshape(images.shape))


_POOL = nn.Conv2d(1, 1, 3, padding=1)


@planted(GENERATORS, "shared", "`refine.weight`")
class MutableDefault(Sound):
    def __init__(self, options, images, refine=_POOL):
        super().__init__(options, images)
        self.refine = refine

    def finish(self, images):
        return super().finish(self.refine(images.flatten(0, 1).unsqueeze(1)).reshape(images.shape))


@planted(GENERATORS, "deepcopy", "`squash`")
class RemembersItself(Sound):
    """A copy for the EMA squashes with the gain of the original."""

    def __init__(self, options, images):
        super().__init__(options, images)
        self.gain = nn.Parameter(torch.ones(1))
        self.squash = lambda pixels: (pixels * self.gain).tanh()

    def finish(self, images):
        return self.squash(self.blur(images))


@planted(GENERATORS, "deepcopy")
class KeepsOutput(Sound):
    def finish(self, images):
        self.last = super().finish(images)
        return self.last


@planted(GENERATORS, "load_state_dict", "built", "first forward")
class LazyLayer(Sound):
    def forward(self, latents, labels):
        if not hasattr(self, "extra"):
            self.extra = nn.Linear(self.latent_dim, self.latent_dim)
        return super().forward(self.extra(latents), labels)


# Devices and precision


@planted(GENERATORS, "device", "zeros")
class ZerosOnTheCpu(Sound):
    def finish(self, images):
        canvas = torch.zeros(images.shape)
        return super().finish(images + canvas)


@planted(GENERATORS, "`.cuda()`")
class OnlyCuda(Sound):
    def finish(self, images):
        return super().finish(images.cuda())


@planted(GENERATORS, "device", "numpy")
class ThroughNumpy(Sound):
    def finish(self, images):
        level = float(images.detach().numpy().mean())
        return super().finish(images) + 0 * level


# Gradients


class _Leak(torch.autograd.Function):
    """A leaky ReLU whose backward pass has another slope."""

    @staticmethod
    def forward(ctx, pixels):
        ctx.save_for_backward(pixels)
        return torch.where(pixels > 0, pixels, 0.2 * pixels)

    @staticmethod
    def backward(ctx, slope):
        (pixels,) = ctx.saved_tensors
        return torch.where(pixels > 0, slope, 0.02 * slope)


@planted(GENERATORS, "_Leak", "backward", "finite differences")
class WrongSlope(Sound):
    def finish(self, images):
        return super().finish(_Leak.apply(images))


class _Square(torch.autograd.Function):
    """A square whose gradient is right, and has no gradient with respect to its input."""

    @staticmethod
    def forward(ctx, pixels):
        ctx.save_for_backward(pixels)
        return pixels.square()

    @staticmethod
    def backward(ctx, slope):
        (pixels,) = ctx.saved_tensors
        return 2 * pixels.detach() * slope


@planted(GENERATORS, "_Square", "gradient of the gradient", "finite differences")
class WrongCurvature(Sound):
    def finish(self, images):
        return super().finish(_Square.apply(images) - 0.5)


@planted(GENERATORS, "no_grad", "dense.weight")
class FrozenLayer(Sound):
    def forward(self, latents, labels):
        with torch.no_grad():
            hidden = self.dense(torch.cat([latents, labels], dim=1)).unflatten(1, self.shape)
        return self.finish(hidden + 0 * latents.sum() + 0 * labels.sum() + latents.mean() * 0.1)


@planted(GENERATORS, "detach()", "dense.weight")
class DetachedLayer(Sound):
    def forward(self, latents, labels):
        hidden = self.dense(torch.cat([latents, labels], dim=1)).unflatten(1, self.shape).detach()
        return self.finish(hidden + torch.cat([latents, labels], dim=1).sum(dim=1)[:, None, None, None] * 0.1)


# Classes and channels


@planted(GENERATORS, "3 channels, 3 classes", "label")
class ColorForgetsClasses(Sound):
    def forward(self, latents, labels):
        return super().forward(latents, labels * 0 if self.shape[0] == 3 else labels)


@planted(GENERATORS, "3 channels, 3 classes")
class ColorWithClassesUnused(Sound):
    """A layer of the color model with classes that nothing uses."""

    def __init__(self, options, images):
        super().__init__(options, images)
        if images.channels == 3 and images.label_dim:
            self.color = nn.Linear(images.label_dim, 3)


@planted(GENERATORS, "3 channels, 3 classes", "depends on the others")
class ColorWithClassesCoupled(Sound):
    def forward(self, latents, labels):
        images = super().forward(latents, labels)
        return images + labels.mean(dim=0)[None, :, None, None] if labels.shape[1] == images.shape[1] else images


# Noise and styles


@planted(GENERATORS, "under `constant` noise", "torch.rand")
class DrawsBesideNoiseInputs(TinyStyledGenerator):
    def synthesize(self, styles):
        return super().synthesize(styles) + 0.1 * torch.rand(len(styles), 1, 1, 1)


@planted(GENERATORS, "mean_w")
class MeanNeverMoves(TinyStyledGenerator):
    def map(self, latents, labels):
        kept = self.mean.clone()
        styles = super().map(latents, labels)
        self.mean.copy_(kept)
        return styles


# Labels


@planted(GENERATORS, "takes labels for numbers of classes", "`F.embedding` (generators.py", "labels.argmax(dim=1)")
class LabelsAsIndex(TinyGenerator):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.embed = nn.Embedding(max(images.label_dim, 1), options.latent_dim)
        self.dense = nn.Linear(options.latent_dim, self.dense.out_features)

    def classes(self, labels):
        return labels

    def forward(self, latents, labels):
        styles = self.embed(self.classes(labels))
        return self.dense(latents + styles).unflatten(1, self.shape).tanh()


@planted(GENERATORS, "takes labels for numbers of classes", "labels.argmax(dim=1)", twin=TinyGenerator)
class FirstLabelAsIndex(LabelsAsIndex):
    """Works, and tells the first class from the others alone."""

    def classes(self, labels):
        return labels[:, 0].long() if labels.shape[1] else labels.new_zeros(len(labels)).long()


@planted(GENERATORS, "earlier call", "`steps`", "register_buffer")
class CountsSteps(Sound):
    """Becomes brighter with each call."""

    steps = 0

    def forward(self, latents, labels):
        self.steps += 1
        return super().forward(latents, labels) * min(1.0, 0.5 + self.steps / 100)


# Sound ones that a check could take for broken


class Embedded(Sound):
    """Looks its class up by number, so that labels get no gradient."""

    def __init__(self, options: Any, images: Any) -> None:
        super().__init__(options, images)
        if images.label_dim:
            self.classes = nn.Embedding(images.label_dim, self.latent_dim)

    def forward(self, latents, labels):
        if labels.shape[1]:
            latents = latents + self.classes(labels.argmax(dim=1))
        return super().forward(latents, labels)


class Noisy(Sound):
    """Adds noise of its own to every image."""

    def finish(self, images):
        return super().finish(images + 0.1 * torch.randn_like(images))


class BatchNormalized(Sound):
    """Normalizes over the batch, and says so."""

    def __init__(self, options: Any, images: Any) -> None:
        super().__init__(options, images)
        self.normalize = nn.BatchNorm2d(images.channels)

    @classmethod
    def depends_on_batch(cls, options: Any) -> bool:
        return True

    def finish(self, images):
        return super().finish(self.normalize(images))


class WithConstants(Sound):
    """Has a buffer that is made anew by its constructor, and is not saved."""

    def __init__(self, options: Any, images: Any) -> None:
        super().__init__(options, images)
        self.register_buffer("kernel", torch.ones(images.channels, 1, 3, 3) / 9, persistent=False)

    def finish(self, images):
        return F.conv2d(super().finish(images), self.kernel, padding=1, groups=len(self.kernel))


class Unbounded(Sound):
    """Ends with a convolution, as StyleGAN does: its images are not bounded."""

    def finish(self, images):
        return self.blur(images)


class ReadsOptions(Sound):
    """Reads its options in each forward."""

    def finish(self, images):
        return super().finish(images) * (self.options.latent_dim / self.latent_dim)


SOUND_GENERATORS = [Embedded, Noisy, BatchNormalized, WithConstants, Unbounded, ReadsOptions]


class Attending(Sound):
    """Weighs its rows; the bias of the keys has no effect on a softmax, and so a gradient of rounding alone."""

    def __init__(self, options: Any, images: Any) -> None:
        super().__init__(options, images)
        self.key = nn.Linear(images.resolution, 1)

    def finish(self, images):
        weights = torch.softmax(self.key(images), dim=2)
        return super().finish(self.curve(images) * weights * images.shape[2])

    def curve(self, images):
        return Doubling.apply(images)


class Doubling(torch.autograd.Function):
    """A cube, with its derivative."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3 + x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (3 * x**2 + 1)


class _Tripling(Doubling):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (2 * x**2 + 1)


class _Detaching(Doubling):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (3 * x.detach() ** 2 + 1)


@planted(GENERATORS, "_Tripling.backward", "not the derivative")
class WrongBesideRounding(Attending):
    def curve(self, images):
        return _Tripling.apply(images)


@planted(GENERATORS, "_Detaching.backward", "differentiable")
class WrongTwiceBesideRounding(Attending):
    def curve(self, images):
        return _Detaching.apply(images)


@planted(GENERATORS, "place it has there", "label of another image", "labels[:1]")
class LabelsOfTheFirst(Sound):
    def forward(self, latents, labels):
        return super().forward(latents, labels[:1].expand(len(labels), -1))


@planted(GENERATORS, "in evaluation mode than in training mode")
class ClampsInEvaluation(Sound):
    def finish(self, images):
        return self.blur(images).tanh() if self.training else self.blur(images).clamp(-1, 1)


@planted(GENERATORS, "depends on an earlier call")
class KeepsNoise(Sound):
    kept: Any = None

    def finish(self, images):
        self.kept = self.kept or {}
        noise = self.kept.setdefault(images.shape, torch.randn(images.shape))
        return super().finish(images + 0.1 * noise)


SOUND_GENERATORS += [Attending]


class OfSixteen(Sound):
    """Makes images of 16 pixels alone."""

    @classmethod
    def incompatibility(cls, options: Any, context: Any) -> str | None:
        return None if context.images.resolution == 16 else "makes images of 16 pixels; set dataset.resolution to 16"


@planted(GENERATORS, "style 1 of 2 changes nothing")
class FirstStyleAlone(TinyStyledGenerator):
    def synthesize(self, styles):
        return super().synthesize(styles[:, :1].expand_as(styles))


SOUND_GENERATORS += [OfSixteen]
