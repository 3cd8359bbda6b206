"""`ganzoo plugins`: what is installed, what each part can be told, and what is broken."""

from __future__ import annotations

import json

import pytest
from command_line import ganzoo
from installed_plugin import install, offering


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


def test_parts_are_listed_with_their_origin():
    done = ganzoo("plugins")
    assert (done.code, done.err) == (0, "")
    lines = [line.split() for line in done.out.splitlines() if line]
    assert ["name", "plugin", "distribution", "version", "description"] in lines
    dcgan = [line for line in lines if line[0] == "dcgan"]
    assert len(dcgan) == 2
    assert all(line[1:4] == ["dcgan", "ganzoo-toolkit", "0.1.0"] for line in dcgan)
    assert all(len(line) > 4 for line in dcgan), "each has a description"
    assert "broken" not in done.out


def test_plugins_by_name_alone():
    done = ganzoo("plugins", "--names")
    assert done.code == 0
    assert "plugin 'dcgan' (ganzoo-toolkit 0.1.0)" in done.out.splitlines()


def test_a_part_is_explained():
    done = ganzoo("plugins", "r1")
    assert done.code == 0
    assert "regularizer r1  plugin 'losses' (ganzoo-toolkit 0.1.0)" in done.out
    assert "Paper: Mescheder et al., arXiv:1801.04406" in done.out
    assert any(
        line.split()[:7] == ["gamma", "number", "or", "schedule", "10.0", ">=", "0"] for line in done.out.splitlines()
    ), done.out


def test_all_parts_of_a_name_are_explained():
    done = ganzoo("plugins", "dcgan")
    assert "generator dcgan" in done.out
    assert "discriminator dcgan" in done.out
    assert ganzoo("plugins", "ganzoo-toolkit:dcgan").out == done.out


def test_a_schema_for_editors():
    schema = json.loads(ganzoo("plugins", "r1", "--schema").out)
    assert schema["properties"]["gamma"]["default"] == 10.0


def test_a_name_that_nobody_has():
    done = ganzoo("plugins", "rahing")
    assert done.code == 2
    assert done.err == "error: no part called 'rahing'; did you mean 'rahinge'?\n"


def test_a_broken_plugin_is_reported_and_the_others_listed(tmp_path, monkeypatch):
    install(
        tmp_path,
        "raise SystemExit('[bold]license\\x1b[31m expired')",
        module="broken_of_listing",
        distribution="broken-gan",
        entry_point="broken",
        version="9",
    )
    monkeypatch.syspath_prepend(tmp_path)
    done = ganzoo("plugins")
    assert done.code == 0
    assert "rahinge" in done.out
    assert (
        "broken: plugin 'broken' (broken-gan 9) does not load: SystemExit: [bold]license\\x1b[31m expired; " in done.out
    )
    assert "\x1b" not in done.out
    missing = ganzoo("plugins", "brokenloss")
    assert "installed but broken: plugin 'broken' (broken-gan 9)" in missing.err
    assert "plugin 'broken' (broken-gan 9)" in ganzoo("plugins", "--names").out


def test_descriptions_and_options_of_strangers_are_literal(tmp_path, monkeypatch):
    body = '''
from collections.abc import Callable
from pydantic import Field, ConfigDict
class Strange(TinyLoss):
    """[red]Red[/red] \\x1b[31m loss."""
    name = "strange"
    class Options(TinyLoss.Options):
        """Options."""
        model_config = ConfigDict(arbitrary_types_allowed=True)
        call: Callable[[int], int] | None = Field(default=None, description="[link]what[/link] \\x07")
        thing: object = Field(default=None, description="anything")
'''
    install(tmp_path, offering("ganzoo_losses", "Strange", body=body), module="strange_gan")
    monkeypatch.syspath_prepend(tmp_path)
    listed, explained = ganzoo("plugins"), ganzoo("plugins", "strange")
    assert "[red]Red[/red] \\x1b[31m loss." in listed.out
    assert explained.code == 0, explained.err
    assert "[link]what[/link] \\x07" in explained.out
    assert "\x1b" not in listed.out + explained.out
    assert json.loads(ganzoo("plugins", "strange", "--schema").out)["properties"]["thing"]
