"""What `run`, `resume` and `score` do with runs that are there already."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from training_world import (
    TINY,
    Quiet,
    go_on,
    in_memory,
    installed,
    merged,
    only_run,
    recipe_of,
    start,
    status_of,
    stop_at,
)

from ganzoo._inference.run import Run
from ganzoo._inference.sample_run import Outputs, SampleRequest, write_samples
from ganzoo._io.atomic import remove_tree
from ganzoo._io.os_errors import absolute
from ganzoo._recipe.load import validate
from ganzoo._registry.registry import Registry
from ganzoo._runs.record import read_record, write_record
from ganzoo._runs.sealed_toml import seal_toml
from ganzoo._runs.verify import verify_run
from ganzoo._training import train_and_score
from ganzoo._training.first_look import look_first
from ganzoo.errors import DataError, GanzooError, RefusedError, RunError, RunStopped
from ganzoo.scoring.score_run import score_run


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


@pytest.fixture
def folder():
    with in_memory() as folder:
        yield folder


def test_run_begins_a_new_run_unless_told_to_resume(folder):
    start(folder, recipe_of())
    start(folder, recipe_of())
    assert sorted(path.name for path in folder.iterdir()) == ["tiny-s3", "tiny-s3-2"]
    again = start(folder, recipe_of(), again=True)
    assert again.name == "tiny-s3-2"
    other = start(folder, recipe_of({"generator": {"latent_dim": 4}}), again=True)
    assert other.name == "tiny-s3-3"


def test_resuming_with_another_protocol_scores_again_and_keeps_the_recipe_true(folder):
    start(folder, recipe_of())
    run = start(folder, recipe_of({"scoring": {"generated": 12}}), again=True)
    assert [score.protocol["generated"] for score in read_record(run.record).scores] == [8, 12]
    assert verify_run(run.path) == []


def test_other_data_are_refused_and_nothing_is_changed(folder):
    with pytest.raises(RunStopped):
        start(folder, recipe_of(), stop_at(24))
    run = only_run(folder)
    text = seal_toml(recipe_of({"dataset": {"count": 41}}).to_toml())
    run.recipe.write_text(text)
    before = run.record.read_bytes()
    with pytest.raises(RefusedError, match="the images of dataset 'tiny' have changed"):
        go_on(run.path, "training.total_kimg=0.1")
    assert run.record.read_bytes() == before
    assert run.recipe.read_text() == text


def test_a_recipe_with_a_flipped_bit_is_refused_and_not_vouched_for(folder):
    with pytest.raises(RunStopped):
        start(folder, recipe_of(), stop_at(24))
    run = only_run(folder)
    whole, record = run.recipe.read_bytes(), run.record.read_bytes()
    for at in (whole.index(b"batch_size = 8") + 13, whole.index(b"total_kimg = 0.064") + 16, len(whole) - 3, 2):
        run.recipe.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        for use in (lambda: go_on(run.path), lambda: score_run(Run(run), "cpu", Quiet())):
            with pytest.raises(RunError, match=r"recipe.toml is damaged: it was changed since ganzoo wrote it. Put"):
                use()
        assert verify_run(run.path)
    assert run.record.read_bytes() == record
    run.recipe.write_bytes(whole)
    assert status_of(go_on(run.path)) == "finished"


def test_a_run_that_was_stopped_as_it_began_goes_on(folder):
    """Nothing but its recipe and record may be there: the folder gets its name with both in it."""
    with pytest.raises(RunStopped):
        start(folder, recipe_of(), stop_at(8))
    run = only_run(folder)
    for path in (*run.checkpoints.iterdir(), *run.samples.iterdir(), run.metrics, run.log):
        remove_tree(path)
    write_record(run.record, read_record(run.record).model_copy(update={"kept": {}, "images_seen": 0}))
    assert verify_run(run.path) == []
    assert status_of(go_on(run.path)) == "finished"


def test_what_would_change_the_training_is_refused(folder):
    run = start(folder, recipe_of())
    with pytest.raises(RefusedError, match=r"generator.latent_dim=4 would change what .* trains"):
        go_on(run.path, "generator.latent_dim=4")
    with pytest.raises(RefusedError, match=r"a score may only change \[scoring\]"):
        score_run(Run(run), "cpu", Quiet(), overrides=["training.batch_size=4"])
    assert verify_run(run.path) == []


def test_a_run_cannot_become_shorter(folder):
    run = start(folder, recipe_of())
    text = run.recipe.read_text()
    with pytest.raises(RefusedError, match=r"has seen .* images already, so training\.total_kimg = 0\.008 cannot"):
        go_on(run.path, "training.total_kimg=0.008")
    assert run.recipe.read_text() == text


def test_the_record_vouches_for_a_recipe_that_changed_after_the_end(folder):
    run = start(folder, recipe_of())
    go_on(run.path, "training.log_kimg=0.004")
    assert "log_kimg = 0.004" in run.recipe.read_text()
    assert verify_run(run.path) == []


def test_a_signal_while_scoring_is_told_and_the_rest_is_done_later(folder, monkeypatch):
    def stopped(*arguments):
        os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(train_and_score, "score_opened", stopped)
        with pytest.raises(RunStopped, match="stopped by SIGTERM; resume with: ganzoo resume"):
            start(folder, recipe_of())
    run = only_run(folder)
    assert (status_of(run), read_record(run.record).scores) == ("finished", ())
    go_on(run.path)
    assert len(read_record(run.record).scores) == 1


def test_a_signal_in_the_last_step_stops_before_scoring(folder):
    with pytest.raises(RunStopped, match="at 64 images"):
        start(folder, recipe_of(), stop_at(64))
    run = only_run(folder)
    assert (status_of(run), read_record(run.record).scores) == ("stopped", ())
    go_on(run.path)
    assert (status_of(run), len(read_record(run.record).scores)) == ("finished", 1)


def test_the_record_catches_up_with_a_checkpoint_that_outlived_it(folder):
    run = start(folder, recipe_of())
    record = read_record(run.record)
    stale = record.model_copy(update={"status": "running", "images_seen": 48, "seconds": 0.0, "scores": ()})
    write_record(run.record, stale)
    go_on(run.path)
    found = read_record(run.record)
    assert (found.status, found.images_seen, found.seconds) == ("finished", 64, record.seconds)


def test_every_snapshot_can_be_scored_and_sampled(folder):
    run = start(folder, recipe_of({"training": {"snapshot_kimg": 0.032}}))
    ages = [score.images_seen for score in score_run(Run(run), "cpu", Quiet(), snapshots=True)]
    assert ages == [32, 64]

    def sampled(at):
        write_samples(Run(run), SampleRequest(range(4)), Outputs(grid=folder / "grid.png"), at=at, device="cpu")
        return (folder / "grid.png").read_bytes()

    assert sampled(32) != sampled(64)
    with pytest.raises(GanzooError, match=r"kept no ema generator of 40 images seen \(kept: 32, "):
        sampled(40)


def test_a_run_that_never_began_says_so(folder):
    folder.mkdir()
    path = folder / "tiny-s3"
    path.mkdir()
    (path / "run.lock").touch()
    with pytest.raises(RunError, match=r"has no recipe.toml: it was stopped before training started"):
        go_on(path)


@pytest.fixture
def folder_recipe(folder, monkeypatch):
    """A recipe of the folder `scans` beside the runs, one image of which is damaged, named relative to here."""
    here = folder.parent / f"{folder.name}-here"
    (here / "scans").mkdir(parents=True)
    for number in range(12):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8), np.uint8)
        Image.fromarray(pixels).save(here / "scans" / f"{number}.png")
    (here / "scans" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 30)
    monkeypatch.chdir(here)
    dataset = {"name": "folder", "root": "scans", "resolution": 8, "channels": 1}
    yield validate({**merged(TINY), "dataset": dataset}, Registry.discover(), "recipe")
    shutil.rmtree(here)


def test_a_run_goes_on_from_any_folder_with_the_same_images_left_out(folder, folder_recipe, monkeypatch, tmp_path):
    with pytest.raises(RunStopped):
        start(folder, folder_recipe, stop_at(16), skip_bad=True)
    run, here = only_run(folder), os.getcwd()
    monkeypatch.chdir(tmp_path)
    assert status_of(go_on(run.path)) == "finished"
    assert Run(run).recipe.dataset.options.root == Path(here, "scans")
    assert len(score_run(Run(run), "cpu", Quiet(), overrides=["scoring.generated=10"])) == 1


def test_a_run_goes_on_with_the_pack_where_the_source_is_gone(folder, folder_recipe):
    with pytest.raises(RunStopped):
        start(folder, folder_recipe, stop_at(16), skip_bad=True)
    shutil.move("scans", "elsewhere")
    said = Quiet()
    run = go_on(only_run(folder).path, reporter=said)
    assert status_of(run) == "finished"
    (text,) = [line for line in said.said if "going on with the images as they were prepared" in line]
    assert "scans does not exist" in text and "packs" in text
    with pytest.raises(DataError, match="scans does not exist"):
        start(folder, folder_recipe)


def test_a_recipe_that_must_fail_fails_before_data_are_prepared(folder, folder_recipe):
    def refusal(**changes) -> str:
        plain = merged(folder_recipe.plain(), changes)
        with pytest.raises(GanzooError) as error:
            start(folder, validate(plain, Registry.discover(), "recipe"))
        return str(error.value)

    assert "'test' (it has train)" in refusal(scoring={"split": "test"})
    assert "50 asked for, but split 'train' has 13" in refusal(scoring={"reference_images": 50})
    for path in Path("scans").glob("[1-9]*.png"):
        path.unlink()
    Path("scans/broken.png").unlink()
    assert "fid: needs at least 2 real images, but there is 1" in refusal(scoring={"reference_images": 1})
    assert not folder.exists()


def test_names_and_paths_are_judged_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "my recipe (1).toml").write_text("seed = 1\n")
    given = {"seed": 1, "dataset": {"name": "folder", "root": "scans"}}

    def refusal(recipe, name="fine", runs="runs", device="cpu") -> str:
        with pytest.raises(GanzooError) as error:
            look_first(recipe, (), seed=None, name=name, runs=Path(runs), device=device)
        return str(error.value)

    look_first(given, (), seed=None, name="fine", runs=Path("runs"), device="cpu")
    assert "'my recipe (1)-s1' cannot name a run" in refusal("my recipe (1).toml", name=None)
    assert "file is a file. Choose another folder with --runs" in refusal(given, runs="file/runs")
    assert "a GPU is called 'cuda:0'" in refusal(given, device="gpu:0")
    wrong = {"dataset": {"name": "folder", "root": "scan"}}
    assert f"does not exist, but {tmp_path / 'scans'} does" in refusal(wrong)
    assert "in double quotes" in refusal({"dataset": {"name": "folder", "root": "C:\temp"}})


def test_a_deleted_working_directory_is_named(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(GanzooError, match="which was deleted meanwhile; change to another folder"):
        absolute(Path("scans"))
