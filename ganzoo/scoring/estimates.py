"""Estimates: a metric asked for its values, and what it returns judged."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ganzoo._registry.blame import named, naming
from ganzoo._runs.record import Score
from ganzoo.contracts.metric_input import MetricInput
from ganzoo.contracts.metric_values import Estimate
from ganzoo.contracts.metrics import Metric
from ganzoo.errors import PluginError
from ganzoo.scoring.class_scores import class_counts

_MOST_NAMED = 12  # a line's worth of classes


class MetricsFailed(PluginError):
    """Metrics of a protocol failed.

    Attributes:
        scores: Those of the protocol's other metrics, which are sound.
    """

    def __init__(self, failures: Sequence[PluginError], scores: tuple[Score, ...]) -> None:
        text = "; ".join(str(each) for each in failures)
        kept = f"; the other scores are sound: {', '.join(score.metric for score in scores)}" if scores else ""
        remedy = "leave it out with: ganzoo score RUN --set 'scoring.metrics=[...]'"
        super().__init__(f"{text}{kept}; fix the plugin, or {remedy}")
        self.scores = scores


def estimates_of(metric: Metric, data: MetricInput) -> Mapping[str, Estimate]:
    """Ask a metric for its values, and judge what it returns.

    Raises:
        PluginError: It fails, or returns something else than a finite estimate for each of its values.
    """
    with naming("metric", type(metric)):
        found: Any = metric.estimates(data)
        if isinstance(found, Mapping):
            found = dict(found)
    who = named("metric", type(metric))
    if not isinstance(found, dict):
        raise PluginError(f"{who} returns {_shown(found)}; `estimates` must return a mapping of key to ganzoo.Estimate")
    if set(found) != set(metric.values):
        raise PluginError(
            f"{who} gives {', '.join(map(repr, found)) or 'nothing'} and declares {', '.join(map(repr, metric.values))}"
        )
    return {key: _judged_by_class(who, repr(key), _judged(who, repr(key), each), data) for key, each in found.items()}


def _judged_by_class(who: str, what: str, found: Estimate, data: MetricInput) -> Estimate:
    """Return an estimate, or raise PluginError unless its values by class are estimates too, of classes there are."""
    by_class: Any = found.by_class
    if not isinstance(by_class, Mapping):
        raise PluginError(
            f"{who} gives {_shown(by_class)} by class for {what}; it must be a mapping of a class's number to "
            f"ganzoo.Estimate"
        )
    there = class_counts(data.generated).keys() | class_counts(data.reference).keys()
    for number, each in by_class.items():
        if isinstance(number, bool) or not isinstance(number, int) or number not in there:
            known = ", ".join(map(str, sorted(there)[:_MOST_NAMED])) + ", ..." * (len(there) > _MOST_NAMED)
            have = f"these images are of the classes {known}" if there else "these images have no classes"
            raise PluginError(f"{who} gives a value of the class {_shown(number)} for {what}; {have}")
        if _judged(who, f"{what} of class {number}", each).by_class:
            raise PluginError(f"{who} gives values by class within {what} of class {number}; a class has none")
    return found


def _judged(who: str, what: str, found: Any) -> Estimate:
    """Return an estimate, or raise PluginError unless its value is a finite number, and its error too if it has one."""
    if not isinstance(found, Estimate):
        raise PluginError(f"{who} gives {_shown(found)} for {what}; it must be a ganzoo.Estimate")
    if not _is_finite(found.value):
        raise PluginError(f"{who} gives {_shown(found.value)} for {what}; its value must be a finite float")
    error: Any = found.standard_error
    if error is not None and not (_is_finite(error) and error >= 0):
        raise PluginError(
            f"{who} gives the standard error {_shown(error)} for {what}; it must be a finite float from 0, or None"
        )
    _judge_details(who, what, found)
    notes: Any = found.notes
    if not (isinstance(notes, tuple) and all(isinstance(note, str) for note in notes)):
        raise PluginError(f"{who} gives the notes {_shown(notes)} for {what}; they must be a tuple of texts")
    return found


def _judge_details(who: str, what: str, found: Estimate) -> None:
    degrees, subjects, bias = found.degrees_of_freedom, found.subjects, found.bias
    wrong = {
        "degrees of freedom": (degrees, degrees is None or (_is_finite(degrees) and degrees > 0), "a float above 0"),
        "subjects": (subjects, subjects is None or (isinstance(subjects, int) and subjects >= 2), "an int from 2"),
        "bias": (bias, bias is None or _is_finite(bias), "a finite float"),
        "error unit": (found.error_unit, found.error_unit in ("image", "subject"), "'image' or 'subject'"),
    }
    for detail, (value, is_right, wanted) in wrong.items():
        if not is_right:
            raise PluginError(f"{who} gives the {detail} {_shown(value)} for {what}; must be {wanted}")


def _is_finite(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _shown(value: Any) -> str:
    """Return a value as a message shows it, on one line, with its type where that does not tell itself."""
    text = " ".join(repr(value).split())[:80]
    return text if isinstance(value, float | int | str | None) else f"{text} (a {type(value).__name__})"
