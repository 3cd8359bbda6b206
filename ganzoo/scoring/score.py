"""Scores of a generator under one protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch

from ganzoo._inference.generate import repeatable, seeded_noise
from ganzoo._inference.growth_stage import GrowthStage
from ganzoo._inference.sampling_options import SamplingOptions
from ganzoo._random.seeds import seed_for
from ganzoo._runs.plain_data import Floor
from ganzoo._runs.record import Score
from ganzoo.contracts.extractors import Extractor
from ganzoo.contracts.metric_input import Features, MetricInput, ScoredNetworks
from ganzoo.contracts.metrics import Metric
from ganzoo.contracts.networks import Generator
from ganzoo.contracts.reporter import SILENT, Reporter
from ganzoo.data.pack.pack import Pack
from ganzoo.layers.ranks import Ranks
from ganzoo.scoring.checks import check_networks
from ganzoo.scoring.cost import Cost, estimate
from ganzoo.scoring.features import (
    build_extractor,
    by_role,
    check_sampling,
    generated_batches,
    generated_labels,
    layers_for,
    roles_for,
)
from ganzoo.scoring.floor import Floors, floor_protocol
from ganzoo.scoring.image_set import ImageSet
from ganzoo.scoring.metric_scores import scores_of
from ganzoo.scoring.protocol import ScoringProtocol, held_out_protocol, plan
from ganzoo.scoring.reading import Reading
from ganzoo.scoring.real_features import Counter, RealFeatures

_SHARE_OF_BIAS = 0.05  # a few times what another training seed moves a large network's FID by (arXiv:2606.20536)

__all__ = ["Cost", "estimate", "plan", "score"]


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
    with_floor: bool = True,
    ranks: Ranks | None = None,
) -> tuple[Score, ...]:
    """Compute the protocol's metrics; the same network and protocol give the same bits on the same machine.

    Several processes share generating and extracting: all call this with the same arguments, and the first gets the
    scores, the others none.

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
        with_floor: Whether each score gets its floor, what real images would get.
        ranks: The processes that share the work; None: this one alone.

    Raises:
        RefusedError: A metric, or the protocol's truncation or noise, asks for what the networks have not.
        RunError: The generator or the extractor gives values that are not finite.
        MetricsFailed: Metrics fail, or give other values than they declare; it has the scores of the others.
        WeightsError: The extractor's weights changed since the protocol was planned.
    """
    check_sampling(protocol, generator)
    check_networks(protocol.metrics, generator, extractor)
    layers = layers_for(protocol, reference=False)
    module = build_extractor(extractor, layers, device) if layers else None
    if title is not None and reporter is not SILENT:
        cost = estimate(generator, pack, protocol, extractor, device=device, module=module, cache=cache)
        reporter.info(f"{title}: {cost}")
    counter = Counter(protocol.generated, reporter.progress("scoring"))
    reading = Reading(module, layers, device, ranks or Ranks())
    reals, apart = RealFeatures(pack, reading, counter, reporter, cache), held_out_protocol(pack, protocol)
    fakes_of = partial(_generated, generator, pack, protocol, reading, counter)
    generated = f"images generated at {images_seen} images"
    if reading.ranks.rank:
        known = [each for each in (protocol, apart, floor_protocol(pack, protocol)) if each]
        reading.follow(
            {words: share for each in known for words, share in reals.shares(each).items()} | {generated: fakes_of}
        )
        return ()
    reference = reals.read(protocol)
    held_out = reals.read(apart) if apart else ImageSet()
    floors = _floors(pack, protocol, reals, reference) if with_floor else {}
    reading.begin(generated)
    fakes = fakes_of()
    reading.end()

    @contextmanager
    def lent(metric: Metric) -> Iterator[MetricInput]:
        theirs = held_out.of(metric) if metric.uses_held_out else Features({})
        real = reference.of(metric) if metric.uses_reference else Features({})
        networks = _networks(metric, generator, extractor, protocol, device)
        with _in_evaluation(metric, generator, pack, protocol, device):
            yield MetricInput(
                fakes.of(metric), real, protocol.jackknife_blocks, theirs, networks, class_names=pack.class_names
            )

    found = scores_of(lent, protocol, extractor, images_seen=images_seen, floors=floors)
    _warn_of_bias(found, protocol, reporter)
    return found


def _warn_of_bias(scores: Sequence[Score], protocol: ScoringProtocol, reporter: Reporter) -> None:
    """Say in numbers which values the count of generated images moves by more than people compare."""
    for each in scores:
        if each.bias is not None and abs(each.bias) > _SHARE_OF_BIAS * abs(each.value):
            share = f"{100 * abs(each.bias / each.value):.0f} %" if each.value else "all of it"
            where = "above" if each.bias > 0 else "below"
            reporter.warning(
                f"{each.label}: with {protocol.generated:,} generated images it lies roughly "
                f"{abs(each.bias) * each.scale:.3g} ({share}) {where} that of infinitely many, by half of them. "
                f"Compare it at equal counts only, or raise scoring.generated, or rank by a metric without bias"
            )


def _floors(
    pack: Pack, protocol: ScoringProtocol, reals: RealFeatures, reference: ImageSet
) -> dict[Metric, Mapping[str, Floor]]:
    found = Floors(pack, protocol, reals, reference)
    return {metric: found.of(metric) for metric in protocol.metrics}


def _generated(
    generator: Generator,
    pack: Pack,
    protocol: ScoringProtocol,
    reading: Reading,
    counter: Counter,
) -> ImageSet:
    found, reader = reading.of(
        lambda rows: generated_batches(generator, pack, protocol, device=reading.device, rows=rows),
        protocol.generated if roles_for(protocol, reference=False) else 0,
        protocol.metrics,
        extracting=True,
        progress=counter.show,
    )
    labels = generated_labels(protocol).argmax(1) if protocol.label_distribution else None
    return ImageSet(by_role(protocol, found), reader, labels)


def _networks(
    metric: Metric, generator: Generator, extractor: Extractor, protocol: ScoringProtocol, device: torch.device | str
) -> ScoredNetworks | None:
    if metric.generator_must_be is None and metric.extractor_must_be is None:
        return None
    labels = generated_labels(protocol)
    return ScoredNetworks(
        generator, extractor, torch.device(device), protocol.sampling_seed, protocol.batch_size, labels
    )


@contextmanager
def _in_evaluation(
    metric: Metric, generator: Generator, pack: Pack, protocol: ScoringProtocol, device: torch.device | str
) -> Iterator[None]:
    """Put the generator and the global random streams into a state that a metric may use, and back afterwards.

    For each by itself: what one draws or sets, such as its noise, changes no other's value.
    """
    if metric.generator_must_be is None:
        yield
        return
    stage, where = GrowthStage(pack.spec.resolution), torch.device(device)
    sampling = SamplingOptions(noise_mode=protocol.noise_mode, stage=stage)
    seeded = seeded_noise(seed_for("metrics", protocol.sampling_seed), where)
    with sampling.applied(generator), seeded, repeatable(where):
        stage.set(generator)
        yield
