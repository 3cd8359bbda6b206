"""What happens every so many images."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from training_world import GROWING, in_memory, installed, metrics_of, recipe_of, start, trainer_of

from ganzoo._runs.metrics_log import MetricsLog
from ganzoo._runs.record import Score, read_record
from ganzoo._training.cadence import Cadence
from ganzoo._training.callbacks import MetricsCallback, ScoreCallback, SnapshotCallback
from ganzoo.errors import PluginError
from ganzoo.scoring.estimates import MetricsFailed


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


@pytest.fixture
def folder():
    with in_memory() as folder:
        yield folder


@pytest.mark.parametrize(
    ("kimg", "batch", "expected"),
    [(0.01, 4, [12, 20, 32, 40]), (0.016, 8, [16, 32]), (0.001, 16, [16, 32]), (0.0001, 8, [8, 16, 24, 32, 40])],
)
def test_a_cadence_counts_images_whatever_the_batch(kimg, batch, expected):
    cadence = Cadence(kimg)
    ends = range(batch, 41, batch)
    assert [end for end in ends if cadence.due(end - batch, end)] == expected


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_everything_has_its_own_rhythm(folder):
    rhythm = {
        "log_kimg": 0.008,
        "samples_kimg": 0.024,
        "snapshot_kimg": 0.032,
        "checkpoint_kimg": 0.016,
        "keep_checkpoints": 3,
    }
    run = start(folder, recipe_of({"training": rhythm}))
    assert [line["images_seen"] for line in metrics_of(run)] == list(range(8, 65, 8))
    assert names(run.samples) == ["0000000000.png", "0000000024.png", "0000000048.png", "0000000064.png", "reals.png"]
    assert names(run.snapshots) == ["0000000032", "0000000064"]
    assert names(run.checkpoints) == ["0000000032", "0000000048", "0000000064"]


def test_a_line_holds_the_mean_since_the_last_one(tmp_path):
    trainer = trainer_of({"training": {"total_kimg": 0.04}})
    with MetricsLog(tmp_path / "metrics.jsonl") as log:
        callback = MetricsCallback(log, [], 0.016)
        for value in (1.0, 3.0, 5.0, 8.0, 9.0):
            trainer.images_before, trainer.images_seen = trainer.images_seen, trainer.images_seen + 8
            callback.on_step_end(trainer, {"loss": value} | ({"rare": value} if value == 3.0 else {}))
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [line.partition('"loss": ')[2][:3] for line in lines] == ["2.0", "6.5", "9.0"]
    assert '"rare": 3.0' in lines[0] and "rare" not in lines[1]


def test_sample_grids_of_a_growing_network_keep_their_size(folder):
    run = start(folder, recipe_of(GROWING, {"training": {"samples_kimg": 0.016}}))
    grids = {path.stem: np.asarray(Image.open(path)) for path in run.samples.glob("0*.png")}
    assert {grid.shape for grid in grids.values()} == {(8 * 10 + 2, 8 * 10 + 2)}
    first = grids["0000000032"][2:10, 2:10]
    assert np.array_equal(first, first[::2, ::2].repeat(2, 0).repeat(2, 1))  # 4 pixels, shown as 8


def test_the_best_snapshot_is_kept_and_scored(folder):
    recipe = recipe_of({"training": {"score_kimg": 0.016}})
    run = start(folder, recipe)
    values = {
        line["images_seen"]: line["selection/FD-random"] for line in metrics_of(run) if "selection/FD-random" in line
    }
    assert sorted(values) == [16, 32, 48, 64]
    best = min(values, key=values.get)
    assert names(run.snapshots) == sorted({f"{best:010d}", "0000000064"})
    record = read_record(run.record)
    scores = record.scores
    assert record.best_images_seen == best
    assert sorted({score.images_seen for score in scores}) == sorted({best, 64})
    (at_best,) = [score for score in scores if score.images_seen == best]
    assert at_best.value != values[best]  # chosen with another sampling seed than the one reported


@pytest.mark.parametrize(("lower_is_better", "sign"), [(True, 1), (False, -1)])
def test_a_better_score_replaces_the_snapshot_of_the_last(folder, lower_is_better, sign):
    trainer = trainer_of()
    values = iter([3.0, 4.0, 2.0, 5.0])

    def scored(trainer):
        shown = {"metric": "quality", "label": "quality", "lower_is_better": lower_is_better}
        return [Score(**shown, value=sign * next(values), protocol={}, protocol_id="x", images_seen=0)]

    with MetricsLog(folder / "metrics.jsonl") as log:
        snapshots = SnapshotCallback(folder / "snapshots", 0.024)
        metrics = MetricsCallback(log, [], 1.0)
        callback = ScoreCallback(scored, "quality", metrics, snapshots, 0.008, pytest.fail)
        kept = []
        for _ in range(4):
            trainer.images_before, trainer.images_seen = trainer.images_seen, trainer.images_seen + 8
            snapshots.on_step_end(trainer, {})
            callback.on_step_end(trainer, {})
            kept.append([int(name) for name in names(folder / "snapshots")])
    assert kept == [[8], [8], [8, 24], [8, 24]]  # until a checkpoint knows of the better one
    callback.remove_superseded()
    assert names(folder / "snapshots") == ["0000000024"]
    assert callback.best["images_seen"] == 24


def test_a_metric_that_fails_costs_the_choice_of_a_snapshot_and_not_the_training(folder):
    trainer, said = trainer_of(), []
    other = Score(
        metric="other", label="other", lower_is_better=True, value=2.0, protocol={}, protocol_id="x", images_seen=0
    )

    def scored(trainer):
        raise MetricsFailed([PluginError("the metric 'quality' failed")], (other,))

    with MetricsLog(folder / "metrics.jsonl") as log:
        snapshots = SnapshotCallback(folder / "snapshots", 1.0)
        callback = ScoreCallback(scored, "quality", MetricsCallback(log, [], 1.0), snapshots, 0.008, said.append)
        trainer.images_seen = 8
        callback.on_step_end(trainer, {})
    assert callback.best is None
    assert "'quality' failed" in said[0] and "at 8 images" in said[0]
    assert '"selection/other": 2.0' in (folder / "metrics.jsonl").read_text()


def test_the_curves_of_a_run_are_drawn_as_it_goes(folder):
    run = start(folder, recipe_of({"training": {"samples_kimg": 0.016, "log_kimg": 0.016}}))
    drawn = (run.path / "curves.svg").read_text()
    assert all(f">{title}<" in drawn for title in ("loss", "D outputs", "images/s", "generator/loss"))
    assert drawn.startswith("<svg")
