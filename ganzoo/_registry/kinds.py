"""Kinds: hook and base class of each kind of part, by the name that messages have for it. A new kind is a line here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it imports numpy, which a list of names does without
    from ganzoo.contracts.component import Component

# Imported one by one: the contracts of networks import torch, those of what reads images do not.
_HOME_OF: Mapping[str, tuple[str, str, str]] = {
    "generator": ("ganzoo_generators", "networks", "Generator"),
    "discriminator": ("ganzoo_discriminators", "networks", "Discriminator"),
    "loss": ("ganzoo_losses", "objectives", "AdversarialLoss"),
    "regularizer": ("ganzoo_regularizers", "objectives", "Regularizer"),
    "augmentation": ("ganzoo_augmentations", "augmentations", "Augmentation"),
    "optimizer": ("ganzoo_optimizers", "optimizers", "Optimizer"),
    "dataset": ("ganzoo_datasets", "datasets", "ImageDataset"),
    "source": ("ganzoo_sources", "sources", "Source"),
    "extractor": ("ganzoo_extractors", "extractors", "Extractor"),
    "metric": ("ganzoo_metrics", "metrics", "Metric"),
    "callback": ("ganzoo_callbacks", "callbacks", "RunCallback"),
    "importer": ("ganzoo_importers", "checkpoints", "Importer"),
}
KINDS = tuple(_HOME_OF)
HOOK_KINDS = {hook: kind for kind, (hook, _, _) in _HOME_OF.items()}


def base_of(kind: str) -> type[Component]:
    """Return the class that all parts of a kind are subclasses of."""
    _, page, name = _HOME_OF[kind]
    base: type[Component] = getattr(import_module(f"ganzoo.contracts.{page}"), name)
    return base
