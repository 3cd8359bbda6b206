"""Losses: adversarial losses, and regularizers of the discriminator's gradient."""

from __future__ import annotations

from ganzoo import AdversarialLoss, Regularizer, hookimpl
from ganzoo_losses.feature_matching import FeatureMatching
from ganzoo_losses.gradient_penalty import GradientPenalty
from ganzoo_losses.hinge import Hinge
from ganzoo_losses.least_squares import LeastSquares
from ganzoo_losses.logistic import Logistic
from ganzoo_losses.r1 import R1
from ganzoo_losses.r2 import R2
from ganzoo_losses.rahinge import RaHinge
from ganzoo_losses.rpgan import RpGAN
from ganzoo_losses.wgan_gp import WGANGP


@hookimpl
def ganzoo_losses() -> list[type[AdversarialLoss]]:
    """Offer the losses."""
    return [Logistic, RaHinge, RpGAN, WGANGP, Hinge, LeastSquares]


@hookimpl
def ganzoo_regularizers() -> list[type[Regularizer]]:
    """Offer the penalties."""
    return [R1, R2, GradientPenalty, FeatureMatching]
