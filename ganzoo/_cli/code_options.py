"""Options on code that several commands share: whether a run may go on with parts that have changed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

AllowChangedCode = Annotated[
    bool,
    typer.Option(
        "--allow-changed-code",
        help="Go on although parts are installed in another version or source than the run was made with; its record "
        "notes it.",
    ),
]
_PARAMETER = inspect.Parameter(
    "allow_changed_code", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=AllowChangedCode
)


def allowing_changed_code(function: Callable[..., None]) -> Callable[..., None]:
    """Return a command with the option `--allow-changed-code`, within which it then runs."""

    @functools.wraps(function)
    def command(*, allow_changed_code: bool = False, **given: Any) -> None:
        if not allow_changed_code:
            return function(**given)
        from ganzoo._registry.pinned import allow_changed_code as allowing

        with allowing():
            return function(**given)

    hints = get_type_hints(function, include_extras=True)
    own = inspect.signature(function).parameters.values()
    parameters = [*(each.replace(annotation=hints[each.name]) for each in own), _PARAMETER]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    del command.__wrapped__  # whoever asks for its signature is told the function's own
    return command
