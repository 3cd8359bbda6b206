"""Commands, recipes and single files of plugins: named from metadata, imported when they are meant."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from command_line import ganzoo
from installed_plugin import offering, write_metadata

from ganzoo._recipe.find_recipe import find_recipe
from ganzoo._registry import plugin_files
from ganzoo._registry.blame import foreign_code
from ganzoo._registry.code import installed_code
from ganzoo._registry.index import discovered, indexed
from ganzoo.errors import PluginError, RecipeError

COMMANDS = '''
from typing import Annotated
import typer

def count(words: Annotated[list[str], typer.Argument(help="Words.")], loud: bool = False) -> None:
    """Count words.

    And nothing else.
    """
    text = f"{len(words)} words"
    typer.echo(text.upper() if loud else text)

def fail() -> None:
    """Fail."""
    raise KeyError("lost")
'''


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Two plugins with commands and recipes, of which some share names."""
    folder = tmp_path / "site"
    for package, distribution in (("acme_tools", "acme-tools"), ("rival_tools", "rival-tools")):
        (folder / package / "recipes").mkdir(parents=True)
        (folder / package / "__init__.py").write_text("raise RuntimeError('imported')" if package[0] == "r" else "")
        (folder / package / "commands.py").write_text(COMMANDS)
        (folder / package / "recipes" / "shared.toml").write_text("")
        points = {"count-words": f"{package}.commands:count", "run": f"{package}.commands:fail"}
        if package[0] == "a":
            points |= {"only-here": "acme_tools.commands:count", "fail": "acme_tools.commands:fail"}
            (folder / package / "recipes" / "acme_quick.toml").write_text((find_recipe("quickstart")).read_text())
        groups = {"ganzoo.commands": points, "ganzoo.recipes": {"tools": f"{package}.recipes"}}
        write_metadata(folder, distribution, "1.0", groups)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.chdir(tmp_path)
    yield folder
    for name in [each for each in sys.modules if each.startswith("acme_tools")]:
        del sys.modules[name]


def test_commands_of_plugins_are_listed_explained_and_run(site):
    listed = ganzoo("--help")
    assert "acme_tools.commands" not in sys.modules
    section = listed.out.partition("From plugins")[2]
    assert "only-here" in section and "Count words. (acme-tools)" in " ".join(section.split())
    assert "acme-tools:count-words" in section and "rival-tools:count-words" in section
    assert "acme-tools:run" in section, "ganzoo's own commands keep their names"
    assert "Words." in ganzoo("only-here", "--help").out
    assert ganzoo("only-here", "a", "b", "--loud").out == "2 WORDS\n"
    assert ganzoo("acme-tools:count-words", "a").out == "1 words\n"

    shared = " ".join(ganzoo("count-words", "a").err.split())
    assert "comes from several plugins; write 'acme-tools:count-words' or 'rival-tools:count-words'." in shared

    failed = ganzoo("fail")
    assert failed.code == 2
    assert "command 'fail' (acme-tools 1.0) fails at" in failed.err
    assert "commands.py" in failed.err and "KeyError: 'lost'" in failed.err
    broken = ganzoo("rival-tools:count-words", "a")
    assert broken.code == 2
    said = "plugin 'count-words' (rival-tools 1.0) has a command 'rival-tools:count-words' that does not load: Runtime"
    assert said in broken.err


def test_recipes_of_plugins_are_found_by_name(site):
    assert find_recipe("acme_quick") == site / "acme_tools" / "recipes" / "acme_quick.toml"
    assert find_recipe("acme-tools:shared").parent.parent.name == "acme_tools"
    with pytest.raises(RecipeError, match="write 'acme-tools:shared' or 'rival-tools:shared'"):
        find_recipe("shared")
    with pytest.raises(RecipeError, match="did you mean 'acme_quick'"):
        find_recipe("acme_quik")
    assert find_recipe("ganzoo-toolkit:quickstart") == find_recipe("quickstart")
    assert ganzoo("check", "acme_quick").out.startswith("acme_quick: valid.")
    assert "rival_tools" not in sys.modules and "acme_tools" not in sys.modules


