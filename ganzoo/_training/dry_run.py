"""Dry run: one step of a training before it begins, on random images, without data or a run's folder."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from ganzoo._inference.device import choose_device
from ganzoo._inference.oom_batching import is_out_of_memory
from ganzoo._recipe.recipe import Recipe
from ganzoo._runs.provenance import peak_memory_bytes
from ganzoo._training.build import build_trainer
from ganzoo._training.meta_memory import less_memory
from ganzoo._training.trainer import Trainer
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.phase import Phase
from ganzoo.errors import GanzooError, RunError


@dataclass(frozen=True)
class DryRunResult:
    """What a step took.

    Attributes:
        device: Where.
        seconds: Its duration; a first step is slower than those that follow.
        peak_memory_bytes: The most memory used: the GPU's where there is one, else the whole process's.
        added_bytes: How much of it came with the networks and the step.
    """

    device: torch.device
    seconds: float
    peak_memory_bytes: int
    added_bytes: int


class NoiseReals:
    """An endless stream of noise in place of reals."""

    def __init__(self, spec: ImageSpec, device: torch.device) -> None:
        self.spec, self.device = spec, device

    def at(self, position: int, count: int, resolution: int) -> tuple[Tensor, Tensor]:
        """Return noise `[count, C, r, r]` in [-1, 1] and labels `[count, L]`, each class in turn."""
        images = torch.rand(count, self.spec.channels, resolution, resolution, device=self.device) * 2 - 1
        labels = torch.zeros(count, self.spec.label_dim, device=self.device)
        if self.spec.label_dim:
            rows = torch.arange(count)
            labels[rows, rows % self.spec.label_dim] = 1.0
        return images, labels


class DryRun:
    """A trainer that can be put into any phase; made by `dry_run`."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        for player in trainer.players.values():
            player.ready_moments()

    def play(self, phase: Phase) -> None:
        """Let both players move once in the middle of a phase, every lazy penalty included; read nothing back."""
        self._enter(phase)
        self.trainer.play(phase)

    def step(self, phase: Phase) -> None:
        """Take one whole step of the training in the middle of a phase."""
        self._enter(phase)
        self.trainer.step(phase)
        self.trainer.settle()

    def _enter(self, phase: Phase) -> None:
        trainer = self.trainer
        trainer.images_seen = (phase.start + phase.end) // 2
        trainer.steps = trainer.schedule.discriminator_steps - 1  # a step in which the generator moves too
        for player in trainer.players.values():
            player.updates = 0  # an update on which every lazy penalty has its turn
            player.enter(phase)


def dry_run(recipe: Recipe, device: torch.device) -> DryRun:
    """Build the trainer of a recipe with noise in place of its data; on the meta device, without memory."""
    spec: ImageSpec = recipe.dataset.cls.spec_of(recipe.dataset.options)
    reals = NoiseReals(spec, device)
    with torch.device(device) if device.type == "meta" else nullcontext():
        trainer = build_trainer(recipe, spec, device, reals, reals)
    return DryRun(trainer)


def dry_run_step(recipe: Recipe, phase: Phase, device_name: str) -> DryRunResult:
    """Take one real step of a phase and measure it.

    Raises:
        RunError: Memory ran out, a term is not finite, or a part failed.
        GanzooError: The device cannot be used, or a network cannot be built.
    """
    device = choose_device(device_name)
    before = peak_memory_bytes(device)
    try:
        dry = dry_run(recipe, device)
        started = time.monotonic()
        dry.step(phase)
    except Exception as error:
        if is_out_of_memory(error):
            raise RunError(f"{_place(phase, device)}: out of memory; {less_memory(recipe.training, phase)}") from error
        if isinstance(error, GanzooError):
            raise
        reason = (str(error).strip().splitlines() or [""])[0][:300]
        raise RunError(f"{_place(phase, device)}: a part failed: {type(error).__name__}: {reason}") from error
    peak = peak_memory_bytes(device)
    return DryRunResult(device, time.monotonic() - started, peak, peak - before)


def _place(phase: Phase, device: torch.device) -> str:
    return f"a step at {phase.resolution} pixels in batches of {phase.batch_size} on {device}"
