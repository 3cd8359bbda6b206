"""Two packages of other people: of the faces alone, checked, trained, scored, and beside a built-in one in a table."""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from forked import forget_modules, ganzoo_in_child
from installed_package import REPOSITORY, pip_install

from ganzoo.testing import check_part

PACKAGES = REPOSITORY / "tests" / "packages"
NAMES = ("acme-relativistic", "acme-workshop")
FACES = {"ganzoo", *(f"ganzoo.{room}" for room in ("data", "figures", "layers", "plotting", "scoring", "testing"))}


def _imports(source: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


@pytest.mark.parametrize("package", NAMES)
def test_they_import_what_the_faces_export_and_nothing_else(package):
    sources = sorted((PACKAGES / package).rglob("*.py"))
    assert len(sources) > 3
    for source in sources:
        for module, name in _imports(source):
            if module.partition(".")[0] == "ganzoo":
                assert module in FACES, f"{source.name} imports {module}"
                face = import_module(module)
                assert not name or name in (*face.__all__, "open"), f"{source.name} imports {module}.{name}"


@pytest.fixture
def workshop(monkeypatch):
    monkeypatch.syspath_prepend(str(PACKAGES / "acme-workshop"))
    yield
    forget_modules("acme_workshop")


def test_parts_that_no_built_in_one_resembles_pass_the_checks(workshop):
    for module, name in (("auxiliary", "AuxiliaryLoss"), ("lion", "Lion"), ("diary", "Diary"), ("extractor", "Bands")):
        check_part(getattr(import_module(f"acme_workshop.{module}"), name))


# Of one dataset and one protocol, so that all stand in one table; sizes that train in seconds.
SHAPES = 'dataset={name="acme-shapes", count=90, channels=3}'
SMALL = ("training.total_kimg=0.128", "training.batch_size=16", "training.checkpoint_kimg=0.064")
SCORES = 'scoring={metrics=["acme-edges", "fid"], generated=48, extractor={name="acme-bands"}}'
RUNS = {
    "acme_relativistic_phantom_32": (),
    "acme_shapes_auxiliary": ("--callback", "acme-diary"),
    "quickstart": ("--set", 'training.generator_optimizer={name="acme-lion", learning_rate=1e-4}'),
}


@dataclass(frozen=True)
class World:
    """A folder with both packages as pip installs them, and what their recipes and a built-in one were trained to."""

    folder: Path

    def __call__(self, *words: str) -> CompletedProcess[str]:
        site, cache = str(self.folder / "site"), str(self.folder / "cache")
        done = ganzoo_in_child(*words, folder=self.folder, PYTHONPATH=site, GANZOO_CACHE=cache)
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
        return done


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    for name in NAMES:
        source = shutil.copytree(PACKAGES / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        pip_install(source, folder / "site")
    world = World(folder)
    for recipe, more in RUNS.items():
        world("run", recipe, *more, *(word for each in (SHAPES, SCORES, *SMALL) for word in ("--set", each)))
    return world


@pytest.mark.slow
def test_both_are_ranked_beside_a_built_in_one(world):
    table = json.loads(world("compare", "runs", "--format", "json").stdout)
    (section,) = (section for each in table["tables"] for section in each["sections"])
    assert {row["recipe"] for row in section["rows"]} == set(RUNS)
    for row in section["rows"]:
        assert 0 < row["estimates"]["acme_edges"]["mean"] <= 1
        assert row["estimates"]["acme_edges"]["sampling_error"] is not None
    assert table["tables"][0]["metrics"]["acme_edges"]["floor"]["value"] > 0
    report = world.folder / "report.html"
    world("report", "runs", "--out", str(report))
    assert "acme_relativistic_phantom_32" in report.read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("recipe", list(RUNS)[:2])
def test_every_command_of_a_run_works(world, recipe):
    run = f"runs/{recipe}-s0"
    world("resume", run, "--set", "training.total_kimg=0.160")
    world("score", run)
    world("sample", run, "--count", "6", "--out", f"{recipe}.png")
    world("export", run, "--out", f"{recipe}.safetensors")
    world("verify", run)
    world("publish", run, "--out", f"published-{recipe}", "--license", "MIT")
    world("verify", f"published-{recipe}", "--rescore")
    world("explore", "grid", run, "--reals", "--out", f"{recipe}-grid.png")
    world("explore", "acme-class-means", run, "--out", f"{recipe}-means.png")
    assert "mean intensity" in world("acme-brightness", run).stdout


@pytest.mark.slow
@pytest.mark.parametrize("package", NAMES)
def test_every_part_keeps_its_contract(world, package):
    assert " failed" not in world("test", package).stdout


@pytest.mark.slow
def test_its_logger_kept_a_diary(world):
    lines = (world.folder / "runs" / "acme_shapes_auxiliary-s0" / "callbacks" / "diary.jsonl").read_text().splitlines()
    events = [json.loads(line)["event"] for line in lines]
    assert events[0] == "begin"
    assert {"values", "samples", "scores"} < set(events)
