"""Resuming together: a run goes on by all the processes that were started for it, however many it had before."""

from __future__ import annotations

from typing import Any

from ganzoo._inference.run import Run
from ganzoo._training.experiment import resume_run
from ganzoo._training.follower import follow
from ganzoo._training.world import joined


def resume_together(run: Run, *, device: str, **settings: Any) -> None:
    """Go on with a run, as `resume_run` does, by all the processes that were started for it."""
    with joined(device) as world:
        if world.ranks.rank:
            follow(world, run.registry)
        resume_run(run, device=world.device, world=world, **settings)
