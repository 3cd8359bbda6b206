"""A relativistic GAN: residual networks without normalization, paired logits, gradient penalties on both sides."""

from __future__ import annotations

from acme_relativistic.networks import ResidualCritic, ResidualGenerator
from acme_relativistic.objectives import PairedLogistic, ZeroCentered
from ganzoo import AdversarialLoss, Discriminator, Generator, Regularizer, hookimpl

requires_ganzoo_api = 2


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    return [ResidualGenerator]


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    return [ResidualCritic]


@hookimpl
def ganzoo_losses() -> list[type[AdversarialLoss]]:
    return [PairedLogistic]


@hookimpl
def ganzoo_regularizers() -> list[type[Regularizer]]:
    return [ZeroCentered]
