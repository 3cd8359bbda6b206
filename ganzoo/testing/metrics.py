"""Conformance of metrics."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, get_args

import torch

from ganzoo.contracts.metric_input import MetricInput
from ganzoo.contracts.metric_values import Display, Estimate, Sensitivity, Transform
from ganzoo.contracts.metrics import Metric
from ganzoo.testing.failure import Judge
from ganzoo.testing.metric_inputs import BLOCKS, WIDTH, described, images, metric_input
from ganzoo.testing.options import check_component

_COUNTS = (80, 320, 1280, 5120)
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
    _check_describing(metric, judge)
    with judge.doing("making its input"):
        good, untouched = metric_input(metric, count), metric_input(metric, count)
    found = _estimates(metric, good, judge)
    judge.require(_same(good, untouched), "changes the features that it was given; other metrics read them too")
    judge.require(found == _estimates(metric, good, judge), "gives other values for the same images the second time")
    if direction:
        _check_direction(metric, count, found, judge)


def _check_values(cls: type[Metric], judge: Judge) -> None:
    judge.require(cls.values, "declares no value")
    for key, display in cls.values.items():
        judge.require(_KEY.fullmatch(str(key)), f"key {key!r} of `values` must be lower-case letters, digits and '_'")
        judge.require(isinstance(display, Display), f"`values` must hold ganzoo.Display, found {display!r:.80}")
        judge.require(display.stem.strip(), f"the Display of {key!r} needs a stem, such as 'FD'")
        judge.require(0 < display.scale < math.inf, f"the Display of {key!r} has the scale {display.scale}")
        known = display.transform in get_args(Transform)
        judge.require(known, f"the Display of {key!r} has the transform {display.transform!r:.40}; log, logit or raw")
    reads = isinstance(cls.reads, tuple) and (cls.reads or cls.generator_must_be)
    judge.require(reads, f"`reads` must be a tuple of roles, found {cls.reads!r}")
    judge.require(set(cls.describes) <= set(cls.reads), f"`describes` {cls.describes!r} must be in `reads` too")
    _check_sensitivity(cls, judge)


def _check_sensitivity(cls: type[Metric], judge: Judge) -> None:
    judge.require(
        set(cls.sensitivity) <= set(cls.values), f"`sensitivity` is of {list(cls.sensitivity)}, which are no values"
    )
    for key, found in cls.sensitivity.items():
        judge.require(isinstance(found, Sensitivity), f"`sensitivity` must hold Sensitivity, found {found!r:.80}")
        judge.require(found.measured_on.strip(), f"the Sensitivity of {key!r} does not say what it was measured on")
        for disturbance, moved in found.standard_deviations.items():
            judge.require(math.isfinite(moved), f"the Sensitivity of {key!r} has {moved!r} for {disturbance!r}")


def _check_describing(metric: Metric, judge: Judge) -> None:
    """Check that what is kept of an image does not depend on the batch that it came in."""
    if not metric.describes:
        return
    pixels = images(128, torch.Generator().manual_seed(0))
    with judge.doing("describe(images, first)"):
        whole, parts = (described(metric, pixels, at_once) for at_once in (64, 32))
    for role in metric.describes:
        judge.require(
            whole[role].shape == parts[role].shape and torch.allclose(whole[role].double(), parts[role].double()),
            f"describe() gives other {role!r} for the same images in smaller batches",
        )


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
        costs = [metric.cost(images, images, WIDTH, BLOCKS) for images in (count, 2 * count)]
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
    pairs = ((one.generated, other.generated), (one.reference, other.reference), (one.held_out, other.held_out))
    return all(torch.equal(a[role], b[role]) for a, b in pairs for role in a.roles)


def _check_direction(metric: Metric, count: int, found: Mapping[str, Estimate], judge: Judge) -> None:
    bad = metric_input(metric, count, bad=True)
    for key, worse in _estimates(metric, bad, judge).items():
        sign = 1 if metric.values[key].lower_is_better else -1
        judge.require(
            sign * worse.value >= sign * found[key].value,
            f"{key!r} is {found[key].value:.4g} for good images and {worse.value:.4g} for bad ones, which its "
            f"`lower_is_better` calls better (direction=False, if it judges something else)",
        )
