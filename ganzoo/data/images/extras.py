"""Extras: optional libraries for image formats, each with the line that installs it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ganzoo.errors import DataError


def require_extra(module: str, extra: str, what: str) -> Any:
    """Import an optional library.

    Args:
        module: What is imported.
        extra: The extra of this package that brings it.
        what: What needs it, as a message begins: `"a NIfTI volume"`.

    Raises:
        DataError: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise DataError(
            f"reading {what} needs {module.partition('.')[0]}: pip install 'ganzoo-toolkit[{extra}]'"
        ) from error
