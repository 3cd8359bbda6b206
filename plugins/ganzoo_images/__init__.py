"""Images: datasets of any images, and of drawn phantoms."""

from __future__ import annotations

from ganzoo import ImageDataset, hookimpl
from ganzoo_images.folder import Folder
from ganzoo_images.phantom import Phantom


@hookimpl
def ganzoo_datasets() -> list[type[ImageDataset]]:
    """Offer the datasets."""
    return [Folder, Phantom]
