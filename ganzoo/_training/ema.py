"""EMA: the exponential moving average of the generator, which is sampled and scored."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from ganzoo._recipe.schema import IMAGES_PER_KIMG
from ganzoo.contracts._options_at import value_at
from ganzoo.contracts.networks import Generator


class EMA:
    """A copy of the generator whose weights follow with a half-life counted in images.

    Parameters and the running statistics of normalization layers are averaged; every other buffer that is saved
    (counters, a tracked style mean) is copied. What is not saved, such as filters, is constant: a resumed run would
    have lost it.
    """

    def __init__(
        self,
        generator: Generator,
        half_life_kimg: float,  # or a schedule of them
        ramp: float | None = None,
        decay_per_step: float | None = None,
    ) -> None:
        # A copy, not a second build: it begins with the generator's own weights, and stays in evaluation mode.
        self.network = copy.deepcopy(generator).eval().requires_grad_(False)
        # Parameters are the same tensors throughout; buffers are looked up at each step, since a network may put others
        # in their place.
        self._pairs = list(zip(self.network.modules(), generator.modules(), strict=True))
        self._averaged = list(zip(self.network.parameters(), generator.parameters(), strict=True))
        self._half_life_kimg = half_life_kimg
        self._ramp = ramp
        self._decay_per_step = decay_per_step

    def decay(self, batch_size: int, images_seen: int) -> float:
        """Weight kept after a batch: 0.5 ** (batch / half-life), the half-life ramped up early if asked.

        The ramp is ADA's (arXiv:2006.06676): the half-life is at most that share of the images seen before the
        batch, so the first batch is copied. A decay per step (official ProGAN: 0.999) stands in place of all that.
        """
        if self._decay_per_step is not None:
            return self._decay_per_step
        half_life = value_at(self._half_life_kimg, images_seen) * IMAGES_PER_KIMG
        if self._ramp is not None:
            # Early weights are forgotten quickly (`ema_rampup` of StyleGAN2-ADA); the floor avoids a division by zero.
            half_life = min(half_life, max(images_seen * self._ramp, 1e-8))
        return float(0.5 ** (batch_size / half_life))

    @torch.no_grad()
    def update(self, batch_size: int, images_seen: int) -> None:
        """Follow the generator by one batch, which `images_seen` does not count yet."""
        pairs: list[tuple[Tensor, Tensor]] = [(kept, new) for kept, new in self._averaged]
        copied: list[tuple[Tensor, Tensor]] = []
        for mine, other in self._pairs:
            # Running statistics follow the weights that made them; averaging counters or w_avg, an average already,
            # would lag behind (StyleGAN2-ADA copies all buffers).
            running = isinstance(mine, nn.modules.batchnorm._NormBase)
            constant = mine._non_persistent_buffers_set
            for name, kept in mine.named_buffers(recurse=False):
                if name not in constant:
                    is_averaged = running and kept.is_floating_point()
                    (pairs if is_averaged else copied).append((kept, other.get_buffer(name)))
        if copied:
            torch._foreach_copy_([kept for kept, _ in copied], [new for _, new in copied])
        averaged, followed = [kept for kept, _ in pairs], [new for _, new in pairs]
        # All tensors in a few kernels: one by one, a large generator would cost as many launches as it has tensors.
        torch._foreach_lerp_(averaged, followed, 1.0 - self.decay(batch_size, images_seen))
