"""Image set: generated or real images as metrics read them, gathered while they pass by on the way to the extractor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ganzoo._inference.sharing import text_of, text_tensor
from ganzoo._registry.blame import named, naming
from ganzoo.contracts.metric_input import PIXELS, Features
from ganzoo.contracts.metrics import Metric
from ganzoo.errors import PluginError

_DESCRIBED_AT_ONCE = 64


class ImageReader:
    """Keeps images that pass by, or what metrics describe them by.

    Args:
        metrics: The metrics that will read this set.
        first: Number of the first image that will pass, a multiple of 64.
    """

    def __init__(self, metrics: Sequence[Metric], first: int = 0) -> None:
        self._keeps = any(PIXELS in metric.reads for metric in metrics)
        self._describing = [metric for metric in metrics if metric.describes]
        self._passed, self._waiting = list[Tensor](), list[Tensor]()
        self._described: dict[Metric, list[dict[str, Tensor]]] = {metric: [] for metric in self._describing}
        self._failures: dict[Metric, PluginError] = {}
        self._done = first

    @property
    def is_needed(self) -> bool:
        """Whether any metric looks at the images themselves."""
        return self._keeps or bool(self._describing)

    def passing(self, batches: Iterable[Tensor]) -> Iterator[Tensor]:
        """Yield batches of uint8 images `[n, C, R, R]` as they come, once."""
        for batch in batches:
            self._take(batch.cpu())
            yield batch
        if self._waiting:
            self._describe(torch.cat(self._waiting))
            self._waiting = []

    def roles(self, metric: Metric) -> dict[str, Tensor]:
        """Return what the metric reads of the images themselves. Raises PluginError if it failed to describe them."""
        if metric in self._failures:
            raise self._failures[metric]
        found = {PIXELS: torch.cat(self._passed)} if PIXELS in metric.reads else {}
        parts = self._described.get(metric, [])
        return found | {role: torch.cat([part[role] for part in parts]) for role in metric.describes}

    def kept(self) -> dict[str, Tensor]:
        """Return all that is kept, by names that `take_kept` knows."""
        found = {PIXELS: torch.cat(self._passed)} if self._passed else {}
        for number, metric in enumerate(self._describing):
            for part, rows in enumerate(self._described[metric]):
                found |= {f"{number}/{part}/{role}": each.cpu().contiguous() for role, each in rows.items()}
            if metric in self._failures:
                found[f"{number}"] = text_tensor(str(self._failures[metric]))
        return found

    def take_kept(self, parts: Sequence[Mapping[str, Tensor]]) -> None:
        """Take what readers of other images have kept, in the order of the images."""
        self._passed = [part[PIXELS] for part in parts if PIXELS in part]
        for number, metric in enumerate(self._describing):
            self._described[metric] = []
            for part in parts:
                self._described[metric] += list(_described(part, number))
                if f"{number}" in part:
                    self._failures.setdefault(metric, PluginError(text_of(part[f"{number}"])))

    def _take(self, batch: Tensor) -> None:
        if self._keeps:
            self._passed.append(batch)
        if not self._describing:
            return
        # In groups of one size, so that no float depends on how images happened to be batched.
        waiting = torch.cat([*self._waiting, batch])
        while len(waiting) >= _DESCRIBED_AT_ONCE:
            self._describe(waiting[:_DESCRIBED_AT_ONCE])
            waiting = waiting[_DESCRIBED_AT_ONCE:]
        self._waiting = [waiting] if len(waiting) else []

    def _describe(self, images: Tensor) -> None:
        for metric in self._describing:
            if metric not in self._failures:
                try:
                    self._described[metric].append(description(metric, images, self._done))
                except PluginError as failure:  # the other metrics can still be computed
                    self._failures[metric] = failure
        self._done += len(images)


def _described(part: Mapping[str, Tensor], number: int) -> Iterator[dict[str, Tensor]]:
    """Yield what a metric, by its number, has kept of one group of images after another."""
    groups: dict[int, dict[str, Tensor]] = {}
    for name, rows in part.items():
        whose, *rest = name.split("/", 2)
        if rest and whose == str(number):
            groups.setdefault(int(rest[0]), {})[rest[1]] = rows
    for group in sorted(groups):
        yield groups[group]


def description(metric: Metric, images: Tensor, first: int) -> dict[str, Tensor]:
    """Ask a metric what it keeps of images, and judge what it returns.

    Raises:
        PluginError: It fails, or returns something else than rows for each role that it declares.
    """
    with naming("metric", type(metric)):
        found: Any = metric.describe(images, first)
        rows = dict(found)
    if set(rows) != set(metric.describes) or not all(isinstance(each, Tensor) and each.ndim for each in rows.values()):
        who = named("metric", type(metric))
        raise PluginError(
            f"{who} describes images by {', '.join(map(repr, rows)) or 'nothing'}; `describe` must return a tensor of "
            f"rows for each of {', '.join(map(repr, metric.describes))}"
        )
    return rows


@dataclass(frozen=True)
class ImageSet:
    """A set of images that all metrics read, each what it asks for.

    Attributes:
        layers: By role: what the extractor made of them.
        reader: What was gathered of the images themselves.
        labels: As in `Features`.
        subjects: As in `Features`.
    """

    layers: dict[str, Tensor] = field(default_factory=dict)
    reader: ImageReader = field(default_factory=lambda: ImageReader(()))
    labels: Tensor | None = None
    subjects: Tensor | None = None

    def of(self, metric: Metric) -> Features:
        """Return what one metric reads of them. Raises PluginError if it failed to describe them."""
        return Features({**self.layers, **self.reader.roles(metric)}, self.labels, self.subjects)
