"""Runs whose parts' code has changed: each command works with the recorded part, or refuses and names it.

Packages are installed, upgraded and removed by pip in a virtual environment; commands are children of this process.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from forked import ganzoo_in_child
from installed_package import REPOSITORY, python
from installed_plugin import PARTS

from ganzoo._registry.registry import Registry
from ganzoo._runs.record import read_record

PART = """
class Made({base}):
    \"\"\"Made up, {factor} times as steep.\"\"\"
    name = "{name}"

    def {method}(self, *given):
        return {factor} * super().{method}(*given)

@hookimpl
def ganzoo_{hook}():
    return [Made]
"""
DOTS = """
class Critic(TinyDiscriminator):
    \"\"\"One linear layer.\"\"\"
    name = "base"

class Dots(TinyDataset):
    \"\"\"Noise.\"\"\"
    name = "dots"

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
name = "net"
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
RUN, FREE = "runs/steep-s0", ("--data-license", "CC0-1.0", "--license", "CC0-1.0", "--anyway")
# What builds the networks, what needs the whole recipe, and what reads files alone.
NETWORKS = {
    "sample": ("sample", RUN),
    "grid": ("explore", "grid", RUN),
    "export": ("export", RUN, "--out", "new/x.safetensors"),
    "import": ("import", "kept.safetensors", "--out", "new/imported"),
    "publish": ("publish", RUN, "--out", "new/published", *FREE),
    "score against others": ("score", RUN, "--dataset", "dots", "--set", "dataset.count=40"),
}
WHOLE = {
    "check": ("check", f"{RUN}/recipe.toml"),
    "recipes show": ("recipes", "show", f"{RUN}/recipe.toml"),
    "resume": ("resume", RUN),
    "run the same": ("run", f"{RUN}/recipe.toml", "--runs", "new/runs", "--name", "again"),
    "score": ("score", RUN, "--set", "scoring.generated=10"),
    "neighbors": ("explore", "neighbors", RUN),
    "rescore": ("verify", RUN, "--rescore"),
    "rescore published": ("verify", "published", "--rescore"),
    "reproduce": ("reproduce", RUN, "--runs", "new/reproduced"),
}
FILES = {
    "compare": ("compare", "runs"),
    "report": ("report", "runs", "--out", "new/report.html"),
    "runs": ("runs", "runs"),
    "curves": ("explore", "curves", RUN),
    "verify": ("verify", RUN),
    "verify published": ("verify", "published"),
    "import published": ("import", "published", "--out", "new/from"),
    "sweep status": ("sweep", "status", "sweep.toml"),
    "data": ("data", "show", "dots"),
    "plugins": ("plugins",),
    "doctor": ("doctor",),
}
# What begins from a recipe that a person wrote, in which names are bare.
WRITTEN = {
    "run --resume": ("run", "steep.toml", "--resume"),
    "run --init": ("run", "steep.toml", "--init", RUN, "--runs", "new/runs"),
    "sweep": ("sweep", "sweep.toml"),
}

pytestmark = pytest.mark.slow


