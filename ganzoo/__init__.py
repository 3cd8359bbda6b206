"""ganzoo: train GANs from plugins and TOML recipes, score them under one protocol, compare what can be compared.

What a plugin author imports, and `ganzoo.open` for notebooks; loaded on first use, so `import ganzoo` costs no torch.
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
    from ganzoo.explore.opened import open as open
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
    "ganzoo.explore.opened": ("open",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

# Without `open`, which `from ganzoo import *` must not put in place of Python's own.
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
    return sorted([*__all__, "open"])
