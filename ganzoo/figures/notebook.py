"""A run as notebooks have it: `ganzoo.open("runs/...")`, whose images and figures are shown inline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, update_wrapper
from importlib import import_module
from pathlib import Path
from typing import Any

from ganzoo._inference import run as runs
from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._runs.record import RunRecord, Score, read_record
from ganzoo.contracts.component import PixelArray
from ganzoo.figures.figure import Figure
from ganzoo.figures.grid import PREVIEWS, grid
from ganzoo.figures.requirements import possible

# Name of each figure: its module below ganzoo.figures, and the function there.
_FIGURES = {
    "grid": ("grid", "grid"),
    "truncation": ("truncation", "truncation"),
    "mix": ("style_mixing", "mix"),
    "mixing_pair": ("style_mixing", "mixing_pair"),
    "noise": ("noise", "noise"),
    "resolutions": ("resolutions", "resolutions"),
    "interpolate": ("interpolate", "interpolation"),
    "interpolate_strip": ("interpolate", "strip"),
    "timelapse": ("timelapse", "timelapse"),
    "timelapse_strip": ("timelapse", "strip"),
    "project": ("projection", "project"),
    "neighbors": ("nearest_neighbors", "neighbors"),
    "pca": ("pca", "pca"),
    "pca_walk": ("pca", "walk"),
    "spectrum": ("spectrum", "spectrum"),
}


@dataclass(frozen=True)
class Samples:
    """Images of seeds, shown inline as a grid.

    Attributes:
        seeds: One per image.
        pixels: uint8 `[N, C, R, R]`.
        figure: The grid.
    """

    seeds: Sequence[int]
    pixels: PixelArray
    figure: Figure

    def _repr_png_(self) -> bytes:
        return self.figure._repr_png_()


class Figures:
    """The figures of a run as methods: `run.figure.truncation(seeds=[1, 2])`; each is shown inline, or written."""

    def __init__(self, subject: OpenedGenerator) -> None:
        self._subject = subject

    @property
    def possible(self) -> list[str]:
        """Names of the figures that can be made of this run."""
        return possible(self._subject)

    def curves(self) -> Figure:
        """See `ganzoo.figures.curves.curves`."""
        from ganzoo.figures.curves import curves

        return curves([self._subject.directory.path])

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in _FIGURES:
            raise AttributeError(f"there is no figure '{name}'; there are {', '.join(sorted([*_FIGURES, 'curves']))}")
        module, function = _FIGURES[name]
        draw = getattr(import_module(f"ganzoo.figures.{module}"), function)
        return update_wrapper(partial(draw, self._subject), draw)

    def __dir__(self) -> list[str]:
        return [*_FIGURES, "curves", "possible"]


class Run:
    """A run that was trained or imported, with its generator of one age.

    Attributes:
        path: Its folder.
        subject: The generator and how it is used.
        figure: Its figures.
    """

    def __init__(self, path: Path, subject: OpenedGenerator) -> None:
        self.path, self.subject = path, subject
        self.figure = Figures(subject)

    @property
    def record(self) -> RunRecord:
        """What is known of the run, as on disk now."""
        return read_record(self.subject.directory.record)

    @property
    def scores(self) -> tuple[Score, ...]:
        """The scores on record."""
        return tuple(self.record.scores)

    def score(self, *overrides: str, device: str = "auto") -> list[Score]:
        """Score this generator now, under the run's protocol or another (`"scoring.generated=5000"`), and record it.

        Raises:
            GanzooError: The data or the extractor's weights cannot be had, or another process holds the run.
        """
        from ganzoo.contracts.reporter import SILENT
        from ganzoo.scoring.score_run import score_run

        return score_run(runs.Run(self.path), device, SILENT, overrides=overrides, at=self.subject.images_seen)

    def sample(self, seeds: Sequence[int] | int = PREVIEWS, **sampling: Any) -> Samples:
        """Return images of seeds, or of the first so many: those of `ganzoo sample`.

        Args:
            seeds: Seeds, or how many from 0 on.
            **sampling: `truncation_psi`, `truncation_cutoff`, `noise_mode`.
        """
        chosen = range(seeds) if isinstance(seeds, int) else seeds
        subject = self.subject.with_sampling(**sampling) if sampling else self.subject
        return Samples(chosen, subject.images(chosen), grid(subject, chosen))

    def __repr__(self) -> str:
        return (
            f"<run '{self.subject.directory.name}': {self.subject.generator.name}, {self.subject.images_seen:,} images "
            f"seen, {self.subject.spec.channels} x {self.subject.resolution} x {self.subject.resolution}>"
        )


def open(
    path: str | Path,
    *,
    at: int | None = None,
    weights: runs.Weights = "ema",
    device: str = "auto",
    truncation: float = 1.0,
    noise: Any = None,
) -> Run:
    """Open a run for looking at it.

    Args:
        path: Its folder, trained here or imported.
        at: Age in images seen; None: the newest.
        weights: Averaged generator or raw one.
        device: auto, cpu, cuda, mps.
        truncation: Psi of all figures that do not choose their own.
        noise: `random`, `constant` or `none`.

    Raises:
        GanzooError: There is no such run or age, or the generator cannot be used like this.
    """
    opened = runs.Run(path).generator(at, weights, device=device, truncation_psi=truncation, noise_mode=noise)
    return Run(Path(path), opened)
