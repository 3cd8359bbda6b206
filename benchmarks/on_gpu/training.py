"""Training steps: seconds per thousand images, memory, host synchronizations and kernels, of whole recipes.

A recipe trains on phantoms from a pack, read ahead as any run reads them. Steps are timed in whole cycles of its lazy
penalties (16 steps where it has R1 every 16), so that each counts as often as the recipe does it.
"""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from ganzoo._recipe.load import validate
from ganzoo._registry.registry import Registry
from ganzoo._training.build import build_trainer
from ganzoo._training.trainer import Trainer
from ganzoo.contracts.objectives import Role
from ganzoo.contracts.reporter import Silent
from ganzoo.scoring.real_data import find_inputs
from on_gpu.games import arithmetic
from on_gpu.kernels import Kernels, profiled

_CYCLE = 16  # steps, of which each kind has its share


@contextmanager
def trainer_of(game: dict[str, Any], device: torch.device, training: dict[str, Any]) -> Iterator[Trainer]:
    """Give the trainer of a game, its data prepared and read ahead; release its memory afterwards."""
    unscored = {"metrics": ["fid"], "generated": 8, "extractor": {"name": "random-features"}}
    recipe = game | {"training": game["training"] | training, "scoring": unscored}
    recipe["dataset"] = {"count": 2 * game["training"]["batch_size"]} | game["dataset"]
    with ExitStack() as closers:
        inputs = find_inputs(validate(recipe, Registry.discover(), "benchmark"), str(device), Silent())
        reals, fresh = inputs.stream("real", closers), inputs.stream("fresh", closers)
        yield build_trainer(inputs.recipe, inputs.pack.spec, device, reals, fresh)


def settled(device: torch.device) -> float:
    """Return the time once the device has done its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def step(trainer: Trainer, lazy: Role | None = None) -> None:
    """Do one step, in which the lazy penalties of one side take part, or none."""
    for side, player in trainer.players.items():
        player.updates = 0 if side is lazy else 1
    trainer.step(trainer.phase)


def measure(
    game: dict[str, Any], device: torch.device, precision: str, seconds: float, *, profile: bool
) -> dict[str, Any]:
    """Return s/kimg and memory of a game in one precision, with a profile if asked for; in about so many seconds."""
    with arithmetic(precision) as training, trainer_of(game, device, training) as trainer:
        if "compiled" in precision.split(" + "):
            for network in (trainer.game.generator, trainer.game.discriminator):
                network.compile()  # type: ignore[no-untyped-call]
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        kinds = _kinds(trainer)
        began = settled(device)
        for lazy, _ in [*kinds, *kinds]:  # what each kind of step compiles, chooses and allocates
            step(trainer, lazy)
        warmed = settled(device)
        times = _cycles(trainer, device, seconds)
        found = {
            "precision": precision,
            "batch": trainer.phase.batch_size,
            "s_per_kimg": min(times) * 1000 / trainer.phase.batch_size,
            "s_per_kimg_of_cycles": [each * 1000 / trainer.phase.batch_size for each in times],
            "warm_up_seconds": warmed - began,
        }
        if device.type == "cuda":
            found["peak_memory_gib"] = torch.cuda.max_memory_allocated(device) / 2**30
        if profile:
            found |= _profile(trainer, device, kinds)
        return found


def _kinds(trainer: Trainer) -> list[tuple[Role | None, float]]:
    """Return the kinds of step, by whose lazy penalties they have, with their shares."""
    every = {
        side: penalty.options.every
        for side, player in trainer.players.items()
        for penalty in player.regularizers
        if penalty.options.every > 1
    }
    lazy: list[tuple[Role | None, float]] = [(side, 1 / count) for side, count in every.items()]
    return [(None, 1 - sum(share for _, share in lazy)), *lazy]


def _cycles(trainer: Trainer, device: torch.device, seconds: float) -> list[float]:
    """Return the seconds per step of each cycle: at least one cycle, and as many as begin within the time."""
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        for player in trainer.players.values():
            player.updates = 0
        began = settled(device)
        for _ in range(_CYCLE):
            trainer.step(trainer.phase)
        times.append((settled(device) - began) / _CYCLE)
    return times


def _profile(trainer: Trainer, device: torch.device, kinds: list[tuple[Role | None, float]]) -> dict[str, Any]:
    total, places = Kernels(), Counter[str]()
    for lazy, share in kinds:
        total.add(profiled(lambda lazy=lazy: step(trainer, lazy), device), share)
        for place in _synchronizing(trainer, device, lazy):
            places[place] += share
    return total.as_json() | {"synchronizing_lines_per_step": {key: round(n, 4) for key, n in places.most_common(20)}}


def _synchronizing(trainer: Trainer, device: torch.device, lazy: Role | None) -> list[str]:
    """Return the lines whose operations made the host wait in one step, as PyTorch's own watch names them."""
    if device.type != "cuda":
        return []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            step(trainer, lazy)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    names = ((each, "/".join(each.filename.split("/")[-2:])) for each in caught if "synchroniz" in str(each.message))
    return [f"{name}:{each.lineno}" for each, name in names]
