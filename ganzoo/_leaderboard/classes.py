"""Classes of a table: of which classes the values of a metric are known, and what a row scored in each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ganzoo._leaderboard.statistics.estimate import Estimate
from ganzoo._leaderboard.statistics.transforms import usable
from ganzoo._leaderboard.tables import ShownClass, ShownClasses, ShownMetric
from ganzoo._runs.plain_data import ClassScore
from ganzoo._runs.record import Score


def classes_of(
    runs: Sequence[Mapping[str, Score]], metrics: Mapping[str, ShownMetric]
) -> tuple[dict[str, ShownClasses], list[str]]:
    """Return the classes of each metric that is known by class, and a note for each whose runs have unlike classes.

    Args:
        runs: Scores of each run of a table, by metric.
        metrics: How each metric is shown.
    """
    found, notes = {}, []
    for metric, shown in metrics.items():
        scores = [run[metric] for run in runs if metric in run and run[metric].by_class]
        sets = {tuple(sorted(each.number for each in score.by_class)) for score in scores}
        if len(sets) == 1:
            found[metric] = _shown(scores, shown)
        elif sets:
            notes.append(f"{shown.label} is not shown by class: these runs have it of unlike classes")
    return found, notes


def _shown(scores: Sequence[Score], shown: ShownMetric) -> ShownClasses:
    every: dict[int, list[ClassScore]] = defaultdict(list)
    for score in scores:
        for each in score.by_class:
            every[each.number].append(each)
    floors = {each.number: each for each in shown.floor.by_class} if shown.floor else {}
    classes = tuple(
        ShownClass(
            number=number,
            name=same[-1].name,
            generated=min(each.generated for each in same),
            reference_images=same[-1].reference_images,
            floor=floors.get(number),
        )
        for number, same in sorted(every.items())
    )
    return ShownClasses(classes, usable(scores[-1].transform, [each for same in every.values() for each in same]))


def estimates_by_class(
    seeds: Mapping[int, Mapping[str, Score]], classes: Mapping[str, ShownClasses]
) -> dict[str, dict[int, Estimate]]:
    """Return what one row scored in each class, by metric; of metrics that all of its seeds have by class.

    Args:
        seeds: Its scores by metric, by seed.
        classes: The classes of each metric.
    """
    found = {}
    for metric, shown in classes.items():
        scored = {seed: scores[metric] for seed, scores in seeds.items() if metric in scores}
        if scored and all(score.by_class for score in scored.values()):
            by_seed = {seed: {each.number: each for each in score.by_class} for seed, score in scored.items()}
            found[metric] = {
                each.number: Estimate.of({seed: of[each.number] for seed, of in by_seed.items()}, shown.transform)
                for each in shown.classes
            }
    return found