def test_recipes_that_are_not_valid_here_hide_no_others(site):
    """As where a plugin brings a loss called hinge, which recipes that say hinge do not choose between."""
    body = "class Hinge(TinyLoss):\n    '''Another.'''\n    name = 'hinge'\n"
    (site / "second_hinge.py").write_text(offering("ganzoo_losses", "Hinge", body=body))
    write_metadata(site, "second-hinge", "1.0", {"ganzoo": {"second": "second_hinge"}})
    listed = ganzoo("recipes")
    sys.modules.pop("second_hinge", None)
    assert listed.code == 0, listed.err
    shown, _, invalid = " ".join(listed.out.split()).partition("Not valid here: ")
    assert " quickstart " in shown and " acme_quick " in shown and "sagan_imagenet_hinge" not in shown
    named = set(invalid.partition("; ganzoo check NAME says why")[0].split(", "))
    assert {"sagan_imagenet_hinge", "acme-tools:shared", "rival-tools:shared"} <= named


@pytest.fixture
def idea(tmp_path, monkeypatch):
    """A loss in a file of its own."""
    path = tmp_path / "idea_of_mine.py"
    body = "class Idea(TinyLoss):\n    '''An idea.'''\n    name = 'idea'\n"
    path.write_text(offering("ganzoo_losses", "Idea", body=body))
    before = list(sys.path)
    monkeypatch.setenv(plugin_files.ENVIRONMENT, "")
    monkeypatch.setattr(plugin_files, "_loaded", {})
    yield path
    sys.path[:] = before
    sys.modules.pop(path.stem, None)


def test_a_file_is_a_plugin(idea, tmp_path):
    unknown = ganzoo("check", "quickstart", "--set", "loss.name=idea", "--set", "regularizers=[]")
    assert (unknown.code, "no loss called 'idea'" in unknown.err) == (2, True)
    options = ("--set", "loss.name=idea", "--set", "regularizers=[]", "--plugin", str(idea))
    checked = ganzoo("check", "quickstart", *options)
    assert checked.code == 0, checked.err
    assert os.environ[plugin_files.ENVIRONMENT] == str(idea), "processes that this one starts have it too"
    part = discovered().part("loss", "idea")
    assert str(part.origin) == "plugin file idea_of_mine.py"
    before = part.code
    assert (before.distribution, before.version, before.packages) == ("idea_of_mine.py", "file", ("idea_of_mine",))
    assert foreign_code(part.cls) == f"idea_of_mine.py file+{before.source[:8]}", "scores by such parts say so too"
    idea.write_text(idea.read_text() + "# changed\n")
    assert part.code == before, "what runs is what was imported"
    assert installed_code(before).source != before.source
    assert indexed() is None, "the index knows nothing of it"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("nope.py", None, "there is no such file"),
        ("my-loss.py", "", "name a Python file whose name is one of a module"),
        ("json.py", "", "a module 'json' is there already"),
        ("idle_idea.py", "", "plugin file idle_idea.py offers nothing"),
        ("broken_idea.py", "1/0", "plugin file broken_idea.py does not load: ZeroDivisionError"),
        ("future_idea.py", "requires_ganzoo_api = 99", "needs API 99"),
    ],
)
def test_a_file_that_is_none(idea, tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(PluginError, match=said):
        plugin_files.load_plugin_file(tmp_path / name)
    sys.modules.pop(Path(name).stem if name != "json.py" else "", None)


@pytest.mark.ci
def test_commands_and_recipes_are_listed_with_the_parts(site, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    rows = [line.split()[:4] for line in ganzoo("plugins").out.splitlines()]
    assert ["acme-tools:run", "run", "acme-tools", "1.0"] in rows, "as it is typed"
    assert ["only-here", "only-here", "acme-tools", "1.0"] in rows
    assert ["rival-tools:shared", "tools", "rival-tools", "1.0"] in rows
    assert "recipe 'acme_quick' (acme-tools 1.0)" in ganzoo("plugins", "--names").out.splitlines()
    command, recipe = ganzoo("plugins", "only-here").out, ganzoo("plugins", "acme-tools:acme_quick").out
    assert command.splitlines()[:2] == ["command only-here  plugin 'only-here' (acme-tools 1.0)", "Count words."]
    assert "More: ganzoo recipes show acme_quick" in recipe
    theirs = ganzoo("plugins", "Rival_Tools").out
    assert "rival-tools:shared" in theirs and "acme" not in theirs
    found = json.loads(ganzoo("plugins", "acme-tools", "--format", "json").out)
    assert [each["name"] for each in found["recipes"]] == ["acme-tools:shared", "acme_quick"]
    assert {each["name"]: each["description"] for each in found["commands"]}["only-here"] == "Count words."
    assert (found["parts"], ganzoo("plugins", "acme-tools", "--schema").code) == ([], 2)
    whole = json.loads(ganzoo("plugins", "r1", "--format", "json").out)
    assert [(each["kind"], "gamma" in {row["name"] for row in each["options"]}) for each in whole["parts"]] == [
        ("regularizer", True)
    ]
