"""Option looks: all that can be seen of what a part does, by which an option must show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.contracts.objectives import Role
from ganzoo.contracts.shared_regularizer import SharedRegularizer
from ganzoo.testing.metric_inputs import BLOCKS, WIDTH, metric_input
from ganzoo.testing.optimizer_case import place_of, step_down, two_tensors
from ganzoo.testing.penalty_images import of_color
from ganzoo.testing.seeding import seeded
from ganzoo.testing.settings import reason_against

_SEEDS, _STEPS = 2, 6  # an augmentation that adapts each few batches has adapted
_SIDE = 32
_MOVE = 0.25  # far enough for float32 to show it, near enough for exponentials to stay finite
# Of every size and sign: a margin shows at some, an end at others.
_LOGITS = (0.3, -0.4, 0.5, 0.9, -1.1, 0.7, 1.2, 2.5, -30.0, 30.0)


def of_penalty(case: Any) -> Sequence[Tensor]:
    """Return its values, gradients and state, each player's share, in two steps on gray images and on color ones."""
    found = [torch.tensor([case.cls.depends_on_batch(case.options)])]
    for penalty, step in ((case.built(), case.step()), of_color(case)):
        networks = {Role.GENERATOR: step.generator, Role.DISCRIMINATOR: step.discriminator}
        for turn in range(2):
            _move(penalty, turn)
            with seeded():
                value = penalty.penalty(step)
            found += [value, *_slopes(value, networks[case.cls.applies_to])]
        found += [*penalty.state_dict().values()]
    if issubclass(case.cls, SharedRegularizer):
        with seeded():
            found.append(case.built().other_penalty(case.step()))
    return found


def _slopes(value: Tensor, network: nn.Module) -> list[Tensor]:
    if not value.requires_grad:
        return []
    slopes = torch.autograd.grad(value, list(network.parameters()), allow_unused=True, retain_graph=True)
    return [each for each in slopes if each is not None]


def of_loss(case: Any) -> Sequence[Tensor]:
    """Return the values and gradients of both players for logits of every size, and what the loss brings along."""
    found = [torch.tensor([case.cls.depends_on_batch(case.options), bool(case.cls.regularizers(case.options))])]
    for choice in case.cls.regularizers(case.options):
        found += [torch.frombuffer(bytearray(repr(choice.options).encode()), dtype=torch.uint8)]
    loss = case.loss()
    for heads in case.heads:
        real = torch.tensor(_LOGITS)[:, None].repeat(1, heads) if heads else torch.tensor(_LOGITS)
        for turn in range(2):
            _move(loss, turn)
            given, fake = real.clone().requires_grad_(), (-real).roll(1, 0).requires_grad_()
            values = loss.discriminator_loss(given, fake), loss.generator_loss(fake, lambda given=given: given.detach())
            found += [*values, *torch.autograd.grad(sum(values), (given, fake), allow_unused=True)]
    return [each for each in (*found, *loss.state_dict().values()) if each is not None]


def _move(part: nn.Module, turn: int) -> None:
    """Move weights of its own after the first turn: where training begins, a pull to there changes nothing."""
    with torch.no_grad():
        for each in part.parameters():
            each.add_(_MOVE * turn)


def of_augmentation(case: Any) -> Sequence[Tensor]:
    """Return images that several seeds make, while it observes a critic that is ever surer."""
    augmentation = case.built()
    found: list[Tensor] = [torch.tensor([case.cls.depends_on_batch(case.options)])]
    images = torch.rand(4, case.spec.channels, _SIDE, _SIDE, generator=torch.Generator().manual_seed(8)) * 2 - 1
    for seed in range(_SEEDS):
        with seeded(seed), torch.no_grad():
            found.append(augmentation(images))
        for _ in range(_STEPS):
            augmentation.observe(torch.full((4,), 2.0 * (1 - seed) - 1))
        found += [*augmentation.report().values(), *augmentation.state_dict().values()]
    return found


def of_optimizer(case: Any) -> Sequence[Tensor]:
    """Return where some steps lead, for both shares of the rate, and what entries the groups have."""
    found = []
    for share in (1.0, 0.5):
        optimizer = case.built(two_tensors())
        entries = case.optimizer.group(case.moment, share)
        found.append(torch.tensor([float(each) for each in _numbers(entries)]))
        for _ in range(_STEPS):
            step_down(optimizer)
            found.append(place_of(optimizer))
    return found


def _numbers(entries: Any) -> Iterator[float]:
    for value in entries.values():
        yield from (value if isinstance(value, tuple | list) else (value,))


def of_metric(case: Any) -> Sequence[Tensor]:
    """Return its estimates of good and of bad images, and what it says of cost and need."""
    metric, found = case.metric, []
    for bad in (False, True):
        data = metric_input(metric, case.count, bad=bad)
        for each in dict(metric.estimates(data)).values():
            found.append(torch.tensor([each.value, each.standard_error or 0.0], dtype=torch.float64))
    plan = (
        case.count,
        metric.images_needed(),
        metric.cost(case.count, case.count, WIDTH, BLOCKS),
        metric.images_drawn(),
    )
    return [*found, torch.tensor(plan, dtype=torch.float64)]


def of_network(case: Any) -> Sequence[Tensor]:
    """Return outputs in both modes, with the state that training leaves, and whatever the class says of the options."""
    with seeded():
        network = case.build()
    found = [torch.tensor([case.cls.depends_on_batch(case.options)])]
    for training in (True, False):
        with seeded(), torch.no_grad():
            found.append(network.train(training)(*case.inputs))
    reason = reason_against(case.cls, case.options, case.spec) or ""
    told = torch.frombuffer(bytearray(f" {reason}".encode()), dtype=torch.uint8)
    return [*found, told, *(each for each in network.state_dict().values())]
