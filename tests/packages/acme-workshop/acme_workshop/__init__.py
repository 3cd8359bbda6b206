"""A workshop: shapes to train on, a critic that also names their class, and what measures, moves and logs it."""

from __future__ import annotations

from acme_workshop.auxiliary import AuxiliaryCritic, AuxiliaryLoss, FakeClasses, RealClasses
from acme_workshop.diary import Diary
from acme_workshop.edges import EdgeDistance
from acme_workshop.extractor import Bands
from acme_workshop.lion import Lion
from acme_workshop.penalties import MatchedFeatures, NamedFeatures
from acme_workshop.shapes import Shapes
from ganzoo import (
    AdversarialLoss,
    Discriminator,
    Extractor,
    ImageDataset,
    Metric,
    Optimizer,
    Regularizer,
    RunCallback,
    hookimpl,
)

requires_ganzoo_api = 2


@hookimpl
def ganzoo_datasets() -> list[type[ImageDataset]]:
    return [Shapes]


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    return [AuxiliaryCritic]


@hookimpl
def ganzoo_losses() -> list[type[AdversarialLoss]]:
    return [AuxiliaryLoss]


@hookimpl
def ganzoo_regularizers() -> list[type[Regularizer]]:
    return [RealClasses, FakeClasses, MatchedFeatures, NamedFeatures]


@hookimpl
def ganzoo_optimizers() -> list[type[Optimizer]]:
    return [Lion]


@hookimpl
def ganzoo_metrics() -> list[type[Metric]]:
    return [EdgeDistance]


@hookimpl
def ganzoo_extractors() -> list[type[Extractor]]:
    return [Bands]


@hookimpl
def ganzoo_callbacks() -> list[type[RunCallback]]:
    return [Diary]
