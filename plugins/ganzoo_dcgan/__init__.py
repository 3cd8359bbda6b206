"""DCGAN: the networks of Radford et al. (arXiv:1511.06434), their common variants, and one with styles."""

from __future__ import annotations

from ganzoo import Discriminator, Generator, hookimpl
from ganzoo_dcgan.discriminator import DCGANDiscriminator
from ganzoo_dcgan.generator import DCGANGenerator
from ganzoo_dcgan.styled import StyledDCGANGenerator


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    """Offer the generators."""
    return [DCGANGenerator, StyledDCGANGenerator]


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    """Offer the discriminator."""
    return [DCGANDiscriminator]
