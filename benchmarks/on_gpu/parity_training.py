"""Parity of training: whole steps, losses and their gradients, and augmentations, against reference numbers."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ganzoo import ImageSpec
from ganzoo._recipe.load import validate
from ganzoo._registry.registry import Registry
from ganzoo._training.build import build_trainer
from ganzoo._training.game import RealBatch
from ganzoo._training.growth import grow
from ganzoo._training.step import TrainingStep
from ganzoo._training.trainer import Trainer
from ganzoo.contracts.objectives import Role
from ganzoo_augment import ADA
from ganzoo_stylegan2.importers import official_discriminator_weights, official_generator_weights
from on_gpu.parity import Found, Reference, below, progan_weights

SIDE, BATCH = 32, 8
STYLEGAN2 = {
    "generator": {
        "name": "stylegan2",
        "latent_dim": 16,
        "style_dim": 16,
        "mapping_layers": 2,
        "style_mixing": 0.0,
        "channel_base": 256,
        "channel_max": 16,
    },
    "discriminator": {"name": "stylegan2", "minibatch_std_group": 4, "channel_base": 256, "channel_max": 16},
    "loss": {"name": "logistic"},
    "regularizers": [
        {"name": "r1", "gamma": 1.3, "every": 16},
        {"name": "path-length", "weight": 2.0, "every": 4, "batch_shrink": 2},
    ],
    "training": {"total_kimg": 0.16, "first_player": "generator", "ema_half_life_kimg": 0.05},
}
PROGAN = {
    "generator": {"name": "progan", "latent_dim": 24, "channel_base": 512, "channel_max": 24},
    "discriminator": {"name": "progan", "minibatch_std_group": 4, "channel_base": 512, "channel_max": 24},
    "loss": {"name": "wgan-gp", "weight": 10.0, "target": 1.0, "drift": 0.001},
    "training": {
        "total_kimg": 1.0,
        "penalty_space": "final",
        "growth": {"start_resolution": 4, "stable_kimg": 0.008, "fade_kimg": 0.008},
    },
}
# The official names of transforms, and ours.
TRANSFORMS = {
    "xflip": "x_flip",
    "rotate90": "rotate90",
    "xint": "integer_translation",
    "scale": "scale",
    "rotate": "rotation",
    "aniso": "anisotropic_scale",
    "xfrac": "fractional_translation",
    "brightness": "brightness",
    "contrast": "contrast",
    "lumaflip": "luma_flip",
    "hue": "hue",
    "saturation": "saturation",
}


class Repeated:
    """The reference's reals, the same few batches over and over."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def at(self, position: int, count: int, resolution: int) -> tuple[Tensor, Tensor]:
        """Return images and empty labels."""
        start = position % len(self.images)
        return self.images[start : start + count], torch.zeros(count, 0, device=self.images.device)


def trainer_of(recipe: dict[str, Any], reference: Reference, rate: float, epsilon: float, images: Tensor) -> Trainer:
    """Return a trainer of a small recipe, shown the same images again and again."""
    adam = {"learning_rate": rate, "betas": [0.0, 0.99], "epsilon": epsilon}
    training = {"batch_size": BATCH, "generator_optimizer": adam, "discriminator_optimizer": adam}
    whole = recipe | {"dataset": {"name": "phantom", "resolution": SIDE, "count": BATCH}}
    whole["training"] = recipe["training"] | training | reference.training
    chosen = validate(whole, Registry.discover(), "benchmark")
    reals = Repeated(images)
    return build_trainer(chosen, ImageSpec(SIDE, 3, 0), reference.device, reals, reals)


def stylegan2_steps(reference: Reference) -> Found:
    """Twenty steps of StyleGAN2-ADA's own training: both networks, the average, the mean path length."""
    numbers = reference.read("stylegan2_training_20.npz")
    trainer = trainer_of(STYLEGAN2, reference, 0.0025, 0.1, numbers["reals"])
    generator, discriminator = trainer.game.generator, trainer.game.discriminator
    state = official_generator_weights(below(numbers, "before/G/"))
    generator.load_state_dict(state | {key: old for key, old in generator.state_dict().items() if key not in state})
    trainer.ema.network.load_state_dict(generator.state_dict())
    discriminator.load_state_dict(official_discriminator_weights(below(numbers, "before/D/")))
    generator.use_noise("none")
    drawn = iter(
        numbers[name][step]
        for step in range(20)
        for name in ("z_generator", "z_path", "z_discriminator")
        if name != "z_path" or step % 4 == 0
    )
    generator.sample_latents = lambda count, rng: next(drawn)
    (path_length,) = trainer.players[Role.GENERATOR].regularizers
    path_length.directions = lambda images: numbers["path_noise"][trainer.steps]
    networks = (
        ("G", generator, official_generator_weights),
        ("ema", trainer.ema.network, official_generator_weights),
        ("D", discriminator, official_discriminator_weights),
    )
    for step in range(1, 21):
        trainer.step(trainer.phase)
        for label, network, renamed in networks if step in (1, 5, 20) else ():
            state = network.state_dict()
            for name, value in renamed(below(numbers, f"after_{step}/{label}/")).items():
                scale = value.abs().max().clamp_min(1e-12)  # each tensor by its own largest value
                yield f"after {step} {label}/{name}", state[name] / scale, value / scale
        if step in (1, 5, 20):
            yield f"after {step} pl_mean", path_length.mean, numbers[f"after_{step}/pl_mean"]


