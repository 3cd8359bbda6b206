"""Several processes that share batches: children forked off this one, so that torch is imported once, over gloo."""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ganzoo._recipe.rank_compatibility import check_ranks
from ganzoo._recipe.recipe import Recipe
from ganzoo._training.build import build_trainer
from ganzoo._training.trainer import Trainer
from ganzoo.contracts.component import ImageSpec
from ganzoo.layers.ranks import Links, Ranks


def on_ranks(size: int, work: Callable[[Ranks], Any]) -> list[Any]:
    """Return what `work` returns in each of `size` processes; what one of them raised is raised here."""
    with tempfile.TemporaryDirectory() as folder:
        children = [_forked(rank, size, Path(folder), work) for rank in range(size)]
        found = []
        for pid, read in children:
            with os.fdopen(read, "rb") as pipe:
                answer = pipe.read()
            os.waitpid(pid, 0)
            found.append(pickle.loads(answer) if answer else (None, "a process died"))
    failed = [text for _, text in found if text]
    if failed:
        raise AssertionError("\n".join(failed))
    return [value for value, _ in found]


def _forked(rank: int, size: int, folder: Path, work: Callable[[Ranks], Any]) -> tuple[int, int]:
    read, write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    if pid := os.fork():
        os.close(write)
        return pid, read
    answer: tuple[Any, str] = (None, "")
    try:
        torch.set_num_threads(1)
        dist.init_process_group("gloo", f"file://{folder}/store", timedelta(seconds=60), rank=rank, world_size=size)
        answer = work(Ranks(rank, size, Links(dist.group.WORLD, dist.group.WORLD))), ""
    except BaseException:
        answer = None, traceback.format_exc()
    with os.fdopen(write, "wb") as pipe:
        pickle.dump(answer, pipe)
    os._exit(0)


class Bank:
    """A stream of made-up reals, and of labels where there are classes: every W-th from number r on."""

    def __init__(self, spec: ImageSpec, ranks: Ranks, seed: int) -> None:
        rng = torch.Generator().manual_seed(seed)
        self.spec, self.ranks = spec, ranks
        self.images = torch.rand(40, spec.channels, spec.resolution, spec.resolution, generator=rng) * 2 - 1
        self.labels = torch.eye(max(spec.label_dim, 1))[torch.arange(40) % max(spec.label_dim, 1), : spec.label_dim]

    def at(self, position: int, count: int, resolution: int) -> tuple[Tensor, Tensor]:
        numbers = (torch.arange(position, position + count) * self.ranks.size + self.ranks.rank) % 40
        images = avg_pool2d(self.images[numbers], self.spec.resolution // resolution)
        return images.to(torch.get_default_dtype()), self.labels[numbers].to(torch.get_default_dtype())


def trainer_on(ranks: Ranks, recipe: Recipe, *, dtype: torch.dtype = torch.float32, classes: int = 0) -> Trainer:
    """A trainer of a recipe whose batches these processes share, on made-up reals."""
    check_ranks(recipe, ranks.size)
    torch.set_default_dtype(dtype)
    spec = replace(recipe.dataset.cls.spec_of(recipe.dataset.options), label_dim=classes)
    return build_trainer(recipe, spec, torch.device("cpu"), Bank(spec, ranks, 1), Bank(spec, ranks, 2), ranks=ranks)


def state_of(trainer: Trainer) -> dict[str, Tensor]:
    """All that a trainer has learned, by name."""
    parts = {"generator": trainer.game.generator, "discriminator": trainer.game.discriminator}
    parts |= {"ema": trainer.ema.network}
    parts |= {f"{role.value} penalties": player.regularizers for role, player in trainer.players.items()}
    if trainer.game.augmentation is not None:
        parts["augmentation"] = trainer.game.augmentation
    return {f"{who}.{name}": value for who, part in parts.items() for name, value in part.state_dict().items()}


def played(trainer: Trainer, steps: int) -> tuple[list[Tensor], dict[str, float]]:
    """Take steps; return the gradients of each optimizer step as one vector, and the terms of the last step."""
    gradients: list[Tensor] = []

    def keep(optimizer: torch.optim.Optimizer, *_: object) -> None:
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        gradients.append(torch.cat([weight.grad.flatten() for weight in weights if weight.grad is not None]).clone())

    terms: dict[str, float] = {}
    for _ in range(steps):
        phase = trainer.phase
        for player in trainer.players.values():
            if trainer.images_seen == phase.start:
                player.begin(phase)
            player.optimizer.register_step_pre_hook(keep)
        terms = dict(trainer.step(phase))
        for player in trainer.players.values():
            player.optimizer._optimizer_step_pre_hooks.clear()
    return gradients, terms
