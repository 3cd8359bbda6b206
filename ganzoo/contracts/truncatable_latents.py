"""Truncatable latents: a capability of generators, known by its method and imported without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@runtime_checkable
class TruncatableLatents(Protocol):
    """Capability of a generator: its latents can be truncated (BigGAN, arXiv:1809.11096, section 3.1)."""

    def truncate_latents(self, latents: Tensor, threshold: float, rng: torch.Generator) -> Tensor:
        """Return latents `[N, Z]` of `sample_latents` without numbers beyond the threshold, which are drawn again.

        Those within stay as they are. `threshold` is above 0; `rng` is a CPU generator, as in `sample_latents`. Of
        N(0, 1), `ganzoo.layers.redrawn_within` does it.
        """
