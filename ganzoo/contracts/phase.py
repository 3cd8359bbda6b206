"""Phase: a stretch of training, counted in images: the whole of it, or one step of progressive growing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    """A stretch of training at one resolution.

    Attributes:
        resolution: Resolution of the images that both networks see, in pixels.
        start: Images seen when the phase begins.
        end: Images seen when it is over.
        batch_size: Real images shown to the discriminator per step.
        fades: Whether the newest block is faded in over this phase (alpha from 0 to 1, linear in images).
        learning_rate: Step size of both players, or None for what each optimizer's settings say.
        resets_optimizers: Whether both optimizers forget their moments when the phase begins.
    """

    resolution: int
    start: int
    end: int
    batch_size: int
    fades: bool = False
    learning_rate: float | None = None
    resets_optimizers: bool = False

    def alpha(self, images_seen: int) -> float:
        """Weight of the newest block: 0 absent, 1 fully in (ProGAN, arXiv:1710.10196, section 2)."""
        if not self.fades:
            return 1.0
        return min(1.0, max(0.0, (images_seen - self.start) / (self.end - self.start)))
