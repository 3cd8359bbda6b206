"""Feature extractors for scores."""

from __future__ import annotations

from ganzoo import Extractor, hookimpl
from ganzoo_features.dinov2 import DINOv2Large, DINOv2Small
from ganzoo_features.inception import InceptionV3Compat
from ganzoo_features.lite0 import Lite0
from ganzoo_features.lite2 import Lite2
from ganzoo_features.random import RandomFeatures
from ganzoo_features.vgg16 import VGG16


@hookimpl
def ganzoo_extractors() -> list[type[Extractor]]:
    """Offer the extractors."""
    return [DINOv2Large, DINOv2Small, InceptionV3Compat, Lite0, Lite2, RandomFeatures, VGG16]
