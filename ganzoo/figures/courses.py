"""Courses: quantities of a run over images seen, of several seeds as their mean with its band, and their hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganzoo._io.os_errors import shown
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.experiment import experiment_id, without_seed
from ganzoo._runs.metrics_log import read_course
from ganzoo._runs.record import read_record
from ganzoo.errors import GanzooError, RunError

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Course:
    """A quantity on its way.

    Attributes:
        x: Thousands of images seen, `[N]`.
        y: The quantity, `[N]`.
        low: Least of the seeds, `[N]`; None where it is of one run.
        high: Greatest of the seeds, `[N]`.
    """

    x: Values
    y: Values
    low: Values | None = None
    high: Values | None = None


Measured = Mapping[str, Course]
Clock = Callable[[Values], Values]


def clock_of(directories: Sequence[RunDirectory]) -> Clock:
    """Return hours of training by thousands of images seen, mean over runs.

    Raises:
        RunError: A log says no times.
    """
    known = []
    for directory in directories:
        moments = [moment for moment in read_course(directory.metrics) if "seconds" in moment]
        if not moments:
            raise RunError(f"{shown(directory.path)} has a log without times, so nothing is known over hours; use kimg")
        kimg = [0.0, *(moment["images_seen"] / 1000 for moment in moments)]
        known.append((kimg, [0.0, *(moment["seconds"] / 3600 for moment in moments)]))
    return lambda at: np.mean([np.interp(at, kimg, hours) for kimg, hours in known], axis=0)


def groups_of_seeds(directories: Mapping[str, RunDirectory]) -> dict[str, list[str]]:
    """Return by name of a group the names of runs that differ in nothing but the seed; others are groups of one."""
    found: dict[str, list[str]] = {}
    for name, directory in directories.items():
        found.setdefault(_experiment(directory) or name, []).append(name)
    groups = {}
    for names in found.values():
        called = without_seed(names[0]) if len(names) > 1 else names[0]
        groups[called if called not in groups else names[0]] = names
    return groups


def banded(members: Sequence[Measured]) -> Measured:
    """Return what all members measured as means, between the least and the greatest of them.

    Only where all of them measured it: what one lacks at some point is not made up from its neighbors.
    """
    if len(members) == 1:
        return members[0]
    shared = [key for key in members[0] if all(key in each for each in members)]
    found = {key: _mean([each[key] for each in members]) for key in shared}
    return {key: course for key, course in found.items() if len(course.x)}


def _mean(courses: Sequence[Course]) -> Course:
    by_place = [dict(zip(course.x.tolist(), course.y.tolist(), strict=True)) for course in courses]
    x = sorted(set.intersection(*map(set, by_place)))
    values = np.array([[each[place] for place in x] for each in by_place], np.float64).reshape(len(courses), len(x))
    return Course(np.array(x), values.mean(axis=0), values.min(axis=0), values.max(axis=0))


def _experiment(directory: RunDirectory) -> str:
    """Return what the seeds of one recipe share; empty where there is no record to tell."""
    try:
        return experiment_id(read_record(directory.record))
    except GanzooError:
        return ""
