"""A small recipe's worth of parts around the one under test, to ask it whether it fits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ganzoo.contracts import (
    AdversarialLoss,
    Augmentation,
    Choice,
    Component,
    Discriminator,
    Generator,
    ImageSpec,
    Regularizer,
    Setting,
)
from ganzoo.phases import Phase
from ganzoo.testing.failure import Judge
from ganzoo.testing.parts import TinyDiscriminator, TinyGenerator, TinyLoss

BATCH = 4


def small_setting(images: ImageSpec, part: type[Component] | None = None, options: Any = None) -> Setting:
    """Return tiny parts on `images` in one phase of batch 4, with `part` in its place."""
    setting = Setting(
        images=images,
        phases=(Phase(images.resolution, 0, 1000, BATCH),),
        micro_batch=0,
        discriminator_steps=1,
        generator=Choice(TinyGenerator, TinyGenerator.Options()),
        discriminator=Choice(TinyDiscriminator, TinyDiscriminator.Options()),
        loss=Choice(TinyLoss, TinyLoss.Options()),
        regularizers=(),
    )
    if part is None:
        return setting
    chosen: Any = Choice(part, options)
    if issubclass(part, AdversarialLoss):
        return replace(setting, loss=chosen, regularizers=part.regularizers(options))
    if issubclass(part, Regularizer):
        return replace(setting, regularizers=(chosen,))
    kinds = {Generator: "generator", Discriminator: "discriminator", Augmentation: "augmentation"}
    return replace(setting, **{field: chosen for kind, field in kinds.items() if issubclass(part, kind)})


def reason_against(cls: type[Component], options: Any, images: ImageSpec, judge: Judge) -> str | None:
    """Ask the part whether it fits `images` among tiny parts; the answer must be a sentence or None."""
    with judge.doing("unfit(options, setting)"):
        reason = cls.unfit(options, small_setting(images, cls, options))
        judge.require(
            reason is None or (isinstance(reason, str) and reason.strip()),
            f"unfit must return a sentence or None, not {reason!r}",
        )
    return reason


def specs_to_test(cls: type[Component], options: Any, resolution: int, judge: Judge) -> list[ImageSpec]:
    """Return the kinds of images to test a network on: gray and colour, without and with three classes.

    Those that the part itself refuses are left out.

    Raises:
        ConformanceError: If it refuses all of them.
    """
    wanted = [ImageSpec(resolution, channels, label_dim) for channels, label_dim in ((1, 0), (3, 0), (1, 3))]
    reasons = [reason_against(cls, options, spec, judge) for spec in wanted]
    specs = [spec for spec, reason in zip(wanted, reasons, strict=True) if reason is None]
    judge.require(
        specs, f"refuses every kind of image of {resolution} pixels; give the check a `resolution`: {reasons[0]}"
    )
    return specs
