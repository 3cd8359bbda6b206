"""What the command line prints on terminals of any width and encoding, and into pipes."""

from __future__ import annotations

import io
import re
import sys

from command_line import ganzoo

from ganzoo._cli import terminal
from ganzoo._cli.check_text import phase_table
from ganzoo._cli.streams import take_any_text
from ganzoo._cli.terminal import Terminal, print_error
from ganzoo._recipe.load import load
from ganzoo._registry.registry import Registry
from ganzoo._training.memory_estimate import MemoryEstimate
from ganzoo.errors import GanzooError

FACTS = {"elapsed": "3 s", "left": "1 min 10 s", "score": "FID 12.3 (0.1), 50 images, at 2 kimg"}


class FakeTerminal(io.StringIO):
    def isatty(self):
        return True


def screen_of(monkeypatch) -> FakeTerminal:
    for name, value in {"COLUMNS": "60", "TERM": "xterm", "LINES": "24"}.items():
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stdout", FakeTerminal())
    return sys.stdout


def seen(text: str) -> list[str]:
    """Return the lines that a terminal shows in the end, of text with carriage returns."""
    shown = []
    for line in text.split("\n"):
        cells: list[str] = []
        for piece in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).split("\r"):
            cells[: len(piece)] = piece
        shown.append("".join(cells).rstrip())
    return shown


def test_nothing_of_a_longer_line_is_left_over(monkeypatch):
    screen = screen_of(monkeypatch)
    with Terminal() as reporter:
        show = reporter.progress("preparing a dataset of a very long name that fills more than the terminal's width")
        show(1, 1000)
        assert len(seen(screen.getvalue())[-1]) < 60
        reporter.info("a message")
        show = reporter.progress("scoring")
        show(5, 10)
        show(10, 10)
    assert [line for line in seen(screen.getvalue()) if line] == ["a message", "scoring: 10 of 10 images"]


def test_an_error_stands_on_a_line_of_its_own(monkeypatch):
    screen = screen_of(monkeypatch)
    monkeypatch.setattr(sys, "stderr", screen)
    Terminal().progress("preparing things")(1, 10)
    print_error(GanzooError("it fails"))
    assert [line for line in seen(screen.getvalue()) if line] == ["error: it fails"]


def test_a_training_has_a_bar_a_percentage_times_and_the_score(monkeypatch):
    screen = screen_of(monkeypatch)
    with Terminal() as reporter:
        show = reporter.progress("training")
        show(420, 1000, FACTS)
    text = "\n".join(seen(screen.getvalue()))
    assert "━" * 17 in text and "42 %" in text
    assert "1 min 10 s" in text and "FID 12.3" in text


def test_a_pipe_gets_a_line_now_and_then(monkeypatch):
    moment = [0.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: moment[0])
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    show = Terminal().progress("training")
    for second in range(3600):
        moment[0] = float(second)
        show(second, 3600, FACTS)
    lines = sys.stdout.getvalue().splitlines()
    assert 15 < len(lines) < 30  # every three minutes, sooner at first
    assert lines[-1].startswith("training: 99 %, elapsed 3 s, left 1 min 10 s, score FID 12.3")


def test_a_terminal_without_unicode_gets_near_characters(monkeypatch):
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="ascii"))
    take_any_text(sys.stdout)
    print("rank ▸ a ± 1 ×10³ ↓ — ü 漢")
    sys.stdout.flush()
    assert buffer.getvalue() == b"rank > a +- 1 x10^3 v - \\xfc \\u6f22\n"


def test_help_groups_its_commands_and_cuts_no_line(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for arguments in ((), ("data",), ("explore",)):
        done = ganzoo(*arguments, "--help")
        assert "..." not in done.out.partition("Options:")[2]
        assert max(map(len, done.out.splitlines())) <= 80
    listed = ganzoo("--help").out
    assert "Train and score:\n  run " in listed and "With a run:" in listed
    assert "\nCommands:" not in listed, "each command has its group"


def test_check_lists_the_phases_of_a_large_network_in_80_columns():
    overrides = ["training.discriminator_optimizer.learning_rate=0.0005"]
    _, recipe = load("progan_ffhq_wgan_gp", Registry.discover(), overrides)
    table = phase_table(recipe, MemoryEstimate(1, 1, (2**36,) * len(recipe.phases)), "kimg")
    assert len(table) == 1 + len(recipe.phases) > 10
    assert max(map(len, table)) <= 80
