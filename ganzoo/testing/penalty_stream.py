"""Penalty stream: where a penalty draws its random numbers from."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from torch.overrides import TorchFunctionMode

from ganzoo.contracts.augmentations import Augmentation
from ganzoo.contracts.objectives import Regularizer
from ganzoo.testing.calls import draws, line_of, written
from ganzoo.testing.failure import require
from ganzoo.testing.step import LinearStep

_NORMAL = frozenset(("randn", "randn_like", "normal", "normal_"))


def check_stream(penalty: Regularizer, step: LinearStep) -> None:
    """Require that numbers come from the step's own stream; N(0, 1) ones, which it has not, from the global one."""
    with steady_generator(step.generator), _augmenting(penalty) as augmenting:
        found = draws(lambda: penalty.penalty(step), given=[step.stream], allowed=lambda: bool(augmenting))
    require_own_latents(penalty, step)
    wrong = " and ".join(
        each for each in found.split(" and ") if "torch.randn" not in each or "torch.Generator" in each
    )
    require(
        not wrong,
        f"draws with {wrong}: its numbers would follow from what else was drawn in the step, or be the same in each; "
        f"draw from the step's own stream, step.uniform(...) and step.latents(...)",
    )


def require_own_latents(penalty: Regularizer, step: LinearStep) -> None:
    """Require that latents are the step's: those of its generator may be of another distribution than N(0, 1)."""
    width = step.generator.latent_dim
    drawn = LatentLike(width)
    with steady_generator(step.generator), suppress(Exception), drawn:  # its own error is told elsewhere
        penalty.penalty(step)
    require(
        not drawn.found,
        f"draws latents with {drawn.found}: a generator's latents may be others than N(0, 1), and follow from the "
        f"step's own stream; draw them with step.latents(count)",
    )


class LatentLike(TorchFunctionMode):
    """Notes the first call that draws N(0, 1) numbers of the shape of latents."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.found = ""
        self._width = width

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchFunctionMode`."""
        result = func(*args, **(kwargs or {}))
        is_drawn = getattr(func, "__name__", "") in _NORMAL and (kwargs or {}).get("generator") is None
        if is_drawn and not self.found and result.shape[1:] == (self._width,):
            self.found = f"`{written(func)}` ({line_of(sys._getframe(1))})"
        return result


@contextmanager
def _augmenting(penalty: Regularizer) -> Iterator[list[Augmentation]]:
    """Note which augmentation of a penalty is at work: by its contract it draws from the global stream."""
    at_work: list[Augmentation] = []
    own = [each for each in penalty.modules() if isinstance(each, Augmentation)]
    begins = [each.register_forward_pre_hook(lambda module, _: at_work.append(module)) for each in own]
    ends = [each.register_forward_hook(lambda *_: at_work.clear()) for each in own]
    try:
        yield at_work
    finally:
        for handle in (*begins, *ends):
            handle.remove()


@contextmanager
def steady_generator(generator: Any) -> Iterator[None]:
    """Let a generator draw nothing inside: neither noise nor mixed styles."""
    mode = generator.training
    generator.eval()
    if hasattr(generator, "use_noise"):
        generator.use_noise("constant")
    try:
        yield
    finally:
        if hasattr(generator, "use_noise"):
            generator.use_noise("random")
        generator.train(mode)
