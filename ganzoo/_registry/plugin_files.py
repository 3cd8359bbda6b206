"""Plugin files: parts from a Python file by itself, for an idea without packaging.

Which files those are stands in the environment too, so that processes that this one starts have their parts as well:
cells of a sweep, workers of a preparation. Only a person names them; nothing that comes with a run does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

from ganzoo._registry.code import FILE_VERSION
from ganzoo._registry.loading import Loaded, load_plugin
from ganzoo._registry.part import PluginOrigin
from ganzoo.errors import PluginError

ENVIRONMENT = "GANZOO_PLUGINS"
_loaded: dict[str, Loaded] = {}


def load_plugin_file(path: str | Path) -> None:
    """Add the parts of a Python file to those that are installed, in this process and those that it starts.

    It is written like any plugin: hooks marked with `@ganzoo.hookimpl`. Runs remember a hash of the file and of what it
    imports from its folder.

    Raises:
        PluginError: There is no such file, it does not load, or it offers nothing.
    """
    file = Path(path).resolve()
    if str(file) in _loaded:
        return
    _check(file, str(path))
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    found = load_plugin(EntryPoint(file.stem, file.stem, "ganzoo"), PluginOrigin(file.stem, file.name, FILE_VERSION))
    if found.failures:
        raise PluginError("\n".join(map(str, found.failures)))
    _loaded[str(file)] = found
    os.environ[ENVIRONMENT] = os.pathsep.join(dict.fromkeys([*_named(), str(file)]))


def parts_of_files() -> Loaded:
    """Return what all files offer together, of those too that the environment names. Raises PluginError as above."""
    for each in _named():
        load_plugin_file(each)
    together = Loaded()
    for found in _loaded.values():
        together += found
    return together


def origin_of_module(name: str) -> PluginOrigin | None:
    """Return who offers what is in a module that is a plugin file, or None where it is none."""
    return next(
        (PluginOrigin(name, Path(path).name, FILE_VERSION) for path in _loaded if Path(path).stem == name), None
    )


def plugin_file_names() -> tuple[str, ...]:
    """Return the paths of the files; none is loaded."""
    return tuple(dict.fromkeys([*_loaded, *_named()]))


def _named() -> Iterable[str]:
    return [each for each in os.environ.get(ENVIRONMENT, "").split(os.pathsep) if each]


def _check(file: Path, given: str) -> None:
    if not file.is_file():
        raise PluginError(f"--plugin {given}: there is no such file")
    if file.suffix != ".py" or not file.stem.isidentifier():
        raise PluginError(f"--plugin {given}: name a Python file whose name is one of a module, such as my_loss.py")
    try:
        known = find_spec(file.stem)
    except (ImportError, ValueError):
        known = None
    if known is not None and Path(known.origin or "").resolve() != file:
        raise PluginError(
            f"--plugin {given}: a module '{file.stem}' is there already ({known.origin}); give the file another name"
        )
