"""A browser for the tests of pages."""

import pytest
from browser import Browser, chromium


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests of a process."""
    if chromium() is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with Browser() as started:
        yield started


@pytest.fixture(scope="session")
def page(browser):
    """A page of it, to open files in."""
    return browser.page()
