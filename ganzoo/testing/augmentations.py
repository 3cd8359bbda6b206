"""Conformance of augmentations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts.augmentations import Augmentation
from ganzoo.contracts.component import ImageSpec
from ganzoo.testing.failure import Judge
from ganzoo.testing.networks import seeded
from ganzoo.testing.options import check_component
from ganzoo.testing.parts import TinyDiscriminator
from ganzoo.testing.settings import BATCH, specs_to_test

_RESOLUTIONS = (8, 16, 32, 64)
_OBSERVED = 6  # steps, so that what adapts every few batches has adapted


def check_augmentation(cls: type[Augmentation], options: Any = None) -> None:
    """Check that an augmentation keeps its contract, for gray and color images of all sizes.

    Args:
        cls: The augmentation.
        options: What to test it with; the defaults of its options if None. An adaptive one that begins with doing
            nothing is better tested with options that make it do something.

    Raises:
        ConformanceError: Naming the part, what was expected, and what was found.
    """
    judge = Judge(cls, "augmentation")
    options = check_component(cls, Augmentation, options, judge)
    for spec in specs_to_test(cls, options, _RESOLUTIONS[-1], judge):
        augmentation = _built(cls, options, spec, judge)
        for resolution in _RESOLUTIONS:
            _check_images(augmentation, _images(spec.channels, resolution), judge)
        _check_gradients(augmentation, spec, judge)
        _check_state(augmentation, _built(cls, options, spec, judge), spec, judge)


def _built(cls: type[Augmentation], options: Any, spec: ImageSpec, judge: Judge) -> Augmentation:
    with judge.doing("building it"), seeded():
        augmentation = cls(options, spec)
    trained = [name for name, parameter in augmentation.named_parameters() if parameter.requires_grad]
    judge.require(not trained, f"has parameters that are never trained: {', '.join(trained)}; make them buffers")
    return augmentation


def _images(channels: int, resolution: int, seed: int = 3) -> Tensor:
    return torch.rand(BATCH, channels, resolution, resolution, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def _run(augmentation: Augmentation, images: Tensor, judge: Judge) -> Tensor:
    with judge.doing(f"images {list(images.shape)}"), seeded():
        return augmentation(images)


def _check_images(augmentation: Augmentation, images: Tensor, judge: Judge) -> None:
    for shown in (images, images.to(memory_format=torch.channels_last)):
        before = shown.clone()
        result = _run(augmentation, shown, judge)
        judge.require(torch.equal(shown, before), "changes the images that it is given; return new ones")
        judge.require(
            isinstance(result, Tensor) and result.shape == images.shape,
            f"the result must have the shape of the images, {list(images.shape)}, found {_shape(result)}",
        )
        judge.require(result.dtype == images.dtype, f"the result must be {images.dtype}, but is {result.dtype}")
        judge.require(torch.isfinite(result).all(), f"images of {images.shape[-1]} pixels become inf or nan")


def _shape(result: object) -> object:
    return list(result.shape) if isinstance(result, Tensor) else type(result).__name__


def _check_gradients(augmentation: Augmentation, spec: ImageSpec, judge: Judge) -> None:
    """Take a gradient penalty through it, as R1 and WGAN-GP do."""
    resolution = _RESOLUTIONS[1]
    with seeded():
        critic = TinyDiscriminator(TinyDiscriminator.Options(), ImageSpec(resolution, spec.channels))
    images = _images(spec.channels, resolution).requires_grad_()
    logits = critic(_run(augmentation, images, judge), torch.zeros(BATCH, 0))
    with judge.doing("the gradient of a gradient (penalties need it)"):
        (slope,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
        judge.require(slope.any(), "no gradient reaches the images: the generator would learn nothing")
        torch.autograd.backward(slope.square().sum())
    gradient = critic.dense.weight.grad
    judge.require(
        gradient is not None and gradient.any() and torch.isfinite(gradient).all(),
        "the gradient of a gradient does not reach the discriminator's weights, or is not finite",
    )


def _check_state(augmentation: Augmentation, other: Augmentation, spec: ImageSpec, judge: Judge) -> None:
    logits = torch.linspace(-1.0, 2.0, BATCH)
    with judge.doing("observe(real_logits)"):
        for _ in range(_OBSERVED):
            augmentation.observe(logits)
    with judge.doing("loading its own state_dict into a new instance"):
        other.load_state_dict(augmentation.state_dict())
    for _ in range(_OBSERVED):
        images = _images(spec.channels, _RESOLUTIONS[0])
        alike = torch.equal(_run(augmentation, images, judge), _run(other, images, judge))
        first, again = _report(augmentation, judge), _report(other, judge)
        judge.require(
            alike and first == again,
            "a new instance with the same state_dict goes on differently: make all state a buffer, and draw from "
            "torch's global stream alone",
        )
        augmentation.observe(logits)
        other.observe(logits)


def _report(augmentation: Augmentation, judge: Judge) -> Mapping[str, float]:
    with judge.doing("report()"):
        report = augmentation.report()
        judge.require(
            all(isinstance(value, Tensor) and value.dim() == 0 for value in report.values()),
            f"report() must give scalar tensors, found {report!r:.80}",
        )
        values = {name: float(value) for name, value in report.items()}
    judge.require(all(map(math.isfinite, values.values())), f"reports {values}")
    return values
