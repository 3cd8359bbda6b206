"""A new part is one new file and one line of its plugin: made-up ones work beside the built-in ones."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from acceptance_parts import ACME, FIGURES, write_bars
from command_line import Outcome, ganzoo
from installed_plugin import install_package

from ganzoo._inference.run import Run
from ganzoo.testing import check_part, check_source

# Built-in parts but for those that are looked at: source format, generator, augmentation, extractor and metric.
RECIPE = """
title = "Waves on bars"

[dataset]
name = "folder"
root = "{bars}"
resolution = 16
channels = 1

[generator]
name = "acme-waves"
latent_dim = 6

[discriminator]
name = "dcgan"
width = 4
normalization = "none"

[augmentation]
name = "acme-dimming"
most = 0.25

[loss]
name = "hinge"

[training]
total_kimg = 0.064
batch_size = 8
log_kimg = 0.016

[scoring]
generated = 24
metrics = [{ name = "acme-gap", order = 3 }, "fid"]
extractor = { name = "acme-rows" }
"""


@dataclass(frozen=True)
class World:
    """A folder in which a recipe of made-up and built-in parts was checked, trained and compared."""

    folder: Path
    checked: Outcome
    trained: Outcome

    @property
    def run(self) -> Path:
        return self.folder / "runs" / "waves-s0"

    @property
    def record(self) -> dict[str, Any]:
        record = json.loads((self.run / "record.json").read_text("utf-8"))
        return record.get("content", record)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("one-file")
    install_package(folder / "site", ACME, figures=FIGURES)
    recipe = folder / "waves.toml"
    write_bars(folder / "bars.txt")
    recipe.write_text(RECIPE.replace("{bars}", str(folder / "bars.txt")), "utf-8")
    before = set(sys.modules)
    sys.path.insert(0, str(folder / "site"))
    try:
        checked = ganzoo("check", str(recipe))
        trained = ganzoo("run", str(recipe), "--runs", str(folder / "runs"), "--device", "cpu")
        assert trained.code == 0, trained.err
        yield World(folder, checked, trained)
    finally:
        sys.path.remove(str(folder / "site"))
        for name in set(sys.modules) - before:
            if name.partition(".")[0] == ACME.name:
                del sys.modules[name]


def part(name: str) -> type:
    """Return the installed class: `metric.Gap`."""
    module, _, cls = name.partition(".")
    return getattr(sys.modules[f"{ACME.name}.{module}"], cls)


@pytest.mark.parametrize(
    "name",
    [
        "generator.Waves",
        "discriminator.Scales",
        "loss.Distance",
        "augmentation.Dimming",
        "extractor.Rows",
        "metric.Gap",
    ],
)
def test_each_keeps_its_contract(world, name):
    check_part(part(name))


def test_a_generator(world):
    assert "acme-waves" in world.checked.out
    assert world.record["status"] == "finished"
    assert world.record["plugins"]["acme-zoo"] == "0.1"
    grid = world.folder / "grid.png"
    done = ganzoo("sample", str(world.run), "--count", "4", "--out", str(grid))
    assert done.code == 0, done.err
    assert grid.read_bytes().startswith(b"\x89PNG")


def test_a_source_format(world):
    """The built-in dataset of any images reads a root in it, and subjects are those that the format states."""
    assert world.record["dataset"]["images"] == {"train": 48}
    check_source(part("source.BarList"), world.folder / "bars.txt")
    broken = world.folder / "broken.txt"
    broken.write_text("acme bars 1\n3 200\nnine lives\n", "utf-8")
    done = ganzoo("run", str(world.folder / "waves.toml"), "--set", f"dataset.root={broken}", "--device", "cpu")
    assert done.code != 0
    assert "line 3 is no bar" in done.err


def test_an_augmentation(world):
    """What it reports is logged under its name: the mean over the last two steps, after 56 and 64 reals."""
    lines = [json.loads(line) for line in (world.run / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert [line["acme-dimming/seen"] for line in lines if "acme-dimming/seen" in line][-1] == 60


def test_an_extractor(world):
    """A built-in metric is taken in its features, under its name and never under the published one."""
    assert {score["label"] for score in world.record["scores"]} == {"Gap-rows", "FD-rows"}
    assert {score["protocol"]["extractor"] for score in world.record["scores"]} == {"acme-rows"}


def test_a_metric_is_scored_with_its_own_settings(world):
    (gap,) = (score for score in world.record["scores"] if score["metric"] == "acme_gap")
    assert gap["settings"]["order"] == 3
    assert "Gap-rows" in world.trained.out


def test_a_metric_ranks_is_shown_and_exported(world):
    done = ganzoo("compare", str(world.folder / "runs"), "--format", "json")
    (table,) = json.loads(done.out)["tables"]
    assert table["primary"] == "acme_gap"
    (gap,) = (score for score in world.record["scores"] if score["metric"] == "acme_gap")
    ((row,),) = (section["rows"] for section in table["sections"])
    assert row["estimates"]["acme_gap"]["mean"] == gap["value"]
    shown = ganzoo("compare", str(world.folder / "runs"), "--format", "markdown").out
    assert "Gap-rows" in shown
    assert "×10" in shown


def test_a_metric_with_other_settings_is_another_one(world):
    """Scores of one metric with different options are never compared."""
    override = 'scoring.metrics=[{name="acme-gap", order=1}]'
    done = ganzoo("score", str(world.run), "--set", override)
    assert done.code == 0, done.err
    gaps = [score for score in world.record["scores"] if score["metric"] == "acme_gap"]
    assert len({(score["settings"]["order"], score["value"]) for score in gaps}) == 2


def test_the_time_of_a_metric_is_planned(world):
    """Ten times the order is ten times the work, says the metric, and so does the message before it is computed."""

    def planned(order):
        done = ganzoo("score", str(world.run), "--set", f'scoring.metrics=[{{name="acme-gap", order={order}}}]')
        return int(re.search(r"images to extract .*: about (\d+) s", done.out + done.err)[1])

    assert planned(10) == pytest.approx(10 * planned(1), abs=10)


def test_a_figure_from_the_command_line(world):
    picture = world.folder / "mirrored.png"
    done = ganzoo("explore", "acme-mirrored", str(world.run), "--seeds", "0-1", "--upright", "--out", str(picture))
    assert done.code == 0, done.err
    assert picture.read_bytes().startswith(b"\x89PNG")
    sidecar = json.loads(picture.with_name("mirrored.png.json").read_text("utf-8"))
    assert sidecar["upright"] is True


def test_a_figures_help_and_name_come_from_its_fields(world):
    assert "acme-mirrored" in ganzoo("explore", "--help").out
    shown = ganzoo("explore", "acme-mirrored", "--help").out
    for expected in ("--upright", "Leave the second one as it is.", "--seeds", "--at"):
        assert expected in shown
    assert "did you mean 'acme-mirrored'?" in ganzoo("explore", "acme-mirored", str(world.run)).err.lower()


def test_a_figure_from_python(world):
    drawn = Run(world.run).draw(part("figure.Mirrored")(seeds=[5]))
    assert drawn._repr_png_().startswith(b"\x89PNG")
    assert world.folder / "python.png" in drawn.write(world.folder / "python.png")


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ('scoring.metrics=["acme-gab"]', "did you mean 'acme-gap'?"),
        ('scoring.metrics=[{name="acme-gap", ordr=1}]', "did you mean 'order'?"),
        ("scoring.extractor.name=acme-row", "did you mean 'acme-rows'?"),
        ("augmentation.mots=1", "did you mean 'most'?"),
        ("generator.latent_dim=0", "generator.latent_dim"),
    ],
)
def test_messages_know_the_made_up_ones(world, override, expected):
    done = ganzoo("check", str(world.folder / "waves.toml"), "--set", override)
    assert done.code == 2
    assert expected in done.err
