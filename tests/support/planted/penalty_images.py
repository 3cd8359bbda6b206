"""Penalties with planted bugs: images, channels and slopes that are left out, and factors that are detached."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from ganzoo import Regularizer, Role
from planted.bug import PlantedBug, planted
from planted.penalties import SoundDiversity, SoundDrift, SoundGP, SoundR1, _Squares

PENALTY_IMAGES: list[PlantedBug] = []


class WeighedByLogits(SoundR1):
    """Weighs the slope of each image by how real it seems, which is to be no way out."""

    def penalty(self, step):
        (slope,) = torch.autograd.grad(step.real_logits.sum(), step.real_input, create_graph=True)
        norms = self.squares(slope).sum(dim=(1, 2, 3))
        return (norms * self.weights(step.real_logits, norms)).mean()

    def squares(self, slope):
        return slope.square()

    def weights(self, logits, norms):
        return logits.detach().sigmoid()


class WeighedWithoutGrad(WeighedByLogits):
    """The same with weights that are computed without gradient."""

    def weights(self, logits, norms):
        with torch.no_grad():
            return logits.sigmoid()


class SoftlyWeighed(WeighedByLogits):
    """Weighs steep images more, by weights that sum to one."""

    @classmethod
    def depends_on_batch(cls, options: object) -> bool:
        return True

    def weights(self, logits, norms):
        return len(norms) * norms.detach().softmax(dim=0)


# Second derivatives behind what is detached


@planted(PENALTY_IMAGES, "_Squares.backward", "not the derivative")
class WrongSlopeBesideDetach(WeighedByLogits):
    def squares(self, slope):
        return _Squares.apply(slope)


@planted(PENALTY_IMAGES, "_Squares.backward", "not the derivative")
class WrongSlopeBesideNoGrad(WeighedWithoutGrad):
    def squares(self, slope):
        return _Squares.apply(slope)


@planted(PENALTY_IMAGES, "detach()", "0.5 times the derivative", "slope.square()")
class DetachedFactor(WeighedByLogits):
    def squares(self, slope):
        return slope * slope.detach()

    def weights(self, logits, norms):
        return 1.0


@planted(PENALTY_IMAGES, "detach()", "a part of the slope")
class DetachedRows(SoundR1):
    def norm(self, slope):
        return super().norm(torch.cat([slope[:, :, :8], slope[:, :, 8:].detach()], dim=2))


@planted(PENALTY_IMAGES, "detach()", "a part of the slope")
class DetachedSteepOnes(SoundR1):
    """Lets the steeper half of the images be."""

    @classmethod
    def depends_on_batch(cls, options: object) -> bool:
        return True

    def norm(self, slope):
        norms = slope.square().sum(dim=(1, 2, 3))
        return torch.where(norms > norms.median(), norms.detach(), norms).mean()


# Channels


@planted(PENALTY_IMAGES, "by channel 0 of 3 alone", "flatten(1)")
class RedAlone(SoundR1):
    def norm(self, slope):
        return slope[:, 0].square().sum(dim=(1, 2)).mean()


@planted(PENALTY_IMAGES, "by channel 2 of 3 alone", "flatten(1)")
class BlueAloneBetween(SoundGP):
    def penalty(self, step):
        points = self.points(step).detach().requires_grad_()
        logits = step.critic(points, step.labels)
        (slope,) = torch.autograd.grad(logits.sum(), points, create_graph=True)
        norm = slope[:, -1].square().sum(dim=(1, 2)).clamp_min(1e-12).sqrt()
        return (norm - 1).square().mean() + 0.001 * logits.square().mean()


class SteepestPixel(SoundR1):
    """The largest slope of any channel and pixel counts alone."""

    def norm(self, slope):
        return slope.abs().flatten(1).amax(dim=1).square().mean()


class OneSided(SoundGP):
    """Norms above 0.1 alone count."""

    def penalty(self, step):
        points = self.points(step).detach().requires_grad_()
        (slope,) = torch.autograd.grad(step.critic(points, step.labels).sum(), points, create_graph=True)
        return (slope.square().sum(dim=(1, 2, 3)).clamp_min(1e-12).sqrt() - 0.1).relu().square().mean()


# The mean over the batch


@planted(PENALTY_IMAGES, "mean of the means of its classes", "mean over the batch")
class MeanOfClasses(SoundDrift):
    def penalty(self, step):
        return self.by_class(step.real_logits.square(), step.labels)

    def by_class(self, numbers, labels):
        if not labels.shape[1]:
            return numbers.mean()
        counts = labels.sum(dim=0)
        return ((labels.T @ numbers)[counts > 0] / counts[counts > 0]).mean()


@planted(PENALTY_IMAGES, "mean of the means of its classes", "mean over the batch", twin=SoundR1)
class SlopeOfClasses(MeanOfClasses):
    needs_real_gradient = True

    def penalty(self, step):
        (slope,) = torch.autograd.grad(step.real_logits.sum(), step.real_input, create_graph=True)
        return self.by_class(slope.square().sum(dim=(1, 2, 3)), step.labels)


@planted(PENALTY_IMAGES, "no mean over the batch", "groups", "depends_on_batch")
class MeanOfBrightAndDark(SoundDrift):
    """Averages bright images and dark ones, then both."""

    def penalty(self, step):
        bright = (step.real.mean(dim=(1, 2, 3)) > 0).to(step.real)
        numbers = step.real_logits.square()
        groups = [(numbers * kept).sum() / kept.sum().clamp_min(1) for kept in (bright, 1 - bright)]
        return torch.stack(groups).mean()


class MeanOfClassesThatSaysSo(MeanOfClasses):
    """All classes are to count alike, however few images they have; and it says so."""

    @classmethod
    def depends_on_batch(cls, options: object) -> bool:
        return True


# A number of its own for each image


@planted(PENALTY_IMAGES, "step.uniform(1, 1, 1, 1)", "penalty_images.py", "once for all images", "the first size")
class OneShareForAll(SoundGP):
    def shares(self, step):
        return step.uniform(1, 1, 1, 1)


@planted(PENALTY_IMAGES, "step.uniform(1, 3)", "once for all images", twin=SoundDiversity)
class OneWeightForAll(SoundDiversity):
    def penalty(self, step):
        return super().penalty(step) * step.uniform(1, 3).mean()


@planted(PENALTY_IMAGES, "torch.randn", "once for all images")
class OneNoiseForAll(SoundDrift):
    def penalty(self, step):
        noise = 0.1 * torch.randn(step.real.shape[1:], device=step.real.device)
        return (step.critic(step.lift(step.real + noise), step.labels) - step.real_logits).square().mean()


class OneForTheStep(Regularizer):
    """Compares two sizes of image, one of which is chosen for the step."""

    name = "sizes-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR

    def penalty(self, step: Any) -> Any:
        share = step.uniform().to(step.real)
        return (step.critic(step.lift(step.real * (1 - 0.1 * share)), step.labels) - step.real_logits).square().mean()


SOUND_PENALTY_IMAGES = [
    WeighedByLogits,
    WeighedWithoutGrad,
    SoftlyWeighed,
    SteepestPixel,
    OneSided,
    MeanOfClassesThatSaysSo,
    OneForTheStep,
]
