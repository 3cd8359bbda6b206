"""Checkpoints: a run's generator at other points of its training."""

from __future__ import annotations

from dataclasses import replace

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._inference.run import Run


def trained_resolution(subject: OpenedGenerator, age: int) -> int:
    """Return the resolution at which a growing generator was trained at an age."""
    return subject.run.stage_in_training(age).resolution


def aged(subject: OpenedGenerator, age: int) -> OpenedGenerator:
    """Return the same run's generator at another age, where its training then stood, used in the same sampling.

    Raises:
        GanzooError: None of that age was kept, or it is damaged.
    """
    return _like(subject, _run(subject).generator(age, subject.weights, device=str(subject.device)))


def untrained(subject: OpenedGenerator) -> OpenedGenerator:
    """Return the same run's generator before its first step, built from its seed again; its hash is left empty.

    Raises:
        RefusedError: The run was imported, or began from the weights of another one.
    """
    found = _like(subject, _run(subject).untrained_generator(device=str(subject.device)))
    return replace(found, weights=subject.weights)


def kept_ages(subject: OpenedGenerator) -> list[int]:
    """Return the ages at which generators with these weights were kept, oldest first."""
    return subject.run.checkpoints(snapshots=subject.weights == "ema")


def _run(subject: OpenedGenerator) -> Run:
    assert isinstance(subject.run, Run), "it opened the generator"
    return subject.run


def _like(subject: OpenedGenerator, other: OpenedGenerator) -> OpenedGenerator:
    """Return `other` looked at as `subject` is, at its own stage."""
    sampling = replace(subject.sampling, stage=other.sampling.stage)
    return replace(other, sampling=sampling, label=subject.label, progress=subject.progress)
