"""A run's generator at its other ages."""

from __future__ import annotations

from dataclasses import replace

from ganzoo._inference.build import build_generator
from ganzoo._inference.growth_stage import CheckpointRequest, loaded, stage_in_training
from ganzoo._inference.load import networks_of, recipe_of, sha256_of_weights
from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.errors import RefusedError


def trained_resolution(subject: OpenedGenerator, age: int) -> int:
    """Return the resolution at which a growing generator was trained at an age."""
    return stage_in_training(subject.directory, age, networks_of(subject.directory)).resolution


def aged(subject: OpenedGenerator, age: int) -> OpenedGenerator:
    """Return the same run's generator at another age, where its training then stood, used in the same sampling.

    Raises:
        GanzooError: None of that age was kept, or it is damaged.
    """
    networks = networks_of(subject.directory)
    generator, stage = loaded(
        subject.directory,
        networks,
        age,
        subject.weights,
        CheckpointRequest(age, device=str(subject.device)),
        subject.device,
    )
    return replace(
        subject,
        generator=generator,
        images_seen=age,
        sha256=sha256_of_weights(subject.directory, age, subject.weights),
        sampling=replace(subject.sampling, stage=stage),
    )


def untrained(subject: OpenedGenerator) -> OpenedGenerator:
    """Return the same run's generator before its first step, built from its seed again; its hash is left empty.

    Raises:
        RefusedError: The run was imported, or began from the weights of another one.
    """
    directory = subject.directory
    if not directory.recipe.exists() or recipe_of(directory).initial_weights is not None:
        raise RefusedError(
            f"{directory.path} did not begin from its seed (it was imported, or began from the weights of another "
            f"run), so its untrained network is not known"
        )
    networks = networks_of(directory)
    assert networks.generator is not None, "a recipe names one"
    generator = build_generator(networks.generator, networks.spec, networks.seed).eval().requires_grad_(False)
    stage = None if subject.sampling.stage is None else stage_in_training(directory, 0, networks)
    return replace(
        subject,
        generator=generator.to(subject.device),
        images_seen=0,
        sha256="",
        sampling=replace(subject.sampling, stage=stage),
    )


def kept_ages(subject: OpenedGenerator) -> list[int]:
    """Return the ages at which generators with these weights were kept, oldest first."""
    folders = [subject.directory.checkpoints, *([subject.directory.snapshots] if subject.weights == "ema" else [])]
    return sorted({int(path.name) for folder in folders for path in folder.glob("[0-9]*")})
