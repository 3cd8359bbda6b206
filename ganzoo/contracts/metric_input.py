"""Metric input: all that a metric may read of generated and real images, and of the networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import JsonValue

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganzoo.contracts.extractors import Extractor
    from ganzoo.contracts.networks import Generator

PIXELS = "pixels"
"""The role under which a metric reads the images themselves, uint8 `[n, C, R, R]`, without any extractor.

All of them are then in memory. A metric that needs less says what it keeps of each (`Metric.describes`).
"""

PlainValue = JsonValue


@dataclass(frozen=True)
class Features:
    """A set of images as a metric reads them: one entry per image, in one order throughout.

    Attributes:
        roles: By role: features, float32 `[n, d]` on the CPU; of `PIXELS` the images, uint8 `[n, C, R, R]`; of a role
            that the metric describes images by, its own rows.
        labels: Class of each image, int64 `[n]`, -1 for none; None where there are no classes.
        subjects: Number of the subject (patient) of each image, int64 `[n]`; None for generated images.
    """

    roles: Mapping[str, Tensor]
    labels: Tensor | None = None
    subjects: Tensor | None = None

    def __getitem__(self, role: str) -> Tensor:
        return self.roles[role]


@dataclass(frozen=True)
class ScoredNetworks:
    """The networks behind a score, for metrics that ask for a capability of theirs.

    Attributes:
        generator: On `device`, in evaluation mode, at its final resolution, with the protocol's noise. Whatever is
            changed of its noise is put back after the metrics.
        extractor: The extractor.
        device: Where to compute.
        seed: Seed of the protocol's draws; a metric that draws seeds its own from it.
        batch_size: Images per forward.
        labels: One-hot labels of the generated images, `[n, L]`; L is 0 where there are no classes.
    """

    generator: Generator
    extractor: Extractor
    device: torch.device
    seed: int
    batch_size: int
    labels: Tensor


@dataclass(frozen=True)
class MetricInput:
    """All that a metric gets. More may be added, so metrics take this one object.

    Attributes:
        generated: The generated images.
        reference: The real ones; without any role for a metric that uses none.
        blocks: Blocks of generated images to leave out, one at a time, for the jackknife's standard error.
        held_out: Real images of a split that is neither the reference's nor was trained on; without any role unless
            the metric uses them.
        networks: The networks; None unless the metric asks for a capability of theirs.
        class_names: Names of classes 0, 1, ...; empty where they have none.
    """

    generated: Features
    reference: Features
    blocks: int
    held_out: Features = field(default_factory=lambda: Features({}))
    networks: ScoredNetworks | None = None
    class_names: tuple[str, ...] = ()
