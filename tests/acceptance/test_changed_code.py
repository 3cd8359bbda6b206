"""Runs whose parts' code has changed: each command works with the recorded part, or refuses and names it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from forked import forked
from installed_plugin import PARTS, write_metadata
from training_world import TINY, merged

from ganzoo._cli.app import main
from ganzoo._runs.record import read_record

LOSS = """
class Steep(TinyLoss):
    \"\"\"The logistic loss, {factor} times as steep.\"\"\"
    name = "steep"

    def discriminator_loss(self, real, fake):
        return {factor} * super().discriminator_loss(real, fake)

@hookimpl
def ganzoo_losses():
    return [Steep]
"""
BASE = """
from ganzoo import hookimpl
from ganzoo.testing import TinyDataset, TinyDiscriminator, TinyGenerator

class Base(TinyGenerator):
    \"\"\"One linear layer.\"\"\"
    name = "base"

class Critic(TinyDiscriminator):
    \"\"\"One linear layer.\"\"\"
    name = "base"

class Dots(TinyDataset):
    \"\"\"Noise.\"\"\"
    name = "dots"

@hookimpl
def ganzoo_generators():
    return [Base]

@hookimpl
def ganzoo_discriminators():
    return [Critic]

@hookimpl
def ganzoo_datasets():
    return [Dots]
"""
RECIPE = """
[dataset]
name = "dots"
resolution = 8
count = 40
[generator]
name = "base"
[discriminator]
name = "base"
[loss]
name = "steep"
[training]
total_kimg = 0.032
batch_size = 8
checkpoint_kimg = 0.016
[scoring]
metrics = ["fid"]
generated = 8
reference_images = 8
extractor = { name = "random-features" }
"""


class World:
    """A folder with installed plugins and runs, and the commands in it, each as a new process."""

    def __init__(self, folder: Path):
        self.folder, self.site = folder, folder / "site"
        self.site.mkdir()
        (folder / "steep.toml").write_text(RECIPE)
        (self.site / "acme_base.py").write_text(BASE)
        write_metadata(self.site, "acme-base", "1.0", {"ganzoo": {"base": "acme_base"}})

    def install(self, distribution: str, version: str, factor: int) -> None:
        self.remove(distribution)
        module = distribution.replace("-", "_")
        (self.site / f"{module}.py").write_text(PARTS + LOSS.format(factor=factor))
        write_metadata(self.site, distribution, version, {"ganzoo": {module: module}})

    def remove(self, distribution: str) -> None:
        module = distribution.replace("-", "_")
        (self.site / f"{module}.py").unlink(missing_ok=True)
        for found in self.site.glob(f"{module}-*.dist-info"):
            shutil.rmtree(found)

    def __call__(self, *words: str):
        def call() -> None:
            import sys

            sys.argv = ["ganzoo", *words]
            main()

        return forked(call, self.folder, PYTHONPATH=str(self.site))

    def record(self, name: str):
        return read_record(self.folder / "runs" / name / "record.json")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("world"))
    world.install("acme-loss", "1.0", 1)
    assert world("run", "steep.toml", "--seed", "0").returncode == 0
    return world


def test_it(world):
    code = world.record("steep-s0").recipe["parts"]["loss"]["steep"]
    assert (code["distribution"], code["version"], code["packages"]) == ("acme-loss", "1.0", ["acme_loss"])
    world.install("rival-loss", "7.0", 3)
    done = world("resume", "runs/steep-s0")
    print(done.stdout, done.stderr)
    world.install("acme-loss", "1.1", 2)
    for c in ("resume", "score", "sample"):
        done = world(c, "runs/steep-s0")
        print(done.returncode, done.stdout, done.stderr)
    done = world("resume", "runs/steep-s0", "--set", "training.total_kimg=0.048", "--allow-changed-code")
    print(done.returncode, done.stdout, done.stderr)
    world.remove("rival-loss")
    done = world("run", "steep.toml", "--seed", "1")
    done = world("compare", "runs")
    print(done.stdout, done.stderr)
    assert 0
