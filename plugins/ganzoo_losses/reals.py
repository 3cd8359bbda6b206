"""Reals of the generator's step, which relativistic losses ask for."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ganzoo import PluginError


def drawn_reals(loss: str, real: Callable[[], Tensor] | None) -> Tensor:
    """Return the logits `[N]` of fresh reals, without their graph. Raises PluginError where none are given."""
    logits = real() if callable(real) else None
    if logits is None or logits.numel() == 0:
        raise PluginError(
            f"the loss {loss!r} needs the logits of real images in the generator's step, and was given none: "
            "generator_loss(fake, real) must get a function that returns them"
        )
    # They do not depend on the generator: their graph would only take memory.
    return logits.detach()
