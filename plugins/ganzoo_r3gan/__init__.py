"""R3GAN: the residual networks of Huang et al. (arXiv:2501.05441), without normalization and without styles."""

from __future__ import annotations

from ganzoo import Discriminator, Generator, Importer, hookimpl
from ganzoo_r3gan.discriminator import R3GANDiscriminator
from ganzoo_r3gan.generator import R3GANGenerator
from ganzoo_r3gan.importer import R3GANSnapshots


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    """Offer the generator."""
    return [R3GANGenerator]


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    """Offer the discriminator."""
    return [R3GANDiscriminator]


@hookimpl
def ganzoo_importers() -> list[type[Importer]]:
    """Offer the reader of the authors' snapshots."""
    return [R3GANSnapshots]
