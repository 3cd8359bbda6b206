"""Building of what trains, from a recipe: networks, players, trainer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ganzoo._inference.build import build_discriminator, build_generator, build_part
from ganzoo._random.global_streams import seed_torch
from ganzoo._random.seeds import seed_for
from ganzoo._recipe.compatibility import all_regularizers
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.sampling_compatibility import check_noise
from ganzoo._recipe.selection import Selection
from ganzoo._training.arithmetic import Arithmetic
from ganzoo._training.course import Course
from ganzoo._training.ema import EMA
from ganzoo._training.game import Game
from ganzoo._training.loss_scale import LossScale
from ganzoo._training.other_share import OtherShare
from ganzoo._training.player import Player, discriminator_objective, generator_objective
from ganzoo._training.reals import RealStream
from ganzoo._training.trainer import Callback, Trainer
from ganzoo.contracts.augmentations import Augmentation
from ganzoo.contracts.component import ConfiguredPart, ImageSpec
from ganzoo.contracts.objectives import AdversarialLoss, Regularizer, Role
from ganzoo.contracts.optimizers import Optimizer
from ganzoo.contracts.shared_regularizer import SharedRegularizer
from ganzoo.layers.memory_format import lay_channels_last
from ganzoo.layers.ranks import Ranks


def check_networks_build(recipe: Recipe) -> None:
    """Raise GanzooError if a network of the recipe cannot be built, or scored as it says, before data are prepared."""
    images: ImageSpec = recipe.dataset.cls.spec_of(recipe.dataset.options)
    check_noise(recipe, _tried("generator", recipe.generator, images))
    _tried("discriminator", recipe.discriminator, images)


def _tried(role: str, chosen: Selection, images: ImageSpec) -> Any:
    try:
        with torch.device("meta"):  # takes no memory
            return build_part(role, chosen, images)
    except Exception:  # a part that reads numbers has none there: the CPU decides
        return build_part(role, chosen, images)


def build_augmentation(selection: Selection | None, images: ImageSpec, seed: int) -> Augmentation | None:
    """Build what stands in front of the discriminator, on the CPU, or nothing."""
    if selection is None:
        return None
    # Each part is drawn from a seed of its own, so that changing one part leaves the weights of the others.
    seed_torch(seed_for(seed, "initialisation", "augmentation"))
    augmentation: Augmentation = build_part("augmentation", selection, images)
    return augmentation


def build_trainer(
    recipe: Recipe,
    images: ImageSpec,
    device: torch.device,
    reals: RealStream,
    fresh_reals: RealStream,
    callbacks: Sequence[Callback] = (),
    ranks: Ranks | None = None,
) -> Trainer:
    """Build both networks, their players and the trainer of a recipe, at image 0."""
    training = recipe.training
    # Built on the CPU, then moved: the initial weights of a seed are the same on every device.
    generator = build_generator(recipe.generator, images, recipe.seed)
    discriminator = build_discriminator(recipe.discriminator, images, recipe.seed)
    for network in (generator, discriminator):
        lay_channels_last(network.to(device))
    augmentation = build_augmentation(recipe.augmentation, images, recipe.seed)
    # What both players and every step share, and what does not change.
    game = Game(
        generator,
        discriminator,
        device,
        recipe.seed,
        lift_to=images.resolution if training.penalty_space == "final" else None,
        arithmetic=Arithmetic.of(training),
        augmentation=None if augmentation is None else augmentation.to(device),
    )
    course = Course(
        recipe.phases,
        discriminator_steps=training.discriminator_steps,
        generator_first=training.first_player == "generator",
        shares_fakes=training.share_fakes,
        micro_batch=training.micro_batch or 0,
        most_seconds=3600 * training.most_hours if training.most_hours else math.inf,
    )
    # A copy of the generator as it begins, before any step.
    ema = EMA(generator, training.ema_half_life_kimg, training.ema_ramp, training.ema_decay_per_step)
    # One loss for both players, since some have to agree on their targets; a penalty belongs to one of them.
    chosen = [ConfiguredPart(recipe.loss.cls, recipe.loss.options), *all_regularizers(recipe)]
    loss, *penalties = _objectives(chosen, game, images)
    players = _players(recipe, game, loss, penalties)
    of_parts = list(zip([loss, *penalties], [choice.options for choice in chosen], strict=True))
    if augmentation is not None and recipe.augmentation is not None:
        of_parts.append((augmentation, recipe.augmentation.options))
    return Trainer(game, players, ema, course, reals, fresh_reals, callbacks, of_parts, ranks)


def _objectives(chosen: Sequence[ConfiguredPart[Any]], game: Game, images: ImageSpec) -> list[Any]:
    """Build the loss and the penalties, with weights of their own where they have any."""
    built = []
    for number, choice in enumerate(chosen):
        # As each part's: which others there are changes no initial weight.
        seed_torch(seed_for(game.seed, "initialisation", "objective", number))
        part = choice.cls(choice.options)
        part.prepare(images, game.discriminator)
        built.append(part.to(game.device))
    return built


def _players(
    recipe: Recipe, game: Game, loss: AdversarialLoss, penalties: Sequence[Regularizer]
) -> Mapping[Role, Player]:
    mine = {role: [penalty for penalty in penalties if penalty.applies_to is role] for role in Role}
    # What both descend is trained and saved by the player that it applies to; the other has a share of it alone.
    shared = [penalty for penalty in penalties if isinstance(penalty, SharedRegularizer)]
    shares = {role: [OtherShare(each) for each in shared if each.applies_to is not role] for role in Role}
    training = recipe.training
    return {
        Role.DISCRIMINATOR: Player(
            Role.DISCRIMINATOR,
            game.discriminator,
            discriminator_objective(loss),
            mine[Role.DISCRIMINATOR],
            _optimizer(training.discriminator_optimizer),
            LossScale(game.device, enabled=game.arithmetic.scales_losses),
            loss if loss.trained_by is Role.DISCRIMINATOR else None,
            shares[Role.DISCRIMINATOR],
        ),
        Role.GENERATOR: Player(
            Role.GENERATOR,
            game.generator,
            generator_objective(loss),
            mine[Role.GENERATOR],
            _optimizer(training.generator_optimizer),
            LossScale(game.device, enabled=game.arithmetic.scales_losses),
            loss if loss.trained_by is Role.GENERATOR else None,
            shares[Role.GENERATOR],
        ),
    }


def _optimizer(selection: Selection) -> Optimizer:
    optimizer: Optimizer = selection.cls(selection.options)
    return optimizer
