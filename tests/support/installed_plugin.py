"""Plugins as pip would leave them: a module and its dist-info, in a folder that is put on the path."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

PARTS = """
from ganzoo import hookimpl
from ganzoo.testing import TinyDataset, TinyDiscriminator, TinyGenerator, TinyLoss
"""


def install(
    folder: Path,
    source: str,
    *,
    module: str = "acme_gan",
    distribution: str = "acme-gan",
    entry_point: str = "acme",
    version: str = "0.1",
    value: str | None = None,
    group: str = "ganzoo",
) -> None:
    """Write a plugin of one module into `folder`, with the metadata that makes it found."""
    (folder / f"{module}.py").write_text(source, "utf-8")
    write_metadata(folder, distribution, version, {group: {entry_point: value or module}})


def write_metadata(folder: Path, distribution: str, version: str, groups: Mapping[str, Mapping[str, str]]) -> None:
    """Write what pip would of a distribution: its name, its version and its entry points by group."""
    info = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n", "utf-8")
    sections = (
        "\n".join([f"[{group}]", *(f"{name} = {value}" for name, value in points.items())])
        for group, points in groups.items()
    )
    (info / "entry_points.txt").write_text("\n".join([*sections, ""]), "utf-8")


def install_package(
    folder: Path, package: Path, *, group: str = "ganzoo", figures: Mapping[str, str] | None = None
) -> None:
    """Install a package of this tests' tree as a distribution of its own, `acme-zoo` 0.1 of `acme_zoo`."""
    shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    groups = {group: {package.name: package.name}} | ({f"{group}.figures": figures} if figures else {})
    write_metadata(folder, package.name.replace("_", "-"), "0.1", groups)


Install = Callable[..., None]


def offering(hook: str, *classes: str, body: str = "") -> str:
    """Return the source of a plugin whose hook returns these classes."""
    return f"{PARTS}{body}\n@hookimpl\ndef {hook}():\n    return [{', '.join(classes)}]\n"
