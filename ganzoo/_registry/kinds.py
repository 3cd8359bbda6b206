"""Kinds: the base class of each kind of part, by the name that hooks and messages have for it."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo.contracts.checkpoints import Importer
from ganzoo.contracts.component import Component
from ganzoo.contracts.datasets import ImageDataset
from ganzoo.contracts.extractors import Extractor
from ganzoo.contracts.metrics import Metric
from ganzoo.contracts.networks import Discriminator, Generator
from ganzoo.contracts.objectives import AdversarialLoss, Augmentation, Regularizer
from ganzoo.contracts.sources import Source

PART_KINDS: Mapping[str, type[Component]] = {
    "generator": Generator,
    "discriminator": Discriminator,
    "loss": AdversarialLoss,
    "regularizer": Regularizer,
    "augmentation": Augmentation,
    "dataset": ImageDataset,
    "source": Source,
    "extractor": Extractor,
    "metric": Metric,
    "importer": Importer,
}
