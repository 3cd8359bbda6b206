"""`ganzoo import` and `ganzoo export`: weights from and to elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ganzoo.errors import GanzooError


def import_(
    file: Annotated[Path, typer.Argument(help="Somebody else's checkpoint: .pkl, .pth, .pt, .model.")],
    out: Annotated[Path, typer.Option("--out", help="The new run's folder; it must not exist yet.")],
) -> None:
    """Make a run of somebody else's checkpoint, executing nothing in it."""
    from ganzoo._cli.terminal import Terminal
    from ganzoo._inference.import_run import import_checkpoint
    from ganzoo._registry.registry import Registry

    terminal = Terminal()
    directory, imported = import_checkpoint(file, out, Registry.discover())
    networks = imported.networks
    found = " and ".join(f"{role} '{selection.name}'" for role, selection in networks.selections.items())
    images = networks.images
    classes = f", {images.label_dim} classes" if images.label_dim else ""
    terminal.info(
        f"imported {file} into {directory.path}: {found} at {images.resolution} pixels, "
        f"{'gray' if images.channels == 1 else 'color' if images.channels == 3 else f'{images.channels} channels'}"
        f"{classes}"
    )
    for note in networks.origin.notes if networks.origin else ():
        terminal.info(f"note: {note}")
    terminal.info(f"see what it makes with: ganzoo sample {directory.path}")


def export(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    out: Annotated[Path | None, typer.Option(help="A .safetensors file, with what builds the network inside.")] = None,
    onnx: Annotated[Path | None, typer.Option(help="An .onnx file: a graph for any batch size.")] = None,
    weights: Annotated[
        Literal["ema", "raw"], typer.Option(help="The moving average of the generator, or what was trained itself.")
    ] = "ema",
    at: Annotated[int | None, typer.Option(min=0, help="The network kept at this many images seen.")] = None,
    noise_mode: Annotated[
        Literal["constant", "none"], typer.Option(help="Noise inside of an ONNX graph: the network's own, or none.")
    ] = "constant",
) -> None:
    """Write a run's generator for use elsewhere."""
    from ganzoo import api
    from ganzoo._cli.terminal import Terminal

    if not out and not onnx:
        raise GanzooError("say what to write: --out FILE.safetensors, --onnx FILE.onnx, or both")
    terminal, opened = Terminal(), api.open(run)
    if out:
        seen = api.export(opened, out, format="safetensors", weights=weights, at=at)
        terminal.info(f"wrote {out}: the {weights} generator of {seen:,} images seen")
    if onnx:
        seen = api.export(opened, onnx, format="onnx", weights=weights, at=at, noise_mode=noise_mode)
        terminal.info(f"wrote {onnx}: the {weights} generator of {seen:,} images seen, noise {noise_mode}")
