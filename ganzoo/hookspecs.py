"""Hooks: where plugins add parts. A plugin implements any of these with `@hookimpl` and returns classes.

A plugin is a module named by an entry point of the group `ganzoo`:

    [project.entry-points.ganzoo]
    acme = "acme_gan"
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from ganzoo.contracts.augmentations import Augmentation
    from ganzoo.contracts.callbacks import RunCallback
    from ganzoo.contracts.checkpoints import Importer
    from ganzoo.contracts.datasets import ImageDataset
    from ganzoo.contracts.extractors import Extractor
    from ganzoo.contracts.metrics import Metric
    from ganzoo.contracts.networks import Discriminator, Generator
    from ganzoo.contracts.objectives import AdversarialLoss, Regularizer
    from ganzoo.contracts.optimizers import Optimizer
    from ganzoo.contracts.sources import Source

API = 2
"""Number of what plugins are written against; docs/plugin-api.md says what each one changed."""
OLDEST_API = 1
"""The oldest one whose plugins still work; a plugin states its own as `requires_ganzoo_api = 2` in its module."""

ENTRY_POINT_GROUP = "ganzoo"
hookspec = pluggy.HookspecMarker("ganzoo")
hookimpl = pluggy.HookimplMarker("ganzoo")


@hookspec
def ganzoo_generators() -> Iterable[type[Generator]]:
    """Return the generator classes this plugin offers."""


@hookspec
def ganzoo_discriminators() -> Iterable[type[Discriminator]]:
    """Return the discriminator (critic) classes this plugin offers."""


@hookspec
def ganzoo_losses() -> Iterable[type[AdversarialLoss]]:
    """Return the adversarial losses this plugin offers."""


@hookspec
def ganzoo_regularizers() -> Iterable[type[Regularizer]]:
    """Return the penalties this plugin offers: choices beside the loss, such as R1."""


@hookspec
def ganzoo_augmentations() -> Iterable[type[Augmentation]]:
    """Return the augmentations this plugin offers, which stand in front of the discriminator."""


@hookspec
def ganzoo_optimizers() -> Iterable[type[Optimizer]]:
    """Return the optimizers this plugin offers, by which players move."""


@hookspec
def ganzoo_datasets() -> Iterable[type[ImageDataset]]:
    """Return the datasets this plugin can read."""


@hookspec
def ganzoo_sources() -> Iterable[type[Source]]:
    """Return the source formats this plugin reads: how images lie on a disk, whatever dataset they are of."""


@hookspec
def ganzoo_extractors() -> Iterable[type[Extractor]]:
    """Return the feature extractors this plugin offers for scores."""


@hookspec
def ganzoo_metrics() -> Iterable[type[Metric]]:
    """Return the metrics this plugin offers for scores."""


@hookspec
def ganzoo_callbacks() -> Iterable[type[RunCallback]]:
    """Return the callbacks this plugin offers: what watches runs, such as loggers."""


@hookspec
def ganzoo_importers() -> Iterable[type[Importer]]:
    """Return the readers of other people's checkpoints; each fills this plugin's own networks."""
