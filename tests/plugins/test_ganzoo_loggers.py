"""Event files: each value once, also after a resume, with samples, the recipe and scores; nothing names the machine."""

from __future__ import annotations

import os
import socket

import numpy as np
import pytest
from PIL import Image

from ganzoo import WatchedRun
from ganzoo._io.append_file import AppendFile
from ganzoo_loggers import TensorBoard

pytest.importorskip("tensorboard")


def begun(folder, images_seen):
    logger = TensorBoard(TensorBoard.Options())
    recipe = {"training": {"batch_size": 8}}
    logger.on_begin(WatchedRun("a-s0", folder, recipe, images_seen, 32, lambda name: AppendFile(folder / name)))
    return logger


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_resume_replaces_what_came_after_its_checkpoint(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    Image.fromarray(np.zeros((6, 9), np.uint8)).save(tmp_path / "grid.png")
    first = begun(tmp_path, 0)
    for images_seen in (8, 16, 24, 32):
        first.on_values(images_seen, {"loss": float(images_seen)})
    first.on_end("stopped")
    second = begun(tmp_path, 16)
    for images_seen in (24, 32):
        second.on_values(images_seen, {"loss": images_seen + 0.5})
    second.on_samples(32, tmp_path / "grid.png")
    second.on_scores(32, {"FID": 4.0})
    second.on_end("finished")
    names = sorted(path.name for path in (tmp_path / "tensorboard").iterdir())
    assert len(names) == 2
    assert not any(socket.gethostname() in name or str(os.getpid()) in name.split(".") for name in names)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [
        (8, 8.0),
        (16, 16.0),
        (24, 24.5),
        (32, 32.5),
    ]
    assert [(event.step, event.value) for event in events.Scalars("score/FID")] == [(32, 4.0)]
    (picture,) = events.Images("samples")
    assert (picture.width, picture.height) == (9, 6)
    assert b"| training.batch_size | 8 |" in events.Tensors("recipe")[0].tensor_proto.string_val[0]


def test_a_run_that_is_only_looked_at_leaves_no_file(tmp_path):
    logger = begun(tmp_path, 32)
    logger.on_end("finished")
    assert list(tmp_path.iterdir()) == []
