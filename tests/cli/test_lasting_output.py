"""Output that nobody can take: work goes on, and what was lost is said."""

from __future__ import annotations

import errno
import io
import os
import sys

import pytest

from ganzoo._cli.lasting_output import lasting_output
from ganzoo._cli.terminal import Terminal
from ganzoo.errors import RunError


def printed_much(stream) -> bool:
    """Print more than any buffer holds, in the ways of the command line, and say whether all was reached."""
    sys.stdout = stream
    with lasting_output(), Terminal() as terminal:
        progress = terminal.progress("training")
        for _ in range(300):
            terminal.info("a line " * 100)
        progress(1, 1, {"phase": "1 of 1"})
        print("the table", flush=True)
        return True


def test_a_reader_that_goes_ends_no_work(monkeypatch):
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        assert printed_much(closed)
        closed.flush()  # as Python does at its end


def test_a_full_disk_under_the_output_is_said_at_the_end(monkeypatch):
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    with (
        open("/dev/full", "w") as full,
        pytest.raises(RunError, match="the output could not be written: No space left"),
    ):
        printed_much(full)


def test_what_a_terminal_cannot_show_is_no_error(monkeypatch):
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, "ascii", write_through=True))
    with lasting_output(), Terminal() as terminal:
        terminal.info("KID ×10³")
        print("±")
    assert shown.getvalue().startswith(b"KID x10^3")


def test_streams_that_were_closed_are_opened_first(tmp_path):
    """Else the run's first file would be what libraries print into."""
    child = os.fork()
    if child == 0:
        os.close(1)
        sys.stdout = None
        with lasting_output(), Terminal() as terminal:
            descriptor = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
            os.write(1, b"printed by a library")
            terminal.info("lost")
            os._exit(descriptor)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) > 2
    assert (tmp_path / "file").read_bytes() == b""


def test_other_errors_are_not_hidden(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with pytest.raises(OSError, match="other") as caught, lasting_output():
        raise OSError(errno.EIO, "other")
    assert caught.value.errno == errno.EIO
