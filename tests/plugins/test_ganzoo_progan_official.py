"""ProGAN against the official TensorFlow networks and losses, at eight points of growth."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from training_world import recipe_of

from ganzoo import ImageSpec
from ganzoo._training.build import build_trainer
from ganzoo._training.game import RealBatch
from ganzoo._training.growth import grow
from ganzoo._training.step import TrainingStep
from ganzoo.contracts.objectives import Role

POINTS = ["0.0", "0.3", "0.75", "1.0", "1.6", "2.0", "2.25", "3.0"]  # levels of detail: how many halvings from 32
POINTS_WITH_LOSSES = ["0.0", "0.3", "1.0", "1.6"]
WIDTHS = {"channel_base": 512, "channel_max": 24}
ADAM = {"learning_rate": 0.001, "betas": [0.0, 0.99]}
RECIPE = {
    "dataset": {"name": "phantom", "resolution": 32, "count": 8},
    "generator": {"name": "progan", "latent_dim": 24} | WIDTHS,
    "discriminator": {"name": "progan", "minibatch_std_group": 4} | WIDTHS,
    "loss": {"name": "wgan-gp", "weight": 10.0, "target": 1.0, "drift": 0.001},
    "training": {
        "batch_size": 8,
        "penalty_space": "final",
        "generator_optimizer": ADAM,
        "discriminator_optimizer": ADAM,
        "growth": {"start_resolution": 4, "stable_kimg": 0.008, "fade_kimg": 0.008},
    },
}
NAMES = {
    "G": (
        (r"4x4/Dense/weight", "blocks.4.dense.weight"),
        (r"4x4/Dense/bias", "blocks.4.bias"),
        (r"4x4/Conv/(.+)", r"blocks.4.convolution.\1"),
        (r"(\d+)x\d+/Conv0_up/(.+)", r"blocks.\1.first.\2"),
        (r"(\d+)x\d+/Conv1/(.+)", r"blocks.\1.second.\2"),
        (r"ToRGB_(lod\d)/(.+)", r"to_rgb.\1.\2"),
    ),
    "D": (
        (r"4x4/Conv/(.+)", r"body.head.convolution.\1"),
        (r"4x4/Dense0/(.+)", r"body.head.dense.\1"),
        (r"4x4/Dense1/(.+)", r"body.head.logit.\1"),
        (r"(\d+)x\d+/Conv0/(.+)", r"body.blocks.\1.first.\2"),
        (r"(\d+)x\d+/Conv1_down/(.+)", r"body.blocks.\1.second.\2"),
        (r"FromRGB_(lod\d)/(.+)", r"body.from_rgb.\1.\2"),
    ),
}


@pytest.fixture(scope="module")
def numbers():
    folder = os.environ.get("GANZOO_REFERENCE")
    if not folder:
        pytest.skip("GANZOO_REFERENCE names no folder of reference numbers")
    with np.load(Path(folder) / "progan_tf.npz") as arrays:
        return {key: torch.from_numpy(arrays[key]) for key in arrays}


def ours(numbers, prefix, network):
    """Arrays of one network (weights, or gradients) by our names and in our layout."""
    found = {}
    for key, value in numbers.items():
        if not key.startswith(f"{prefix}/{network}/"):
            continue
        official = key.removeprefix(f"{prefix}/{network}/")
        pattern, name = next(rule for rule in NAMES[network] if re.fullmatch(rule[0], official))
        name = re.sub(pattern, name, official)
        name = re.sub(r"lod(\d)", lambda level: str(32 >> int(level[1])), name)
        if "_up/weight" in official:  # [h, w, out, in], laid down by a transposed convolution
            value = value.permute(2, 3, 0, 1).flip(2, 3)
        elif value.ndim == 4:
            value = value.permute(3, 2, 0, 1)
        elif value.ndim == 2:
            value = value.t()
        found[name] = value
    return found


@pytest.fixture(scope="module")
def trainer(numbers):
    trainer = build_trainer(recipe_of(RECIPE), ImageSpec(32, 3, 0), torch.device("cpu"), None, None)
    trainer.game.generator.sample_latents = lambda count, rng: numbers["z"]
    return trainer


@pytest.fixture
def at(trainer, numbers):
    """Bring the official networks to a level of detail; return it as (trainer, resolution)."""

    def bring(level):
        trainer.game.generator.load_state_dict(ours(numbers, "var", "G"))
        trainer.game.discriminator.load_state_dict(ours(numbers, "var", "D"))
        whole, part = divmod(float(level), 1)
        resolution = 32 >> int(whole)
        grow([trainer.game.generator, trainer.game.discriminator], resolution, 1 - part)
        return trainer, resolution

    return bring


def close(found, expected, tolerance=1e-4):
    return float((found - expected).abs().max()) <= tolerance * max(1.0, float(expected.abs().max()))


@pytest.mark.parametrize("level", POINTS)
def test_networks_are_the_official_ones_at_every_point_of_growth(numbers, at, level):
    trainer, resolution = at(level)
    factor = 32 // resolution
    none = torch.zeros(8, 0)
    with torch.no_grad():
        made = trainer.game.generator(numbers["z"], none)
        enlarged = torch.nn.functional.interpolate(made, scale_factor=float(factor), mode="nearest")
        assert close(enlarged, numbers[f"G_lod{level}"])
        seen = torch.nn.functional.avg_pool2d(numbers["x"], factor)
        assert close(trainer.game.discriminator(seen, none), numbers[f"D_lod{level}"].squeeze(1))


@pytest.mark.parametrize("level", POINTS_WITH_LOSSES)
@pytest.mark.parametrize("label", ["D", "G"])
def test_losses_and_their_gradients_are_the_official_ones(numbers, at, monkeypatch, level, label):
    """Of a real update: drift, penalty at full resolution, and reals that fade as the official loop has them."""
    trainer, resolution = at(level)
    monkeypatch.setattr(TrainingStep, "uniform", lambda step, *shape: numbers["mix"].reshape(shape))
    reals = numbers[f"reals_lod{level}"]
    assert reals.shape[-1] == resolution
    player = trainer.players[Role.DISCRIMINATOR if label == "D" else Role.GENERATOR]
    batch = RealBatch(reals, torch.zeros(8, 0), 0, lambda: (reals, torch.zeros(8, 0)))
    terms = trainer._play(player.role, batch)
    total = sum(value for name, value in terms.items() if not name.startswith("D("))
    assert close(total, numbers[f"{label}loss_lod{level}"].mean())
    expected = ours(numbers, f"{label}grad_lod{level}", label)
    parameters = dict(player.network.named_parameters())
    assert parameters.keys() == expected.keys()
    largest = max(float(value.abs().max()) for value in expected.values())
    for name, value in expected.items():
        gradient = parameters[name].grad
        found = torch.zeros_like(value) if gradient is None else gradient  # of blocks that have not grown yet
        # The last bias's is what is left of +1 and -1, of which float32 leaves 1e-7.
        scale = max(float(value.abs().max()), 1e-2 * largest)
        assert float((found - value).abs().max()) <= 1e-4 * scale, name
