"""Gradient search: a generator put as it is sampled, for figures that descend through its gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from ganzoo._inference.generate import repeatable, seeded_noise
from ganzoo._inference.oom_batching import in_groups
from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._inference.per_seed import group_size
from ganzoo._inference.sampling_options import SamplingOptions
from ganzoo.contracts.capabilities import NoiseMode

Made = TypeVar("Made")


def descending(
    generator: OpenedGenerator, count: int, make: Callable[[range], Made], *, noise_mode: NoiseMode | None, seed: int
) -> Iterator[Made]:
    """Yield what `make` gives for one group of rows after another; where memory runs out, groups are halved.

    Inside, the network is in evaluation mode at its stage of growth, computes the same way every time, and all
    random numbers are drawn from the seed; afterwards everything is as it was.

    Args:
        generator: The generator, whose own truncation and noise mode are left aside.
        count: How many rows there are.
        make: Takes the numbers of some rows, the last ones perhaps beyond `count`.
        noise_mode: The noise inside the network; None: `random` if it has any.
        seed: Seed of what is drawn inside.

    Raises:
        RunError: Memory does not suffice for one row.
    """
    sampling = SamplingOptions(noise_mode=noise_mode, stage=generator.sampling.stage)
    device = generator.device
    with sampling.applied(generator.generator), repeatable(device), seeded_noise(seed, device):
        if sampling.stage is not None:
            sampling.stage.set(generator.generator)
        yield from in_groups(count, group_size(generator.resolution, device), make)
