"""Augmentation habits: what an augmentation draws, remembers and differentiates, beside the images that it gives."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.testing import state
from ganzoo.testing.calls import draws
from ganzoo.testing.company import COUNT, Rows, check_company, check_memory
from ganzoo.testing.derivatives import check_curvature, check_slopes
from ganzoo.testing.devices import check_device
from ganzoo.testing.failure import NotAsked, require
from ganzoo.testing.properties import Property, fullest
from ganzoo.testing.row_draws import RowDraws, SharedDraws
from ganzoo.testing.seeding import seeded
from ganzoo.testing.slopes import double

_SIZE = 16
_SEEDS = 4


def _images(case: Any, count: int = COUNT, seed: int = 8) -> Tensor:
    """Return images of which each is brighter and richer in contrast than the one before."""
    rng = torch.Generator().manual_seed(seed)
    images = torch.rand(count, case.spec.channels, _SIZE, _SIZE, generator=rng) * 2 - 1
    contrast = torch.linspace(0.4, 1, count).view(-1, 1, 1, 1)
    return images * contrast + (contrast - 0.8).clamp(-1 + contrast, 1 - contrast)


def _check_company(case: Any) -> None:
    augmentation, images = case.built(), _images(case)
    looped = _watched(augmentation, images).looped

    def run(rows: Rows) -> Sequence[Tensor]:
        with torch.no_grad(), seeded(), RowDraws(list(rows), looped):
            return [copy.deepcopy(augmentation)(images[list(rows)])]

    check_company(run, "a forward", advice="; let depends_on_batch(options) return True if that is meant")


def _watched(augmentation: Any, images: Tensor) -> SharedDraws:
    """Return what an augmentation draws for all images at once, or for each in a loop."""
    watch = SharedDraws(COUNT)
    with torch.no_grad(), seeded(), watch:
        copy.deepcopy(augmentation)(images)
    return watch


def _check_draws(case: Any) -> None:
    watch = _watched(case.built(), _images(case))
    found = " and ".join(map(str, list(watch.found)[:2]))
    require(
        not found,
        f"draws {found} once for all images of a batch, so that all are changed alike; draw a number for each, "
        f"torch.rand(len(images), 1, 1, 1, device=images.device), or let depends_on_batch(options) return True if that "
        f"is meant",
    )


def _check_range(case: Any) -> None:
    augmentation, images = case.built(), _images(case)
    darkest = float("inf")
    for seed in range(_SEEDS):
        with torch.no_grad(), seeded(seed):
            darkest = min(darkest, float(augmentation(images).min()))
    require(
        darkest < 0,
        f"what it gives of images in [-1, 1] is nowhere below {darkest:.3g}: it takes them for [0, 1], or clamps dark "
        f"pixels away",
    )


def _is_independent(case: Any) -> bool:
    return bool(case.is_fullest and not case.cls.depends_on_batch(case.options))


def _check_memory(case: Any) -> None:
    batches = _images(case), _images(case, seed=9)

    def call(augmentation: Any, number: int) -> Sequence[Tensor]:
        with torch.no_grad(), seeded(number):  # other numbers for each, which an earlier call may have kept
            return [augmentation(batches[number].clone())]

    check_memory(call, case.built, "a forward")


def _check_stream(case: Any) -> None:
    augmentation, images = case.built(), _images(case)
    found = draws(lambda: augmentation(images))
    require(
        "torch.Generator" not in found,
        f"draws with {found}, so that each step has the same numbers, or a resume others; draw from torch's global "
        f"stream, which is seeded at each step",
    )


def _check_device(case: Any) -> None:
    images = _images(case).to("meta")

    def run(module: nn.Module) -> object:
        return module(images)

    check_device(case.built(), run, "a forward")


def _check_observing(case: Any) -> None:
    augmentation = case.built()
    logits = torch.linspace(-2.0, 3.0, COUNT)
    given = logits.clone()
    augmentation.observe(given)
    require(torch.equal(given, logits), "observe(real_logits) changes the logits that it is given; copy them")
    kept = [name for name, value in vars(augmentation).items() if value is given]
    require(not kept, f"observe(real_logits) keeps the logits, and so may keep their graph, in {', '.join(kept)}")


def _check_slopes(case: Any) -> None:
    images = _images(case, 2).double().requires_grad_()
    with double():
        augmentation = case.built().double()
        weights = torch.randn(images.shape, generator=torch.Generator().manual_seed(4))

        def value() -> Tensor:
            with seeded():
                output = copy.deepcopy(augmentation)(images)
            return (output * weights + output.square() / 2).sum()

        try:
            value()
        except RuntimeError as error:
            raise NotAsked(f"does not compute in float64: {error}") from error
        check_slopes(value, {"the images": images}, "a forward")
        check_curvature(value, images, {"the images": images}, "a forward")


HABITS = (
    Property("changes each image by itself", _check_company, _is_independent),
    Property("draws numbers for each image", _check_draws, _is_independent),
    Property("keeps dark pixels dark", _check_range, fullest),
    Property("shares nothing with other instances", lambda case: state.check_own(case.built), fullest),
    Property("depends on no earlier call", _check_memory, fullest),
    Property("draws from torch's global stream", _check_stream, fullest),
    Property("computes on the device that it is moved to", _check_device, fullest),
    Property("leaves the logits that it observes", _check_observing, fullest),
    Property("its gradients are derivatives", _check_slopes, fullest, needs="penalties can be taken through it"),
)
