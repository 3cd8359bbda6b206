"""TensorBoard event files, where the extra is installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path


class TensorBoardTracker:
    """Writes each value as a scalar over images seen. Lines after a resume replace what a crash left behind."""

    def __init__(self, folder: Path, images_seen: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        # What was logged at `images_seen` itself belongs to the checkpoint that is gone on from.
        self._writer = SummaryWriter(str(folder), purge_step=images_seen + 1, flush_secs=10)

    @staticmethod
    def installed() -> bool:
        """Whether the extra `tensorboard` is there."""
        return find_spec("tensorboard") is not None

    def log(self, images_seen: int, values: Mapping[str, float]) -> None:
        """See `Tracker.log`."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, images_seen)
        self._writer.flush()

    def close(self) -> None:
        """Close the event file."""
        self._writer.close()
