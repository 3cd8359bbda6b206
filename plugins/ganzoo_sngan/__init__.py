"""SNGAN and SAGAN: plain and residual networks with spectral normalization (arXiv:1802.05957), and with self-attention.

SAGAN (arXiv:1805.08318) is the residual pair with spectral normalization in both networks and attention in between.
"""

from __future__ import annotations

from ganzoo import Discriminator, Generator, hookimpl
from ganzoo_sngan.discriminator import SNGANDiscriminator
from ganzoo_sngan.generator import SNGANGenerator


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    """Offer the generator."""
    return [SNGANGenerator]


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    """Offer the discriminator."""
    return [SNGANDiscriminator]
