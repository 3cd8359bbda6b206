"""StyleGAN: the networks of Karras et al. (arXiv:1812.04948), with or without progressive growing."""

from __future__ import annotations

from ganzoo import Discriminator, Generator, Importer, hookimpl
from ganzoo_stylegan.discriminator import StyleGANDiscriminator
from ganzoo_stylegan.foreign import Huangzh13, Rosinality
from ganzoo_stylegan.generator import StyleGANGenerator
from ganzoo_stylegan.tensorflow import NvidiaTensorFlow


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    """Offer the generator."""
    return [StyleGANGenerator]


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    """Offer the discriminator."""
    return [StyleGANDiscriminator]


@hookimpl
def ganzoo_importers() -> list[type[Importer]]:
    """Offer the readers of other people's checkpoints."""
    return [NvidiaTensorFlow, Huangzh13, Rosinality]
