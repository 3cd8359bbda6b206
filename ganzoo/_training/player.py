"""Player: one of the two networks, with its loss, its penalties and its optimizer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from ganzoo._training.game import Game, RealBatch
from ganzoo._training.gradients import average_gradients
from ganzoo._training.loss_scale import LossScale
from ganzoo._training.optimizer_state import flat_state, load_flat
from ganzoo._training.other_share import OtherShare
from ganzoo._training.step import TrainingStep
from ganzoo.contracts._options_at import is_scheduled, options_at
from ganzoo.contracts.objectives import AdversarialLoss, Regularizer, Role
from ganzoo.contracts.optimizers import Optimizer
from ganzoo.contracts.phase import Phase

Terms = dict[str, Tensor]
Objective = Callable[[TrainingStep], Terms]


def discriminator_objective(loss: AdversarialLoss) -> Objective:
    """Return what the discriminator descends, with the means of its logits for the log."""

    def objective(step: TrainingStep) -> Terms:
        # Reals and fakes in two forwards, as in the official codes: each is a batch of its own for what looks at
        # batches (minibatch deviation, batch normalization).
        real = step.judge(loss.realness)
        fake = step.fake_logits
        means = {f"D({of})": loss.realness(logits.detach()).mean() for of, logits in (("real", real), ("fake", fake))}
        return {"loss": loss.discriminator_loss(real, fake)} | means

    return objective


def generator_objective(loss: AdversarialLoss) -> Objective:
    """Return what the generator descends; real logits are computed only if the loss asks for them."""

    def objective(step: TrainingStep) -> Terms:
        # With the graph, so that the slope passes through the critic to the generator.
        return {"loss": loss.generator_loss(step.fake_logits, step.fresh_real_logits)}

    return objective


class Player:
    """Owns a network in training. Penalties with `every` > 1 are lazy: an optimizer step of their own.

    The optimizer's learning rate and decays are corrected for these extra steps, c = 1 / (1 + sum 1/every):
    lr * c, beta ** c (StyleGAN2, arXiv:1912.04958, appendix B). Its settings are those of the phase and, where they are
    scheduled, of the images seen.
    """

    def __init__(
        self,
        role: Role,
        network: nn.Module,
        objective: Objective,
        regularizers: Sequence[Regularizer],
        optimizer: Optimizer,
        loss_scale: LossScale | None = None,
        loss: nn.Module | None = None,
        shares: Sequence[OtherShare] = (),
    ) -> None:
        self.role, self.network = role, network
        self.regularizers = nn.ModuleList(regularizers)
        # Where this player trains weights of the loss.
        self.loss = loss if loss is not None else nn.Module()
        objectives = nn.ModuleDict({"loss": self.loss, "regularizers": self.regularizers})
        # No parameter of a network has a colon in its name.
        of_objectives = {f"objective:{name}": each for name, each in objectives.named_parameters()}
        self._named = dict(network.named_parameters()) | of_objectives
        # What its author froze is never handed to the optimizer.
        self._trainable = [parameter for parameter in self._named.values() if parameter.requires_grad]
        self._taking_gradients = True
        self.updates = 0
        self.loss_scale = loss_scale or LossScale(torch.device("cpu"), enabled=False)
        self._objective, self._chosen = objective, optimizer
        self._penalties: list[Regularizer | OtherShare] = [*regularizers, *shares]
        self._terms = dict(zip(self._penalties, _told_apart(self._penalties), strict=True))
        # An eager penalty is part of the loss's own step; only lazy ones have steps of their own to correct for.
        lazy = [r.options.every for r in self._penalties if r.options.every > 1]
        self._correction = 1 / (1 + sum(1 / every for every in lazy))
        self._scheduled = is_scheduled(optimizer.options)
        self._phase: Phase | None = None
        self.optimizer = optimizer.build(self._trainable)
        self._set_groups(0)

    def take_gradients(self, wanted: bool) -> None:
        """Let gradients reach this network's weights, or not. What its author froze stays frozen."""
        if wanted != self._taking_gradients:
            self._taking_gradients = wanted
            for parameter in self._trainable:
                parameter.requires_grad_(wanted)

    def enter(self, phase: Phase) -> None:
        """Use the phase's learning rate; safe to call again on a resume."""
        # Set at each phase, also on a resume, so that it needs no place in a checkpoint.
        self._phase = phase
        self._set_groups(phase.start)

    def follow(self, images_seen: int) -> None:
        """Use the settings of the step that begins after so many images."""
        if self._scheduled:
            self._set_groups(images_seen)

    def _set_groups(self, images_seen: int) -> None:
        options = options_at(self._chosen.options, images_seen)
        if self._phase is not None and self._phase.learning_rate is not None:
            options = options.model_copy(update={"learning_rate": self._phase.learning_rate})
        self._settings = self._chosen.group(options, self._correction)
        for group in self.optimizer.param_groups:
            group.update(self._settings)

    def begin(self, phase: Phase) -> None:
        """Begin a phase: forget the moments if the phase says so. Never called on a resume in mid-phase."""
        # Moments of a smaller network say nothing of a grown one (official ProGAN: reset when the level of detail
        # changes).
        if phase.resets_optimizers:
            self.optimizer = self._chosen.build(self._trainable)
        self.enter(phase)

    def ready_moments(self) -> None:
        """Make the optimizer's moments, all zero, as they are otherwise made by the first update: no weight moves."""
        kept = [dict(group) for group in self.optimizer.param_groups]
        for group in self.optimizer.param_groups:
            group.update({key: 0.0 for key in ("lr", "weight_decay") if key in group})
            for parameter in group["params"]:
                parameter.grad = torch.zeros_like(parameter)
        self.optimizer.step()
        for group, before in zip(self.optimizer.param_groups, kept, strict=True):
            group.update(before)
        self.optimizer.zero_grad(set_to_none=True)

    def update(self, game: Game, batch: RealBatch, micro_batch: int) -> Terms:
        """Play once: the loss with the eager penalties, then each lazy penalty whose turn it is."""
        # The first lazy penalty falls on update 0, as in StyleGAN2's training_loop.py; each is `every` times as strong,
        # so its mean over updates is that of an eager one.
        eager = [r for r in self._penalties if r.options.every == 1]
        terms = self._descend(game, batch, micro_batch, self._objective, eager)
        moved = [parameter for parameter in self._trainable if parameter.grad is not None]
        for penalty in self._penalties:
            if penalty.options.every > 1 and self.updates % penalty.options.every == 0:
                terms |= self._descend(game, batch, micro_batch, _nothing, [penalty], moved)
        self.updates += 1
        if self.loss_scale.enabled:
            terms["loss_scale"] = self.loss_scale.term()
        return {self._label(name): value for name, value in terms.items()}

    def _label(self, name: str) -> str:
        return name if name.startswith("D(") else f"{self.role.value}/{name}"

    def _descend(
        self,
        game: Game,
        batch: RealBatch,
        micro_batch: int,
        objective: Objective,
        penalties: Sequence[Regularizer | OtherShare],
        moved: Sequence[nn.Parameter] = (),
    ) -> Terms:
        """Take one optimizer step on the mean over micro-batches; return that mean of each term.

        Of `moved`, what the terms do not reach is stepped with a gradient of 0.
        """
        self.optimizer.zero_grad(set_to_none=True)
        total: Terms = {}
        purpose = "+".join(penalty.name for penalty in penalties)
        slopes = {
            "real_gradient": any(penalty.needs_real_gradient for penalty in penalties),
            "fake_gradient": any(penalty.needs_fake_gradient for penalty in penalties),
            "compared": any(penalty.compares_logits for penalty in penalties),
        }
        parts = list(_rows(len(batch), micro_batch))
        for rows in parts:
            step = TrainingStep(game, batch, self.role, rows=rows, purpose=purpose, **slopes)
            terms = objective(step)
            descended = [terms["loss"]] if "loss" in terms else []
            with step.penalizing():
                for penalty in penalties:
                    terms[self._terms[penalty]] = value = penalty.penalty(step)
                    descended.append(value * penalty.options.every)
            share = (rows.stop - rows.start) / len(batch)
            torch.autograd.backward(self.loss_scale.scaled(sum(descended[1:], descended[0]) * share))
            for name, term in terms.items():
                total[name] = total.get(name, term.new_zeros(())) + term.detach() * share
        average_gradients(self._trainable, batch.ranks)
        # A bias that a penalty does not depend on: Adam leaves out what has no gradient, and with a gradient of 0 it
        # moves it by its moments and lets these fade. The betas are corrected for steps that reach all (the official
        # loss.py of StyleGAN2-ADA adds 0 times the images or logits).
        for parameter in moved:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        self.loss_scale.step(self.optimizer)
        return total

    def state(self) -> Mapping[str, Tensor]:
        """Return the optimizer's moments as a flat mapping `parameter/moment`."""
        return flat_state(self.optimizer, self._named, self._settings)

    def load_state(self, flat: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned. Parameters that had no gradient yet have no moments."""
        load_flat(self.optimizer, self._named, flat)


def _told_apart(penalties: Sequence[Regularizer | OtherShare]) -> Iterator[str]:
    """Yield the name of each penalty in the log: `r1`, and `r1-2` of a second one, as at reals and at fakes."""
    seen = Counter({"loss": 1})
    for penalty in penalties:
        seen[penalty.name] += 1
        yield penalty.name if seen[penalty.name] == 1 else f"{penalty.name}-{seen[penalty.name]}"


def _nothing(step: TrainingStep) -> Terms:
    return {}


def _rows(count: int, micro_batch: int) -> Iterator[slice]:
    size = micro_batch or count
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
