"""One command imports each plugin once and judges the recipe once: a planted plugin counts in a file."""

from __future__ import annotations

import sys
from collections import Counter

import pytest
from forked import forget_modules, forked
from installed_plugin import install
from training_world import TINY, in_memory, merged

import ganzoo
from ganzoo._cli.app import main
from ganzoo._registry.index import discovered

COUNTING = """
import os
from pathlib import Path

from ganzoo import hookimpl
from ganzoo.testing import TinyLoss


def count(what):
    if path := os.environ.get("COUNTED"):
        with Path(path).open("a") as file:
            file.write(what + "\\n")


count("import")


class Counting(TinyLoss):
    \"\"\"A loss that counts how often it is judged.\"\"\"

    name = "counting"

    @classmethod
    def incompatibility(cls, options, context):
        count("judged")
        return None


@hookimpl
def ganzoo_losses():
    count("asked")
    return [Counting]
"""


def find_all() -> None:
    discovered()


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    from training_world import installed

    site = tmp_path_factory.mktemp("site")
    with in_memory() as folder, installed(site):
        install(site, COUNTING, module="acme_counting", distribution="acme-counting", entry_point="counting")
        recipe = merged(TINY, {"loss": {"name": "counting"}, "scoring": {"metrics": ["fid"]}})
        run = ganzoo.run(recipe, runs=folder)
        # The first command after an installation imports all plugins and keeps what they offer; these are later ones.
        assert forked(find_all, tmp_path_factory.mktemp("cwd"), PYTHONPATH=str(site)).returncode == 0
        yield site, run


@pytest.mark.ci
@pytest.mark.parametrize(("judged", "command"), [(1, ("score",)), (0, ("explore", "grid", "--seeds", "0-3"))])
def test_a_command_imports_a_plugin_once_and_judges_the_recipe_once_if_it_needs_more_than_the_networks(
    planted, tmp_path, judged, command
):
    site, run = planted
    counted = tmp_path / "counted"
    words = 2 if command[0] == "explore" else 1

    def afresh() -> None:
        forget_modules("acme_counting")
        sys.argv = ["ganzoo", *command[:words], str(run.path), *command[words:]]
        main()

    done = forked(afresh, tmp_path, PYTHONPATH=str(site), COUNTED=str(counted))
    assert done.returncode == 0, done.stderr
    expected = ["import", "asked", *["judged"] * judged] if judged else []  # a picture needs no loss: none is imported
    assert Counter(counted.read_text().split() if counted.exists() else []) == Counter(expected)
