"""Plugins as pip would leave them: a module and its dist-info, in a folder that is put on the path."""

from __future__ import annotations

from collections.abc import Callable
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
    info = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[{group}]\n{entry_point} = {value or module}\n", "utf-8")


Install = Callable[..., None]


def offering(hook: str, *classes: str, body: str = "") -> str:
    """Return the source of a plugin whose hook returns these classes."""
    return f"{PARTS}{body}\n@hookimpl\ndef {hook}():\n    return [{', '.join(classes)}]\n"
