"""All built-in networks, losses and penalties, made tiny, and a training that shows whether they play together."""

from __future__ import annotations

import math
from typing import get_args

import torch
from torch import nn
from training_world import trainer_of

from ganzoo._registry.part import Part
from ganzoo._registry.registry import Registry
from ganzoo._training.trainer import Trainer
from ganzoo.contracts.capabilities import Featured, Growable, StyleBased
from ganzoo.contracts.networks import Discriminator
from ganzoo.contracts.objectives import Role

OWN = [part for part in Registry.discover().parts() if part.origin.distribution == "ganzoo-toolkit"]


def own(kind: str) -> list[Part]:
    """The built-in parts of a kind."""
    return [part for part in OWN if part.kind == kind]


GENERATORS, DISCRIMINATORS, LOSSES = own("generator"), own("discriminator"), own("loss")
SMALL = {
    "latent_dim": 8,
    "style_dim": 8,
    "mapping_layers": 2,
    "layers": 3,
    "critical_layers": 1,
    "width": 4,
    "max_width": 8,
    "channel_base": 64,
    "channel_max": 8,
    "capacity": 2,
    "excites": 4,
    "end": 4,
    "features": {"name": "random-features"},
    "seen_at": 16,
    "mixed_channels": 2,
    "projection": 2,
}
SIDE = 16
# Losses whose slope at a logit is 0 nowhere, whatever the others are.
SEES_EVERY_LOGIT = ("logistic", "least-squares")


def small(part: Part, **more) -> dict:
    """The part with the sizes among its options made tiny."""
    fields = part.cls.Options.model_fields
    sizes = {key: value for key, value in (SMALL | more).items() if key in fields}
    # A size to one part may be a switch to another, which stays as it is.
    return {"name": part.name} | {
        key: value for key, value in sizes.items() if not isinstance(fields[key].default, bool)
    }


def experiment(generator: Part, discriminator: Part, loss: Part, *, grows: bool, classes: int, channels: int) -> dict:
    """A recipe of two batches, or of one per phase; penalties of every kind that fits, lazy ones too."""
    per_image = bool(loss.cls.regularizers(loss.cls.Options()))
    penalties = [] if per_image else [{"name": "r1", "gamma": 0.1, "every": 2}, {"name": "r2", "gamma": 0.1}]
    if issubclass(discriminator.cls, Featured):
        penalties.append({"name": "feature-matching", "weight": 0.1})
    if issubclass(generator.cls, StyleBased):
        penalties.append({"name": "path-length", "every": 2})
    growth = {"growth": {"start_resolution": 4, "stable_kimg": 0.004, "fade_kimg": 0.004}} if grows else {}
    return {
        "dataset": {"name": "tiny", "resolution": SIDE, "count": 24, "channels": channels, "classes": classes},
        "generator": small(generator, style_mixing=0.9),
        "discriminator": small(discriminator, normalization=normalization(discriminator)),
        "loss": {"name": loss.name},
        "regularizers": penalties,
        "training": {"total_kimg": 0.024 if grows else 0.008, "batch_size": 4, **growth},
    }


def normalization(discriminator: Part) -> str:
    """The one that goes with every penalty."""
    field = discriminator.cls.Options.model_fields.get("normalization")
    return "layer" if field is not None and "layer" in get_args(field.annotation) else "none"


def fit(discriminator: Part, loss: Part) -> bool:
    """Whether the loss takes as many logits as the discriminator gives."""
    one = discriminator.cls.logits_per_image.__func__ is Discriminator.logits_per_image.__func__
    return one or loss.cls.takes_many_logits


def can_grow(*parts: Part) -> bool:
    return all(issubclass(part.cls, Growable) for part in parts)


def used(network: nn.Module, inputs: tuple[int, ...], classes: int) -> set[str]:
    """The parameters that a forward depends on: a network that can grow but does not leaves some out."""
    labels = torch.eye(max(classes, 1))[torch.arange(4) % max(classes, 1)][:, :classes]
    output = network(torch.randn(4, *inputs), labels)
    names, parameters = zip(*network.named_parameters(), strict=True)
    slopes = torch.autograd.grad((output * torch.randn_like(output)).sum(), parameters, allow_unused=True)
    return {name for name, slope in zip(names, slopes, strict=True) if slope is not None}


def train(recipe: dict) -> None:
    """Train to the end: losses are finite, and gradients reach every parameter of both networks and of penalties.

    Where it must be exactly 0 they have one all the same: of a player whose hinge is met at every step, and of biases
    of a critic that move the logits of these few images alike, under a loss of differences.
    """
    trainer = trainer_of(recipe)
    missed, connected = _wanted(trainer, recipe), set[str]()

    def watch(name: str, parameter: nn.Parameter) -> None:
        def note(reached: nn.Parameter) -> None:
            assert torch.isfinite(reached.grad).all(), name
            connected.add(name)
            if reached.grad.any():
                missed.discard(name)

        parameter.register_post_accumulate_grad_hook(note)

    for name, parameter in _trained(trainer).items():
        watch(name, parameter)
    reports = []
    trainer.callbacks.append(type("Note", (), {"on_step_end": lambda self, trainer, report: reports.append(report)})())
    trainer.run()
    assert trainer.finished
    assert all(math.isfinite(value) for report in reports for value in report.values())
    for role in Role:
        if not any(report[f"{role.value}/loss"] for report in reports):
            missed -= {name for name in connected if name.startswith(role.value)}
    if recipe["loss"]["name"] not in SEES_EVERY_LOGIT:
        missed -= {name for name in connected if name.startswith("discriminator") and name.endswith(".bias")}
    assert not missed, f"no gradient reached {sorted(missed)}"


def _trained(trainer: Trainer) -> dict[str, nn.Parameter]:
    """All that is trained, by whose it is."""
    owners = {Role.GENERATOR.value: trainer.game.generator, Role.DISCRIMINATOR.value: trainer.game.discriminator}
    owners |= {f"penalty of the {role.value}": player.regularizers for role, player in trainer.players.items()}
    return {
        f"{owner} {name}": parameter
        for owner, module in owners.items()
        for name, parameter in module.named_parameters()
        if parameter.requires_grad
    }


def _wanted(trainer: Trainer, recipe: dict) -> set[str]:
    """What gradients must reach: penalties' weights, and what networks that grow have, or what a forward depends on."""
    names, spec, game = set(_trained(trainer)), recipe["dataset"], trainer.game
    if "growth" in recipe["training"]:
        return names
    forwards: list[tuple[Role, nn.Module, tuple[int, ...]]] = [
        (Role.GENERATOR, game.generator, (game.generator.latent_dim,)),
        (Role.DISCRIMINATOR, game.discriminator, (spec["channels"], SIDE, SIDE)),
    ]
    used_by = {
        f"{role.value} {name}" for role, each, inputs in forwards for name in used(each, inputs, spec["classes"])
    }
    return {name for name in names if name in used_by or name.startswith("penalty")}
