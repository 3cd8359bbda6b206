"""The first signal asks, the second ends the process, but for hang-ups."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from ganzoo._sweep.stopping import counting_stops
from ganzoo._training.signals import on_stop_signal


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_is_handed_on_by_name(number):
    before, asked = signal.getsignal(number), []
    with on_stop_signal(asked.append):
        os.kill(os.getpid(), number)
    assert asked == [signal.Signals(number).name]
    assert signal.getsignal(number) is before


def test_the_second_ends_the_process():
    child = os.fork()
    if child == 0:
        with on_stop_signal(lambda name: None):
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 128 + signal.SIGINT


def test_a_terminal_that_closes_asks_once_however_often_it_says_so_and_nohup_is_obeyed():
    asked = []
    with on_stop_signal(asked.append):
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGHUP)
    assert asked == ["SIGHUP"]
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup leaves it
    try:
        with on_stop_signal(asked.append), counting_stops() as stops:
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert asked == ["SIGHUP"]
    assert stops.count == 0


def test_other_threads_run_without_handlers():
    ran = []

    def work():
        with on_stop_signal(ran.append):
            ran.append("worked")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ran == ["worked"]
