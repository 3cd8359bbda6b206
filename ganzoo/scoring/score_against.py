"""Scoring against a dataset that a run was not trained on; imported runs have no other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field, ValidationError

from ganzoo._inference.device import choose_device
from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._inference.run import Run
from ganzoo._recipe.error_messages import describe
from ganzoo._recipe.load import report
from ganzoo._recipe.network_spec import Networks
from ganzoo._recipe.schema import ScoringSettings, Section
from ganzoo._recipe.selection import DatasetSelection
from ganzoo._recipe.toml_source import apply_override
from ganzoo._runs.record import Score
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.extractors import Extractor
from ganzoo.contracts.reporter import Reporter
from ganzoo.errors import GanzooError, RecipeError
from ganzoo.layers.ranks import Ranks
from ganzoo.scoring.protocol import ScoringProtocol, plan
from ganzoo.scoring.published import published_overrides
from ganzoo.scoring.real_data import identify, read_pack, score_each
from ganzoo.scoring.score import score
from ganzoo.scoring.score_run import generators, owned, score_run


@dataclass(frozen=True)
class ScoreRequest:
    """What `ganzoo.score` was asked for, as it explains it."""

    overrides: tuple[str, ...] = ()
    dataset: str | None = None
    at: int | None = None
    snapshots: bool = False
    published: bool = False
    skip_bad: bool = False

    def __post_init__(self) -> None:
        if self.snapshots and self.at is not None:
            raise GanzooError("every snapshot is scored, or the one generator named by `at`: leave one of them out")


def score_requested(
    run: Run, request: ScoreRequest, device: str, reporter: Reporter, ranks: Ranks | None = None
) -> list[Score]:
    """Score a run as requested: against its own data or others, under its protocol, another or the published ones.

    Several processes share the work, as `score` says.

    Raises:
        GanzooError: As `score_run` and `score_against`, or what is asked for does not go together.
    """
    if request.dataset is None:
        protocols: list[list[str]] = [[]]
        if request.published:
            protocols = [[each] for each in published_overrides(run.recipe_with(()), run.registry)]
        found = list[Score]()
        for theirs in protocols:
            found += score_run(
                run,
                device,
                reporter,
                overrides=[*theirs, *request.overrides],
                at=request.at,
                snapshots=request.snapshots,
                skip_bad=request.skip_bad,
                ranks=ranks,
            )
        return found
    if request.published:
        raise GanzooError("published values were measured on the run's own dataset: leave out either of the two")
    return score_against(
        run,
        request.dataset,
        device,
        reporter,
        overrides=request.overrides,
        at=request.at,
        snapshots=request.snapshots,
        skip_bad=request.skip_bad,
        ranks=ranks,
    )


class ScoringAgainst(Section):
    """What a run is compared with, and how."""

    dataset: DatasetSelection
    scoring: ScoringSettings = Field(default={}, validate_default=True)


def score_against(
    run: Run,
    dataset: str,
    device: str,
    reporter: Reporter,
    *,
    overrides: Sequence[str] = (),
    at: int | None = None,
    snapshots: bool = False,
    skip_bad: bool = False,
    ranks: Ranks | None = None,
) -> list[Score]:
    """Score a run's generator against the dataset called `dataset`; the record keeps the scores.

    Args:
        run: The run.
        dataset: Name of the dataset; by default at the run's resolution and channels.
        device: Where to compute.
        reporter: Takes messages and progress.
        overrides: `dataset.root=...`, `scoring.generated=5000` and the like.
        at: The checkpoint, in images seen; None: the newest.
        snapshots: Score every snapshot instead.
        skip_bad: Leave out images that cannot be read.
        ranks: The processes that share the work; None: this one alone.

    Raises:
        RecipeError: The dataset is not of the run's resolution, channels or classes, or an override is wrong.
        RefusedError: Another process holds the run.
        MetricsFailed: Metrics fail; the scores of the others are in the record.
    """
    with owned(run, ranks):
        run.refresh()
        networks = run.networks
        chosen = _chosen(dataset, run, overrides)
        chosen_device = choose_device(device)
        extractor: Extractor = chosen.scoring.extractor.cls(chosen.scoring.extractor.options)
        extractor.weights()
        pack = read_pack(chosen.dataset, reporter, skip_bad=skip_bad)
        protocol = _without_labels(plan(chosen.scoring, extractor, pack), networks)
        protocol = protocol.model_copy(update={"changed_code": run.changed_networks()})
        against = identify(chosen.dataset.name, pack)

        def marked(scores: Iterable[Score]) -> tuple[Score, ...]:
            return tuple(each.model_copy(update={"dataset": against}) for each in scores)

        def score_one(opened: OpenedGenerator) -> tuple[Score, ...]:
            return score(
                opened.generator,
                pack,
                protocol,
                extractor,
                images_seen=opened.images_seen,
                device=chosen_device,
                reporter=reporter,
                title=f"scoring {run.name} at {opened.images_seen:,} images seen",
                ranks=ranks,
            )

        chosen_generators = generators(run, at, snapshots=snapshots, weights=protocol.weights, device=device)
        return list(marked(score_each(chosen_generators, score_one, lambda scores: run.add_scores(marked(scores)))))


def _chosen(name: str, run: Run, overrides: Sequence[str]) -> ScoringAgainst:
    registry, networks = run.registry, run.networks
    scoring: dict[str, Any] = {} if run.was_imported else run.recipe_data().get("scoring", {})
    section: dict[str, Any] = {"name": name, "resolution": networks.resolution}
    options = registry.part("dataset", name).cls.Options.model_fields
    if "channels" in options:
        section["channels"] = networks.images.channels
    data: dict[str, Any] = {"dataset": section, "scoring": scoring}
    for override in overrides:
        apply_override(data, override)
    try:
        chosen = ScoringAgainst.model_validate(data, context={"registry": registry})
    except ValidationError as error:
        raise RecipeError(
            report(f"--dataset {name}", describe(error, data, registry, ScoringAgainst)).replace("recipe", "choice")
        ) from None
    _check_images(chosen, networks)
    return chosen


def _check_images(chosen: ScoringAgainst, networks: Networks) -> None:
    theirs: ImageSpec = chosen.dataset.cls.spec_of(chosen.dataset.options)
    pairs = {
        "resolution": (networks.resolution, theirs.resolution),
        "channels": (networks.images.channels, theirs.channels),
        "classes": (networks.images.label_dim, theirs.label_dim),
    }
    for what, (here, there) in pairs.items():
        if here != there and not (what == "classes" and here == 0):
            key = "resolution" if what == "resolution" else what
            raise RecipeError(
                f"the run's images have {what} {here}, those of dataset '{chosen.dataset.name}' {there}; if it has "
                f"such an option, say --set dataset.{key}={here}"
            )


def _without_labels(protocol: ScoringProtocol, networks: Networks) -> ScoringProtocol:
    """A network without classes draws none, whatever the dataset has."""
    return protocol if networks.images.label_dim else protocol.model_copy(update={"label_distribution": ()})