class World:
    """A virtual environment above this one, and a run in it of one seed, its export and its published folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        venv.create(folder / "venv", with_pip=False)
        self.python = folder / "venv" / "bin" / "python"
        (self.site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        below = [REPOSITORY, REPOSITORY / "plugins", *(path for path in sys.path if path.endswith("site-packages"))]
        (self.site / "below.pth").write_text("\n".join(map(str, below)))
        (folder / "steep.toml").write_text(RECIPE)
        (folder / "sweep.toml").write_text('recipes = ["steep"]\nseeds = [0, 1]\nthreads = 1\n')

    def install(self, distribution: str, version: str, source: str) -> None:
        module = distribution.replace("-", "_")
        project = self.folder / "projects" / f"{distribution}-{version}"
        project.mkdir(parents=True, exist_ok=True)
        (project / f"{module}.py").write_text(source)
        (project / "pyproject.toml").write_text(
            f'[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            f'[project]\nname = "{distribution}"\nversion = "{version}"\n'
            f'[project.entry-points.ganzoo]\n{module} = "{module}"\n'
            f'[tool.hatch.build.targets.wheel]\ninclude = ["{module}.py"]\n'
        )
        self.pip("install", "--quiet", "--no-deps", "--no-build-isolation", "--force-reinstall", str(project))

    def uninstall(self, distribution: str) -> None:
        self.pip("uninstall", "--quiet", "--yes", distribution)

    def pip(self, *words: str) -> None:
        done = python("-m", "pip", "--python", str(self.python), *words, folder=self.folder)
        assert done.returncode == 0, done.stderr

    def loss(self, distribution: str, version: str, factor: int) -> None:
        named = {"base": "TinyLoss", "name": "steep", "method": "discriminator_loss", "hook": "losses"}
        self.install(distribution, version, PARTS + PART.format(factor=factor, **named))

    def net(self, distribution: str, version: str, factor: int) -> None:
        named = {"base": "TinyGenerator", "name": "net", "method": "forward", "hook": "generators"}
        self.install(distribution, version, PARTS + PART.format(factor=factor, **named))

    def __call__(self, *words: str):
        (self.folder / "new").mkdir(exist_ok=True)
        cache = {"GANZOO_CACHE": str(self.folder / "cache")}
        done = ganzoo_in_child(*words, folder=self.folder, PYTHONPATH=str(self.site), **cache)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def really(self, *words: str):
        """Run a command by the environment's own Python."""
        command = [str(self.python), "-m", "ganzoo", *words]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=300, check=False)

    def record(self, name: str = "steep-s0"):
        return read_record(self.folder / "runs" / name / "record.json")

    def as_it_was(self) -> None:
        """Put the runs back as they were made."""
        for name in ("runs", "new"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        shutil.copytree(self.folder / "kept", self.folder / "runs")

    def after(self, words) -> tuple[int, str]:
        """Return exit code and message of a command upon the runs as they were made."""
        self.as_it_was()
        done = self(*words)
        return done.returncode, done.stderr

    def codes(self, commands) -> dict[str, int]:
        return {label: self.after(words)[0] for label, words in commands.items()}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("world"))
    Registry.discover()  # so that no child has to import ganzoo's own
    world.install("acme-base", "1.0", PARTS + DOTS)
    world.loss("acme-loss", "1.0", 1)
    world.net("acme-net", "1.0", 1)
    for words in (
        ("run", "steep.toml"),
        ("export", RUN, "--out", "kept.safetensors"),
        ("publish", RUN, "--out", "published", *FREE),
    ):
        done = world(*words)
        assert done.returncode == 0, done.stderr
    shutil.copytree(world.folder / "runs", world.folder / "kept")
    return world


def require_refused(world: World, commands, said: str, codes=(3,)) -> None:
    for label, words in commands.items():
        code, told = world.after(words)
        assert code in codes, (label, told)
        assert re.search(said, told), (label, told)
        assert ".tmp-" not in told, (label, "names of copies say nothing to people", told)


def require_working(world: World, *tables) -> None:
    for commands in tables:
        assert world.codes(commands) == dict.fromkeys(commands, 0)


def test_all_work_with_what_the_run_was_made_with(world):
    require_working(world, NETWORKS, WHOLE, FILES, WRITTEN)
    world.as_it_was()


@pytest.mark.parametrize(("kind", "name"), [("generator", "net"), ("loss", "steep")])
def test_every_command_finds_the_recorded_part_or_names_it(world, kind, name):
    install = world.net if kind == "generator" else world.loss
    own, rival = (f"{who}-{'net' if kind == 'generator' else 'loss'}" for who in ("acme", "rival"))
    needing = WHOLE | (NETWORKS if kind == "generator" else {})
    spared = {} if kind == "generator" else NETWORKS

    install(rival, "7.0", 3)  # two packages, one name, other maths
    require_working(world, NETWORKS, WHOLE, FILES)
    require_refused(world, WRITTEN, f"write '{own}:{name}' or '{rival}:{name}'", (2,))

    world.uninstall(own)
    was = rf"{kind} '{name}' was that of {own} 1\.0\+\w{{8}}, which is not installed"
    require_refused(world, needing, rf"{was} \(the one of {rival} 7\.0 is another part, and never stands in")
    require_working(world, FILES, spared)
    world.uninstall(rival)
    require_refused(world, needing, was)
    require_refused(world, WRITTEN, f"no {kind} called '{name}'", (2,))
    require_working(world, FILES, spared)
    assert re.search(was, world("verify", RUN).stdout)

    install(own, "1.1", 2)  # an upgrade with other maths
    upgraded = rf"{kind} '{name}' was that of {own} 1\.0\+\w{{8}}, and {own} 1\.1\+\w{{8}} is installed"
    require_refused(world, needing | {"sweep": WRITTEN["sweep"]}, rf"(?s){upgraded}.*--allow-changed-code")
    # Another generator is no other recipe of the same name: the run is found, and refused.
    require_refused(world, {"run --resume": WRITTEN["run --resume"]}, upgraded)
    require_working(world, FILES, spared)
    assert re.search(upgraded, world("sweep", "status", "sweep.toml").stdout)
    install(own, "1.0", 1)


