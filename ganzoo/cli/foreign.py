"""`ganzoo import` and `ganzoo export`: weights from and to elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def import_(
    file: Annotated[Path, typer.Argument(help="Somebody else's checkpoint: .pkl, .pth, .pt, .model.")],
    out: Annotated[Path, typer.Option("--out", help="The new run's folder; it must not exist yet.")],
) -> None:
    """Make a run of somebody else's checkpoint, executing nothing in it."""
    from ganzoo.cli.terminal import Terminal
    from ganzoo.registry import Registry
    from ganzoo.training.importing import import_checkpoint

    terminal = Terminal()
    directory, imported = import_checkpoint(file, out, Registry.discover())
    networks = imported.networks
    found = " and ".join(f"{role} '{selection.name}'" for role, selection in networks.selections.items())
    images = networks.images
    classes = f", {images.label_dim} classes" if images.label_dim else ""
    terminal.say(
        f"imported {file} into {directory.path}: {found} at {images.resolution} pixels, "
        f"{'gray' if images.channels == 1 else 'colour' if images.channels == 3 else f'{images.channels} channels'}"
        f"{classes}"
    )
    for note in networks.origin.notes if networks.origin else ():
        terminal.say(f"note: {note}")
    terminal.say(f"see what it makes with: ganzoo sample {directory.path}")
