"""EfficientNet-Lite2: a second judge from a package, for what was trained with the first one's features."""

from __future__ import annotations

from typing import ClassVar

from ganzoo_features.from_file import LITE2_WEIGHTS
from ganzoo_features.lite0 import Lite0


class Lite2(Lite0):
    """EfficientNet-Lite2 trained on ImageNet, wider and deeper than Lite0; its weights are a package too.

    Its scores are labeled FD-lite2, KD-lite2 and so on. It was trained by the same authors on the same pictures as
    Lite0, from other initial weights: a critic that reads Lite0's features is not judged by what it read, but by a
    relative of it.

    Paper: arXiv:1905.11946.
    """

    name = "efficientnet-lite2"
    published = LITE2_WEIGHTS
    label = "lite2"
    # Compound scaling as the published weights have it: width, depth, side.
    width: ClassVar[float] = 1.1
    depth: ClassVar[float] = 1.2
    side: ClassVar[int] = 260
    map_widths: ClassVar[tuple[int, ...]] = (24, 48, 120, 352)
