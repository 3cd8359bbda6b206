"""Penalty stream: where a penalty draws its random numbers from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ganzoo.contracts.augmentations import Augmentation
from ganzoo.contracts.objectives import Regularizer
from ganzoo.testing.calls import draws
from ganzoo.testing.failure import require
from ganzoo.testing.step import LinearStep


def check_stream(penalty: Regularizer, step: LinearStep) -> None:
    """Require that numbers come from the step's own stream; N(0, 1) ones, which it has not, from the global one."""
    with steady_generator(step.generator), _augmenting(penalty) as augmenting:
        found = draws(lambda: penalty.penalty(step), given=[step.stream], allowed=lambda: bool(augmenting))
    wrong = " and ".join(
        each for each in found.split(" and ") if "torch.randn" not in each or "torch.Generator" in each
    )
    require(
        not wrong,
        f"draws with {wrong}: its numbers would follow from what else was drawn in the step, or be the same in each; "
        f"draw from the step's own stream, step.uniform(...) and step.latents(...)",
    )


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
