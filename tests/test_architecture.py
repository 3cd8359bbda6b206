"""Imports go one way, modules stay small, one module writes, and nothing executes what it reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAX_MODULE_LINES = 250
MAX_FUNCTION_LINES = 40


@dataclass(frozen=True)
class Module:
    """A source file, parsed."""

    name: str
    path: Path
    tree: ast.Module = field(compare=False, hash=False, repr=False)

    @property
    def area(self) -> str:
        """The subpackage of the core, or the module at its top level."""
        return ".".join(self.name.split(".")[:2])


def _modules(folder: Path) -> Iterator[Module]:
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent if folder.name == "ganzoo" else folder).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield Module(name, path, ast.parse(path.read_text("utf-8")))


CORE = list(_modules(ROOT / "ganzoo"))
PLUGINS = list(_modules(ROOT / "plugins"))
EVERYTHING = CORE + PLUGINS
NAMES = {module.name for module in EVERYTHING}


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _walk(node: ast.AST, *, lazy: bool, typing: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not typing and _is_type_checking(child):
            continue
        if not lazy and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        yield child
        yield from _walk(child, lazy=lazy, typing=typing)


def imports(module: Module, *, lazy: bool = True, typing: bool = True) -> set[str]:
    """Return the modules that a module imports; without `lazy`, only those at module level."""
    found: set[str] = set()
    for node in _walk(module.tree, lazy=lazy, typing=typing):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.path} imports relatively"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in NAMES else str(node.module))
    return found


def top(name: str) -> str:
    return name.split(".")[0]


@cache
def reachable(name: str) -> frozenset[str]:
    """Return all project modules that importing a module imports, at module level."""
    by_name = {module.name: module for module in EVERYTHING}
    found, rest = set(), [name]
    while rest:
        current = rest.pop()
        if current in found or current not in by_name:
            continue
        found.add(current)
        rest += imports(by_name[current], lazy=False, typing=False)
        rest += [parent for parent in (current.rpartition(".")[0],) if parent]
    return frozenset(found)


def external(name: str) -> set[str]:
    """Return the top-level packages outside the project that importing a module imports."""
    by_name = {module.name: module for module in EVERYTHING}
    every = set().union(*(imports(by_name[each], lazy=False, typing=False) for each in reachable(name)))
    return {top(each) for each in every}


# --- directions -----------------------------------------------------------------------------------------------------

# What each area of the core may import of the others, at any time (inside functions and for types too).
BASE = {"ganzoo", "ganzoo.errors", "ganzoo.text"}
DISK = BASE | {"ganzoo.files", "ganzoo.temporaries", "ganzoo.disk", "ganzoo.cache"}
PARTS = {"ganzoo.hookspecs", "ganzoo.contracts", "ganzoo.phases", "ganzoo.candidate", "ganzoo.registry"}
RECIPE = PARTS | {
    "ganzoo.settings",
    "ganzoo.mistakes",
    "ganzoo.toml_source",
    "ganzoo.recipe",
    "ganzoo.fit",
    "ganzoo.growth_plan",
    "ganzoo.growth_fit",
    "ganzoo.lengths",
}
ALLOWED = {
    "ganzoo.comparison": DISK | {"ganzoo.runs"},
    "ganzoo.runs": DISK | {"ganzoo.pictures"},
    "ganzoo.data": DISK | {"ganzoo.contracts", "ganzoo.seeds", "ganzoo.phases"},
    "ganzoo.layers": set(),
    "ganzoo.registry": BASE | PARTS,
    "ganzoo.contracts": {"ganzoo.phases"},
    "ganzoo.phases": set(),
    "ganzoo.errors": set(),
    "ganzoo.text": set(),
    "ganzoo.hookspecs": {"ganzoo.contracts"},
    "ganzoo.recipe": BASE | RECIPE,
}
# Who may not import whom, however deep the reason.
FORBIDDEN = {
    "ganzoo.scoring": {"ganzoo.training", "ganzoo.cli", "ganzoo.testing"},
    "ganzoo.sampling": {"ganzoo.training", "ganzoo.scoring", "ganzoo.cli", "ganzoo.testing"},
    "ganzoo.training": {"ganzoo.cli", "ganzoo.testing", "ganzoo.comparison", "ganzoo.explore"},
    "ganzoo.testing": {"ganzoo.training", "ganzoo.cli", "ganzoo.runs", "ganzoo.comparison", "ganzoo.recipe"},
}


def area(name: str) -> str:
    return ".".join(name.split(".")[:2])


@pytest.mark.parametrize("module", CORE, ids=lambda module: module.name)
def test_imports_go_one_way(module):
    used = {area(name) for name in imports(module) if top(name) == "ganzoo"} - {module.area}
    if module.area in ALLOWED:
        assert used <= ALLOWED[module.area], f"{module.path} imports {used - ALLOWED[module.area]}"
    assert not used & FORBIDDEN.get(module.area, set())
    if module.area != "ganzoo.cli":
        assert "ganzoo.cli" not in used, f"{module.path} imports the command line"
        assert not {"typer", "rich"} & {top(name) for name in imports(module)} or module.area == "ganzoo.comparison"


@pytest.mark.parametrize("module", CORE, ids=lambda module: module.name)
def test_the_core_knows_no_plugin(module):
    assert not [name for name in imports(module) if top(name).startswith("ganzoo_")]
    text = module.path.read_text("utf-8")
    assert "ganzoo_dcgan" not in text


# The last one: files of weights of extractors.
PUBLIC = ("ganzoo", "ganzoo.data", "ganzoo.interchange", "ganzoo.layers", "ganzoo.weights")


@pytest.mark.parametrize("module", PLUGINS, ids=lambda module: module.name)
def test_plugins_import_what_is_public_and_never_each_other(module):
    for name in imports(module):
        if top(name).startswith("ganzoo_"):
            assert top(name) == top(module.name), f"{module.path} imports {name}"
        elif top(name) == "ganzoo":
            assert area(name) in PUBLIC, f"{module.path}: {name}"


def test_no_module_level_cycles():
    graph = {module.name: imports(module, lazy=False, typing=False) & NAMES - {module.name} for module in EVERYTHING}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


@pytest.mark.parametrize(
    "name",
    ["ganzoo.comparison." + part for part in ("leaderboard", "render", "export", "gather")],
)
def test_comparison_needs_neither_torch_nor_parts(name):
    assert not external(name) & {"torch", "torch_fidelity", "pluggy"}
    assert not reachable(name) & {"ganzoo.registry", "ganzoo.contracts", "ganzoo.recipe"}


@pytest.mark.parametrize(
    "name",
    [
        *(module.name for module in CORE if module.area == "ganzoo.cli" and module.name != "ganzoo.cli.progress"),
        *(f"ganzoo.{name}" for name in ("files", "recipe", "registry", "settings", "mistakes", "toml_source")),
        *(f"ganzoo.runs.{name}" for name in ("record", "directory", "metrics", "lock", "manifest")),
    ],
)
def test_torch_is_imported_only_where_it_is_used(name):
    assert "torch" not in external(name)


# --- sizes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", EVERYTHING, ids=lambda module: module.name)
def test_modules_are_small(module):
    allowed = 480 if module.name == "ganzoo.contracts" else MAX_MODULE_LINES  # the plugin API is one page to read
    assert len(module.path.read_text("utf-8").splitlines()) <= allowed


@pytest.mark.parametrize("module", EVERYTHING, ids=lambda module: module.name)
def test_functions_are_small(module):
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body
            length = (node.end_lineno or 0) - body[0].lineno + 1
            assert length <= MAX_FUNCTION_LINES, f"{module.path}: {node.name} has {length} lines"


# --- what nobody does -----------------------------------------------------------------------------------------------

UNSAFE_MODULES = {"pickle", "cPickle", "dill", "shelve", "marshal", "yaml", "joblib", "cloudpickle"}
UNSAFE_CALLS = {"eval", "exec", "torch.load", "np.load", "numpy.load", "torch.save", "os.system"}
UNSAFE_METHODS = {"extractall", "unsafe_load"}
ALLOWED_CALLS = {
    ("ganzoo.weights", "torch.load"),  # an extractor's weights: weights_only, and after their SHA-256 is known
    ("ganzoo.data.pack", "np.load"),  # with allow_pickle=False
    ("ganzoo.arrays", "np.load"),  # with allow_pickle=False, and mapped: a header cannot ask for memory
    ("ganzoo_features.pretrained", "torch.save"),  # into memory, for torch-fidelity, which reads nothing else
}
WRITERS = {"ganzoo.files", "ganzoo.temporaries", "ganzoo.disk"}
WRITING_METHODS = {"write_text", "write_bytes", "unlink", "rename", "rmdir", "touch", "symlink_to"}
WRITING_CALLS = {"shutil.rmtree", "shutil.move", "shutil.copy", "os.remove", "os.rename", "os.replace", "np.save"}


def calls(module: Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))


@pytest.mark.parametrize("module", EVERYTHING, ids=lambda module: module.name)
def test_nothing_executes_what_it_reads(module):
    assert not UNSAFE_MODULES & {top(name) for name in imports(module)}
    for call in calls(module):
        called = ast.unparse(call.func)
        if called in UNSAFE_CALLS and (module.name, called) not in ALLOWED_CALLS:
            raise AssertionError(f"{module.path}:{call.lineno} calls {called}")
        assert called.rpartition(".")[2] not in UNSAFE_METHODS
        for keyword in call.keywords:
            assert not (keyword.arg == "allow_pickle" and ast.unparse(keyword.value) == "True")
            assert not (keyword.arg == "shell" and ast.unparse(keyword.value) == "True")
            assert not (keyword.arg == "weights_only" and ast.unparse(keyword.value) == "False")


def _opens_for_writing(call: ast.Call) -> bool:
    if ast.unparse(call.func).rpartition(".")[2] not in ("open", "fdopen"):
        return False
    constants = [
        node.value for node in (*call.args, *(k.value for k in call.keywords)) if isinstance(node, ast.Constant)
    ]
    return any(
        isinstance(value, str) and value[:1] in "wax" and set(value) <= set("waxbt+") for value in constants if value
    )


# Into a temporary folder that ganzoo.files publishes, into memory, or to append to a lock or a partial download.
WRITES_BY_RIGHT = {
    "ganzoo.data.assemble": {"np.save"},
    "ganzoo.data.shard_writer": {"self._path.open"},
    "ganzoo.data.prepare": {"path.open"},
    "ganzoo.drawing.film": {"av.open"},
    "ganzoo.data.sources.numpy_files": {"target.open"},
    "ganzoo.download": {"part.open", "part.unlink"},
    "ganzoo.runs.directory": {"self.lock_file.touch"},
    "ganzoo.scoring.reference": {"(temporary / TENSORS).write_bytes"},
}


@pytest.mark.parametrize("module", EVERYTHING, ids=lambda module: module.name)
def test_one_module_writes(module):
    if module.name in WRITERS:
        return
    for call in calls(module):
        called = ast.unparse(call.func)
        method = called.rpartition(".")[2] if "." in called else ""  # a bare write_text is ganzoo.files' own
        writes = _opens_for_writing(call) or called in WRITING_CALLS or method in WRITING_METHODS
        if writes and called not in WRITES_BY_RIGHT.get(module.name, ()):
            raise AssertionError(f"{module.path}:{call.lineno} writes by {called}; ganzoo.files does that")


def test_whoever_writes_by_right_still_does():
    """An exception that is needed no more is removed."""
    by_name = {module.name: {ast.unparse(call.func) for call in calls(module)} for module in EVERYTHING}
    for name, allowed in WRITES_BY_RIGHT.items():
        assert allowed <= by_name[name]
    for name, allowed_call in ALLOWED_CALLS:
        assert allowed_call in by_name[name]
