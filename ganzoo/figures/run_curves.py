"""Run curves: what runs measured while training, over kimg or hours on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ganzoo._io.atomic import atomic_write, sha256_of
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.metrics_log import SELECTION, Moment, read_course
from ganzoo._runs.record import read_record
from ganzoo.errors import RunError
from ganzoo.figures.courses import Course, Measured, banded, clock_of, groups_of_seeds
from ganzoo.plotting.canvas import Canvas
from ganzoo.plotting.chart import Chart, Curve, page

Axis = Literal["kimg", "hours"]
SPEED = "images/s"
_LOSS = "/loss"
_LOSSES, _OUTPUTS = "loss", "D outputs"


def curves_of(runs: Sequence[Path | str], *, over: Axis = "kimg", bands: bool = False) -> Canvas:
    """Draw losses, D's outputs, scores, penalties, strengths and speed of one or several runs.

    Of one run, what belongs together shares a chart; of several, each quantity has a chart with a curve per run, and
    scores on other data or under another protocol, which cannot be compared, have charts of their own.

    Args:
        runs: Their folders.
        over: Thousands of images shown, or hours of training.
        bands: Whether seeds of one recipe are drawn as their mean, in the band from the least to the greatest.

    Raises:
        RunError: A run has measured nothing yet, or no times.
    """
    found = [RunDirectory.open(Path(path)) for path in runs]
    directories = {_name(directory, found): directory for directory in found}
    measured = _all_measured(directories)
    groups = groups_of_seeds(directories) if bands else {name: [name] for name in directories}
    measured = {name: banded([measured[each] for each in members]) for name, members in groups.items()}
    if over == "hours":
        clocks = {name: clock_of([directories[each] for each in members]) for name, members in groups.items()}
        measured = {
            name: {key: replace(course, x=clocks[name](course.x)) for key, course in each.items()}
            for name, each in measured.items()
        }
    charts = _of_one(next(iter(measured.values())), over) if len(measured) == 1 else _of_several(measured, over)
    title = next(iter(measured)) if len(measured) == 1 else ""
    return page(charts, title=title)


def _all_measured(directories: Mapping[str, RunDirectory]) -> dict[str, Measured]:
    """Return what each run measured; a score is named by its protocol too where they do not have the same."""
    scores = {name: _scores(directory) for name, directory in directories.items()}
    under = {(label, measured_under) for each in scores.values() for label, (measured_under, _) in each.items()}
    labels = [label for label, _ in under]
    return {
        name: _measured(directory)
        | {
            f"{label} ({measured_under})" if labels.count(label) > 1 else label: course
            for label, (measured_under, course) in scores[name].items()
        }
        for name, directory in directories.items()
    }


def curve_facts(runs: Sequence[Path | str]) -> list[dict[str, str]]:
    """Return which runs are drawn, and the hash of what each has measured, as plain data for a sidecar."""
    directories = [RunDirectory.open(Path(path)) for path in runs]
    return [{"run": each.name, "metrics_sha256": sha256_of(each.metrics)} for each in directories]


def write_curves(directory: RunDirectory) -> None:
    """Write `curves.svg` into a run's folder, once anything was measured."""
    if read_course(directory.metrics):
        atomic_write(directory.path / "curves.svg", curves_of([directory.path]).svg())


def _name(directory: RunDirectory, all_of_them: Sequence[RunDirectory]) -> str:
    names = [each.name for each in all_of_them]
    return directory.name if names.count(directory.name) == 1 else str(directory.path)


def _measured(directory: RunDirectory) -> dict[str, Course]:
    moments = read_course(directory.metrics)
    if not moments:
        raise RunError(f"{directory.path} has no metrics yet: nothing was measured, so there are no curves to draw")
    found = {}
    for key in dict.fromkeys(key for moment in moments for key in moment):
        pairs = [(moment["images_seen"] / 1000, moment[key]) for moment in moments if key in moment]
        found[key] = Course(np.array([x for x, _ in pairs]), np.array([y for _, y in pairs]))
    found.pop("images_seen")
    if "seconds" in found:
        found.pop("seconds")
        found[SPEED] = Course(*_speed([moment for moment in moments if "seconds" in moment]))
    return found


def _speed(moments: Sequence[Moment]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return images per second between one line and the next."""
    seen = np.array([0.0, *(moment["images_seen"] for moment in moments)])
    seconds = np.array([0.0, *(moment["seconds"] for moment in moments)])
    took = np.diff(seconds)
    with np.errstate(divide="ignore", invalid="ignore"):
        return seen[1:] / 1000, np.where(took > 0, np.diff(seen) / took, np.nan)


def _scores(directory: RunDirectory) -> dict[str, tuple[str, Course]]:
    """Return by name what reported scores were measured under, and their course: the protocol of most checkpoints."""
    if not directory.record.exists():
        return {}
    record, by_kind = read_record(directory.record), dict[tuple[str, str], list[tuple[float, float]]]()
    for score in record.scores:
        if score.purpose == "report":
            data = score.dataset or record.dataset
            on = f"{data.name} {data.fingerprint[:6]}, " if data else ""
            kind = score.name, f"{on}protocol {score.protocol_id[:6]}"
            by_kind.setdefault(kind, []).append((score.images_seen / 1000, score.value * score.scale))
    most = {label: max(len(found) for (each, _), found in by_kind.items() if each == label) for label, _ in by_kind}
    kept = {kind: sorted(found) for kind, found in by_kind.items() if len(found) == most[kind[0]]}
    return {
        label: (under, Course(np.array([x for x, _ in found]), np.array([y for _, y in found])))
        for (label, under), found in kept.items()
    }


def _group(key: str) -> str:
    """Return the chart that a quantity of one run belongs to."""
    if key.endswith(_LOSS):
        return _LOSSES
    if key.startswith("D("):
        return _OUTPUTS
    return f"{key.removeprefix(SELECTION)} on the way" if key.startswith(SELECTION) else key


def _of_one(measured: Measured, over: Axis) -> list[Chart]:
    groups: dict[str, list[str]] = {}
    for key in measured:
        groups.setdefault(_group(key), []).append(key)
    return [
        Chart(
            title,
            [_curve(key if len(keys) > 1 else "", measured[key], order) for order, key in enumerate(keys)],
            over,
            own_legend=len(keys) > 1,
            x_from=0.0,
        )
        for title, keys in groups.items()
    ]


def _of_several(measured: Mapping[str, Measured], over: Axis) -> list[Chart]:
    keys = dict.fromkeys(key for each in measured.values() for key in each)
    return [
        Chart(
            key,
            [_curve(name, each[key], order) for order, (name, each) in enumerate(measured.items()) if key in each],
            over,
            x_from=0.0,
        )
        for key in keys
    ]


def _curve(label: str, course: Course, order: int) -> Curve:
    return Curve(label, course.x, course.y, order, course.low, course.high)
