"""Class scores: what a metric says of each class, with the class's name and how many images it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from ganzoo._runs.plain_data import ClassScore
from ganzoo.contracts.metric_input import Features, MetricInput
from ganzoo.contracts.metric_values import Estimate


def class_counts(features: Features) -> dict[int, int]:
    """Return how many images each class has, of those that have one; nothing where there are no classes."""
    if features.labels is None:
        return {}
    numbers, counts = torch.unique(features.labels, return_counts=True)
    found = zip(numbers.tolist(), counts.tolist(), strict=True)
    return {number: count for number, count in found if number >= 0}


def class_scores(
    estimates: Mapping[int, Estimate], data: MetricInput, names: Sequence[str] = ()
) -> tuple[ClassScore, ...]:
    """Return the values of classes as records hold them, in order of their numbers.

    Args:
        estimates: By class.
        data: What they were computed from.
        names: Name of each class; empty: they have none.
    """
    if not estimates:
        return ()
    generated, reference = class_counts(data.generated), class_counts(data.reference)
    compared = data.reference.labels is not None
    return tuple(
        ClassScore(
            number=number,
            name=names[number] if number < len(names) else "",
            value=each.value,
            standard_error=each.standard_error,
            degrees_of_freedom=each.degrees_of_freedom,
            error_unit=each.error_unit,
            subjects=each.subjects,
            generated=generated.get(number, 0),
            reference_images=reference.get(number, 0) if compared else None,
            notes=each.notes,
        )
        for number, each in sorted(estimates.items())
    )
