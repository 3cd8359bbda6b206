"""Augmentations in front of the discriminator: ADA (arXiv:2006.06676) and DiffAugment (arXiv:2006.10738)."""

from __future__ import annotations

from ganzoo import Augmentation, hookimpl
from ganzoo_augment.ada import ADA
from ganzoo_augment.diffaugment import DiffAugment


@hookimpl
def ganzoo_augmentations() -> list[type[Augmentation]]:
    """Offer the augmentations."""
    return [ADA, DiffAugment]
