"""TensorBoard event files, where the extra is installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path


class TensorBoardTracker:
    """Writes each value as a scalar over images seen. Lines after a resume replace what a crash left behind."""

    def __init__(self, folder: Path, images_seen: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(  # type: ignore[no-untyped-call]
            str(folder), purge_step=images_seen or None, flush_secs=10
        )

    @staticmethod
    def installed() -> bool:
        """Whether the extra `tensorboard` is there."""
        return find_spec("tensorboard") is not None

    def log(self, images_seen: int, values: Mapping[str, float]) -> None:
        """See `Tracker.log`."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, images_seen)  # type: ignore[no-untyped-call]
        self._writer.flush()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Close the event file."""
        self._writer.close()  # type: ignore[no-untyped-call]
