"""Metric identity: what enters the hash of a score."""

from __future__ import annotations

from typing import Any

from ganzoo.contracts.metrics import Metric
from ganzoo.testing.failure import doing, require


def check_identity(case: Any) -> None:
    """Require that its identity is plain data, always the same."""
    metric = case.metric
    with doing("identity()"):
        identity, again = dict(metric.identity()), dict(metric.identity())
    for key, value in identity.items():
        require(
            isinstance(key, str) and _is_plain(value),
            f"identity() must be plain data, as JSON has it (text, numbers, true or false, lists and tables of such), "
            f"found {key!r}: {type(value).__name__}",
        )
    require(identity == again, "identity() differs from one call to the next")
    other = case.cls(case.options)
    require(identity == dict(other.identity()), "identity() is another one for each instance: no scores would compare")


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(each) for key, each in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str | int | float | bool)


def check_identity_of_options(case: Any) -> None:
    """Require that another number in its options is another identity."""
    metric = case.metric
    with doing("identity()"):
        identity = dict(metric.identity())
    for name, value in metric.options.model_dump(mode="json").items():
        if isinstance(value, bool | int | float):
            other = _with(metric, name, not value if isinstance(value, bool) else value + 1)
            require(
                other is None or dict(other.identity()) != identity,
                f"identity() is the same for another {name!r}, so unlike scores would be compared",
            )


def _with(metric: Metric, name: str, value: Any) -> Metric | None:
    try:
        options = type(metric.options).model_validate(metric.options.model_dump(mode="json") | {name: value})
        return type(metric)(options)
    except ValueError:
        return None
