"""Optimizers: Adam, AdamW and RMSprop."""

from __future__ import annotations

from ganzoo import Optimizer, hookimpl
from ganzoo_optimizers.adam import Adam
from ganzoo_optimizers.adamw import AdamW
from ganzoo_optimizers.rmsprop import RMSprop


@hookimpl
def ganzoo_optimizers() -> list[type[Optimizer]]:
    """Offer the optimizers."""
    return [Adam, AdamW, RMSprop]
