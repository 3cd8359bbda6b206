"""Real features: real images of a pack as metrics read them, from the cache where they are there already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from ganzoo.contracts.reporter import Progress, Reporter
from ganzoo.data.pack.pack import Pack
from ganzoo.scoring.features import LayerFeatures, by_role, extract, layers_for, reference_batches, roles_for
from ganzoo.scoring.image_set import ImageReader, ImageSet
from ganzoo.scoring.protocol import ScoringProtocol
from ganzoo.scoring.reference import cached_reference


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
        module: The extractor's network for `layers`; None where no metric reads a layer.
        layers: The layers that it gives.
        device: Where it is.
        counter: Counts what is extracted.
        reporter: Takes a warning when an entry of the cache is damaged or cannot be kept.
        cache: Folder of the cache.
    """

    pack: Pack
    module: nn.Module | None
    layers: tuple[str, ...]
    device: torch.device | str
    counter: Counter
    reporter: Reporter
    cache: Path | None

    def read(self, protocol: ScoringProtocol) -> ImageSet:
        """Return the reference of a protocol; of `held_out_protocol`'s, the images held out."""
        metrics = [metric for metric in protocol.metrics if metric.uses_reference]
        if not roles_for(protocol, reference=True):
            return ImageSet()
        reader, wanted = ImageReader(metrics), layers_for(protocol, reference=True)
        # One pass for the images themselves: the cache may spare the extractor another.
        if reader.is_needed:
            for _ in reader.passing(reference_batches(self.pack, protocol)):
                pass
        found: LayerFeatures = {}
        if wanted:
            found = cached_reference(
                protocol,
                lambda: self._extract(protocol, wanted),
                device=self.device,
                reporter=self.reporter,
                root=self.cache,
            )
        split, count = self.pack.split(protocol.split), protocol.reference_images
        labels = torch.from_numpy(split.classes[:count].copy()) if self.pack.spec.label_dim else None
        subjects = torch.from_numpy(split.subjects[:count].copy())
        return ImageSet(by_role(protocol, found), reader, labels, subjects)

    def _extract(self, protocol: ScoringProtocol, wanted: tuple[str, ...]) -> LayerFeatures:
        self.counter.add(protocol.reference_images)
        # The network gives all layers of the protocol at once; those that only fakes need are dropped.
        batches = reference_batches(self.pack, protocol)
        found = extract(self.module, batches, self.layers, device=self.device, progress=self.counter.show)
        self.counter.start_next(protocol.reference_images)
        return {layer: found[layer] for layer in wanted}
