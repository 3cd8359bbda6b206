"""Penalties with planted bugs."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, softplus

from ganzoo import Regularizer, Role, StyleBased
from planted.bug import PlantedBug, planted

PENALTIES: list[PlantedBug] = []


class SoundR1(Regularizer):
    """The squared gradient at the reals (arXiv:1801.04406)."""

    name = "r1-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    needs_real_gradient = True

    def penalty(self, step):
        (slope,) = torch.autograd.grad(step.real_logits.sum(), step.real_input, create_graph=True)
        return self.norm(slope)

    def norm(self, slope):
        return slope.square().sum(dim=(1, 2, 3)).mean()


class SoundGP(Regularizer):
    """The gradient's norm between reals and fakes (arXiv:1704.00028)."""

    name = "gp-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR

    def shares(self, step):
        return step.uniform(len(step.real), 1, 1, 1)

    def points(self, step):
        share = self.shares(step).to(step.real)
        return step.lift(step.real + share * (step.fakes - step.real))

    def penalty(self, step):
        points = self.points(step).detach().requires_grad_()
        (slope,) = torch.autograd.grad(step.critic(points, step.labels).sum(), points, create_graph=True)
        norm = slope.square().sum(dim=(1, 2, 3)).clamp_min(1e-12).sqrt()
        return (norm - 1).square().mean()


class SoundDrift(Regularizer):
    """The squared logits of the reals (arXiv:1710.10196)."""

    name = "drift-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR

    def penalty(self, step):
        return step.real_logits.square().mean()


class SoundClasses(Regularizer):
    """The discriminator is to name the classes of reals (AC-GAN, arXiv:1610.09585)."""

    name = "classes-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR

    @classmethod
    def incompatibility(cls, options: object, context: Any) -> str | None:
        classes = context.images.label_dim
        return None if classes and context.logits_per_image == 1 + classes else "needs a logit for each class"

    def penalty(self, step):
        return cross_entropy(step.real_logits[:, 1:], step.labels.argmax(dim=1))


class SoundDiversity(Regularizer):
    """Generated images of different latents are to differ (arXiv:1903.05628)."""

    name = "diversity-like"
    applies_to: ClassVar[Role] = Role.GENERATOR

    def penalty(self, step):
        one, two = (step.generator(step.latents(len(step.real)), step.labels) for _ in range(2))
        return -(one - two).square().mean()


class SoundPathLength(Regularizer):
    """How far images move with their styles (arXiv:1912.04958)."""

    name = "path-like"
    applies_to: ClassVar[Role] = Role.GENERATOR
    generator_must_be = StyleBased
    mean: Tensor

    def __init__(self, options: object) -> None:
        super().__init__(options)
        self.register_buffer("mean", torch.zeros(()))

    @classmethod
    def depends_on_batch(cls, options: object) -> bool:
        return True

    def directions(self, step, images):
        return step.uniform(*images.shape).to(images) - 0.5

    def penalty(self, step):
        styles = step.generator.map(step.latents(len(step.real)), step.labels)
        images = step.generator.synthesize(styles)
        moved = (images * self.directions(step, images)).sum()
        (slope,) = torch.autograd.grad(moved, styles, create_graph=True)
        lengths = slope.square().sum(dim=(1, 2)).clamp_min(1e-12).sqrt()
        mean = self.mean.lerp(lengths.mean().detach(), 0.01)
        self.mean.copy_(mean)
        return (lengths - mean).square().mean()


# Gradients of gradients


@planted(PENALTIES, "options.every")
class LazyTwice(SoundR1):
    def penalty(self, step):
        return super().penalty(step) * self.options.every


@planted(PENALTIES, "label of an other class")
class ClassesOfNeighbors(SoundClasses):
    def penalty(self, step):
        return cross_entropy(step.real_logits[:, 1:], step.labels.roll(1, 0).argmax(dim=1))


@planted(PENALTIES, "create_graph=True is missing")
class NoGraph(SoundR1):
    def penalty(self, step):
        (slope,) = torch.autograd.grad(step.real_logits.sum(), step.real_input, retain_graph=True)
        return self.norm(slope)


