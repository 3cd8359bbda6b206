"""Augmentations: their properties."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from ganzoo.contracts.augmentations import Augmentation, ReplacesReals
from ganzoo.contracts.component import ImageSpec
from ganzoo.testing import state
from ganzoo.testing.augmentation_habits import HABITS
from ganzoo.testing.calls import cuts
from ganzoo.testing.component import COMPONENT
from ganzoo.testing.failure import ConformanceError, doing, require
from ganzoo.testing.option_effects import EFFECTS, ask_effects
from ganzoo.testing.option_looks import of_augmentation
from ganzoo.testing.parts import TinyDiscriminator
from ganzoo.testing.properties import Case, Property, Suite, able, fullest, gate, thorough
from ganzoo.testing.scheduled_options import FOLLOWS, ask_schedules, has_schedules
from ganzoo.testing.seeding import seeded
from ganzoo.testing.settings import BATCH, all_kinds, kinds_of_images
from ganzoo.testing.trial import Trial, require_all

_RESOLUTIONS = (8, 16, 32, 64)
_LONG = 1_000_000  # logits at once, for a part that adapts by their number
_OBSERVED = 6  # steps, so that what adapts every few batches has adapted


class AugmentationCase(Case):
    """An augmentation under test."""

    kind: ClassVar[str] = "augmentation"
    base: ClassVar[type] = Augmentation

    def settings(self) -> Sequence[ImageSpec]:
        """See `Case.settings`; an augmentation does not see labels."""
        try:
            kinds = kinds_of_images(self.cls, self.options, _RESOLUTIONS[-1])
        except ConformanceError:
            kinds = all_kinds(_RESOLUTIONS[-1])
        return [kind for kind in kinds if kind.label_dim == 0] or kinds

    @property
    def spec(self) -> ImageSpec:
        """The kind of images."""
        return self.images or ImageSpec(_RESOLUTIONS[-1], 1)

    def built(self) -> Augmentation:
        """Return a fresh augmentation."""
        with doing("building it"), seeded():
            augmentation: Augmentation = self.cls(self.begun, self.spec)
        return self.moved(augmentation)


def _check_built(case: AugmentationCase) -> None:
    trained = [name for name, parameter in case.built().named_parameters() if parameter.requires_grad]
    require(not trained, f"has parameters that are never trained: {', '.join(trained)}; make them buffers")


def _check_kinds(case: AugmentationCase) -> None:
    kinds_of_images(case.cls, case.options, _RESOLUTIONS[-1])


def _check_images(case: AugmentationCase) -> None:
    augmentation = case.built()
    for resolution in _RESOLUTIONS:
        _check_shown(augmentation, _images(case.spec.channels, resolution))


def _images(channels: int, resolution: int, seed: int = 3) -> Tensor:
    return torch.rand(BATCH, channels, resolution, resolution, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def _run(augmentation: Augmentation, images: Tensor) -> Tensor:
    with doing(f"images {list(images.shape)}"), seeded():
        return augmentation(images)


def _check_shown(augmentation: Augmentation, images: Tensor) -> None:
    for shown in (images, images.to(memory_format=torch.channels_last)):
        before = shown.clone()
        result = _run(augmentation, shown)
        require(torch.equal(shown, before), "changes the images that it is given; return new ones")
        require(
            isinstance(result, Tensor) and result.shape == images.shape,
            f"the result must have the shape of the images, {list(images.shape)}, found {_shape(result)}",
        )
        require(result.dtype == images.dtype, f"the result must be {images.dtype}, but is {result.dtype}")
        require(torch.isfinite(result).all(), f"images of {images.shape[-1]} pixels become inf or nan")


def _shape(result: object) -> object:
    return list(result.shape) if isinstance(result, Tensor) else type(result).__name__


def _check_gradients(case: AugmentationCase) -> None:
    """Take a gradient penalty through it, as R1 and WGAN-GP do."""
    augmentation, spec = case.built(), case.spec
    resolution = _RESOLUTIONS[1]
    with seeded():
        critic = TinyDiscriminator(TinyDiscriminator.Options(), ImageSpec(resolution, spec.channels))
    images = _images(spec.channels, resolution).requires_grad_()
    shown = _run(augmentation, images)
    if not shown.requires_grad:
        found = cuts(lambda: augmentation(images)) or "something in it"
        require(False, f"no gradient reaches the images: {found} cuts it off; the generator would learn nothing")
    logits = critic(shown, torch.zeros(BATCH, 0))
    with doing("the gradient of a gradient (penalties need it)"):
        (slope,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
        require(slope.any(), "no gradient reaches the images: the generator would learn nothing")
        torch.autograd.backward(slope.square().sum())
    gradient = critic.dense.weight.grad
    require(
        gradient is not None and gradient.any() and torch.isfinite(gradient).all(),
        "the gradient of a gradient does not reach the discriminator's weights, or is not finite",
    )


def _check_state(case: AugmentationCase) -> None:
    augmentation, other, spec = case.built(), case.built(), case.spec
    _run(augmentation, _images(spec.channels, _RESOLUTIONS[0]))  # so that a stream of its own has moved on
    logits = torch.linspace(-1.0, 2.0, BATCH)
    with doing("observe(real_logits)"):
        for _ in range(_OBSERVED):
            augmentation.observe(logits)
    with doing("loading its own state_dict into a new instance"):
        other.load_state_dict(augmentation.state_dict())
    for _ in range(_OBSERVED):
        images = _images(spec.channels, _RESOLUTIONS[0])
        alike = torch.equal(_run(augmentation, images), _run(other, images))
        first, again = _told(augmentation), _told(other)
        require(
            alike and first == again,
            f"a new instance with the same state_dict goes on differently: make all state a buffer, and draw from "
            f"torch's global stream alone{_missing(augmentation, other)}",
        )
        augmentation.observe(logits)
        other.observe(logits)


def _missing(augmentation: Augmentation, other: Augmentation) -> str:
    found = state.missing_state(augmentation, other)
    return f"; {found}" if found else ""


def _check_share(case: AugmentationCase) -> None:
    augmentation: Any = case.built()
    for logits in (torch.ones(BATCH), -torch.ones(BATCH)):
        for _ in range(_OBSERVED):
            with doing("replaced_share()"):
                share = augmentation.replaced_share()
            require(
                isinstance(share, float) and 0 <= share <= 1,
                f"replaced_share() must give a probability, a float from 0 to 1, found {share!r:.40}",
            )
            augmentation.observe(logits)
    for logits in (torch.ones(_LONG), -torch.ones(_LONG)):
        augmentation.observe(logits)
        share = augmentation.replaced_share()
        require(
            0 <= share <= 1,
            f"replaced_share() is {share:.3g} after it observed {_LONG:,} logits of one sign, as in a long training: "
            f"keep it from 0 to 1, clamp_(0, 1)",
        )


def _told(augmentation: Augmentation) -> Mapping[str, float]:
    """Return its report, with the share of reals that it replaces, if it does."""
    part: Any = augmentation
    share = {"share": float(part.replaced_share())} if isinstance(augmentation, ReplacesReals) else {}
    return {**_report(augmentation), **share}


def _report(augmentation: Augmentation) -> Mapping[str, float]:
    with doing("report()"):
        report = augmentation.report()
        require(
            all(isinstance(value, Tensor) and value.dim() == 0 for value in report.values()),
            f"report() must give scalar tensors, found {report!r:.80}",
        )
        values = {name: float(value) for name, value in report.items()}
    require(all(map(math.isfinite, values.values())), f"reports {values}")
    return values


AUGMENTATION = Suite(
    AugmentationCase,
    once=(*COMPONENT, gate("accepts some kind of images", _check_kinds)),
    each=(
        gate("can be built", _check_built),
        gate("gives new images of the same shape and type", _check_images),
        Property("penalties can be taken through it", _check_gradients, thorough),
        Property("its state is saved", _check_state, thorough),
        Property("replaces a share of the reals", _check_share, able(ReplacesReals)),
        *HABITS,
        Property(EFFECTS, ask_effects(of_augmentation), fullest),
        Property(FOLLOWS, ask_schedules(of_augmentation), lambda case: fullest(case) and has_schedules(case)),
    ),
)


def check_augmentation(cls: type[Augmentation], options: Any = None) -> None:
    """Check that an augmentation keeps its contract, for gray and color images of all sizes.

    Args:
        cls: The augmentation.
        options: What to test it with; if None its `example_options`, or the defaults. An adaptive one that begins with
            doing nothing is better tested with options that make it do something.

    Raises:
        ConformanceError: Listing all that it fails: what was expected, and what was found.
    """
    require_all(Trial(AUGMENTATION, AugmentationCase(cls, options)))
