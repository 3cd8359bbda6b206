"""`ganzoo import` and `ganzoo export`: weights from and to other code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ganzoo._cli.completion import run_folders
from ganzoo.errors import GanzooError


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="Checkpoint of another code base (.pkl, .pth, .pt, .model, .npz), a .safetensors file of `ganzoo "
            "export`, or a folder of `ganzoo publish`."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The new run's folder; it must not exist yet. [default, of a folder: runs/NAME]"),
    ] = None,
) -> None:
    """Import a checkpoint of another code base, or a published folder, as a run.

    `ganzoo plugins` lists under importers whose files are read; what `ganzoo export` and `ganzoo publish` wrote is read
    too. Nothing in the file is executed.
    """
    from ganzoo._inference.importable import require_importable
    from ganzoo._publish.published_folder import is_published

    if is_published(file):
        return _import_published(file, out)
    if out is None:
        raise GanzooError("name the new run's folder: --out runs/NAME")
    require_importable(file, out)  # before torch is imported: a typo answers at once
    from ganzoo._cli.terminal import Terminal
    from ganzoo._inference.import_run import import_checkpoint
    from ganzoo._registry.index import discovered

    terminal = Terminal()
    directory, imported = import_checkpoint(file, out, discovered())
    networks = imported.networks
    found = " and ".join(f"{role} '{selection.name}'" for role, selection in networks.selections.items())
    images = networks.images
    classes = f", {images.label_dim} classes" if images.label_dim else ""
    terminal.info(
        f"imported {file} into {directory.path}: {found} at {images.resolution} pixels, "
        f"{'gray' if images.channels == 1 else 'color' if images.channels == 3 else f'{images.channels} channels'}"
        f"{classes}"
    )
    for change in imported.code_changes:
        terminal.warning(f"it goes on with other code, as its record notes: {change}")
    for note in networks.origin.notes if networks.origin else ():
        terminal.info(f"note: {note}")
    terminal.info(f"look at its images with: ganzoo sample {directory.path}")


def _import_published(folder: Path, out: Path | None) -> None:
    from ganzoo._cli.terminal import Terminal
    from ganzoo._publish.import_published import import_published

    terminal = Terminal()
    for run in import_published(folder, out):
        terminal.info(f"imported {run.path}; look at its images with: ganzoo sample {run.path}")
    terminal.info(f"score again what {folder} says with: ganzoo verify {folder} --rescore --set dataset.root=PATH")


def export(
    run: Annotated[Path, typer.Argument(help="The run's folder.", autocompletion=run_folders)],
    out: Annotated[
        Path | None, typer.Option(help=".safetensors file of the weights, and of what is needed to build the network.")
    ] = None,
    onnx: Annotated[Path | None, typer.Option(help=".onnx file: a graph for any batch size.")] = None,
    weights: Annotated[Literal["ema", "raw"], typer.Option(help="EMA or raw weights of the generator.")] = "ema",
    at: Annotated[
        int | None, typer.Option(min=0, help="Checkpoint at this many images seen. [default: the newest]")
    ] = None,
    noise_mode: Annotated[
        Literal["constant", "none"] | None,
        typer.Option(help="Noise in an ONNX graph: the network's constant noise, or none. [default: constant, if any]"),
    ] = None,
) -> None:
    """Export a run's generator as safetensors or ONNX."""
    from ganzoo import api
    from ganzoo._cli.terminal import Terminal

    if not out and not onnx:
        raise GanzooError("name a file to write: --out FILE.safetensors, --onnx FILE.onnx, or both")
    if out and out.suffix.lower() == ".onnx":
        raise GanzooError(f"--out {out}: is for safetensors; write a graph with --onnx {out}")
    if noise_mode and not onnx:
        raise GanzooError("--noise-mode is for the graph of --onnx; weights have no noise of their own: leave it out")
    terminal, opened = Terminal(), api.open(run)
    if out:
        seen = api.export(opened, out, format="safetensors", weights=weights, at=at)
        terminal.info(f"wrote {out}: the {weights} generator of {seen:,} images seen")
    if onnx:
        seen = api.export(opened, onnx, format="onnx", weights=weights, at=at, noise_mode=noise_mode)
        noise = f", noise {noise_mode}" if noise_mode else ""
        terminal.info(f"wrote {onnx}: the {weights} generator of {seen:,} images seen{noise}")