@planted(PENALTIES, "create_graph=True is missing")
class NoGraphBesideDrift(SoundR1):
    """Another term has a gradient, so that nothing seems to be wrong."""

    def penalty(self, step):
        (slope,) = torch.autograd.grad(step.real_logits.sum(), step.real_input, retain_graph=True)
        return self.norm(slope) + 0.01 * step.real_logits.square().mean()


@planted(PENALTIES, "create_graph=True is missing")
class NoGraphBetween(SoundGP):
    def penalty(self, step):
        points = self.points(step).detach().requires_grad_()
        logits = step.critic(points, step.labels)
        (slope,) = torch.autograd.grad(logits.sum(), points, retain_graph=True)
        return (slope.flatten(1).norm(dim=1) - 1).square().mean() + 0.001 * logits.square().mean()


@planted(PENALTIES, "detach()")
class DetachedSlope(SoundR1):
    def norm(self, slope):
        return super().norm(slope.detach())


@planted(PENALTIES, "no_grad")
class WithoutGrad(SoundR1):
    def penalty(self, step):
        with torch.no_grad():
            return step.real_logits.square().mean()


@planted(PENALTIES, "logits.sum()", "mean")
class SlopeOfMean(SoundR1):
    def penalty(self, step):
        (slope,) = torch.autograd.grad(step.real_logits.mean(), step.real_input, create_graph=True)
        return self.norm(slope)


@planted(PENALTIES, "the mean over the batch", "sum")
class SumOverBatch(SoundR1):
    def norm(self, slope):
        return slope.square().sum()


@planted(PENALTIES, "mean over the batch", "flatten(1)")
class NormOfBatch(SoundGP):
    def penalty(self, step):
        points = self.points(step).detach().requires_grad_()
        (slope,) = torch.autograd.grad(step.critic(points, step.labels).sum(), points, create_graph=True)
        return (slope.norm() - 1).square()


@planted(PENALTIES, "not finite", "flat")
class RootOfFlat(SoundGP):
    """A critic that begins flat, as R3GAN's does, has a slope of zero, whose root has an infinite gradient."""

    def penalty(self, step):
        points = self.points(step).detach().requires_grad_()
        (slope,) = torch.autograd.grad(step.critic(points, step.labels).sum(), points, create_graph=True)
        return (slope.square().sum(dim=(1, 2, 3)).sqrt() - 1).square().mean()


# Random numbers


@planted(PENALTIES, "torch.rand", "step.uniform")
class GlobalShares(SoundGP):
    def shares(self, step):
        return torch.rand(len(step.real), 1, 1, 1)


@planted(PENALTIES, "uniform_", "step.uniform")
class EmptyShares(SoundGP):
    def shares(self, step):
        return torch.empty(len(step.real), 1, 1, 1).uniform_()


@planted(PENALTIES, "numpy", "step.uniform")
class NumpyShares(SoundGP):
    def shares(self, step):
        return torch.from_numpy(np.random.rand(len(step.real), 1, 1, 1)).float()


@planted(PENALTIES, "random.random", "step.uniform")
class PythonShare(SoundGP):
    def shares(self, step):
        return torch.full((len(step.real), 1, 1, 1), random.random())


@planted(PENALTIES, "torch.Generator", "step.uniform")
class OwnStream(SoundGP):
    """The same numbers at each step."""

    def shares(self, step):
        return torch.rand(len(step.real), 1, 1, 1, generator=torch.Generator().manual_seed(0))


# The step


@planted(PENALTIES, "lift")
class NotLifted(SoundGP):
    def points(self, step):
        return step.real + self.shares(step) * (step.fakes - step.real)


@planted(PENALTIES, "lift")
class OwnReals(SoundR1):
    needs_real_gradient = False

    def penalty(self, step):
        reals = step.real.clone().requires_grad_()
        (slope,) = torch.autograd.grad(step.critic(reals, step.labels).sum(), reals, create_graph=True)
        return self.norm(slope)


