"""Rules of the house that neither ruff nor import-linter can see: sizes, who writes, what runs what it reads."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ganzoo._registry.figures import FigureCatalog
from ganzoo._registry.registry import Registry

ROOT = Path(__file__).parents[1]
MAX_ENTRIES_AT_THE_TOP = 8
MAX_MODULE_LINES = 250
MAX_CONTRACT_LINES = 130
MAX_FUNCTION_LINES = 40


@dataclass(frozen=True)
class Module:
    """A source file of the core or of a built-in plugin."""

    name: str
    path: Path
    text: str

    @property
    def tree(self) -> ast.Module:
        return parsed(self.path, self.text)

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))

    def at(self, node: ast.AST) -> str:
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


@cache
def parsed(path: Path, text: str) -> ast.Module:
    return ast.parse(text, str(path))


def modules(folder: Path, relative_to: Path) -> list[Module]:
    return [
        Module(".".join(path.relative_to(relative_to).with_suffix("").parts), path, path.read_text("utf-8"))
        for path in sorted(folder.rglob("*.py"))
    ]


CORE = modules(ROOT / "ganzoo", ROOT)
PLUGINS = modules(ROOT / "plugins", ROOT / "plugins")
EVERYTHING = CORE + PLUGINS


def method_of(call: ast.Call) -> str:
    """Return what is called, without the object it is called on; a bare name is no method."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def none_of(found: Iterable[str]) -> None:
    listed = list(found)
    assert not listed, "\n".join(listed)


# --- sizes ----------------------------------------------------------------------------------------------------------


def test_few_things_lie_loose_at_the_top():
    loose = [path.name for path in (ROOT / "ganzoo").iterdir() if path.is_file()]
    assert len(loose) <= MAX_ENTRIES_AT_THE_TOP, loose


def test_modules_and_contract_pages_are_small():
    def lines_allowed(module: Module) -> int:
        return MAX_CONTRACT_LINES if module.name.startswith("ganzoo.contracts.") else MAX_MODULE_LINES

    lengths = {module: len(module.text.splitlines()) for module in EVERYTHING}
    none_of(f"{each.path} has {lines} lines" for each, lines in lengths.items() if lines > lines_allowed(each))


def test_functions_are_small():
    """The docstring does not count."""

    def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        documented = ast.get_docstring(function) is not None and len(function.body) > 1
        return (function.end_lineno or 0) - function.body[1 if documented else 0].lineno + 1

    none_of(
        f"{module.at(node)}: {node.name} has {length(node)} lines"
        for module in EVERYTHING
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > MAX_FUNCTION_LINES
    )


# --- what the tools are asked to look at ----------------------------------------------------------------------------


def test_the_tools_look_at_every_plugin():
    """A plugin that no tool knows of would be held by no rule."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    every = {path.name for path in (ROOT / "plugins").iterdir() if (path / "__init__.py").exists()}
    linter = project["importlinter"]
    contracts = {contract["id"]: contract for contract in linter["contracts"]}
    assert every == set(project["mypy"]["packages"]) - {"ganzoo"}
    assert every == set(linter["root_packages"]) - {"ganzoo"}
    assert every == set(contracts["core"]["forbidden_modules"])
    assert every == set(contracts["plugins"]["modules"])
    assert every == set(contracts["faces"]["source_modules"])
    machinery = {f"ganzoo.{path.stem}" for path in (ROOT / "ganzoo").glob("_*") if not path.name.startswith("__")}
    assert machinery <= set(contracts["faces"]["forbidden_modules"])


# --- what the core knows --------------------------------------------------------------------------------------------

# Names of figures that are also what keys, random streams and messages are called.
ORDINARY_WORDS = {
    "array",
    "noise",
    "project",
    "resolutions",
    "tar",
    "truncation",
}  # array: of a JSON schema; project: of pyproject


def test_the_core_names_no_part_of_a_plugin():
    """No metric, figure, source format, extractor, network or loss is known by its name."""
    registry = Registry.discover()
    names = {part.name for part in registry.parts()} | set(FigureCatalog.discover().names)
    assert len(names) > 40
    none_of(
        f"{module.at(node)}: {node.value!r}"
        for module in CORE
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and node.value in names - ORDINARY_WORDS
    )


# --- who writes -----------------------------------------------------------------------------------------------------

# Files appear whole or not at all because these alone make them; see test_atomic.py for what they promise.
WRITERS = {"ganzoo._io.atomic", "ganzoo._io.temporaries", "ganzoo._io.os_errors"}
WRITING_METHODS = {"write_text", "write_bytes", "unlink", "rename", "rmdir", "touch", "symlink_to", "hardlink_to"}
# Into a temporary folder that ganzoo._io.atomic publishes, into memory or nowhere, or to append to a lock.
WRITES_BY_RIGHT = {
    "ganzoo._cli.lasting_output": {"open"},
    "ganzoo.data.pack.export": {"zipfile.ZipFile"},
    "ganzoo.data.pack.shard_writer": {"self._path.open"},
    "ganzoo.data.prepare.prepare": {"path.open"},
    "ganzoo.plotting.video": {"av.open"},
    "ganzoo_sources.examples": {"tarfile.open", "zipfile.ZipFile"},
}


def opens_for_writing(call: ast.Call) -> bool:
    if (method_of(call) or ast.unparse(call.func)) not in ("open", "fdopen", "ZipFile", "TarFile"):
        return False
    given = (*call.args, *(keyword.value for keyword in call.keywords))
    texts = [node.value for node in given if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return any(text[:1] in ("w", "a", "x") and set(text) <= set("waxbt+") for text in texts)


def writes(call: ast.Call) -> bool:
    return opens_for_writing(call) or method_of(call) in WRITING_METHODS


def test_one_module_writes():
    none_of(
        f"{module.at(call)} writes by {ast.unparse(call.func)}; ganzoo._io.atomic does that"
        for module in EVERYTHING
        if module.name not in WRITERS
        for call in module.calls()
        if writes(call) and ast.unparse(call.func) not in WRITES_BY_RIGHT.get(module.name, ())
    )


def test_whoever_writes_by_right_still_does():
    """An exception that is needed no more is removed."""
    written = {
        module.name: {ast.unparse(call.func) for call in module.calls() if writes(call)} for module in EVERYTHING
    }
    none_of(
        f"{name}: {allowed - written.get(name, set())}"
        for name, allowed in WRITES_BY_RIGHT.items()
        if not allowed <= written.get(name, set())
    )


# --- what runs what it reads ----------------------------------------------------------------------------------------

# What ruff's TID251 and S rules cannot see: a method of any object, and the value of an argument.
UNSAFE_METHODS = {"extractall", "unsafe_load"}
UNSAFE_ARGUMENTS = {("allow_pickle", "True"), ("shell", "True"), ("weights_only", "False")}


def test_nothing_runs_what_it_reads():
    none_of(
        f"{module.at(call)}: {ast.unparse(call)}"
        for module in EVERYTHING
        for call in module.calls()
        if method_of(call) in UNSAFE_METHODS
        or UNSAFE_ARGUMENTS & {(str(keyword.arg), ast.unparse(keyword.value)) for keyword in call.keywords}
    )
