"""Everything from Python: train, resume, score, compare, sample, without a subprocess."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from training_world import TINY, Quiet, in_memory, installed, merged

import ganzoo
from ganzoo._leaderboard.columns import lines_of
from ganzoo.errors import GanzooError, RecipeError, RefusedError
from ganzoo.figures import Animation

SMALL = [
    *("dataset.resolution=16", "dataset.count=40", "generator.width=4", "discriminator.width=4"),
    *("training.total_kimg=0.032", "training.batch_size=8", "scoring.generated=8", "scoring.reference_images=8"),
    *("scoring.metrics=['fid']", "scoring.extractor.name=random-features"),
]
SCRIPT = f"""
import ganzoo
small = {SMALL!r}
logistic = ganzoo.run("quickstart", overrides=small)
hinge = ganzoo.run("quickstart", overrides=[*small, "loss.name=hinge"], name="hinge")
scores = [score for run in (logistic, hinge) for score in ganzoo.score(run, overrides=["scoring.generated=12"])]
table = ganzoo.compare([logistic, hinge], where=["protocol.generated=12"])
picture = hinge.draw("grid")
picture.write("grid.png")
"""


@pytest.fixture(scope="module", autouse=True)
def tiny(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


@pytest.fixture(scope="module")
def trained():
    with in_memory() as folder:
        yield ganzoo.run(merged(TINY, {"scoring": {"metrics": ["fid"]}}), name="tiny", runs=folder)


def test_a_script_of_ten_lines_trains_scores_compares_and_draws(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert len(SCRIPT.strip().splitlines()) <= 10
    names: dict = {}
    exec(SCRIPT, names)
    assert [run.name for run in (names["logistic"], names["hinge"])] == ["quickstart-s0", "hinge-s0"]
    assert [score.protocol["generated"] for score in names["scores"]] == [12, 12]
    rows = names["table"].rows()
    assert {row["loss"] for row in rows} == {"logistic", "hinge"}
    assert {row["fid_mean"] for row in rows} == {score.value for score in names["scores"]}
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr() == ("", "")  # silent by default


def test_a_run_knows_its_scores_and_shows_itself_in_a_line(trained):
    before = trained.scores
    (score,) = ganzoo.score(trained, overrides=["scoring.generated=10"])
    assert trained.scores == (*before, score)
    for shown in (repr(trained), repr(score)):
        assert "\n" not in shown
        assert len(shown) < 160
    assert "64 images seen" in repr(trained)
    again = ganzoo.open(trained.path)
    assert again.scores == trained.scores
    assert again.recipe == trained.recipe


def test_a_resumed_run_is_longer_and_its_record_fresh(trained):
    seen = []
    run = ganzoo.run(trained.recipe, seed=7, runs=trained.path.parent, reporter=Quiet())
    assert (run.name, run.record.images_seen, run.recipe.seed) == ("recipe-s7", 64, 7)
    reporter = Quiet()
    reporter.progress = lambda what: lambda done, total, facts=None: seen.append((what, done, total, facts))
    same = ganzoo.resume(str(run.path), overrides=["training.total_kimg=0.08"], reporter=reporter)
    assert same.record.images_seen == 80
    assert "resuming at 64 of 80 images" in reporter.said
    _, done, total, facts = [each for each in seen if each[0] == "training"][-1]
    assert (done, total) == (80, 80)
    assert facts["kimg"] == "0.08 of 0.08"
    assert run.record.images_seen == 64  # what it read
    run.refresh()
    assert run.record == same.record
    log = same.directory.log.read_text("utf-8")
    assert "resuming at 64 of 80 images" in log


def test_runs_are_compared_by_folder_path_or_themselves(trained):
    by_run = ganzoo.compare(trained)
    assert by_run.rows() == ganzoo.compare(str(trained.path)).rows() == ganzoo.compare([trained.path]).rows()
    assert by_run.rows()[0]["runs"] == [trained.name]
    assert "tiny" in str(by_run)
    html = by_run._repr_html_()
    assert html.count("<tr>") == sum(1 + len(lines_of(table)) for table in by_run.tables)
    with pytest.raises(GanzooError, match="there is nothing at nowhere"):
        ganzoo.compare("nowhere")


def test_a_data_frame_needs_pandas(trained, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(GanzooError, match="pip install pandas"):
        ganzoo.compare(trained).to_pandas()


def test_samples_are_those_of_the_generator(trained):
    samples = ganzoo.sample(trained, [3, 1], device="cpu")
    assert samples.pixels.shape == (2, 1, 8, 8)
    assert np.array_equal(samples.pixels[1:], trained.generator(device="cpu").images([1]))
    assert np.array_equal(ganzoo.sample(trained, 4, device="cpu").pixels[3], samples.pixels[0])
    assert samples._repr_png_().startswith(b"\x89PNG")


def test_a_discriminator_judges_images(trained):
    import torch

    images = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    judged = trained.discriminator(device="cpu").logits(images)
    assert judged.shape == (3,)
    torch.testing.assert_close(trained.discriminator(device="cpu").logits(images[1:]), judged[1:])


def test_what_is_wrong_is_said_before_anything_is_written(tmp_path, trained):
    with pytest.raises(RecipeError, match=r"the recipe is not valid|did you mean"):
        ganzoo.run(merged(TINY, {"loss": {"name": "logistik"}}), runs=tmp_path / "runs")
    with pytest.raises(GanzooError, match="there is no run"):
        ganzoo.open(tmp_path / "none")
    with pytest.raises(GanzooError, match=r"should end in \.safetensors or \.onnx"):
        ganzoo.export(trained, tmp_path / "weights.bin")
    with pytest.raises(RefusedError, match="a score may only change"):
        ganzoo.score(trained, overrides=["training.batch_size=4"])
    assert not list(tmp_path.iterdir())
    assert ganzoo.verify(trained) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda run: ganzoo.sample(run, 0), "seeds: 0 names none"),
        (lambda run: ganzoo.sample(run, -1), "seeds: -1 names none"),
        (lambda run: ganzoo.sample(run, []), r"seeds: \[\] names none"),
        (lambda run: ganzoo.sample(run, "0-7"), "seeds: should be numbers, .* but is '0-7'"),
        (lambda run: ganzoo.sample(run, 1.5), "seeds: should be numbers, .* but is 1.5"),
        (lambda run: run.generator(device="cpu").images([]), "no seeds are given"),
        (lambda run: run.generator(weights="emma"), r"no weights 'emma'; did you mean 'ema'\?"),
        (
            lambda run: ganzoo.sample(run, 1, psi=0.5),
            r"no view option 'psi'; did you mean 'truncation_psi'\? \(known: at,",
        ),
        (lambda run: run.draw("grid", trunc=1), r"no view option 'trunc'; did you mean 'truncation_psi'\?"),
        (lambda run: run.draw("curves", zzz=1), r"no view option 'zzz' \(known: at, weights, device"),
        (lambda run: run.untrained_generator(psi=1), "no view option 'psi'"),
        (lambda run: ganzoo.run(3), "3 is no recipe: give a file"),
        (lambda run: ganzoo.open(3), "3 is no run: give its folder"),
        (lambda run: ganzoo.open(run.path / "recipe.toml"), "recipe.toml is a file, not a run"),
        (lambda run: ganzoo.compare(3), "3 is no run"),
        (lambda run: ganzoo.compare([run, 3]), "3 is no run"),
        (lambda run: ganzoo.compare([]), "no runs are given to compare"),
    ],
)
def test_wrong_arguments_are_sentences(trained, wrong, message):
    with pytest.raises(GanzooError, match=message):
        wrong(trained)


def test_what_python_shows_of_an_object_is_one_line(trained):
    opened = trained.generator(device="cpu")
    film = Animation("film", lambda: iter(()), count=30, fps=10, facts={})
    objects = (trained.recipe, trained.record, trained.directory, opened, trained.discriminator(device="cpu"))
    for each in (*objects, opened.run.draw("grid", device="cpu"), film):
        assert repr(each).startswith(f"<{type(each).__name__}")
        assert "\n" not in repr(each)
        assert len(repr(each)) < 240
    assert str(trained.recipe) == repr(trained.recipe)
    assert f"of run '{trained.name}' at 64: ema, " in repr(opened)
    assert repr(film) == "<Animation 'film': 30 frames, 10 a second>"


def test_a_checkpoint_removed_beside_is_a_message(trained, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(trained.path, copy)
    run = ganzoo.open(copy)
    newest = run.checkpoints()[-1]
    shutil.rmtree(run.directory.checkpoints / f"{newest:010d}")
    with pytest.raises(GanzooError, match=rf"kept no raw generator of {newest} images seen \(kept: "):
        run.generator(newest, "raw")
    assert run.generator(weights="raw", device="cpu").images_seen == run.checkpoints()[-1]
    shutil.rmtree(run.directory.checkpoints)
    with pytest.raises(GanzooError, match="has no intact checkpoint"):
        run.generator(weights="raw")


def test_neither_the_package_nor_comparing_nor_a_record_imports_torch(trained):
    script = (
        "import sys, ganzoo\n"
        "run = ganzoo.open(sys.argv[1])\n"
        "assert run.scores and repr(run) and ganzoo.compare(run).rows()\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script, str(trained.path)], check=True, timeout=120)
