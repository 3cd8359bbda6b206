"""Callbacks: what watches a run and takes its values, pictures and scores elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ganzoo.contracts.component import Component, OptionsT


class AppendedFile(Protocol):
    """A file that only grows."""

    def append(self, data: bytes) -> None:
        """Write behind what is there."""

    def close(self) -> None:
        """End it."""


@dataclass(frozen=True)
class WatchedRun:
    """A run as callbacks know it.

    Attributes:
        name: Its name, with the seed.
        folder: Where callbacks keep files of this run: the folder `callbacks` in its own.
        hyper_parameters: The resolved recipe, every default explicit, as nested tables.
        images_seen: Real images shown before the first values: 0, or more where it goes on.
        total_images: Real images at the end.
        append_to: Opens a file in it, such as `notes/scores.txt`, to append to.
    """

    name: str
    folder: Path
    hyper_parameters: Mapping[str, Any]
    images_seen: int
    total_images: int
    append_to: Callable[[str], AppendedFile]


class RunCallback(Component[OptionsT]):
    """Watches runs: a logger, a notifier. It changes nothing of what is trained, and is no part of a recipe.

    People choose it for a run (`ganzoo run RECIPE --callback NAME`); one that fails is switched off and named, and the
    run goes on. All methods do nothing unless overridden.

    Attributes:
        default_place: Of those that every run has while they are available, its place; None for the others.
    """

    default_place: ClassVar[int | None] = None

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    @classmethod
    def unavailable(cls) -> str | None:
        """Say which package is missing and how it is installed, or None."""
        return None

    def on_begin(self, run: WatchedRun) -> None:
        """Look at the run before its first step, or where it goes on."""
        return

    def on_values(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Take means since the last time: losses, penalties, logits, images per second, scores on the way."""
        return

    def on_samples(self, images_seen: int, grid: Path) -> None:
        """Take a grid of samples, a PNG file."""
        return

    def on_scores(self, images_seen: int, scores: Mapping[str, float]) -> None:
        """Take the scores of the finished training, each by its label, such as `FID`."""
        return

    def on_end(self, status: str) -> None:
        """End: `finished`, `stopped`, `failed` or `diverged`."""
        return
