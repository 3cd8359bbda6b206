"""Reporter: messages and progress of a training, a scoring, a preparation of data. Knows no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Progress(Protocol):
    """What a reporter gives for one long action, to be called as it advances."""

    def __call__(self, done: int, total: int, facts: Mapping[str, str] | None = None, /) -> None:
        """Take how many of how many are done, and what else is to be seen by now: losses, speed, memory, by name."""


class Reporter(Protocol):
    """Takes messages and progress: a terminal, a widget, a log. From Python the default takes them in silence."""

    def info(self, text: str) -> None:
        """Take one or more lines for people: what happens now."""

    def warning(self, text: str) -> None:
        """Take one or more lines for people: what is not as they may expect, though the work goes on."""

    def progress(self, what: str) -> Progress:
        """Return what takes the progress of a long action; `what` is a phrase such as `scoring`."""


def silent_progress(done: int, total: int, facts: Mapping[str, str] | None = None, /) -> None:
    """Take progress and show nothing."""


class Silent:
    """A reporter that shows nothing."""

    def info(self, text: str) -> None:
        """See `Reporter.info`."""

    def warning(self, text: str) -> None:
        """See `Reporter.warning`."""

    def progress(self, what: str) -> Progress:
        """See `Reporter.progress`."""
        return silent_progress


SILENT: Reporter = Silent()
