"""Regularizers: penalties beside the gradient penalties that losses are used with."""

from __future__ import annotations

from ganzoo import Regularizer, hookimpl
from ganzoo_regularizers.bcr import BCR
from ganzoo_regularizers.cross_scale import CrossScaleConsistency
from ganzoo_regularizers.dragan import DRAGAN
from ganzoo_regularizers.finite_difference_r1 import FiniteDifferenceR1
from ganzoo_regularizers.finite_difference_r2 import FiniteDifferenceR2
from ganzoo_regularizers.lecam import LeCam
from ganzoo_regularizers.mode_seeking import ModeSeeking
from ganzoo_regularizers.optimal_transport import OptimalTransport
from ganzoo_regularizers.zcr import ZCRDiscriminator, ZCRGenerator


@hookimpl
def ganzoo_regularizers() -> list[type[Regularizer]]:
    """Offer the penalties."""
    return [
        FiniteDifferenceR1,
        FiniteDifferenceR2,
        BCR,
        ZCRDiscriminator,
        ZCRGenerator,
        DRAGAN,
        LeCam,
        ModeSeeking,
        CrossScaleConsistency,
        OptimalTransport,
    ]
