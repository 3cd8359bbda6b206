"""The same latents at each age that a run has kept: a film of the training, or a strip of it for print."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._runs.metrics_log import read_metrics
from ganzoo._runs.record import Score, ranking_metric
from ganzoo.contracts.component import PixelArray
from ganzoo.contracts.reporter import silent_progress
from ganzoo.errors import RefusedError
from ganzoo.figures.animation import Film
from ganzoo.figures.checkpoints import aged, kept_ages, untrained
from ganzoo.figures.figure import Figure
from ganzoo.plotting.panel_grid import Panel, Sheet

FPS = 4
_SELECTION = "selection/"
_FEWEST_SCORED = 3


def timelapse(
    subject: OpenedGenerator,
    seeds: Sequence[int] = range(16),
    *,
    before: bool = False,
    fps: int = FPS,
    scale: int | None = None,
) -> Film:
    """Return a film of a grid of seeds, one frame per kept age, with kimg and the score of that age in the corner.

    Args:
        subject: The generator.
        seeds: Images in the grid.
        before: Begin with the untrained network, built from the run's seed again.
        fps: Ages per second.
        scale: Side of each pixel in the film; None: enough to see it.

    Raises:
        RefusedError: Only one age was kept, or the untrained network is not known.
    """
    ages = _ages(subject, before)
    columns = math.ceil(math.sqrt(len(seeds)))

    def frames() -> Iterator[PixelArray]:
        scores = scores_by_age(subject)
        captions = [_caption(age, scores) for age in ages]
        for number, age in enumerate(ages, start=1):
            images = _images(subject, age, seeds)
            rows = [
                [Panel(image) for image in images[start : start + columns]] for start in range(0, len(seeds), columns)
            ]
            subject.progress(number, len(ages))
            yield Sheet(rows, title=captions[number - 1], titles=captions, scale=scale).canvas().raster()

    return Film("timelapse", frames, len(ages), fps, subject.facts(seeds, ages=ages))


def strip(
    subject: OpenedGenerator,
    seeds: Sequence[int] = range(3),
    *,
    before: bool = False,
    columns: int = 8,
    scale: int | None = None,
) -> Figure:
    """Draw a row for each seed over at most `columns` of the kept ages: those with a score, else evenly chosen ones.

    With `before`, the untrained network comes first, in one of the columns.

    Raises:
        RefusedError: Only one age was kept, or the untrained network is not known.
    """
    scores, first = scores_by_age(subject), [0] if before else []
    ages = [*first, *_chosen(_ages(subject, before)[len(first) :], scores, columns - len(first))]
    images = [_images(subject, age, seeds) for age in ages]
    rows = [[Panel(column[row]) for column in images] for row in range(len(seeds))]
    rows[-1] = [Panel(panel.pixels, _score(age, scores)) for panel, age in zip(rows[-1], ages, strict=True)]
    sheet = Sheet(rows, top=[_kimg(age) for age in ages], left=[f"seed {seed}" for seed in seeds], scale=scale)
    return Figure("timelapse", sheet.canvas(), subject.facts(seeds, ages=ages, scale=sheet.enlargement))


def scores_by_age(subject: OpenedGenerator) -> dict[int, tuple[str, float]]:
    """Return name and value of one score for each age that has one: of the record, else of the way.

    Of several metrics it is the one that most ages have; of as many, the one that ranks.
    """
    found: dict[tuple[str, str], dict[int, float]] = {}
    scores = subject.run.scores if subject.directory.record.exists() else ()
    for score in scores:
        found.setdefault((score.metric, score.label), {})[score.images_seen] = score.value
    for moment in read_metrics(subject.directory.metrics):
        for key in moment:
            if key.startswith(_SELECTION):
                metric = key.removeprefix(_SELECTION)
                found.setdefault((metric, metric.upper()), {})[int(moment["images_seen"])] = moment[key]
    if not found:
        return {}
    ranking = _ranking(scores)
    chosen = max(found, key=lambda each: (len(found[each]), each[0] == ranking))
    return {age: (chosen[1], value) for age, value in found[chosen].items()}


def _ranking(scores: Sequence[Score]) -> str:
    """Return the metric that ranks among a run's scores, or nothing where there are none."""
    counts = [score.protocol.get(key) for score in scores for key in ("generated", "reference_images")]
    images = min((count for count in counts if isinstance(count, int)), default=None)
    needed = {score.metric: score.images_needed for score in scores}
    return ranking_metric(needed, images) if needed else ""


def _ages(subject: OpenedGenerator, before: bool) -> list[int]:
    ages = [*([0] if before else []), *kept_ages(subject)]
    if len(ages) < 2:
        raise RefusedError(
            f"{subject.directory.path} kept {subject.weights} generators of {len(ages)} age, so there is nothing to "
            f"watch; training.snapshot_kimg says how often they are kept"
        )
    return ages


def _chosen(ages: Sequence[int], scores: Mapping[int, object], columns: int) -> list[int]:
    """Return all ages if they are few; else those that have a score, from three on; else so many evenly spread."""
    scored = [age for age in ages if age in scores]
    if len(ages) <= columns or _FEWEST_SCORED <= len(scored) <= columns:
        return scored if len(ages) > columns else list(ages)
    return [ages[round(index)] for index in np.linspace(0, len(ages) - 1, columns).tolist()]


def _images(subject: OpenedGenerator, age: int, seeds: Sequence[int]) -> PixelArray:
    """Return the images of seeds at an age, those of a growing generator enlarged to the final side."""
    quiet = replace(subject, progress=silent_progress)
    images = (aged(quiet, age) if age else untrained(quiet)).images(seeds)
    times = subject.spec.resolution // images.shape[-1]
    return images.repeat(times, axis=2).repeat(times, axis=3)


def _kimg(age: int) -> str:
    return "untrained" if age == 0 else f"{age / 1000:.1f} kimg"


def _score(age: int, scores: dict[int, tuple[str, float]]) -> str:
    if not scores:
        return ""
    if age not in scores:
        return " "
    name, value = scores[age]
    return f"{name} {value:.3g}"


def _caption(age: int, scores: dict[int, tuple[str, float]]) -> str:
    return f"{_kimg(age)}   {_score(age, scores)}".strip()
