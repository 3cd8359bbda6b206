"""Step: one batch of training as regularizers see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from ganzoo.contracts.networks import Generator


class Step(Protocol):
    """One batch as regularizers see it. Each forward is made once and shared with the loss."""

    @property
    def images_seen(self) -> int:
        """How many reals the discriminator was shown before this step."""

    @property
    def real(self) -> Tensor:
        """Real images `[N, C, r, r]` at the phase's resolution, faded like the newest block."""

    @property
    def real_input(self) -> Tensor:
        """What the discriminator was shown: `lift(real)`, a leaf that takes gradients if a regularizer asks.

        In D's step an augmentation may have put generated images in the place of some (`ReplacesReals`).
        """

    @property
    def real_shown(self) -> Tensor:
        """`real_input` as the network itself saw it, `[N, C, r, r]`: brought down to r, then augmented."""

    @property
    def real_logits(self) -> Tensor:
        """Logits `[N]` of `real_input`; connected to it if a regularizer of this player `needs_real_gradient`."""

    @property
    def labels(self) -> Tensor:
        """Labels `[N, L]` of the reals; the fakes of this step carry the same."""

    @property
    def fakes(self) -> Tensor:
        """Generated images `[N, C, r, r]` without gradient: what D's loss and its gradient penalty both see."""

    @property
    def generated(self) -> Tensor:
        """Generated images `[N, C, r, r]` with their graph: what G's loss and its penalties see."""

    @property
    def fake_input(self) -> Tensor:
        """What the discriminator was shown of generated images.

        In D's step `lift(fakes)`, a leaf that takes gradients if a regularizer asks; in G's `lift(generated)`.
        """

    @property
    def fake_shown(self) -> Tensor:
        """`fake_input` as the network itself saw it, `[N, C, r, r]`: brought down to r, then augmented."""

    @property
    def fake_logits(self) -> Tensor:
        """Logits `[N]` of `fake_input`; connected to it if a regularizer of this player `needs_fake_gradient`."""

    @property
    def fake_latents(self) -> Tensor:
        """Latents `[N, Z]` of the images behind `fake_input`."""

    @property
    def generator(self) -> Generator:
        """The generator in training."""

    def critic(self, images: Tensor, labels: Tensor, *, augment: bool = True) -> Tensor:
        """Return the discriminator's logits `[N]` for images of the phase's resolution or lifted ones.

        Without `augment` they pass no augmentation: for images near `real_shown` and `fake_shown`, which passed it.
        """

    def critic_features(self, images: Tensor, labels: Tensor, *, augment: bool = True) -> Sequence[Tensor]:
        """Return features of a `Featured` discriminator, in the precision of `critic`, whose `augment` it has too."""

    def lift(self, images: Tensor) -> Tensor:
        """Bring images `[N, C, r, r]` to the space of gradient penalties (recipe field `training.penalty_space`)."""

    def latents(self, count: int) -> Tensor:
        """Draw fresh latents `[count, Z]`, one for each of as many images, from this step's own random stream."""

    def uniform(self, *shape: int) -> Tensor:
        """Draw U(0, 1) numbers from this step's own random stream; the first size counts images."""
