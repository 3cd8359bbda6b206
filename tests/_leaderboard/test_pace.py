"""Pace of two recipes: where the better one is level with the other's end, on curves whose answer is known."""

import json

import numpy as np
import pytest
from made_up_records import record, scores

from ganzoo._leaderboard.export import to_json
from ganzoo._leaderboard.leaderboard import leaderboards
from ganzoo._leaderboard.pace import last_crossing
from ganzoo._leaderboard.pace_text import pace_lines
from ganzoo._leaderboard.two_recipes import two_recipes
from ganzoo._leaderboard.two_recipes_page import TwoRecipesPage

STEPS = (5_000, 10_000, 20_000, 30_000)
MACHINE = {"hardware": {"cpu": "one", "threads": 1}}


def on_the_way(level, power=1.0, steps=STEPS):
    """Return scores that fall as a power of the images seen, to `level` at 30 kimg."""
    return tuple(
        score for seen in steps for score in scores(fid=level * (30_000 / seen) ** power, kid=None, images_seen=seen)
    )


def recipes(spread=0.01, steps=STEPS, seeds=3, better=20.0, worse=40.0, **machine):
    factors = [1 + spread * (seed - (seeds - 1) / 2) for seed in range(seeds)]
    fast = [
        record("fast", seed=seed, found=on_the_way(better * each, steps=steps), **(machine or MACHINE))
        for seed, each in enumerate(factors)
    ]
    slow = [
        record("slow", seed=seed, loss="hinge", found=scores(fid=worse * each, kid=None), seconds=1200.0, **MACHINE)
        for seed, each in enumerate(reversed(factors))
    ]
    return fast + slow


def between(runs, folders=None):
    return two_recipes(leaderboards(runs).tables, "fast", "slow", folders)


def test_the_last_crossing_is_where_a_power_law_is_level_and_not_an_earlier_dip():
    seen = np.array([1.0, 10.0, 100.0])
    assert last_crossing(seen, np.log(np.array([100.0, 10.0, 1.0])) - np.log(5.0)) == pytest.approx(20.0)
    assert last_crossing(np.arange(1.0, 6.0), np.array([1.0, -1.0, 1.0, -1.0, -2.0])) == pytest.approx(12**0.5)
    assert last_crossing(seen, np.array([-1.0, -2.0, -3.0])) is None


def test_half_of_the_images_with_an_interval_that_widens_with_the_spread():
    """Scores as 1 / images, twice as good at the end: level after half of the images, whatever the steps."""
    widths = []
    for spread in (0.002, 0.03):
        found = between(recipes(spread)).pace()
        assert found.images.middle == pytest.approx(0.5, rel=2e-3)
        assert found.images.low < 0.5 < found.images.high
        widths.append(found.images.high - found.images.low)
    # Of a power of -1 the interval is that of the ratio of the two scores, over twice its value.
    pair = between(recipes(0.03)).pair
    assert widths[1] == pytest.approx((pair.high - pair.low), rel=0.15)
    assert widths[1] > 2 * widths[0]


def test_it_is_not_said_where_it_is_not_known():
    assert between(recipes(seeds=2)).pace() is None  # never definite
    assert between(recipes(better=39.9)).pace() is None  # not surely better
    assert between(recipes(steps=(30_000,))).pace() is None
    assert "ganzoo score RUN --snapshots" in "".join(pace_lines(between(recipes(steps=(30_000,)))))
    assert pace_lines(between(recipes(better=39.9))) == []


def test_level_before_the_first_score_is_said_so():
    found = between(recipes(steps=(20_000, 30_000)))
    assert found.pace().images.middle is None
    text = str(TwoRecipesPage.of(found)).replace("\n", " ")
    assert "by 67 % of slow's images or before (surely)" in text


def test_time_is_that_of_the_logs_and_only_of_like_machines(tmp_path):
    """A growing network's first images are cheap: half of the images here are a tenth of the time."""
    runs = recipes()
    for run in runs:
        folder = tmp_path / run.name
        folder.mkdir()
        moments = [(15_000, 30.0 if run.recipe["loss"]["name"] == "logistic" else 150.0), (30_000, 300.0)]
        lines = [json.dumps({"images_seen": seen, "seconds": seconds}) for seen, seconds in moments]
        (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    folders = {run.name: tmp_path / run.name for run in runs}
    found = between(runs, folders).pace()
    assert found.time.middle == pytest.approx(0.1, rel=0.02)
    assert found.time.low < found.time.middle < found.time.high
    assert (
        "of slow's images" in pace_lines(between(runs, folders))[0]
        and "training time" in pace_lines(between(runs, folders))[0]
    )
    assert between(runs).pace().time is None
    assert between(recipes(hardware={"cpu": "another"}), folders).pace().time is None


def test_programs_get_the_course_too():
    table = json.loads(to_json(leaderboards(recipes())))
    rows = {row["recipe"]: row for section in table["tables"][0]["sections"] for row in section["rows"]}
    assert [point["images_seen"] for point in rows["fast"]["course"]["fid"]] == list(STEPS)
    assert rows["slow"]["course"] == {}