def allowed(world: World, *words: str) -> str:
    done = world(*words, "--allow-changed-code")
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_other_code_goes_on_only_when_allowed_and_never_shares_a_row(world):
    world.as_it_was()
    world.loss("acme-loss", "1.1", 2)
    said = allowed(world, "resume", RUN, "--set", "training.total_kimg=0.048")
    assert "goes on with other code, as its record notes: loss 'steep' is 1.1+" in said
    (change,) = world.record().code_changes
    found = (change.what, change.images_seen, change.before[:4], change.after[:4])
    assert found == ("loss 'steep'", 32, "1.0+", "1.1+")
    assert world("resume", RUN).returncode == 0, "it is the run's code by now"
    assert len(world.record().code_changes) == 1

    assert world("run", "steep.toml", "--seed", "1").returncode == 0
    world.loss("acme-loss", "1.1", 5)  # an edit under one version
    assert world("run", "steep.toml", "--seed", "2").returncode == 0
    rows = rows_of(world)
    assert [row["seeds"] for row in rows] == [[0], [1], [2]]
    assert len({str(row["options"]) for row in rows}) == 3
    world.loss("acme-loss", "1.0", 1)


def rows_of(world: World):
    table = json.loads(world("compare", "runs", "--format", "json").stdout)
    return [row for each in table["tables"] for section in each["sections"] for row in section["rows"]]


def test_a_sweep_goes_on_with_other_code_only_when_allowed(world):
    world.as_it_was()
    shutil.rmtree(world.folder / "runs")
    shortened = ("--set", "training.total_kimg=0.016")
    assert world("run", "steep.toml", *shortened).returncode == 0  # not one of the sweep's: it asks for more
    first = world("sweep", "sweep.toml")
    assert first.returncode == 0, first.stderr
    longer = 'recipes = ["steep"]\nseeds = [0, 1, 2]\nthreads = 1\n'
    (world.folder / "longer.toml").write_text(longer)
    world.loss("acme-loss", "1.1", 2)
    refused = world("sweep", "longer.toml")
    assert refused.returncode == 3
    assert "loss 'steep' was that of acme-loss 1.0+" in refused.stderr and "--allow-changed-code" in refused.stderr
    assert world("sweep", "sweep.toml").returncode == 0, "one that is done computes nothing"
    allowed(world, "sweep", "longer.toml")
    seeds = sorted(row["seeds"] for row in rows_of(world))
    assert seeds == [[0], [0, 1], [2]], "the short run, those of the old code, and the one of the new"
    world.loss("acme-loss", "1.0", 1)


def test_networks_of_other_code_say_so_wherever_they_go(world):
    world.as_it_was()
    world.net("acme-net", "1.1", 2)
    allowed(world, "sample", RUN)
    before = len(world.record().scores)
    allowed(world, "score", RUN)
    new = world.record().scores[before:]
    assert new and all("acme-net 1.1+" in str(score.protocol["changed_code"]) for score in new)
    told = allowed(world, "import", "kept.safetensors", "--out", "runs/imported")
    assert "it goes on with other code, as its record notes: generator 'net' is 1.1+" in told
    (change,) = world.record("imported").code_changes
    assert (change.what, change.before[:4], change.after[:4]) == ("generator 'net'", "1.0+", "1.1+")
    world.net("acme-net", "1.0", 1)


def test_by_the_environments_own_python(world):
    world.as_it_was()
    world.loss("rival-loss", "3.0", 7)
    assert world.really("resume", RUN).returncode == 0, "the recorded one of two is found"
    world.uninstall("acme-loss")
    refused = world.really("resume", RUN, "--allow-changed-code")
    assert refused.returncode == 3
    assert "of acme-loss 1.0+" in refused.stderr and "the one of rival-loss 3.0 is another part" in refused.stderr
