"""Scoring: one protocol from images to values with errors. What a metric imports; loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganzoo.contracts.metric_input import Features
    from ganzoo.contracts.metric_values import Estimate
    from ganzoo.scoring.jackknife import blocks_of, can_leave_out, standard_error

_MODULE_OF = {
    "Estimate": "ganzoo.contracts.metric_values",
    "Features": "ganzoo.contracts.metric_input",
    "blocks_of": "ganzoo.scoring.jackknife",
    "can_leave_out": "ganzoo.scoring.jackknife",
    "standard_error": "ganzoo.scoring.jackknife",
}

__all__ = ["Estimate", "Features", "blocks_of", "can_leave_out", "standard_error"]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'ganzoo.scoring' has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
