"""Metric order: whether a metric reads all images, and none by the place at which it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts.metric_input import Features, MetricInput
from ganzoo.contracts.metric_values import Estimate
from ganzoo.testing.calls import draws
from ganzoo.testing.failure import require
from ganzoo.testing.metric_estimates import estimates_of
from ganzoo.testing.metric_inputs import features, metric_input
from ganzoo.testing.properties import Property

_PARTS = 4
_ERRORS = 2.0  # standard errors by which a value may move with the order, where it splits or draws images
_ROUNDING = 1e-3
_OTHER_SEED = 7


def check_all_read(case: Any) -> None:
    """Require that each part of the images moves some value."""
    data = metric_input(case.metric, case.count)
    sides = {"generated": metric_input(case.metric, case.count, bad=True).generated}
    if case.cls.uses_reference:
        sides["reference"] = features(case.metric, case.count, _OTHER_SEED, bad=True)
    for side, other in sides.items():
        unread = [
            part for part in range(_PARTS) if estimates_of(case.metric, _mixed(data, side, other, part)) == case.found
        ]
        first, last = (case.count * each // _PARTS for each in ((unread or [0])[0], (unread or [0])[-1] + 1))
        require(
            not unread or len(unread) == _PARTS,  # of one that reads none at all is told elsewhere
            f"gives the same whatever the images number {first} to {last - 1} of {case.count} in data.{side} are: it "
            f"reads only some, such as the first ones; read all of them, or draw those that it reads",
        )


def check_order(case: Any) -> None:
    """Require that images have no place: half of them are bad ones, at the beginning, at the end, or anywhere."""
    count = case.count
    data = metric_input(case.metric, count)
    bad = metric_input(case.metric, count, bad=True).generated
    first = {
        role: torch.cat([bad[role][: count // 2], rows[count // 2 :]]) for role, rows in data.generated.roles.items()
    }
    halves = replace(data, generated=_with(data.generated, first))
    found = _with_classes(estimates_of(case.metric, halves))
    for order in _orders(count):
        turned = _with_classes(estimates_of(case.metric, replace(halves, generated=_in_order(halves.generated, order))))
        require(found.keys() == turned.keys(), f"gives {[*found]} of images in one order, and {[*turned]} in another")
        for what, each in found.items():
            _require_alike(case.metric, what, (each, turned[what]), halves)


def _with_classes(found: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """Return all values by what they are of: each, and each of a class."""
    by_class = {f"{key!r} of class {number}": of for key, each in found.items() for number, of in each.by_class.items()}
    return {repr(key): each for key, each in found.items()} | by_class


def _require_alike(metric: Any, what: str, pair: tuple[Estimate, Estimate], data: MetricInput) -> None:
    one, other = pair
    error = one.standard_error
    if error is None and draws(lambda: metric.estimates(data)):
        return  # which images it draws is a matter of their order, and it says of no value how sure it is
    allowed = max(_ROUNDING * abs(one.value), 1e-9, _ERRORS * (error or 0.0))
    told = "" if error is None else f", by more than its standard error, {error:.3g}"
    require(
        abs(other.value - one.value) <= allowed,
        f"{what} is {one.value:.4g} of images in one order, and {other.value:.4g} of the same in another{told}: "
        f"images have no order; weigh, pair or cut none by its place",
    )


def _orders(count: int) -> Iterator[Tensor]:
    yield torch.arange(count).flip(0)
    for seed in (1, 2):
        yield torch.randperm(count, generator=torch.Generator().manual_seed(seed))


def _in_order(found: Features, order: Tensor) -> Features:
    labels = None if found.labels is None else found.labels[order]
    return replace(_with(found, {role: rows[order] for role, rows in found.roles.items()}), labels=labels)


def _mixed(data: MetricInput, side: str, other: Features, part: int) -> MetricInput:
    """Return an input with a part of the images of a side taken from elsewhere."""
    own: Features = getattr(data, side)
    roles = {}
    for role, rows in own.roles.items():
        start, end = (len(rows) * each // _PARTS for each in (part, part + 1))
        roles[role] = torch.cat([rows[:start], other[role][start:end], rows[end:]])
    changes: Any = {side: _with(own, roles)}
    return replace(data, **changes)


def _with(found: Features, roles: Mapping[str, Tensor]) -> Features:
    """Return features with other rows, which say as before what a metric reads without saying so."""
    declared: Any = found.roles
    return replace(found, roles=declared.of(roles))


def _reads(case: Any) -> bool:
    return bool(case.cls.reads)


def _has_rows(case: Any) -> bool:
    """Whether what it reads has a row for each image: it may describe images together, by the place that they have."""
    if not case.cls.reads:
        return False
    generated = metric_input(case.metric, case.count).generated
    return all(len(rows) == case.count for rows in generated.roles.values())


_ALL = "reads all images"
ORDER = (
    Property(_ALL, check_all_read, _reads),
    Property("depends on no order of the images", check_order, _has_rows, needs=_ALL),
)
