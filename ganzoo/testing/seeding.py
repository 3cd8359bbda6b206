"""Seeding: random numbers that a test chooses, with the global streams left as they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ganzoo._random.global_streams import seed_torch
from ganzoo.contracts.capabilities import NoiseInputs

SEED = 20


@contextmanager
def seeded(seed: int = SEED) -> Iterator[None]:
    """Use one seed inside and leave the global random state as it was."""
    with torch.random.fork_rng(devices=[]):
        seed_torch(seed)
        yield


@contextmanager
def steady(network: object) -> Iterator[None]:
    """Use constant noise inside, where the network has noise inputs."""
    if not isinstance(network, NoiseInputs):
        yield
        return
    network.use_noise("constant")
    try:
        yield
    finally:
        network.use_noise("random")
