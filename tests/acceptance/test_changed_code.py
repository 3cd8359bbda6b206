"""Runs whose parts' code has changed: each command works with the recorded part, or refuses and names it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from forked import ganzoo_in_child
from installed_package import REPOSITORY, python
from installed_plugin import PARTS, write_metadata

from ganzoo._registry.registry import Registry
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


pytestmark = pytest.mark.slow


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
        return ganzoo_in_child(*words, folder=self.folder, PYTHONPATH=str(self.site))

    def record(self, name: str):
        return read_record(self.folder / "runs" / name / "record.json")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("world"))
    Registry.discover()  # so that no child has to
    world.install("acme-loss", "1.0", 1)
    assert world("run", "steep.toml", "--seed", "0").returncode == 0
    return world


def test_another_package_of_the_same_name_never_stands_in(world):
    code = world.record("steep-s0").recipe["parts"]["loss"]["steep"]
    assert (code["distribution"], code["version"], code["packages"]) == ("acme-loss", "1.0", ["acme_loss"])
    world.install("rival-loss", "7.0", 3)
    ambiguous = world("check", "steep.toml")
    assert ambiguous.returncode == 2
    assert "write 'acme-loss:steep' or 'rival-loss:steep'" in ambiguous.stderr
    found = world("resume", "runs/steep-s0")
    assert found.returncode == 0, found.stderr

    world.remove("acme-loss")
    for command in (("resume", "--allow-changed-code"), ("score",), ("run", "--resume")):
        recipe = "steep.toml" if command[0] == "run" else "runs/steep-s0"
        refused = world(command[0], recipe, *command[1:])
        assert refused.returncode == 3, refused.stderr
        assert "loss 'steep' was that of acme-loss 1.0+" in refused.stderr
        assert "not installed (the one of rival-loss 7.0 is another part, and never stands in for it)" in refused.stderr
        assert "pip install 'acme-loss==1.0'" in refused.stderr
    assert world("sample", "runs/steep-s0").returncode == 0, "a generator needs no loss"
    world.remove("rival-loss")


def test_other_code_goes_on_only_when_allowed_and_never_shares_a_row(world):
    world.install("acme-loss", "1.1", 2)
    for command in (("resume", "runs/steep-s0"), ("score", "runs/steep-s0"), ("run", "steep.toml", "--resume")):
        refused = world(*command)
        assert refused.returncode == 3, refused.stderr
        assert "acme-loss 1.1+" in refused.stderr
        assert "--allow-changed-code" in refused.stderr
    said = world("verify", "runs/steep-s0")
    assert said.returncode == 0, said.stderr
    assert "loss 'steep' was that of acme-loss 1.0+" in said.stdout

    longer = ("--set", "training.total_kimg=0.048", "--allow-changed-code")
    allowed = world("resume", "runs/steep-s0", *longer)
    assert allowed.returncode == 0, allowed.stderr
    assert "goes on with other code, as its record notes: loss 'steep' is 1.1+" in allowed.stderr + allowed.stdout
    (change,) = world.record("steep-s0").code_changes
    assert (change.what, change.images_seen, change.before[:4], change.after[:4]) == (
        "loss 'steep'",
        32,
        "1.0+",
        "1.1+",
    )
    again = world("resume", "runs/steep-s0")
    assert again.returncode == 0, "it is the run's code by now"
    assert len(world.record("steep-s0").code_changes) == 1

    assert world("run", "steep.toml", "--seed", "1").returncode == 0
    world.install("acme-loss", "1.1", 5)  # an edit under one version
    assert world("run", "steep.toml", "--seed", "2").returncode == 0
    table = json.loads(world("compare", "runs", "--format", "json").stdout)
    rows = [row for each in table["tables"] for section in each["sections"] for row in section["rows"]]
    assert [row["seeds"] for row in rows] == [[0], [1], [2]]
    assert len({str(row["options"]) for row in rows}) == 3


class Environment:
    """A virtual environment above this one, with pip's own installations and removals of packages that are built."""

    def __init__(self, folder: Path):
        self.folder = folder
        venv.create(folder / "venv", with_pip=False)
        self.python = folder / "venv" / "bin" / "python"
        (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        below = [REPOSITORY, REPOSITORY / "plugins", *(path for path in sys.path if path.endswith("site-packages"))]
        (site / "below.pth").write_text("\n".join(map(str, below)))
        (folder / "steep.toml").write_text(RECIPE)

    def install(self, distribution: str, version: str, source: str) -> None:
        module = distribution.replace("-", "_")
        project = self.folder / f"{distribution}-{version}"
        project.mkdir()
        (project / f"{module}.py").write_text(source)
        (project / "pyproject.toml").write_text(
            f'[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            f'[project]\nname = "{distribution}"\nversion = "{version}"\n'
            f'[project.entry-points.ganzoo]\n{module} = "{module}"\n'
            f'[tool.hatch.build.targets.wheel]\ninclude = ["{module}.py"]\n'
        )
        self.pip("install", "--quiet", "--no-deps", "--no-build-isolation", str(project))

    def pip(self, *words: str) -> None:
        done = python("-m", "pip", "--python", str(self.python), *words, folder=self.folder)
        assert done.returncode == 0, done.stderr

    def __call__(self, *words: str):
        command = [str(self.python), "-m", "ganzoo", *words]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=300, check=False)


def test_with_real_installations_in_a_virtual_environment(tmp_path):
    world = Environment(tmp_path)
    world.install("acme-base", "1.0", BASE)
    world.install("acme-loss", "1.0", PARTS + LOSS.format(factor=1))
    trained = world("run", "steep.toml")
    assert trained.returncode == 0, trained.stderr
    world.install("rival-loss", "3.0", PARTS + LOSS.format(factor=7))
    assert world("resume", "runs/steep-s0").returncode == 0, "the recorded one of two is found"
    world.pip("uninstall", "--quiet", "--yes", "acme-loss")
    refused = world("resume", "runs/steep-s0", "--allow-changed-code")
    assert refused.returncode == 3
    assert "of acme-loss 1.0+" in refused.stderr and "the one of rival-loss 3.0 is another part" in refused.stderr
    world.install("acme-loss", "1.1", PARTS + LOSS.format(factor=2))
    refused = world("score", "runs/steep-s0")
    assert refused.returncode == 3
    assert "and acme-loss 1.1+" in refused.stderr and "pip install 'acme-loss==1.0'" in refused.stderr
    assert "and acme-loss 1.1+" in world("verify", "runs/steep-s0").stdout
    longer = ("--set", "training.total_kimg=0.048", "--allow-changed-code")
    allowed = world("resume", "runs/steep-s0", *longer)
    assert allowed.returncode == 0, allowed.stderr
    (change,) = read_record(tmp_path / "runs" / "steep-s0" / "record.json").code_changes
    assert (change.what, change.images_seen) == ("loss 'steep'", 32)
