"""Opened discriminator: the discriminator of a run at a checkpoint, and its logits of images."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganzoo._inference.growth_stage import GrowthStage
from ganzoo._inference.per_seed import judge
from ganzoo._inference.run_files import RunFiles
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.networks import Discriminator


@dataclass(frozen=True, repr=False)
class OpenedDiscriminator:
    """A discriminator that can be asked about images.

    Attributes:
        run: The run.
        discriminator: The network, on `device`, in evaluation mode and without gradient.
        spec: What images it judges at the end of training.
        images_seen: The checkpoint, in real images shown to it.
        device: Where it is.
        stage: Where a growing one stands; None for others.
    """

    run: RunFiles
    discriminator: Discriminator
    spec: ImageSpec
    images_seen: int
    device: torch.device
    stage: GrowthStage | None = None

    @property
    def resolution(self) -> int:
        """Resolution of the images that it judges at its stage."""
        return self.stage.resolution if self.stage else self.spec.resolution

    def logits(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the logits `[N]` of images `[N, C, R, R]` in [-1, 1] with labels `[N, L]`, float32 on the CPU.

        All are one batch for a network that compares the images of a batch; else each is judged by itself.

        Raises:
            RunError: A logit is NaN or infinite.
        """
        chosen = self.run.networks.discriminator
        together = chosen is not None and chosen.cls.depends_on_batch(chosen.options)
        labels = torch.zeros(len(images), 0) if labels is None else labels
        return judge(self.discriminator, images, labels, together=together, stage=self.stage, device=self.device)

    def __repr__(self) -> str:
        name, what = self.discriminator.name, f"{self.resolution} x {self.resolution}, {self.device}"
        return f"<OpenedDiscriminator '{name}' of run '{self.run.name}' at {self.images_seen:,}: {what}>"
