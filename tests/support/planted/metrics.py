"""Metrics with planted bugs."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field

from ganzoo import ComponentOptions, Display, Estimate, Metric
from ganzoo.scoring import blocks_of, standard_error
from planted.bug import PlantedBug, planted

METRICS: list[PlantedBug] = []


class SoundOptions(ComponentOptions):
    """Power."""

    power: float = Field(default=2.0, gt=0, description="Power of the distance.")


class Sound(Metric[SoundOptions]):
    """Distance of the mean features."""

    name = "means"
    values = {"means": Display("MD")}  # noqa: RUF012
    reads = ("pooled",)
    Options = SoundOptions

    def estimates(self, data: Any) -> Mapping[str, Estimate]:
        return {"means": Estimate(self.value(data.generated["pooled"], data.reference["pooled"], data))}

    def value(self, generated, reference, data):
        return float((generated.mean(dim=0) - reference.mean(dim=0)).norm() ** self.options.power)


class SoundSpread(Metric):
    """Spread of the features."""

    name = "spread"
    values = {"spread": Display("SP")}  # noqa: RUF012
    reads = ("pooled",)
    uses_reference = False

    def estimates(self, data: Any) -> Mapping[str, Estimate]:
        return {"spread": Estimate(float(data.generated["pooled"].norm(dim=1).mean()))}


@planted(METRICS, "lower_is_better", "means")
class WrongDirection(Sound):
    values = {"means": Display("MD", lower_is_better=False)}  # noqa: RUF012


@planted(METRICS, "the same for good and for bad images", "data.generated")
class ReferenceWithItself(Sound):
    def value(self, generated, reference, data):
        return super().value(reference, reference, data)


@planted(METRICS, "changes the features")
class InPlace(Sound):
    def value(self, generated, reference, data):
        generated -= generated.mean()
        return super().value(generated, reference, data)


@planted(METRICS, "np.random.choice", "numpy")
class NumpySubset(Sound):
    def value(self, generated, reference, data):
        chosen = torch.from_numpy(np.random.choice(len(generated), len(generated) // 2))
        return super().value(generated[chosen], reference, data)


@planted(METRICS, "torch.randperm", "torch.Generator")
class TorchSubset(Sound):
    def value(self, generated, reference, data):
        return super().value(generated[torch.randperm(len(generated))[:20]], reference, data)


@planted(METRICS, "random.sample")
class PythonSubset(Sound):
    def value(self, generated, reference, data):
        return super().value(generated[random.sample(range(len(generated)), 20)], reference, data)


@planted(METRICS, "np.random.seed")
class SeedsNumpy(Sound):
    def value(self, generated, reference, data):
        np.random.seed(0)
        chosen = torch.from_numpy(np.random.choice(len(generated), len(generated) // 2))
        return super().value(generated[chosen], reference, data)


@planted(METRICS, "torch.manual_seed")
class SeedsTorch(Sound):
    def value(self, generated, reference, data):
        torch.manual_seed(0)
        return super().value(generated[torch.randperm(len(generated))[:20]], reference, data)


@planted(METRICS, "uses_classes", "labels")
class NeedsLabels(Sound):
    def value(self, generated, reference, data):
        return super().value(generated[data.generated.labels >= 0], reference, data)


@planted(METRICS, "uses_reference", "reference")
class UndeclaredReference(SoundSpread):
    def estimates(self, data):
        return {"spread": Estimate(float((data.generated["pooled"] - data.reference["pooled"].mean(dim=0)).norm()))}


@planted(METRICS, "uses_held_out", "held_out")
class UndeclaredHeldOut(Sound):
    def value(self, generated, reference, data):
        return super().value(generated, data.held_out["pooled"], data)


@planted(METRICS, "reads", "'logits'")
class UndeclaredRole(Sound):
    def value(self, generated, reference, data):
        return super().value(data.generated["logits"], reference, data)


@planted(METRICS, "identity()", "'power'")
class ForgetsPower(Sound):
    def identity(self):
        return {"version": 1}


@planted(METRICS, "memory", "[N, N, D]")
class AllPairs(Sound):
    def value(self, generated, reference, data):
        return float((generated[:, None] - reference[None]).square().mean()) + super().value(generated, reference, data)


@planted(METRICS, "earlier call")
class Remembers(Sound):
    """Compares with the reference that it saw first."""

    first = None

    def value(self, generated, reference, data):
        if self.first is None:
            self.first = reference.clone()
        return super().value(generated, self.first, data)


@planted(METRICS, "inf", "like the reference")
class LogOfDistance(Sound):
    def value(self, generated, reference, data):
        return float(torch.tensor(super().value(generated, reference, data)).log())


@planted(METRICS, "ZeroDivisionError", "like the reference")
class DividesByDistance(Sound):
    def value(self, generated, reference, data):
        distance = super().value(generated, reference, data)
        return distance * distance / distance


@planted(METRICS, "float", "Tensor")
class GivesTensor(Sound):
    def estimates(self, data):
        return {"means": Estimate((data.generated["pooled"].mean(0) - data.reference["pooled"].mean(0)).norm())}


@planted(METRICS, "standard error")
class NegativeError(Sound):
    def estimates(self, data):
        return {key: Estimate(each.value, -1.0) for key, each in super().estimates(data).items()}


class DescribesBatch(Metric):
    """Takes the level of a batch from each image."""

    name = "brightness"
    values = {"brightness": Display("BR")}  # noqa: RUF012
    reads = ("levels",)
    describes = ("levels",)

    def describe(self, images, first):
        levels = images.float().flatten(1).mean(dim=1, keepdim=True)
        return {"levels": levels - levels.mean()}

    def estimates(self, data):
        return {"brightness": Estimate(float((data.generated["levels"].std() - data.reference["levels"].std()).abs()))}


class SoundBrightness(DescribesBatch):
    """How far apart levels of brightness are."""

    def describe(self, images, first):
        return {"levels": images.float().flatten(1).std(dim=1, keepdim=True)}

    def estimates(self, data):
        return {
            "brightness": Estimate(float((data.generated["levels"].mean() - data.reference["levels"].mean()).abs()))
        }


METRICS.append(PlantedBug(DescribesBatch, ("describe", "in smaller batches"), SoundBrightness))


@planted(METRICS, "describe", "changes the images")
class DescribesInPlace(SoundBrightness):
    def describe(self, images, first):
        images.clamp_(10, 200)
        return super().describe(images, first)


# Which images are read, and where they stand


@planted(METRICS, "the images number 60 to 79 of 80 in data.generated", "the first ones")
class FirstImages(Sound):
    def value(self, generated, reference, data):
        return super().value(generated[:50], reference, data)


@planted(METRICS, "data.reference", "the first ones")
class FirstReals(Sound):
    def value(self, generated, reference, data):
        return super().value(generated, reference[:32], data)


@planted(METRICS, "in one order", "by its place")
class WeighsByPlace(Sound):
    """Counts later images more."""

    def value(self, generated, reference, data):
        weights = torch.linspace(0, 2, len(generated))[:, None]
        return super().value(generated * weights, reference, data)


@planted(METRICS, "in one order", "by its place", twin=SoundSpread)
class PairsNeighbors(SoundSpread):
    def estimates(self, data):
        features = data.generated["pooled"]
        return {"spread": Estimate(float((features[1:] - features[:-1]).norm(dim=1).mean()))}


@planted(METRICS, "in one order", "by its place", "standard error", twin=Sound)
class WeighsByPlaceWithError(WeighsByPlace):
    def estimates(self, data):
        return {"means": Estimate(super().estimates(data)["means"].value, 0.01)}


class Splits(SoundSpread):
    """Averages over four parts of the images, and says how sure it is."""

    def estimates(self, data):
        parts = torch.stack([each.mean(dim=0).norm() for each in data.generated["pooled"].chunk(4)])
        return {"spread": Estimate(float(parts.mean()), float(parts.std() + 0.5))}


class Drawn(Sound):
    """Reads images that it draws, always the same numbers."""

    def value(self, generated, reference, data):
        stream = torch.Generator().manual_seed(0)
        return super().value(generated[torch.randperm(len(generated), generator=stream)[:60]], reference, data)


class ListedOptions(ComponentOptions):
    """Powers."""

    powers: tuple[float, ...] = Field((1.0, 2.0), description="Powers of the distance that are added up.")


class Listed(Metric[ListedOptions]):
    """Has a list among its options."""

    name = "listed"
    values = {"listed": Display("LD")}  # noqa: RUF012
    reads = ("pooled",)
    Options = ListedOptions

    def estimates(self, data):
        distance = float((data.generated["pooled"].mean(dim=0) - data.reference["pooled"].mean(dim=0)).norm())
        return {"listed": Estimate(sum(distance**power for power in self.options.powers))}


@planted(METRICS, "plain data", "'path'")
class IdentityOfPath(Listed):
    def identity(self):
        return {**super().identity(), "path": Path("here")}


SOUND_METRICS: list[type] = [SoundBrightness, Splits, Drawn, Listed]


class WithError(Metric):
    """Distance of the mean features, with the error of other images."""

    name = "means-with-error"
    values = {"means": Display("MD")}  # noqa: RUF012
    reads = ("pooled",)

    def estimates(self, data: Any) -> Mapping[str, Estimate]:
        made, real = data.generated["pooled"].double(), data.reference["pooled"].double().mean(dim=0)
        block = blocks_of(len(made), data.blocks)

        def value(rows: Any) -> float:
            return self.finished(float((rows.mean(dim=0) - real).norm()))

        left_out = [value(made[self.kept(block, number)]) for number in range(data.blocks)]
        return {"means": Estimate(value(made), self.error(left_out))}

    def finished(self, value):
        return value

    def kept(self, block, number):
        return block != number

    def error(self, left_out):
        return standard_error(left_out)


@planted(METRICS, "standard error", "more than their standard deviation")
class DeviationForError(WithError):
    def error(self, left_out):
        return float(torch.tensor(left_out).std())


@planted(METRICS, "standard error", "each block alone")
class ErrorOfBlocks(WithError):
    def kept(self, block, number):
        return block == number

    def error(self, left_out):
        return 3 * standard_error(left_out)


@planted(METRICS, "standard error", "is None, not 0")
class NoError(WithError):
    def error(self, left_out):
        return 0.0


@planted(METRICS, "transform='logit'", "between 0 and 1")
class LogitOfDistance(WithError):
    values = {"means": Display("MD", transform="logit")}  # noqa: RUF012


@planted(METRICS, "all generated images are the same", "collapsed")
class DividesBySpread(WithError):
    def estimates(self, data):
        found = super().estimates(data)["means"]
        spread = float(data.generated["pooled"].double().std(dim=0).mean())
        return {"means": Estimate(found.value / spread if spread else float("nan"), found.standard_error)}


@planted(METRICS, "another one for each instance")
class IdentityOfInstance(Sound):
    def identity(self):
        return {**super().identity(), "made": id(self)}


class Described(Metric):
    """Distance of the mean brightness, which is kept of each image."""

    name = "brightness"
    values = {"brightness": Display("BR")}  # noqa: RUF012
    reads = ("brightness",)
    describes = ("brightness",)

    def describe(self, images, first):
        return {"brightness": self.looked(images).flatten(1).mean(dim=1, keepdim=True)}

    def looked(self, images):
        return images.float()

    def estimates(self, data: Any) -> Mapping[str, Estimate]:
        made, real = (each["brightness"].double() for each in (data.generated, data.reference))
        spread = abs(float(made.std()) - float(real.std())) if len(made) > 1 else 0.0
        return {"brightness": Estimate(abs(float(made.mean()) - float(real.mean())) + spread)}


@planted(METRICS, "in 8 bits", "`*`", "images.float()")
class Wraps(Described):
    judges_likeness = False

    def looked(self, images):
        return (images * 2).float()


@planted(METRICS, "126 rows", "127 images", "odd")
class DropsTheOdd(Described):
    def describe(self, images, first):
        return super().describe(images[: len(images) // 2 * 2], first)


@planted(METRICS, "changes the images that it is shown")
class ClampsImages(Described):
    def looked(self, images):
        return images.clamp_(10, 245).float()


@planted(METRICS, "describe(images, first), which is never called")
class DescribesUnsaid(Described):
    describes = ()


SOUND_METRICS += [WithError, Described]
