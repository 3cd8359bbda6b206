"""Import watch: slow imports are told by the time of the processor, not by that of a busy machine."""

from __future__ import annotations

import importlib
import locale
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest
import torch

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


CHANGES = {
    "random.seed(3)": ("python's random", "random.Random(seed)"),
    "random.random()": ("python's random", "random.Random(seed)"),
    "np.random.seed(3)": ("numpy's np.random", "np.random.default_rng(seed)"),
    "np.random.rand()": ("numpy's np.random", "np.random.default_rng(seed)"),
    "os.environ['ACME_THREADS'] = '1'": ("os.environ", "ACME_THREADS", "subprocess.run"),
    "os.environ.update(PATH='/nowhere')": ("os.environ", "PATH", "subprocess.run"),
    "os.environ.pop('PATH')": ("os.environ", "PATH", "subprocess.run"),
    "os.chdir('/')": ("os.chdir", "Path(__file__).parent"),
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)": ("SIGTERM", "leave signals to the program"),
    "torch.set_num_threads(torch.get_num_threads() + 1)": ("torch.get_num_threads()", "OMP_NUM_THREADS"),
    "torch.manual_seed(3)": ("torch.initial_seed()", "torch.Generator"),
    "torch.set_default_device('meta')": ("torch.get_default_device()", "set it where it is used"),
    "torch.autograd.set_detect_anomaly(True)": ("torch.is_anomaly_enabled()", "set it where it is used"),
    "import sys; sys.excepthook = print": ("sys.excepthook", "the program tells errors"),
    "import sys; sys.unraisablehook = print": ("sys.unraisablehook", "the program tells errors"),
    "import threading; threading.excepthook = print": ("threading.excepthook", "the program tells errors"),
    "import sys; sys.setrecursionlimit(sys.getrecursionlimit() + 7)": ("sys.getrecursionlimit()", "as a loop"),
    "import locale; locale.setlocale(locale.LC_NUMERIC, 'C.UTF-8')": ("locale.setlocale()", "by hand"),
    "import logging; logging.root.handlers.clear(); logging.basicConfig(level=10)": ("logging.getLogger(__name__)",),
    "import logging; logging.root.setLevel(logging.ERROR)": ("root logger", "logging.getLogger(__name__)"),
    "import logging; logging.disable(logging.CRITICAL)": ("logging.getLogger(__name__)",),
    "import warnings; warnings.filterwarnings('ignore', 'never of this')": ("filters of warnings", "catch_warnings()"),
    "import warnings; warnings.simplefilter('ignore', UserWarning, append=True)": ("filters of warnings",),
    "import warnings; warnings.resetwarnings()": ("filters of warnings", "catch_warnings()"),
    "torch.set_default_dtype(torch.float64)": ("torch.get_default_dtype()", "set it where it is used"),
}


def told_state():
    """What decides what people are told, and how."""
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook, threading.Thread.start
    logs = list(logging.root.handlers), logging.root.level, logging.root.manager.disable
    numbers = sys.getrecursionlimit(), locale.setlocale(locale.LC_ALL)
    return hooks, logs, numbers, list(warnings.filters), type(warnings.filters)


def state():
    numbers = np.random.get_state(legacy=False)["state"]
    threads, seed, dtype = torch.get_num_threads(), torch.initial_seed(), torch.get_default_dtype()
    streams = random.getstate(), numbers["pos"], numbers["key"].tolist()
    return streams, dict(os.environ), os.getcwd(), signal.getsignal(signal.SIGTERM), threads, seed, dtype


def imported(source, tmp_path, monkeypatch):
    """Import a module `acme_changes` of this source, as a plugin, and return what is told of it."""
    (tmp_path / "acme_changes.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "acme_changes", raising=False)
    with ImportWatch("acme_changes") as watch:
        importlib.import_module("acme_changes")
    monkeypatch.delitem(sys.modules, "acme_changes")
    return watch.notes


@pytest.mark.parametrize("change", CHANGES)
def test_what_belongs_to_the_process_is_put_back_and_told_with_the_remedy(change, tmp_path, monkeypatch):
    before = state(), told_state(), torch.get_default_device(), torch.is_anomaly_enabled()
    (note,) = imported(f"import os, random\nimport numpy as np\nimport torch\n{change}\n", tmp_path, monkeypatch)
    assert all(each in note for each in (*CHANGES[change], "put back")), note
    assert (state(), told_state(), torch.get_default_device(), torch.is_anomaly_enabled()) == before


@pytest.mark.parametrize(
    "start",
    [
        "threading.Thread(target=STOP.wait, name='acme-poller', daemon=True).start()",
        "class Poller(threading.Thread):\n    run = lambda self: STOP.wait()\nPoller(name='acme-poller').start()",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "POOL = ThreadPoolExecutor(1, thread_name_prefix='acme-poller')\nPOOL.submit(STOP.wait)",
    ],
)
def test_a_thread_that_an_import_leaves_behind_is_named(start, tmp_path, monkeypatch):
    stop = threading.Event()
    monkeypatch.setattr(threading, "acme_stop", stop, raising=False)
    try:
        (note,) = imported(f"import threading\nSTOP = threading.acme_stop\n{start}\n", tmp_path, monkeypatch)
    finally:
        stop.set()
    assert "starts 1 thread (acme-poller" in note and "in the function that needs it" in note


def test_threads_that_end_and_filters_of_a_block_are_not_told(tmp_path, monkeypatch):
    source = (
        "import threading, warnings\nthread = threading.Thread(target=int)\nthread.start()\nthread.join()\n"
        "with warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n    warnings.warn('known')\n"
        "import logging\nlogging.getLogger(__name__).setLevel(logging.INFO)\n"
    )
    assert imported(source, tmp_path, monkeypatch) == []


def test_what_a_library_sets_of_environment_and_warnings_is_its_own(tmp_path, monkeypatch):
    monkeypatch.delenv("ACME_LIBRARY", raising=False)
    source = "import os, warnings\nos.environ['ACME_LIBRARY'] = '1'\nwarnings.simplefilter('ignore', ImportWarning)\n"
    (tmp_path / "acme_library.py").write_text(source)
    try:
        assert imported("import acme_library\n", tmp_path, monkeypatch) == []
        assert os.environ["ACME_LIBRARY"] == "1"
    finally:
        os.environ.pop("ACME_LIBRARY", None)
        sys.modules.pop("acme_library", None)


def test_what_changes_nothing_is_not_told(tmp_path, monkeypatch):
    source = "import os, random\nos.environ['PATH'] = os.environ['PATH']\nNUMBER = random.Random(3).random()\n"
    assert imported(source, tmp_path, monkeypatch) == []


@pytest.mark.ci
def test_threads_that_can_be_set_once_only_are_told(tmp_path):
    """In a process of its own: nobody can put them back."""
    (tmp_path / "acme_pool.py").write_text("import torch\ntorch.set_num_interop_threads(3)\n")
    code = (
        "import torch, importlib\nfrom ganzoo._registry.import_watch import ImportWatch\n"
        "with ImportWatch('acme_pool') as watch:\n    importlib.import_module('acme_pool')\nprint(*watch.notes)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert all(
        each in done.stdout for each in ("get_num_interop_threads()", "to 3", "nobody can put back", "do not call")
    )
