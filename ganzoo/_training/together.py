"""Together: a run goes on, is scored, sampled or drawn by all the processes that were started for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ganzoo._inference.run import Run
from ganzoo._training.experiment import resume_run
from ganzoo._training.follower import ending_with_first, follow
from ganzoo._training.world import joined
from ganzoo.errors import ProcessEnded, RunError
from ganzoo.layers.ranks import Ranks

Result = TypeVar("Result")


def resume_together(run: Run, *, device: str, **settings: Any) -> None:
    """Go on with a run, as `resume_run` does, by all the processes that were started for it."""
    with joined(device) as world:
        if world.ranks.rank:
            follow(world, run.registry)
        resume_run(run, device=world.device, world=world, **settings)


def do_together(device: str, work: Callable[[str, Ranks], Result]) -> Result:
    """Do work that processes share, and return its result in the first of them; the others end here.

    Args:
        device: Name of the device.
        work: Takes this process's device, and who shares the work. It shows nothing where the rank is not 0.

    Raises:
        RunError: Another process has ended.
    """
    with joined(device) as world:
        if world.ranks.rank:
            ending_with_first(world, lambda: work(world.device, world.ranks))
        try:
            return work(world.device, world.ranks)
        except ProcessEnded as error:
            raise RunError(world.reason()) from error
