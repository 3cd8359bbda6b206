"""Generators: their properties."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ganzoo.contracts.capabilities import Growable
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.networks import Generator
from ganzoo.contracts.truncatable_latents import TruncatableLatents
from ganzoo.testing import habits, slopes
from ganzoo.testing import network_properties as network
from ganzoo.testing.component import COMPONENT
from ganzoo.testing.failure import doing, require
from ganzoo.testing.growth import Inputs, check_generator_growth
from ganzoo.testing.modes import MODES
from ganzoo.testing.networks import NetworkCase
from ganzoo.testing.noise import NOISE
from ganzoo.testing.option_effects import EFFECTS, ask_effects
from ganzoo.testing.option_looks import of_network
from ganzoo.testing.properties import Property, Suite, able, fullest, gate, thorough
from ganzoo.testing.seeding import seeded, steady
from ganzoo.testing.settings import BATCH
from ganzoo.testing.styles import STYLES
from ganzoo.testing.transforms import TRANSFORMS
from ganzoo.testing.trial import Trial, require_all


class GeneratorCase(NetworkCase):
    """A generator under test."""

    kind: ClassVar[str] = "generator"
    base: ClassVar[type] = Generator

    @cached_property
    def latents(self) -> Tensor:
        """Latents of a batch."""
        return self._draw(self.network(), 7)

    def _draw(self, generator: Generator, seed: int) -> Tensor:
        with doing("sample_latents"):
            return generator.sample_latents(BATCH, torch.Generator().manual_seed(seed))

    def inputs_at(self, resolution: int) -> Inputs:
        """See `NetworkCase.inputs_at`."""
        return self.latents, labels(BATCH, self.spec)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The shape of its images."""
        return BATCH, self.spec.channels, self.spec.resolution, self.spec.resolution


def labels(count: int, images: ImageSpec) -> Tensor:
    """Return one-hot labels `[count, L]`, class after class."""
    if images.label_dim == 0:
        return torch.zeros(count, 0)
    return one_hot(torch.arange(count) % images.label_dim, images.label_dim).float()


def _check_latents(case: GeneratorCase) -> None:
    size = getattr(case.network(), "latent_dim", None)
    require(isinstance(size, int) and size > 0, f"__init__ must set latent_dim to a positive integer, found {size!r}")
    found = case.latents
    require(
        found.shape == (BATCH, size) and found.dtype == torch.float32 and found.device.type == "cpu",
        f"sample_latents must return float32 [{BATCH}, {size}] on the CPU, "
        f"found {found.dtype} {list(found.shape)} on {found.device}",
    )


def _check_drawing(case: GeneratorCase) -> None:
    generator = case.network()
    with seeded(1):
        first = case._draw(generator, 7)
    with seeded(2):
        again = case._draw(generator, 7)
    require(torch.equal(first, again), "sample_latents must draw from the `rng` it is given, and from it alone")
    require(not torch.equal(first, case._draw(generator, 8)), "sample_latents gives the same latents for every seed")
    with doing("sample_latents of one image"):
        one, other = (generator.sample_latents(1, torch.Generator().manual_seed(seed)) for seed in (7, 8))
    require(
        torch.isfinite(one).all() and not torch.equal(one, other),
        "sample_latents(1, rng) is not finite, or the same for every seed: figures and samples draw image by image, so "
        "that latents may not be centered or scaled by those of their batch",
    )


def _check_truncated_latents(case: GeneratorCase) -> None:
    generator, threshold = case.network(), 0.5
    assert isinstance(generator, TruncatableLatents), "asked of none else"
    latents = case.latents

    def truncate(threshold: float, seed: int) -> Tensor:
        with doing("truncate_latents"):
            return generator.truncate_latents(latents.clone(), threshold, torch.Generator().manual_seed(seed))

    with seeded(1):
        found = truncate(threshold, 7)
    require(
        found.shape == latents.shape and found.dtype == latents.dtype and float(found.abs().max()) <= threshold,
        f"truncate_latents must return {latents.dtype} {list(latents.shape)} with no number beyond the threshold "
        f"{threshold}, found {found.dtype} {list(found.shape)} with {float(found.abs().max()):g}",
    )
    within = latents.abs() <= threshold
    require(
        torch.equal(found[within], latents[within]) and torch.equal(truncate(1e6, 7), latents),
        "truncate_latents changes numbers within the threshold; only those beyond are drawn again",
    )
    with seeded(2):
        again = truncate(threshold, 7)
    require(torch.equal(found, again), "truncate_latents must draw from the `rng` it is given, and from it alone")
    beyond = found[~within]
    require(
        not torch.equal(beyond, truncate(threshold, 8)[~within]) and float(beyond.std()) > 0,
        "truncate_latents puts numbers beyond the threshold in one place; they are drawn again from what is within",
    )


def _check_growth(case: GeneratorCase) -> None:
    generator = case.network()
    with steady(generator):
        check_generator_growth(generator, case.inputs, case.spec)


GENERATOR = Suite(
    GeneratorCase,
    once=(*COMPONENT, gate("accepts some kind of images", network.check_kinds)),
    each=(
        gate("can be built", network.check_built),
        gate("draws latents of the size that it states", _check_latents),
        Property("draws latents from the generator that it is given", _check_drawing),
        Property("truncates its latents to what is asked for", _check_truncated_latents, able(TruncatableLatents)),
        gate("gives finite images of the right shape", network.check_forward),
        gate("takes labels for what they are, one-hot", network.check_labels_one_hot),
        Property(network.HAS_GRADIENT, network.check_gradient, thorough),
        Property(
            "gradients reach every parameter", network.check_parameters_reached, thorough, needs=network.HAS_GRADIENT
        ),
        Property("gradients reach the latents", network.check_inputs_reached, thorough, needs=network.HAS_GRADIENT),
        Property("uses the labels", habits.check_labels_used, network.has_labels),
        Property("can be differentiated twice", network.check_double_backward, thorough, needs=network.HAS_GRADIENT),
        Property(habits.MEMORY, habits.check_no_memory, thorough),
        Property(
            "evaluation is repeatable and changes nothing", network.check_evaluation, thorough, needs=habits.MEMORY
        ),
        *habits.habits("latents"),
        Property("evaluates each image by itself", habits.ask_company(training=False), thorough),
        Property("trains on each image by itself", habits.ask_company(training=True), network.is_independent),
        *MODES,
        *slopes.SLOPES,
        Property("its images are on the scale of the reals", slopes.check_range, fullest, needs=habits.MEMORY),
        Property(EFFECTS, ask_effects(of_network, of_networks=True), fullest),
        Property("can be built and run without memory", network.check_meta, thorough),
        *NOISE,
        *STYLES,
        *TRANSFORMS,
        Property("nothing jumps when a block fades in", _check_growth, able(Growable)),
        Property(
            "works channels-last",
            network.check_memory_format,
            thorough,
            needs=("can be differentiated twice", habits.MEMORY),
        ),
    ),
)


def check_generator(cls: type[Generator], options: Any = None, *, resolution: int = 32) -> None:
    """Check that a generator keeps its contract, on gray and color images, without and with classes.

    Args:
        cls: The generator.
        options: What to test it with; if None its `example_options`, or the defaults.
        resolution: Resolution of the images to test with, a power of two.

    Raises:
        ConformanceError: Listing all that it fails: what was expected, and what was found.
    """
    require_all(Trial(GENERATOR, GeneratorCase(cls, options, resolution=resolution)))
