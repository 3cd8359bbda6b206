"""Scoring: one protocol from images to values with errors. What a metric imports; loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganzoo.contracts.metric_input import Features
    from ganzoo.contracts.metric_values import Estimate
    from ganzoo.scoring.influence import (
        SubjectInfluences,
        by_subject,
        influence_estimate,
        interval,
        known_subjects,
        student_quantile,
    )
    from ganzoo.scoring.jackknife import blocks_of, can_leave_out, standard_error

_MODULE_OF = {
    "Estimate": "ganzoo.contracts.metric_values",
    "Features": "ganzoo.contracts.metric_input",
    "SubjectInfluences": "ganzoo.scoring.influence",
    "blocks_of": "ganzoo.scoring.jackknife",
    "by_subject": "ganzoo.scoring.influence",
    "can_leave_out": "ganzoo.scoring.jackknife",
    "influence_estimate": "ganzoo.scoring.influence",
    "interval": "ganzoo.scoring.influence",
    "known_subjects": "ganzoo.scoring.influence",
    "standard_error": "ganzoo.scoring.jackknife",
    "student_quantile": "ganzoo.scoring.influence",
}

__all__ = [
    "Estimate",
    "Features",
    "SubjectInfluences",
    "blocks_of",
    "by_subject",
    "can_leave_out",
    "influence_estimate",
    "interval",
    "known_subjects",
    "standard_error",
    "student_quantile",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'ganzoo.scoring' has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
