"""Conformance of generators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ganzoo.contracts.capabilities import Growable, NoiseInputs, StyleBased
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.networks import Generator
from ganzoo.testing import networks
from ganzoo.testing.failure import Judge
from ganzoo.testing.growth import check_generator_growth, stages
from ganzoo.testing.noise import check_noise
from ganzoo.testing.options import check_component
from ganzoo.testing.settings import BATCH, specs_to_test
from ganzoo.testing.styles import check_styles


def check_generator(cls: type[Generator], options: Any = None, *, resolution: int = 32) -> None:
    """Check that a generator keeps its contract, on gray and color images, without and with classes.

    Args:
        cls: The generator.
        options: What to test it with; the defaults of its options if None.
        resolution: Resolution of the images to test with, a power of two.

    Raises:
        ConformanceError: Naming the part, what was expected, and what was found.
    """
    judge = Judge(cls, "generator")
    options = check_component(cls, Generator, options, judge)
    specs = specs_to_test(cls, options, resolution, judge)
    for index, images in enumerate(specs):
        _check_on(cls, options, images, judge, thorough=index in (0, len(specs) - 1))


def _check_on(cls: type[Generator], options: Any, images: ImageSpec, judge: Judge, *, thorough: bool) -> None:
    def build() -> Generator:
        return cls(options, images)

    generator: Any = networks.built(build, judge)
    inputs = (_check_latents(generator, judge), _labels(BATCH, images))
    shape = (BATCH, images.channels, images.resolution, images.resolution)
    networks.run(generator, inputs, judge, shape, "a forward")
    if not thorough:
        return
    _check_learning(generator, inputs, images, judge)
    networks.check_double_backward(generator, inputs, judge)
    networks.check_state_dict(generator, build, inputs, judge)
    networks.check_independence(generator, inputs, judge, training=False)
    if not cls.depends_on_batch(options):
        networks.check_independence(generator, inputs, judge, training=True)
    _check_meta(build, images, judge)
    if isinstance(generator, NoiseInputs):
        check_noise(generator, build, inputs, judge)
    if isinstance(generator, StyleBased):
        check_styles(generator, inputs, judge)
    if isinstance(generator, Growable):
        with networks.steady(generator):
            check_generator_growth(generator, inputs, images, judge)
    networks.check_memory_format(generator, inputs, judge)


def _check_latents(generator: Generator, judge: Judge) -> Tensor:
    size = getattr(generator, "latent_dim", None)
    judge.require(
        isinstance(size, int) and size > 0, f"__init__ must set latent_dim to a positive integer, found {size!r}"
    )
    draw: Callable[[int], Tensor] = lambda seed: generator.sample_latents(  # noqa: E731
        BATCH, torch.Generator().manual_seed(seed)
    )
    with judge.doing("sample_latents"):
        with networks.seeded(1):
            first = draw(7)
        with networks.seeded(2):
            again = draw(7)
        other = draw(8)
    judge.require(
        first.shape == (BATCH, size) and first.dtype == torch.float32 and first.device.type == "cpu",
        f"sample_latents must return float32 [{BATCH}, {size}] on the CPU, "
        f"found {first.dtype} {list(first.shape)} on {first.device}",
    )
    judge.require(torch.equal(first, again), "sample_latents must draw from the `rng` it is given, and from it alone")
    judge.require(not torch.equal(first, other), "sample_latents gives the same latents for every seed")
    return first


def _labels(count: int, images: ImageSpec) -> Tensor:
    if images.label_dim == 0:
        return torch.zeros(count, 0)
    return one_hot(torch.arange(count) % images.label_dim, images.label_dim).float()


def _check_learning(generator: Generator, inputs: networks.Inputs, images: ImageSpec, judge: Judge) -> None:
    reached: set[str] = set()
    for resolution, alpha in stages(generator, images, lambda _: inputs):
        if isinstance(generator, Growable):
            generator.grow(resolution, alpha)
        networks.check_gradients(generator, inputs, judge, reached=reached)
    networks.require_all_reached(generator, reached, judge)


def _check_meta(build: Callable[[], Generator], images: ImageSpec, judge: Judge) -> None:
    with judge.doing("building it without memory (torch.device('meta')), as `ganzoo check` does"):
        with torch.device("meta"):
            generator = build()
            inputs = (torch.empty(BATCH, generator.latent_dim), torch.empty(BATCH, images.label_dim))
        shape = (BATCH, images.channels, images.resolution, images.resolution)
        networks.run(generator, inputs, judge, shape, "a forward on the meta device")
