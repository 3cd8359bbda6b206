"""Regularizers: penalties beside the gradient penalties that losses are used with."""

from __future__ import annotations

from ganzoo import Regularizer, hookimpl
from ganzoo_regularizers.finite_difference_r1 import FiniteDifferenceR1
from ganzoo_regularizers.finite_difference_r2 import FiniteDifferenceR2


@hookimpl
def ganzoo_regularizers() -> list[type[Regularizer]]:
    """Offer the penalties."""
    return [FiniteDifferenceR1, FiniteDifferenceR2]
