"""Checkpoint state: the whole state of a trainer, as tensors and plain data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo._inference.state_dict import load_into
from ganzoo._io.os_errors import shown
from ganzoo._training.trainer import Trainer
from ganzoo.errors import RunError

Tensors = dict[str, Mapping[str, Tensor]]


def gather(trainer: Trainer) -> tuple[Tensors, dict[str, Any]]:
    """Return the tensors by file and the plain state."""
    tensors: Tensors = {
        "generator": trainer.game.generator.state_dict(),
        "discriminator": trainer.game.discriminator.state_dict(),
        "ema": trainer.ema.network.state_dict(),
    }
    # Adaptive augmentation remembers its strength, and its mean of signs, from step to step.
    if trainer.game.augmentation is not None and (buffers := trainer.game.augmentation.state_dict()):
        tensors["augmentation"] = buffers
    for role, player in trainer.players.items():
        tensors[f"{role.value}_optimizer"] = player.state()
        # Such as the running mean of the path length.
        if buffers := player.regularizers.state_dict():
            tensors[f"{role.value}_regularizers"] = buffers
        if weights := player.loss.state_dict():
            tensors[f"{role.value}_loss"] = weights
    # Positions instead of random states: every random number follows from the seed and one of these counts.
    state = {
        "images_seen": trainer.images_seen,
        "steps": trainer.steps,
        "seconds": trainer.seconds,
        "updates": {role.value: player.updates for role, player in trainer.players.items()},
        "arithmetic": trainer.game.arithmetic.facts(trainer.game.device),
        "loss_scale": {role.value: player.loss_scale.state() for role, player in trainer.players.items()},
    }
    return tensors, state


def training_hash_of(state: Mapping[str, Any], run: Path) -> str:
    """Return the hash of the training that a checkpoint is of.

    Raises:
        RunError: It has the weights of a generator alone, as published runs have.
    """
    if "training_hash" not in state:
        raise RunError(
            f"{shown(run)} has the weights of its generator alone, as it was published, so it cannot be trained on. "
            f"Train from these weights with: ganzoo run RECIPE --init {shown(run)}"
        )
    return str(state["training_hash"])


def not_finite(trainer: Trainer) -> str | None:
    """Say which weight holds inf or nan, or None."""
    # Asked once something failed, not in each step, where reading every weight back would stall a GPU.
    networks: dict[str, nn.Module] = {"generator": trainer.game.generator, "discriminator": trainer.game.discriminator}
    for player in trainer.players.values():
        who = player.role.value
        networks |= {f"{who}'s loss": player.loss, f"{who}'s penalties": player.regularizers}
    for role, network in networks.items():
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                return f"the {role}'s {name} holds inf or nan"
    return None


def parameter_counts(trainer: Trainer) -> dict[str, int]:
    """Count the weights of both networks, and those of losses and penalties where these have any."""

    def count(*modules: nn.Module) -> int:
        return sum(parameter.numel() for module in modules for parameter in module.parameters())

    counts = {"generator": count(trainer.game.generator), "discriminator": count(trainer.game.discriminator)}
    own = sum(count(player.loss, player.regularizers) for player in trainer.players.values())
    return counts | ({"objectives": own} if own else {})


def restore(trainer: Trainer, tensors: Mapping[str, Mapping[str, Tensor]], state: Mapping[str, Any]) -> list[str]:
    """Put a trainer where a checkpoint was taken.

    Returns:
        Why the resume is not exact, one sentence each; nothing where it is bit for bit.

    Raises:
        RunError: The checkpoint is of other networks than the recipe's.
    """
    for part, network in (
        ("generator", trainer.game.generator),
        ("discriminator", trainer.game.discriminator),
        ("ema", trainer.ema.network),
    ):
        load_into(network, tensors.get(part, {}), part)
    if trainer.game.augmentation is not None:
        load_into(trainer.game.augmentation, tensors.get("augmentation", {}), "augmentation")
    for role, player in trainer.players.items():
        player.load_state(tensors.get(f"{role.value}_optimizer", {}))
        load_into(player.regularizers, tensors.get(f"{role.value}_regularizers", {}), f"{role.value}_regularizers")
        load_into(player.loss, tensors.get(f"{role.value}_loss", {}), f"{role.value}_loss")
        player.updates = int(state["updates"][role.value])
        player.loss_scale.load_state(state["loss_scale"][role.value])
    trainer.images_seen = int(state["images_seen"])
    trainer.steps = int(state["steps"])
    trainer.seconds = float(state["seconds"])
    # Sums over other numbers of threads are rounded in another order, so the resume takes over the former number.
    saved: Mapping[str, Any] = state["arithmetic"]
    if trainer.game.device.type == "cpu":
        torch.set_num_threads(int(saved["threads"]))
    now = trainer.game.arithmetic.facts(trainer.game.device)
    return [
        f"this resume is not exact: {key} was {saved[key]} and is {now[key]}"
        for key in now
        if key in saved and saved[key] != now[key] and not (key == "threads" and now["device"] != "cpu")
    ]
