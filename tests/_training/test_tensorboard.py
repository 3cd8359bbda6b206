"""Event files: each value once, also after a resume."""

from __future__ import annotations

import os
import socket

import pytest

from ganzoo._training.tensorboard import TensorBoardTracker

pytest.importorskip("tensorboard")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_resume_replaces_what_came_after_its_checkpoint(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    first = TensorBoardTracker(tmp_path, 0)
    for images_seen in (8, 16, 24, 32):
        first.log(images_seen, {"loss": float(images_seen)})
    first.close()
    second = TensorBoardTracker(tmp_path, 16)
    for images_seen in (24, 32):
        second.log(images_seen, {"loss": images_seen + 0.5})
    second.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 2
    assert not any(socket.gethostname() in name or str(os.getpid()) in name.split(".") for name in names)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [
        (8, 8.0),
        (16, 16.0),
        (24, 24.5),
        (32, 32.5),
    ]
