"""Extras: optional libraries for image formats, each with the line that installs it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ganzoo.errors import DataError


def require_extra(module: str, extra: str, what: str, name: str = "") -> Any:
    """Import an optional library.

    Args:
        module: What is imported.
        extra: The extra of this package that brings it.
        what: What needs it, as a message goes on: `"a NIfTI volume"`.
        name: What messages call the one file that needs it; empty where all of them do.

    Raises:
        DataError: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        where = f"{name}: " if name else ""
        library = module.partition(".")[0]
        raise DataError(f"{where}reading {what} needs {library}: pip install 'ganzoo-toolkit[{extra}]'") from error
