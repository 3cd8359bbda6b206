"""Plugin of pytest: `pytest --ganzoo DIST` collects the conformance of a distribution beside the tests of a project.

It is loaded wherever pytest runs in this environment, so it imports nothing of ganzoo unless it is asked.
"""

from __future__ import annotations

import pytest

_OPTION = "--ganzoo"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("ganzoo").addoption(
        _OPTION,
        action="append",
        default=[],
        metavar="DIST",
        help="test the parts of this distribution of ganzoo plugins, or of a plugin file; may be repeated",
    )


@pytest.hookimpl(tryfirst=True)  # before -k and -m choose
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add a test for each part, kind of images and property."""
    for distribution in config.getoption(_OPTION):
        from ganzoo.errors import GanzooError
        from ganzoo.testing.pytest_items import items_of

        try:
            items += items_of(session, distribution)
        except GanzooError as error:
            raise pytest.UsageError(f"{_OPTION} {distribution}: {error}") from error
