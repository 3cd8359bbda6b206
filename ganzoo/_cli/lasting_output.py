"""Lasting output: standard streams whose reader may go, or whose disk may be full, while the work goes on."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from ganzoo._cli.streams import take_any_text
from ganzoo.errors import RunError

_STANDARD_STREAMS = 3


class LastingStream:
    """A stream that drops what it can no longer take: `ganzoo run ... | head` must not end a training.

    Attributes:
        failure: Why it takes nothing any more; None while it does.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None
        take_any_text(stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, or drop, text."""
        if self.failure is None:
            try:
                return self._stream.write(text)
            except OSError as error:
                self._end(error)
        return len(text)

    def flush(self) -> None:
        """Flush what can be."""
        if self.failure is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._end(error)

    def _end(self, error: OSError) -> None:
        self.failure = error
        with suppress(OSError, ValueError):  # so that what is in the buffer has somewhere to go at the end
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextmanager
def lasting_output() -> Iterator[None]:
    """Make the standard streams lasting for the length of a block.

    Raises:
        RunError: The block ended well, but output was lost, and not because its reader wanted no more.
    """
    before = sys.stdout, sys.stderr
    _fill_closed()
    out, err = LastingStream(sys.stdout), LastingStream(sys.stderr)
    sys.stdout, sys.stderr = out, err
    try:
        yield
        out.flush()
        if out.failure is not None and out.failure.errno != errno.EPIPE:
            raise RunError(
                f"the output could not be written: {out.failure.strerror}. All else was done; print to another place."
            )
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before


def _fill_closed() -> None:
    """Open what was closed when the process began: else a run's own file would be the standard output."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < _STANDARD_STREAMS:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for the rest of the process
