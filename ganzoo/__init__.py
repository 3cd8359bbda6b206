"""ganzoo: train GANs from plugins and TOML recipes, score them under one protocol, compare what can be compared.

What a plugin author imports; loaded on first use, so that `import ganzoo` costs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from ganzoo.contracts import (
        AdversarialLoss,
        Augmentation,
        Choice,
        Discriminator,
        Extractor,
        ForeignCheckpoint,
        ForeignNetwork,
        Generator,
        Growable,
        ImageDataset,
        ImageSpec,
        Importer,
        Item,
        NoiseInputs,
        NoiseMode,
        Regularizer,
        Setting,
        Side,
        Step,
        StyleBased,
        Weights,
    )
    from ganzoo.errors import CheckpointError, DataError, GanzooError, PluginError, RecipeError, WeightsError
    from ganzoo.hookspecs import hookimpl

_HOME = {
    "ganzoo.contracts": (
        "AdversarialLoss",
        "Augmentation",
        "Choice",
        "Discriminator",
        "Extractor",
        "ForeignCheckpoint",
        "ForeignNetwork",
        "Generator",
        "Growable",
        "ImageDataset",
        "ImageSpec",
        "Importer",
        "Item",
        "NoiseInputs",
        "NoiseMode",
        "Regularizer",
        "Setting",
        "Side",
        "Step",
        "StyleBased",
        "Weights",
    ),
    "ganzoo.errors": ("CheckpointError", "DataError", "GanzooError", "PluginError", "RecipeError", "WeightsError"),
    "ganzoo.hookspecs": ("hookimpl",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "AdversarialLoss",
    "Augmentation",
    "CheckpointError",
    "Choice",
    "DataError",
    "Discriminator",
    "Extractor",
    "ForeignCheckpoint",
    "ForeignNetwork",
    "GanzooError",
    "Generator",
    "Growable",
    "ImageDataset",
    "ImageSpec",
    "Importer",
    "Item",
    "NoiseInputs",
    "NoiseMode",
    "PluginError",
    "RecipeError",
    "Regularizer",
    "Setting",
    "Side",
    "Step",
    "StyleBased",
    "Weights",
    "WeightsError",
    "__version__",
    "hookimpl",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'ganzoo' has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
