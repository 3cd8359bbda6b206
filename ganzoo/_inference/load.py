"""The networks of a run that is there: trained here or imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ganzoo._inference.build import build_discriminator, build_generator
from ganzoo._inference.state_dict import load_into
from ganzoo._recipe.load import load
from ganzoo._recipe.network_spec import Networks, load_networks
from ganzoo._recipe.recipe import Recipe
from ganzoo._registry.registry import Registry
from ganzoo._runs.checkpoint import Checkpoint, newest_good, read_checkpoint
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.manifest import folder_name, read_manifest
from ganzoo.contracts.networks import Discriminator, Generator
from ganzoo.errors import GanzooError, RefusedError, RunError


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


Kind = Literal["ema", "raw"]


_FILE = {"ema": "average.safetensors", "raw": "generator.safetensors"}


def sha256_of_weights(directory: RunDirectory, age: int, weights: Kind) -> str:
    """Return the hash that the manifest of a kept generator states; its loading has checked it."""
    for folder in (directory.checkpoints, directory.snapshots):
        try:
            files = read_manifest(folder / folder_name(age)).files
        except RunError:
            continue
        if _FILE[weights] in files:
            return files[_FILE[weights]].sha256
    raise RunError(f"{directory.path} has no manifest of {age:,} images seen")


def recipe_of(directory: RunDirectory, overrides: Sequence[str] = ()) -> Recipe:
    """Return the resolved recipe that a run was started with."""
    if directory.networks.exists():
        raise RefusedError(
            f"{directory.path} was imported and has no recipe. Train from its weights with: ganzoo run RECIPE --init "
            f"{directory.path}; score it with: ganzoo score {directory.path} --dataset NAME"
        )
    if not directory.recipe.exists():
        raise RunError(f"{directory.path} has no recipe.toml: it was stopped before it began; start the run again")
    return load(directory.recipe, Registry.discover(), overrides)[1]


def ages_of(directory: RunDirectory, at: int | None, snapshots: bool = False) -> list[int]:
    """Return the ages that are meant: `at`, each kept snapshot, or the newest.

    Raises:
        RunError: Nothing was kept.
    """
    if at is not None:
        return [at]
    kept = sorted(int(path.name) for path in directory.snapshots.glob("[0-9]*"))
    if snapshots:
        if not kept:
            raise RunError(f"{directory.path} kept no snapshots; training.snapshot_kimg says how often it does")
        return kept
    checkpoint, _ = newest_good(directory.checkpoints)
    if checkpoint is None and kept:
        return kept[-1:]
    if checkpoint is None:
        raise RunError(f"{directory.path} has no intact checkpoint; is its training still before the first one?")
    return [checkpoint.images_seen]
