"""Dry run: one step of a training before it begins, on random images, without data or a run's folder."""

from __future__ import annotations

import gc
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ganzoo._inference.device import choose_device
from ganzoo._inference.oom_batching import is_out_of_memory
from ganzoo._recipe.pins import selections_of
from ganzoo._recipe.recipe import Recipe
from ganzoo._registry.blame import fault_of_any
from ganzoo._runs.provenance import peak_memory_bytes
from ganzoo._training.build import build_trainer
from ganzoo._training.smaller_batch import less_memory, smaller_batches
from ganzoo._training.trainer import Trainer
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.phase import Phase
from ganzoo.errors import GanzooError, RunError

_MOST_STEPS = 32  # both lazy penalties of StyleGAN2 have their turns in them
_MOST_SECONDS = 10.0
_FEW = 8  # images of a step that is only to show that nothing fails; a group of minibatch deviation divides it


@dataclass(frozen=True)
class DryRunResult:
    """What a step took.

    Attributes:
        device: Where.
        seconds: Its duration.
        peak_memory_bytes: The most memory used: the GPU's where there is one, else the whole process's.
        added_bytes: How much of it came with the networks and the step.
        is_first: Whether the seconds are those of a first step, which is slower than those that follow.
    """

    device: torch.device
    seconds: float
    peak_memory_bytes: int
    added_bytes: int
    is_first: bool = True


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

    def pace(self, phase: Phase) -> tuple[float, int]:
        """Return the seconds of some steps one after another, lazy penalties on their turns, and how many they were."""
        started, steps = time.monotonic(), 0
        while steps < _MOST_STEPS and time.monotonic() - started < _MOST_SECONDS:
            self.trainer.step(phase)
            steps += 1
        self.trainer.settle()
        return time.monotonic() - started, steps

    def _enter(self, phase: Phase) -> None:
        trainer = self.trainer
        trainer.images_seen = (phase.start + phase.end) // 2
        trainer.steps = trainer.course.discriminator_steps - 1  # a step in which the generator moves too
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
    """Take one real step of a phase and measure it; on a GPU, some more to know their pace.

    Raises:
        RunError: Memory ran out, a term is not finite, or a part failed.
        GanzooError: The device cannot be used, or a network cannot be built.
    """
    device = choose_device(device_name)
    try:
        return _measured(recipe, phase, device)
    except Exception as error:
        if not is_out_of_memory(error):
            if isinstance(error, GanzooError):
                raise
            raise RunError(f"{_place(phase, device)}: {_culprit(recipe, error)}") from error
    # Only now, since as long as the error is there, so is all that its step had made.
    raise RunError(f"{_place(phase, device)}: out of memory; {what_fits(recipe, phase, device)}")


def try_small_step(recipe: Recipe) -> None:
    """Take one real step on the CPU of a few images at the lowest resolution, to see that nothing fails.

    Raises:
        RunError: A part failed, named with the line at which it did.
    """
    lowest = min(recipe.phases, key=lambda phase: phase.resolution)
    phase = replace(lowest, batch_size=min(lowest.batch_size, _FEW))
    # In float32: what is asked is whether the parts work, and on the CPU that is the quickest.
    recipe = recipe.model_copy(update={"training": recipe.training.model_copy(update={"precision": "fp32"})})
    dry_run_step(recipe, phase, "cpu")


def _culprit(recipe: Recipe, error: Exception) -> str:
    chosen = list(selections_of(recipe))
    brought = [each for each in recipe.loss.cls.regularizers(recipe.loss.options)]
    parts = [(each.part.kind, each.cls) for each in chosen] + [("regularizer", each.cls) for each in brought]
    return fault_of_any(parts, error)


def what_fits(recipe: Recipe, phase: Phase, device: torch.device) -> str:
    """Say which smaller batch fits, having tried, where a step of a phase needed too much memory."""
    for smaller in smaller_batches(recipe, phase):
        _let_go(device)
        # Even a recipe that cannot be built so is only no answer.
        with suppress(Exception):
            dry_run(smaller.recipe, device).step(smaller.phase)
            return smaller.setting
    return less_memory(recipe.training, phase)


def less_memory_advice(recipe: Recipe, phase: Phase, device: torch.device) -> str:
    """Say what to change where a training ran out of memory: tried on a GPU, where that takes seconds."""
    if device.type == "cuda":
        return what_fits(recipe, phase, device)
    return f"{less_memory(recipe.training, phase)} (ganzoo check --dry-run tries what fits)"


def _measured(recipe: Recipe, phase: Phase, device: torch.device) -> DryRunResult:
    before = peak_memory_bytes(device)
    dry = dry_run(recipe, device)
    started = time.monotonic()
    dry.step(phase)
    took, steps = time.monotonic() - started, 1
    peak = peak_memory_bytes(device)
    if device.type == "cuda":  # its first steps load kernels, and say nothing of those that follow
        took, steps = dry.pace(phase)
    return DryRunResult(device, took / steps, peak, peak - before, is_first=steps == 1)


def _let_go(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def _place(phase: Phase, device: torch.device) -> str:
    return f"a step at {phase.resolution} pixels in batches of {phase.batch_size} on {device}"
