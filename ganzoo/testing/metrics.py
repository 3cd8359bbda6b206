"""Conformance of metrics."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts.metrics import PIXELS, Display, Estimate, Features, Metric, MetricInput
from ganzoo.testing.failure import Judge
from ganzoo.testing.options import check_component

_COUNTS = (80, 320, 1280, 5120)
_BLOCKS, _WIDTH, _SIDE, _CLASSES = 20, 12, 8, 3
_KEY = re.compile("[a-z][a-z0-9_]*")


def check_metric(cls: type[Metric], options: Any = None, *, direction: bool = True) -> None:
    """Check that a metric keeps its contract, on made-up features (or images) of a good and of a bad generator.

    Args:
        cls: The metric.
        options: What to test it with; the defaults of its options if None.
        direction: Whether images unlike the reference, or without clear classes, must not score better.

    Raises:
        ConformanceError: Naming the part, what was expected, and what was found.
    """
    judge = Judge(cls, "metric")
    options = check_component(cls, Metric, options, judge)
    _check_values(cls, judge)
    with judge.doing("building it"):
        metric = cls(options)
    count = _enough(metric, judge)
    _check_plan(metric, count, judge)
    _check_identity(metric, judge)
    good = MetricInput(_features(metric, count, 1), _reference(metric, count), _BLOCKS)
    found = _estimates(metric, good, judge)
    untouched = MetricInput(_features(metric, count, 1), _reference(metric, count), _BLOCKS)
    judge.require(_same(good, untouched), "changes the features that it was given; other metrics read them too")
    judge.require(found == _estimates(metric, good, judge), "gives other values for the same images the second time")
    if direction:
        _check_direction(metric, good, found, judge)


def _check_values(cls: type[Metric], judge: Judge) -> None:
    judge.require(cls.values, "declares no value")
    for key, display in cls.values.items():
        judge.require(_KEY.fullmatch(str(key)), f"key {key!r} of `values` must be lower-case letters, digits and '_'")
        judge.require(isinstance(display, Display), f"`values` must hold ganzoo.Display, found {display!r:.80}")
        judge.require(display.stem.strip(), f"the Display of {key!r} needs a stem, such as 'FD'")
        judge.require(0 < display.scale < math.inf, f"the Display of {key!r} has the scale {display.scale}")
    judge.require(isinstance(cls.reads, tuple) and cls.reads, f"`reads` must be a tuple of roles, found {cls.reads!r}")


def _enough(metric: Metric, judge: Judge) -> int:
    """Return a number of images that the metric can be computed from."""
    reason: Any = None
    for count in _COUNTS:
        with judge.doing(f"shortage({count}, {count})"):
            reason = metric.shortage(count, count)
        judge.require(reason is None or isinstance(reason, str), f"shortage must return text or None, not {reason!r}")
        if reason is None:
            return count
    judge.require(False, f"needs more than {_COUNTS[-1]} images; give the check options for fewer: {reason}")
    raise AssertionError


def _check_plan(metric: Metric, count: int, judge: Judge) -> None:
    with judge.doing("images_needed()"):
        needed = metric.images_needed()
    judge.require(isinstance(needed, int) and needed >= 0, f"images_needed() must be a count, found {needed!r}")
    with judge.doing("cost(generated, reference, width, blocks)"):
        costs = [metric.cost(images, images, _WIDTH, _BLOCKS) for images in (count, 2 * count)]
    judge.require(all(math.isfinite(each) and each >= 0 for each in costs), f"cost() gives {costs[0]!r}")
    judge.require(costs[0] <= costs[1], "cost() says that more images cost less")


def _check_identity(metric: Metric, judge: Judge) -> None:
    with judge.doing("identity()"):
        identity, again = dict(metric.identity()), dict(metric.identity())
    for key, value in identity.items():
        plain = isinstance(key, str) and isinstance(value, str | int | float | bool)
        judge.require(plain, f"identity() must be plain data, found {key!r}: {type(value).__name__}")
    judge.require(identity == again, "identity() differs from one call to the next")
    for name, value in metric.options.model_dump(mode="json").items():
        if isinstance(value, bool | int | float):
            other = _with(metric, name, not value if isinstance(value, bool) else value + 1)
            judge.require(
                other is None or dict(other.identity()) != identity,
                f"identity() is the same for another {name!r}, so unlike scores would be compared",
            )


def _with(metric: Metric, name: str, value: Any) -> Metric | None:
    try:
        options = type(metric.options).model_validate(metric.options.model_dump(mode="json") | {name: value})
        return type(metric)(options)
    except ValueError:
        return None


def _features(metric: Metric, count: int, seed: int, *, bad: bool = False) -> Features:
    rng = torch.Generator().manual_seed(seed)
    roles = {role: _made(role, count, rng, bad) for role in metric.reads}
    return Features(roles, torch.arange(count) % _CLASSES)


def _made(role: str, count: int, rng: torch.Generator, bad: bool) -> Tensor:
    """Return features; bad ones lie apart from good ones, bad logits are nearly flat, bad images are noise."""
    if role == PIXELS:
        noise = torch.randn(count, 3, _SIDE, _SIDE, generator=rng) * (90 if bad else 2)
        level = torch.linspace(60, 190, _SIDE) + 20 * torch.randn(count, 1, 1, 1, generator=rng)
        return (level + noise).clamp(0, 255).to(torch.uint8)
    drawn = torch.randn(count, _WIDTH, generator=rng)
    if role == "logits":
        return drawn * (0.1 if bad else 5.0)
    return drawn + (3.0 if bad else 0.0)


def _reference(metric: Metric, count: int) -> Features:
    if not metric.uses_reference:
        return Features({})
    found = _features(metric, count, 2)
    return Features(found.roles, found.labels, torch.arange(count) // 4)


def _estimates(metric: Metric, data: MetricInput, judge: Judge) -> Mapping[str, Estimate]:
    with judge.doing("estimates(data)"):
        found = dict(metric.estimates(data))
    declared = sorted(metric.values)
    judge.require(sorted(found) == declared, f"declares {declared} in `values`, but gives {sorted(found)}")
    for key, each in found.items():
        judge.require(isinstance(each, Estimate), f"must give a ganzoo.Estimate for {key!r}, found {each!r:.80}")
        judge.require(isinstance(each.value, float) and math.isfinite(each.value), f"gives {each.value!r} for {key!r}")
        error = each.standard_error
        judge.require(
            error is None or (math.isfinite(error) and error >= 0), f"gives the standard error {error!r} for {key!r}"
        )
    return found


def _same(one: MetricInput, other: MetricInput) -> bool:
    pairs = ((one.generated, other.generated), (one.reference, other.reference))
    return all(torch.equal(a[role], b[role]) for a, b in pairs for role in a.roles)


def _check_direction(metric: Metric, good: MetricInput, found: Mapping[str, Estimate], judge: Judge) -> None:
    bad = MetricInput(_features(metric, len(good.generated[metric.reads[0]]), 1, bad=True), good.reference, _BLOCKS)
    for key, worse in _estimates(metric, bad, judge).items():
        sign = 1 if metric.values[key].lower_is_better else -1
        judge.require(
            sign * worse.value >= sign * found[key].value,
            f"{key!r} is {found[key].value:.4g} for good images and {worse.value:.4g} for bad ones, which its "
            f"`lower_is_better` calls better (direction=False, if it judges something else)",
        )
