"""What the tests of conformance checks share: collecting broken parts and their complaints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ganzoo.testing import ConformanceError, check_part


def complaint(part: type, options: object = None, check: Callable = check_part) -> str:
    with pytest.raises(ConformanceError) as caught:
        check(part, options)
    return str(caught.value)


def broken(cases: list[Any], expected: str) -> Callable[[type], type]:
    """Note a broken part and what its complaint must say."""

    def note(part: type) -> type:
        part.__doc__ = "A broken part."
        cases.append(pytest.param(part, expected, id=part.__name__))
        return part

    return note
