"""Resuming: a training that is broken off after a step and goes on, beside one that was not."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import torch
from torch import Tensor
from training_world import trainer_of

from ganzoo._training.checkpoint_state import gather, restore


class Resumed(NamedTuple):
    """Tensors by part and name where a training was broken off and where it ended; what each step reported."""

    broken_off: dict[str, dict[str, Tensor]]
    ended: dict[str, dict[str, Tensor]]
    reports: list[dict[str, Any]]


def resumed_bit_for_bit(recipe: dict, *, steps: int = 1) -> Resumed:
    """Break a training off after `steps`, go on in new networks, and require each tensor of the unbroken one."""
    unbroken, resumed = trainer_of(recipe), trainer_of(recipe)
    kept, reports = [], []

    def note(self, trainer, report):
        reports.append(dict(report))
        if len(reports) == steps:
            kept.append(copy.deepcopy(gather(trainer)))

    unbroken.callbacks.append(type("Note", (), {"on_step_end": note})())
    unbroken.run()
    torch.manual_seed(5)  # what a new process would not have left either
    assert restore(resumed, *kept[0]) == []
    resumed.run()
    ended, again = gather(unbroken)[0], gather(resumed)[0]
    for part, tensors in ended.items():
        assert all(torch.equal(tensor, again[part][name]) for name, tensor in tensors.items()), part
    return Resumed(kept[0][0], ended, reports)
