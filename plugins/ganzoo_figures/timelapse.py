"""Timelapse: the same latents at each checkpoint that a run has kept, as a film of the training or a strip of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from ganzoo import FILMS, PICTURES, CheckpointsFigure, PixelArray, RefusedError, Scale, Seeds
from ganzoo.plotting import Panel, Sheet

if TYPE_CHECKING:
    from ganzoo.figures import Animation, Checkpoints, FigureResult

_FEWEST_SCORED = 3
Scores = Mapping[int, tuple[str, str]]


class Timelapse(CheckpointsFigure):
    """Film the same latents over all checkpoints of a run.

    Each frame shows kimg and score; as a picture (.png, .svg) it is a strip of frames.

    A strip has a row for each seed over at most `columns` of the checkpoints: those with a score, else evenly chosen.
    """

    name = "timelapse"
    suffixes = (*FILMS, *PICTURES)

    seeds: Seeds | None = Field(
        default=None, description="Seeds such as 0-7,100; the images of `ganzoo sample`. [default: 0-15; a strip: 0-2]"
    )
    before: bool = Field(default=False, description="Start with the untrained network.")
    columns: int = Field(default=8, ge=2, le=100, description="Most checkpoints in a strip.")
    fps: int = Field(default=4, ge=1, le=120, description="Frames (checkpoints) per second.")
    scale: Scale = None
    still: bool = Field(default=False, description="Draw a strip instead of a film.")

    def draw(self, checkpoints: Checkpoints) -> FigureResult | Animation:
        """Draw the strip, or film all checkpoints.

        Raises:
            RefusedError: Only one checkpoint was kept, or the untrained network is not known.
        """
        kept = self._kept(checkpoints)
        return self._strip(checkpoints, kept) if self.still else self._film(checkpoints, kept)

    def _film(self, checkpoints: Checkpoints, kept: Sequence[int]) -> Animation:
        """Film a grid of seeds, one frame per checkpoint, with kimg and the score in the corner."""
        from ganzoo.figures import Animation

        seeds = range(16) if self.seeds is None else self.seeds
        columns = math.ceil(math.sqrt(len(seeds)))

        def frames() -> Iterator[PixelArray]:
            scores = checkpoints.scores()
            captions = [_caption(images_seen, scores) for images_seen in kept]
            for number, images_seen in enumerate(kept, start=1):
                images = _images(checkpoints, images_seen, seeds)
                starts = range(0, len(seeds), columns)
                rows = [[Panel(image) for image in images[start : start + columns]] for start in starts]
                checkpoints.opened.progress(number, len(kept))
                yield Sheet(rows, title=captions[number - 1], titles=captions, scale=self.scale).canvas().raster()

        facts = checkpoints.opened.facts(seeds, checkpoints=list(kept))
        return Animation(self.name, frames, len(kept), self.fps, facts)

    def _strip(self, checkpoints: Checkpoints, kept: Sequence[int]) -> FigureResult:
        from ganzoo.figures import FigureResult

        seeds, scores = range(3) if self.seeds is None else self.seeds, checkpoints.scores()
        first = [0] if self.before else []
        shown = [*first, *_chosen(kept[len(first) :], scores, self.columns - len(first))]
        images = [_images(checkpoints, images_seen, seeds) for images_seen in shown]
        rows = [[Panel(column[row]) for column in images] for row in range(len(seeds))]
        # The name stands above them all: beneath each column it would be wider than small images are.
        rows[-1] = [Panel(panel.pixels, _value(at, scores)) for panel, at in zip(rows[-1], shown, strict=True)]
        name = next((name for name, _ in scores.values()), "")
        left = [f"seed {seed}" for seed in seeds]
        top = [_kimg(images_seen) for images_seen in shown]
        sheet = Sheet(rows, top=top, left=left, title=name, scale=self.scale)
        facts = checkpoints.opened.facts(seeds, checkpoints=shown, scale=sheet.enlargement)
        return FigureResult(self.name, sheet.canvas(), facts)

    def _kept(self, checkpoints: Checkpoints) -> list[int]:
        kept = [*([0] if self.before else []), *checkpoints.kept()]
        if len(kept) < 2:
            opened = checkpoints.opened
            raise RefusedError(
                f"{checkpoints.path} kept {opened.weights} generators of {len(kept)} checkpoint, so there is nothing "
                f"to watch; training.snapshot_kimg says how often they are kept"
            )
        return kept


def _chosen(kept: Sequence[int], scores: Scores, columns: int) -> list[int]:
    """Return all if they are few; else those that have a score, from three on; else so many evenly spread."""
    scored = [images_seen for images_seen in kept if images_seen in scores]
    if len(kept) <= columns or _FEWEST_SCORED <= len(scored) <= columns:
        return scored if len(kept) > columns else list(kept)
    return [kept[round(index)] for index in np.linspace(0, len(kept) - 1, columns).tolist()]


def _images(checkpoints: Checkpoints, images_seen: int, seeds: Sequence[int]) -> PixelArray:
    """Return the images of seeds at a checkpoint, those of a growing generator enlarged to the final resolution."""
    opened = checkpoints.at(images_seen) if images_seen else checkpoints.untrained()
    images = replace(opened, progress=_silent).images(seeds)  # progress is that of the checkpoints
    times = opened.spec.resolution // images.shape[-1]
    return images.repeat(times, axis=2).repeat(times, axis=3)


def _silent(done: int, total: int, facts: Mapping[str, str] | None = None, /) -> None:
    """Take progress and show nothing."""


def _kimg(images_seen: int) -> str:
    return "untrained" if images_seen == 0 else f"{images_seen / 1000:.1f} kimg"


def _value(images_seen: int, scores: Scores) -> str:
    """Return a checkpoint's score without its name; a space where others have one, so that all leave room for it."""
    if images_seen in scores:
        return scores[images_seen][1]
    return " " if scores else ""


def _caption(images_seen: int, scores: Scores) -> str:
    return "   ".join([_kimg(images_seen), *([" ".join(scores[images_seen])] if images_seen in scores else [])])
