"""Photographs of faces."""

from __future__ import annotations

from ganzoo import ImageDataset, hookimpl
from ganzoo_faces.ffhq import Ffhq


@hookimpl
def ganzoo_datasets() -> list[type[ImageDataset]]:
    """Offer the datasets."""
    return [Ffhq]
