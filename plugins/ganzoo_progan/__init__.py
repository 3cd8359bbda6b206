"""ProGAN: the networks of Karras et al. (arXiv:1710.10196), with or without progressive growing."""

from __future__ import annotations

from ganzoo import Discriminator, Generator, hookimpl
from ganzoo_progan.discriminator import ProGANDiscriminator
from ganzoo_progan.generator import ProGANGenerator


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    """Offer the generator."""
    return [ProGANGenerator]


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    """Offer the discriminator."""
    return [ProGANDiscriminator]
