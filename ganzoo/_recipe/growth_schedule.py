"""Growth schedule: progressive growing as a list of phases, pure arithmetic on images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from ganzoo._recipe.schema import IMAGES_PER_KIMG, CourseSettings, GrowthSettings
from ganzoo.contracts.phase import Phase

CourseT = TypeVar("CourseT", bound=CourseSettings)
NOMINAL_IMAGES = 1_000_000  # of an epoch, before the data are known: phases then read as epochs, but for the unit


@dataclass(frozen=True)
class Stretch:
    """A phase as the recipe gives it, not yet in whole batches.

    Attributes:
        resolution: What the networks work at; during a fade, the larger of both.
        fades: Whether the newest block is faded in.
        images: Length.
    """

    resolution: int
    fades: bool
    images: int


def plan_phases(training: CourseSettings, resolution: int, images_per_epoch: int = NOMINAL_IMAGES) -> tuple[Phase, ...]:
    """Return the phases of a training: exactly one without growth.

    With growth: stabilize at the first resolution, then for each next one fade its block in and stabilize. Batch
    size and learning rate are those of the larger resolution as soon as the fade starts. The last phase lasts until
    `total_kimg` where that is given (official ProGAN schedule; arXiv:1710.10196, section 2 and appendix A).

    Args:
        training: The settings.
        resolution: The final resolution.
        images_per_epoch: Length of an epoch, where the recipe counts epochs.
    """
    total = None if training.total_kimg is None else round(training.total_kimg * IMAGES_PER_KIMG)
    growth = training.growth
    if growth is None:
        if total is None:
            total = max(1, round((training.epochs or 1) * images_per_epoch))
        return (_phase(training, Stretch(resolution, False, total), 0),)
    phases: list[Phase] = []
    start = 0
    for stretch in stretches(growth, resolution, images_per_epoch):
        images = stretch.images
        if total is not None:
            last = stretch.resolution == resolution and not stretch.fades
            images = total - start if last else min(images, total - start)
        if images > 0:
            phases.append(_phase(training, Stretch(stretch.resolution, stretch.fades, images), start))
            start = phases[-1].end
    return tuple(phases)


def in_kimg(training: CourseT, resolution: int, images_per_epoch: int) -> CourseT:
    """Return settings that say every length in kimg and the whole in `total_kimg`, and plan the same phases."""
    growth = training.growth
    if training.total_kimg is not None and not (growth and growth.epochs):
        return training
    total = plan_phases(training, resolution, images_per_epoch)[-1].end / IMAGES_PER_KIMG
    if growth is not None:
        growth = _tables_in_kimg(growth, resolution, images_per_epoch)
    return training.model_copy(update={"total_kimg": total, "epochs": None, "growth": growth})


def _tables_in_kimg(growth: GrowthSettings, resolution: int, images_per_epoch: int) -> GrowthSettings:
    parts = list(stretches(growth, resolution, images_per_epoch))
    stable = {p.resolution: p.images / IMAGES_PER_KIMG for p in parts if not p.fades}
    fade = {p.resolution: p.images / IMAGES_PER_KIMG for p in parts if p.fades}
    stable.pop(resolution)  # the last phase lasts until total_kimg
    if not fade.get(growth.start_resolution):
        fade.pop(growth.start_resolution, None)
    plain = GrowthSettings()
    return growth.model_copy(
        update={
            "stable_kimg": stable or plain.stable_kimg,
            "fade_kimg": fade or plain.fade_kimg,
            "epochs": plain.epochs,
            "fade_share": plain.fade_share,
        }
    )


def stretches(growth: GrowthSettings, resolution: int, images_per_epoch: int) -> Iterator[Stretch]:
    """Yield what the recipe gives, in order; tables that lack an entry give 0 images."""
    side = growth.start_resolution
    while side <= resolution:
        if growth.epochs:
            images = max(1, round(growth.epochs.get(side, 0) * images_per_epoch))
            yield from _epochs(growth, side, resolution, images)
        else:
            if side > growth.start_resolution or starts_fading(growth):
                yield Stretch(side, True, _images(growth.fade_kimg, side))
            yield Stretch(side, False, _images(growth.stable_kimg, side))
        side *= 2


def starts_fading(growth: GrowthSettings) -> bool:
    """Whether the start resolution fades in as well: only where fading comes first and its table says so."""
    table = growth.fade_kimg
    return growth.order == "fade-first" and isinstance(table, dict) and growth.start_resolution in table


def _epochs(growth: GrowthSettings, side: int, resolution: int, images: int) -> Iterator[Stretch]:
    """Divide a resolution's epochs: the share that fades is its own block's, or afterwards the next one's."""
    fade = min(round(images * growth.fade_share), images - 1)
    if growth.order == "fade-first":
        fade = 0 if side == growth.start_resolution else fade
        yield Stretch(side, True, fade)
        yield Stretch(side, False, images - fade)
    else:
        fade = 0 if side == resolution else fade
        yield Stretch(side, False, images - fade)
        if side < resolution:
            yield Stretch(side * 2, True, fade)


def _images(kimg: float | dict[int, float], side: int) -> int:
    return round((kimg.get(side, 0) if isinstance(kimg, dict) else kimg) * IMAGES_PER_KIMG)


def _phase(training: CourseSettings, stretch: Stretch, start: int) -> Phase:
    """Return one phase, its length rounded up to whole batches: every batch is full, every phase starts on one."""
    growth = training.growth or GrowthSettings()
    batch_size = growth.batch_size.get(stretch.resolution, training.batch_size)
    return Phase(
        stretch.resolution,
        start,
        start + -(-stretch.images // batch_size) * batch_size,
        batch_size=batch_size,
        fades=stretch.fades,
        learning_rate=growth.learning_rate.get(stretch.resolution),
        resets_optimizers=growth.reset_optimizers and start > 0,
    )
