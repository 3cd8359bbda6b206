"""Progressive growing as a list of phases: pure arithmetic on images."""

from __future__ import annotations

from ganzoo.phases import Phase
from ganzoo.settings import IMAGES_PER_KIMG, GrowthSettings, TrainingSettings


def plan_phases(training: TrainingSettings, resolution: int) -> tuple[Phase, ...]:
    """Return the phases of a training: exactly one without growth.

    With growth: stabilise at the first resolution, then for each next one fade its block in and stabilise; the
    batch size and learning rate are those of the larger resolution as soon as the fade starts, and the last phase
    lasts until `total_kimg` (official ProGAN schedule; arXiv:1710.10196, section 2 and appendix A).
    """
    total = round(training.total_kimg * IMAGES_PER_KIMG)
    growth = training.growth
    if growth is None:
        return (_phase(training, resolution, 0, total),)
    phases: list[Phase] = []
    start, side = 0, growth.start_resolution
    while start < total and side <= resolution:
        for fades in (False,) if not phases else (True, False):
            if start >= total:
                break
            last = side == resolution and not fades
            kimg = growth.fade_kimg if fades else growth.stable_kimg
            end = total if last else min(total, start + round(kimg * IMAGES_PER_KIMG))
            phases.append(_phase(training, side, start, end, fades=fades))
            start = phases[-1].end
        side *= 2
    return tuple(phases)


def _phase(training: TrainingSettings, resolution: int, start: int, end: int, *, fades: bool = False) -> Phase:
    """Return one phase, its length rounded up to whole batches: every batch is full, every phase starts on one."""
    growth = training.growth or GrowthSettings()
    batch_size = growth.batch_size.get(resolution, training.batch_size)
    return Phase(
        resolution,
        start,
        start + -(-(end - start) // batch_size) * batch_size,
        batch_size=batch_size,
        fades=fades,
        learning_rate_scale=growth.learning_rate_scale.get(resolution, 1.0),
        resets_optimizers=growth.reset_optimizers and start > 0,
    )
