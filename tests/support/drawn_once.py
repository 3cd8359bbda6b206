"""Phantoms drawn once per process: hundreds of tests prepare the same few, and drawing one takes 10 ms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ganzoo import Item
from ganzoo_images.phantom import Phantom, PhantomOptions

draw = Phantom.load


@cache
def _drawn(seed: int, anatomy: str, channels: int, resolution: int, key: str) -> NDArray[np.uint8]:
    options = PhantomOptions(seed=seed, anatomy=anatomy, channels=channels, resolution=resolution)
    return draw(Phantom(options), Item(key))


def _load(self: Phantom, item: Item) -> NDArray[np.uint8]:
    given = self.options
    return _drawn(given.seed, given.anatomy, given.channels, given.resolution, item.key).copy()


@contextmanager
def phantoms_drawn_once() -> Iterator[None]:
    """Remember pictures inside."""
    Phantom.load = _load
    try:
        yield
    finally:
        Phantom.load = draw
