"""Penalty stream: where a penalty draws its random numbers from."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from ganzoo.contracts.augmentations import Augmentation
from ganzoo.contracts.objectives import Regularizer
from ganzoo.testing.calls import draws, line_of, written
from ganzoo.testing.failure import require
from ganzoo.testing.ordered_step import OrderedStep
from ganzoo.testing.row_draws import SharedDraws
from ganzoo.testing.seeding import seeded
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


def check_shared_draws(penalty: Regularizer, step: OrderedStep) -> None:
    """Require that what is drawn for images is drawn for each: a draw without sizes is one for the step, and meant."""
    with steady_generator(step.generator), _augmenting(penalty) as augmenting:
        watch = SharedDraws(len(step.rows), lambda: bool(augmenting))
        with suppress(Exception), watch, seeded():  # its own error is told elsewhere
            penalty.penalty(step)
    found = [*step.shared, *(call for call, shape in watch.found.items() if shape)]
    require(
        not found,
        f"draws {' and '.join(map(str, found[:2]))} once for all images of a batch, though each is to have numbers of "
        f"its own: the first size counts images, step.uniform(len(step.real), 1, 1, 1); if one for the whole step is "
        f"meant, draw step.uniform(), or let depends_on_batch(options) return True",
    )


def require_own_latents(penalty: Regularizer, step: LinearStep) -> None:
    """Require that latents are the step's: those of its generator may be of another distribution than N(0, 1)."""
    width = step.generator.latent_dim
    drawn = LatentLike(width)
    # Its own error is told elsewhere.
    with steady_generator(step.generator), _given_to(step.generator) as given, suppress(Exception), drawn:
        penalty.penalty(step)
    # Noise that is added to latents is another thing.
    wrong = next((call for tensor, call in drawn.found if tensor.data_ptr() in given), "")
    require(
        not wrong,
        f"draws latents with {wrong}: a generator's latents may be others than N(0, 1), and follow from the "
        f"step's own stream; draw them with step.latents(count)",
    )


@contextmanager
def _given_to(generator: Any) -> Iterator[set[int]]:
    """Note where the first inputs of a generator's `forward` and `map` lie."""
    given: set[int] = set()
    names = [name for name in ("forward", "map") if hasattr(generator, name)]

    def noting(original: Any) -> Any:
        def noted(latents: Tensor, *args: Any, **kwargs: Any) -> Any:
            given.add(latents.data_ptr())
            return original(latents, *args, **kwargs)

        return noted

    for name in names:
        setattr(generator, name, noting(getattr(generator, name)))
    try:
        yield given
    finally:
        for name in names:
            delattr(generator, name)


class LatentLike(TorchFunctionMode):
    """Notes what is drawn from N(0, 1) in the shape of latents, and by which call."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.found: list[tuple[Tensor, str]] = []
        self._width = width

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchFunctionMode`."""
        result = func(*args, **(kwargs or {}))
        is_drawn = getattr(func, "__name__", "") in _NORMAL and (kwargs or {}).get("generator") is None
        if is_drawn and result.shape[1:] == (self._width,):
            self.found.append((result, f"`{written(func)}` ({line_of(sys._getframe(1))})"))
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
