"""What runs measured while training, as curves over kimg on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganzoo.drawing.canvas import Canvas
from ganzoo.drawing.chart import Chart, Curve, page
from ganzoo.errors import RunError
from ganzoo.files import atomic_write
from ganzoo.runs.directory import RunDirectory
from ganzoo.runs.metrics import Moment, read_metrics
from ganzoo.runs.record import read_record

Measured = Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
SPEED = "images/s"
_SELECTION, _LOSS = "selection/", "/loss"
_LOSSES, _OUTPUTS = "loss", "D outputs"


def curves_of(runs: Sequence[Path]) -> Canvas:
    """Draw losses, D's outputs, scores, penalties, strengths and speed of one or several runs.

    Of one run, what belongs together shares a chart; of several, each quantity has a chart with a curve per run.

    Raises:
        RunError: A run has measured nothing yet.
    """
    directories = [RunDirectory.open(path) for path in runs]
    measured = {_name(directory, directories): _measured(directory) for directory in directories}
    charts = _of_one(next(iter(measured.values()))) if len(measured) == 1 else _of_several(measured)
    title = next(iter(measured)) if len(measured) == 1 else ""
    return page(charts, title=title)


def write_curves(directory: RunDirectory) -> None:
    """Write `curves.svg` into a run's folder, once anything was measured."""
    if read_metrics(directory.metrics):
        atomic_write(directory.path / "curves.svg", curves_of([directory.path]).svg())


def _name(directory: RunDirectory, all_of_them: Sequence[RunDirectory]) -> str:
    names = [each.name for each in all_of_them]
    return directory.name if names.count(directory.name) == 1 else str(directory.path)


def _measured(directory: RunDirectory) -> Measured:
    moments = read_metrics(directory.metrics)
    if not moments:
        raise RunError(f"{directory.path} has no metrics yet: nothing was measured, so there are no curves to draw")
    found = {}
    for key in dict.fromkeys(key for moment in moments for key in moment):
        pairs = [(moment["images_seen"] / 1000, moment[key]) for moment in moments if key in moment]
        found[key] = (np.array([x for x, _ in pairs]), np.array([y for _, y in pairs]))
    found.pop("images_seen")
    if "seconds" in found:
        found.pop("seconds")
        found[SPEED] = _speed([moment for moment in moments if "seconds" in moment])
    return found | _scores(directory)


def _speed(moments: Sequence[Moment]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return images per second between one line and the next."""
    seen = np.array([0.0, *(moment["images_seen"] for moment in moments)])
    seconds = np.array([0.0, *(moment["seconds"] for moment in moments)])
    took = np.diff(seconds)
    with np.errstate(divide="ignore", invalid="ignore"):
        return seen[1:] / 1000, np.where(took > 0, np.diff(seen) / took, np.nan)


def _scores(directory: RunDirectory) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return the scores that are reported, by their label, where more than one age was scored under one protocol."""
    if not directory.record.exists():
        return {}
    by_kind: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for score in read_record(directory.record).scores:
        if score.purpose == "report":
            by_kind.setdefault((score.label, score.protocol_id), []).append((score.images_seen / 1000, score.value))
    most = {label: max(len(found) for (each, _), found in by_kind.items() if each == label) for label, _ in by_kind}
    kept = {label: sorted(found) for (label, _), found in by_kind.items() if len(found) == most[label]}
    return {label: (np.array([x for x, _ in found]), np.array([y for _, y in found])) for label, found in kept.items()}


def _group(key: str) -> str:
    """Return the chart that a quantity of one run belongs to."""
    if key.endswith(_LOSS):
        return _LOSSES
    if key.startswith("D("):
        return _OUTPUTS
    return f"{key.removeprefix(_SELECTION)} on the way" if key.startswith(_SELECTION) else key


def _of_one(measured: Measured) -> list[Chart]:
    groups: dict[str, list[str]] = {}
    for key in measured:
        groups.setdefault(_group(key), []).append(key)
    return [
        Chart(
            title,
            [Curve(key if len(keys) > 1 else "", *measured[key], order) for order, key in enumerate(keys)],
            "kimg",
            own_legend=len(keys) > 1,
            x_from=0.0,
        )
        for title, keys in groups.items()
    ]


def _of_several(measured: Mapping[str, Measured]) -> list[Chart]:
    keys = dict.fromkeys(key for each in measured.values() for key in each)
    return [
        Chart(
            key,
            [Curve(name, *each[key], order) for order, (name, each) in enumerate(measured.items()) if key in each],
            "kimg",
            x_from=0.0,
        )
        for key in keys
    ]
