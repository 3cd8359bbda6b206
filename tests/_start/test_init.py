"""A folder that nobody has described becomes a recipe that trains at once."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import ganzoo
from ganzoo._registry.part import PluginOrigin
from ganzoo._registry.registry import Registry
from ganzoo._start import pace
from ganzoo._start.fit import _adapted, _Once
from ganzoo._start.images import look_at
from ganzoo._start.init import facts_on_time, init_recipe
from ganzoo._start.stopwatch import Stopwatch, Taken
from ganzoo.contracts.phase import Phase
from ganzoo.contracts.reporter import SILENT
from ganzoo.errors import DataError, RefusedError

TEMPLATE = """
title = "of others"
paper = "a paper that is about other images"
[dataset]
name = "phantom"
[generator]
name = "dcgan"
width = 4
[discriminator]
name = "dcgan"
width = 4
normalization = "none"
[loss]
name = "logistic"
[training]
total_kimg = 1
batch_size = 64
generator_optimizer = { learning_rate = 0.001 }
[scoring]
generated = 20
reference_images = 100
metrics = [{ name = "kid", subset_size = 50 }]
extractor = { name = "random-features" }
"""


def picture(path: Path, number: int, *, is_color: bool, side: int = 24) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3), np.uint8)
    Image.fromarray(pixels if is_color else pixels[:, :, 0].repeat(3).reshape(side, side, 3)).save(path)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.discover()


def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, images: Path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(pace, "_SECONDS", 0.0)
    monkeypatch.setattr(pace, "_LEAST_STEPS", 2)
    (tmp_path / "template.toml").write_text(TEMPLATE)
    return init_recipe(
        images, None, template="template.toml", hours=0.001, resolution=16, device="cpu", reporter=SILENT
    )


@pytest.mark.ci
def test_a_recipe_is_written_that_trains_at_once_and_never_over_another(tmp_path, monkeypatch):
    for number in range(40):
        picture(tmp_path / f"mine/{'ab'[number % 2]}/{number}.png", number % 39, is_color=False)
    (tmp_path / ".ganzoo").mkdir()
    (tmp_path / ".ganzoo/recipe.schema.json").write_text("{}")
    found = written(tmp_path, monkeypatch, tmp_path / "mine")
    text = found.path.read_text()
    assert text.startswith("#:schema .ganzoo/recipe.schema.json\n")
    data = tomllib.loads(text)
    assert data["dataset"]["channels"] == 1  # RGB files whose channels are equal
    assert data["dataset"]["classes"] == 2
    assert data["training"]["batch_size"] <= 10
    assert data["scoring"]["metrics"][0]["subset_size"] == 20
    assert "paper" not in data  # which was about other images
    assert "copies: 1 images" in text and "# Half-life" not in text and "# Real images per" in text
    hours = found.fit.pace.hours
    alone, held_up = (replace(found.fit, pace=replace(found.fit.pace, waited=share)) for share in (0.0, 0.6))
    assert [len(facts_on_time(alone, share * hours)) for share in (0.5, 2)] == [2, 1]
    assert "60% of the time" in facts_on_time(held_up, 2 * hours)[1]
    run = ganzoo.run(found.path, overrides=["training.total_kimg=0.02", "scoring.generated=20"], runs=tmp_path / "runs")
    assert run.scores
    with pytest.raises(RefusedError, match="exists already"):
        init_recipe(
            tmp_path / "mine", None, template="template.toml", hours=1, resolution=16, device="cpu", reporter=SILENT
        )
    assert found.path.read_text() == text


def test_subjects_are_found_in_names_and_color_in_pixels(tmp_path, registry):
    for number in range(20):
        picture(tmp_path / f"case_{number // 5}_slice_{number}.png", number, is_color=number == 7)
    found = look_at(tmp_path, registry)
    assert (found.count, found.subjects, found.channels, found.classes) == (20, 4, 3, ())
    assert (found.smallest, found.largest) == (24, 24)
    picture(tmp_path / "seg_3_slice_15.png", 15, is_color=False)  # a mask of one of them
    found = look_at(tmp_path, registry)
    assert (found.subjects, found.count) == (4, 20) and "1 segmentation masks" in found.left_out[0]


def test_the_dataset_is_named_so_that_only_it_is_meant(tmp_path, registry):
    picture(tmp_path / "0.png", 0, is_color=False)
    other = replace(registry.part("dataset", "phantom"), name="folder", origin=PluginOrigin("acme", "acme-images", "1"))
    assert look_at(tmp_path, registry).dataset == "folder"
    assert look_at(tmp_path, Registry([*registry.parts(), other])).dataset == "ganzoo-toolkit:folder"


def test_four_images_make_batches_of_two_and_are_described_once(tmp_path, registry):
    for number in range(4):
        picture(tmp_path / f"{number}.png", number, is_color=False)
    found = look_at(tmp_path, registry)
    assert _adapted(tomllib.loads(TEMPLATE), found, 16, 1.0)["training"]["batch_size"] == 2
    told = []
    once = _Once(SimpleNamespace(info=told.append, warning=told.append))
    for text in ("not square", "not square", "measuring steps"):
        once.info(text)
    assert told == ["not square", "measuring steps"]


def test_folders_of_people_are_no_classes(tmp_path, registry):
    for number in range(20):
        picture(tmp_path / f"p{number // 4}/{number}.png", number, is_color=False)
    found = look_at(tmp_path, registry)
    assert (found.classes, found.subjects) == ((), 5)


def test_what_is_no_image_is_told(tmp_path, registry):
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(DataError, match="no images"):
        look_at(tmp_path, registry)


def test_the_least_disturbed_round_counts_and_what_it_waited_does_not(monkeypatch):
    """Three rounds of two steps of two images, shared by two threads later on."""
    rounds = [Taken(8.0, 3.0, 4.0), Taken(9.0, 2.0, 7.0), Taken(4.0, 4.0, 0.0)]
    taken = iter([Taken(5.0, 2.0, 3.0), *rounds])  # the first warms up
    monkeypatch.setattr(pace, "_taken", lambda trainer, phase, count: next(taken))
    monkeypatch.setattr(pace, "_LEAST_STEPS", 6)
    measured = pace._per_image(None, Phase(start=0, end=100, resolution=8, batch_size=2), 2, sharing=2)
    assert (measured.steps, measured.seconds, measured.processors) == (6, 2.0 / 2 / 4, 2.0 / 4)
    assert measured.waited == 11 / 21
    monkeypatch.undo()
    watch = Stopwatch()
    sum(range(200_000))
    read = watch.read()
    assert 0 < read.undisturbed <= read.clock and read.processors > 0
