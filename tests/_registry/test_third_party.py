"""A separately packaged plugin is installed, found, trained and scored like a built-in one."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from forked import ganzoo_in_child
from installed_package import REPOSITORY, pip_install

EXAMPLE = REPOSITORY / "tests" / "example_plugin"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example plugin, as pip installs it."""
    folder = tmp_path_factory.mktemp("third-party")
    source = shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    pip_install(source, folder / "site")
    return folder / "site"


def test_it_is_installed_with_its_metadata(site):
    assert (site / "acme_gan.py").is_file()
    assert list(site.glob("acme_gan-0.1.dist-info/entry_points.txt"))


def test_it_is_listed_with_its_distribution_and_version(site, tmp_path):
    done = ganzoo_in_child("plugins", folder=tmp_path, PYTHONPATH=str(site))
    assert done.returncode == 0, done.stderr
    rows = [line.split()[:4] for line in done.stdout.splitlines() if "acme-gan" in line]
    assert rows == [
        ["acme-rings", "acme", "acme-gan", "0.1"],
        ["acme", "acme", "acme-gan", "0.1"],
        ["acme", "acme", "acme-gan", "0.1"],
        ["acme-paired", "acme", "acme-gan", "0.1"],
    ]
    assert "broken" not in done.stdout


def test_its_recipe_trains_and_is_scored(site, tmp_path):
    (block,) = re.findall(r"^```toml\n(.*?)^```", (EXAMPLE / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (tmp_path / "acme.toml").write_text(block, "utf-8")
    small = [
        "training.total_kimg=0.064",
        "dataset.count=48",
        "scoring.generated=32",
        "scoring.metrics.1.subset_size=16",
    ]
    done = ganzoo_in_child(
        *("run", "acme.toml", "--device", "cpu"),
        *(argument for override in small for argument in ("--set", override)),
        folder=tmp_path,
        PYTHONPATH=str(site),
        GANZOO_CACHE=str(tmp_path / "cache"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FD-random" in done.stdout
    record = json.loads((tmp_path / "runs" / "acme-s0" / "record.json").read_text("utf-8"))
    record = record.get("content", record)
    assert record["status"] == "finished"
    assert record["images_seen"] == 64
    assert record["plugins"]["acme-gan"] == "0.1"
    assert {score["label"] for score in record["scores"]} == {"FD-random", "KD-random"}
