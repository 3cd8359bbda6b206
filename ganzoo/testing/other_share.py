"""Other share: a penalty that both players descend, asked a second time as one of the second player."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from torch import Tensor

from ganzoo.contracts.objectives import Role
from ganzoo.contracts.shared_regularizer import SharedRegularizer
from ganzoo.contracts.step import Step
from ganzoo.testing.penalty_suite import OTHER_HABITS
from ganzoo.testing.properties import Property

Ask = Callable[[Any], None]


def of_other_player(scalar: Ask, payer: Ask, spared: Ask) -> tuple[Property, ...]:
    """Return the properties of the other share: what is asked of a penalty, asked of a case of its other share.

    Args:
        scalar: Asks for a finite scalar.
        payer: Asks for a gradient of who pays.
        spared: Asks for no gradient of the generator, where the discriminator pays.
    """
    asked = {"is a finite scalar": scalar, "gives its gradient to who pays it": payer, **OTHER_HABITS}
    spares = Property(
        "the other player's share gives its gradient to nobody else",
        _of_other(spared),
        lambda case: _is_shared(case) and case.cls.applies_to is Role.GENERATOR,
    )
    return (
        *(Property(f"the other player's share {name}", _of_other(ask), _is_shared) for name, ask in asked.items()),
        spares,
    )


def _of_other(ask: Ask) -> Ask:
    return lambda case: ask(_other(case))


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
