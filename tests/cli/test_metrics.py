"""`ganzoo metrics`: the installed metrics, what each needs, sees and does not see."""

from __future__ import annotations

import json
import sys

import pytest
from command_line import ganzoo
from installed_plugin import install

import ganzoo as product

PLUGIN = '''
from ganzoo import Display, Estimate, Metric, Sensitivity, StyleBased, hookimpl


class Eye(Metric):
    """Looks hard.

    Paper: Acme 2026.
    """

    name = "eye"
    values = {"eye": Display("EYE", published="TRUE-EYE", unit="%", scale=100.0), "lid": Display("lid")}
    reads = ("pooled",)
    published_features = "acme-v1"
    uses_held_out = True
    generator_must_be = StyleBased
    sensitivity = {"eye": Sensitivity("9 owls", {"fog": 12.3, "dusk": 3.4, "rain": -0.2, "sun": -7.0})}

    def images_needed(self):
        return 1234

    def estimates(self, data):
        return {"eye": Estimate(1.0), "lid": Estimate(1.0)}


@hookimpl
def ganzoo_metrics():
    return [Eye]
'''


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    install(tmp_path, PLUGIN, module="acme_eye", distribution="acme-eye")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("acme_eye", None)


@pytest.mark.usefixtures("plugin")
def test_a_metric_of_anyone_says_what_it_needs_and_sees():
    done = ganzoo("metrics", "eye")
    assert (done.code, done.err) == (0, "")
    lines = [line.strip() for line in done.out.splitlines()]
    assert lines == [
        "eye  Looks hard.",
        "paper: Acme 2026.",
        "needs: an extractor with 'pooled' (any that is installed); real images that were not trained on "
        "(dataset.held_out); a StyleBased generator",
        "ranks from 1,234 images on either side",
        "EYE-<extractor> % ↓ (TRUE-EYE with acme-v1) [eye]",
        "sees: fog (12)",
        "sees weakly: dusk (3.4)",
        "does not see: rain (-0.2)",
        "takes for better: sun (-7)",
        "lid-<extractor> ↓ [lid]",
        "measured on 9 owls",
    ]
    (found,) = (each for each in product.metrics() if each.name == "eye")
    assert found.values[0].sensitivity.sees == ("fog",)
    table = ganzoo("metrics", "eye", "--format", "markdown").out.splitlines()
    assert table[0] == "| metric | value | fog | dusk | rain | sun |"
    assert table[2] == "| `eye` | EYE-&lt;extractor> % ↓ (TRUE-EYE with acme-v1) | **12** | 3.4 | -0.2 | -7 |"
    (plain,) = json.loads(ganzoo("metrics", "eye", "--format", "json").out)
    assert plain["images_to_rank"] == 1234
    assert plain["values"][0]["sensitivity"]["standard_deviations"]["fog"] == 12.3


def test_all_are_listed_and_an_unknown_one_is_refused():
    found = ganzoo("metrics")
    assert found.code == 0
    assert {each.name for each in product.metrics()} <= {line.split("  ")[0] for line in found.out.splitlines() if line}
    wrong = ganzoo("metrics", "kit")
    assert wrong.code == 2
    assert "no metric called 'kit'; did you mean 'kid'?" in wrong.err
