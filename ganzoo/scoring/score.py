"""Scores of a generator under one protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from ganzoo._runs.record import Score
from ganzoo.contracts.extractors import Extractor
from ganzoo.contracts.metrics import PIXELS, Features, MetricInput
from ganzoo.contracts.networks import Generator
from ganzoo.contracts.reporter import SILENT, Progress, Reporter
from ganzoo.data.pack.pack import Pack
from ganzoo.errors import PluginError
from ganzoo.scoring.cost import Cost, estimate
from ganzoo.scoring.estimates import MetricsFailed, estimates_of
from ganzoo.scoring.features import (
    LayerFeatures,
    build_extractor,
    by_role,
    extract,
    generated_batches,
    generated_labels,
    layers_for,
    reference_batches,
    roles_for,
)
from ganzoo.scoring.labels import label_of
from ganzoo.scoring.protocol import ScoringProtocol, identity_of, plan
from ganzoo.scoring.reference import cached_reference

__all__ = ["Cost", "estimate", "plan", "score", "scores_of"]


def score(
    generator: Generator,
    pack: Pack,
    protocol: ScoringProtocol,
    extractor: Extractor,
    *,
    images_seen: int,
    device: torch.device | str,
    reporter: Reporter = SILENT,
    title: str | None = None,
    cache: Path | None = None,
) -> tuple[Score, ...]:
    """Compute the protocol's metrics; the same network and protocol give the same bits on the same machine.

    Args:
        generator: The network, on `device` already.
        pack: The dataset that holds the reference.
        protocol: From `plan`, for this pack and extractor.
        extractor: The extractor that the protocol was planned with.
        images_seen: The checkpoint that the network is from, for the record.
        device: Where to compute.
        reporter: Takes how many images are extracted, and warnings of a damaged cache and the like.
        title: What is scored; with it the reporter gets what it will cost before it starts.
        cache: Folder for the reference's features; `cache_root()` if not given.

    Raises:
        RunError: The generator or the extractor gives values that are not finite.
        MetricsFailed: Metrics fail, or give other values than they declare; it has the scores of the others.
        WeightsError: The extractor's weights changed since the protocol was planned.
    """
    layers = layers_for(protocol, reference=False)
    module = build_extractor(extractor, layers, device) if layers else None
    if title is not None and reporter is not SILENT:
        cost = estimate(generator, pack, protocol, extractor, device=device, module=module, cache=cache)
        reporter.info(f"{title}: {cost}")
    counter = _Counter(protocol.generated, reporter.progress("scoring"))
    reals = _reference(pack, protocol, module, device, counter, reporter, cache)
    batches = generated_batches(generator, pack, protocol, device=device)
    kept = _Kept(batches) if PIXELS in roles_for(protocol, reference=False) else None
    found = extract(module, kept or batches, layers, device=device, progress=counter.show)
    labels = generated_labels(protocol).argmax(1) if protocol.label_distribution else None
    fakes = Features(by_role(protocol, found, kept.images() if kept else None), labels)
    return scores_of(fakes, reals, protocol, extractor, images_seen=images_seen)


class _Kept:
    """Batches of images that are kept as they pass by."""

    def __init__(self, batches: Iterable[Tensor]) -> None:
        self._batches, self._passed = batches, list[Tensor]()

    def __iter__(self) -> Iterator[Tensor]:
        for batch in self._batches:
            self._passed.append(batch.cpu())
            yield batch

    def images(self) -> Tensor:
        return torch.cat(self._passed)


class _Counter:
    """Adds the reference's images to the progress if they turn out to need extracting."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._before, self._progress = total, 0, progress

    def add(self, images: int) -> None:
        self._total += images

    def start_next(self, done: int) -> None:
        self._before += done

    def show(self, done: int) -> None:
        self._progress(self._before + done, self._total)


def _reference(
    pack: Pack,
    protocol: ScoringProtocol,
    module: nn.Module | None,
    device: torch.device | str,
    counter: _Counter,
    reporter: Reporter,
    cache: Path | None,
) -> Features:
    roles, wanted = roles_for(protocol, reference=True), layers_for(protocol, reference=True)
    if not roles:
        return Features({})

    def extract_all() -> LayerFeatures:
        counter.add(protocol.reference_images)
        # The network gives all layers of the protocol at once; those that only fakes need are dropped.
        layers = layers_for(protocol, reference=False)
        found = extract(module, reference_batches(pack, protocol), layers, device=device, progress=counter.show)
        counter.start_next(protocol.reference_images)
        return {layer: found[layer] for layer in wanted}

    found: LayerFeatures = {}
    if wanted:
        found = cached_reference(protocol, extract_all, device=device, reporter=reporter, root=cache)
    # Pixels are not kept beside the features: the pack has them already.
    pixels = torch.cat(list(reference_batches(pack, protocol))) if PIXELS in roles else None
    split, count = pack.split(protocol.split), protocol.reference_images
    labels = torch.from_numpy(split.classes[:count].copy()) if pack.spec.label_dim else None
    return Features(by_role(protocol, found, pixels), labels, torch.from_numpy(split.subjects[:count].copy()))


def scores_of(
    fakes: Features, reals: Features, protocol: ScoringProtocol, extractor: Extractor, *, images_seen: int
) -> tuple[Score, ...]:
    """Compute the protocol's metrics from features that are there already.

    Raises:
        MetricsFailed: Metrics fail, or give other values than they declare; it has the scores of the others.
    """
    shown, protocol_id, scores = protocol.as_dict(), protocol.id, list[Score]()
    failures: list[PluginError] = []
    for metric in protocol.metrics:
        try:
            estimates = estimates_of(metric, MetricInput(fakes, reals, protocol.jackknife_blocks))
        except PluginError as failure:
            failures.append(failure)
            continue
        for key, display in metric.values.items():
            scores.append(
                Score(
                    metric=key,
                    label=label_of(display, metric, extractor),
                    value=estimates[key].value,
                    standard_error=estimates[key].standard_error,
                    lower_is_better=display.lower_is_better,
                    unit=display.unit,
                    scale=display.scale,
                    images_needed=metric.images_needed(),
                    settings=identity_of(metric),
                    protocol=shown,
                    protocol_id=protocol_id,
                    images_seen=images_seen,
                    notes=estimates[key].notes,
                )
            )
    if failures:
        raise MetricsFailed(failures, tuple(scores)) from failures[0]
    return tuple(scores)
