"""Doctor's checks: what a person needs to know of an installation before the first run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import ganzoo
from ganzoo._io.cache_dir import cache_root
from ganzoo._registry.figures import FigureCatalog
from ganzoo._registry.installed import twice_installed
from ganzoo._registry.offers import broken_commands
from ganzoo._registry.part import origin_of
from ganzoo._registry.registry import Registry, plugin_entry_points
from ganzoo._runs.provenance import library_versions
from ganzoo.errors import GanzooError
from ganzoo.text import literal

OUR_DISTRIBUTION = "ganzoo-toolkit"
FOREIGN_DISTRIBUTION = "ganzoo"


@dataclass(frozen=True)
class Finding:
    """One line of a diagnosis; `mark` is `ok`, `note` or `problem`."""

    mark: str
    text: str


def diagnose() -> Iterator[Finding]:
    """Yield what is found, in the order in which things build on each other."""
    yield from _packages()
    yield from _versions()
    yield from _devices()
    registry = Registry.discover()
    yield from _plugins(registry)
    yield from _weights(registry)
    yield from _folders()


def _packages() -> Iterator[Finding]:
    installed = {dist.name.lower().replace("_", "-"): dist.version for dist in distributions() if dist.name}
    if FOREIGN_DISTRIBUTION in installed:
        yield Finding(
            "problem",
            f"another project's '{FOREIGN_DISTRIBUTION}' {installed[FOREIGN_DISTRIBUTION]} is installed and shares the "
            f"import name with this one; run: pip uninstall {FOREIGN_DISTRIBUTION} && "
            f"pip install --force-reinstall --no-deps {OUR_DISTRIBUTION}",
        )
    if OUR_DISTRIBUTION not in installed:
        yield Finding("problem", f"distribution '{OUR_DISTRIBUTION}' is not installed, so no built-in plugin is found")
    yield Finding("ok", f"{OUR_DISTRIBUTION} {ganzoo.__version__} in {Path(str(ganzoo.__file__)).parent}")


def _versions() -> Iterator[Finding]:
    for name, version in library_versions().items():
        if name != "ganzoo":
            yield Finding("problem" if version == "missing" else "ok", f"{name} {version}")


def _devices() -> Iterator[Finding]:
    import torch

    yield Finding("ok", f"cpu: {os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads")
    for index in range(torch.cuda.device_count()):
        memory = torch.cuda.get_device_properties(index).total_memory / 2**30
        yield Finding("ok", f"cuda:{index}: {torch.cuda.get_device_name(index)}, {memory:.0f} GiB")
    if torch.backends.mps.is_available():
        yield Finding("ok", "mps: available")
    if not torch.cuda.is_available() and not torch.backends.mps.is_available():
        yield Finding("note", "no GPU is visible to torch; training runs on the CPU")


def _plugins(registry: Registry) -> Iterator[Finding]:
    for kind, names in registry.names.items():
        plural = "losses" if kind == "loss" else f"{kind}s"
        yield Finding("ok" if names else "problem", f"{plural}: {', '.join(names) or 'none installed'}")
    origins = map(origin_of, plugin_entry_points())
    others = sorted(
        {f"{each.distribution} {each.version}" for each in origins if each.distribution != OUR_DISTRIBUTION}
    )
    yield Finding("ok", literal(f"plugins of others: {', '.join(others) or 'none'}"))
    for failure in (*registry.failures, *FigureCatalog.discover().parts()[1], *broken_commands()):
        yield Finding("problem", literal(str(failure)))
    for note in registry.notes:
        yield Finding("note", literal(str(note)))
    yield from map(_twice_installed, sorted(twice_installed()))


def _twice_installed(distribution: str) -> Finding:
    return Finding(
        "problem",
        f"'{distribution}' is installed more than once, and which one counts is left to the path: run pip uninstall "
        f"{distribution} until none is left, then install it again",
    )


def _weights(registry: Registry) -> Iterator[Finding]:
    for part in registry.parts("extractor"):
        try:
            weights = part.cls(part.cls.Options()).weights()
        except GanzooError as error:
            yield Finding("note", f"extractor {part.name}: {literal(str(error))}")
            continue
        except Exception as error:  # a plugin's own failure must not end the diagnosis
            text = f"{part.origin} fails to look for its weights: {type(error).__name__}: {error}"
            yield Finding("problem", f"extractor {part.name}: {literal(text)}")
            continue
        if weights is None:
            yield Finding("ok", f"extractor {part.name}: needs no weights file")
        else:
            kind = "official" if weights.official else "not the official file"
            yield Finding("ok", f"extractor {part.name}: {weights.path} ({kind}, SHA-256 {weights.sha256[:8]}...)")


def _folders() -> Iterator[Finding]:
    root = cache_root()
    existing = next(folder for folder in (root, *root.parents) if folder.exists())
    usable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
    where = "" if usable else "; it cannot be written to, set GANZOO_CACHE to a folder that can"
    yield Finding("ok" if usable else "problem", f"cache: {root}{where}")
