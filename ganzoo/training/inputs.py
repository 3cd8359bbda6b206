"""All that a run needs, found and checked before anything is written or trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol as TypingProtocol

import torch

from ganzoo.cache import cache_root
from ganzoo.contracts import Extractor
from ganzoo.data.batches import Batches
from ganzoo.data.pack import Pack
from ganzoo.data.prepare import prepare
from ganzoo.errors import DataError
from ganzoo.recipe import Recipe
from ganzoo.runs.record import DatasetId
from ganzoo.scoring.protocol import Protocol, plan
from ganzoo.settings import Selection
from ganzoo.training.build import choose_device

TRAINING_SPLIT = "train"
_NAMED = 5


class Observer(TypingProtocol):
    """Who is told what happens: a terminal, a log file, nobody."""

    def say(self, text: str) -> None:
        """Take a line for people."""

    def progress(self, what: str) -> Callable[[int, int], None]:
        """Return a function that takes (done, of how many) of a long action."""


@dataclass(frozen=True)
class Inputs:
    """A recipe (its lengths in kimg), its data, scoring protocol and device, ready to use."""

    recipe: Recipe
    pack: Pack
    extractor: Extractor
    protocol: Protocol
    device: torch.device

    @property
    def dataset_id(self) -> DatasetId:
        """Which images these are."""
        return identify(self.recipe.dataset.name, self.pack)

    def batches(self, stream: str) -> Batches:
        """Return an endless stream of training reals."""
        options = self.recipe.dataset.options
        return Batches(self.pack.split(TRAINING_SPLIT), self.recipe.seed, mirror=options.mirror, stream=stream)


def find_inputs(recipe: Recipe, device: str, observer: Observer, *, skip_bad: bool = False) -> Inputs:
    """Find device, weights and data, in the order in which a failure is cheapest.

    Raises:
        GanzooError: One of them cannot be had, or the data do not fit the recipe.
    """
    chosen_device = choose_device(device)
    extractor: Extractor = recipe.scoring.extractor.cls(recipe.scoring.extractor.options)
    extractor.weights()
    name, pack = recipe.dataset.name, read_pack(recipe.dataset, observer, skip_bad=skip_bad)
    if TRAINING_SPLIT not in pack.splits or not len(pack.split(TRAINING_SPLIT)):
        raise DataError(
            f"data set '{name}' has no images in split '{TRAINING_SPLIT}' (it has {', '.join(pack.splits)})"
        )
    recipe = recipe.with_image_count(len(pack.split(TRAINING_SPLIT)))
    return Inputs(recipe, pack, extractor, plan(recipe.scoring, extractor, pack), chosen_device)


def read_pack(chosen: Selection, observer: Observer, *, skip_bad: bool = False) -> Pack:
    """Return a data set's prepared images, preparing them if need be, and say which were left out."""
    name = chosen.name
    pack = prepare(
        chosen.cls(chosen.options),
        name,
        cache=cache_root(),
        skip_bad=skip_bad,
        progress=observer.progress(f"preparing {name}"),
    )
    if pack.bad_files:
        left_out = ", ".join(pack.bad_files[:_NAMED]) + (", ..." if len(pack.bad_files) > _NAMED else "")
        observer.say(f"left out of {name}, since they cannot be used ({len(pack.bad_files):,}): {left_out}")
    return pack


def identify(name: str, pack: Pack) -> DatasetId:
    """Return which images a pack holds."""
    spec = pack.spec
    return DatasetId(
        name=name,
        resolution=spec.resolution,
        channels=spec.channels,
        label_dim=spec.label_dim,
        fingerprint=pack.fingerprint,
        images={split: len(pack.split(split)) for split in pack.splits},
    )
