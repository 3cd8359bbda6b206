"""Located modules: where a module's source is, found without importing anything, not even the packages above it."""

from __future__ import annotations

from importlib.machinery import ModuleSpec, PathFinder


def located(module: str) -> ModuleSpec | None:
    """Return the specification of `package.module`, or None where there is no such file or folder."""
    path: list[str] | None = None
    spec: ModuleSpec | None = None
    parts = module.split(".")
    for depth in range(len(parts)):
        spec = PathFinder.find_spec(".".join(parts[: depth + 1]), path)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or ())
    return spec
