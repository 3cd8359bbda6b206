"""Loss habits: that losses are pure, have the gradient of their value, and take any batch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ganzoo.testing import state
from ganzoo.testing.calls import draws
from ganzoo.testing.derivatives import check_slopes
from ganzoo.testing.devices import check_device
from ganzoo.testing.failure import doing, require
from ganzoo.testing.properties import Property
from ganzoo.testing.seeding import seeded
from ganzoo.testing.shared_batches import SIZE, check_value, says_so
from ganzoo.testing.slopes import double

SAVED = "its state is saved"
_COUNT = 8
_TURNED = (3, 6, 0, 7, 1, 5, 2, 4)
Objective = Callable[[Tensor, Tensor], Tensor]


def _objectives(case: Any) -> Iterator[tuple[str, Callable[[], Objective]]]:
    """Yield each player's loss by name, each time of a fresh part, since what it keeps may follow what it saw."""
    loss = case.loss()

    def of_discriminator() -> Objective:
        found: Objective = copy.deepcopy(loss).discriminator_loss
        return found

    def of_generator() -> Objective:
        fresh = copy.deepcopy(loss)
        return lambda real, fake: fresh.generator_loss(fake, lambda: real)

    yield "discriminator_loss", of_discriminator
    yield "generator_loss", of_generator


def _logits(case: Any, mean: float, count: int = _COUNT) -> Tensor:
    """Return logits `[count]`, or `[count, K]` of a loss that refuses a single one per image."""
    rng = torch.Generator().manual_seed(count + int(mean > 0))
    return mean + 0.7 * torch.randn(case.shape(count), generator=rng)


def _check_pure(case: Any) -> None:
    real, fake = _logits(case, -0.3), _logits(case, 0.4)
    for what, objective in _objectives(case):
        values = []
        for seed in (1, 2):
            with seeded(seed):
                values.append(objective()(real, fake))
        drawn = draws(partial(objective(), real, fake))
        require(
            torch.equal(values[0], values[1]) and not drawn,
            f"{what} draws with {drawn or 'something'}; a loss is pure: logits in, a scalar out",
        )


def _check_gradient(case: Any) -> None:
    with double():
        for what, objective in _objectives(case):
            real, fake = (_logits(case, mean).double().requires_grad_() for mean in (-0.3, 0.4))
            both = {"the logits of reals": real} if what == "discriminator_loss" else {}

            def value(objective: Any = objective, real: Tensor = real, fake: Tensor = fake) -> Tensor:
                found: Tensor = objective()(real, fake)
                return found

            check_slopes(value, {**both, "the logits of generated images": fake}, what)


def _check_equal(case: Any) -> None:
    """A critic that begins at zero gives all images one logit."""
    for what, objective in _objectives(case):
        real, fake = (torch.zeros(case.shape(_COUNT), requires_grad=True) for _ in range(2))
        with doing(f"{what} of logits that are all equal"):
            value = objective()(real, fake)
            (slope,) = torch.autograd.grad(value, fake, allow_unused=True)
        require(
            torch.isfinite(value) and (slope is None or torch.isfinite(slope).all()),
            f"{what} or the gradient of it is not finite where all logits are equal, as those of a critic that begins "
            f"at zero: a root or a deviation (std) has an infinite slope at 0; add a small number inside",
        )


def _check_repeated(case: Any) -> None:
    for what, objective in _objectives(case):
        real, fake = _logits(case, -0.3), _logits(case, 0.4)
        once, twice = objective()(real, fake), objective()(torch.cat([real, real]), torch.cat([fake, fake]))
        require(
            torch.allclose(once, twice, rtol=1e-3, atol=1e-5),
            f"{what} of a batch repeated is {twice.item():.6g}, of the batch {once.item():.6g}: take means over the "
            f"batch, not a sum",
        )


def _check_no_backward(case: Any) -> None:
    for what, objective in _objectives(case):
        real, fake = (_logits(case, mean).requires_grad_() for mean in (-0.3, 0.4))
        objective()(real, fake)
        require(
            real.grad is None and fake.grad is None,
            f"{what} calls backward() itself, which adds to the gradients of the step; return the scalar",
        )


