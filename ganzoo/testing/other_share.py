"""Other share: a penalty that both players descend, asked a second time as one of the second player."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ganzoo.contracts.objectives import Role
from ganzoo.contracts.shared_regularizer import SharedRegularizer
from ganzoo.contracts.step import Step
from ganzoo.testing.failure import ConformanceError, doing, require
from ganzoo.testing.penalty_suite import OTHER_HABITS
from ganzoo.testing.properties import Property
from ganzoo.testing.seeding import seeded

Ask = Callable[[Any], None]


def of_other_player(scalar: Ask, payer: Ask, spared: Ask) -> tuple[Property, ...]:
    """Return the properties of the other share: what is asked of a penalty, asked of a case of its other share.

    Args:
        scalar: Asks for a finite scalar.
        payer: Asks for a gradient of who pays.
        spared: Asks for no gradient of the generator, where the discriminator pays.
    """
    asked = {
        "is a finite scalar": scalar,
        "gives its gradient to who pays it": payer,
        "moves nothing but its player": _check_held,
        **OTHER_HABITS,
    }
    spares = Property(
        _named("gives its gradient to nobody else"),
        _of_other(spared),
        lambda case: _is_shared(case) and case.cls.applies_to is Role.GENERATOR,
    )
    first, second, *_ = asked
    needs = {name: _named(second if ask is _check_held else first) for name, ask in asked.items()} | {first: ""}
    return (
        *(Property(_named(name), _of_other(ask), _is_shared, needs=needs[name]) for name, ask in asked.items()),
        spares,
    )


def _named(name: str) -> str:
    return f"the other player's share {name}"


def _of_other(ask: Ask) -> Ask:
    def asked(case: Any) -> None:
        other = _other(case)
        try:
            ask(other)
        except ConformanceError as error:
            raise ConformanceError(f"other_penalty(step), the {other.cls.applies_to.value}'s share: {error}") from error

    return asked


def _check_held(case: Any) -> None:
    """Require that a share moves its own player alone, where all else is held as the trainer holds it."""
    role = case.cls.applies_to
    penalty, step = case.built(), case.step()
    payer, other = (case.critic, case.generator) if role is Role.DISCRIMINATOR else (case.generator, case.critic)
    held = {"the other player": other, "the penalty itself, which the first player trains": penalty}
    kept = {what: [each.detach().clone() for each in module.parameters()] for what, module in held.items()}
    for module in (payer, *held.values()):
        module.zero_grad()
        module.requires_grad_(module is payer)
    try:
        with doing("penalty and gradient where all other weights are held"), seeded():
            torch.autograd.backward(penalty.penalty(step))
        moved = any(each.grad is not None and bool(each.grad.any()) for each in payer.parameters())
        require(moved, f"gives no gradient to the {role.value} where all other weights are held, as the trainer does")
        for what, module in held.items():
            _require_held(what, module, kept[what])
    finally:
        for module in (case.critic, case.generator):
            module.requires_grad_(True)


def _require_held(what: str, module: nn.Module, kept: Sequence[Tensor]) -> None:
    parameters = list(module.parameters())
    stirred = any(each.requires_grad or each.grad is not None for each in parameters)
    require(
        not stirred,
        f"takes gradients of the weights of {what}: they stay as they are in this step; change no requires_grad",
    )
    same = all(torch.equal(one, two) for one, two in zip(parameters, kept, strict=True))
    require(same, f"changes the weights of {what}; they stay as they are in this step")


def _is_shared(case: Any) -> bool:
    return issubclass(case.cls, SharedRegularizer)


def _other(case: Any) -> Any:
    """Return the case of the same penalty with its other share in the place of the first."""
    given = {"own_generator": case.own_generator, "own_discriminator": case.own_discriminator}
    return type(case)(_seen_by_other(case.cls), case.options, **given)


def _seen_by_other(cls: Any) -> type[SharedRegularizer]:
    class Other(cls):  # type: ignore[misc]
        applies_to: ClassVar[Role] = Role.GENERATOR if cls.applies_to is Role.DISCRIMINATOR else Role.DISCRIMINATOR
        needs_real_gradient: ClassVar[bool] = False
        needs_fake_gradient: ClassVar[bool] = False
        compares_logits: ClassVar[bool] = False

        def penalty(self, step: Step) -> Tensor:
            share: Tensor = self.other_penalty(step)
            return share

    Other.__name__ = cls.__name__
    return Other
