"""The core trains, scores, ranks and draws with made-up parts only: none of the built-in plugins is known to it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from acceptance_parts import ACME, FIGURES, write_bars
from command_line import ganzoo
from forked import forget_modules, forked
from installed_plugin import install_package

from ganzoo import hookspecs
from ganzoo._registry import figures as registry_figures

GROUP = "acme-only"


def run_all() -> None:
    """Run all commands where the entry points of the built-in plugins are those of somebody else's project."""
    forget_modules("ganzoo_")
    hookspecs.ENTRY_POINT_GROUP = GROUP
    registry_figures.FIGURE_GROUP = f"{GROUP}.figures"
    codes, shown = [], []
    for line in COMMANDS:
        outcome = ganzoo(*line)
        codes.append(outcome.code)
        shown.append(outcome.out)
        sys.stderr.write(outcome.err)
    builtin = sorted(name for name in sys.modules if name.partition(".")[0].startswith("ganzoo_"))
    print(json.dumps({"codes": codes, "shown": shown, "builtin": builtin}))


RECIPE = """
title = "Waves on bars"

[dataset]
name = "acme-bars"
root = "bars.txt"
resolution = 16

[generator]
name = "acme-waves"

[discriminator]
name = "acme-scales"

[augmentation]
name = "acme-dimming"

[loss]
name = "acme-distance"

[training]
total_kimg = 0.064
batch_size = 8
log_kimg = 0.016
snapshot_kimg = 0.032

[scoring]
generated = 16
"""

RUNS = ("runs/bars-s0", "runs/bars-s1")
COMMANDS = [
    ["plugins"],
    ["check", "bars.toml"],
    ["run", "bars.toml", "--device", "cpu"],
    ["run", "bars.toml", "--device", "cpu", "--seed", "1"],
    *(["resume", run, "--set", "training.total_kimg=0.08"] for run in RUNS),
    ["score", RUNS[0], "--snapshots"],
    ["sample", RUNS[0], "--count", "4", "--out", "grid.png"],
    ["explore", "acme-mirrored", RUNS[0], "--seeds", "0-3", "--out", "mirrored.png"],
    ["compare", "runs", "--format", "json"],
    ["verify", "runs"],
]


@dataclass(frozen=True)
class World:
    """What the commands left: files, what each printed (the last one of a name), and modules of built-in plugins."""

    folder: Path
    printed: dict[str, str]
    builtin: list[str]

    def record(self, run: str) -> dict[str, Any]:
        record = json.loads((self.folder / run / "record.json").read_text("utf-8"))
        return record.get("content", record)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A folder in which all commands were run once, by one process without the built-in plugins."""
    folder = tmp_path_factory.mktemp("acme-only")
    install_package(folder / "site", ACME, group=GROUP, figures=FIGURES)
    (folder / "bars.toml").write_text(RECIPE, "utf-8")
    write_bars(folder / "bars.txt")
    done = forked(run_all, folder, PYTHONPATH=str(folder / "site"), PATH="", GANZOO_CACHE=str(folder / "cache"))
    assert done.returncode == 0, done.stdout + done.stderr
    left = json.loads(done.stdout.splitlines()[-1])
    commands = [line[0] for line in COMMANDS]
    assert left["codes"] == [0] * len(commands), done.stderr
    return World(folder, dict(zip(commands, left["shown"], strict=True)), left["builtin"])


@pytest.mark.ci
def test_every_command_works_and_no_built_in_plugin_is_imported(world):
    assert world.builtin == []
    for name in ("acme-waves", "acme-gap", "acme-rows", "acme-bars", "acme-bar-list", "acme-mirrored"):
        assert name in world.printed["plugins"]
    assert "bars: valid." in world.printed["check"]


def test_the_run_is_of_made_up_parts(world):
    record = world.record(RUNS[0])
    assert record["status"] == "finished"
    assert record["images_seen"] == 80
    assert record["plugins"]["acme-zoo"] == "0.1"


def test_scores_are_those_of_the_made_up_metric_and_extractor(world):
    """Nothing in the recipe names them: they are what there is."""
    scores = world.record(RUNS[0])["scores"]
    assert {score["metric"] for score in scores} == {"acme_gap"}
    assert {score["label"] for score in scores} == {"Gap-rows"}
    assert {32, 64, 80} <= {score["images_seen"] for score in scores}


def test_runs_are_ranked_by_the_made_up_metric(world):
    """The leaderboard knows neither the metric nor its plugin: the records say all that is shown."""
    (table,) = json.loads(world.printed["compare"])["tables"]
    assert table["primary"] == "acme_gap"
    assert table["metrics"]["acme_gap"]["scale"] == 10.0
    ((row,),) = (section["rows"] for section in table["sections"])
    scores = [score for run in RUNS for score in world.record(run)["scores"] if score["purpose"] == "report"]
    values = {score["value"] for score in scores if score["images_seen"] == 80}
    assert len(values) == 2
    assert row["rank"] == [1, 1]
    assert row["estimates"]["acme_gap"]["mean"] == pytest.approx(sum(values) / 2)


def test_images_are_drawn(world):
    for picture in ("grid.png", "mirrored.png"):
        assert (world.folder / picture).read_bytes().startswith(b"\x89PNG")
