"""Devices: whether a module works wherever it is, asked of the meta device, which every machine has."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from ganzoo.testing.calls import Call, Calls, caller, written
from ganzoo.testing.failure import ConformanceError
from ganzoo.testing.state import plain_values

_FACTORY_NAMES = """
    zeros ones empty full arange linspace eye tensor as_tensor from_numpy rand randn randint randperm
"""
_FACTORIES = frozenset(_FACTORY_NAMES.split())
_MIXING_NAMES = "to copy_ type_as __getitem__ __setitem__ index_put_ set_ __set__ load_state_dict"
_MAY_MIX = frozenset(_MIXING_NAMES.split())
_TAKES_AWAY = frozenset(("cuda", "cpu", "numpy", "item", "tolist", "__float__", "__int__", "__array__"))


def check_device(module: nn.Module, run: Callable[[nn.Module], object], what: str) -> None:
    """Require that a module which was moved to another device computes there.

    Args:
        module: Built on the CPU.
        run: Runs it on inputs of the meta device.
        what: What is run.
    """
    moved = copy.deepcopy(module).to("meta")
    calls = _Devices(_wanted)
    error: Exception | None = None
    try:
        with calls:
            run(moved)
    except ConformanceError:
        raise
    except Exception as raised:
        error = raised
    if error is not None or calls.mixed is not None:
        at = calls.mixed or calls.culprit
        raise ConformanceError(
            f"{what} fails on another device than it was built on (here `meta`), at {at}: {_cause(moved, calls)}"
        ) from error


class _Devices(Calls):
    """Notes the first call, in `mixed`, that is given tensors of two devices."""

    mixed: Call | None = None

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchFunctionMode`."""
        devices = {each.device.type for each in args if isinstance(each, Tensor) and each.dim()}
        if len(devices) > 1 and self.mixed is None and getattr(func, "__name__", "") not in _MAY_MIX:
            self.mixed = Call(written(func), caller())
        return super().__torch_function__(func, types, args, kwargs)


def _wanted(name: str, keywords: Mapping[str, Any]) -> str | None:
    if name in _FACTORIES and "device" not in keywords:
        return f"torch.{name}(...)"
    return f".{name.strip('_')}()" if name in _TAKES_AWAY else None


def _cause(module: nn.Module, calls: Calls) -> str:
    stayed = [name for name, value, _ in plain_values(module) if _stayed(value)]
    if stayed:
        return (
            f"`{stayed[0]}` is a plain tensor, which stays on the device that it was made on; use register_buffer, "
            f"with persistent=False where it need not be saved"
        )
    taken = [each for each in calls.found if each.what.startswith(".") and each.what != ".cuda()"]
    if taken:
        return (
            f"{' and '.join(map(str, taken[:3]))} takes numbers off the device: it waits for a GPU at each step, and "
            f"cuts them from the graph; compute with tensors, `.detach()` where no gradient is to flow"
        )
    if calls.found:
        return (
            f"{calls.told()} makes or wants a tensor of one device; use images.device, `new_zeros`, `zeros_like`, or "
            f"ganzoo.layers.to_device"
        )
    return "make every tensor on the device of the inputs"


def _stayed(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dim() > 0 and value.device.type != "meta"
