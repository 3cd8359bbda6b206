"""Penalty images: whether a penalty is the mean over the images of a batch, each with numbers of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts.objectives import Regularizer
from ganzoo.testing.colored_step import COLOR, colored_step
from ganzoo.testing.critics import TinyFeaturedDiscriminator, TinyMappedDiscriminator
from ganzoo.testing.failure import doing, require
from ganzoo.testing.label_uses import require_one_hot
from ganzoo.testing.ordered_step import OrderedStep
from ganzoo.testing.penalty_stream import check_shared_draws
from ganzoo.testing.row_draws import RowDraws
from ganzoo.testing.seeding import seeded
from ganzoo.testing.settings import BATCH, reason_against

_ALL = range(BATCH)
# Each image twice, after all others or beside itself: a penalty may take a part of the batch, or compare halves.
_ARRANGED: tuple[Sequence[int], ...] = (_ALL, [*_ALL] * 2, [row // 2 for row in range(2 * BATCH)])
_COPIES = 5  # several, for what compares with others of a batch; and no other size of anything
Value = Callable[[Regularizer, OrderedStep], Tensor]


def takes_color(case: Any) -> bool:
    """Whether a penalty can be asked on color images with classes, before a critic that knows them."""
    if case.is_given:
        return False
    if not issubclass(TinyFeaturedDiscriminator, case.cls.discriminator_must_be):
        return False
    return reason_against(case.cls, case.options, COLOR, TinyFeaturedDiscriminator) is None


def of_color(case: Any, order: Sequence[int] = _ALL) -> tuple[Regularizer, OrderedStep]:
    """Return a fresh penalty and a batch of color images with classes; of its own world where it takes none."""
    if not takes_color(case):
        return case.built(), case.step(order)
    mapped = case.world.critic is TinyMappedDiscriminator
    step = colored_step(case.declared, order, case.situation, mapped=mapped)
    with doing("building it for color images with classes"), seeded():
        regularizer: Regularizer = case.cls(case.begun)
        regularizer.prepare(COLOR, step.discriminator)
    return case.moved(regularizer), step


def ask_mean(value: Value) -> Callable[[Any], None]:
    """Return what requires the mean over the batch; `value` computes a penalty."""

    def drawn(penalty: Regularizer, step: OrderedStep) -> Tensor:  # built before: its initial weights have no rows
        with RowDraws(step.rows):
            return value(penalty, step)

    def ask(case: Any) -> None:
        _require_no_sum([drawn(case.built(), case.step(rows)) for rows in _ARRANGED])
        whole = [drawn(*of_color(case, rows)) for rows in _ARRANGED]
        single = torch.stack([drawn(*of_color(case, [row] * _COPIES)) for row in _ALL])
        _require_mean(whole, single, of_color(case)[1].labels)

    return ask


def _require_no_sum(arranged: Sequence[Tensor]) -> None:
    once, twice, beside = arranged
    require(
        any(torch.allclose(once, each, rtol=0.05) for each in (twice, beside)),
        f"penalty of a batch repeated is {twice.item():.6g}, of the batch {once.item():.6g}: "
        f"{_advice(twice.item() / once.item() if once.item() else 0.0)}",
    )


def _advice(ratio: float) -> str:
    """Return what makes a penalty of a repeated batch `ratio` times as large as that of the batch."""
    if 0.2 < ratio < 0.3:  # the slope of a mean is half as large in a batch of twice as many, its square a quarter
        return "differentiate logits.sum(), not their mean, whose slope shrinks with the batch"
    if 1.9 < ratio < 2.1:
        return "it must be the mean over the batch, not the sum"
    return "it must be the mean over the batch of something per image: norms of slope.flatten(1), not of all at once"


def _require_mean(whole: Sequence[Tensor], single: Tensor, labels: Tensor) -> None:
    mean = single.mean()
    if any(torch.allclose(each, mean, rtol=1e-3, atol=1e-6) for each in whole):
        return
    classes = labels.argmax(dim=1) if labels.shape[1] else torch.zeros(len(labels))
    by_class = torch.stack([single[classes == each].mean() for each in set(classes.tolist())]).mean()
    found = f"is {whole[0].item():.6g} of a batch, and {mean.item():.6g} on average of its images alone: "
    require(
        not torch.allclose(whole[0], by_class, rtol=1e-3, atol=1e-6),
        f"{found}it is the mean of the means of its classes, in which an image of a rare class weighs more; take "
        f"the mean over the batch, of all images at once",
    )
    require(
        False,
        f"{found}it is no mean over the batch; take no means of groups first, compare no images of a batch with each "
        f"other, or let depends_on_batch(options) return True",
    )


def check_labels_one_hot(case: Any) -> None:
    """Require that labels are not taken for numbers of classes."""
    for penalty, step in ((case.built(), case.step()), of_color(case)):
        require_one_hot(partial(penalty.penalty, step), step.labels)


def check_draws(case: Any) -> None:
    """Require that each image of a batch gets numbers of its own."""
    for penalty, step in ((case.built(), case.step()), of_color(case)):
        check_shared_draws(penalty, step)
