"""State dict: a checkpoint's part loaded into a network."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from ganzoo.errors import RunError


def load_into(network: nn.Module, tensors: Mapping[str, Tensor], part: str) -> None:
    """Load a checkpoint's part into a network. Raises RunError where they do not fit."""
    try:
        network.load_state_dict(dict(tensors))
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise RunError(f"the checkpoint's {part} does not fit the recipe's: {reason}") from None
