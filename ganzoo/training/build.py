"""From a recipe to the things that train: networks, players, trainer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ganzoo.contracts import AdversarialLoss, Augmentation, Discriminator, Generator, ImageSpec, Regularizer, Side
from ganzoo.errors import GanzooError
from ganzoo.fit import all_regularizers
from ganzoo.recipe import Recipe
from ganzoo.seeds import seed_for
from ganzoo.settings import Selection
from ganzoo.training.average import Average
from ganzoo.training.player import Player, discriminator_objective, generator_objective
from ganzoo.training.step import Game
from ganzoo.training.trainer import Listener, RealStream, Schedule, Trainer


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` takes a CUDA GPU, else Apple's, else the CPU. Raises GanzooError."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise GanzooError(f"device '{name}' cannot be used: {reason}; try --device auto or --device cpu") from None
    return device


def build_generator(selection: Selection, images: ImageSpec, seed: int) -> Generator:
    """Build a generator on the CPU, initialised from the seed."""
    torch.manual_seed(seed_for(seed, "initialisation", "generator"))
    network: Generator = _built("generator", selection, images)
    return network


def build_discriminator(selection: Selection, images: ImageSpec, seed: int) -> Discriminator:
    """Build a discriminator on the CPU, initialised from the seed."""
    torch.manual_seed(seed_for(seed, "initialisation", "discriminator"))
    network: Discriminator = _built("discriminator", selection, images)
    return network


def build_augmentation(selection: Selection | None, images: ImageSpec, seed: int) -> Augmentation | None:
    """Build what stands in front of the discriminator, on the CPU, or nothing."""
    if selection is None:
        return None
    torch.manual_seed(seed_for(seed, "initialisation", "augmentation"))
    augmentation: Augmentation = _built("augmentation", selection, images)
    return augmentation


def _built(role: str, selection: Selection, images: ImageSpec) -> Any:
    try:
        return selection.cls(selection.options, images)
    except GanzooError:
        raise
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise GanzooError(
            f"{role} '{selection.name}' of {selection.part.source} cannot be built for {images.channels} channels at "
            f"{images.resolution} pixels: {error}"
        ) from error


def build_trainer(
    recipe: Recipe,
    images: ImageSpec,
    device: torch.device,
    reals: RealStream,
    fresh_reals: RealStream,
    listeners: Sequence[Listener] = (),
) -> Trainer:
    """Build both networks, their players and the trainer of a recipe, at image 0."""
    training = recipe.training
    generator = build_generator(recipe.generator, images, recipe.seed)
    discriminator = build_discriminator(recipe.discriminator, images, recipe.seed)
    generator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    discriminator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    augmentation = build_augmentation(recipe.augmentation, images, recipe.seed)
    game = Game(
        generator,
        discriminator,
        device,
        recipe.seed,
        lift_to=images.resolution if training.penalty_space == "final" else None,
        half_precision=training.precision == "bf16",
        augmentation=None if augmentation is None else augmentation.to(device),
    )
    schedule = Schedule(
        recipe.phases,
        discriminator_steps=training.discriminator_steps,
        generator_first=training.first_player == "generator",
        micro_batch=training.micro_batch or 0,
    )
    average = Average(generator, training.ema_half_life_kimg, training.ema_ramp, training.ema_decay_per_step)
    players = _players(recipe, game)
    return Trainer(game, players, average, schedule, reals, fresh_reals, listeners)


def _players(recipe: Recipe, game: Game) -> Mapping[Side, Player]:
    loss: AdversarialLoss = recipe.loss.cls(recipe.loss.options)
    penalties: list[Regularizer] = [choice.cls(choice.options).to(game.device) for choice in all_regularizers(recipe)]
    mine = {side: [penalty for penalty in penalties if penalty.side is side] for side in Side}
    training = recipe.training
    return {
        Side.DISCRIMINATOR: Player(
            Side.DISCRIMINATOR,
            game.discriminator,
            discriminator_objective(loss),
            mine[Side.DISCRIMINATOR],
            training.discriminator_optimizer,
        ),
        Side.GENERATOR: Player(
            Side.GENERATOR,
            game.generator,
            generator_objective(loss),
            mine[Side.GENERATOR],
            training.generator_optimizer,
        ),
    }
