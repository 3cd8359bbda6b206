"""Kinds: the base class of each kind of part, by the name that hooks and messages have for it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from ganzoo.contracts.component import Component

# Imported one by one: the contracts of networks import torch, those of what reads images do not.
_HOME_OF: Mapping[str, tuple[str, str]] = {
    "generator": ("networks", "Generator"),
    "discriminator": ("networks", "Discriminator"),
    "loss": ("objectives", "AdversarialLoss"),
    "regularizer": ("objectives", "Regularizer"),
    "augmentation": ("objectives", "Augmentation"),
    "dataset": ("datasets", "ImageDataset"),
    "source": ("sources", "Source"),
    "extractor": ("extractors", "Extractor"),
    "metric": ("metrics", "Metric"),
    "importer": ("checkpoints", "Importer"),
}
KINDS = tuple(_HOME_OF)


def base_of(kind: str) -> type[Component]:
    """Return the class that all parts of a kind are subclasses of."""
    page, name = _HOME_OF[kind]
    base: type[Component] = getattr(import_module(f"ganzoo.contracts.{page}"), name)
    return base
