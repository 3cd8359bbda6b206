"""Magnetic resonance images."""

from __future__ import annotations

from ganzoo import ImageDataset, hookimpl
from ganzoo_mri.akoa import Akoa
from ganzoo_mri.oasis import Oasis


@hookimpl
def ganzoo_datasets() -> list[type[ImageDataset]]:
    """Offer the datasets."""
    return [Akoa, Oasis]
