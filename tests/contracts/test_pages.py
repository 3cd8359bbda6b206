"""The contracts are complete: each page is short, and `ganzoo` exports all that a plugin may implement or read."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import pytest
import typing_extensions

import ganzoo
import ganzoo.contracts

PLUGINS = Path(__file__).parents[2] / "plugins"
PAGES = [module.name for module in pkgutil.iter_modules(ganzoo.contracts.__path__) if module.name[0] != "_"]
LONGEST = 130


def public_names(page: str) -> set[str]:
    """Return what a page defines without an underscore; a plugin states type variables of its own."""
    module = import_module(f"ganzoo.contracts.{page}")
    tree = ast.parse(inspect.getsource(module))
    defined = {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        defined |= {target.id for target in targets if isinstance(target, ast.Name)}
    variables = (TypeVar, typing_extensions.TypeVar)
    return {name for name in defined if not name.startswith("_") and not isinstance(getattr(module, name), variables)}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_short_and_ganzoo_exports_its_names(page):
    names = public_names(page)
    assert names
    assert names <= set(ganzoo.__all__), f"ganzoo does not export {sorted(names - set(ganzoo.__all__))}"
    module = import_module(f"ganzoo.contracts.{page}")
    assert all(getattr(ganzoo, name) is getattr(module, name) for name in names)
    assert len(inspect.getsource(module).splitlines()) <= LONGEST


def test_exports_are_known_to_type_checkers_too():
    tree = ast.parse(inspect.getsource(ganzoo))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    typed = {alias.asname for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert typed == {*ganzoo.__all__, "open"}


def test_importing_ganzoo_and_the_capabilities_costs_no_torch():
    code = (
        "import sys, ganzoo; ganzoo.Growable, ganzoo.NoiseMode, ganzoo.ComponentOptions; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_built_in_plugins_take_contracts_from_ganzoo_alone():
    inside = []
    for path in PLUGINS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            found = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            inside += [f"{path.name}: {name}" for name in found if name.startswith("ganzoo.contracts")]
    assert inside == []
