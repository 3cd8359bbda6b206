"""`ganzoo sample`: images from a trained generator, and the logits that its discriminator gives images."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ganzoo._cli.completion import run_folders
from ganzoo._cli.options import Device, SharingGPUs, SharingProcesses
from ganzoo.errors import GanzooError

if TYPE_CHECKING:
    from ganzoo._inference.run import Run
    from ganzoo._inference.sample_run import Outputs, SampleRequest
    from ganzoo.contracts.component import PixelArray

Noise = Literal["random", "constant", "none"]
_COUNT = 64


def sample(
    run: Annotated[Path, typer.Argument(help="The run's folder.", autocompletion=run_folders)],
    seeds: Annotated[
        str | None, typer.Option(help="Seeds, such as 0-63,100; an image depends on its seed alone. [default: 0-63]")
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="Number of consecutive seeds, instead of --seeds.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="First seed of --count. [default: 0]")] = None,
    latents: Annotated[Path | None, typer.Option(help="Latents [N, Z] in a .npy file, instead of seeds.")] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Labels [N, L] or class numbers [N] in a .npy file. [default: seed modulo L]")
    ] = None,
    class_: Annotated[
        str | None, typer.Option("--class", help="One class for all images, by its number or name.")
    ] = None,
    truncation_psi: Annotated[float, typer.Option(help="Truncation psi: 1 is none, 0 gives the mean style.")] = 1.0,
    truncation_cutoff: Annotated[
        int | None, typer.Option(min=0, help="Number of first style layers that are truncated. [default: all]")
    ] = None,
    truncation_threshold: Annotated[
        float | None, typer.Option(help="Largest absolute value of a latent's numbers; those beyond are drawn again.")
    ] = None,
    noise_mode: Annotated[
        Noise | None, typer.Option(help="Noise inside the generator. [default: random, by each image's seed]")
    ] = None,
    rotation: Annotated[
        float, typer.Option(help="Degrees by which what is generated is turned clockwise, as StyleGAN3 can.")
    ] = 0.0,
    shift_right: Annotated[
        float, typer.Option(help="Sides of the image by which it is then moved right, likewise.")
    ] = 0.0,
    shift_down: Annotated[float, typer.Option(help="Likewise down.")] = 0.0,
    resolution: Annotated[
        int | None,
        typer.Option(min=1, help="Resolution of a growing network. [default: that of its training]"),
    ] = None,
    alpha: Annotated[
        float | None, typer.Option(help="Weight of the newest block of a growing network, 0 to 1.")
    ] = None,
    weights: Annotated[
        Literal["ema", "raw"] | None,
        typer.Option(help="EMA or raw weights of the generator. [default: ema]"),
    ] = None,
    at: Annotated[
        int | None, typer.Option(min=0, help="Checkpoint at this many images seen. [default: the newest]")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="PNG file of a grid, of several classes in rows of each. [default: <run>/samples/grid.png if no other "
            "output is named]"
        ),
    ] = None,
    grid: Annotated[
        str | None, typer.Option(help="Most columns and rows of the grid, such as 8x8. [default: square]")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Folder for one PNG per image.")] = None,
    raw: Annotated[
        Path | None,
        typer.Option(help=".npy file for the images as float32 [N, C, R, R] before rounding, or for logits."),
    ] = None,
    critic: Annotated[
        Path | None,
        typer.Option(help=".npy file of float images [N, C, R, R] for the discriminator; logits [N] go to --raw."),
    ] = None,
    device: Device = "auto",
    processes: SharingProcesses = None,
    gpus: SharingGPUs = None,
) -> None:
    """Write images of a run's generator.

    As a grid, single PNGs or exact floats; with --critic, the logits of its discriminator instead.

    Intensities are as the network made them: no image is stretched.
    """
    _check_numbers(truncation_psi, truncation_cutoff, alpha)
    _check_possible(out, folder, raw, one_class=labels is None or class_ is None)
    from ganzoo._cli.processes import start_together
    from ganzoo._cli.terminal import Terminal
    from ganzoo._inference.run import Run

    opened = Run(run)  # before torch is imported
    if critic is None:
        start_together(processes, gpus)
        device = "cuda" if gpus else device
    from ganzoo._inference.sample_run import Outputs, SampleRequest, write_logits

    if critic is not None:
        making: dict[str, object] = {"--seeds": seeds, "--count": count, "--seed": seed, "--latents": latents}
        making |= {"--truncation-psi": None if truncation_psi == 1.0 else truncation_psi, "--noise-mode": noise_mode}
        making |= {"--truncation-threshold": truncation_threshold, "--rotation": rotation or None}
        making |= {"--shift-right": shift_right or None, "--shift-down": shift_down or None}
        making |= {"--weights": weights, "--grid": grid, "--out": out, "--folder": folder}
        making |= {"--processes": processes, "--gpus": gpus}
        _leave_out(making, "--critic gives logits of images and makes none")
        if raw is None:
            raise GanzooError("--critic needs --raw LOGITS.npy: the file that the logits are written to")
        shown: dict[str, Any] = {"at": at, "device": device, "resolution": resolution, "alpha": alpha}
        write_logits(opened, critic, raw, labels=labels, label=class_, **shown)
        return Terminal().info(f"wrote {raw}")
    if latents is not None:
        drawn = {"--seeds": seeds, "--count": count, "--seed": seed, "--truncation-threshold": truncation_threshold}
        _leave_out(drawn, "--latents already sets what is made")
    columns, rows = _columns_and_rows(grid)
    chosen = [] if latents else _seeds(seeds, count, seed, columns * rows or _COUNT)
    if out is None and (grid or not (folder or raw)):
        out = run / "samples" / "grid.png"
    view: dict[str, Any] = {"resolution": resolution, "alpha": alpha, "noise_mode": noise_mode, "label": class_}
    view |= {"truncation_psi": truncation_psi, "truncation_cutoff": truncation_cutoff}
    view |= {"truncation_threshold": truncation_threshold, "rotation": rotation}
    view |= {"shift_right": shift_right, "shift_down": shift_down}
    outputs = Outputs(out, columns or None, _by_class(opened), columns * rows or None, folder, raw)
    request = SampleRequest(chosen, latents, labels)
    _write(opened, request, outputs, device, at=at, weights=weights or "ema", **view)


def _write(opened: Run, request: SampleRequest, outputs: Outputs, device: str, **view: Any) -> None:
    """Let all processes that were started make the images; the first writes them, and says which files."""
    from ganzoo._cli.terminal import Terminal
    from ganzoo._inference.sample_run import write_samples
    from ganzoo._training.place import is_follower
    from ganzoo._training.together import do_together

    if not is_follower():
        _warn_of_unlearned(opened.path, view["label"])
    write = partial(write_samples, opened, request, outputs, **view)
    for path in do_together(device, lambda own, ranks: write(device=own, ranks=ranks)):
        Terminal().info(f"wrote {path}")


def _by_class(run: Run) -> Callable[[PixelArray, Sequence[int]], PixelArray | None]:
    """Return what lays images of several classes out in rows of each, with its name."""
    from ganzoo._inference.class_labels import class_names
    from ganzoo.plotting.class_rows import ClassRows

    def lay_out(images: PixelArray, classes: Sequence[int]) -> PixelArray | None:
        rows = ClassRows.of(classes, class_names(run))
        return rows.picture(images) if rows else None

    return lay_out


def _warn_of_unlearned(run: Path, asked: str | None) -> None:
    from ganzoo._cli.terminal import Terminal
    from ganzoo._inference.class_labels import unlearned
    from ganzoo._inference.run import Run

    if note := unlearned(Run(run), asked):
        Terminal().warning(note)


def _check_numbers(truncation_psi: float, cutoff: int | None, alpha: float | None) -> None:
    if not math.isfinite(truncation_psi):
        raise GanzooError(f"--truncation-psi {truncation_psi}: should be a number, such as 0.7")
    if cutoff is not None and truncation_psi == 1.0:
        raise GanzooError("--truncation-cutoff has no effect without truncation; give --truncation-psi too")
    if alpha is not None and not 0 <= alpha <= 1:
        raise GanzooError(f"--alpha {alpha}: should be between 0 (the newest block is absent) and 1 (fully in)")


def _check_possible(out: Path | None, folder: Path | None, raw: Path | None, *, one_class: bool) -> None:
    """Refuse, before any work, what could not be written or made as it is asked for."""
    if not one_class:
        raise GanzooError("--labels and --class both choose classes; leave one of them out")
    for option, path in (("--out", out), ("--raw", raw)):
        if path is not None and path.is_dir():
            raise GanzooError(f"{option} {path}: is a folder; name a file in it")
    if out is not None and out.suffix.lower() != ".png":
        raise GanzooError(
            f"--out {out}: grids are written as PNG, which loses nothing; name it {out.with_suffix('.png')}"
        )
    if folder is not None and folder.exists() and not folder.is_dir():
        raise GanzooError(f"--folder {folder}: is a file; name a folder")


def _leave_out(options: Mapping[str, object], reason: str) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise GanzooError(f"{reason}; leave {' and '.join(given)} out")


def _seeds(text: str | None, count: int | None, first: int | None, usual: int) -> list[int]:
    from ganzoo._random.seeds import seeds_in

    if text is not None:
        _leave_out({"--count": count, "--seed": first}, "--seeds already sets what is made")
        return seeds_in(text)
    return list(range(first or 0, (first or 0) + (count or usual)))


def _columns_and_rows(text: str | None) -> tuple[int, int]:
    if text is None:
        return 0, 0
    found = re.fullmatch(r"([1-9]\d{0,3})[xX]([1-9]\d{0,3})", text)
    if not found:
        raise GanzooError(f"--grid '{text[:40]}': should be columns x rows, such as 8x8")
    return int(found[1]), int(found[2])
