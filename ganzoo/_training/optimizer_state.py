"""Optimizer state: what a torch optimizer remembers, as a flat mapping of tensors and back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.errors import PluginError

_GROUP = "group"  # no parameter's name has a slash, so none is taken for it


def flat_state(
    optimizer: torch.optim.Optimizer, parameters: Mapping[str, nn.Parameter], settings: Collection[str]
) -> dict[str, Tensor]:
    """Return moments as `parameter/moment`, and numbers in its groups, but for its `settings`, as `group/0/number`.

    Raises:
        PluginError: It remembers something else than tensors of a parameter.
    """
    names: dict[Tensor, str] = {parameter: name for name, parameter in parameters.items()}
    flat: dict[str, Tensor] = {}
    for parameter, moments in optimizer.state.items():
        for key, value in moments.items():
            if not isinstance(value, Tensor):
                raise PluginError(
                    f"the optimizer {type(optimizer).__name__} keeps {type(value).__name__} '{key}' for a parameter, "
                    f"which no checkpoint can hold; its author must keep tensors in `state`"
                )
            flat[f"{names[parameter]}/{key}"] = value
    for key, value in _counted(optimizer, settings):
        flat[f"{_GROUP}/{key}"] = torch.tensor(value, dtype=torch.float64)
    return flat


def load_flat(
    optimizer: torch.optim.Optimizer, parameters: Mapping[str, nn.Parameter], flat: Mapping[str, Tensor]
) -> None:
    """Take back what `flat_state` returned. Parameters that had no gradient yet have no moments."""
    for key, value in flat.items():
        name, _, moment = key.rpartition("/")
        if name.startswith(f"{_GROUP}/"):
            group = optimizer.param_groups[int(name.rpartition("/")[2])]
            group[moment] = type(group[moment])(value.item())
            continue
        parameter = parameters[name]
        # Torch keeps step counters where the fused kernel wants them, with the parameter; and that kernel walks
        # memory without looking at strides, so a moment must lie as its parameter does (channels last).
        like = torch.empty_like(parameter if value.shape == parameter.shape else value, device=parameter.device)
        optimizer.state[parameter][moment] = like.detach().copy_(value)


def _counted(optimizer: torch.optim.Optimizer, settings: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Yield the numbers of groups that an optimizer may change itself, such as a count of its steps."""
    for index, group in enumerate(optimizer.param_groups):
        for key, value in group.items():
            if type(value) in (int, float) and key not in settings:
                yield f"{index}/{key}", value
