"""Warm start: a training that begins from the weights of another run, trained here or imported."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import JsonValue
from torch import Tensor, nn

from ganzoo._inference.build import build_discriminator, build_generator
from ganzoo._inference.run_files import RunFiles
from ganzoo._inference.state_dict import load_into
from ganzoo._random.global_streams import seed_torch
from ganzoo._random.seeds import seed_for
from ganzoo._recipe.network_spec import Networks
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.selection import Selection
from ganzoo._runs.checkpoint import newest_good, write_checkpoint
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.features_read import FeaturesRead
from ganzoo._runs.record import read_record
from ganzoo._training.features_read import KEY
from ganzoo._training.trainer import Trainer
from ganzoo.contracts.capabilities import Growable, NoiseInputs
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.networks import Generator
from ganzoo.errors import RecipeError, RefusedError, RunError

# Of the largest value: float32 sums in another order differ by less, another function by far more.
TOLERANCE = 1e-4
Tensors = Mapping[str, Mapping[str, Tensor]]


@dataclass(frozen=True)
class InitialWeights:
    """Initial weights, checked to be compatible with a recipe.

    Attributes:
        tensors: By role: `generator` and `ema`, and `discriminator` where the run has one.
        sha256: Of all of them: it enters the recipe, and so the hash of the training.
        run: Name of the run that they are from.
        images_seen: Which of its checkpoints, in images seen.
        notes: What a person should know, one sentence each.
        features_read: The extractors whose features their training read.
    """

    tensors: Tensors
    sha256: str
    run: str
    images_seen: int
    notes: tuple[str, ...]
    features_read: tuple[FeaturesRead, ...] = ()

    def write(self, directory: RunDirectory) -> None:
        """Keep the weights with the new run, so that it never needs the other one again."""
        state: dict[str, JsonValue] = {"run": self.run, "images_seen": self.images_seen, "weights": self.sha256}
        if self.features_read:
            state[KEY] = [each.model_dump() for each in self.features_read]
        write_checkpoint(directory.initial, 0, self.tensors, state)


def find_initial(recipe: Recipe, run: RunFiles) -> InitialWeights:
    """Find the newest weights of a run, and whether a recipe's networks can take them.

    Raises:
        RefusedError: They are not compatible; the message names both.
        RunError: The run has no intact checkpoint.
    """
    path, theirs, ours = run.path, run.networks, Networks.of_recipe(recipe)
    checkpoint, _ = newest_good(run.directory.checkpoints)
    if checkpoint is None:
        raise RunError(f"{path} has no intact checkpoint to start from")
    if ours.spec != theirs.spec:
        raise RefusedError(f"{path} is of {_described(theirs.spec)}, the recipe's data of {_described(ours.spec)}")
    tensors: dict[str, Mapping[str, Tensor]] = {}
    notes = []
    # An imported checkpoint may hold the EMA alone, as most published ones do, or a generator without its critic: each
    # network takes what there is, and what there is not is said.
    ema = checkpoint.tensors.get("ema")
    if ema is not None:
        _check_fit("generator", path, theirs, ours, ema)
        tensors["ema"] = ema
        tensors["generator"] = checkpoint.tensors.get("generator", ema)
        if "generator" not in checkpoint.tensors:
            notes.append(f"{path} has no raw generator: the generator starts from the EMA")
    if "discriminator" in checkpoint.tensors:
        tensors["discriminator"] = checkpoint.tensors["discriminator"]
        _check_fit("discriminator", path, theirs, ours, tensors["discriminator"])
    missing = {"generator", "discriminator"} - tensors.keys()
    notes += [f"{path} has no {role}: it starts from the seed" for role in sorted(missing)]
    read = read_record(run.directory.record).features_read if run.directory.record.exists() else ()
    return InitialWeights(tensors, _sha256(tensors), run.name, checkpoint.images_seen, tuple(notes), read)


def begin_from(trainer: Trainer, directory: RunDirectory, recipe: Recipe) -> None:
    """Load the weights that a new run begins from, if its recipe says so.

    Raises:
        RunError: They are damaged, missing or others.
    """
    if recipe.initial_weights is None:
        return
    checkpoint, damaged = newest_good(directory.initial)
    if checkpoint is None or _sha256(checkpoint.tensors) != recipe.initial_weights:
        reason = damaged[0] if damaged else "they are missing or others"
        raise RunError(f"the initial weights of {directory.path} cannot be used ({reason}); start the run again")
    networks: dict[str, nn.Module] = {
        "generator": trainer.game.generator,
        "discriminator": trainer.game.discriminator,
        "ema": trainer.ema.network,
    }
    for role, tensors in checkpoint.tensors.items():
        load_into(networks[role], tensors, role)


def initial_of(directory: RunDirectory) -> dict[str, str | int] | None:
    """Return what the record says of the weights that a run began from; None where it began from its seed."""
    checkpoint, _ = newest_good(directory.initial)
    if checkpoint is None:
        return None
    return {key: value for key, value in checkpoint.state.items() if isinstance(value, str | int)}


def require_initial(recipe: Recipe, initial: InitialWeights | None) -> Recipe:
    """Return the recipe of a new run with the hash of the weights that it begins from.

    Raises:
        RecipeError: The recipe names weights, and they are not those given.
    """
    given = initial.sha256 if initial else None
    if recipe.initial_weights not in (None, given):
        raise RecipeError(
            f"initial_weights: the recipe starts from weights {recipe.initial_weights[:12]}..., and "
            f"{f'--init gives {given[:12]}...' if given else 'no --init RUN gives any'}; name the run that has them, "
            f"or remove the key"
        )
    return recipe.model_copy(update={"initial_weights": given})


def _check_fit(role: str, path: Path, theirs: Networks, ours: Networks, tensors: Mapping[str, Tensor]) -> None:
    """Raise RefusedError unless our part with these weights computes what theirs does."""
    there, here = theirs.selections[role], ours.selections[role]
    if there.cls is not here.cls:
        raise RefusedError(f"{role}: {path} has '{there.name}', the recipe '{here.name}'")
    different = _differences(there, here)
    if not different:
        return
    build: Any = build_generator if role == "generator" else build_discriminator
    # Options may differ by name and not in effect, such as a rate of dropout in training or one default that is spelled
    # out: what counts is that the same weights give the same images or logits.
    both = [build(selection, ours.spec, ours.seed) for selection in (there, here)]
    sizes = [{name: value.shape for name, value in network.state_dict().items()} for network in both]
    if sizes[0] == sizes[1]:
        for network in both:
            load_into(network, tensors, role)
        if _agree(both[0], both[1], ours.spec):
            return
    raise RefusedError(f"{role} '{here.name}' of {path} and of the recipe differ: {'; '.join(different)}")


def _differences(there: Selection, here: Selection) -> list[str]:
    old, new = there.plain(), here.plain()
    return [
        f"{key} is {_shown(old.get(key))} there and {_shown(new.get(key))} here"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key) and key != "name"
    ]


def _shown(value: Any) -> str:
    return "unset" if value is None else str(value)


@torch.no_grad()
def _agree(one: nn.Module, other: nn.Module, spec: ImageSpec) -> bool:
    """Whether two networks compute the same function once trained: an option may matter in training alone."""
    results = []
    for network in (one, other):
        network.eval()
        if isinstance(network, Growable):
            # At full size all weights take part: a small one would hide differences in its later blocks.
            network.grow(spec.resolution, 1.0)
        if isinstance(network, NoiseInputs):
            network.use_noise("constant")
        rng = torch.Generator().manual_seed(seed_for("agreement"))
        labels = torch.eye(max(spec.label_dim, 4))[:4, : spec.label_dim]
        if isinstance(network, Generator):
            inputs = network.sample_latents(4, rng)
        else:
            inputs = torch.randn(4, spec.channels, spec.resolution, spec.resolution, generator=rng)
        with torch.random.fork_rng(devices=[]):
            seed_torch(0)
            results.append(network(inputs, labels))
    scale = max(1.0, float(results[0].abs().max()))
    return bool((results[0] - results[1]).abs().max() <= TOLERANCE * scale)


def _described(spec: ImageSpec) -> str:
    classes = f", {spec.label_dim} classes" if spec.label_dim else ""
    return f"{spec.channels} channels at {spec.resolution} pixels{classes}"


def _sha256(tensors: Tensors) -> str:
    # Over values, shapes and types in a fixed order: the same weights in another file are the same start.
    digest = hashlib.sha256()
    for role in sorted(tensors):
        for name in sorted(tensors[role]):
            tensor = tensors[role][name].detach().cpu().contiguous()
            digest.update(f"{role}/{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