def progan_losses(reference: Reference) -> Found:
    """ProGAN's networks at eight points of growth, its losses and their gradients at four."""
    numbers = reference.read("progan_tf.npz")
    trainer = trainer_of(PROGAN, reference, 0.001, 1e-8, numbers["x"])
    networks = {"G": trainer.game.generator, "D": trainer.game.discriminator}
    networks["G"].sample_latents = lambda count, rng: numbers["z"]
    none = torch.zeros(BATCH, 0, device=reference.device)
    for level in ("0.0", "0.3", "0.75", "1.0", "1.6", "2.0", "2.25", "3.0"):
        factor = 1 << int(float(level))
        _bring(networks, numbers, level)
        with torch.no_grad():
            made = F.interpolate(networks["G"](numbers["z"], none), scale_factor=float(factor), mode="nearest")
            yield f"G_lod{level}", made, numbers[f"G_lod{level}"]
            logits = networks["D"](F.avg_pool2d(numbers["x"], factor), none)
            yield f"D_lod{level}", logits, numbers[f"D_lod{level}"].squeeze(1)
        if f"reals_lod{level}" in numbers:
            for label in networks:
                yield from _progan_gradients(trainer, networks, numbers, level, label)


def _bring(networks: dict[str, Any], numbers: dict[str, Tensor], level: str) -> None:
    for label, network in networks.items():
        network.load_state_dict(progan_weights(below(numbers, f"var/{label}/"), label))
    whole, part = divmod(float(level), 1)
    grow(networks.values(), SIDE >> int(whole), 1 - part)


def _progan_gradients(trainer: Trainer, networks: Any, numbers: dict[str, Tensor], level: str, label: str) -> Found:
    _bring(networks, numbers, level)
    reals = numbers[f"reals_lod{level}"]
    none = torch.zeros(BATCH, 0, device=reals.device)
    player = trainer.players[Role.DISCRIMINATOR if label == "D" else Role.GENERATOR]
    drawn, TrainingStep.uniform = TrainingStep.uniform, lambda step, *shape: numbers["mix"].reshape(shape)
    try:
        terms = trainer._play(player.role, RealBatch(reals, none, 0, lambda: (reals, none)))
    finally:
        TrainingStep.uniform = drawn
    total = sum(value for name, value in terms.items() if not name.startswith("D("))
    yield f"{label}loss_lod{level}", total, numbers[f"{label}loss_lod{level}"].mean()
    expected = progan_weights(below(numbers, f"{label}grad_lod{level}/{label}/"), label)
    largest = max(float(value.abs().max()) for value in expected.values())
    parameters = dict(player.network.named_parameters())
    for name, value in expected.items():
        # The last bias's is what is left of +1 and -1, of which float32 leaves 1e-7.
        scale = max(float(value.abs().max()), 1e-2 * largest)
        found = parameters[name].grad
        yield (
            f"{label}grad_lod{level}/{name}",
            (torch.zeros_like(value) if found is None else found) / scale,
            value / scale,
        )


class Percentile:
    """Draws fixed as those of the reference numbers; of the two rotations only the first has an angle."""

    def __init__(self, count: int, percentile: float) -> None:
        self.count, self.q, self.p, self.turns = count, percentile, 1.0, 0

    def uniform(self, size: int = 1, *, p: float | None = None) -> Tensor:
        """Return the percentile of a uniform draw."""
        self.turns += p is not None
        return torch.full((self.count, size), 0.0 if self.turns > 1 else 2 * self.q - 1, dtype=torch.float64)

    def normal(self, size: int = 1) -> Tensor:
        """Return the percentile of a normal draw, as the official code has it."""
        return torch.full((self.count, size), 2 * self.q - 1, dtype=torch.float64).erfinv()

    def integer(self, choices: int) -> Tensor:
        """Return the percentile of an integer draw."""
        return torch.full((self.count, 1), math.floor(self.q * choices), dtype=torch.float64)


def augmentations(reference: Reference) -> Found:
    """Each transform of StyleGAN2-ADA alone, its draw fixed."""
    numbers = reference.read("ada_augment.npz")
    images = numbers["images"]
    for official, switch in TRANSFORMS.items():
        options = ADA.Options(**dict.fromkeys(TRANSFORMS.values(), False) | {switch: True})
        pipe = ADA(options, ImageSpec(SIDE, 3)).to(reference.device)
        for q in (0.3, 0.8):
            name = f"{official}_at_{q}"
            yield name, pipe.transform(images, Percentile(len(images), q)), numbers[name]


CASES = {
    "StyleGAN2, 20 steps": stylegan2_steps,
    "ProGAN, losses and gradients": progan_losses,
    "ADA": augmentations,
}
