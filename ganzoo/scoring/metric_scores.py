"""Metric scores: the values of a protocol's metrics, as records hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

from ganzoo._runs.plain_data import Floor
from ganzoo._runs.record import Score
from ganzoo.contracts.extractors import Extractor
from ganzoo.contracts.metric_input import MetricInput
from ganzoo.contracts.metrics import Metric
from ganzoo.errors import PluginError
from ganzoo.scoring.class_scores import class_scores
from ganzoo.scoring.estimates import MetricsFailed, estimates_of
from ganzoo.scoring.labels import label_of
from ganzoo.scoring.protocol import ScoringProtocol, identity_of


def scores_of(
    lent: Callable[[Metric], AbstractContextManager[MetricInput]],
    protocol: ScoringProtocol,
    extractor: Extractor,
    *,
    images_seen: int,
    floors: Mapping[Metric, Mapping[str, Floor]],
) -> tuple[Score, ...]:
    """Compute the protocol's metrics from what each of them reads, while it is lent.

    Raises:
        MetricsFailed: Metrics fail, or give other values than they declare; it has the scores of the others.
    """
    shown, scores, failures = _Shown(protocol, extractor, images_seen), list[Score](), list[PluginError]()
    for metric in protocol.metrics:
        try:
            with lent(metric) as data:
                scores += shown.scores(metric, data, floors.get(metric, {}))
        except PluginError as failure:
            failures.append(failure)
    if failures:
        raise MetricsFailed(failures, tuple(scores)) from failures[0]
    return tuple(scores)


class _Shown:
    """How scores of a protocol are shown, and what they are of."""

    def __init__(self, protocol: ScoringProtocol, extractor: Extractor, images_seen: int) -> None:
        self._extractor, self._images_seen = extractor, images_seen
        self._protocol, self._protocol_id = protocol.as_dict(), protocol.id

    def scores(self, metric: Metric, data: MetricInput, floors: Mapping[str, Floor]) -> Iterator[Score]:
        """Yield a metric's scores. Raises PluginError if it fails, or gives other values than it declares."""
        estimates = estimates_of(metric, data)
        for key, display in metric.values.items():
            found = estimates[key]
            yield Score(
                metric=key,
                label=label_of(display, metric, self._extractor),
                value=found.value,
                standard_error=found.standard_error,
                degrees_of_freedom=found.degrees_of_freedom,
                error_unit=found.error_unit,
                subjects=found.subjects,
                bias=found.bias,
                floor=floors.get(key),
                by_class=class_scores(found.by_class, data, data.class_names),
                lower_is_better=display.lower_is_better,
                unit=display.unit,
                scale=display.scale,
                transform=display.transform,
                images_needed=metric.images_needed(),
                settings=identity_of(metric),
                protocol=self._protocol,
                protocol_id=self._protocol_id,
                images_seen=self._images_seen,
                notes=found.notes,
            )
