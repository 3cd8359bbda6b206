"""A long training needs no more memory than a short one."""

from __future__ import annotations

from pathlib import Path

import pytest
from training_world import DCGAN, in_memory, recipe_of, start

STEPS, BATCH = 20_000, 8
MOST_GROWTH = 5_000_000


class Meter:
    """Memory of the process every 1,000 steps, in bytes."""

    def __init__(self):
        self.bytes: list[int] = []

    def on_step_end(self, trainer, losses):
        if trainer.steps % 1000 == 0:
            lines = Path("/proc/self/status").read_text().splitlines()
            self.bytes.append(next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")))
            print(trainer.steps, self.bytes[-1], flush=True)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_memory_is_flat_over_twenty_thousand_steps():
    """With a line of metrics every 10 steps, samples and curves every 200, checkpoints every 1,000."""
    meter = Meter()
    kimg = {"log_kimg": 0.08, "samples_kimg": 1.6, "checkpoint_kimg": 8, "total_kimg": STEPS * BATCH / 1000}
    with in_memory() as folder:
        start(folder, recipe_of(DCGAN, {"training": kimg | {"batch_size": BATCH}}), meter)
    assert len(meter.bytes) == STEPS // 1000
    assert max(meter.bytes) - meter.bytes[1] < MOST_GROWTH
