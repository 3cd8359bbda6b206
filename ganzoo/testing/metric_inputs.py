"""Metric inputs: made-up features, images and networks of a good and of a bad generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from ganzoo._random.global_streams import seed_torch
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.extractors import Extractor, Layer, WeightsFile
from ganzoo.contracts.metric_input import PIXELS, Features, MetricInput, ScoredNetworks
from ganzoo.contracts.metrics import Metric
from ganzoo.testing.failure import ConformanceError
from ganzoo.testing.parts import TinyStyledGenerator

BLOCKS, WIDTH = 20, 12
_SIDE, _CLASSES = 32, 3
_DESCRIBED_AT_ONCE = 64


class TinyExtractor(Extractor):
    """The pixels themselves, as features and as perceptual features."""

    name = "tiny"
    label = "tiny"
    layers: Mapping[str, Layer] = {"pooled": Layer("pixels")}  # type: ignore[misc]  # a class variable all the same

    def weights(self) -> WeightsFile | None:
        return None

    def identity(self) -> Mapping[str, str | int | float | bool]:
        return {}

    def build(self, layers: Sequence[str]) -> nn.Module:
        return nn.Flatten()

    def perceptual(self) -> nn.Module:
        """See `Perceptual.perceptual`."""
        return nn.Flatten()


class _Undeclared(ConformanceError, KeyError):
    """A metric reads what it does not say that it reads; a KeyError too, for one that tries."""

    __str__ = ConformanceError.__str__


class _Roles(dict[str, Tensor]):
    """What a metric says that it reads; what else it asks for is named with what would give it."""

    def __init__(self, roles: Mapping[str, Tensor], of: str, remedy: str) -> None:
        super().__init__(roles)
        self._of, self._remedy = of, remedy

    def of(self, roles: Mapping[str, Tensor]) -> _Roles:
        """Return other rows that are declared alike."""
        return _Roles(roles, self._of, self._remedy)

    def __missing__(self, role: str) -> Tensor:
        raise _Undeclared(f"reads {role!r} of {self._of}, {self._remedy}")


def _declared(metric: Metric, given: Features, name: str, flag: str = "") -> Features:
    """Return features that say by which attribute a metric would get what it asks for and is not there."""
    reads = f"which `reads` = {metric.reads!r} does not list"
    remedy = reads if given.roles or not flag else f"which it gets with {flag} = True, and here it is False"
    return replace(given, roles=_Roles(given.roles, name, remedy))


def metric_input(metric: Metric, count: int, *, bad: bool = False, shift: int = 0) -> MetricInput:
    """Return what a metric reads of `count` images of a good generator, or of a bad one.

    The images of a bad one lie apart from the reference, or are noise; for a metric that uses held-out images they
    are copies of the reference. Another `shift` gives other images of the same kinds.
    """
    reference = features(metric, count, 2 + shift) if metric.uses_reference else Features({})
    copied = bad and metric.uses_held_out
    generated = Features(reference.roles, reference.labels) if copied else features(metric, count, 1 + shift, bad=bad)
    subjects = torch.arange(count) // 4
    real = Features(reference.roles, reference.labels, subjects) if metric.uses_reference else reference
    held_out = Features({})
    if metric.uses_held_out:
        apart = features(metric, count, 3 + shift)
        held_out = Features(apart.roles, apart.labels, subjects + count)
    return MetricInput(
        _declared(metric, generated, "the generated images"),
        _declared(metric, real, "the reference", "uses_reference"),
        BLOCKS,
        _declared(metric, held_out, "data.held_out", "uses_held_out"),
        networks(metric, count, bad=bad),
    )


def features(metric: Metric, count: int, seed: int, *, bad: bool = False) -> Features:
    """Return features, or images, or what the metric makes of images."""
    rng = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % _CLASSES
    roles = {role: _made(role, labels, rng, bad) for role in metric.reads if role not in metric.describes}
    if metric.describes:
        roles |= described(metric, images(count, rng, bad=bad), _DESCRIBED_AT_ONCE)
    return Features(roles, labels)


def described(metric: Metric, pixels: Tensor, at_once: int) -> dict[str, Tensor]:
    """Return what the metric keeps of images, shown to it `at_once` at a time."""
    starts = range(0, len(pixels), at_once)
    parts = [metric.describe(pixels[start : start + at_once].clone(), start) for start in starts]
    return {role: torch.cat([part[role] for part in parts]) for role in metric.describes}


def images(count: int, rng: torch.Generator, *, bad: bool = False) -> Tensor:
    """Return images of smooth brightness, uint8 `[n, 3, R, R]`; bad ones are noise."""
    noise = torch.randn(count, 3, _SIDE, _SIDE, generator=rng) * (90 if bad else 2)
    level = torch.linspace(60, 190, _SIDE) + 20 * torch.randn(count, 1, 1, 1, generator=rng)
    return (level + noise).clamp(0, 255).to(torch.uint8)


def _made(role: str, labels: Tensor, rng: torch.Generator, bad: bool) -> Tensor:
    """Return features by class; bad ones lie apart from good ones and know no class, bad logits are nearly flat."""
    if role == PIXELS:
        return images(len(labels), rng, bad=bad)
    drawn = torch.randn(len(labels), WIDTH, generator=rng)
    if role == "logits":
        return drawn * (0.1 if bad else 5.0)
    if bad:
        return drawn + 3.0
    return drawn + 2.0 * torch.nn.functional.one_hot(labels, WIDTH)


class _Unmoved(TinyStyledGenerator):
    """Says that it can be moved, and is not: the more its images vary, the worse."""

    def use_transform(self, matrix: Tensor | None) -> None:
        """See `Transformable.use_transform`."""


def networks(metric: Metric, count: int, *, bad: bool = False) -> ScoredNetworks | None:
    """Return tiny networks for a metric that asks for some; the styles of a bad generator move its images more."""
    if metric.generator_must_be is None and metric.extractor_must_be is None:
        return None
    with torch.random.fork_rng(devices=[]):
        seed_torch(0)
        generator = _Unmoved(TinyStyledGenerator.Options(), ImageSpec(_SIDE, 3)).eval()
    if bad:
        with torch.no_grad():
            for weight in generator.layers.parameters():
                weight.mul_(3.0)
    options = TinyExtractor.Options()
    return ScoredNetworks(generator, TinyExtractor(options), torch.device("cpu"), 0, 16, torch.zeros(count, 0))
