"""Projected GANs: a critic that reads a pretrained network's features, mixed at random (arXiv:2111.01007)."""

from __future__ import annotations

from ganzoo import Discriminator, hookimpl
from ganzoo_projected.discriminator import ProjectedDiscriminator


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    """Offer the discriminator."""
    return [ProjectedDiscriminator]
