"""Updates: how often a row's generator was updated by some image, where its recipe says so."""

from __future__ import annotations

from collections.abc import Callable

from ganzoo._leaderboard.tables import Row

_BATCH, _STEPS = "training.batch_size", "training.discriminator_steps"
_BATCH_BY_RESOLUTION = "training.growth.batch_size"


def updates_of(row: Row) -> Callable[[float], float] | None:
    """Return generator updates by images seen; None where the batch changes with the resolution or is not known."""
    settings = row.settings
    if any(key.startswith(_BATCH_BY_RESOLUTION) and value for key, value in settings.items()):
        return None
    batch, steps = settings.get(_BATCH), settings.get(_STEPS, 1)
    if not isinstance(batch, int) or not isinstance(steps, int) or batch < 1 or steps < 1:
        return None
    return lambda images_seen: images_seen / (batch * steps)
