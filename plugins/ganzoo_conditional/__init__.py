"""Conditional losses: penalties by which any critic with features learns classes, and teaches them to the generator."""

from __future__ import annotations

from ganzoo import Regularizer, hookimpl
from ganzoo_conditional.acgan import AuxiliaryClassifier
from ganzoo_conditional.contrastive import ConditionalContrastive


@hookimpl
def ganzoo_regularizers() -> list[type[Regularizer]]:
    """Offer the penalties."""
    return [AuxiliaryClassifier, ConditionalContrastive]