def check_realness(case: Any) -> None:
    """Require one number per image, of logits with and without heads."""
    loss = case.loss()
    for heads in case.heads:
        logits = torch.linspace(-1.0, 2.0, _COUNT * max(1, heads)).reshape(_COUNT, *([heads] if heads else []))
        with doing("realness(logits)"):
            found = loss.realness(logits)
        require(
            isinstance(found, Tensor) and found.shape == logits.shape[:1],
            f"realness of logits {list(logits.shape)} must be one number per image, [8]; found {found!r:.80}",
        )


def check_saved(case: Any) -> None:
    """Require that all that it keeps is in its state."""
    loss, other = case.loss(), case.loss()
    both = partial(_both, case)
    for _ in range(3):
        both(loss)
    with doing("loading its own state_dict into a new instance"):
        other.load_state_dict(loss.state_dict())
    state.check_no_counter(case.loss(), both, "a loss")
    real, fake = _logits(case, -0.2), _logits(case, 0.1)
    same = torch.equal(loss.realness(real), other.realness(real))
    same = same and torch.equal(loss.discriminator_loss(real, fake), other.discriminator_loss(real, fake))
    require(
        same,
        f"a new instance with the same state_dict gives another loss: its state is not saved; "
        f"{state.missing_state(loss, other) or 'keep it in a buffer (register_buffer)'}",
    )


def _check_forgets(case: Any) -> None:
    loss = case.loss()
    real, fake = ((2 * _logits(case, mean).requires_grad_()) for mean in (-0.3, 0.4))  # with a graph, as a critic's are
    loss.discriminator_loss(real, fake)
    loss.generator_loss(fake, lambda: real)
    state.check_no_graphs(loss)


def _check_order(case: Any) -> None:
    """Logits stay with their labels: `real()[i]` is of the class of `fake[i]`."""
    for what, objective in _objectives(case):
        real, fake = _logits(case, -0.3), _logits(case, 0.4)
        turned = torch.tensor(_TURNED)
        once, again = objective()(real, fake), objective()(real[turned], fake[turned])
        require(
            torch.allclose(once, again, rtol=1e-4, atol=1e-6),
            f"{what} is {once.item():.6g} of a batch, and {again.item():.6g} of the same images in another order: it "
            f"compares logits of different places, though the real and the generated image of one place are those of "
            f"one class; no roll, flip or permutation",
        )


def _check_ranks(case: Any) -> None:
    for what, objective in _objectives(case):
        real, fake = _logits(case, -0.3), _logits(case, 0.4)
        parts = [objective() for _ in range(SIZE)]

        def of_rank(rank: int, parts: Any = parts, real: Tensor = real, fake: Tensor = fake) -> Tensor:
            found: Tensor = parts[rank](real[rank::SIZE], fake[rank::SIZE])
            return found

        check_value(partial(objective(), real, fake), of_rank, what)


def _both(case: Any, loss: Any) -> None:
    loss.discriminator_loss(_logits(case, -0.3), _logits(case, 0.4))
    loss.generator_loss(_logits(case, 0.4), lambda: _logits(case, -0.3))


def _check_place(case: Any) -> None:
    def run(moved: Any) -> None:
        real, fake = (_logits(case, mean).to("meta").requires_grad_() for mean in (-0.3, 0.4))
        moved.realness(real)
        moved.discriminator_loss(real, fake)
        moved.generator_loss(fake, lambda: real)

    check_device(case.loss(), run, "a loss")


def _check_one(case: Any) -> None:
    for what, objective in _objectives(case):
        with doing(f"{what} of one image"):
            value = objective()(_logits(case, -0.3, 1), _logits(case, 0.4, 1))
        require(torch.isfinite(value), f"{what} of one image is {value.item()}: a deviation (std) of one is undefined")


def _takes_one(case: Any) -> bool:
    return not case.cls.depends_on_batch(case.options)


HABITS = (
    Property("draws nothing", _check_pure),
    Property("its gradients are derivatives", _check_gradient),
    Property("is finite where all logits are equal", _check_equal),
    Property("does not grow with the batch", _check_repeated),
    Property("takes a batch of one", _check_one, _takes_one),
    Property("leaves gradients to the trainer", _check_no_backward),
    Property("registers all that is trained", lambda case: state.check_registered(case.loss())),
    Property("keeps no tensor of the logits", _check_forgets),
    Property("depends on no order of the images", _check_order, needs="draws nothing"),
    Property("sees the whole batch where processes share it", _check_ranks, says_so, needs="draws nothing"),
    Property("computes on the device of the logits", _check_place),
)
