"""Networks in NVIDIA's TensorFlow pickles: named variables, the arguments of the building function, sub-networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ganzoo.errors import CheckpointError
from ganzoo.interchange.records import Record

_MODULES = ("dnnlib.tflib.network", "tfutil")


@dataclass(frozen=True, eq=False)  # tensors have no single answer to ==
class TensorFlowNetwork:
    """A `dnnlib.tflib.Network` as its pickle holds it.

    Attributes:
        name: What it was called.
        version: Version of the pickle's layout.
        function: The function that built it, such as `G_style`; empty where the file does not say.
        static_kwargs: What that function was called with.
        variables: Its own variables, without those of `components`; every one a tensor.
        components: The networks inside of it, such as `mapping` and `synthesis`.
    """

    name: str
    version: int
    function: str
    static_kwargs: Mapping[str, Any]
    variables: Mapping[str, Tensor]
    components: Mapping[str, TensorFlowNetwork] = field(default_factory=dict)

    def all_variables(self) -> dict[str, Tensor]:
        """Return its variables, and those of all networks inside of it by `component/variable`."""
        found = dict(self.variables)
        for name, component in self.components.items():
            found |= {f"{name}/{inside}": value for inside, value in component.all_variables().items()}
        return found


def network_record(
    name: str,
    function: str,
    variables: Mapping[str, Tensor],
    components: Mapping[str, Record] | None = None,
    **static_kwargs: Any,
) -> Record:
    """Return a network as its pickle holds it, which `network_of` reads: for `example_content`.

    Args:
        name: What it is called.
        function: The function that built it, such as `G_style`.
        variables: Its own.
        components: The networks inside of it.
        static_kwargs: What that function was called with.
    """
    state = {
        "version": 4,
        "name": name,
        "build_func_name": function,
        "static_kwargs": static_kwargs,
        "variables": list(variables.items()),
        "components": dict(components or {}),
    }
    return Record(_MODULES[0], "Network", state=state)


def is_network(value: Any) -> bool:
    """Whether it is such a network."""
    known = isinstance(value, Record) and value.module in _MODULES and value.name == "Network"
    return known and isinstance(value.state, dict) and "variables" in value.state


def network_of(record: Record) -> TensorFlowNetwork:
    """Return a network's parts.

    Raises:
        CheckpointError: It is none, or damaged.
    """
    if not is_network(record):
        raise CheckpointError("it is no network of TensorFlow")
    state: dict[Any, Any] = record.state
    components = state.get("components", {})
    if not isinstance(components, dict) or not all(map(is_network, components.values())):
        raise CheckpointError("a network's components are damaged")
    version = state.get("version", 0)
    return TensorFlowNetwork(
        name=str(state.get("name", "")),
        version=version if isinstance(version, int) else 0,
        function=str(state.get("build_func_name", state.get("func_name", ""))),
        static_kwargs=_text_keys(state.get("static_kwargs", {})),
        variables=_variables(state["variables"]),
        components={str(name): network_of(inside) for name, inside in components.items()},
    )


def _variables(found: Any) -> dict[str, Tensor]:
    pairs = list(found.items()) if isinstance(found, dict) else found
    if not isinstance(pairs, list) or not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
        raise CheckpointError("the variables of a network are damaged")
    tensors = {}
    for name, value in pairs:
        if isinstance(value, int | float):
            value = torch.tensor(float(value))
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise CheckpointError("a variable of a network is not an array with a name")
        tensors[name] = value
    return tensors


def _text_keys(found: Any) -> dict[str, Any]:
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}
