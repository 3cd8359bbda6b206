"""Discriminators: their properties."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor

from ganzoo.contracts.capabilities import Featured, Growable
from ganzoo.contracts.networks import Discriminator
from ganzoo.testing import habits, slopes
from ganzoo.testing import network_properties as network
from ganzoo.testing.company import Rows, check_company
from ganzoo.testing.component import COMPONENT
from ganzoo.testing.failure import doing, require
from ganzoo.testing.generators import labels
from ganzoo.testing.growth import Inputs, check_discriminator_growth
from ganzoo.testing.modes import CHANNELS, MODES, check_steady
from ganzoo.testing.networks import NetworkCase
from ganzoo.testing.option_effects import EFFECTS, ask_effects
from ganzoo.testing.option_looks import of_network
from ganzoo.testing.properties import Property, Suite, able, fullest, gate, thorough
from ganzoo.testing.seeding import SEED, seeded
from ganzoo.testing.settings import BATCH
from ganzoo.testing.trial import Trial, require_all

_CANDIDATES = 8


class DiscriminatorCase(NetworkCase):
    """A discriminator under test."""

    kind: ClassVar[str] = "discriminator"
    base: ClassVar[type] = Discriminator

    def inputs_at(self, resolution: int) -> Inputs:
        """See `NetworkCase.inputs_at`."""
        rng = torch.Generator().manual_seed(SEED)
        pixels = torch.rand(BATCH, self.spec.channels, resolution, resolution, generator=rng) * 2 - 1
        return pixels, labels(BATCH, self.spec)

    @cached_property
    def logits_per_image(self) -> int:
        """How many logits it says that it gives for an image."""
        with doing("logits_per_image(options, images)"):
            each = self.cls.logits_per_image(self.options, self.spec)
        require(isinstance(each, int) and each > 0, f"logits_per_image must return a count above 0, found {each!r}")
        return int(each)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The shape of its logits."""
        return (BATCH,) if self.logits_per_image == 1 else (BATCH, self.logits_per_image)


def _uses_labels(case: DiscriminatorCase) -> bool:
    """A critic of several logits may leave the labels to the loss, as an auxiliary classifier does."""
    return network.has_labels(case) and case.logits_per_image == 1


def _check_features(case: DiscriminatorCase) -> None:
    discriminator, inputs = case.network(), case.inputs
    images = inputs[0].clone().requires_grad_()
    with doing("features(images, labels)"), seeded():
        features = discriminator.features(images, inputs[1])
    require(
        isinstance(features, list | tuple)
        and features
        and all(isinstance(each, Tensor) and len(each) == BATCH for each in features),
        f"features(images, labels) must return a list of tensors [N, ...], found {features!r:.80}",
    )
    for number, feature in enumerate(features):
        require(torch.isfinite(feature).all(), f"feature {number} has numbers that are not finite")
        require(feature.requires_grad, f"no gradient of feature {number} reaches the images: do not detach it")
        with seeded():
            (slope,) = torch.autograd.grad(
                (feature * torch.randn_like(feature)).sum(), images, retain_graph=True, allow_unused=True
            )
        require(
            slope is not None and slope.any(), f"no gradient of feature {number} reaches the images: do not detach it"
        )


def _check_features_apart(case: DiscriminatorCase) -> None:
    images, given = habits.several(case)
    discriminator = case.network().eval()

    def run(rows: Rows) -> Sequence[Tensor]:
        with torch.no_grad(), seeded():
            return list(discriminator.features(images[list(rows)], given[list(rows)]))

    names = [f"feature {number}" for number, _ in enumerate(run([0]))]
    check_company(run, "features(images, labels)", names=names)


def _has_own_features(case: DiscriminatorCase) -> bool:
    return network.is_independent(case) and issubclass(case.cls, Featured)


def _check_growth(case: DiscriminatorCase) -> None:
    check_discriminator_growth(case.network(), case.inputs, case.spec)


def _check_raw(case: DiscriminatorCase) -> None:
    """Logits have either sign or any size; a sigmoid's outputs never leave (0, 1), whatever the weights."""
    for seed in range(_CANDIDATES):
        with seeded(seed), torch.no_grad():
            logits = case.build()(*case.inputs)
        if bool(((logits < 0) | (logits > 1)).any()):
            return
    require(False, "all its logits lie between 0 and 1; return raw logits, the loss owns the sigmoid")


DISCRIMINATOR = Suite(
    DiscriminatorCase,
    once=(*COMPONENT, gate("accepts some kind of images", network.check_kinds)),
    each=(
        gate("can be built", network.check_built),
        gate("gives finite logits of the right shape", network.check_forward),
        gate("takes labels for what they are, one-hot", network.check_labels_one_hot),
        Property("gives raw logits", _check_raw, thorough),
        Property("its features lead back to the images", _check_features, lambda case: issubclass(case.cls, Featured)),
        Property("its features of an image are its own", _check_features_apart, _has_own_features),
        Property(network.HAS_GRADIENT, network.check_gradient, thorough),
        Property(
            "gradients reach every parameter", network.check_parameters_reached, thorough, needs=network.HAS_GRADIENT
        ),
        Property("gradients reach the images", network.check_inputs_reached, thorough, needs=network.HAS_GRADIENT),
        CHANNELS,
        Property("uses the labels", habits.check_labels_used, _uses_labels),
        Property("can be differentiated twice", network.check_double_backward, thorough, needs=network.HAS_GRADIENT),
        Property(habits.MEMORY, habits.check_no_memory, thorough),
        Property(
            "evaluation is repeatable and changes nothing", network.check_evaluation, thorough, needs=habits.MEMORY
        ),
        *habits.habits("images"),
        Property("evaluates each image by itself", habits.ask_company(training=False), network.is_independent),
        Property("trains on each image by itself", habits.ask_company(training=True), network.is_independent),
        Property("draws nothing in evaluation", check_steady, fullest, needs=habits.MEMORY),
        *MODES,
        *slopes.SLOPES,
        Property("its logits are not bounded", slopes.check_unbounded, fullest),
        Property(EFFECTS, ask_effects(of_network, of_networks=True), fullest),
        Property("can be built and run without memory", network.check_meta, thorough),
        Property("nothing jumps when a block fades in", _check_growth, able(Growable)),
        Property(
            "works channels-last",
            network.check_memory_format,
            thorough,
            needs=("can be differentiated twice", habits.MEMORY),
        ),
    ),
)


def check_discriminator(cls: type[Discriminator], options: Any = None, *, resolution: int = 32) -> None:
    """Check that a discriminator keeps its contract, on gray and color images, without and with classes.

    Args:
        cls: The discriminator.
        options: What to test it with; if None its `example_options`, or the defaults.
        resolution: Resolution of the images to test with, a power of two.

    Raises:
        ConformanceError: Listing all that it fails: what was expected, and what was found.
    """
    require_all(Trial(DISCRIMINATOR, DiscriminatorCase(cls, options, resolution=resolution)))
