"""Pretrained weights of extractors: found, checked and fetched. The face for plugins, loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganzoo.weights.find import PublishedWeights, WeightsPackage, find_weights, load_state

__all__ = ["PublishedWeights", "WeightsPackage", "find_weights", "load_state"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'ganzoo.weights' has no attribute {name!r}")
    return getattr(import_module("ganzoo.weights.find"), name)
