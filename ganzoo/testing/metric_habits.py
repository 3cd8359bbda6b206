"""Metric habits: what a metric draws, keeps and changes, and what it makes of images that its input allows."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ganzoo.contracts.metric_input import PIXELS, Features, MetricInput
from ganzoo.contracts.metrics import Metric
from ganzoo.testing.calls import draws, line_of
from ganzoo.testing.company import check_memory
from ganzoo.testing.failure import ConformanceError, doing, require
from ganzoo.testing.metric_estimates import estimates_of
from ganzoo.testing.metric_inputs import WIDTH, images, metric_input
from ganzoo.testing.properties import Property

_MANY = 1024  # more than are usually compared at once, so that who goes block by block is not blamed


def draws_of(metric: Metric, data: MetricInput) -> str:
    """Return in words by which calls a metric draws from torch's global stream; empty for none."""
    found = draws(lambda: metric.estimates(data))
    return " and ".join(each for each in found.split(" and ") if each and "torch.Generator" not in each)


def _check_memory(case: Any) -> None:
    inputs = [metric_input(case.metric, case.count, shift=10), metric_input(case.metric, case.count)]

    def call(metric: Any, number: int) -> Sequence[Tensor]:
        return [torch.tensor(each.value) for each in estimates_of(metric, inputs[number]).values()]

    check_memory(
        call,
        lambda: case.cls(case.options),
        "a value",
        "keep nothing: each set of images is scored by itself",
    )


def _check_classless(case: Any) -> None:
    data = metric_input(case.metric, case.count)
    bare = replace(
        data,
        generated=replace(data.generated, labels=None),
        reference=replace(data.reference, labels=None),
        held_out=replace(data.held_out, labels=None),
    )
    try:
        estimates_of(case.metric, bare)
    except ConformanceError as error:
        raise ConformanceError(
            f"{error}, where images have no classes: `labels` is None there; say uses_classes = True if it compares "
            f"classes, or go on without them"
        ) from error


def _check_alike(case: Any) -> None:
    """Of a run that copies its data, or of the floor: real images in place of generated ones."""
    data = metric_input(case.metric, case.count)
    copied = Features({role: data.reference[role].clone() for role in case.metric.reads}, data.generated.labels)
    try:
        estimates_of(case.metric, replace(data, generated=copied))
    except ConformanceError as error:
        raise ConformanceError(
            f"{error}, where the generated images are just like the reference, as those of a run that copies: what is "
            f"divided by, and what a logarithm or a root is taken of, may be 0"
        ) from error


def _check_collapsed(case: Any) -> None:
    """Of a generator that makes one image: in a recipe that fails, that is soon so, and its score is to say it."""
    data = metric_input(case.metric, case.count)
    one = {role: rows[:1].expand_as(rows).clone() for role, rows in data.generated.roles.items()}
    roles: Any = data.generated.roles
    try:
        estimates_of(case.metric, replace(data, generated=replace(data.generated, roles=roles.of(one))))
    except ConformanceError as error:
        raise ConformanceError(
            f"{error}, where all generated images are the same, as those of a generator that collapsed: what is "
            f"divided by, and what a logarithm or a root is taken of, may be 0"
        ) from error


def _check_pairs(case: Any) -> None:
    count = max(case.count, _MANY)
    data = metric_input(case.metric, count)
    watch = _Sizes(count)
    with watch, doing("estimates(data)"):
        case.metric.estimates(data)
    require(
        not watch.found,
        f"makes {watch.found} for {count} images of {WIDTH} features each, [N, N, D]: its memory grows with the square "
        f"of the images, to terabytes for 10,000 of 2048; use torch.cdist, or go block by block",
    )


class _Sizes(TorchFunctionMode):
    """Notes the first tensor that holds something for each feature of each pair of images."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.found = ""
        self._half = count // 2

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchFunctionMode`."""
        result = func(*args, **(kwargs or {}))
        if not self.found and isinstance(result, Tensor) and result.dim() > 2:
            sizes = sorted(result.shape)
            if sizes[-2] >= self._half and result.numel() >= self._half**2 * WIDTH:
                self.found = f"a tensor {list(result.shape)} ({line_of(sys._getframe(1))})"
        return result


def _reads_features(case: Any) -> bool:
    read = set(case.cls.reads) - set(case.cls.describes) - {PIXELS}
    return bool(read) and case.cls.generator_must_be is None


def _check_described_kept(case: Any) -> None:
    pixels = images(8, torch.Generator().manual_seed(0), bad=True)  # of every brightness, for what is clamped
    before = pixels.clone()
    with doing("describe(images, first)"):
        case.metric.describe(pixels, 0)
    require(
        torch.equal(pixels, before),
        "describe() changes the images that it is shown; extractors and others see them too",
    )


def _compares(case: Any) -> bool:
    return bool(case.cls.uses_reference and case.cls.reads)


HABITS = (
    Property("depends on no earlier call", _check_memory),
    Property("takes images without classes", _check_classless, lambda case: not case.cls.uses_classes),
    Property("is finite for images like the reference", _check_alike, _compares),
    Property("is finite for images that are all the same", _check_collapsed, lambda case: bool(case.cls.reads)),
    Property("compares images without a tensor of all pairs and features", _check_pairs, _reads_features),
    Property("leaves images that it describes as they are", _check_described_kept, lambda case: case.cls.describes),
)
