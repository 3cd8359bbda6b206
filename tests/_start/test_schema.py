"""What editors are given accepts every recipe that ships and finds mistakes in each section."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from language_server import LanguageServer

from ganzoo._recipe.find_recipe import recipe_folder
from ganzoo._registry.registry import Registry
from ganzoo._start.editors import install
from ganzoo._start.json_schema import file_schema, recipe_schema
from ganzoo._sweep.sweep_file import SweepSettings

TOMBI = shutil.which("tombi") or shutil.which("tombi", path=str(Path(sys.executable).parent))
MISTAKES = (
    ('[loss]\nname = "logistic"', '[loss]\nname = "logistics"'),
    ("width = 32 ", "widht = 32 "),
    ("total_kimg = 50", 'total_kimg = "long"'),
    ('name = "r1"\n', 'name = "r1"\npath = 3\n'),
    ("[scoring]", "[skoring]"),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    schemas = {"recipe": recipe_schema(Registry.discover()), "sweep": file_schema(SweepSettings, "sweep")}
    written, left = install(folder, schemas)
    assert len(written) == 5 and not left
    return folder


def test_parts_are_told_apart_by_constant_names(project):
    schema = json.loads((project / ".ganzoo/recipe.schema.json").read_text())
    chosen = schema["properties"]["loss"]["oneOf"]
    names = {schema["definitions"][each["$ref"].rpartition("/")[2]]["properties"]["name"]["const"] for each in chosen}
    assert names == set(Registry.discover().names["loss"])

    def references(value):
        if isinstance(value, dict):
            yield from [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            for each in value.values():
                yield from references(each)
        elif isinstance(value, list):
            for each in value:
                yield from references(each)

    assert {each.removeprefix("#/definitions/") for each in references(schema)} <= set(schema["definitions"])


@pytest.mark.skipif(TOMBI is None, reason="needs tombi")
def test_an_editors_checker_takes_shipped_recipes_and_refuses_mistakes(project):
    shutil.copytree(recipe_folder(), project / "recipes")
    lint = [TOMBI, "lint", "--offline", "--error-on-warnings"]
    done = subprocess.run([*lint, "recipes"], cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (project / "recipes/quickstart.toml").read_text()
    for number, (right, wrong) in enumerate(MISTAKES):
        assert right in text
        (project / f"recipes/wrong{number}.toml").write_text(text.replace(right, wrong, 1))
        done = subprocess.run([*lint, f"recipes/wrong{number}.toml"], cwd=project, capture_output=True, text=True)
        assert done.returncode != 0, wrong


@pytest.mark.skipif(TOMBI is None, reason="needs tombi")
def test_a_language_server_completes_keys_of_the_part_that_is_chosen(project):
    registry = Registry.discover()

    def options(kind: str, name: str) -> set[str]:
        return set(registry.part(kind, name).cls.Options.model_fields)

    with LanguageServer([TOMBI, "lsp", "--offline"], project) as server:
        for number, (kind, name) in enumerate(
            (("generator", "dcgan"), ("generator", "stylegan2"), ("loss", "rahinge"))
        ):
            offered = server.completed(f"recipes/part{number}.toml", f'[{kind}]\nname = "{name}"\n|\n')
            assert offered == options(kind, name), name
        offered = server.completed("recipes/penalty.toml", '[[regularizers]]\nname = "r1"\n|\n')
        assert offered == options("regularizer", "r1") | {"override"}
        names = server.completed("recipes/names.toml", "[discriminator]\nname = |\n")
        assert names == {f'"{name}"' for name in registry.names["discriminator"]}
        inline = server.completed("recipes/inline.toml", '[scoring]\nmetrics = [{ name = "kid", | }]\n')
        assert inline == options("metric", "kid")
        assert "total_kimg" in server.completed("recipes/training.toml", "[training]\n|\n")
        anywhere = '#:schema .ganzoo/recipe.schema.json\n[generator]\nname = "dcgan"\n|\n'
        assert server.completed("anywhere.toml", anywhere) == options("generator", "dcgan")
        assert {"recipes", "seeds", "stop"} <= server.completed("sweeps/a.toml", "|\n")
        assert "settle" in server.completed("sweeps/stop.toml", "[stop]\n|\n")


def test_what_is_there_is_not_replaced(tmp_path):
    (tmp_path / "tombi.toml").write_text("# mine\n")
    written, left = install(tmp_path, {"recipe": {}})
    assert (tmp_path / "tombi.toml").read_text() == "# mine\n"
    assert "add to it" in left[0] and tmp_path / "tombi.toml" not in written
