"""A StyleGAN2 training, step by step: the official loss and optimizer steps give the same weights."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from training_world import recipe_of

from ganzoo import ImageSpec
from ganzoo._training.build import build_trainer
from ganzoo.contracts.objectives import Role
from ganzoo_stylegan2.importers import official_discriminator_weights, official_generator_weights

ADAM = {"learning_rate": 0.0025, "betas": [0.0, 0.99], "epsilon": 0.1}
WIDTHS = {"channel_base": 256, "channel_max": 16}
# As the reference was made; its README says so.
RECIPE = {
    "dataset": {"name": "phantom", "resolution": 32, "count": 8},
    "generator": {"name": "stylegan2", "latent_dim": 16, "style_dim": 16, "mapping_layers": 2, "style_mixing": 0.0}
    | WIDTHS,
    "discriminator": {"name": "stylegan2", "minibatch_std_group": 4} | WIDTHS,
    "loss": {"name": "logistic"},
    "regularizers": [
        {"name": "r1", "gamma": 1.3, "every": 16},
        {"name": "path-length", "weight": 2.0, "every": 4, "batch_shrink": 2},
    ],
    "training": {
        "total_kimg": 0.16,
        "batch_size": 8,
        "first_player": "generator",
        "ema_half_life_kimg": 0.05,
        "generator_optimizer": ADAM,
        "discriminator_optimizer": ADAM,
    },
}


@pytest.fixture(scope="module")
def numbers():
    folder = os.environ.get("GANZOO_REFERENCE")
    if not folder:
        pytest.skip("GANZOO_REFERENCE names no folder of reference numbers")
    with np.load(Path(folder) / "stylegan2_training_20.npz") as arrays:
        return {key: torch.from_numpy(arrays[key]) for key in arrays}


class Reals:
    """The reference's reals, the same four batches over and over."""

    def __init__(self, images):
        self.images = images

    def at(self, position, count, resolution):
        start = position % len(self.images)
        return self.images[start : start + count], torch.zeros(count, 0)


def prepared(numbers):
    """A trainer at step 0 of the reference, whose random numbers are the reference's."""
    reals = Reals(numbers["reals"])
    trainer = build_trainer(recipe_of(RECIPE), ImageSpec(32, 3, 0), torch.device("cpu"), reals, reals)
    generator, discriminator = trainer.game.generator, trainer.game.discriminator
    before = {key.removeprefix("before/"): value for key, value in numbers.items() if key.startswith("before/")}
    state = official_generator_weights({key[2:]: value for key, value in before.items() if key.startswith("G/")})
    generator.load_state_dict(state | {key: value for key, value in generator.state_dict().items() if key not in state})
    trainer.ema.network.load_state_dict(generator.state_dict())
    state = official_discriminator_weights({key[2:]: value for key, value in before.items() if key.startswith("D/")})
    discriminator.load_state_dict(state)
    generator.use_noise("none")

    def latents(trainer=trainer):
        for step in range(20):
            yield numbers["z_generator"][step]
            if step % 4 == 0:
                yield numbers["z_path"][step]
            yield numbers["z_discriminator"][step]

    drawn = latents()
    generator.sample_latents = lambda count, rng: next(drawn)
    (path_length,) = trainer.players[Role.GENERATOR].regularizers
    path_length.directions = lambda images: numbers["path_noise"][trainer.steps]
    return trainer, path_length


def deviations(trainer, path_length, numbers, step):
    """How far each tensor is from the reference's, as a share of its largest value."""
    networks = {
        "G": (trainer.game.generator, official_generator_weights),
        "ema": (trainer.ema.network, official_generator_weights),
        "D": (trainer.game.discriminator, official_discriminator_weights),
    }
    found = {"pl_mean": (path_length.mean, numbers[f"after_{step}/pl_mean"])}
    for label, (network, renamed) in networks.items():
        prefix = f"after_{step}/{label}/"
        state = network.state_dict()
        expected = renamed({key.removeprefix(prefix): value for key, value in numbers.items() if prefix in key})
        found |= {f"{label}/{name}": (state[name], value) for name, value in expected.items()}
    assert len(found) == sum(key.startswith(f"after_{step}/") for key in numbers)
    return {
        name: float((mine - theirs).abs().max() / theirs.abs().max().clamp_min(1e-12))
        for name, (mine, theirs) in found.items()
    }


def test_twenty_steps_give_the_official_weights(numbers):
    trainer, path_length = prepared(numbers)
    for step in range(1, 21):
        trainer.step(trainer.phase)
        if step in (1, 5, 20):
            apart = deviations(trainer, path_length, numbers, step)
            worst = max(apart, key=apart.__getitem__)
            # Within 20 steps rounding may put one activation on the other side of its kink, after which the tensors
            # that it reaches are up to 0.3 % apart: on one processor so with one thread, not with two (4e-7).
            equal = sorted(apart.values())[: len(apart) if step < 20 else 3 * len(apart) // 4]
            assert equal[-1] <= 1e-4, f"step {step}: {worst}"
            assert apart[worst] <= 1e-2, f"step {step}: {worst}"
