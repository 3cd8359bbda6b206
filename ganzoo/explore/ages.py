"""A run's generator at its other ages."""

from __future__ import annotations

from dataclasses import replace

from ganzoo.explore.subject import Subject, loaded, sha256_of_weights
from ganzoo.training.networks import networks_of
from ganzoo.training.portraits import Place, stage_in_training


def kept_ages(subject: Subject) -> list[int]:
    """Return the ages at which generators with these weights were kept, oldest first."""
    folders = [subject.directory.checkpoints, *([subject.directory.snapshots] if subject.weights == "ema" else [])]
    return sorted({int(path.name) for folder in folders for path in folder.glob("[0-9]*")})


def trained_resolution(subject: Subject, age: int) -> int:
    """Return the resolution at which a growing generator was trained at an age."""
    return stage_in_training(subject.directory, age, networks_of(subject.directory)).resolution


def aged(subject: Subject, age: int) -> Subject:
    """Return the same run's generator at another age, where its training then stood, used in the same manner.

    Raises:
        GanzooError: None of that age was kept, or it is damaged.
    """
    networks = networks_of(subject.directory)
    generator, stage = loaded(
        subject.directory, networks, age, subject.weights, Place(age, device=str(subject.device)), subject.device
    )
    return replace(
        subject,
        generator=generator,
        images_seen=age,
        sha256=sha256_of_weights(subject.directory, age, subject.weights),
        manner=replace(subject.manner, stage=stage),
    )
