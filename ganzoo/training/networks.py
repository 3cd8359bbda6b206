"""The networks of a run that is there: trained here or imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ganzoo.contracts import Discriminator, Generator
from ganzoo.errors import GanzooError, RunError
from ganzoo.networks import Networks, load_networks
from ganzoo.recipe import load
from ganzoo.registry import Registry
from ganzoo.runs.checkpoint import Checkpoint, read_checkpoint
from ganzoo.runs.directory import RunDirectory
from ganzoo.runs.manifest import folder_name
from ganzoo.training.build import build_discriminator, build_generator
from ganzoo.training.state import load_into


def networks_of(directory: RunDirectory) -> Networks:
    """Return the networks of a run, from `networks.toml` if it was imported, else from its recipe.

    Raises:
        RunError: The run has neither.
    """
    if directory.networks.exists():
        return load_networks(directory.networks, Registry.discover())
    if not directory.recipe.exists():
        raise RunError(f"{directory.path} has no recipe.toml: it was stopped before it began; start the run again")
    return Networks.of_recipe(load(directory.recipe, Registry.discover())[1])


def load_generator(directory: RunDirectory, images_seen: int, networks: Networks, weights: str) -> Generator:
    """Return a run's generator at an age, on the CPU: the averaged one (`ema`) or the raw one.

    Raises:
        GanzooError: None of that age was kept.
        RunError: Neither the checkpoint nor the snapshot of that age is intact, or it has no such weights.
    """
    part = "average" if weights == "ema" else "generator"
    tensors = _kept(directory, images_seen, part, weights).tensors
    if networks.generator is None:
        raise GanzooError(f"{directory.path} has no generator: it was imported from a file without one")
    if part not in tensors:
        raise RunError(f"{directory.path} has no {weights} generator: its file held the averaged one alone")
    generator = build_generator(networks.generator, networks.spec, networks.seed)
    load_into(generator, tensors[part], part)
    return generator.eval().requires_grad_(False)


def load_discriminator(directory: RunDirectory, images_seen: int, networks: Networks) -> Discriminator:
    """Return a run's discriminator at an age, on the CPU.

    Raises:
        GanzooError: None of that age was kept, or the run has none at all.
        RunError: The checkpoint of that age is not intact.
    """
    tensors = _kept(directory, images_seen, "discriminator", "raw").tensors
    if networks.discriminator is None or "discriminator" not in tensors:
        raise GanzooError(f"{directory.path} has no discriminator: it was imported from a file without one")
    discriminator = build_discriminator(networks.discriminator, networks.spec, networks.seed)
    load_into(discriminator, tensors["discriminator"], "discriminator")
    return discriminator.eval().requires_grad_(False)


def _kept(directory: RunDirectory, images_seen: int, part: str, weights: str) -> Checkpoint:
    name = folder_name(images_seen)
    folders = [directory.checkpoints, directory.snapshots] if part == "average" else [directory.checkpoints]
    paths = [folder / name for folder in folders if (folder / name).exists()]
    if not paths:
        kept = sorted({int(path.name) for folder in folders for path in folder.glob("[0-9]*")})
        ages = ", ".join(f"{age:,}" for age in kept) or "none"
        raise GanzooError(f"{directory.path} kept no {weights} generator of {images_seen:,} images seen (kept: {ages})")
    return _first_intact(paths)


def _first_intact(paths: Sequence[Path]) -> Checkpoint:
    complaint: GanzooError | None = None
    for path in paths:
        try:
            return read_checkpoint(path)
        except GanzooError as error:
            complaint = error
    assert complaint is not None
    raise complaint
