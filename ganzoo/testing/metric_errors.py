"""Metric errors: whether a value's standard error is about what the value varies by over other images."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ganzoo.contracts.metric_values import Estimate
from ganzoo.testing.failure import require
from ganzoo.testing.metric_estimates import estimates_of
from ganzoo.testing.metric_inputs import metric_input
from ganzoo.testing.properties import Property

_SETS = 12  # whose standard deviation is known to a fifth
_FAR = 20  # between the seeds of two sets
# The built-in ones state 0.9 to 3 times as much for these few images; deviations of splits, as some publish, are more.
_LEAST, _MOST = 0.55, 10.0


def check_errors(case: Any) -> None:
    """Require that an error, where one is stated, is of the size of the spread over sets of generated images."""
    data = [metric_input(case.metric, case.count, shift=_FAR * number) for number in range(_SETS)]
    found = [estimates_of(case.metric, replace(data[0], generated=each.generated)) for each in data]
    others: list[Any] = []
    for key in case.metric.values:
        errors, spread = _errors(found, key), _spread(found, key)
        if errors is None or spread == 0:
            continue
        require(
            errors >= _LEAST * spread,
            f"states a standard error of {errors:.3g} for {key!r}, which varies by {spread:.3g} over other images of "
            f"the same generator: {_why_small(errors)}",
        )
        if errors > _MOST * spread:  # it may count other real images too
            others = others or [estimates_of(case.metric, each) for each in data]
            spread = max(spread, _spread(others, key))
            require(
                errors <= _MOST * spread,
                f"states a standard error of {errors:.3g} for {key!r}, which varies by no more than {spread:.3g} over "
                f"other images: ganzoo.scoring.standard_error takes the values that it has without each block in turn "
                f"(block != left_out), not those of each block alone, and gives the error itself, not its square",
            )


def _why_small(error: float) -> str:
    if error == 0:
        return "an error that is not known is None, not 0"
    return (
        "of values that have been computed with a block left out each, ganzoo.scoring.standard_error makes it, which "
        "is more than their standard deviation; and it is the error itself, not its square"
    )


def _errors(found: Sequence[Any], key: str) -> float | None:
    each: Sequence[Estimate] = [estimates[key] for estimates in found]
    errors = [one.standard_error for one in each if one.standard_error is not None]
    return statistics.median(errors) if len(errors) == len(found) else None


def _spread(found: Sequence[Any], key: str) -> float:
    return statistics.stdev(estimates[key].value for estimates in found)


def _reads_images(case: Any) -> bool:
    return bool(case.cls.reads) and case.cls.generator_must_be is None


ERRORS = (Property("its standard errors are of the size of its spread", check_errors, _reads_images),)
