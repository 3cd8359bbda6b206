"""Curves of runs: over kimg or hours, seeds of one recipe as a band, nothing made up where one was not measured."""

import numpy as np
import pytest
from made_up_runs import made_up_run, scores_on_the_way

from ganzoo._runs.directory import RunDirectory
from ganzoo.errors import RunError
from ganzoo.figures import curves_of
from ganzoo.figures.courses import Course, banded, clock_of, groups_of_seeds
from ganzoo.plotting import Band, Line, Words


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    three = [made_up_run(root, seed=seed, end=40.0 + seed, samples=False) for seed in range(3)]
    return [*three, made_up_run(root, "dcgan_oasis_hinge", loss="hinge", samples=False)]


def words(canvas):
    return [mark.text for mark in canvas.marks if isinstance(mark, Words)]


def test_seeds_of_a_recipe_are_one_band(runs):
    alone, together = curves_of(runs), curves_of(runs, bands=True)
    assert not any(isinstance(mark, Band) for mark in alone.marks)
    bands = [mark for mark in together.marks if isinstance(mark, Band)]
    assert len(bands) == 5  # two scores, two losses, the speed
    assert {"dcgan_oasis_logistic", "dcgan_oasis_hinge-s0"} <= set(words(together))
    assert together.png()[:4] == b"\x89PNG" and b"fill-opacity" in together.svg()


def test_hours_are_those_of_the_logs(runs):
    hours = curves_of(runs, over="hours")
    assert words(hours).count("hours") == 5 and "kimg" not in words(hours)
    clock = clock_of([RunDirectory(run) for run in runs])
    assert np.allclose(clock(np.array([0.0, 30.0])), [0, 600 / 3600])
    lines = runs[3] / "metrics.jsonl"
    kept = lines.read_text()
    lines.write_text(kept.replace('"seconds"', '"other"'))
    with pytest.raises(RunError, match="a log without times"):
        curves_of(runs, over="hours")
    lines.write_text(kept)


def test_a_band_holds_only_what_all_seeds_measured():
    one = {"a": Course(np.array([1.0, 2.0, 3.0]), np.array([5.0, 6.0, 7.0])), "b": Course(np.ones(1), np.ones(1))}
    other = {"a": Course(np.array([1.0, 3.0]), np.array([1.0, 9.0])), "b": Course(np.zeros(1), np.ones(1))}
    found = banded([one, other])
    assert list(found) == ["a"]  # b was nowhere measured of both
    course = found["a"]
    assert [each.tolist() for each in (course.x, course.y, course.low, course.high)] == [[1, 3], [3, 8], [1, 7], [5, 9]]


def test_a_single_point_of_a_band_is_an_upright_line(tmp_path):
    last = [scores_on_the_way(40.0 + seed, points=1) for seed in range(2)]
    runs = [made_up_run(tmp_path, seed=seed, scores=last[seed], samples=False) for seed in range(2)]
    upright = [
        mark
        for mark in curves_of(runs, bands=True).marks
        if isinstance(mark, Line) and len(mark.places) == 2 and mark.places[0][0] == mark.places[1][0]
    ]
    assert len(upright) == 2  # of FID and of KID


def test_runs_without_a_record_are_groups_of_their_own(tmp_path, runs):
    bare = tmp_path / "bare-s0"
    bare.mkdir()
    named = {path.name: RunDirectory(path) for path in (*runs, bare)}
    assert [len(members) for members in groups_of_seeds(named).values()] == [3, 1, 1]
