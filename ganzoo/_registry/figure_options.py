"""Figure options: what their names and types must be for a command to offer them."""

from __future__ import annotations

from ganzoo._registry.option_types import is_option_type
from ganzoo.contracts.figures import Figure, RunsFigure, TargetsFigure
from ganzoo.contracts.view_options import ViewOptions

_COMMAND_NAMES = frozenset({"run", "runs", "images", "out", "help"})


def wrong_option(figure: type[Figure]) -> str | None:
    """Say which option of a figure its command cannot have, why, and what would do, or None."""
    inherited = TargetsFigure.model_fields if issubclass(figure, TargetsFigure) else {}
    view = {} if issubclass(figure, RunsFigure) else ViewOptions.model_fields
    shared = {key: name for name, field in view.items() for key in (name, field.alias) if key}
    for name, field in figure.model_fields.items():
        if name in inherited:
            continue
        for key in filter(None, (name, field.alias)):
            if key in _COMMAND_NAMES:
                return f"option {key!r} has the name of an argument of every figure's command; rename it"
            if key in shared and shared[key] not in figure.without:
                return (
                    f"option {key!r} has the name of a view option; rename it, or list {shared[key]!r} in `without` to "
                    f"stand in for that one"
                )
        if not is_option_type(field.annotation):
            return (
                f"option {name!r} is of the type {field.annotation}, which a command cannot show; use bool, int, "
                f"float, str, Path, Literal, or ganzoo's Seeds, Numbers and Spans"
            )
    return None
