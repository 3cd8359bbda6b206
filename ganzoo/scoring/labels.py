"""Labels of scores: under which name a metric's value may be shown."""

from __future__ import annotations

from ganzoo.contracts.extractors import Extractor
from ganzoo.contracts.metric_input import PIXELS
from ganzoo.contracts.metric_values import Display
from ganzoo.contracts.metrics import Metric


def label_of(display: Display, metric: Metric, extractor: Extractor) -> str:
    """Return a value's name: the published one only in the features that the metric was published with.

    Elsewhere the extractor's own label stands behind it, and behind both the hash of weights that are not official,
    so that no table can confuse them.
    """
    roles = [role for role in metric.reads if role != PIXELS and role not in metric.describes]
    if not roles and metric.extractor_must_be is None:
        return display.published or display.stem
    theirs, variant = metric.published_features, extractor.variant()
    is_published = bool(theirs and roles) and all(extractor.layers[role].features == theirs for role in roles)
    if is_published and not variant:
        label = display.published or display.stem
    else:
        label = "-".join(filter(None, (display.stem, extractor.label, variant)))
    weights = extractor.weights()
    if weights is None or weights.official:
        return label
    return f"{label} (unofficial {weights.sha256[:8]})"
