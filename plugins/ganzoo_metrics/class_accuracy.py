"""Class accuracy: a linear classifier trained on generated images and tested on real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor
from torch.nn.functional import cross_entropy

from ganzoo import ComponentOptions, Display, Estimate, GanzooError, Metric, MetricInput, PlainValue
from ganzoo.scoring import blocks_of, can_leave_out, standard_error
from ganzoo_metrics.few_images import few_images
from ganzoo_metrics.sensitivity import measured

_STEPS = 200
_STEPS_WITHOUT_A_BLOCK = 15  # from the solution with it, which is near


class ClassAccuracyOptions(ComponentOptions):
    """How strongly the classifier is held back."""

    penalty: PositiveFloat = Field(default=1e-2, description="Weight of the squared weights beside the mean loss.")


class ClassAccuracy(Metric[ClassAccuracyOptions]):
    """Accuracy on real images of a classifier that was trained on generated ones, both as features, in percent.

    The question of CAS, which trains a ResNet-50 on pixels; this trains a multinomial logistic regression on features.
    By class it is the share of the real images of that class that are found.

    Paper: Ravuri and Vinyals 2019, arXiv:1905.10887.
    """

    name = "class-accuracy"
    values: ClassVar[Mapping[str, Display]] = {
        "class_accuracy": Display("class-accuracy", lower_is_better=False, unit="%", scale=100.0, transform="logit")
    }
    reads = ("pooled",)
    uses_classes = True
    sensitivity = measured("class_accuracy")

    Options = ClassAccuracyOptions

    def images_needed(self) -> int:
        return 200

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        steps = _STEPS + blocks * _STEPS_WITHOUT_A_BLOCK
        return 700.0 * generated * width * steps  # as of ten classes, measured: small products in float64

    def identity(self) -> Mapping[str, PlainValue]:
        return {**super().identity(), "classifier": "multinomial logistic regression on standardized features"}

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        made, real = data.generated.labels, data.reference.labels
        if made is None or real is None or not (real >= 0).any():
            raise GanzooError("compares classes, but these images have none")
        known = real >= 0
        found = class_accuracy(
            data.generated["pooled"],
            made,
            data.reference["pooled"][known],
            real[known],
            penalty=self.options.penalty,
            blocks=data.blocks,
        )
        return {"class_accuracy": found}


def class_accuracy(
    fakes: Tensor, made: Tensor, reals: Tensor, labels: Tensor, *, penalty: float, blocks: int
) -> Estimate:
    """Return the share of reals `[m, d]` whose class `[m]` a classifier trained on fakes `[n, d]`, `[n]` finds.

    By class too: the share of the reals of that class.
    """
    classes = int(max(made.max(), labels.max())) + 1
    fakes, reals = fakes.double(), reals.double()
    mean, deviation = fakes.mean(0), fakes.std(0)
    # Features that never change in fakes say nothing there, and would be divided by nothing.
    scale = torch.where(deviation > 1e-6 * deviation.max(), deviation, torch.inf)
    fakes, reals = ((each - mean) / scale for each in (fakes, reals))

    def found_by(weights: Tensor) -> Tensor:
        return (_with_one(reals) @ weights).argmax(1).eq(labels).double()

    whole, left_out = fit(fakes, made, classes, penalty=penalty), list[Tensor]()
    if can_leave_out(len(fakes), blocks):
        block_of = blocks_of(len(fakes), blocks)
        for block in range(blocks):
            kept = block_of != block
            left = fit(fakes[kept], made[kept], classes, penalty=penalty, start=whole, steps=_STEPS_WITHOUT_A_BLOCK)
            left_out.append(found_by(left))
    right, each_class = found_by(whole), torch.unique(labels).tolist()
    by_class = {label: _share(right, left_out, labels == label) for label in each_class}
    marked = {
        label: replace(each, notes=few_images(int(made.eq(label).sum()), int(labels.eq(label).sum())))
        for label, each in by_class.items()
    }
    return replace(_share(right, left_out, torch.ones_like(labels, dtype=torch.bool)), by_class=marked)


def _share(right: Tensor, left_out: Sequence[Tensor], chosen: Tensor) -> Estimate:
    """Return the share of the chosen reals that is right, `[m]` each, with the error from blocks left out."""
    without = [float(each[chosen].mean()) for each in left_out]
    # No block that matters proves nothing.
    return Estimate(float(right[chosen].mean()), standard_error(without) or None if without else None)


def fit(
    features: Tensor, labels: Tensor, classes: int, *, penalty: float, start: Tensor | None = None, steps: int = _STEPS
) -> Tensor:
    """Return the weights `[d + 1, classes]`, the last row being biases, that minimize loss and penalty.

    The mean cross-entropy plus penalty / 2 times the sum of squared weights, without the biases; convex, so that
    the answer depends on no random start.
    """
    inputs = _with_one(features)
    weights = inputs.new_zeros(inputs.shape[1], classes) if start is None else start.clone()
    weights.requires_grad_()
    optimizer = torch.optim.LBFGS(
        [weights], max_iter=steps, history_size=10, tolerance_grad=1e-6, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        loss = cross_entropy(inputs @ weights, labels) + 0.5 * penalty * weights[:-1].square().sum()
        (weights.grad,) = torch.autograd.grad(loss, weights)
        return loss

    with torch.enable_grad():
        optimizer.step(closure)  # type: ignore[no-untyped-call]
    return weights.detach()


def _with_one(features: Tensor) -> Tensor:
    return torch.cat([features, features.new_ones(len(features), 1)], 1)
