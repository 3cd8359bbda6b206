"""Persistence: modules in NVIDIA's PyTorch pickles, each a record of a class's name, its source as text, and its state.

The source is never looked at; the parameters by name and the arguments that made the module identify it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from ganzoo.errors import CheckpointError
from ganzoo.interchange.records import Record

_FUNCTION = ("torch_utils.persistence", "_reconstruct_persistent_obj")


def persistent_record(kind: str, state: Mapping[str, Tensor | Record], **attributes: Any) -> Record:
    """Return a module as such a pickle holds it, of which `module_state` gives the tensors: for `example_content`.

    Args:
        kind: The name of its class: `Generator`.
        state: Its parameters, and modules that are records already, by their names with dots; the modules between are
            made.
        attributes: What else it has.
    """
    own, inside = dict[str, Any](), dict[str, dict[str, Tensor | Record]]()
    modules = {name: value for name, value in state.items() if isinstance(value, Record) and "." not in name}
    for name, value in state.items():
        head, _, rest = name.partition(".")
        if rest:
            inside.setdefault(head, {})[rest] = value
        elif name not in modules:
            own[name] = value
    modules |= {name: persistent_record("Layer", within) for name, within in inside.items()}
    found = {"_parameters": own, "_buffers": {}, "_modules": modules, **attributes}
    return Record(*_FUNCTION, args=({"type": "class", "class_name": kind, "state": found},))


def is_persistent(value: Any) -> bool:
    """Whether it is a module of such a pickle."""
    return isinstance(value, Record) and value.is_of(*_FUNCTION) and isinstance(_meta(value).get("state"), dict)


def class_name(record: Record) -> str:
    """Return the name of the class that a module was of: `Generator`."""
    return str(_meta(record).get("class_name", "")) if record.is_of(*_FUNCTION) else record.name


def attributes(record: Record) -> dict[Any, Any]:
    """Return what a module's attributes were."""
    state = _meta(record).get("state") if record.is_of(*_FUNCTION) else record.state
    return state if isinstance(state, dict) else {}


def init_kwargs(record: Record) -> dict[str, Any]:
    """Return the named arguments that a module was made with."""
    found = attributes(record).get("_init_kwargs", {})
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}


def init_args(record: Record) -> tuple[Any, ...]:
    """Return the arguments without a name that a module was made with."""
    found = attributes(record).get("_init_args", ())
    return tuple(found) if isinstance(found, tuple | list) else ()


def submodules(record: Record) -> dict[str, Record]:
    """Return the modules right inside of a module, by name."""
    return {name: inside for name, inside in _named(record, "_modules") if isinstance(inside, Record)}


def module_state(record: Record) -> dict[str, Tensor]:
    """Return all parameters and buffers of a module and those inside of it, as its `state_dict` would name them.

    Raises:
        CheckpointError: It is no module, or what should be a tensor is none.
    """
    return dict(_tensors(record, ""))


def _tensors(record: Record, prefix: str) -> Iterator[tuple[str, Tensor]]:
    for kind in ("_parameters", "_buffers"):
        for name, value in _named(record, kind):
            if isinstance(value, int | float):  # a number of numpy where an array was meant
                value = torch.tensor(value)
            if isinstance(value, Tensor):
                yield prefix + name, value
            elif value is not None:
                raise CheckpointError(f"'{prefix}{name}' is not a tensor")
    for name, inside in submodules(record).items():
        yield from _tensors(inside, f"{prefix}{name}.")


def _named(record: Record, kind: str) -> list[tuple[str, Any]]:
    found = attributes(record).get(kind, {})
    if not isinstance(found, dict):
        raise CheckpointError(f"a module's {kind} is no dictionary")
    return [(str(name), value) for name, value in found.items()]


def _meta(record: Record) -> dict[Any, Any]:
    meta = record.args[0] if record.args else None
    if isinstance(meta, Record):
        meta = meta.mapping or meta.state
    return meta if isinstance(meta, dict) else {}
