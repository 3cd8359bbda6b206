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
from ganzoo.testing.critics import TinyFeaturedDiscriminator, TinyPatchDiscriminator
from ganzoo.testing.datasets import check_dataset
from ganzoo.testing.discriminators import check_discriminator
from ganzoo.testing.extractors import check_extractor
from ganzoo.testing.failure import ConformanceError, kind_of
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

__all__ = [
    "ConformanceError",
    "LinearStep",
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
    "small_context",
]

_CHECKS: dict[str | None, Any] = {
    "generator": check_generator,
    "discriminator": check_discriminator,
    "loss": check_loss,
    "regularizer": check_regularizer,
    "augmentation": check_augmentation,
    "optimizer": check_optimizer,
    "callback": check_callback,
    "dataset": check_dataset,
    "extractor": check_extractor,
    "metric": check_metric,
    "importer": check_importer,
    "source": lambda cls, options: check_source(cls, options=options),
}


def check_part(cls: type[Component] | type[Figure], options: Any = None) -> None:
    """Check a part of any kind; a figure without drawing it (see `check_figure`).

    Args:
        cls: The part.
        options: What to test it with; the defaults of its options if None.

    Raises:
        ConformanceError: Naming the part, what was expected, and what was found.
    """
    if issubclass(cls, Figure):
        check_figure(cls, options)
        return
    check = _CHECKS.get(kind_of(cls))
    if check is None:
        kinds = ", ".join(str(kind) for kind in _CHECKS)
        raise ConformanceError(f"{cls.__name__!r} is no part: it is none of {kinds}")
    check(cls, options)
