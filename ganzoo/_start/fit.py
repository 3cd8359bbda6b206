"""Fit: a shipped recipe made one for other images and this machine, by steps that are really taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from ganzoo._inference.device import choose_device
from ganzoo._recipe.load import changed
from ganzoo._recipe.recipe import Recipe
from ganzoo._registry.registry import Registry
from ganzoo._start.images import FoundImages
from ganzoo._start.pace import Pace, measure
from ganzoo.contracts.reporter import Progress, Reporter
from ganzoo.errors import RecipeError
from ganzoo.scoring.real_data import Inputs, find_inputs

_WIDTH_KEYS = ("width", "channel_base", "channel_max")  # options by which networks say how wide they are
_RESOLUTIONS = {"cuda": (256, 128, 64, 32), "cpu": (64, 32)}  # tried in turn, the first that is quick enough is taken
_LEAST_KIMG = 40.0  # below it nothing is to be seen yet at any resolution
_SHORTEST_KIMG = 1.0  # written even where the hours are too few, which the estimate then says
_SHORTEST_INTERVAL_KIMG = 0.5
_MOST_KIMG = 25_000.0  # what the longest official trainings show
_WRITTEN = {"samples_kimg": 20, "snapshot_kimg": 10, "checkpoint_kimg": 20}  # how many of each a training writes
_LEAST_BATCH = 2  # the variance over a batch of one is 0: no batch normalization could work
_LEAST_BATCHES = 4  # of a small set of images: a batch of all would be the same each time


@dataclass(frozen=True)
class Fit:
    """A recipe that fits.

    Attributes:
        data: The recipe as plain data.
        recipe: The same, checked.
        inputs: Its prepared images and protocol.
        pace: What it takes here.
    """

    data: dict[str, Any]
    recipe: Recipe
    inputs: Inputs
    pace: Pace


def fit(
    template: Mapping[str, Any],
    found: FoundImages,
    registry: Registry,
    *,
    hours: float,
    resolution: int | None,
    device: str,
    reporter: Reporter,
    skip_bad: bool = False,
) -> Fit:
    """Choose resolution, width and length so that a training takes about so many hours here.

    Args:
        template: The recipe to start from, as plain data.
        found: The images.
        registry: The installed parts.
        hours: What the whole run should take, by the clock.
        resolution: Resolution of the images; None: the largest that is quick enough.
        device: Where to compute.
        reporter: Takes messages and progress.
        skip_bad: Leave out images that cannot be read.

    Raises:
        RecipeError: The template cannot be trained on these images.
        DataError: Some images cannot be read.
    """
    kind, reporter = choose_device(device).type, _Once(reporter)
    best: Fit | None = None
    for side, scale in _candidates(found, kind, resolution):
        data = _adapted(template, found, side, scale)
        recipe = _valid(data, registry)
        inputs = find_inputs(recipe, device, reporter, skip_bad=skip_bad)
        narrower = ", of narrower networks" if best and scale < 1 else ""
        reporter.info(f"measuring steps at {side} pixels on {inputs.device}{narrower}")
        best = _as_long_as(Fit(data, recipe, inputs, measure(inputs)), hours, registry)
        if best.recipe.total_images >= 1000 * _LEAST_KIMG:
            break
    assert best is not None  # there is always a candidate
    return best


class _Once:
    """A reporter that passes each message on once: what is true of images is true at every width that is tried."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._told = set[str]()

    def info(self, text: str) -> None:
        self._first(text, self._reporter.info)

    def warning(self, text: str) -> None:
        self._first(text, self._reporter.warning)

    def progress(self, what: str) -> Progress:
        return self._reporter.progress(what)

    def _first(self, text: str, tell: Callable[[str], None]) -> None:
        if text not in self._told:
            self._told.add(text)
            tell(text)


def _candidates(found: FoundImages, kind: str, resolution: int | None) -> Iterator[tuple[int, float]]:
    """Yield resolutions and factors of the template's width, the most wanted first."""
    sides = _RESOLUTIONS.get(kind, _RESOLUTIONS["cuda"])
    shown = [resolution] if resolution else [side for side in sides if side <= found.median] or [sides[-1]]
    factor = 1.0 if kind == "cpu" else 2.0
    yield from ((side, factor) for side in shown)
    yield shown[-1], factor / 2


def _adapted(template: Mapping[str, Any], found: FoundImages, side: int, scale: float) -> dict[str, Any]:
    """Return the template with other images, without what only the template's own images or paper meant."""
    data = deepcopy(dict(template))
    for key in ("title", "paper", "notes", "published"):
        data.pop(key, None)
    dataset = {"name": found.dataset, **found.options, "resolution": side}
    data = {"title": "", "seed": 0, **data, "dataset": dataset}
    for role in ("generator", "discriminator"):
        for key in _WIDTH_KEYS:
            if key in data[role]:
                data[role][key] = max(1, round(data[role][key] * scale))
    training, count = data["training"], found.count
    while training.get("batch_size", 0) > max(_LEAST_BATCH, count // _LEAST_BATCHES):
        training["batch_size"] //= 2
    training.pop("most_hours", None)
    data["scoring"] = _scoring(dict(data.get("scoring", {})), count)
    return data


def _scoring(scoring: dict[str, Any], count: int) -> dict[str, Any]:
    """Return the section with sets of images no larger than there are images."""
    if "reference_images" in scoring:
        scoring["reference_images"] = min(scoring["reference_images"], count)
    most = min(count, scoring.get("generated", count))
    scoring["metrics"] = [
        each | {"subset_size": min(each["subset_size"], most)} if isinstance(each, dict) and "subset_size" in each
        else each
        for each in scoring.get("metrics", [])
    ]  # fmt: skip
    if not scoring["metrics"]:
        scoring.pop("metrics")
    return scoring


def _valid(data: dict[str, Any], registry: Registry) -> Recipe:
    """Return the checked recipe; its networks may not take classes, which are then left out of the data."""
    try:
        return changed(data, registry, "the recipe for these images")
    except RecipeError:
        if "classes" not in data["dataset"]:
            raise
        data["dataset"].pop("classes")
        return changed(data, registry, "the recipe for these images")


def _as_long_as(measured: Fit, hours: float, registry: Registry) -> Fit:
    """Return the recipe as long as the hours allow, two digits of kimg, and what it takes then."""
    recipe, pace = measured.recipe, measured.pace
    kimg = recipe.total_images / 1000
    factor = max(0.0, hours * 3600 - pace.scoring_seconds) / pace.seconds
    if recipe.training.growth is not None or recipe.counts_epochs:
        return measured  # a schedule of phases is the recipe's own
    wanted = min(_MOST_KIMG, max(kimg * factor, _SHORTEST_KIMG))
    data = deepcopy(measured.data)
    data["training"] |= {"total_kimg": float(f"{wanted:.2g}"), **_intervals(wanted)}
    longer = changed(data, registry, "the recipe for these images")
    ratio = longer.total_images / recipe.total_images
    new = replace(pace, seconds=pace.seconds * ratio)
    return Fit(data, longer, replace(measured.inputs, recipe=longer), new)


def _intervals(kimg: float) -> dict[str, float]:
    """Return intervals that make some twenty grids, ten snapshots and twenty checkpoints of a training."""
    return {key: max(_SHORTEST_INTERVAL_KIMG, float(f"{kimg / count:.2g}")) for key, count in _WRITTEN.items()}