@planted(PENALTIES, "step.labels", "classes")
class NoLabels(SoundGP):
    def penalty(self, step):
        points = self.points(step).detach().requires_grad_()
        logits = step.critic(points, torch.zeros(len(points), 0))
        (slope,) = torch.autograd.grad(logits.sum(), points, create_graph=True)
        return (slope.square().sum(dim=(1, 2, 3)).clamp_min(1e-12).sqrt() - 1).square().mean()


@planted(PENALTIES, "step.labels", "other class")
class ShiftedLabels(SoundGP):
    """Shows each image under the label of its neighbor."""

    def penalty(self, step):
        points = self.points(step).detach().requires_grad_()
        logits = step.critic(points, step.labels.roll(1, 0))
        (slope,) = torch.autograd.grad(logits.sum(), points, create_graph=True)
        return (slope.square().sum(dim=(1, 2, 3)).clamp_min(1e-12).sqrt() - 1).square().mean()


@planted(PENALTIES, "images with classes", "mat1 and mat2")
class OnlyGray(SoundR1):
    def norm(self, slope):
        return slope.reshape(len(slope), -1, 16, 16)[:, :1].square().sum(dim=(1, 2, 3)).mean() * (
            1 if slope.shape[1] == 1 else torch.ones(1, 1).matmul(torch.ones(slope.shape[1], 1))[0, 1]
        )


@planted(PENALTIES, "needs_real_gradient = True")
class Undeclared(SoundR1):
    needs_real_gradient = False


@planted(PENALTIES, "changes step.real", "in place")
class FlipsInPlace(SoundDrift):
    def penalty(self, step):
        step.real.copy_(step.real.flip(3))
        return super().penalty(step)


@planted(PENALTIES, "evaluation mode", "generator")
class LeavesEvaluation(SoundDiversity):
    def penalty(self, step):
        step.generator.eval()
        return super().penalty(step)


@planted(PENALTIES, "requires_grad")
class Freezes(SoundDrift):
    def penalty(self, step):
        step.generator.requires_grad_(False)
        return super().penalty(step)


@planted(PENALTIES, "weights of the", "generator")
class MovesWeights(SoundDiversity):
    def penalty(self, step):
        with torch.no_grad():
            for parameter in step.generator.parameters():
                parameter.mul_(0.99)
        return super().penalty(step)


@planted(PENALTIES, "backward()")
class DescendsItself(SoundDrift):
    def penalty(self, step):
        value = super().penalty(step)
        value.backward(retain_graph=True)
        return value


@planted(PENALTIES, "sends gradient into the generator", "step.fakes")
class IntoGenerator(SoundDrift):
    def penalty(self, step):
        return softplus(step.critic(step.generated, step.labels)).mean() + super().penalty(step)


@planted(PENALTIES, "register_buffer", "`mean`")
class ForgetsMean(SoundDrift):
    def __init__(self, options):
        super().__init__(options)
        self.mean = torch.zeros(())

    def penalty(self, step):
        self.mean = self.mean.lerp(step.real_logits.detach().mean(), 0.5)
        return (step.real_logits - self.mean).square().mean()


@planted(PENALTIES, "keeps", "`history`", "graph")
class KeepsGraphs(SoundDrift):
    def __init__(self, options):
        super().__init__(options)
        self.history = []

    def penalty(self, step):
        value = super().penalty(step)
        self.history.append(value)
        return value


class _Squares(torch.autograd.Function):
    """Squares with the slope of the numbers themselves."""

    @staticmethod
    def forward(ctx, numbers):
        ctx.save_for_backward(numbers)
        return numbers.square()

    @staticmethod
    def backward(ctx, slope):
        (numbers,) = ctx.saved_tensors
        return slope * numbers


@planted(PENALTIES, "_Squares.backward", "not the derivative")
class WrongSlope(SoundR1):
    def norm(self, slope):
        return _Squares.apply(slope).sum(dim=(1, 2, 3)).mean()


@planted(PENALTIES, "_Squares.backward", "not the derivative")
class WrongSlopeOfGenerator(SoundDiversity):
    def penalty(self, step):
        one, two = (step.generator(step.latents(len(step.real)), step.labels) for _ in range(2))
        return -_Squares.apply(one - two).mean()


# Where it computes, and from what


