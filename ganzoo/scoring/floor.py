"""Floor of a score: real images in place of generated ones, under the same protocol. A perfect generator would get it.

Images held out of the training stand in, or one half of the reference, whole subjects, for the other half: whichever
gives more images, since the count moves most metrics. Floors are cached by all that they depend on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import JsonValue, ValidationError

from ganzoo._io.atomic import write_json
from ganzoo._io.cache_dir import cache_root
from ganzoo._io.regular_file import read_regular
from ganzoo._runs.plain_data import Floor
from ganzoo.contracts.metric_input import Features, MetricInput
from ganzoo.contracts.metrics import Metric
from ganzoo.data.pack.pack import Pack
from ganzoo.errors import GanzooError, PluginError
from ganzoo.scoring.class_scores import class_scores
from ganzoo.scoring.estimates import estimates_of
from ganzoo.scoring.image_set import ImageSet
from ganzoo.scoring.influence import known_subjects
from ganzoo.scoring.protocol import ScoringProtocol, held_out_split, identity_of
from ganzoo.scoring.real_features import RealFeatures

_VERSION = 2
"""Raised whenever floors or their errors are computed differently."""

_FOLDER = "floors"


@dataclass(frozen=True)
class StandIns:
    """The real images that stand in for generated ones.

    Attributes:
        split: The split that they are from; None: half of the reference, for its other half.
        images: How many they are.
        reference_images: How many they are compared with.
        choice: What they are, in words.
    """

    split: str | None
    images: int
    reference_images: int
    choice: str


def has_floor(metric: Metric) -> bool:
    """Whether real images can stand in: it compares sets of images, and asks for no network and no third set."""
    asks = metric.uses_held_out or metric.generator_must_be is not None or metric.extractor_must_be is not None
    return metric.uses_reference and not asks


def stand_ins(pack: Pack, protocol: ScoringProtocol) -> StandIns:
    """Choose the real images that stand in for generated ones."""
    count = protocol.reference_images
    one, other = halves(pack.split(protocol.split).subjects[:count])
    trained = "train" if protocol.split != "train" and "train" in pack.splits else None
    split = held_out_split(pack, protocol.split) or trained
    apart = min(protocol.generated, len(pack.split(split))) if split else 0
    if split and apart >= min(protocol.generated, len(one)):
        return StandIns(split, apart, count, f"split '{split}'")
    by_subject = known_subjects(torch.from_numpy(pack.split(protocol.split).subjects[:count].copy())) is not None
    half = f"half of {'the subjects of ' if by_subject else ''}split '{protocol.split}'"
    return StandIns(None, min(protocol.generated, len(one)), len(other), half)


def floor_protocol(pack: Pack, protocol: ScoringProtocol) -> ScoringProtocol | None:
    """Return the protocol under which stand-ins of another split are read; None where they are of the reference."""
    metrics, chosen = tuple(filter(has_floor, protocol.metrics)), stand_ins(pack, protocol)
    if chosen.split is None or not metrics:
        return None
    changes = {"metrics": metrics, "split": chosen.split, "reference_images": chosen.images}
    return protocol.model_copy(update=changes)


def halves(subjects: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Divide images into two halves of nearly equal size that share no subject; return their indices, in order."""
    found, number, counts = np.unique(subjects, return_inverse=True, return_counts=True)
    sizes, half_of = [0, 0], np.zeros(len(found), np.int64)
    for subject in np.argsort(-counts, kind="stable"):  # largest first, each into the half that is smaller so far
        half_of[subject] = int(sizes[1] < sizes[0])
        sizes[half_of[subject]] += int(counts[subject])
    image_half = half_of[number]
    return np.flatnonzero(image_half == 0), np.flatnonzero(image_half == 1)


