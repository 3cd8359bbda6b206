"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganzoo._cli.completion import callback_names, overrides

Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a key, such as training.total_kimg=10.",
        autocompletion=overrides,
    ),
]
Runs = Annotated[Path, typer.Option("--runs", help="Folder of the runs.")]


def _checked_device(name: str) -> str:
    from ganzoo._inference.device import check_device_name

    return check_device_name(name)


Device = Annotated[str, typer.Option(callback=_checked_device, help="Device: auto, cpu, cuda, cuda:1, mps.")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Skip images that cannot be read, and report them.")]

Callbacks = Annotated[
    list[str] | None,
    typer.Option(
        "--callback",
        metavar="NAME",
        help="A callback that watches each run, such as wandb, or mlflow={folder='all'}; may be repeated.",
        autocompletion=callback_names,
    ),
]
Tags = Annotated[
    list[str] | None, typer.Option("--tag", metavar="TEXT", help="A word that is kept in the record; may be repeated.")
]
Processes = Annotated[
    int | None,
    typer.Option(min=1, help="Processes that share each batch, on the CPU or one per GPU."),
]
GPUs = Annotated[int | None, typer.Option("--gpus", min=1, help="GPUs of this machine that share each batch.")]
SharingProcesses = Annotated[
    int | None, typer.Option("--processes", min=1, help="Processes that share the images, on the CPU or one per GPU.")
]
SharingGPUs = Annotated[int | None, typer.Option("--gpus", min=1, help="GPUs of this machine that share the images.")]
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, help="Runs at a time; else one per GPU, or one.")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Try again what failed before.")]
