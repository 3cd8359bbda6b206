"""Real data: all that a run needs, found and checked before anything is written or trained."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import torch

from ganzoo._inference.device import choose_device
from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._inference.run_files import RunFiles
from ganzoo._io.cache_dir import cache_root
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.selection import DatasetChoice
from ganzoo._runs.record import DatasetId, RunRecord, Score
from ganzoo.contracts.datasets import Item
from ganzoo.contracts.extractors import Extractor
from ganzoo.contracts.reporter import Reporter
from ganzoo.data.pack.class_counts import class_counts
from ganzoo.data.pack.pack import Pack
from ganzoo.data.prepare.advice import tell_of_pack
from ganzoo.data.prepare.prepare import prepare
from ganzoo.data.prepare.ready_pack import kept_pack, ready_pack
from ganzoo.data.sources.dataset import subject_advice
from ganzoo.data.stream.batches import Batches
from ganzoo.data.stream.order import Reader
from ganzoo.data.stream.prefetch import Prefetched
from ganzoo.errors import DataError, GanzooError, RefusedError
from ganzoo.layers.ranks import Ranks
from ganzoo.scoring.checks import check_widths
from ganzoo.scoring.early_checks import check_listed
from ganzoo.scoring.estimates import MetricsFailed
from ganzoo.scoring.protocol import ScoringProtocol, plan
from ganzoo.scoring.score import score


@dataclass(frozen=True)
class Inputs:
    """A recipe (its lengths in kimg), its data, scoring protocol and device, ready to use."""

    recipe: Recipe
    pack: Pack
    extractor: Extractor
    protocol: ScoringProtocol
    device: torch.device

    @property
    def dataset_id(self) -> DatasetId:
        """Which images these are."""
        return identify(self.recipe.dataset.name, self.pack)

    def batches(self, stream: str, reader: Reader | None = None) -> Batches:
        """Return an endless stream of training reals; any but `real` has the classes that `real` has at each place."""
        options = self.recipe.dataset.options
        split = self.pack.split(self.recipe.training.split)
        alike = None if stream == "real" else self.batches("real", reader)
        return Batches(split, self.recipe.seed, mirror=options.mirror, stream=stream, reader=reader, alike=alike)

    def stream(self, name: str, closers: ExitStack, reader: Reader | None = None) -> Batches | Prefetched:
        """Return the same for a trainer: where a GPU trains, the next batch is read while it works."""
        batches = self.batches(name, reader)
        if self.device.type != "cuda":
            return batches
        prefetched = Prefetched(batches)
        closers.callback(prefetched.close)
        return prefetched


def find_inputs(
    recipe: Recipe, device: str, reporter: Reporter, *, skip_bad: bool = False, record: RunRecord | None = None
) -> Inputs:
    """Find device, weights and data, in the order in which a failure is cheapest.

    Args:
        recipe: What is trained or scored.
        device: Where to compute.
        reporter: Takes messages and progress.
        skip_bad: Leave out images that cannot be read.
        record: What is known of the run, where it has begun: it goes on with its images, the same left out.

    Raises:
        GanzooError: One of them cannot be had, or the data are not those of the recipe.
    """
    chosen_device = choose_device(device)
    extractor: Extractor = recipe.scoring.extractor.cls(recipe.scoring.extractor.options)
    _check_weights(extractor, recipe, has_begun=record is not None)
    check_widths([chosen.cls(chosen.options) for chosen in recipe.scoring.metrics], recipe.scoring, extractor)
    skip_bad, judge = skip_bad or bool(record and record.skip_bad), partial(check_listed, recipe)
    pack = read_pack(recipe.dataset, reporter, skip_bad=skip_bad, begun_with=images_of(record), on_listed=judge)
    _check_splits(recipe, pack)
    recipe = recipe.with_image_count(len(pack.split(recipe.training.split)))
    return Inputs(recipe, pack, extractor, plan(recipe.scoring, extractor, pack), chosen_device)


def images_of(record: RunRecord | None) -> str:
    """Return the fingerprint of the images that a run began with; empty where none is known."""
    return record.dataset.fingerprint if record and record.dataset else ""


def _check_weights(extractor: Extractor, recipe: Recipe, *, has_begun: bool) -> None:
    """Raise an error unless the extractor's weights are here; where the data are missing too, it says both."""
    try:
        extractor.weights()
    except GanzooError as error:
        chosen = recipe.dataset
        try:
            if not chosen.options.pack and not has_begun:
                chosen.build().items()
        except DataError as missing:
            raise DataError(f"{missing}\n{error}") from missing
        raise


