"""Step of training: one batch as losses and regularizers see it; each forward is made once and shared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from ganzoo._random.seeds import seed_for
from ganzoo._training.game import Game, RealBatch
from ganzoo.contracts.augmentations import ReplacesReals
from ganzoo.contracts.capabilities import Featured
from ganzoo.contracts.objectives import Role
from ganzoo.errors import PluginError
from ganzoo.layers.precision import at_least_float32, full_precision
from ganzoo.layers.transfer import to_device


class TrainingStep:
    """Implements `ganzoo.contracts.Step` for the rows of one micro-batch, or this process's share of them.

    Latents are drawn for the whole batch and then sliced, so that splitting a batch does not change them.
    """

    def __init__(
        self,
        game: Game,
        batch: RealBatch,
        role: Role,
        *,
        rows: slice,
        purpose: str,
        real_gradient: bool = False,
        fake_gradient: bool = False,
        compared: bool = False,
    ) -> None:
        self._game, self._batch, self._role, self._rows = game, batch, role, rows
        # Of the generator's step, fakes are connected anyhow, and a leaf would cut them off from the generator.
        self._fake_leaf = fake_gradient and role is Role.DISCRIMINATOR
        self.images_seen = batch.images_seen
        self._purpose, self._real_gradient, self._in_penalty = purpose, real_gradient, False
        # Rounded logits have no small differences, neither by a gradient nor between two images.
        self._exact_real, self._exact_fake = real_gradient or compared, fake_gradient or compared
        self._arithmetic = game.arithmetic
        self.generator = game.generator
        self._ranks = batch.ranks
        # Rows are those of the whole batch, of which a process of W holds every W-th.
        self._held = slice(rows.start // self._ranks.size, rows.stop // self._ranks.size)
        self.real = batch.images[self._held]
        self.labels = batch.labels[self._held]

    @cached_property
    def real_input(self) -> Tensor:
        """See `Step.real_input`."""
        lifted = self.lift(self._mixed_reals())
        # A leaf, so that a penalty's gradient ends at the image that the critic was shown.
        return lifted.detach().requires_grad_() if self._real_gradient else lifted

    @cached_property
    def real_shown(self) -> Tensor:
        """See `Step.real_shown`."""
        return self._shown(self.real_input)

    @cached_property
    def real_logits(self) -> Tensor:
        """See `Step.real_logits`. In the precision of penalties where one differentiates or compares it."""
        return self._logits(self.real_shown, self.labels, of_penalty=self._exact_real or self._in_penalty)

    def _mixed_reals(self) -> Tensor:
        """Return the reals, some of them replaced by generated images where the augmentation says so."""
        augmentation = self._game.augmentation
        if self._role is not Role.DISCRIMINATOR or not isinstance(augmentation, ReplacesReals):
            return self.real
        share = 1.0 if self.real.is_meta else augmentation.replaced_share()
        # Of the whole batch, then sliced, as latents are: no image's fate depends on how the batch is split. A lazy
        # penalty meets the same images as the loss.
        drawn = torch.rand(len(self._batch), generator=self._rng("replaced reals"))[self._rows]
        if not (drawn < share).any():
            return self.real
        with torch.no_grad():
            generated, _ = self._generate("latents of replaced reals")
        chosen = to_device(self._ranks.own(drawn < share), self._game.device)
        return torch.where(chosen[:, None, None, None], generated, self.real)

    def judge(self, realness: Callable[[Tensor], Tensor]) -> Tensor:
        """Return `real_logits`, which an augmentation may adapt to once the discriminator has played."""
        self._batch.judged.append(realness(self.real_logits.detach()))
        return self.real_logits

    @property
    def fakes(self) -> Tensor:
        """See `Step.fakes`."""
        return self._detached[0]

    @property
    def generated(self) -> Tensor:
        """See `Step.generated`."""
        return self._connected[0]

    @property
    def fake_latents(self) -> Tensor:
        """See `Step.fake_latents`."""
        return (self._detached if self._role is Role.DISCRIMINATOR else self._connected)[1]

    @cached_property
    def _detached(self) -> tuple[Tensor, Tensor]:
        """Generated images without gradient, and their latents."""
        shared = self._batch.shared_fakes
        if shared is None:
            # The discriminator's step moves no weight of the generator, so its fakes carry no graph.
            with torch.no_grad():
                return self._generate()
        if self._rows.start not in shared:
            shared[self._rows.start] = self._generate()
        images, latents = shared[self._rows.start]
        return images.detach(), latents

    @cached_property
    def _connected(self) -> tuple[Tensor, Tensor]:
        """Generated images with their graph, and their latents."""
        # Shared ones once: the generator has moved when a lazy penalty asks.
        shared = self._batch.shared_fakes or {}
        return shared.pop(self._rows.start) if self._rows.start in shared else self._generate()

    @cached_property
    def fake_input(self) -> Tensor:
        """See `Step.fake_input`."""
        lifted = self.lift(self.fakes if self._role is Role.DISCRIMINATOR else self.generated)
        return lifted.detach().requires_grad_() if self._fake_leaf else lifted

    @cached_property
    def fake_shown(self) -> Tensor:
        """See `Step.fake_shown`."""
        return self._shown(self.fake_input)

    @cached_property
    def fake_logits(self) -> Tensor:
        """See `Step.fake_logits`. In the precision of penalties where one differentiates or compares it."""
        return self._logits(self.fake_shown, self.labels, of_penalty=self._exact_fake or self._in_penalty)

    def critic(self, images: Tensor, labels: Tensor, *, augment: bool = True) -> Tensor:
        """See `Step.critic`."""
        return self._logits(self._shown(images, augment=augment), labels, of_penalty=self._in_penalty)

    def critic_features(self, images: Tensor, labels: Tensor, *, augment: bool = True) -> Sequence[Tensor]:
        """See `Step.critic_features`."""
        discriminator = self._game.discriminator
        if not isinstance(discriminator, Featured):
            raise PluginError(
                f"the discriminator '{discriminator.name}' has no features to look at; a penalty that asks for them "
                f"says discriminator_must_be = Featured"
            )
        shown = self._shown(images, augment=augment)
        with self._autocast(of_penalty=self._in_penalty):
            return [at_least_float32(feature) for feature in discriminator.features(shown, labels)]

    def fresh_real_logits(self) -> Tensor:
        """Logits `[N]` of other reals of the same labels, without gradient: they do not depend on the generator."""
        # The rows of this micro-batch, from another batch of the same size.
        images, labels = self._batch.fresh()
        with torch.no_grad():
            return self.critic(self.lift(images[self._held]), labels[self._held])

    def lift(self, images: Tensor) -> Tensor:
        """See `Step.lift`: nearest-neighbor upsampling, as the official ProGAN and StyleGAN feed their critics."""
        if self._game.lift_to is None or self._game.lift_to == images.shape[-1]:
            return images
        return F.interpolate(images, size=self._game.lift_to, mode="nearest")

    def latents(self, count: int) -> Tensor:
        """See `Step.latents`."""
        # Penalties draw from a stream of their own: whether one is due this step changes nothing for the others.
        drawn = self.generator.sample_latents(count * self._ranks.size, self._penalty_rng)
        return to_device(self._ranks.own(drawn), self._game.device)

    def uniform(self, *shape: int) -> Tensor:
        """See `Step.uniform`."""
        if not shape:
            return to_device(torch.rand((), generator=self._penalty_rng), self._game.device)
        drawn = torch.rand(shape[0] * self._ranks.size, *shape[1:], generator=self._penalty_rng)
        return to_device(self._ranks.own(drawn), self._game.device)

    @cached_property
    def _penalty_rng(self) -> torch.Generator:
        return self._rng("penalty", self._purpose, self._rows.start)

    def _rng(self, *purpose: str | int) -> torch.Generator:
        # From (seed, player, position, purpose): G and D play with other latents, as in StyleGAN2's code, and a resume
        # draws them again.
        seed = seed_for(self._game.seed, self._role.value, self._batch.images_seen, *purpose)
        return torch.Generator().manual_seed(seed)

    def _generate(self, purpose: str = "latents") -> tuple[Tensor, Tensor]:
        # Of the whole batch, then sliced: splitting a batch changes no latent.
        drawn = self._ranks.own(self.generator.sample_latents(len(self._batch), self._rng(purpose))[self._rows])
        latents = to_device(drawn, self._game.device)
        with self._autocast(of_penalty=self._in_penalty):
            images = self.generator(latents, self.labels)
        # Losses, penalties and augmentations are in float32 whatever the networks run in.
        return at_least_float32(images), latents

    def _logits(self, shown: Tensor, labels: Tensor, *, of_penalty: bool) -> Tensor:
        with self._autocast(of_penalty=of_penalty):
            logits = self._game.discriminator(shown, labels)
        return at_least_float32(logits)

    def _shown(self, images: Tensor, *, augment: bool = True) -> Tensor:
        # Lifted images come back to the phase's resolution here: gradients are taken at the large ones, as in the
        # official ProGAN and StyleGAN, whose critics pool them down.
        if (factor := images.shape[-1] // self.real.shape[-1]) > 1:
            images = F.avg_pool2d(images, factor)
        # In front of the critic for reals, fakes and penalties alike (arXiv:2006.06676, figure 2).
        if augment and self._game.augmentation is not None:
            with full_precision(images):
                images = self._game.augmentation(images)
        return images

    @contextmanager
    def penalizing(self) -> Iterator[None]:
        """A block in which penalties are computed, in their precision, also what they ask of a network themselves."""
        # Usually float32: bfloat16 has too few bits for the square of a slope, which is what penalties take.
        self._in_penalty = True
        with self._autocast(of_penalty=True):
            yield
        self._in_penalty = False

    def _autocast(self, *, of_penalty: bool) -> AbstractContextManager[object]:
        half = self._arithmetic.half
        if half is None or (of_penalty and not self._arithmetic.half_penalties):
            return nullcontext()
        return torch.autocast(self._game.device.type, half)
