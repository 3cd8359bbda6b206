"""Modes: whether a network computes one thing in training and evaluation, alone and where processes share a batch."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from ganzoo.testing.calls import draws
from ganzoo.testing.company import state_of
from ganzoo.testing.failure import ConformanceError, doing, require
from ganzoo.testing.networks import NetworkCase
from ganzoo.testing.properties import Property, fullest
from ganzoo.testing.seeding import seeded, steady
from ganzoo.testing.shared_batches import SIZE, check_rows, says_so


def check_modes(case: NetworkCase) -> None:
    """Require that evaluation gives what training does, unless there is a reason for another result.

    Reasons are a dependence on the batch, numbers that are drawn in one mode alone, and state that training moves.
    """
    if case.cls.depends_on_batch(case.options):
        return
    network: Any = case.network()
    before = state_of(network)
    trained, drawn = _run(network.train(), case)
    moved = any(not torch.equal(value, before[name]) for name, value in state_of(network).items())
    evaluated, drawn_too = _run(network.eval(), case)
    require(
        moved or not torch.equal(drawn, drawn_too) or torch.allclose(trained, evaluated, rtol=1e-3, atol=1e-4),
        "gives other results in evaluation mode than in training mode, though it draws no more numbers there, moves no "
        "buffer and does not depend on its batch: what is sampled and scored is not what was trained",
    )


def _run(network: Any, case: NetworkCase) -> tuple[Tensor, Tensor]:
    """Return the results, and where the global stream is after them."""
    with doing("a forward"), seeded(), torch.no_grad():
        found = network(*case.inputs)
        return found, torch.get_rng_state()


def check_ranks(case: NetworkCase) -> None:
    """Require that it sees the whole batch where several processes share it, if it says so."""
    network, inputs = case.network().train(), case.inputs
    with steady(network), torch.no_grad():
        copies = [copy.deepcopy(network) for _ in range(SIZE)]

        def part(rank: int) -> Tensor:
            with torch.no_grad():
                found: Tensor = copies[rank](*(each[rank::SIZE] for each in inputs))
            return found

        check_rows(lambda: copy.deepcopy(network)(*inputs), part, "training")


def check_channels(case: NetworkCase) -> None:
    """Require that all channels of images count."""
    network: Any = case.network()
    images = case.inputs[0].clone().requires_grad_()
    with doing("a forward"), seeded():
        logits = network(images, case.inputs[1])
        (slope,) = torch.autograd.grad((logits * torch.randn_like(logits)).sum(), images)
    unread = [str(channel) for channel in range(images.shape[1]) if not slope[:, channel].any()]
    require(not unread, f"its logits do not depend on channel {' and '.join(unread)} of the images; read all of them")


def check_steady(case: NetworkCase) -> None:
    """Require that evaluation draws nothing: a critic's logits of an image are always the same."""
    network, inputs = case.network().eval(), case.inputs
    found = []
    for seed in (1, 2):
        with seeded(seed), torch.no_grad():
            found.append(network(*inputs))
    if not torch.equal(found[0], found[1]):
        called = draws(lambda: network(*inputs))
        raise ConformanceError(
            f"in evaluation mode its logits are random: it draws with {called or 'something'} there too; give "
            f"F.dropout(..., training=self.training), or use nn.Dropout"
        )


MODES = (
    Property("computes in evaluation what it does in training", check_modes, fullest),
    Property(
        "sees the whole batch where processes share it", check_ranks, lambda case: fullest(case) and says_so(case)
    ),
)
CHANNELS = Property("reads all channels", check_channels, fullest, needs="gradients reach the images")
