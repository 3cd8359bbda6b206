"""BigGAN: class-conditional residual networks with spectral normalization (Brock et al., arXiv:1809.11096)."""

from __future__ import annotations

from ganzoo import Discriminator, Generator, Regularizer, hookimpl
from ganzoo_biggan.discriminator import BigGANDiscriminator
from ganzoo_biggan.generator import BigGANGenerator
from ganzoo_biggan.orthogonal import Orthogonal


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    """Offer the generator."""
    return [BigGANGenerator]


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    """Offer the discriminator."""
    return [BigGANDiscriminator]


@hookimpl
def ganzoo_regularizers() -> list[type[Regularizer]]:
    """Offer the penalty."""
    return [Orthogonal]
