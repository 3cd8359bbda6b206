"""Callbacks that people chose for a run: told everything, never part of it, and switched off where they fail."""

from __future__ import annotations

import json

import pytest
from training_world import Quiet, go_on, hashes, in_memory, installed, metrics_of, only_run, recipe_of, start, stop_at

from ganzoo._registry.registry import Registry
from ganzoo._runs.record import read_record
from ganzoo._training.watchers import VARIABLE, choose_callbacks
from ganzoo.errors import PluginError, RecipeError, RunStopped
from ganzoo.testing import check_part


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


@pytest.fixture
def root():
    with in_memory() as folder:
        yield folder


def noting() -> list:
    import tiny_parts

    tiny_parts.Noting.told.clear()
    return tiny_parts.Noting.told


def test_a_callback_is_told_of_all_that_happens_and_changes_nothing(root):
    told = noting()
    start(root / "plain", recipe_of())
    assert told == []
    reporter = Quiet()
    with pytest.raises(RunStopped):
        start(root / "watched", recipe_of(), stop_at(32), watching=["noting={label='a'}"], reporter=reporter)
    assert [each[0] for each in told][0::99] == ["begin"] and told[-1] == ("end", "stopped")
    (run,) = (each[1] for each in told if each[0] == "begin")
    assert (run.name, run.images_seen, run.total_images) == ("tiny-s3", 0, 64)
    assert run.hyper_parameters["training"]["batch_size"] == 8
    told.clear()
    go_on(only_run(root / "watched").path, watching=["noting"])
    assert told[0][1].images_seen == 32 and told[-1] == ("end", "finished")
    values = [each for each in told if each[0] == "values"]
    assert [images for _, images, _ in values] == [48, 64]
    assert {"D(real)", "generator/loss", "seconds"} <= values[0][2].keys()
    assert values[1][2]["images_per_second"] > 0
    assert [(each[1], each[2].exists()) for each in told if each[0] == "samples"] == [(64, True)]
    (scores,) = (each for each in told if each[0] == "scores")
    assert (scores[1] == 64 and list(scores[2]) == ["FD-random-features"]) or scores[2]
    plain, watched = only_run(root / "plain"), only_run(root / "watched")
    assert hashes(plain) == hashes(watched)
    assert metrics_of(plain) == metrics_of(watched)
    assert "noting" not in json.dumps(read_record(watched.record).recipe)


def test_one_that_fails_is_switched_off_and_named(root):
    told, reporter = noting(), Quiet()
    start(root, recipe_of(), watching=["breaking", "noting"], reporter=reporter)
    warnings = [text for text in reporter.said if "breaking" in text]
    assert len(warnings) == 1
    assert "callback 'breaking' of plugin 'tiny' (tiny-parts 1.0) failed in on_values" in warnings[0]
    assert "OSError: the disk of the logger is full" in warnings[0] and "the run goes on" in warnings[0]
    assert told[-1] == ("end", "finished")
    assert read_record(only_run(root).record).status == "finished"


def test_what_is_chosen(monkeypatch):
    registry = Registry.discover()
    monkeypatch.setenv(VARIABLE, "noting={label='b'}; breaking")
    names = {part.name: options for part, options in choose_callbacks(["noting={label='c'}"], registry)}
    assert {"noting", "breaking"} <= names.keys() and names["noting"].label == "c"  # what is said for this run
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(PluginError, match="no callback called 'notin'; did you mean 'noting'"):
        choose_callbacks(["notin"], registry)
    with pytest.raises(RecipeError, match=r"callback noting\.labl"):
        choose_callbacks(["noting={labl='c'}"], registry)
    with pytest.raises(RecipeError, match=r"callback 'absent' of plugin 'tiny' .* needs the package nowhere"):
        choose_callbacks(["absent"], registry)


def test_loggers_keep_the_contract():
    from ganzoo_loggers import ganzoo_callbacks

    for part in ganzoo_callbacks():
        check_part(part)


def test_hyper_parameters_are_flat_and_names_are_those_that_mlflow_takes():
    from ganzoo_loggers.mlflow import _key
    from ganzoo_loggers.plain import flat

    assert flat({"a": {"b": [1, {"c": True}]}, "d": None}) == {"a.b.0": 1, "a.b.1.c": True}
    assert _key("D(real)") == "D_real_"


def logged(root, name, monkeypatch):
    pytest.importorskip(name)
    reporter = Quiet()
    start(root, recipe_of(), watching=[name], reporter=reporter)
    assert not [text for text in reporter.said if "switched off" in text]
    return only_run(root).path


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_mlflow_has_all_of_a_run(root, monkeypatch):
    path = logged(root, "mlflow", monkeypatch)
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=(path / "callbacks" / "mlflow").absolute().as_uri())
    (run,) = client.search_runs([client.get_experiment_by_name("ganzoo").experiment_id])
    assert run.info.status == "FINISHED" and run.data.params["training.batch_size"] == "8"
    assert any(key.startswith("score/") for key in run.data.metrics)
    assert [point.step for point in client.get_metric_history(run.info.run_id, "D_real_")] == [16, 32, 48, 64]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_wandb_offline_keeps_a_run_in_its_folder(root, monkeypatch):
    path = logged(root, "wandb", monkeypatch)
    assert list((path / "callbacks" / "wandb").glob("offline-run-*/*.wandb"))
