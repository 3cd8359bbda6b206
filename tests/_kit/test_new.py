"""`ganzoo new` writes packages that hold what they promise, and refuses names that would do harm."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import ganzoo
from installed_plugin import write_metadata

import ganzoo as toolkit
from ganzoo._kit.kits import kinds, kit_of
from ganzoo._kit.new import new_package
from ganzoo._registry.kinds import KINDS

SOURCES = ("*.py", "*.toml", "*.md", "*.yml")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A package of each kind, called `soft-KIND`."""
    folder = tmp_path_factory.mktemp("packages")
    return {kind: new_package(kind, f"soft-{kind}", folder / kind).folder for kind in kinds()}


def test_there_is_a_kit_for_all_that_plugins_can_add(packages):
    assert set(packages) == {*KINDS, "figure", "command", "recipe"}


def test_a_package_says_all_that_packaging_needs(packages):
    for kind, folder in packages.items():
        written = [path for pattern in SOURCES for path in folder.rglob(pattern)]
        assert not [path for path in written if re.search("your.part|YOUR", path.read_text("utf-8"), re.IGNORECASE)]
        project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
        assert (project["name"], project["license"]) == (f"soft-{kind}", "MIT")
        assert {".gitignore", "README.md", ".github", "src", "tests"} <= {path.name for path in folder.iterdir()}
        for group, points in project["entry-points"].items():
            ((name, value),) = points.items()
            path = folder / "src" / value.partition(":")[0].replace(".", "/")
            assert name == f"soft-{kind}"
            assert path.is_dir()
            if group == "ganzoo":
                assert f"requires_ganzoo_api = {toolkit.API}\n" in (path / "__init__.py").read_text("utf-8")
            if group == "ganzoo.recipes":
                assert tomllib.loads((path / f"soft-{kind}.toml").read_text("utf-8"))["dataset"]


QUICK = ("loss", "optimizer", "callback", "augmentation", "regularizer")


@pytest.fixture
def installed(packages, monkeypatch) -> Iterator[None]:
    """The quick kinds, found as if pip had installed them."""
    before = set(sys.modules)
    for kind in QUICK:
        project = tomllib.loads((packages[kind] / "pyproject.toml").read_text("utf-8"))["project"]
        write_metadata(packages[kind] / "src", project["name"], project["version"], project["entry-points"])
        monkeypatch.syspath_prepend(packages[kind] / "src")
        monkeypatch.syspath_prepend(packages[kind] / "tests")
    yield
    for name in set(sys.modules) - before:
        if "soft_" in name:
            del sys.modules[name]


@pytest.mark.ci
def test_quick_kinds_keep_their_contracts_and_pass_their_own_tests(installed):
    """As they are written; of all kinds, installed by pip, in test_ten_minutes.py."""
    for kind in QUICK:
        tests = vars(importlib.import_module(f"test_soft_{kind}"))
        own = [test for name, test in tests.items() if name.startswith("test_") and name != "test_conformance"]
        assert own
        for test in own:
            test()
        ((_, pairs),) = ((mark.args[0], mark.args[1]) for mark in tests["test_conformance"].pytestmark)
        assert len(pairs) > 10
        found = {str(pair.values[1]): pair.values[0].result(pair.values[1]) for pair in pairs}
        for pair in pairs:
            pair.values[0].forget()
        assert {check: each.reason for check, each in found.items() if each.status != "passed"} == {}


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("generatr", "acme", "did you mean 'generator'?"),
        ("generator", "Acme", "small letters, digits and single hyphens"),
        ("generator", "../acme", "small letters, digits and single hyphens"),
        ("generator", "-acme", "No such option"),
        ("generator", "import", "a word of Python itself"),
        ("generator", "none", "a word of Python itself"),
        ("generator", "json", "Python has a module 'json' already"),
        ("generator", "tests", "folders of projects are called so"),
        ("loss", "aux", "Windows has a device 'aux'"),
        ("recipe", "nul", "Windows has a device 'nul'"),
        ("command", "com1", "Windows has a device 'com1'"),
        ("generator", "numpy", "is installed"),
        ("generator", "ganzoo", "an installed package has a module 'ganzoo'"),
        ("generator", "tensor", "its class would be called Tensor"),
        ("generator", "dcgan", "there is a generator of ganzoo-toolkit called 'dcgan' already"),
        ("loss", "quickstart", "there is a recipe called 'quickstart' already"),
        ("command", "check", "there is a command called 'check' already"),
        ("figure", "grid", "there is a figure called 'grid' already"),
    ],
)
def test_a_name_that_would_do_harm_is_refused(kind, name, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = ganzoo("new", kind, name)
    assert done.code == 2
    assert expected in done.err.replace("\n", " ")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "acme").mkdir()
    done = ganzoo("new", "loss", "acme")
    assert done.code == 3
    assert "acme exists already" in done.err
    assert not list((tmp_path / "acme").iterdir())
    done = ganzoo("new", "loss", "acme", "packages/mine")
    assert done.code == 0, done.err
    assert (tmp_path / "packages/mine/src/acme/recipes/acme.toml").is_file()
    assert "pip install -e 'packages/mine[test]'" in done.out
    assert [path.name for path in (tmp_path / "packages").iterdir()] == ["mine"]  # nothing temporary is left


def test_the_summary_of_each_kit_is_a_phrase():
    for kind in kinds():
        kit = kit_of(kind)
        assert kit.summary[0].isupper()
        assert not kit.summary.endswith(".")
        assert kit.steps
