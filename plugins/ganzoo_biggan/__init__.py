"""BigGAN: class-conditional residual networks with spectral normalization (Brock et al., arXiv:1809.11096)."""

from __future__ import annotations

from ganzoo import Discriminator, Generator, hookimpl
from ganzoo_biggan.discriminator import BigGANDiscriminator
from ganzoo_biggan.generator import BigGANGenerator


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    """Offer the generator."""
    return [BigGANGenerator]


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    """Offer the discriminator."""
    return [BigGANDiscriminator]
