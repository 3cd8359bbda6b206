"""Required API: the number of ganzoo's API that a plugin says it needs, read before it is imported.

A plugin for another API may fail at its first import, with an error that says nothing of the cause. So the number
stands in its module as a plain assignment, `requires_ganzoo_api = 2`, and is read from the source.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from importlib.metadata import EntryPoint
from pathlib import Path

from ganzoo._registry.located import located
from ganzoo._version import __version__
from ganzoo.hookspecs import API, OLDEST_API

NAME = "requires_ganzoo_api"


def unmet_api(entry_point: EntryPoint) -> str | None:
    """Say why a plugin cannot be used with this API, and what would do, or None; nothing is imported."""
    wanted = stated_api(entry_point)
    if wanted is None or (isinstance(wanted, int) and OLDEST_API <= wanted <= API):
        return None
    if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 1:
        return f"states {NAME} = {wanted!r}; it must be a whole number, such as {API}"
    if wanted > API:
        return f"needs API {wanted} of ganzoo, and ganzoo {__version__} has {API}: pip install -U ganzoo-toolkit"
    return (
        f"was made for API {wanted} of ganzoo, and ganzoo {__version__} has {OLDEST_API} to {API}: upgrade it, or "
        f"install the ganzoo-toolkit that it was made for (docs/plugin-api.md says what changed)"
    )


def stated_api(entry_point: EntryPoint) -> object:
    """Return what a plugin states that it needs, or None; nothing is imported."""
    try:
        return _stated(entry_point.value.partition(":")[0])
    except (OSError, SyntaxError, ValueError, ImportError, AttributeError, RecursionError):
        return None  # it will not load, and say why itself


def _stated(module: str) -> object:
    """Return what the module assigns to the name at its top level, or None."""
    spec = located(module)
    if spec is None or not (spec.origin or "").endswith(".py"):
        return None
    status = Path(str(spec.origin)).stat()
    return _assigned(str(spec.origin), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=256)
def _assigned(path: str, changed: int, size: int) -> object:
    """Return what a file assigns; read anew only when it was changed."""
    for node in ast.parse(Path(path).read_bytes()).body:
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        if any(isinstance(target, ast.Name) and target.id == NAME for target in targets):
            stated: object = ast.literal_eval(node.value)  # type: ignore[attr-defined]
            return stated
    return None
