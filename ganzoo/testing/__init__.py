"""Conformance checks for every kind of part, and tiny parts: for the tests of this project and of plugins.

One line tests a plugin's part:

    from ganzoo.testing import check_generator
    check_generator(AcmeGenerator)
"""

from __future__ import annotations

from typing import Any

from ganzoo.contracts.component import Component
from ganzoo.contracts.figures import Figure
from ganzoo.testing.augmentations import check_augmentation
from ganzoo.testing.callbacks import check_callback
from ganzoo.testing.collected import conformance
from ganzoo.testing.critics import TinyAuxiliaryDiscriminator, TinyFeaturedDiscriminator, TinyPatchDiscriminator
from ganzoo.testing.datasets import check_dataset
from ganzoo.testing.discriminators import check_discriminator
from ganzoo.testing.extractors import check_extractor
from ganzoo.testing.failure import ConformanceError
from ganzoo.testing.figures import check_figure
from ganzoo.testing.generators import check_generator
from ganzoo.testing.importers import check_importer
from ganzoo.testing.losses import check_loss
from ganzoo.testing.metrics import check_metric
from ganzoo.testing.optimizers import check_optimizer
from ganzoo.testing.parts import (
    TinyDataset,
    TinyDiscriminator,
    TinyGenerator,
    TinyGrowableDiscriminator,
    TinyGrowableGenerator,
    TinyLoss,
    TinyStyledGenerator,
)
from ganzoo.testing.regularizers import check_regularizer
from ganzoo.testing.settings import small_context
from ganzoo.testing.sources import check_source
from ganzoo.testing.step import LinearStep
from ganzoo.testing.suites import trial_of
from ganzoo.testing.trial import require_all

__all__ = [
    "ConformanceError",
    "LinearStep",
    "TinyAuxiliaryDiscriminator",
    "TinyDataset",
    "TinyDiscriminator",
    "TinyFeaturedDiscriminator",
    "TinyGenerator",
    "TinyGrowableDiscriminator",
    "TinyGrowableGenerator",
    "TinyLoss",
    "TinyPatchDiscriminator",
    "TinyStyledGenerator",
    "check_augmentation",
    "check_callback",
    "check_dataset",
    "check_discriminator",
    "check_extractor",
    "check_figure",
    "check_generator",
    "check_importer",
    "check_loss",
    "check_metric",
    "check_optimizer",
    "check_part",
    "check_regularizer",
    "check_source",
    "conformance",
    "small_context",
]


def check_part(cls: type[Component] | type[Figure], options: Any = None) -> None:
    """Check a part of any kind; a figure without drawing it (see `check_figure`).

    Args:
        cls: The part.
        options: What to test it with; if None its `example_options`, or the defaults of its options.

    Raises:
        ConformanceError: Listing all that it fails: what was expected, and what was found.
    """
    require_all(trial_of(cls, options))
