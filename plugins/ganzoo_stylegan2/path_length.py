"""Path length regularization."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from pydantic import Field, NonNegativeFloat, PositiveInt
from torch import Tensor

from ganzoo import RecipeContext, Regularizer, RegularizerOptions, Role, Scheduled, Step, StyleBased
from ganzoo.layers import at_least_float32, batch_mean, per_image


def path_lengths(images: Tensor, styles: Tensor, directions: Tensor, *, create_graph: bool = False) -> Tensor:
    """Return how far images move in random directions when their styles move, `[N]`.

    |J^T y| over style layers: the root of the mean over layers of the sum over W of squares.

    Args:
        images: `[N, C, H, W]`, computed from `styles`.
        styles: `[N, S, W]`, which take gradients.
        directions: N(0, 1) numbers of the images' shape; divided by sqrt(H W) here.
        create_graph: Whether the lengths are differentiated in turn.
    """
    height, width = images.shape[2:]
    # Equation 4: J^T y by one backward pass of the inner product of image and direction.
    moved = (images * (directions / math.sqrt(height * width))).sum()
    (slope,) = torch.autograd.grad(moved, styles, create_graph=create_graph)
    # The floor keeps the root's gradient finite where images do not move.
    return at_least_float32(slope).square().sum(dim=2).mean(dim=1).clamp_min(1e-16).sqrt()


class PathLengthOptions(RegularizerOptions):
    """Strength and rhythm."""

    # The official loss.py: weight 2, decay 0.01, half of the batch.
    weight: Scheduled[NonNegativeFloat] = Field(
        default=2.0, description="Weight of the squared deviation from the mean."
    )
    decay: float = Field(default=0.01, gt=0.0, le=1.0, description="How far the running mean moves towards a new one.")
    batch_shrink: PositiveInt = Field(default=2, description="Take one n-th of the batch.")


class PathLength(Regularizer[PathLengthOptions]):
    """Penalty on how far the length of a step in image space, per step in style space, is from its running mean.

    PL = weight * mean_i (|J_i^T y_i| - a)^2 with y ~ N(0, 1) / sqrt(H W) of the images' shape and a running mean `a`
    of the lengths, which starts at 0, is updated first and keeps the graph of this batch's share. It draws latents of
    its own, for the first N / `batch_shrink` labels of the batch.

    Paper: StyleGAN2, arXiv:1912.04958, section 3.2 and appendix B.
    """

    name = "path-length"
    reduces_over_ranks: ClassVar[bool] = True
    applies_to: ClassVar[Role] = Role.GENERATOR
    generator_must_be: ClassVar[type] = StyleBased
    mean: Tensor

    Options = PathLengthOptions

    def __init__(self, options: PathLengthOptions) -> None:
        super().__init__(options)
        self.register_buffer("mean", torch.zeros(()))

    @classmethod
    def depends_on_batch(cls, options: PathLengthOptions) -> bool:
        # The running mean is updated once per batch, with the mean of all its lengths.
        return True

    @classmethod
    def incompatibility(cls, options: PathLengthOptions, context: RecipeContext) -> str | None:
        taken = [max(1, size // options.batch_shrink) for size in context.batch_sizes]
        if all(count % context.ranks == 0 for count in taken):
            return None
        return (
            f"it takes {taken[0]} images of a batch (batch_size / batch_shrink), which {context.ranks} processes "
            f"cannot share evenly; choose a multiple of {context.ranks * options.batch_shrink} as training.batch_size"
        )

    def penalty(self, step: Step) -> Tensor:
        # A smaller batch: the second derivative of the generator needs much memory (appendix B).
        count = max(1, len(step.real) // self.options.batch_shrink)
        generator: Any = step.generator
        styles = generator.map(step.latents(count), step.labels[:count])
        images = generator.synthesize(styles)
        lengths = path_lengths(at_least_float32(images), styles, self.directions(images), create_graph=True)
        # Updated before it is used, and used with its graph, as in the official loss.py: the mean of this batch moves
        # by `decay` along with its lengths. What is kept for the next batch has none.
        mean = self.mean.lerp(batch_mean(lengths), self.options.decay)
        self.mean.copy_(mean.detach())
        return self.options.weight * (lengths - mean).square().mean()

    def directions(self, images: Tensor) -> Tensor:
        """Return random directions in image space, N(0, 1) of the images' shape."""
        return per_image(lambda count: torch.randn(count, *images.shape[1:], device=images.device), len(images))
