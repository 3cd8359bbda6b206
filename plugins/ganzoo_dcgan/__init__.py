"""DCGAN: the networks of Radford et al. (arXiv:1511.06434) and their common variants."""

from __future__ import annotations

from ganzoo import Discriminator, Generator, hookimpl
from ganzoo_dcgan.discriminator import DCGANDiscriminator
from ganzoo_dcgan.generator import DCGANGenerator


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    """Offer the generator."""
    return [DCGANGenerator]


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    """Offer the discriminator."""
    return [DCGANDiscriminator]
