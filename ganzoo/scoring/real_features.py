"""Real features: real images of a pack as metrics read them, from the cache where they are there already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from ganzoo.contracts.metrics import Metric
from ganzoo.contracts.reporter import Progress, Reporter
from ganzoo.data.pack.pack import Pack
from ganzoo.scoring.features import LayerFeatures, by_role, layers_for, reference_batches, roles_for
from ganzoo.scoring.image_set import ImageReader, ImageSet
from ganzoo.scoring.protocol import ScoringProtocol
from ganzoo.scoring.reading import Reading
from ganzoo.scoring.reference import cached_reference

_PASSES = (False, True)


class Counter:
    """Progress over all images of a score; real ones count only if they turn out to need extracting."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._before, self._progress = total, 0, progress

    def add(self, images: int) -> None:
        """Say that more images will be extracted."""
        self._total += images

    def start_next(self, done: int) -> None:
        """Say that a set of `done` images is through."""
        self._before += done

    def show(self, done: int) -> None:
        """Say how many images of this set are through."""
        self._progress(self._before + done, self._total)


@dataclass(frozen=True)
class RealFeatures:
    """Where real images are, and what looks at them.

    Attributes:
        pack: The dataset.
        reading: What looks at them.
        counter: Counts what is extracted.
        reporter: Takes a warning when an entry of the cache is damaged or cannot be kept.
        cache: Folder of the cache.
    """

    pack: Pack
    reading: Reading
    counter: Counter
    reporter: Reporter
    cache: Path | None

    def read(self, protocol: ScoringProtocol) -> ImageSet:
        """Return the reference of a protocol; of `held_out_protocol`'s, the images held out."""
        if not roles_for(protocol, reference=True):
            return ImageSet()
        reader, wanted = ImageReader(_looking(protocol)), layers_for(protocol, reference=True)
        # One pass for the images themselves: the cache may spare the extractor another.
        if reader.is_needed:
            self.reading.begin(_words(protocol, extracting=False))
            _, reader = self.share(protocol, extracting=False)
        found: LayerFeatures = {}
        if wanted:
            found = cached_reference(
                protocol,
                lambda: self._extract(protocol, wanted),
                device=self.reading.device,
                reporter=self.reporter,
                root=self.cache,
            )
        split, count = self.pack.split(protocol.split), protocol.reference_images
        labels = torch.from_numpy(split.classes[:count].copy()) if self.pack.spec.label_dim else None
        subjects = torch.from_numpy(split.subjects[:count].copy())
        return ImageSet(by_role(protocol, found), reader, labels, subjects)

    def share(self, protocol: ScoringProtocol, *, extracting: bool) -> tuple[LayerFeatures, ImageReader]:
        """Read this process's share of a reference, by the extractor or by the metrics that look at images."""
        return self.reading.of(
            lambda rows: reference_batches(self.pack, protocol, rows),
            protocol.reference_images,
            () if extracting else _looking(protocol),
            extracting=extracting,
            progress=self.counter.show if extracting else None,
        )

    def shares(self, protocol: ScoringProtocol) -> dict[str, Callable[[], object]]:
        """Return what reads along with the first process, by the words in which it says what it reads."""
        return {_words(protocol, extracting=each): partial(self.share, protocol, extracting=each) for each in _PASSES}

    def _extract(self, protocol: ScoringProtocol, wanted: tuple[str, ...]) -> LayerFeatures:
        self.counter.add(protocol.reference_images)
        self.reading.begin(_words(protocol, extracting=True))
        # The network gives all layers of the protocol at once; those that only fakes need are dropped.
        found, _ = self.share(protocol, extracting=True)
        self.counter.start_next(protocol.reference_images)
        return {layer: found[layer] for layer in wanted}


def _looking(protocol: ScoringProtocol) -> list[Metric]:
    return [metric for metric in protocol.metrics if metric.uses_reference]


def _words(protocol: ScoringProtocol, *, extracting: bool) -> str:
    """Say which reals are read and by what; another set of metrics looks at the same images otherwise."""
    names = ",".join(metric.name for metric in _looking(protocol))
    return f"{protocol.reference_images} of {protocol.split} for {'the extractor' if extracting else names}"
