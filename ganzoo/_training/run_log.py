"""Run log: a reporter whose messages are kept in the run's `log.txt` too, with a line on the training now and then."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from ganzoo._io.append_file import AppendFile
from ganzoo.contracts.reporter import Progress, Reporter
from ganzoo.text import literal, progress_line

_SECONDS_BETWEEN_TICKS = 180.0


class RunLog:
    """Hands everything on to a reporter, and writes messages to a file once there is one, earlier ones too."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._file: AppendFile | None = None
        self._early: list[bytes] = []

    def open(self, path: Path) -> None:
        """Write all messages to this file from now on."""
        self._file = AppendFile(path)
        for line in self._early:
            self._file.append(line)
        self._early = []

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def info(self, text: str) -> None:
        """See `Reporter.info`."""
        self._reporter.info(text)
        self._write(text)

    def warning(self, text: str) -> None:
        """See `Reporter.warning`."""
        self._reporter.warning(text)
        self._write(text)

    def progress(self, what: str) -> Progress:
        """See `Reporter.progress`."""
        show = self._reporter.progress(what)
        written_at = time.monotonic()

        def both(done: int, total: int, facts: Mapping[str, str] | None = None, /) -> None:
            nonlocal written_at
            show(done, total, facts)
            if facts and (now := time.monotonic()) - written_at > _SECONDS_BETWEEN_TICKS:
                written_at = now
                self._write(progress_line(what, done, total, facts))

        return both

    def _write(self, text: str) -> None:
        shown = "\n".join(literal(line) for line in without_home(text).splitlines())
        line = f"{datetime.now().astimezone().isoformat(timespec='seconds')} {shown}\n"
        encoded = line.encode("utf-8", "backslashreplace")
        if self._file is None:
            self._early.append(encoded)
        else:
            self._file.append(encoded)


def without_home(text: str) -> str:
    """Return text with `~` for the home folder: a run that is passed on does not say who trained it."""
    home = os.path.expanduser("~")
    return text.replace(home, "~") if len(home) > 1 else text
