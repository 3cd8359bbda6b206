"""Scoring a run against a data set that it did not learn from: imported runs, and others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from ganzoo._inference.build import choose_device
from ganzoo._inference.load import ages_of, load_generator, networks_of, recipe_of
from ganzoo._recipe.error_messages import describe
from ganzoo._recipe.load import report
from ganzoo._recipe.network_spec import Networks
from ganzoo._recipe.schema import ScoringSettings, Section
from ganzoo._recipe.selection import DatasetSelection
from ganzoo._recipe.toml_source import apply_override
from ganzoo._registry.registry import Registry
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.record import Score, read_record, with_scores, write_record
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.extractors import Extractor
from ganzoo.errors import RecipeError
from ganzoo.scoring.protocol import ScoringProtocol, plan
from ganzoo.scoring.real_data import Observer, identify, read_pack
from ganzoo.scoring.score import score


class Examination(Section):
    """What a run is compared with, and how."""

    dataset: DatasetSelection
    scoring: ScoringSettings = Field(default={}, validate_default=True)


def examine_run(
    path: Path,
    dataset: str,
    device: str,
    observer: Observer,
    *,
    overrides: Sequence[str] = (),
    at: int | None = None,
    snapshots: bool = False,
    skip_bad: bool = False,
) -> list[Score]:
    """Score a run's generator against the data set called `dataset`; the scores are kept in its record.

    Args:
        path: The run.
        dataset: Name of the data set; by default at the run's resolution and channels.
        device: Where to compute.
        observer: Told what happens.
        overrides: `dataset.root=...`, `scoring.generated=5000` and the like.
        at: Age of the generator; None: the newest.
        snapshots: Score every snapshot instead.
        skip_bad: Leave out images that cannot be read.

    Raises:
        RecipeError: The data set is not of the run's resolution, channels or classes, or a context is wrong.
        RefusedError: Another process holds the run.
    """
    directory = RunDirectory.open(path)
    with directory.lock():
        networks, record = networks_of(directory), read_record(directory.record)
        chosen = _chosen(dataset, networks, _own_scoring(directory), overrides)
        chosen_device = choose_device(device)
        extractor: Extractor = chosen.scoring.extractor.cls(chosen.scoring.extractor.options)
        extractor.weights()
        pack = read_pack(chosen.dataset, observer, skip_bad=skip_bad)
        protocol = _without_labels(plan(chosen.scoring, extractor, pack), networks)
        against = identify(chosen.dataset.name, pack)
        found: list[Score] = []
        for images_seen in ages_of(directory, at, snapshots):
            scores = score(
                load_generator(directory, images_seen, networks, protocol.weights).to(chosen_device),
                pack,
                protocol,
                extractor,
                images_seen=images_seen,
                device=chosen_device,
                progress=observer.progress("scoring"),
                notice=observer.say,
            )
            marked = [each.model_copy(update={"dataset": against}) for each in scores]
            record = with_scores(record, marked)
            write_record(directory.record, record)
            found += marked
    return found


def _own_scoring(directory: RunDirectory) -> dict[str, Any]:
    if directory.networks.exists():
        return {}
    scoring: dict[str, Any] = recipe_of(directory).plain()["scoring"]
    return scoring


def _chosen(name: str, networks: Networks, scoring: dict[str, Any], overrides: Sequence[str]) -> Examination:
    registry = Registry.discover()
    section: dict[str, Any] = {"name": name, "resolution": networks.resolution}
    options = registry.part("dataset", name).cls.Options.model_fields
    if "channels" in options:
        section["channels"] = networks.images.channels
    data: dict[str, Any] = {"dataset": section, "scoring": scoring}
    for override in overrides:
        apply_override(data, override)
    try:
        chosen = Examination.model_validate(data, context={"registry": registry})
    except ValidationError as error:
        raise RecipeError(
            report(f"--dataset {name}", describe(error, data, registry, Examination)).replace("recipe", "choice")
        ) from None
    _check_images(chosen, networks)
    return chosen


def _check_images(chosen: Examination, networks: Networks) -> None:
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
                f"the run's images have {what} {here}, those of data set '{chosen.dataset.name}' {there}; if it has "
                f"such an option, say --set dataset.{key}={here}"
            )


def _without_labels(protocol: ScoringProtocol, networks: Networks) -> ScoringProtocol:
    """A network without classes draws none, whatever the data set has."""
    return protocol if networks.images.label_dim else protocol.model_copy(update={"label_distribution": ()})
