"""Place of this process among those that torchrun, srun or `ganzoo run --processes` started; known without torch."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Which of how many processes this is.

    Attributes:
        rank: Its number, from 0.
        size: How many there are.
        local: Its number on this machine.
        restarts: How often torchrun has started all of them again.
    """

    rank: int
    size: int
    local: int
    restarts: int = 0


def place_of_process() -> Place | None:
    """Return where torchrun or srun put this process, or None where it is alone."""
    given = os.environ
    if int(given.get("WORLD_SIZE", "1")) > 1 and "RANK" in given:
        numbers = (int(given["RANK"]), int(given["WORLD_SIZE"]), int(given.get("LOCAL_RANK", given["RANK"])))
        return Place(*numbers, int(given.get("TORCHELASTIC_RESTART_COUNT", "0")))
    # Of a step alone: in a batch script SLURM_NTASKS says how many tasks a step may have, and there is one process.
    if int(given.get("SLURM_STEP_NUM_TASKS", "1")) > 1:
        given.setdefault("MASTER_ADDR", _first_host(given.get("SLURM_STEP_NODELIST", "localhost")))
        given.setdefault("MASTER_PORT", str(20000 + int(given.get("SLURM_JOB_ID", "0")) % 20000))
        return Place(*(int(given[f"SLURM_{name}"]) for name in ("PROCID", "STEP_NUM_TASKS", "LOCALID")))
    return None


def is_follower() -> bool:
    """Whether this is another than the first of several processes: it prints nothing and owns no folder."""
    place = place_of_process()
    return place is not None and place.rank > 0


def _first_host(nodes: str) -> str:
    """Return the first of Slurm's list of hosts: `node[03-05,9],other` begins with `node03`."""
    found = re.match(r"([^\[,]*)(?:\[(\d+)[^\]]*\])?", nodes)
    return f"{found[1]}{found[2] or ''}" if found else nodes
