"""Augmentations in front of the discriminator: ADA, APA, DiffAugment, instance noise."""

from __future__ import annotations

from ganzoo import Augmentation, hookimpl
from ganzoo_augment.ada import ADA
from ganzoo_augment.apa import APA
from ganzoo_augment.diffaugment import DiffAugment
from ganzoo_augment.instance_noise import InstanceNoise


@hookimpl
def ganzoo_augmentations() -> list[type[Augmentation]]:
    """Offer the augmentations."""
    return [ADA, DiffAugment, APA, InstanceNoise]
