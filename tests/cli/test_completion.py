"""The shell completes recipes, keys of `--set` and their values, parts and runs; and recipes are copied."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from typer._completion_classes import ZshComplete
from typer.completion import get_completion_script
from typer.main import get_command
from typer.testing import CliRunner

from ganzoo._cli.app import app
from ganzoo._recipe.find_recipe import find_recipe
from ganzoo._recipe.load import load
from ganzoo._registry.index import keep_index
from ganzoo._registry.registry import Registry
from ganzoo._start.needs import memory_need
from ganzoo._start.shipped import copy_recipe, list_shipped
from ganzoo._training.memory_estimate import MemoryEstimate
from ganzoo.errors import RecipeError, RefusedError


def completed(*words: str) -> list[str]:
    complete = ZshComplete(get_command(app), {}, "ganzoo", "_GANZOO_COMPLETE")
    return [each.value for each in complete.get_completions(list(words[:-1]), words[-1])]


def test_what_the_shell_offers(tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    assert completed("run", "--set", "training.total") == ["training.total_kimg="]  # parts are not known yet
    keep_index(Registry.discover())
    (tmp_path / "quick.toml").write_text("")
    for name in ("a-s0", "b"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    (tmp_path / "runs/a-s0/record.json").write_text("{}")
    assert completed("run", "quick") == ["quickstart", "quick.toml"]
    assert completed("recipes", "copy", "quick") == ["quickstart"]
    assert "generator.width=" in completed("check", "quickstart", "--set", "generator.w")
    assert completed("run", "--set", "loss.name=hin") == ["loss.name=hinge"]
    assert completed("run", "--set", "regularizers.0.name=r1") == ["regularizers.0.name=r1"]
    assert completed("plugins", "hin") == ["hinge"]
    assert completed("resume", "") == completed("sample", "runs/a") == ["runs/a-s0"]
    assert completed("reproduce", "") == ["runs/a-s0"]
    for command in ("compare", "report", "verify", "rm", "publish", "score", "explore grid"):
        assert completed(*command.split(), "runs/a-s0", "runs/") == ["runs/a-s0"], command


def answered(line: str) -> str:
    """Return what a shell that asks about a line is answered, as the scripts ask."""
    asked = {"_GANZOO_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    asked |= {"_TYPER_COMPLETE_ARGS": line}
    return CliRunner().invoke(app, [], env=asked, prog_name="ganzoo").stdout


@pytest.mark.ci
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs Bash")
@pytest.mark.parametrize("breaks", [True, False])
def test_bash_completes_what_follows_an_equals_sign(tmp_path, monkeypatch, breaks):
    """As Bash calls it: words split at `=` or, where COMP_WORDBREAKS was changed, not."""
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    script = get_completion_script(prog_name="ganzoo", complete_var="_GANZOO_COMPLETE", shell="bash")
    keep_index(Registry.discover())
    cases = {
        "loss.name=hin": ("loss.name = hin" if breaks else "loss.name=hin", "hinge"),
        "loss.name=": ("loss.name =" if breaks else "loss.name=", "logistic"),
        "training.total_k": ("training.total_k", "training.total_kimg="),
    }
    program = tmp_path / "ganzoo"
    for word, (words, offered) in cases.items():
        line = f"ganzoo run --set {word}"
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{answered(line)}END\n")
        program.chmod(0o755)
        called = f"""{script}
        compopt() {{ echo "$@"; }}
        COMP_LINE={line!r} COMP_POINT={len(line)} COMP_WORDS=(ganzoo run --set {words})
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _ganzoo_completion {program}
        printf '%s\\n' "${{COMPREPLY[@]}}" """
        done = subprocess.run(["bash", "--norc", "-c", called], capture_output=True, text=True, check=True)
        whole = offered if breaks or "=" not in words else f"loss.name={offered}"
        assert whole in done.stdout.splitlines(), done
        assert ("-o nospace" in done.stdout) == offered.endswith("=")


def test_recipes_are_listed_and_copied_and_never_written_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = copy_recipe("quickstart", None)
    assert "# at 64 the same time" in path.read_text()
    with pytest.raises(RefusedError, match="exists already"):
        copy_recipe("quickstart", None)
    with pytest.raises(RecipeError, match="did you mean 'quickstart'"):
        copy_recipe("quickstrat", None)
    with pytest.raises(RecipeError, match="file of yours"):
        copy_recipe("./quickstart.toml", tmp_path / "other.toml")


def test_a_recipe_is_shown_with_what_it_needs_and_what_is_missing_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = find_recipe("quickstart").read_text().replace("efficientnet-lite0", "random-features")
    (tmp_path / "theirs.toml").write_text(text.replace('"phantom"', '"folder"\nroot = "none"').replace("count =", "#"))
    shown = CliRunner().invoke(app, ["recipes", "show", "theirs.toml"]).output
    assert "needs memory  about" in shown and "Pflop" in shown and "weights: " not in shown
    assert "missing here  images: " in shown and "ganzoo data show folder" in shown


def test_memory_is_missing_where_a_training_takes_more_than_there_is():
    _, recipe = load("quickstart", Registry.discover())
    (fits,) = memory_need(recipe, MemoryEstimate(1, 1, (2**20,)))
    (does_not,) = memory_need(recipe, MemoryEstimate(1, 1, (2**60,)))
    assert not fits.remedy and "training.micro_batch" in does_not.remedy
    assert memory_need(recipe, MemoryEstimate(1, 1, untraced="a part that reads numbers")) == []


@pytest.mark.slow
def test_each_shipped_recipe_says_what_it_needs():
    listed = {each.name: each for each in list_shipped(Registry.discover(), cost=True)[0]}
    assert {need.kind for need in listed["quickstart"].needs} == {"weights"} and listed["quickstart"].kimg == 50
    assert all(each.petaflops or each.kimg is None for each in listed.values())
