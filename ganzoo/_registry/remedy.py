"""Remedy: what would mend a plugin that does not load, told from its error and from how it is installed."""

from __future__ import annotations

import importlib.util
from importlib.metadata import EntryPoint

from ganzoo._registry.part import PluginOrigin

_BINARY = ("undefined symbol", "cannot open shared object", "DLL load failed", "dlopen", "Symbol not found")


def remedy(error: BaseException, entry_point: EntryPoint, origin: PluginOrigin) -> str:
    """Return what to do about a plugin's error while it is imported, as an order."""
    name = origin.distribution
    again = f"pip install --force-reinstall '{name}'"
    missing = (error.name or "") if isinstance(error, ImportError) else ""
    package = entry_point.value.partition(":")[0].partition(".")[0]
    if missing.partition(".")[0] == package and not _is_there(package):
        return f"its files are gone, or its editable folder was moved: install it again, or pip uninstall {name}"
    if missing.partition(".")[0] == "ganzoo":
        return (
            f"it was made for another API of ganzoo: upgrade '{name}' or 'ganzoo-toolkit'; its authors say with "
            f"requires_ganzoo_api = N which one it needs"
        )
    if isinstance(error, ModuleNotFoundError) and missing:
        return f"{missing.partition('.')[0]} is not installed here, which '{name}' should have brought: {again}"
    if any(word in str(error) for word in _BINARY):
        return f"its compiled code does not fit this environment, such as another torch: build it again, {again}"
    return f"fix or reinstall '{name}', or remove it"


def _is_there(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False
