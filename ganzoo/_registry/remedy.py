"""Remedy: what would mend a plugin that does not load, told from its error and from how it is installed."""

from __future__ import annotations

import importlib.util
import platform
from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, version
from typing import TYPE_CHECKING

from ganzoo._registry.part import PluginOrigin

if TYPE_CHECKING:  # a plugin that loads needs none of it
    from packaging.specifiers import SpecifierSet

_BINARY = ("undefined symbol", "cannot open shared object", "DLL load failed", "dlopen", "Symbol not found")


def remedy(error: BaseException, entry_point: EntryPoint, origin: PluginOrigin) -> str:
    """Return what to do about a plugin's error while it is imported, as an order."""
    name = origin.distribution
    missing = ((error.name or "") if isinstance(error, ImportError) else "").partition(".")[0]
    package = entry_point.value.partition(":")[0].partition(".")[0]
    if missing == package and not _is_there(package):
        return f"its files are gone, or its editable folder was moved: install it again, or pip uninstall {name}"
    if missing == package and isinstance(error, ModuleNotFoundError):
        return f"that is a module of its own, which was not packed or is gone: install it again, or upgrade '{name}'"
    if missing == "ganzoo":
        return (
            f"it was made for another API of ganzoo: upgrade '{name}' or 'ganzoo-toolkit'; its authors say with "
            f"requires_ganzoo_api = N which one it needs"
        )
    others = "" if missing == package else missing
    return "; ".join(unmet_requirements(entry_point.dist)) or _by_error(error, others, name)


def _by_error(error: BaseException, missing: str, name: str) -> str:
    """Return what the error alone tells, where nothing that the plugin requires is missing."""
    if isinstance(error, ModuleNotFoundError) and missing and not _is_there(missing):
        return (
            f"{missing} is not installed here, which '{name}' needs and does not say: install what brings it, often "
            f"pip install {missing}, and tell the authors"
        )
    if "partially initialized module" in str(error):
        return f"its modules import one another in a circle, which its authors must mend: upgrade or remove '{name}'"
    if any(word in str(error) for word in _BINARY):
        again = f"pip install --force-reinstall '{name}'"
        return f"its compiled code does not fit this environment, such as another torch: build it again, {again}"
    if isinstance(error, SystemExit):
        return f"its import ends the program, which a plugin may not: fix '{name}', or remove it"
    if missing:  # it is there, and not what is imported of it, as torch._six, which torch once had
        return f"it was made for another {missing} than {_installed(missing)}: upgrade '{name}', or change {missing}"
    return f"fix or reinstall '{name}', or remove it"


def unmet_requirements(dist: Distribution | None) -> Iterator[str]:
    """Yield what a distribution says that it needs and what is not so here, with what would do."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if dist is None:
        return
    here, wanted = platform.python_version(), (dist.metadata.get_all("Requires-Python") or [""])[0]
    try:
        if not SpecifierSet(wanted).contains(here, prereleases=True):
            yield f"it needs Python {wanted}, and this is {here}: use such a Python, or a version of it for this one"
        for text in dist.requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                yield from _unmet(requirement.name, requirement.specifier)
    except (InvalidRequirement, InvalidSpecifier):  # damaged metadata tell nothing
        return


def _unmet(name: str, wanted: SpecifierSet) -> Iterator[str]:
    try:
        found = version(name)
    except PackageNotFoundError:
        yield f"{name} is not installed, which it requires: pip install '{name}{wanted}'"
        return
    if not wanted.contains(found, prereleases=True):
        yield f"{name} {found} is installed, and it requires {name}{wanted}: pip install '{name}{wanted}'"


def _installed(package: str) -> str:
    """Return the version of a package, if a distribution has its name."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "the one installed"


def _is_there(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False
