"""State dicts: tensors by name, as `torch.save(network.state_dict(), ...)` leaves them, alone or several in a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch import Tensor

from ganzoo.interchange.records import Record
from ganzoo.interchange.safetensors_file import MODULE, NAME

_PREFIX = "module."  # of networks that were trained on several GPUs
_AVERAGED = re.compile(r"shadow|ema|running|average", re.IGNORECASE)


def state_dicts(content: Any) -> dict[str, dict[str, Tensor]]:
    """Return the state dicts in a file by their keys; one that stands alone has an empty key.

    Names lose the `module.` that training on several GPUs puts before all of them.
    """
    if isinstance(content, Record) and content.is_of(MODULE, NAME):
        content = content.mapping
    if not isinstance(content, dict):
        return {}
    if _is_state(content):
        return {"": _bare(content)}
    return {
        str(key): _bare(inside) for key, inside in content.items() if isinstance(inside, dict) and _is_state(inside)
    }


def is_averaged(key: str) -> bool:
    """Whether a key says that its generator is the EMA: `g_ema`, `gen_shadow`, `g_running`."""
    return bool(_AVERAGED.search(key))


def _is_state(content: Mapping[Any, Any]) -> bool:
    return bool(content) and all(isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items())


def _bare(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    wrapped = all(name.startswith(_PREFIX) for name in state)
    return {name.removeprefix(_PREFIX) if wrapped else name: value for name, value in state.items()}


def renamed(
    state: Mapping[str, Tensor], rules: Iterable[tuple[str, str, Callable[[Tensor], Tensor] | None]]
) -> dict[str, Tensor]:
    """Return tensors by other names, as an importer's `example_content` writes its own network in a foreign layout.

    Args:
        state: Tensors by name.
        rules: A pattern for a whole name, what it becomes, and what becomes of the tensor; None: nothing. The first
            that fits counts; what none fits is left out.
    """
    rules, found = tuple(rules), {}
    for name, value in state.items():
        for pattern, theirs, change in rules:
            if match := re.fullmatch(pattern, name):
                found[match.expand(theirs)] = change(value) if change else value
                break
    return found
