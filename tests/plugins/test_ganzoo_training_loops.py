"""Whole trainings at settings of no recipe: a plain loop in float64 ends with the same weights."""

from __future__ import annotations

import pytest
import torch
from plain_loop import PlainLoop, Settings
from training_world import recipe_of

from ganzoo import ImageSpec
from ganzoo._training.build import build_trainer
from ganzoo.contracts.objectives import Role

BATCH, SIDE, LATENTS = 6, 16, 7
STYLEGAN2 = {"name": "stylegan2", "channel_base": 64, "channel_max": 6}
STYLED = {"latent_dim": LATENTS, "style_dim": 6, "mapping_layers": 2, "style_mixing": 0.0}
R3GAN = {"name": "r3gan", "channels": [16, 8, 8], "blocks": [1]}
CASES = {
    "generator first, lazy": (0, 2, Settings(True, r1=0.7, r1_every=5, path=1.3, path_every=3)),
    "classes, ramp": (3, 3, Settings(False, r1=2.0, r1_every=3, path=0.5, path_every=2, ramp=0.05)),
    "whole batch, steep ramp": (2, 1, Settings(True, r1=0.7, r1_every=2, path=2.0, path_every=4, ramp=0.5)),
    "pairs, both penalties": (2, 1, Settings(False, relativistic=True, r1=0.4, r2=0.9)),
}


class Reals:
    """Four batches over and over."""

    def __init__(self, classes):
        self.images = torch.randn(4 * BATCH, 3, SIDE, SIDE)
        self.labels = (
            torch.eye(classes)[torch.randint(0, classes, (4 * BATCH,))] if classes else self.images[:, :0, 0, 0]
        )

    def at(self, position, count, resolution):
        start = position % len(self.images)
        return self.images[start : start + count], self.labels[start : start + count]


def recipe(settings, shrink):
    adam = [
        {"learning_rate": rate, "betas": list(betas), "epsilon": settings.epsilon}
        for rate, betas in zip(settings.rates, settings.betas, strict=True)
    ]
    networks = {"generator": R3GAN | {"latent_dim": LATENTS}, "discriminator": R3GAN}
    penalties = [{"name": "r1", "gamma": settings.r1}, {"name": "r2", "gamma": settings.r2}]
    if settings.path:
        critic = {"minibatch_std_group": 3, "mapping_layers": 1}
        networks = {"generator": STYLEGAN2 | STYLED, "discriminator": STYLEGAN2 | critic}
        path = {"weight": settings.path, "every": settings.path_every, "batch_shrink": shrink}
        penalties = [{"name": "r1", "gamma": settings.r1, "every": settings.r1_every}, {"name": "path-length"} | path]
    training = {
        "total_kimg": 1,
        "batch_size": BATCH,
        "first_player": "generator" if settings.generator_first else "discriminator",
        "ema_half_life_kimg": settings.half_life / 1000,
        "generator_optimizer": adam[0],
        "discriminator_optimizer": adam[1],
    } | ({} if settings.ramp is None else {"ema_ramp": settings.ramp})
    data = {"name": "phantom", "resolution": SIDE, "count": 8}
    loss = {"name": "rpgan" if settings.relativistic else "logistic"}
    return networks | {"dataset": data, "loss": loss, "regularizers": penalties, "training": training}


def apart(network, plain):
    """The largest difference of a weight, as a share of the largest value of its tensor."""
    pairs = [
        (mine.detach(), theirs.detach()) for mine, theirs in zip(network.parameters(), plain.parameters(), strict=True)
    ]
    return max(float((mine - theirs).abs().max() / theirs.abs().max().clamp_min(1e-9)) for mine, theirs in pairs)


@pytest.mark.ci
@pytest.mark.parametrize("case", CASES)
def test_a_training_ends_where_a_plain_loop_does(case):
    classes, shrink, settings = CASES[case]
    torch.manual_seed(0)
    reals = Reals(classes)
    images = ImageSpec(SIDE, 3, classes)
    trainer = build_trainer(recipe_of(recipe(settings, shrink)), images, torch.device("cpu"), reals, reals)
    generator, critic = trainer.game.generator, trainer.game.discriminator
    with torch.no_grad():  # what begins at 0 counts too
        for value in (*generator.parameters(), *critic.parameters()):
            value += 0.1 * torch.randn_like(value)
    trainer.ema.network.load_state_dict(generator.state_dict())
    if settings.path:
        generator.use_noise("none")
    latents, directions = [], []

    def kept(where, drawn):
        where.append(drawn)
        return drawn

    generator.sample_latents = lambda count, rng: kept(latents, torch.randn(count, LATENTS))
    for penalty in trainer.players[Role.GENERATOR].regularizers:
        penalty.directions = lambda made: kept(directions, torch.randn_like(made))
    loop = PlainLoop(generator, critic, settings)
    for step in range(7):
        latents.clear()
        directions.clear()
        trainer.step(trainer.phase)
        loop.step(*reals.at(step * BATCH, BATCH, SIDE), iter(latents), iter(directions))
    # Rounding puts an activation on the other side of its kink now and then, as in the official trajectory.
    assert apart(generator, loop.g) <= 1e-4
    assert apart(critic, loop.d) <= 1e-4
    assert apart(trainer.ema.network, loop.average) <= 1e-4
    assert loop.steps == trainer.steps == 7
