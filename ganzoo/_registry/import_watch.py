"""Import watch: what a plugin does while it is imported, besides being imported.

What it prints goes to standard error, so that it never mixes with what a command was asked for. Settings of torch and
of Python, random streams and the environment that it changes are put back: numbers, and what people are told, must not
depend on which plugins there are. How long it keeps the processor, whatever else the machine does, is measured without
torch itself, which whoever comes first would seem to be slow for.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from typing import Any

from ganzoo._registry.process_state import ProcessState
from ganzoo._registry.shared_settings import SharedSettings

SLOW_SECONDS = 1.0
_REMEDIES = {
    "torch.get_num_threads()": "whoever starts the run chooses threads (OMP_NUM_THREADS)",
    "torch.initial_seed()": "a run is seeded by its recipe: draw from a torch.Generator of its own where one is needed",
}
_TORCH = "torch"


class ImportWatch:
    """Watches the import of one plugin, inside a `with` block.

    Attributes:
        notes: What a person should know of it, a phrase each, once the block has ended.
    """

    def __init__(self, package: str) -> None:
        self.notes: list[str] = []
        self._package = package
        self._before: Mapping[str, Any] = {}
        self._pool = 0  # threads of torch for work beside work
        self._apart = 0.0  # processor seconds of torch's own import
        self._stack = ExitStack()

    def __enter__(self) -> ImportWatch:
        self._stack.enter_context(_printing_to_stderr())
        self._warned = self._stack.enter_context(warnings.catch_warnings(record=True))
        warnings.simplefilter("always", DeprecationWarning)
        warnings.simplefilter("always", FutureWarning)
        self._process, self._shared = ProcessState(self._is_own), SharedSettings(self._is_own)
        if _TORCH in sys.modules:
            self._look()
        else:
            sys.meta_path.insert(0, self)
        self._start = time.thread_time()
        return self

    def __exit__(self, *error: object) -> None:
        seconds = time.thread_time() - self._start - self._apart
        with suppress(ValueError):
            sys.meta_path.remove(self)
        changed = [*self._process.put_back(), *self._shared.put_back()]
        self._stack.close()
        if seconds > SLOW_SECONDS:
            self.notes.append(
                f"takes {seconds:.1f} s of the processor to import, which each command that needs it waits for; import "
                f"what is slow inside the functions that use it"
            )
        self.notes += changed
        self.notes += [_advised(each) for each in put_back(self._before)]
        self._judge_pool()
        self._judge_warnings()

    def _look(self) -> None:
        """Take what is now for untouched."""
        torch: Any = sys.modules[_TORCH]
        self._before, self._pool = torch_settings(), torch.get_num_interop_threads()
        self._process.look()

    def _judge_pool(self) -> None:
        torch: Any = sys.modules.get(_TORCH)
        if not self._before or torch.get_num_interop_threads() == self._pool:
            return
        self.notes.append(
            f"changed torch.get_num_interop_threads() from {self._pool} to {torch.get_num_interop_threads()} for "
            f"everybody, which torch can set once only and nobody can put back: do not call "
            f"torch.set_num_interop_threads; whoever starts the run chooses threads"
        )

    def _is_own(self, file: str) -> bool:
        """Whether a file is of the package that is imported."""
        return f"{os.sep}{self._package}{os.sep}" in file or file.endswith(f"{os.sep}{self._package}.py")

    def _judge_warnings(self) -> None:
        for warning in self._warned:
            if self._is_own(warning.filename) and issubclass(warning.category, DeprecationWarning | FutureWarning):
                text = " ".join(str(warning.message).split())[:300]
                self.notes.append(f"uses what is deprecated: {text} ({warning.filename}:{warning.lineno})")
            elif not issubclass(warning.category, DeprecationWarning):
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Find torch, and time its import; see `importlib.abc.MetaPathFinder`."""
        if name != _TORCH:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        loader: Any = spec.loader if spec else None
        if loader is None:
            return spec
        execute = loader.exec_module

        def timed(module: Any) -> None:
            start = time.thread_time()
            execute(module)
            self._apart += time.thread_time() - start
            self._look()

        loader.exec_module = timed
        return spec


def torch_settings() -> Mapping[str, Any]:
    """Return the global settings of torch that numbers or their speed depend on, by the call that reads each."""
    torch: Any = sys.modules[_TORCH]
    return {
        "torch.get_num_threads()": torch.get_num_threads(),
        "torch.initial_seed()": torch.initial_seed(),
        "torch.are_deterministic_algorithms_enabled()": torch.are_deterministic_algorithms_enabled(),
        "torch.get_default_dtype()": torch.get_default_dtype(),
        "torch.get_default_device()": torch.get_default_device(),
        "torch.is_anomaly_enabled()": torch.is_anomaly_enabled(),
        "torch.get_float32_matmul_precision()": torch.get_float32_matmul_precision(),
        "torch.backends.cudnn.benchmark": torch.backends.cudnn.benchmark,
        "torch.backends.cudnn.deterministic": torch.backends.cudnn.deterministic,
        "torch.is_grad_enabled()": torch.is_grad_enabled(),
    }


def put_back(before: Mapping[str, Any]) -> Iterator[str]:
    """Undo what was changed, and say what, a phrase each."""
    if not before:
        return
    torch: Any = sys.modules[_TORCH]
    undo: Mapping[str, Any] = {
        "torch.get_num_threads()": torch.set_num_threads,
        "torch.initial_seed()": torch.manual_seed,
        "torch.are_deterministic_algorithms_enabled()": torch.use_deterministic_algorithms,
        "torch.get_default_dtype()": torch.set_default_dtype,
        # None: a device that was set, even the CPU, is asked for at every call.
        "torch.get_default_device()": lambda device: torch.set_default_device(None if device.type == "cpu" else device),
        "torch.is_anomaly_enabled()": torch.autograd.set_detect_anomaly,
        "torch.get_float32_matmul_precision()": torch.set_float32_matmul_precision,
        "torch.backends.cudnn.benchmark": lambda value: setattr(torch.backends.cudnn, "benchmark", value),
        "torch.backends.cudnn.deterministic": lambda value: setattr(torch.backends.cudnn, "deterministic", value),
        "torch.is_grad_enabled()": torch.set_grad_enabled,
    }
    for name, after in torch_settings().items():
        if after != before[name]:
            undo[name](before[name])
            yield f"changed {name} from {before[name]} to {after} for everybody"


def _advised(change: str) -> str:
    remedies = (remedy for name, remedy in _REMEDIES.items() if name in change)
    return f"{change}, which was put back; {next(remedies, 'set it where it is used')}"


@contextmanager
def _printing_to_stderr() -> Iterator[None]:
    """Send what is printed to standard error, what C code and child processes print too."""
    with redirect_stdout(sys.stderr):
        kept = None
        with suppress(OSError):
            sys.stderr.flush()
            kept = os.dup(1)
            os.dup2(2, 1)
        try:
            yield
        finally:
            if kept is not None:
                os.dup2(kept, 1)
                os.close(kept)
