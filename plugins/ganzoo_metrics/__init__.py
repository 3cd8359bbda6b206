"""Metrics for scores: each with its paper's definition and a standard error."""

from __future__ import annotations

from ganzoo import Metric, hookimpl
from ganzoo_metrics.class_accuracy import ClassAccuracy
from ganzoo_metrics.class_distances import ClassDistances
from ganzoo_metrics.clipped_density_coverage import ClippedDensityCoverage
from ganzoo_metrics.copying import Copying
from ganzoo_metrics.density_coverage import DensityCoverage
from ganzoo_metrics.equivariance import RotationEquivariance, TranslationEquivariance
from ganzoo_metrics.fid import FrechetDistance
from ganzoo_metrics.fid_infinity import FrechetDistanceInfinity
from ganzoo_metrics.inception_score import InceptionScore
from ganzoo_metrics.kid import KernelDistance
from ganzoo_metrics.ms_ssim import StructuralSimilarity
from ganzoo_metrics.patch_distance import PatchDistance
from ganzoo_metrics.path_length import PathLength
from ganzoo_metrics.precision_recall import PrecisionRecall
from ganzoo_metrics.rbf_mmd import RBFDistance
from ganzoo_metrics.sliced_wasserstein import SlicedWasserstein


@hookimpl
def ganzoo_metrics() -> list[type[Metric]]:
    """Offer the metrics."""
    return [
        FrechetDistance,
        InceptionScore,
        KernelDistance,
        PrecisionRecall,
        ClassAccuracy,
        ClassDistances,
        ClippedDensityCoverage,
        Copying,
        DensityCoverage,
        FrechetDistanceInfinity,
        PatchDistance,
        PathLength,
        RBFDistance,
        RotationEquivariance,
        SlicedWasserstein,
        StructuralSimilarity,
        TranslationEquivariance,
    ]
