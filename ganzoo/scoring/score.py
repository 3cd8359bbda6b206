"""From a generator to scores under one protocol."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from ganzoo._runs.record import Score
from ganzoo.contracts.extractors import Extractor
from ganzoo.contracts.networks import Generator
from ganzoo.data.pack.pack import Pack
from ganzoo.scoring.cost import Cost, estimate
from ganzoo.scoring.features import Features, build_extractor, extract, generated_batches, layers_for, reference_batches
from ganzoo.scoring.metrics import Estimate, frechet_distance, kernel_distance
from ganzoo.scoring.precision_recall import inception_score, precision_recall
from ganzoo.scoring.protocol import Protocol, plan
from ganzoo.scoring.reference import Notice, cached_reference

__all__ = ["Cost", "estimate", "plan", "score", "scores_of"]

Progress = Callable[[int, int], None]
"""Called with the number of images extracted, and of how many."""


def score(
    generator: Generator,
    pack: Pack,
    protocol: Protocol,
    extractor: Extractor,
    *,
    images_seen: int,
    device: torch.device | str,
    progress: Progress | None = None,
    announce: Callable[[Cost], None] | None = None,
    notice: Notice | None = None,
    cache: Path | None = None,
) -> tuple[Score, ...]:
    """Compute the protocol's metrics; the same network and protocol give the same bits on the same machine.

    Args:
        generator: The network, on `device` already.
        pack: The data set that holds the reference.
        protocol: From `plan`, for this pack and extractor.
        extractor: The extractor that the protocol was planned with.
        images_seen: Age of the network, for the record.
        device: Where to compute.
        progress: Told how many images are extracted.
        announce: Told what it will cost, before it starts.
        notice: Told about a damaged cache and the like, as sentences.
        cache: Folder for the reference's features; `cache_root()` if not given.

    Raises:
        RunError: The generator or the extractor gives values that are not finite.
        WeightsError: The extractor's weights changed since the protocol was planned.
    """
    layers = layers_for(protocol, reference=False)
    module = build_extractor(extractor, layers, device)
    if announce is not None:
        announce(estimate(generator, pack, protocol, extractor, device=device, module=module, cache=cache))
    counter = _Counter(protocol.generated, progress)
    reals = _reference(pack, protocol, module, device, counter, notice, cache)
    batches = generated_batches(generator, pack, protocol, device=device)
    fakes = extract(module, batches, layers, device=device, progress=counter.tell)
    return scores_of(fakes, reals, protocol, extractor, images_seen=images_seen)


class _Counter:
    """Adds the reference's images to the progress if they turn out to need extracting."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total, self._before, self._progress = total, 0, progress

    def add(self, images: int) -> None:
        self._total += images

    def start_next(self, done: int) -> None:
        self._before += done

    def tell(self, done: int) -> None:
        if self._progress is not None:
            self._progress(self._before + done, self._total)


def _reference(
    pack: Pack,
    protocol: Protocol,
    module: nn.Module,
    device: torch.device | str,
    counter: _Counter,
    notice: Notice | None,
    cache: Path | None,
) -> Features:
    wanted = layers_for(protocol, reference=True)
    if not wanted:
        return {}

    def extract_all() -> Features:
        counter.add(protocol.reference_images)
        # The network gives all layers of the protocol at once; those that only fakes need are dropped.
        layers = layers_for(protocol, reference=False)
        found = extract(module, reference_batches(pack, protocol), layers, device=device, progress=counter.tell)
        counter.start_next(protocol.reference_images)
        return {layer: found[layer] for layer in wanted}

    return cached_reference(protocol, extract_all, device=device, notice=notice or (lambda text: None), root=cache)


def scores_of(
    fakes: Features, reals: Features, protocol: Protocol, extractor: Extractor, *, images_seen: int
) -> tuple[Score, ...]:
    """Compute the protocol's metrics from features that are there already."""
    layer_of = dict(protocol.layers)
    shown, protocol_id = protocol.as_dict(), protocol.id
    return tuple(
        Score(
            metric=key,
            label=label,
            value=found.value,
            standard_error=found.standard_error,
            protocol=shown,
            protocol_id=protocol_id,
            images_seen=images_seen,
            notes=found.notes,
        )
        for metric in protocol.metrics
        for key, label, found in _estimates(
            metric, fakes[layer_of[metric]], reals.get(layer_of[metric]), protocol, extractor.label(metric)
        )
    )


def _estimates(
    metric: str, fakes: Tensor, reals: Tensor | None, protocol: Protocol, label: str
) -> list[tuple[str, str, Estimate]]:
    """Return key, label and value of each number that a metric of the recipe gives."""
    blocks = protocol.jackknife_blocks
    if metric == "isc" or reals is None:
        found = inception_score(fakes, splits=protocol.isc_splits, seed=protocol.isc_seed, blocks=blocks)
        return [("isc", label, found)]
    if metric == "fid":
        return [("fid", label, frechet_distance(fakes, reals, blocks=blocks))]
    if metric == "kid":
        return [("kid", label, kernel_distance(fakes, reals, protocol.kid, blocks=blocks))]
    both = precision_recall(fakes, reals, neighborhood=protocol.prc_neighborhood, blocks=blocks)
    names = label.split("/") if label.count("/") == 1 else [f"{label} (precision)", f"{label} (recall)"]
    return list(zip(("precision", "recall"), names, both, strict=True))
