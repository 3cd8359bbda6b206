"""Runs whose recipe names parts that are gone: their networks open, and other scores can be computed."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
import tomli_w
from command_line import ganzoo
from safetensors import safe_open
from training_world import GROWING, in_memory, installed, recipe_of, start

from ganzoo._inference.run import Run
from ganzoo._runs.sealed_toml import seal_toml
from ganzoo.errors import ChangedCodeError, RecipeError

GONE = {"loss": {"name": "acme-loss"}, "regularizers": [{"name": "acme-penalty"}]}
GONE_METRIC = {"metrics": ["acme-metric"], "generated": 8, "reference_images": 8}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    with in_memory() as root, installed(tmp_path_factory.mktemp("site")):
        yield start(root, recipe_of(GROWING)).path


def changed(trained: Path, folder: Path, changes: dict) -> Run:
    """Copy a run with other sections in its recipe, as if the parts that these name had been uninstalled since."""
    path = Path(shutil.copytree(trained, folder / "run"))
    recipe = path / "recipe.toml"
    recipe.write_text(seal_toml(tomli_w.dumps(tomllib.loads(recipe.read_text()) | changes)))
    return Run(path)


def test_its_networks_open_without_the_parts_that_trained_and_scored_them(trained, tmp_path):
    before = Run(trained)
    run = changed(trained, tmp_path, GONE | {"scoring": GONE_METRIC})
    with pytest.raises(RecipeError, match="acme-metric"):
        _ = run.recipe
    assert run.networks == before.networks
    first, second = (each.generator(device="cpu") for each in (before, run))
    assert (first.images([1, 2]) == second.images([1, 2])).all()
    assert run.discriminator(device="cpu").images_seen == first.images_seen
    assert run.untrained_generator(device="cpu").images([1]).shape[0] == 1
    for images_seen in range(8, 113, 8):
        assert run.stage_in_training(images_seen) == before.stage_in_training(images_seen)


def test_it_is_drawn_sampled_and_exported(trained, tmp_path):
    run = changed(trained, tmp_path, GONE | {"scoring": GONE_METRIC})
    exported = tmp_path / "exported.safetensors"
    for command in (
        ("explore", "grid", str(run.path), "--device", "cpu", "--out", str(tmp_path / "grid.png")),
        ("sample", str(run.path), "--device", "cpu", "--seeds", "0-3", "--out", str(tmp_path / "samples.png")),
        ("export", str(run.path), "--out", str(exported)),
    ):
        done = ganzoo(*command)
        assert (done.code, done.err) == (0, ""), command
    with safe_open(exported, "numpy") as file:
        assert tomllib.loads(file.metadata()["recipe"])["scoring"] == GONE_METRIC


def test_a_missing_part_of_the_networks_is_named(trained, tmp_path):
    run = changed(trained, tmp_path, {"generator": {"name": "acme-gan"}})
    with pytest.raises(RecipeError, match="generator: no generator called 'acme-gan'"):
        run.generator(device="cpu")


def test_the_distribution_that_a_part_was_of_is_named_once_it_is_missing(trained, tmp_path):
    parts = tomllib.loads((trained / "recipe.toml").read_text())["parts"]
    (name,) = parts["generator"]
    parts["generator"][name] |= {"distribution": "acme-gan", "version": "1.2"}
    run = changed(trained, tmp_path, {"parts": parts})
    with pytest.raises(
        ChangedCodeError, match=rf"generator '{name}' was that of acme-gan 1\.2.*, which is not installed"
    ):
        run.generator(device="cpu")


def test_a_score_that_names_what_is_installed_can_be_computed(trained, tmp_path):
    scoring = tomllib.loads((trained / "recipe.toml").read_text())["scoring"]
    run = changed(trained, tmp_path, {"scoring": scoring | {"metrics": ["acme-metric"]}})
    other = 'scoring.metrics=["fid"]'
    refused = ganzoo("score", str(run.path), "--device", "cpu")
    assert (refused.code, "acme-metric" in refused.err) == (2, True), refused.err
    for more in ((), ("--set", "training.log_kimg=7"), ("--dataset", "tiny", "--set", "dataset.count=40")):
        done = ganzoo("score", str(run.path), "--device", "cpu", "--set", other, *more)
        assert done.code == 0, done.err
    refused = ganzoo("score", str(run.path), "--device", "cpu", "--set", other, "--set", "training.batch_size=4")
    assert (refused.code, "would change what" in refused.err) == (3, True), refused.err
