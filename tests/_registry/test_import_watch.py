"""Import watch: slow imports are told by the time of the processor, not by that of a busy machine."""

from __future__ import annotations

import time

import pytest

from ganzoo._registry import import_watch
from ganzoo._registry.import_watch import ImportWatch


def told(work, monkeypatch, seconds):
    monkeypatch.setattr(import_watch, "SLOW_SECONDS", seconds)
    with ImportWatch("acme") as watch:
        work()
    return watch.notes


def compute():
    end = time.thread_time() + 0.02
    while time.thread_time() < end:
        pass


@pytest.mark.parametrize(("work", "is_told"), [(compute, True), (lambda: time.sleep(0.05), False)])
def test_what_keeps_the_processor_is_slow(work, is_told, monkeypatch):
    notes = told(work, monkeypatch, 0.01)
    assert ["s of the processor to import" in note for note in notes] == ([True] if is_told else [])
