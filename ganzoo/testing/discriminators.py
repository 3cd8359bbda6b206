"""Conformance of discriminators."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ganzoo.contracts.capabilities import Featured, Growable
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.networks import Discriminator
from ganzoo.testing import networks
from ganzoo.testing.failure import Judge
from ganzoo.testing.growth import check_discriminator_growth, stages
from ganzoo.testing.options import check_component
from ganzoo.testing.settings import BATCH, specs_to_test

_CANDIDATES = 8


def check_discriminator(cls: type[Discriminator], options: Any = None, *, resolution: int = 32) -> None:
    """Check that a discriminator keeps its contract, on gray and color images, without and with classes.

    Args:
        cls: The discriminator.
        options: What to test it with; the defaults of its options if None.
        resolution: Resolution of the images to test with, a power of two.

    Raises:
        ConformanceError: Naming the part, what was expected, and what was found.
    """
    judge = Judge(cls, "discriminator")
    options = check_component(cls, Discriminator, options, judge)
    specs = specs_to_test(cls, options, resolution, judge)
    for index, images in enumerate(specs):
        _check_on(cls, options, images, judge, thorough=index in (0, len(specs) - 1))
    _check_raw(cls, options, specs[0], judge)


def _check_on(cls: type[Discriminator], options: Any, images: ImageSpec, judge: Judge, *, thorough: bool) -> None:
    def build() -> Discriminator:
        return cls(options, images)

    discriminator: Any = networks.built(build, judge)
    inputs = _images_and_labels(images, images.resolution)
    with judge.doing("logits_per_image(options, images)"):
        each = cls.logits_per_image(options, images)
    judge.require(isinstance(each, int) and each > 0, f"logits_per_image must return a count above 0, found {each!r}")
    shape = (BATCH,) if each == 1 else (BATCH, each)
    networks.run(discriminator, inputs, judge, shape, "a forward")
    if issubclass(cls, Featured):
        _check_features(discriminator, inputs, judge)
    if not thorough:
        return
    _check_learning(discriminator, images, judge, takes_labels=each == 1)
    networks.check_double_backward(discriminator, inputs, judge)
    networks.check_state_dict(discriminator, build, inputs, judge)
    if not cls.depends_on_batch(options):  # the deviation within a minibatch is seen in evaluation too
        networks.check_independence(discriminator, inputs, judge, training=False)
        networks.check_independence(discriminator, inputs, judge, training=True)
    with judge.doing("building it without memory (torch.device('meta')), as `ganzoo check` does"):
        with torch.device("meta"):
            empty = build()
        nowhere = (inputs[0].to("meta"), inputs[1].to("meta"))
        networks.run(empty, nowhere, judge, shape, "a forward on the meta device")
    if isinstance(discriminator, Growable):
        check_discriminator_growth(discriminator, inputs, images, judge)
    networks.check_memory_format(discriminator, inputs, judge)


def _check_features(discriminator: Any, inputs: tuple[Tensor, Tensor], judge: Judge) -> None:
    images = inputs[0].clone().requires_grad_()
    with judge.doing("features(images, labels)"), networks.seeded():
        features = discriminator.features(images, inputs[1])
    judge.require(
        isinstance(features, list | tuple)
        and features
        and all(isinstance(each, Tensor) and len(each) == BATCH for each in features),
        f"features(images, labels) must return a list of tensors [N, ...], found {features!r:.80}",
    )
    for number, feature in enumerate(features):
        judge.require(torch.isfinite(feature).all(), f"feature {number} has numbers that are not finite")
        (slope,) = torch.autograd.grad(feature.sum(), images, retain_graph=True, allow_unused=True)
        judge.require(
            slope is not None and slope.any(), f"no gradient of feature {number} reaches the images: do not detach it"
        )


def _images_and_labels(images: ImageSpec, resolution: int) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(networks.SEED)
    pixels = torch.rand(BATCH, images.channels, resolution, resolution, generator=rng) * 2 - 1
    if images.label_dim == 0:
        return pixels, torch.zeros(BATCH, 0)
    return pixels, one_hot(torch.arange(BATCH) % images.label_dim, images.label_dim).float()


def _check_learning(discriminator: Discriminator, images: ImageSpec, judge: Judge, *, takes_labels: bool) -> None:
    reached: set[str] = set()
    for resolution, alpha in stages(discriminator, images, lambda resolution: _images_and_labels(images, resolution)):
        if isinstance(discriminator, Growable):
            discriminator.grow(resolution, alpha)
        given = _images_and_labels(images, resolution)
        networks.check_gradients(discriminator, given, judge, reached=reached, takes_labels=takes_labels)
    networks.require_all_reached(discriminator, reached, judge)


def _check_raw(cls: type[Discriminator], options: Any, images: ImageSpec, judge: Judge) -> None:
    """Logits have either sign or any size; a sigmoid's outputs never leave (0, 1), whatever the weights."""
    inputs = _images_and_labels(images, images.resolution)
    for seed in range(_CANDIDATES):
        with networks.seeded(seed), torch.no_grad():
            logits = cls(options, images)(*inputs)
        if bool(((logits < 0) | (logits > 1)).any()):
            return
    judge.require(False, "all its logits lie between 0 and 1; return raw logits, the loss owns the sigmoid")
