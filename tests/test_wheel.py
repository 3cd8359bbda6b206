"""The wheel holds all that is needed, and the installed command trains and scores without the repository."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path

import pytest
from installed_package import REPOSITORY, installed_ganzoo, pip_install, python

import ganzoo

pytestmark = pytest.mark.ci  # builds and installs it


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    done = python("-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), folder=REPOSITORY)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def site(wheel: Path) -> Path:
    """A folder into which pip installed the wheel."""
    pip_install(wheel, wheel.parent / "site")
    return wheel.parent / "site"


def test_what_is_in_it(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "ganzoo/py.typed" in names
    for recipe in (REPOSITORY / "recipes").glob("*.toml"):
        assert f"ganzoo/recipes/{recipe.name}" in names
    for folder in (REPOSITORY / "plugins").glob("ganzoo_*"):
        assert f"{folder.name}/__init__.py" in names
    tops = {name.split("/")[0] for name in names}
    assert not {"tests", "docs", "benchmarks", "recipes", "plugins"} & tops
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_version_comes_from_one_place(wheel):
    assert wheel.name.startswith(f"ganzoo_toolkit-{ganzoo.__version__}-py3-none-any")
    pyproject = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    assert "version" not in pyproject["project"]
    source = (REPOSITORY / pyproject["tool"]["hatch"]["version"]["path"]).read_text("utf-8")
    assert len(re.findall(r"^__version__ = ", source, re.MULTILINE)) == 1


def test_the_installed_one_is_what_runs(site, tmp_path):
    done = installed_ganzoo("where", site=site, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(site)
    done = installed_ganzoo("--version", site=site, folder=tmp_path)
    assert done.stdout == f"ganzoo {ganzoo.__version__}\n"


def test_quickstart_runs_from_the_installed_package(site, tmp_path):
    small = [
        "training.total_kimg=0.2",
        "dataset.count=64",
        "dataset.resolution=16",
        "generator.width=4",
        "discriminator.width=4",
        "scoring.generated=16",
        "scoring.reference_images=16",
        "scoring.metrics.1.subset_size=8",
    ]
    done = installed_ganzoo(
        *("run", "quickstart", "--device", "cpu"),
        *(argument for override in small for argument in ("--set", override)),
        site=site,
        folder=tmp_path,
        GANZOO_CACHE=str(tmp_path / "cache"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "run runs/quickstart-s0 is finished" in done.stdout
    assert "FD-lite0" in done.stdout
    assert (tmp_path / "runs" / "quickstart-s0" / "record.json").is_file()
    assert list((tmp_path / "runs" / "quickstart-s0" / "samples").glob("*.png"))
