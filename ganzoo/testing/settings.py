"""Context: a small recipe's worth of parts around the one under test, to check its compatibility."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ganzoo.contracts.augmentations import Augmentation
from ganzoo.contracts.component import Component, ConfiguredPart, ImageSpec, RecipeContext
from ganzoo.contracts.networks import Discriminator, Generator
from ganzoo.contracts.objectives import AdversarialLoss, Regularizer
from ganzoo.contracts.phase import Phase
from ganzoo.testing.failure import doing, require
from ganzoo.testing.parts import TinyDiscriminator, TinyGenerator, TinyLoss

BATCH = 4


def small_context(
    images: ImageSpec,
    part: type[Component] | None = None,
    options: Any = None,
    critic: type[Discriminator] = TinyDiscriminator,
) -> RecipeContext:
    """Return tiny parts on `images` in one phase of batch 4, with `part` in its place; else `critic` discriminates."""
    context = RecipeContext(
        images=images,
        phases=(Phase(images.resolution, 0, 1000, BATCH),),
        micro_batch=0,
        discriminator_steps=1,
        generator=ConfiguredPart(TinyGenerator, TinyGenerator.Options()),
        discriminator=ConfiguredPart(critic, critic.Options()),
        loss=ConfiguredPart(TinyLoss, TinyLoss.Options()),
        regularizers=(),
        logits_per_image=critic.logits_per_image(critic.Options(), images),
    )
    if part is None:
        return context
    chosen: Any = ConfiguredPart(part, options)
    if issubclass(part, AdversarialLoss):
        return replace(context, loss=chosen, regularizers=part.regularizers(options))
    if issubclass(part, Regularizer):
        return replace(context, regularizers=(chosen,))
    if issubclass(part, Discriminator):
        return replace(context, discriminator=chosen, logits_per_image=part.logits_per_image(options, images))
    kinds = {Generator: "generator", Augmentation: "augmentation"}
    return replace(context, **{field: chosen for kind, field in kinds.items() if issubclass(part, kind)})


def reason_against(
    cls: type[Component], options: Any, images: ImageSpec, critic: type[Discriminator] = TinyDiscriminator
) -> str | None:
    """Ask the part whether it is compatible with `images` and tiny parts; the answer must be a sentence or None."""
    with doing("incompatibility(options, context)"):
        reason = cls.incompatibility(options, small_context(images, cls, options, critic))
        require(
            reason is None or (isinstance(reason, str) and reason.strip()),
            f"incompatibility must return a sentence or None, not {reason!r}",
        )
    return reason


def kinds_of_images(cls: type[Component], options: Any, resolution: int) -> list[ImageSpec]:
    """Return the kinds of images to test a part on: gray and color, without and with three classes.

    Those that the part itself refuses are left out.

    Raises:
        ConformanceError: It refuses all of them, or cannot say.
    """
    reasons = [reason_against(cls, options, spec) for spec in all_kinds(resolution)]
    specs = [spec for spec, reason in zip(all_kinds(resolution), reasons, strict=True) if reason is None]
    require(specs, f"refuses every kind of image of {resolution} pixels; give the check a `resolution`: {reasons[0]}")
    return specs


def all_kinds(resolution: int) -> list[ImageSpec]:
    """Return gray and color images, without and with classes; the first and the last differ in both."""
    return [ImageSpec(resolution, channels, label_dim) for channels, label_dim in ((1, 0), (3, 0), (1, 3), (3, 3))]
