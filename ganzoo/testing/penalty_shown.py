"""Penalty shown: what a penalty shows the networks: images that passed the augmentation once, and labels of a class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ganzoo.contracts.objectives import Regularizer
from ganzoo.testing.failure import require
from ganzoo.testing.penalty_images import of_color
from ganzoo.testing.penalty_stream import steady_generator
from ganzoo.testing.seeding import seeded
from ganzoo.testing.step import LinearStep

_LIGHT = 0.25


@dataclass(frozen=True)
class Shown:
    """Images that a penalty shows the critic.

    Attributes:
        images: The images.
        augment: Whether they pass the augmentation on the way.
        passed: Whether they are made of images that passed it before.
    """

    images: Tensor
    augment: bool
    passed: bool


def check_augmented_once(case: Any) -> None:
    """Require that images pass the augmentation once, and that none is compared with one that passed none."""
    plain, lighter = (_shown(case.built(), case.step(), light) for light in (0.0, _LIGHT))
    if len(plain) != len(lighter):
        return
    for one, other in zip(plain, lighter, strict=True):
        same = one.images.shape == other.images.shape and torch.equal(one.images, other.images)
        require(
            not (one.augment and one.passed and not same),
            "shows the critic images that were augmented before, and so twice: step.real_shown and step.fake_shown "
            "have passed the augmentation; what is made of them is asked with step.critic(..., augment=False)",
        )
        require(
            one.augment or one.passed or not same,
            "asks the critic with augment=False for images that passed no augmentation, unlike all that it is trained "
            "on: change step.real_shown and step.fake_shown, which passed it, or leave augment=False out",
        )


def check_labels_given(case: Any) -> None:
    """Require that the networks are told the class of each image, where there are classes."""
    penalty, step = of_color(case)
    if not step.labels.shape[1]:
        return
    found: dict[str, None] = {}
    networks = {"generator": step.generator, "critic": step.discriminator}

    def noting(what: str) -> Any:
        def hook(module: nn.Module, given: Sequence[Any]) -> None:
            if len(given) > 1 and isinstance(given[1], Tensor) and not given[1].detach().sum(dim=1).all():
                found.setdefault(what)

        return hook

    handles = [each.register_forward_pre_hook(noting(what)) for what, each in networks.items()]
    with suppress(Exception), seeded():  # its own error is told elsewhere
        penalty.penalty(step)
    for each in handles:
        each.remove()
    require(
        not found,
        f"gives the {' and the '.join(found)} labels that are all 0, and so no class, where images have classes: give "
        f"step.labels",
    )


def check_classes_apart(case: Any) -> None:
    """Require that a penalty that reads labels itself takes no two classes for one."""
    classes = range(of_color(case)[1].labels.shape[1])
    pairs = {(one, other): _differ(case, one, other) for one in classes for other in classes if one < other}
    merged = [pair for pair, differ in pairs.items() if not differ]
    require(
        not merged or len(merged) == len(pairs),
        f"takes classes {' and '.join(map(str, merged[0] if merged else ()))} for one, and tells others apart: the "
        f"number of a class is labels.argmax(dim=1), from 0",
    )


def _differ(case: Any, one: int, other: int) -> bool:
    """Whether it makes a difference that half of the images are of another class, to networks that know of none."""
    values = []
    for second in (one, other):
        penalty, step = of_color(case)
        labels = torch.eye(step.labels.shape[1])[[(one, second)[row % 2] for row in range(len(step.labels))]]
        with _classless(step), seeded(), steady_generator(step.generator):
            step.labels = labels
            values.append(penalty.penalty(step).detach())
    return not torch.allclose(values[0], values[1], rtol=1e-5, atol=0)


@contextmanager
def _classless(step: Any) -> Iterator[None]:
    """Let the networks of a step take all images for such of one class inside."""
    fixed = step.labels[:1]

    def same(original: Any) -> Any:
        return lambda images, labels, augment=True: original(images, fixed.expand(len(images), -1), augment=augment)

    for name in ("critic", "critic_features"):
        setattr(step, name, same(getattr(step, name)))
    handle = step.generator.register_forward_pre_hook(lambda _, given: (given[0], fixed.expand(len(given[0]), -1)))
    try:
        yield
    finally:
        handle.remove()


def _shown(penalty: Regularizer, step: LinearStep, light: float) -> list[Shown]:
    passing = _Passed()
    step.augmentation = _Lighter(passing, light)  # type: ignore[assignment]  # all that a step asks of one
    with suppress(Exception), steady_generator(step.generator), seeded(), _watching(step, passing) as found, passing:
        penalty.penalty(step)  # its own error is told elsewhere
    return found


@contextmanager
def _watching(step: Any, passing: _Passed) -> Iterator[list[Shown]]:
    found: list[Shown] = []

    def noting(original: Any) -> Any:
        def noted(images: Tensor, labels: Tensor, *, augment: bool = True) -> Any:
            found.append(Shown(images.detach().clone(), augment, passing.has(images)))
            return original(images, labels, augment=augment)

        return noted

    _ = step.real_logits, step.fake_logits  # the step's own, which are asked rightly
    for name in ("critic", "critic_features"):
        setattr(step, name, noting(getattr(step, name)))
    yield found


class _Passed(TorchFunctionMode):
    """Knows which tensors are made of such that passed an augmentation."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[int, Tensor] = {}  # kept, so that no other tensor gets the identity of one

    def has(self, value: object) -> bool:
        """Whether a tensor is one."""
        return id(value) in self._known

    def add(self, value: Tensor) -> None:
        """Note one."""
        self._known[id(value)] = value

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchFunctionMode`."""
        result = func(*args, **(kwargs or {}))
        if any(map(self.has, _tensors([*args, *(kwargs or {}).values()]))):
            for each in _tensors([result]):
                self.add(each)
        return result


def _tensors(values: Sequence[Any]) -> Iterator[Tensor]:
    for each in values:
        if isinstance(each, Tensor):
            yield each
        elif isinstance(each, list | tuple):
            yield from _tensors(each)


class _Lighter:
    """An augmentation that makes all images lighter by as much."""

    def __init__(self, passing: _Passed, light: float) -> None:
        self._passing, self._light = passing, light

    def __call__(self, images: Tensor) -> Tensor:
        shown = images + self._light
        self._passing.add(shown)
        return shown
