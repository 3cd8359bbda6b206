"""`ganzoo doctor`: versions, devices, plugins, weights, and what is in the way."""

from __future__ import annotations

import re

import pytest
from command_line import ganzoo
from installed_plugin import install, offering

import ganzoo as package


def test_it_reports_the_installation():
    done = ganzoo("doctor")
    assert (done.code, done.err) == (0, "")
    lines = [line.strip() for line in done.out.splitlines()]
    assert any(line.startswith(f"ok  ganzoo-toolkit {package.__version__} in ") for line in lines)
    for name in ("python", "torch", "torch-fidelity", "numpy", "pydantic"):
        assert any(re.fullmatch(rf"ok  {name} \d\S+", line) for line in lines), name
    assert any(re.fullmatch(r"ok  cpu: \d+ cores, torch uses \d+ threads", line) for line in lines)
    assert any("generators: " in line and "dcgan" in line for line in lines)
    assert any("extractor random-features: needs no weights file" in line for line in lines)
    assert any("extractor inception-v3-compat: " in line for line in lines)
    assert any(line.startswith("ok  cache: ") for line in lines)
    assert not [line for line in lines if line.startswith("problem")]


def test_another_projects_ganzoo_is_noticed(tmp_path, monkeypatch):
    info = tmp_path / "ganzoo-0.0.7.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ganzoo\nVersion: 0.0.7\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    done = ganzoo("doctor")
    assert done.code == 0
    (problem,) = [line for line in done.out.splitlines() if line.startswith("problem")]
    assert "another project's 'ganzoo' 0.0.7 is installed" in problem
    assert "pip uninstall ganzoo && pip install --force-reinstall --no-deps ganzoo-toolkit" in problem


def test_broken_plugins_and_failing_extractors_are_problems(tmp_path, monkeypatch):
    install(tmp_path, "import no_such_library", module="broken_of_doctor", distribution="broken-gan", entry_point="b")
    (points,) = tmp_path.glob("broken_gan-*.dist-info/entry_points.txt")
    more = "[ganzoo.commands]\nlook = broken_of_doctor:look\n[ganzoo.figures]\nmean = broken_of_doctor:Mean\n"
    points.write_text(points.read_text() + more)
    body = """
from ganzoo import Extractor, Layer
class Odd(Extractor):
    name = "odd"
    label = "odd"
    layers = {"pooled": Layer("x")}
    def weights(self): raise ZeroDivisionError("\\x1b[2J")
    def identity(self): return {}
    def build(self, layers): raise NotImplementedError
"""
    install(tmp_path, offering("ganzoo_extractors", "Odd", body=body), module="odd_of_doctor")
    monkeypatch.syspath_prepend(tmp_path)
    done = ganzoo("doctor")
    assert done.code == 0
    problems = "\n".join(line for line in done.out.splitlines() if line.startswith("problem"))
    assert "plugin 'b' (broken-gan 0.1) does not load: ModuleNotFoundError" in problems
    assert "plugin 'look' (broken-gan 0.1) has a command 'look' that does not load: ModuleNotFoundError" in problems
    assert "plugin 'mean' (broken-gan 0.1) does not load: ModuleNotFoundError" in problems, "a figure"
    assert problems.count("no_such_library is not installed here, which 'broken-gan' needs") == 3
    assert (
        "extractor odd: plugin 'acme' (acme-gan 0.1) fails to look for its weights: ZeroDivisionError: \\x1b[2J"
        in problems
    )
    assert "\x1b" not in done.out


def test_plugins_of_others_are_told_and_what_recipes_must_write_for_a_name_that_two_have(tmp_path, monkeypatch):
    body = "class Hinge(TinyLoss):\n    name = 'hinge'\n"
    install(tmp_path, offering("ganzoo_losses", "Hinge", body=body), module="second_hinge")
    monkeypatch.syspath_prepend(tmp_path)
    lines = [line.strip() for line in ganzoo("doctor").out.splitlines()]
    assert any(line.startswith("ok  plugins of others: ") and "acme-gan 0.1" in line for line in lines)
    (note,) = [line for line in lines if "shares a name" in line]
    assert note.startswith("note  plugin 'acme' (acme-gan 0.1) shares a name: loss 'hinge' comes from ")
    assert note.endswith("write 'acme-gan:hinge' or 'ganzoo-toolkit:hinge' to pick one")


@pytest.mark.parametrize("where", ["a file", "\x1b[31mred"])
def test_a_cache_that_cannot_be_written(where, tmp_path, monkeypatch):
    blocked = tmp_path / where
    blocked.write_text("not a folder", "utf-8")
    monkeypatch.setenv("GANZOO_CACHE", str(blocked / "below"))
    done = ganzoo("doctor")
    assert done.code == 0
    (problem,) = [line for line in done.out.splitlines() if line.startswith("problem")]
    assert "cache: " in problem
    assert "set GANZOO_CACHE to a folder that can" in problem
    assert "\x1b" not in done.out
