"""Options that the figures share: which generator is looked at, how it is used, and where the figure goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from ganzoo._inference.opened_generator import OpenedGenerator
    from ganzoo.figures.animation import Film
    from ganzoo.figures.figure import Figure

STILL = (".png", ".svg")
FILMS = (".mp4", ".webp", ".gif")
Run = Annotated[Path, typer.Argument(help="The run's folder, trained here or imported.")]
Seeds = Annotated[str | None, typer.Option(help="Seeds such as 0-7,100; the images of `ganzoo sample`.")]
Class = Annotated[int | None, typer.Option("--class", help="One class for all images. [default: seed modulo classes]")]
Truncation = Annotated[float, typer.Option(help="Psi, the pull of styles towards their mean: 1 none, 0 all the way.")]
Cutoff = Annotated[int | None, typer.Option(min=0, help="Truncate so many of the first style layers. [default: all]")]
Noise = Annotated[
    Literal["random", "constant", "none"] | None, typer.Option(help="Noise inside the generator, if it has any.")
]
At = Annotated[int | None, typer.Option(min=0, help="The network kept at this many images seen. [default: the newest]")]
Weights = Annotated[Literal["ema", "raw"], typer.Option(help="Averaged generator or raw one.")]
Resolution = Annotated[
    int | None,
    typer.Option(min=1, help="Resolution to show of a growing network. [default: where its training stands]"),
]
Scale = Annotated[
    int | None, typer.Option(min=1, max=64, help="Size of each pixel in the figure. [default: enough to see it]")
]
Out = Annotated[
    Path | None, typer.Option(help="File of the figure, .png or .svg. [default: <run>/figures/<figure>.png]")
]
_LONG = 24  # fewer images than these are not worth a line
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")]


def opened(
    run: Path,
    *,
    truncation: float = 1.0,
    cutoff: int | None = None,
    noise: Any = None,
    label: int | None = None,
    at: int | None = None,
    weights: Any = "ema",
    resolution: int | None = None,
    device: str = "auto",
    what: str = "drawing",
) -> OpenedGenerator:
    """Open what the options name; progress goes to the terminal."""
    from ganzoo._cli.terminal import Terminal
    from ganzoo._inference.run import Run as OpenedRun

    show = Terminal().progress(what)

    def progress(done: int, total: int, facts: Mapping[str, str] | None = None, /) -> None:
        if total >= _LONG:
            show(done, total)

    return OpenedRun(run).generator(
        at,
        weights,
        device=device,
        resolution=resolution,
        truncation_psi=truncation,
        truncation_cutoff=cutoff,
        noise_mode=noise,
        label=label,
        progress=progress,
    )


def seeds_of(text: str | None, usual: Sequence[int]) -> list[int]:
    """Return the seeds that an option names, or the usual ones."""
    from ganzoo._random.seeds import seeds_in

    return list(usual) if text is None else seeds_in(text)


def written(figure: Figure | Film, run: Path, out: Path | None, suffix: str = ".png") -> None:
    """Write a figure or film where it was asked for, else into the run's folder, and say where it is."""
    from ganzoo._cli.terminal import Terminal

    terminal = Terminal()
    for path in figure.write(out or run / "figures" / f"{figure.name}{suffix}"):
        terminal.info(f"wrote {path}")


def check_out(out: Path | None, *endings: str) -> None:
    """Refuse, before any work, a file that could not be written afterwards; without endings, `out` is a folder.

    Raises:
        GanzooError: The name ends otherwise, or there is a file where a folder would be.
    """
    from ganzoo.errors import GanzooError

    if out is None:
        return
    if endings and out.suffix.lower() not in endings:
        raise GanzooError(f"--out '{out}': should end in {', '.join(endings)}")
    if not endings and out.exists() and not out.is_dir():
        raise GanzooError(f"--out '{out}': is a file; name a folder")


def leave_out(options: Mapping[str, object], reason: str) -> None:
    """Raise GanzooError if any of these options was given."""
    from ganzoo.errors import GanzooError

    given = [name for name, value in options.items() if value is not None]
    if given:
        raise GanzooError(f"{reason}; leave {' and '.join(given)} out")
