"""Suites: the properties of every kind of part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganzoo._registry.kinds import KINDS, base_of
from ganzoo.contracts.component import Component
from ganzoo.contracts.figures import Figure
from ganzoo.testing.augmentations import AUGMENTATION
from ganzoo.testing.callbacks import CALLBACK
from ganzoo.testing.datasets import DATASET
from ganzoo.testing.discriminators import DISCRIMINATOR
from ganzoo.testing.extractors import EXTRACTOR
from ganzoo.testing.failure import ConformanceError
from ganzoo.testing.figures import FIGURE
from ganzoo.testing.generators import GENERATOR
from ganzoo.testing.importers import IMPORTER
from ganzoo.testing.losses import LOSS
from ganzoo.testing.metrics import METRIC
from ganzoo.testing.optimizers import OPTIMIZER
from ganzoo.testing.properties import Suite
from ganzoo.testing.regularizers import REGULARIZER
from ganzoo.testing.sources import SOURCE
from ganzoo.testing.trial import Trial

SUITES: Mapping[str, Suite] = {
    suite.kind: suite
    for suite in (
        GENERATOR,
        DISCRIMINATOR,
        LOSS,
        REGULARIZER,
        AUGMENTATION,
        OPTIMIZER,
        CALLBACK,
        DATASET,
        SOURCE,
        EXTRACTOR,
        METRIC,
        FIGURE,
        IMPORTER,
    )
}


def kind_of(cls: type[Component] | type[Figure]) -> str | None:
    """Return the kind of a part, such as `generator`, or None where it is of none."""
    if issubclass(cls, Figure):
        return FIGURE.kind
    return next((kind for kind in KINDS if issubclass(cls, base_of(kind))), None)


def trial_of(cls: type[Component] | type[Figure], options: Any = None) -> Trial:
    """Return all checks of a part. Raises ConformanceError where it is none."""
    kind = kind_of(cls)
    if kind is None:
        raise ConformanceError(f"{cls.__name__!r} is no part: it is none of {', '.join(SUITES)}")
    suite = SUITES[kind]
    return Trial(suite, suite.case(cls, options))


def properties() -> dict[str, list[str]]:
    """Return what is asked of each kind of part, by name and in the order in which it is asked."""
    return {
        kind: list(dict.fromkeys(each.name for each in (*suite.once, *suite.each))) for kind, suite in SUITES.items()
    }
