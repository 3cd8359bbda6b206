"""StyleGAN2 as lucidrains' stylegan2-pytorch has it, and the importer of that package's checkpoints."""

from __future__ import annotations

from ganzoo import Discriminator, Generator, Importer, hookimpl
from ganzoo_lucidrains.discriminator import LucidrainsDiscriminator
from ganzoo_lucidrains.generator import LucidrainsGenerator
from ganzoo_lucidrains.importer import Lucidrains


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    """Offer the generator."""
    return [LucidrainsGenerator]


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    """Offer the discriminator."""
    return [LucidrainsDiscriminator]


@hookimpl
def ganzoo_importers() -> list[type[Importer]]:
    """Offer the reader of checkpoints."""
    return [Lucidrains]
