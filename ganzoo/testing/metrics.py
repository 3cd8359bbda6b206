"""Metrics: their properties, on made-up features (or images) of a good and of a bad generator."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, get_args

import torch

from ganzoo.contracts.metric_input import MetricInput
from ganzoo.contracts.metric_values import Display, Estimate, Sensitivity, Transform
from ganzoo.contracts.metrics import Metric
from ganzoo.testing.component import COMPONENT
from ganzoo.testing.failure import doing, require
from ganzoo.testing.metric_errors import ERRORS
from ganzoo.testing.metric_estimates import estimates_of
from ganzoo.testing.metric_habits import HABITS, draws_of
from ganzoo.testing.metric_identity import check_identity, check_identity_of_options
from ganzoo.testing.metric_inputs import BLOCKS, WIDTH, described, images, metric_input
from ganzoo.testing.metric_order import ORDER
from ganzoo.testing.option_effects import EFFECTS, ask_effects
from ganzoo.testing.option_looks import of_metric
from ganzoo.testing.properties import Case, Property, Suite, gate
from ganzoo.testing.trial import Trial, require_all
from ganzoo.testing.wrapping import check_no_wrapping

_DESCRIBED = 128
_COUNTS = (80, 320, 1280, 5120)
_KEY = re.compile("[a-z][a-z0-9_]*")


@dataclass(eq=False)
class MetricCase(Case):
    """A metric under test.

    Attributes:
        direction: Whether images unlike the reference, or without clear classes, must not score better.
    """

    kind: ClassVar[str] = "metric"
    base: ClassVar[type] = Metric
    draw_from: ClassVar[str] = "the same data give the same bits: draw from a torch.Generator with a seed of its own"

    direction: bool = True

    @cached_property
    def metric(self) -> Metric:
        """The metric."""
        with doing("building it"):
            metric: Metric = self.cls(self.options)
        return metric

    @cached_property
    def count(self) -> int:
        """A number of images that it can be computed from."""
        return _enough(self.metric)

    @cached_property
    def found(self) -> Mapping[str, Estimate]:
        """What it gives for a good generator."""
        with doing("making its input"):
            good = metric_input(self.metric, self.count)
        return estimates_of(self.metric, good)

    @cached_property
    def again(self) -> tuple[Mapping[str, Estimate], MetricInput]:
        """What it gives for the same a second time, and what it read then."""
        used = metric_input(self.metric, self.count)
        return estimates_of(self.metric, used), used


def _check_values(case: MetricCase) -> None:
    cls = case.cls
    require(cls.values, "declares no value")
    for key, display in cls.values.items():
        require(_KEY.fullmatch(str(key)), f"key {key!r} of `values` must be lower-case letters, digits and '_'")
        require(isinstance(display, Display), f"`values` must hold ganzoo.Display, found {display!r:.80}")
        require(display.stem.strip(), f"the Display of {key!r} needs a stem, such as 'FD'")
        require(0 < display.scale < math.inf, f"the Display of {key!r} has the scale {display.scale}")
        known = display.transform in get_args(Transform)
        require(known, f"the Display of {key!r} has the transform {display.transform!r:.40}; log, logit or raw")
    reads = isinstance(cls.reads, tuple) and (cls.reads or cls.generator_must_be)
    require(reads, f"`reads` must be a tuple of roles, found {cls.reads!r}")
    require(set(cls.describes) <= set(cls.reads), f"`describes` {cls.describes!r} must be in `reads` too")
    require(
        cls.describes or cls.describe is Metric.describe,
        f"has a method describe(images, first), which is never called: `describes` is empty; name there the roles that "
        f"it gives, which `reads` has too, {cls.reads!r}",
    )


def _check_sensitivity(case: MetricCase) -> None:
    cls = case.cls
    require(
        set(cls.sensitivity) <= set(cls.values), f"`sensitivity` is of {list(cls.sensitivity)}, which are no values"
    )
    for key, found in cls.sensitivity.items():
        require(isinstance(found, Sensitivity), f"`sensitivity` must hold Sensitivity, found {found!r:.80}")
        require(found.measured_on.strip(), f"the Sensitivity of {key!r} does not say what it was measured on")
        for disturbance, moved in found.standard_deviations.items():
            require(math.isfinite(moved), f"the Sensitivity of {key!r} has {moved!r} for {disturbance!r}")


def _check_describing(case: MetricCase) -> None:
    """Check that what is kept of an image does not depend on the batch that it came in."""
    metric = case.metric
    pixels = images(_DESCRIBED, torch.Generator().manual_seed(0), bad=True)
    with doing("describe(images, first)"):
        whole, parts = (described(metric, pixels, at_once) for at_once in (64, 32))
        odd = described(metric, pixels[:-1], 64)
    for role in metric.describes:
        require(
            whole[role].shape == parts[role].shape and torch.allclose(whole[role].double(), parts[role].double()),
            f"describe() gives other {role!r} for the same images in smaller batches",
        )
        require(
            len(whole[role]) != _DESCRIBED or len(odd[role]) == _DESCRIBED - 1,
            f"describe() gives {len(odd[role])} rows of {role!r} for {_DESCRIBED - 1} images, of which the last batch "
            f"has an odd number: give a row for each image",
        )
    check_no_wrapping(lambda: metric.describe(pixels.clone(), 0))


def _enough(metric: Metric) -> int:
    """Return a number of images that the metric can be computed from."""
    reason: Any = None
    for count in _COUNTS:
        with doing(f"shortage({count}, {count})"):
            reason = metric.shortage(count, count)
        require(reason is None or isinstance(reason, str), f"shortage must return text or None, not {reason!r}")
        if reason is None:
            return count
    require(False, f"needs more than {_COUNTS[-1]} images; give the check options for fewer: {reason}")
    raise AssertionError


def _check_count(case: MetricCase) -> None:
    require(case.count, "cannot be computed from any number of images")


def _check_plan(case: MetricCase) -> None:
    metric, count = case.metric, case.count
    with doing("images_needed()"):
        needed = metric.images_needed()
    require(isinstance(needed, int) and needed >= 0, f"images_needed() must be a count, found {needed!r}")
    with doing("cost(generated, reference, width, blocks)"):
        costs = [metric.cost(images, images, WIDTH, BLOCKS) for images in (count, 2 * count)]
    require(all(math.isfinite(each) and each >= 0 for each in costs), f"cost() gives {costs[0]!r}")
    require(costs[0] <= costs[1], "cost() says that more images cost less")


def _same(one: MetricInput, other: MetricInput) -> bool:
    pairs = ((one.generated, other.generated), (one.reference, other.reference), (one.held_out, other.held_out))
    return all(torch.equal(a[role], b[role]) for a, b in pairs for role in a.roles)


def _check_estimates(case: MetricCase) -> None:
    require(case.found is not None, "gives nothing")


def _check_inputs_kept(case: MetricCase) -> None:
    _, used = case.again
    require(
        _same(used, metric_input(case.metric, case.count)),
        "changes the features that it was given; other metrics read them too",
    )


def _check_repeated(case: MetricCase) -> None:
    if case.found == case.again[0]:
        return
    drawn = draws_of(case.metric, metric_input(case.metric, case.count))
    by = f": it draws with {drawn} from torch's global stream" if drawn else ""
    require(False, f"gives other values for the same images the second time{by}; {case.draw_from}")


def _check_direction(case: MetricCase) -> None:
    metric, count, found = case.metric, case.count, case.found
    bad = estimates_of(metric, metric_input(metric, count, bad=True))
    require(
        any(worse.value != found[key].value for key, worse in bad.items()),
        "gives the same for good and for bad images, so that it tells none from another: does it read data.generated?",
    )
    for key, worse in bad.items():
        sign = 1 if metric.values[key].lower_is_better else -1
        require(
            sign * worse.value >= sign * found[key].value,
            f"{key!r} is {found[key].value:.4g} for good images and {worse.value:.4g} for bad ones, which its "
            f"`lower_is_better` calls better (judges_likeness = False, if it judges something else)",
        )


METRIC = Suite(
    MetricCase,
    once=(
        *COMPONENT,
        gate("declares its values, and what it reads", _check_values),
        Property("its sensitivity is of its values", _check_sensitivity),
        gate("says how many images are enough", _check_count),
        Property("says what it costs, and what it needs to rank", _check_plan),
        Property("its identity is plain data, always the same", check_identity),
        Property("its identity changes with each option", check_identity_of_options),
        Property("describes each image by itself", _check_describing, lambda case: bool(case.cls.describes)),
        gate("gives a finite estimate for each value", _check_estimates),
        Property("leaves what it reads as it was", _check_inputs_kept),
        Property("gives the same values twice", _check_repeated),
        *HABITS,
        *ORDER,
        *ERRORS,
        Property(EFFECTS, ask_effects(of_metric)),
        Property(
            "bad images do not score better",
            _check_direction,
            lambda case: case.direction and case.cls.judges_likeness,
        ),
    ),
)


def check_metric(cls: type[Metric], options: Any = None, *, direction: bool = True) -> None:
    """Check that a metric keeps its contract, on made-up features (or images) of a good and of a bad generator.

    Args:
        cls: The metric.
        options: What to test it with; if None its `example_options`, or the defaults.
        direction: Whether images unlike the reference, or without clear classes, must not score better.

    Raises:
        ConformanceError: Listing all that it fails: what was expected, and what was found.
    """
    require_all(Trial(METRIC, MetricCase(cls, options, direction=direction)))
