"""Growth stage: resolution and alpha of a growing network, and which stages it can be set to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ganzoo.errors import GanzooError, RefusedError

if TYPE_CHECKING:
    from torch import nn

_SMALLEST_RESOLUTION = 4


@dataclass(frozen=True)
class GrowthStage:
    """Where a growing network stands: its resolution, and how far its newest block has faded in."""

    resolution: int
    alpha: float = 1.0

    def set(self, network: nn.Module) -> None:
        """Bring a network that can grow to this stage.

        Raises:
            GanzooError: It cannot work at that resolution.
        """
        from ganzoo.contracts.capabilities import Growable

        if not isinstance(network, Growable):
            return
        try:
            network.grow(self.resolution, self.alpha)
        except (ValueError, LookupError, RuntimeError) as error:
            name = getattr(network, "name", type(network).__name__)
            raise GanzooError(f"'{name}' cannot work at {self.resolution} pixels: {error}") from error


def resolutions_up_to(final: int) -> list[int]:
    """Return the resolutions that a network grows through, from 4 pixels to its final resolution."""
    halved = (final >> halvings for halvings in range(final.bit_length()))
    return sorted(resolution for resolution in halved if resolution >= _SMALLEST_RESOLUTION)


def chosen_stage(
    network: nn.Module, in_training: GrowthStage, final: int, resolution: int | None = None, alpha: float | None = None
) -> GrowthStage | None:
    """Return the stage that a network is used at; None for one that does not grow.

    Args:
        network: The network.
        in_training: Where its training stood.
        final: Resolution that it grows to.
        resolution: The stage asked for; None: that of its training.
        alpha: Weight of its newest block; None: fully in where a resolution is asked for, else as in training.

    Raises:
        RefusedError: A stage is asked of a network that does not grow.
        GanzooError: It is one that the network does not grow through.
    """
    from ganzoo.contracts.capabilities import Growable

    if not isinstance(network, Growable):
        for option, value in (("resolution", resolution), ("alpha", alpha)):
            if value is not None:
                raise RefusedError(
                    f"{option} {value:g} needs a growing network, which '{getattr(network, 'name', '')}' is not (it "
                    f"lacks the capability Growable); leave it out"
                )
        return None
    if resolution is None:
        return replace(in_training, alpha=in_training.alpha if alpha is None else alpha)
    known = resolutions_up_to(final)
    if resolution not in known:
        raise GanzooError(
            f"resolution {resolution}: this network grows through {', '.join(map(str, known))}; choose one of them"
        )
    return GrowthStage(resolution, 1.0 if alpha is None else alpha)
