"""Augmentations with planted bugs."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor

from ganzoo import Augmentation, ComponentOptions, Scheduled
from planted.bug import PlantedBug, planted

AUGMENTATIONS: list[PlantedBug] = []


class Sound(Augmentation):
    """Dims each image by chance, and more so the surer the discriminator is of the reals."""

    name = "dimming"
    strength: Tensor

    def __init__(self, options: Any, images: Any) -> None:
        super().__init__(options, images)
        self.register_buffer("strength", torch.tensor(0.5))

    def shares(self, images):
        return torch.rand(len(images), 1, 1, 1).to(images)

    def forward(self, images):
        return images * (1 - self.strength * self.shares(images))

    def observe(self, real_logits):
        self.strength.lerp_(real_logits.detach().sigmoid().mean(), 0.1)

    def report(self):
        return {"strength": self.strength}


@planted(AUGMENTATIONS, "random.random", "torch's global stream")
class PythonChance(Sound):
    def forward(self, images):
        return images * (1 - self.strength * random.random())


@planted(AUGMENTATIONS, "numpy", "torch's global stream")
class NumpyChance(Sound):
    def shares(self, images):
        return torch.from_numpy(np.random.rand(len(images), 1, 1, 1)).to(images)


@planted(AUGMENTATIONS, "torch.Generator")
class OwnStream(Sound):
    def shares(self, images):
        stream = torch.Generator().manual_seed(0)
        return torch.rand(len(images), 1, 1, 1, generator=stream).to(images)


@planted(AUGMENTATIONS, "torch.manual_seed")
class Seeds(Sound):
    def shares(self, images):
        torch.manual_seed(7)
        return super().shares(images)


@planted(AUGMENTATIONS, "depends on the others of its batch", "depends_on_batch")
class Centered(Sound):
    def forward(self, images):
        dimmed = super().forward(images)
        return dimmed - dimmed.mean()


@planted(AUGMENTATIONS, "depends on the others of its batch", "depends_on_batch")
class ContrastOfBatch(Sound):
    def forward(self, images):
        mean = images.mean()
        return super().forward((images - mean) * 1.2 + mean)


@planted(AUGMENTATIONS, "nowhere below 0", "[0, 1]")
class ClampsToOne(Sound):
    def forward(self, images):
        return super().forward(images).clamp(0, 1)


@planted(AUGMENTATIONS, "depends on the others of its batch", "depends_on_batch")
class Mixup(Sound):
    def forward(self, images):
        return super().forward(0.9 * images + 0.1 * images.roll(1, 0))


@planted(AUGMENTATIONS, "earlier call")
class Replay(Sound):
    """Mixes a little of the batch before into each."""

    def forward(self, images):
        before = getattr(self, "kept", None)
        self.kept = images.detach()
        if before is None or before.shape != images.shape:
            return super().forward(images)
        return super().forward(images) + 0.1 * before


@planted(AUGMENTATIONS, "batch of one")
class Squeezed(Sound):
    def forward(self, images):
        return super().forward(images.squeeze(0)) if len(images) == 1 else super().forward(images)


@planted(AUGMENTATIONS, "no gradient", "detach()")
class Detached(Sound):
    def forward(self, images):
        return super().forward(images.detach())


@planted(AUGMENTATIONS, "no_grad")
class WithoutGrad(Sound):
    def forward(self, images):
        with torch.no_grad():
            return super().forward(images)


@planted(AUGMENTATIONS, ".numpy()", "gradient")
class ThroughNumpy(Sound):
    def forward(self, images):
        return super().forward(torch.from_numpy(images.detach().cpu().numpy().copy()))


class _Brighter(torch.autograd.Function):
    """A curve whose backward pass takes it for a line."""

    @staticmethod
    def forward(ctx, images):
        return images + images.square() / 2

    @staticmethod
    def backward(ctx, slope):
        return slope.clone()


@planted(AUGMENTATIONS, "_Brighter", "finite differences")
class WrongSlope(Sound):
    def forward(self, images):
        return super().forward(_Brighter.apply(images))


class _Curve(torch.autograd.Function):
    """A curve with the right gradient, whose own gradient is cut off."""

    @staticmethod
    def forward(ctx, images):
        ctx.save_for_backward(images)
        return images + images.square() / 2

    @staticmethod
    def backward(ctx, slope):
        (images,) = ctx.saved_tensors
        return slope * (1 + images.detach())


@planted(AUGMENTATIONS, "_Curve", "gradient of the gradient", "finite differences")
class WrongCurvature(Sound):
    def forward(self, images):
        return super().forward(_Curve.apply(images))


@planted(AUGMENTATIONS, "changes the images", "return new ones")
class InPlace(Sound):
    def forward(self, images):
        images.data.mul_(0.5)
        return super().forward(images)


@planted(AUGMENTATIONS, "device")
class CpuChance(Sound):
    def shares(self, images):
        return torch.rand(len(images), 1, 1, 1)


@planted(AUGMENTATIONS, "`strength`", "buffer")
class PlainStrength(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        del self.strength
        self.strength = torch.tensor(0.5)


@planted(AUGMENTATIONS, "`strength`", "persistent=False")
class ForgottenStrength(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        del self.strength
        self.register_buffer("strength", torch.tensor(0.5), persistent=False)


_STRENGTH = torch.tensor(0.5)


@planted(AUGMENTATIONS, "shared", "`strength`")
class SharedStrength(Sound):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.strength = _STRENGTH


@planted(AUGMENTATIONS, "observe", "changes the logits")
class ClampsLogits(Sound):
    def observe(self, real_logits):
        super().observe(real_logits.clamp_(-1, 1))


@planted(AUGMENTATIONS, "observe", "keeps the logits")
class KeepsLogits(Sound):
    def observe(self, real_logits):
        self.seen = real_logits


@planted(AUGMENTATIONS, "earlier call", "`steps`", "register_buffer")
class CountsSteps(Sound):
    steps = 0

    def forward(self, images):
        self.steps += 1
        return super().forward(images) * min(1.0, 0.5 + self.steps / 100)


@planted(AUGMENTATIONS, "torch.rand", "augmentations.py", "once for all images", "a number for each")
class OneShareForAll(Sound):
    def shares(self, images):
        return torch.rand(1, 1, 1, 1).to(images)


@planted(AUGMENTATIONS, "torch.rand", "once for all images", "a number for each")
class OneChanceForAll(Sound):
    def forward(self, images):
        flipped = torch.rand(()).to(images) < 0.5
        return super().forward(torch.where(flipped, images.flip(3), images))


@planted(AUGMENTATIONS, "torch.randn", "once for all images")
class OneNoiseForAll(Sound):
    def forward(self, images):
        return super().forward(images) + 0.1 * torch.randn(images.shape[1:], device=images.device)


class FlippedTogether(OneChanceForAll):
    """Flips all images of a batch or none, and says so."""

    @classmethod
    def depends_on_batch(cls, options: Any) -> bool:
        return True


class MixupThatSaysSo(Mixup):
    """Mixes neighbors, and says so."""

    @classmethod
    def depends_on_batch(cls, options: Any) -> bool:
        return True


class Erasing(Sound):
    """Erases a square of each image, at a place of its own."""

    def forward(self, images):
        size = images.shape[-1]
        place = torch.randint(size, (2, len(images), 1), device=images.device)
        rows, columns = ((torch.arange(size, device=images.device) - each).abs() < 2 for each in place)
        return torch.where(rows[:, None, :, None] & columns[:, None, None, :], 0.0, images)


class ErasingInTurn(Sound):
    """Erases two squares of each image, one image after the other."""

    def forward(self, images):
        size = images.shape[-1]
        kept = torch.ones(len(images), 1, size, size)
        for image in kept:
            for _ in range(2):
                row, column = int(torch.randint(size, ())), int(torch.randint(size, ()))
                image[:, max(0, row - 2) : row + 2, max(0, column - 2) : column + 2] = 0
        return images * kept.to(images)


@planted(AUGMENTATIONS, "depends on the others of its batch")
class ErasingNeighbors(ErasingInTurn):
    """Erases in each image what was drawn for the one before too."""

    def forward(self, images):
        kept = super().forward(torch.ones_like(images))
        return images * kept * kept.roll(1, 0)


SOUND_AUGMENTATIONS = [MixupThatSaysSo, Erasing, ErasingInTurn, FlippedTogether]


class Kinds(Sound):
    """Five numbers for each image, in one call."""

    def shares(self, images):
        return torch.rand(5, len(images), 1, 1, 1).to(images)[2]


@planted(AUGMENTATIONS, "depends on an earlier call", twin=Kinds)
class KeepsNumbers(Kinds):
    kept: Any = None

    def shares(self, images):
        self.kept = self.kept or {}
        return self.kept.setdefault(len(images), super().shares(images))


class StrengthOptions(ComponentOptions):
    """How much."""

    reach: Scheduled[NonNegativeFloat] = Field(default=0.5, description="Most of the contrast that is taken away.")


class Scheduling(Augmentation[StrengthOptions]):
    """Dims each image by chance."""

    name = "scheduling"
    Options = StrengthOptions

    def reach(self):
        return self.options.reach

    def forward(self, images):
        return images * (1 - self.reach() * torch.rand(len(images), 1, 1, 1).to(images))


@planted(AUGMENTATIONS, "'reach' may follow a schedule", "self.options.reach")
class FrozenReach(Scheduling):
    def __init__(self, options: StrengthOptions, images: Any) -> None:
        super().__init__(options, images)
        self.register_buffer("first", torch.tensor(float(options.reach)))

    def reach(self):
        return self.first


class Replaces(Augmentation):
    """Replaces reals where the discriminator is sure of them."""

    name = "replacing"
    share: Tensor

    def __init__(self, options: Any, images: Any) -> None:
        super().__init__(options, images)
        self.register_buffer("share", torch.tensor(0.1))

    def forward(self, images):
        return images

    def observe(self, real_logits):
        self.moved(real_logits.detach().sign().mean() * len(real_logits) / 100_000)

    def moved(self, by):
        self.share.add_(by).clamp_(0, 1)

    def replaced_share(self):
        return float(self.share)


@planted(AUGMENTATIONS, "1,000,000 logits", "from 0 to 1")
class SharesBeyond(Replaces):
    def moved(self, by):
        self.share.add_(by)


@planted(AUGMENTATIONS, "`now` is a plain float and not saved")
class ShareAsNumber(Replaces):
    def __init__(self, options: Any, images: Any) -> None:
        super().__init__(options, images)
        self.now = 0.1

    def moved(self, by):
        self.now = min(1.0, max(0.0, self.now + float(by)))

    def replaced_share(self):
        return self.now


SOUND_AUGMENTATIONS += [Kinds, Scheduling, Replaces]
