"""FastGAN: a generator with skip-layer excitation and a self-supervised critic (arXiv:2101.04775)."""

from __future__ import annotations

from ganzoo import Discriminator, Generator, Regularizer, hookimpl
from ganzoo_fastgan.discriminator import FastGANDiscriminator
from ganzoo_fastgan.generator import FastGANGenerator
from ganzoo_fastgan.reconstruction import Reconstruction


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    """Offer the generator."""
    return [FastGANGenerator]


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    """Offer the discriminator."""
    return [FastGANDiscriminator]


@hookimpl
def ganzoo_regularizers() -> list[type[Regularizer]]:
    """Offer the penalty by which the critic supervises itself."""
    return [Reconstruction]