class Floors:
    """Floors of a protocol's metrics, from the cache where they are there already.

    Args:
        pack: The dataset.
        protocol: The protocol of the scores.
        reals: Where real images are read.
        reference: The protocol's own, read already.
    """

    def __init__(self, pack: Pack, protocol: ScoringProtocol, reals: RealFeatures, reference: ImageSet) -> None:
        self._pack, self._protocol, self._reals, self._reference = pack, protocol, reals, reference
        self._chosen = stand_ins(pack, protocol)

    def of(self, metric: Metric) -> Mapping[str, Floor]:
        """Return the floor of each of a metric's values; none where real images cannot stand in, or are too few."""
        images, reference_images = self._chosen.images, self._chosen.reference_images
        if not has_floor(metric) or metric.shortage(images, reference_images) is not None:
            return {}
        path, key = self._entry(metric)
        if (found := _read(path, key)) is not None:
            return found
        try:
            found = self._computed(metric)
        except PluginError as error:
            self._reals.reporter.warning(f"there is no floor of real images: {error}")
            return {}
        try:
            write_json(path, {"key": key, "floors": {name: floor.model_dump() for name, floor in found.items()}})
        except GanzooError as error:
            self._reals.reporter.warning(f"the floor of real images is not kept: {error}")
        return found

    def _computed(self, metric: Metric) -> dict[str, Floor]:
        data = self._input(metric)
        if data is None or self._chosen.images < metric.images_per_feature * max(
            (rows.shape[1] for rows in data.generated.roles.values() if rows.ndim == 2), default=0
        ):
            return {}
        return {
            name: Floor(
                value=each.value,
                error=each.standard_error,
                images=self._chosen.images,
                reference_images=self._chosen.reference_images,
                choice=self._chosen.choice,
                by_class=class_scores(each.by_class, data),
            )
            for name, each in estimates_of(metric, data).items()
        }

    def _input(self, metric: Metric) -> MetricInput | None:
        whole, blocks = self._reference.of(metric), self._protocol.jackknife_blocks
        if self._stand_ins is not None:
            return MetricInput(self._stand_ins.of(metric), whole, blocks)
        count = self._protocol.reference_images
        if any(len(rows) != count for rows in whole.roles.values()):
            return None  # rows that are no image's own cannot be divided
        one, other = halves(self._pack.split(self._protocol.split).subjects[:count])
        return MetricInput(_part(whole, one[: self._chosen.images]), _part(whole, other), blocks)

    @cached_property
    def _stand_ins(self) -> ImageSet | None:
        """The images of another split that stand in, read once and only if a floor is not in the cache."""
        protocol = floor_protocol(self._pack, self._protocol)
        return None if protocol is None else self._reals.read(protocol)

    def _entry(self, metric: Metric) -> tuple[Path, dict[str, JsonValue]]:
        key: dict[str, JsonValue] = {
            "version": _VERSION,
            "reference_id": self._protocol.reference_id,
            "stand_ins": [self._chosen.split, self._chosen.images],
            "metric": identity_of(metric),
            "layers": dict(self._protocol.layers),
            "blocks": self._protocol.jackknife_blocks,
            "torch": version("torch"),
            "device": torch.device(self._reals.reading.device).type,
        }
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:32]
        root = self._reals.cache or cache_root()
        return root / _FOLDER / self._protocol.reference[:32] / f"{digest}.json", key


def _part(features: Features, index: NDArray[np.int64]) -> Features:
    chosen = torch.from_numpy(index)
    labels, subjects = (None if each is None else each[chosen] for each in (features.labels, features.subjects))
    return Features({role: rows[chosen] for role, rows in features.roles.items()}, labels, subjects)


def _read(path: Path, key: Mapping[str, JsonValue]) -> dict[str, Floor] | None:
    """Return the floors of an entry; None where there is none, or none that fits and can be read."""
    try:
        entry: Any = json.loads(read_regular(path))
        if entry["key"] != key:
            return None
        return {name: Floor.model_validate(floor) for name, floor in entry["floors"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError):
        return None
