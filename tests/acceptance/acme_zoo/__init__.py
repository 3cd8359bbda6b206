"""A made-up plugin with one part of every kind, a file each; each line below is what makes its part known."""

from __future__ import annotations

from ganzoo import hookimpl


@hookimpl
def ganzoo_generators() -> list[type]:
    from acme_zoo.generator import Waves

    return [Waves]


@hookimpl
def ganzoo_discriminators() -> list[type]:
    from acme_zoo.discriminator import Scales

    return [Scales]


@hookimpl
def ganzoo_losses() -> list[type]:
    from acme_zoo.loss import Distance

    return [Distance]


@hookimpl
def ganzoo_augmentations() -> list[type]:
    from acme_zoo.augmentation import Dimming

    return [Dimming]


@hookimpl
def ganzoo_optimizers() -> list[type]:
    from acme_zoo.optimizer import Momentum

    return [Momentum]


@hookimpl
def ganzoo_datasets() -> list[type]:
    from acme_zoo.dataset import Bars

    return [Bars]


@hookimpl
def ganzoo_sources() -> list[type]:
    from acme_zoo.source import BarList

    return [BarList]


@hookimpl
def ganzoo_extractors() -> list[type]:
    from acme_zoo.extractor import Rows

    return [Rows]


@hookimpl
def ganzoo_metrics() -> list[type]:
    from acme_zoo.metric import Gap

    return [Gap]