@planted(PENALTIES, ".item()", "waits for a GPU")
class WeighsByItem(SoundR1):
    def penalty(self, step):
        return super().penalty(step) * min(1.0, step.real_logits.mean().abs().item() + 0.5)


@planted(PENALTIES, ".item()", "cuts")
class LogitAsNumber(SoundDrift):
    def penalty(self, step):
        return step.real_logits.square().mean() + step.real_logits.mean().item() ** 2


@planted(PENALTIES, "torch.zeros", "device")
class MadeOnProcessor(SoundGP):
    def shares(self, step):
        return torch.zeros(len(step.real), 1, 1, 1) + super().shares(step).to("cpu")


@planted(PENALTIES, "draws latents with", "torch.randn", "step.latents")
class OwnLatents(SoundDiversity):
    def penalty(self, step):
        one = step.generator(torch.randn(len(step.real), step.generator.latent_dim), step.labels)
        return -(one - step.generator(step.latents(len(step.real)), step.labels)).square().mean()


@planted(PENALTIES, "the mean over the batch", "sum")
class SumOfGenerator(SoundDiversity):
    def penalty(self, step):
        return super().penalty(step) * len(step.real)


@planted(PENALTIES, "takes labels for numbers of classes", "`F.cross_entropy` (penalties.py", "labels.argmax(dim=1)")
class LabelsAsIndex(SoundClasses):
    def penalty(self, step):
        return cross_entropy(step.real_logits[:, 1:], step.labels.long())


@planted(PENALTIES, "takes labels for numbers of classes", ".gather()", "labels.argmax(dim=1)")
class LabelsGathered(SoundClasses):
    """Works, and takes the logits of the first two classes, whatever the labels are."""

    def penalty(self, step):
        return -step.real_logits[:, 1:].log_softmax(dim=1).gather(1, step.labels.long()).mean()


@planted(PENALTIES, "`steps`", "counts steps", "register_buffer", "step.images_seen")
class CountsSteps(SoundDrift):
    """Begins late."""

    def __init__(self, options):
        super().__init__(options)
        self.steps = 0

    def penalty(self, step):
        self.steps += 1
        return super().penalty(step) * (1.0 if self.steps > 1000 else 0.5)


@planted(PENALTIES, "`steps`", "counts steps", "register_buffer", "step.images_seen", twin=SoundDrift)
class WarmsUp(CountsSteps):
    def penalty(self, step):
        self.steps += 1
        return step.real_logits.square().mean() * min(1.0, self.steps / 100)


class OneHotClasses(SoundClasses):
    """Names classes by their one-hot labels."""

    def penalty(self, step):
        return cross_entropy(step.real_logits[:, 1:], step.labels)


class NoisyLogits(Regularizer):
    """Draws noise for each image (arXiv:2501.08316), from torch's global stream."""

    name = "noisy-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR

    def penalty(self, step):
        noise = torch.randn(step.real.shape, device=step.real.device)
        return (step.critic(step.lift(step.real + 0.1 * noise), step.labels) - step.real_logits).square().mean()


class MovedLatents(Regularizer):
    """Images of latents that were moved a little are to be alike (arXiv:2002.04724)."""

    name = "moved-like"
    applies_to: ClassVar[Role] = Role.GENERATOR

    def penalty(self, step):
        latents = step.latents(len(step.real))
        near = latents + 0.1 * torch.randn(latents.shape, device=latents.device)
        return (step.generator(latents, step.labels) - step.generator(near, step.labels)).square().mean()


class SharesOfEachImage(SoundDrift):
    """Weighs each image by a number of its own."""

    def penalty(self, step):
        return (step.uniform(len(step.real)) * step.real_logits.square()).mean()


class Consistency(Regularizer):
    """Logits are to be those of the images as they are shown, which are not moved themselves."""

    name = "consistency-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR

    def penalty(self, step):
        flipped = step.critic(step.lift(step.real.flip(3)), step.labels)
        return (flipped - step.real_logits.detach()).square().mean()


SOUND_PENALTIES = [Consistency, OneHotClasses, SoundPathLength, NoisyLogits, MovedLatents, SharesOfEachImage]
