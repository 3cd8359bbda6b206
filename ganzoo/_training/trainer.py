"""Trainer: the one training loop. It knows no part by name, and counts progress in real images shown."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import torch
from pydantic import BaseModel
from torch import Tensor

from ganzoo._random.global_streams import seed_everything
from ganzoo._training.course import Course
from ganzoo._training.ema import EMA
from ganzoo._training.game import Game, RealBatch
from ganzoo._training.gradients import average_terms
from ganzoo._training.growth import grow
from ganzoo._training.player import Player
from ganzoo._training.rank_checks import check_same, watched_draws
from ganzoo._training.reals import Reals, RealStream
from ganzoo._training.step_terms import Diverged, Losses, StepTerms
from ganzoo._training.stop_request import StopRequest
from ganzoo.contracts._options_at import is_scheduled, options_at
from ganzoo.contracts.objectives import Role
from ganzoo.contracts.phase import Phase
from ganzoo.layers.ranks import Ranks, all_rows, sharing_batch
from ganzoo.layers.transfer import to_device

# Steps that may be queued on a GPU before the terms of the oldest are read: enough that it never waits for the program,
# few enough that a training that has diverged ends soon.
_GPU_LAG = 2


class Callback(Protocol):
    """Does something every so many images: log, samples, snapshot, score, checkpoint, progress."""

    def on_step_end(self, trainer: Trainer, losses: Losses) -> None:
        """Look at the trainer after each step. `losses` holds their terms by name, and what an augmentation reports.

        To look at `losses` waits for a GPU until it has finished the step. What writes something of this moment
        without having looked calls `trainer.settle()` first, which raises where a step until now was not finite.
        """


class Trainer:
    """Plays the game phase by phase. All its state is images_seen, steps, the players' and the networks'."""

    def __init__(
        self,
        game: Game,
        players: Mapping[Role, Player],
        ema: EMA,
        course: Course,
        reals: RealStream,
        fresh_reals: RealStream,
        callbacks: Sequence[Callback] = (),
        options: Sequence[tuple[Any, BaseModel]] = (),
        ranks: Ranks | None = None,
    ) -> None:
        self.ranks, self.stop = ranks or Ranks(), StopRequest()
        self.game, self.players, self.ema, self.course = game, players, ema, course
        self.callbacks = list(callbacks)
        # Progress is counted in images, so that a schedule means the same for every batch size. `images_before` is
        # where the last step began: what happens every so many images happens where a step passes a multiple.
        self.images_seen = 0
        self.images_before = 0
        self.steps = 0
        self.seconds = 0.0
        self._unadded = 0.0
        self.lag = _GPU_LAG if game.device.type == "cuda" else 0
        self._unread: deque[StepTerms] = deque()
        self._has_played = False
        # Of each part that both players see, what it was chosen with: those with schedules are told the numbers.
        self._scheduled = [(part, chosen) for part, chosen in options if is_scheduled(chosen)]
        self._reals = Reals(reals, fresh_reals, game.device, self.ranks)

    @property
    def total_images(self) -> int:
        """Images at the end of the training."""
        return self.course.phases[-1].end

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""
        return self.images_seen >= self.total_images or self.out_of_time

    @property
    def out_of_time(self) -> bool:
        """Whether the hours are over that the training was given."""
        return self.seconds >= self.course.most_seconds

    @property
    def expected_images(self) -> int:
        """Images at the end, by the pace so far where hours end the training."""
        if not self.seconds or self.course.most_seconds == math.inf:
            return self.total_images
        by_then = self.images_seen * self.course.most_seconds / self.seconds
        return self.images_seen if self.finished else min(self.total_images, round(by_then))

    @property
    def phase(self) -> Phase:
        """The phase that the next step belongs to, or the last one at the end."""
        phases = self.course.phases
        return next((phase for phase in phases if self.images_seen < phase.end), phases[-1])

    def run(self) -> None:
        """Train from wherever `images_seen` stands to the end."""
        for phase in self.course.phases:
            if self.images_seen >= phase.end or self.out_of_time:
                continue
            for player in self.players.values():
                # A resume in mid-phase must not reset the moments that it has just loaded.
                player.begin(phase) if self.images_seen == phase.start else player.enter(phase)
            # Phases are whole numbers of batches (see the recipe), so that a step never belongs to two.
            while self.images_seen < phase.end and not self.out_of_time:
                losses = self._checked_step(phase)
                self.seconds = self.stop.agree(self.ranks, self.seconds)
                for callback in self.callbacks:
                    callback.on_step_end(self, losses)
        self.settle()
        self._add_seconds()

    def _add_seconds(self) -> None:
        # Not while callbacks look: whether the time is over all processes must say alike until the next step.
        self.seconds += self._unadded
        self._unadded = 0.0

    def settle(self, leaving: int = 0) -> None:
        """Read the terms of all steps, but for the newest `leaving`, once the device has finished them.

        Raises:
            Diverged: A term is not finite; it is named with the point of training.
        """
        if len(self._unread) <= leaving:
            return
        started = time.monotonic()
        while len(self._unread) > leaving:
            self._unread.popleft().read()
        self._unadded += time.monotonic() - started

    def _settle_to(self, terms: StepTerms) -> None:
        self.settle(leaving=self.steps - terms.steps)  # as many steps came after it

    def _checked_step(self, phase: Phase) -> Losses:
        try:
            return self.step(phase)
        except Diverged:
            raise
        except Exception:
            self.settle()  # a step before may be the reason: then it is the one to be named
            raise

    def step(self, phase: Phase) -> Losses:
        """Show one batch of reals to the discriminator; let both players move as the course says.

        A GPU goes on with it after the return; `losses` are there when they are looked at.

        Raises:
            Diverged: A term of this step, or of one some steps ago, is not finite.
        """
        started = time.monotonic()
        # The counters move only after the whole step: until then its seed, its reals and its alpha are those of where
        # it began.
        terms = self.play(phase)
        self.images_before = self.images_seen
        self.images_seen += phase.batch_size
        self.steps += 1
        losses = StepTerms(terms, self.steps, self.images_seen, self._settle_to)
        self._unread.append(losses)
        self.seconds += time.monotonic() - started
        # Reading terms waits for the device, so the seconds are those of finished work, but for the newest steps.
        self.settle(leaving=self.lag)
        self._add_seconds()
        return losses

    def play(self, phase: Phase) -> dict[str, Tensor]:
        """Do all of a step but count it: its terms stay where they are, unread."""
        watched = watched_draws(self.ranks, self.game.device, first=not self._has_played)
        with self.game.arithmetic.on(self.game.device), sharing_batch(self.ranks), watched:
            terms = self._play_all(phase)
        if not self._has_played:
            check_same(self.game, self.players, self.ranks)
        self._has_played = True
        return terms

    def _play_all(self, phase: Phase) -> dict[str, Tensor]:
        # Every step begins from a seed of its own, never from where the last one left a stream: a resumed run draws
        # what an uninterrupted one draws, without any state of a generator in the checkpoint.
        seed_everything(self.game.seed, self.images_seen, self.game.device)
        self._follow_schedules()
        alpha = phase.alpha(self.images_seen)
        # The average grows along, since it is what is sampled; alpha is that of the step's first image.
        grow([self.game.generator, self.game.discriminator, self.ema.network], phase.resolution, alpha)
        batch = self._batch(phase, alpha)
        terms: dict[str, Tensor] = {}
        order = self._order()
        if self.course.shares_fakes and len(order) > 1:
            batch = replace(batch, shared_fakes={})
        for role in order:
            terms |= self._play(role, batch)
        terms = average_terms(terms, self.ranks)
        # After both players, as in StyleGAN2-ADA's training_loop.py: what is adapted holds from the next step on.
        terms |= self._adapt(batch)
        # After the generator has moved, or has not (discriminator_steps): the half-life is in images of the reals.
        self.ema.update(len(batch), self.images_seen)
        return terms

    def _follow_schedules(self) -> None:
        """Set what changes with the images seen. It follows from their number alone, so no checkpoint holds it."""
        for part, chosen in self._scheduled:
            part.options = options_at(chosen, self.images_seen)
        for player in self.players.values():
            player.follow(self.images_seen)

    def _order(self) -> list[Role]:
        # WGAN-GP's n_critic (arXiv:1704.00028, algorithm 1): the generator moves after every n-th move of the critic.
        if (self.steps + 1) % self.course.discriminator_steps:
            return [Role.DISCRIMINATOR]
        order = [Role.DISCRIMINATOR, Role.GENERATOR]
        return order[::-1] if self.course.generator_first else order

    def _play(self, role: Role, batch: RealBatch) -> dict[str, Tensor]:
        for other, player in self.players.items():
            # Only the player whose step it is: gradients of the other's weights would not be used. Shared fakes are
            # made in the discriminator's step and take their gradients in the generator's.
            shared = batch.shared_fakes is not None and other is Role.GENERATOR
            player.take_gradients(other is role or shared)
        return self.players[role].update(self.game, batch, self.course.micro_batch)

    def _adapt(self, batch: RealBatch) -> dict[str, Tensor]:
        """Show the augmentation how the reals were judged; return what it reports."""
        augmentation = self.game.augmentation
        if augmentation is None:
            return {}
        if self.game.device.type != "meta":  # where there are no numbers to adapt to
            # The logits of the whole batch, though they were made in parts: nothing depends on how it was split.
            augmentation.observe(all_rows(torch.cat(batch.judged)))
        report = augmentation.report().items()
        return {f"{augmentation.name}/{name}": to_device(value.detach(), self.game.device) for name, value in report}

    def _batch(self, phase: Phase, alpha: float) -> RealBatch:
        return self._reals.batch(phase, self.images_seen, alpha)
