"""World: the processes that torchrun, Slurm or `ganzoo run --processes` started, as ranks of one training."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

from ganzoo._inference.device import choose_device
from ganzoo._training.launcher import ending_with_launcher
from ganzoo._training.place import Place, place_of_process
from ganzoo.errors import RefusedError, RunError
from ganzoo.layers.ranks import Links, Ranks
from ganzoo.text import clip

# Others wait while process 0 prepares data and scores. That one is gone they know from the closed connection, at once.
_PATIENCE = timedelta(days=30)
# To find each other; a name that no machine answers to would be tried for as long.
_TO_MEET = timedelta(minutes=10)
_FAILURE = "ganzoo/failure"
_SECONDS_FOR_REASONS = 2.0


@dataclass(frozen=True)
class World:
    """Who trains together, and where this process computes.

    Attributes:
        device: Name of this process's device.
        ranks: Which of how many it is.
        restarted: Whether torchrun has started all processes again after one had failed.
    """

    device: str
    ranks: Ranks = field(default_factory=Ranks)
    restarted: bool = False
    store: Any = None  # the one through which processes found each other
    began: float = field(default_factory=time.monotonic)

    def facts(self) -> dict[str, str | int]:
        """Return what a record says of several processes, or nothing."""
        if self.ranks.size == 1:
            return {}
        kind = torch.cuda.get_device_name() if self.device.startswith("cuda") else self.device
        return {"processes": self.ranks.size, "devices": f"{self.ranks.size} x {kind}"}

    def pace(self, images: int) -> dict[str, str | int]:
        """Return the images per second of each device, of those shown since this process began to train."""
        seconds = time.monotonic() - self.began
        if self.ranks.size == 1 or not images:
            return {}
        return {"images_per_second_per_device": f"{images / seconds / self.ranks.size:.3g}"}

    def report(self, reason: str) -> None:
        """Leave word of why this process ends, for process 0 to tell."""
        if self.store is not None:
            with suppress(RuntimeError):
                self.store.set(_FAILURE, f"process {self.ranks.rank} of {self.ranks.size} failed: {reason}")

    def reason(self) -> str:
        """Say why another process has ended, as far as it left word."""
        end = time.monotonic() + _SECONDS_FOR_REASONS
        while self.store is not None and time.monotonic() < end:
            with suppress(RuntimeError):
                if self.store.check([_FAILURE]):
                    return self.store.get(_FAILURE).decode("utf-8", "replace")
            time.sleep(0.1)
        return (
            f"one of the {self.ranks.size} processes of this training ended without a word: it was killed, ran out of "
            f"memory, or its machine went down"
        )


@contextmanager
def joined(device: str) -> Iterator[World]:
    """Join the other processes of a training, where there are any; leave them at the end of the block.

    Args:
        device: Name of the device; of several GPUs, each process takes the one of its own number on its machine.

    Raises:
        RefusedError: There are fewer GPUs than processes on this machine.
        RunError: The others cannot be reached.
    """
    place = place_of_process()
    if place is None:
        yield World(device)
        return
    device = _own_device(device, place)
    with ending_with_launcher():
        ranks, store = _found(device, place)
        try:
            yield World(device, ranks, place.restarts > 0, store)
        except BaseException as error:
            _forget_groups(error)
            raise
        finally:
            _leave(ranks)


def _leave(ranks: Ranks) -> None:
    """End the threads that carry tensors: one that still holds a tensor when python shuts down aborts the process."""
    ranks.links.cut()
    with suppress(RuntimeError):
        dist.destroy_process_group()


def _forget_groups(error: BaseException | None) -> None:
    """Clear the frames that an error has come through, whose variables name groups, and those of its reasons."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _found(device: str, place: Place) -> tuple[Ranks, Any]:
    """Wait for all processes; return what carries tensors between them, and the store through which they met."""
    is_gpu = device.startswith("cuda")
    try:
        store, rank, size = next(rendezvous("env://", place.rank, place.size, timeout=_TO_MEET))
        store.set_timeout(_PATIENCE)
        dist.init_process_group(
            "nccl" if is_gpu else "gloo", store=store, rank=rank, world_size=size, timeout=_PATIENCE
        )
        whole: Any = dist.group.WORLD
        host: Any = dist.new_group(backend="gloo", timeout=_PATIENCE) if is_gpu else whole
    except (RuntimeError, ValueError) as error:
        raise RunError(
            f"the {place.size} processes of this training do not find each other at "
            f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}, which MASTER_ADDR and MASTER_PORT set: "
            f"{clip(str(error), 300)}"
        ) from error
    return Ranks(rank, size, Links(whole, host)), store


def _own_device(name: str, place: Place) -> str:
    device = choose_device(name)
    if device.type != "cuda" or device.index is not None:
        return str(device)
    there = torch.cuda.device_count()
    if place.local >= there:
        raise RefusedError(
            f"{place.size} processes are to train on GPUs, and this machine has {there}: start as many as there are "
            f"GPUs, or choose --device cpu"
        )
    torch.cuda.set_device(place.local)
    return f"cuda:{place.local}"
