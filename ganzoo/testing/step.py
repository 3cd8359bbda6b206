"""Linear step: a batch for testing regularizers without a trainer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from ganzoo.contracts.augmentations import Augmentation
from ganzoo.contracts.capabilities import Featured
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.networks import Discriminator, Generator
from ganzoo.contracts.objectives import Role
from ganzoo.testing.parts import TinyGenerator


class LinearStep:
    """One batch as penalties see it (the contract `Step`), with numbers that a test chooses.

    Named for its use: with a linear critic, a penalty has a value that can be written down.

    Args:
        discriminator: The critic.
        real: Real images `[N, C, r, r]`.
        labels: Labels `[N, L]`; none by default.
        fakes: Generated images `[N, C, r, r]`; drawn by the generator by default.
        generator: The generator; a `TinyGenerator` by default.
        lift_factor: Penalties are taken at images this many times as large: `lift` repeats pixels, and the critic
            averages them down again (`penalty_space = "final"`).
        connected: Whether `real_logits` lead back to `real_input`, as for penalties with `needs_real_gradient`.
        fakes_connected: Whether `fake_logits` lead back to `fake_input`, as for those with `needs_fake_gradient`.
        augmentation: What images pass before the critic; nothing by default.
        role: Whose step it is: in the generator's, `fake_input` is what it generates, with its graph.
        images_seen: How many reals came before.
        seed: Of the step's random stream.
    """

    def __init__(
        self,
        discriminator: Discriminator,
        real: Tensor,
        labels: Tensor | None = None,
        *,
        fakes: Tensor | None = None,
        generator: Generator | None = None,
        lift_factor: int = 1,
        connected: bool = True,
        fakes_connected: bool = True,
        augmentation: Augmentation | None = None,
        role: Role = Role.DISCRIMINATOR,
        images_seen: int = 0,
        seed: int = 0,
    ) -> None:
        count, channels, resolution, _ = real.shape
        self.discriminator = discriminator
        self.real = real
        self.labels = real.new_zeros(count, 0) if labels is None else labels
        images = ImageSpec(resolution, channels, self.labels.shape[1])
        self.generator = TinyGenerator(TinyGenerator.Options(), images) if generator is None else generator
        self.lift_factor = lift_factor
        self.connected, self.fakes_connected = connected, fakes_connected
        self.augmentation = augmentation
        self.role, self.images_seen = role, images_seen
        self._given_fakes = fakes
        self._rng = torch.Generator().manual_seed(seed)

    def of(self, generator: Generator, discriminator: Discriminator, **place: Any) -> LinearStep:
        """Return the same batch before other networks, in float64, or where `place` says: `device="meta"`."""
        place = place or {"dtype": torch.float64}
        return LinearStep(
            discriminator,
            self.real.to(**place),
            self.labels.to(**place),
            fakes=None if self._given_fakes is None else self._given_fakes.to(**place),
            generator=generator,
            lift_factor=self.lift_factor,
            connected=self.connected,
            fakes_connected=self.fakes_connected,
            augmentation=self.augmentation,
            role=self.role,
            images_seen=self.images_seen,
        )

    @property
    def stream(self) -> torch.Generator:
        """The step's random stream."""
        return self._rng

    @cached_property
    def real_input(self) -> Tensor:
        """The lifted reals, a leaf."""
        return self.lift(self.real).detach().clone().requires_grad_(self.connected)

    @cached_property
    def real_shown(self) -> Tensor:
        """`real_input`, averaged down and augmented."""
        return self._shown(self.real_input)

    @cached_property
    def real_logits(self) -> Tensor:
        """The critic's logits of `real_input`."""
        return self.critic(self.real_shown, self.labels, augment=False)

    @cached_property
    def fakes(self) -> Tensor:
        """Generated images without gradient."""
        if self._given_fakes is not None:
            return self._given_fakes.detach()
        with torch.no_grad():
            return self.generator(self.fake_latents, self.labels)

    @cached_property
    def fake_latents(self) -> Tensor:
        """Latents of the generated images."""
        return self.latents(len(self.real))

    @cached_property
    def generated(self) -> Tensor:
        """Generated images with their graph."""
        return self.generator(self.fake_latents, self.labels)

    @cached_property
    def fake_input(self) -> Tensor:
        """The lifted generated images, a leaf in the discriminator's step."""
        if self.role is Role.GENERATOR:
            return self.lift(self.generated)
        return self.lift(self.fakes).detach().clone().requires_grad_(self.fakes_connected)

    @cached_property
    def fake_shown(self) -> Tensor:
        """`fake_input`, averaged down and augmented."""
        return self._shown(self.fake_input)

    @cached_property
    def fake_logits(self) -> Tensor:
        """The critic's logits of `fake_input`."""
        return self.critic(self.fake_shown, self.labels, augment=False)

    def critic(self, images: Tensor, labels: Tensor, *, augment: bool = True) -> Tensor:
        """Return logits of images at the phase's resolution or lifted ones, with or without the augmentation."""
        return self.discriminator(self._shown(images, augment=augment), labels)

    def _shown(self, images: Tensor, *, augment: bool = True) -> Tensor:
        factor = images.shape[-1] // self.real.shape[-1]
        pooled = avg_pool2d(images, factor) if factor > 1 else images
        return self.augmentation(pooled) if augment and self.augmentation is not None else pooled

    def critic_features(self, images: Tensor, labels: Tensor, *, augment: bool = True) -> Sequence[Tensor]:
        """Return the features of a critic that has some."""
        if not isinstance(self.discriminator, Featured):
            raise TypeError(
                f"the critic {type(self.discriminator).__name__} has no features; set discriminator_must_be"
            )
        return self.discriminator.features(self._shown(images, augment=augment), labels)

    def lift(self, images: Tensor) -> Tensor:
        """Repeat pixels `lift_factor` times each way."""
        return interpolate(images, scale_factor=self.lift_factor, mode="nearest") if self.lift_factor > 1 else images

    def latents(self, count: int) -> Tensor:
        """Draw latents, on the device of the images."""
        return self.generator.sample_latents(count, self._rng).to(self.real.device)

    def uniform(self, *shape: int) -> Tensor:
        """Draw U(0, 1) numbers, on the device of the images."""
        return torch.rand(shape, generator=self._rng).to(self.real.device)