def read_pack(
    chosen: DatasetChoice,
    reporter: Reporter,
    *,
    skip_bad: bool = False,
    begun_with: str = "",
    on_listed: Callable[[Sequence[Item]], None] | None = None,
) -> Pack:
    """Return a dataset's prepared images, preparing them if need be, and say which were left out.

    Args:
        chosen: The dataset.
        reporter: Takes messages and progress.
        skip_bad: Leave out images that cannot be read.
        begun_with: Fingerprint of the images that a run began with; empty where none has. Where their source is gone,
            the pack of them that is still in the cache is used.
        on_listed: Called with the images of a source before any is prepared.
    """
    name, dataset, listed = chosen.name, chosen.build(), list[Sequence[Item]]()

    def judge(items: Sequence[Item]) -> None:
        listed.append(items)
        if on_listed:
            on_listed(items)

    try:
        if location := chosen.options.pack:
            pack = ready_pack(dataset, name, cache_root())
            reporter.info(f"images of {name} from the pack {location}")
        else:
            progress = reporter.progress(f"preparing {name}")
            pack = prepare(dataset, name, cache=cache_root(), skip_bad=skip_bad, progress=progress, on_listed=judge)
    except DataError as error:
        kept = None if listed or not begun_with else kept_pack(cache_root(), begun_with)
        if kept is None:
            raise
        reporter.warning(f"{_first_sentence(error)}; going on with the images as they were prepared: {kept.path}")
        return kept
    advice = subject_advice(dataset) if listed and len(pack.splits) > 1 else ""
    tell_of_pack(reporter, name, pack, advice, is_new=not begun_with)
    return pack


def _first_sentence(error: DataError) -> str:
    """Return what is wrong, without what would do about it."""
    return re.split(r"[;.:] |\n", str(error), maxsplit=1)[0].rstrip(".")


def _check_splits(recipe: Recipe, pack: Pack) -> None:
    """Raise DataError unless there are images to train on, and no subject is in two splits."""
    wanted = recipe.training.split
    if wanted not in pack.splits:
        raise DataError(
            f"training.split: dataset '{recipe.dataset.name}' has no images in split '{wanted}' (it has "
            f"{', '.join(pack.splits)})"
        )
    if overlaps := pack.overlaps():
        raise DataError(f"{'; '.join(overlaps)}: a score on one would not be independent of the other")


def identify(name: str, pack: Pack) -> DatasetId:
    """Return which images a pack holds."""
    spec = pack.spec
    return DatasetId(
        name=name,
        resolution=spec.resolution,
        channels=spec.channels,
        label_dim=spec.label_dim,
        fingerprint=pack.fingerprint,
        images={split: len(pack.split(split)) for split in pack.splits},
        class_names=pack.class_names,
        class_images=tuple(class_counts(pack)),
    )


def check_same_data(run: RunFiles, record: RunRecord, inputs: Inputs) -> None:
    """Raise RefusedError if the images are no longer those that the run learned from."""
    if record.dataset and record.dataset.fingerprint != inputs.pack.fingerprint:
        raise RefusedError(
            f"the images of dataset '{inputs.recipe.dataset.name}' have changed since {run.path} began; a run "
            f"is resumed with the images it started with. Restore them, or start a new run"
        )


def score_each(
    generators: Iterable[OpenedGenerator],
    score_one: Callable[[OpenedGenerator], tuple[Score, ...]],
    keep: Callable[[tuple[Score, ...]], None],
) -> list[Score]:
    """Score generator after generator and keep each one's scores, sound ones beside a failing metric's too.

    Raises:
        MetricsFailed: Metrics failed: the first such error, after all are scored.
    """
    found: list[Score] = []
    failed: MetricsFailed | None = None
    for opened in generators:
        try:
            scores = score_one(opened)
        except MetricsFailed as error:
            scores, failed = error.scores, failed or error
        if scores:
            keep(scores)
        found += scores
    if failed is not None:
        raise failed
    return found


def score_opened(
    opened: OpenedGenerator,
    inputs: Inputs,
    protocol: ScoringProtocol,
    reporter: Reporter,
    ranks: Ranks | None = None,
) -> tuple[Score, ...]:
    """Score a run's generator at a checkpoint; several processes share the work, as `score` says."""
    return score(
        opened.generator,
        inputs.pack,
        protocol,
        inputs.extractor,
        images_seen=opened.images_seen,
        device=inputs.device,
        reporter=reporter,
        title=f"scoring {opened.run.name} at {opened.images_seen:,} images seen",
        ranks=ranks,
    )
