"""Options on code that several commands share: plugin files, and whether a run may go on with changed parts."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

AllowChangedCode = Annotated[
    bool,
    typer.Option(
        "--allow-changed-code",
        help="Go on although parts are installed in another version or source than was used before; records note it.",
    ),
]
PluginFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin", metavar="FILE.py", help="Add the parts of this Python file to the installed ones; may be repeated."
    ),
]


def allowing_changed_code(function: Callable[..., None]) -> Callable[..., None]:
    """Return a command with the option `--allow-changed-code`, within which it then runs."""

    def command(*args: Any, allow_changed_code: bool = False, **given: Any) -> None:
        if not allow_changed_code:
            return function(*args, **given)
        from ganzoo._registry.pinned import allow_changed_code as allowing

        with allowing():
            return function(*args, **given)

    return _with_option(command, function, "allow_changed_code", AllowChangedCode, False)


def taking_plugin_files(function: Callable[..., None]) -> Callable[..., None]:
    """Return a command with the option `--plugin FILE.py`, whose parts are there before it runs."""
    if "plugin" in inspect.signature(function).parameters:  # it is made anew for each call of a group
        return function

    def command(*args: Any, plugin: list[Path] | None = None, **given: Any) -> None:
        for path in plugin or ():
            from ganzoo._registry.plugin_files import load_plugin_file

            load_plugin_file(path)
        return function(*args, **given)

    return _with_option(command, function, "plugin", PluginFiles, None)


def _with_option(
    command: Callable[..., None], function: Callable[..., None], name: str, annotation: Any, default: Any
) -> Callable[..., None]:
    """Give a command the signature of the function that it calls, and one option more."""
    functools.update_wrapper(command, function)
    hints = get_type_hints(function, include_extras=True)
    own = inspect.signature(function).parameters.values()
    more = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
    parameters = [*(each.replace(annotation=hints[each.name]) for each in own), more]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    del command.__wrapped__  # type: ignore[attr-defined]  # else its signature would be the function's own
    return command
