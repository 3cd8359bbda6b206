"""Global streams: Python's, NumPy's and torch's own random numbers, which a part may draw from."""

from __future__ import annotations

import random

import numpy as np
import torch

from ganzoo._random.seeds import seed_for

CPU = torch.device("cpu")


def seed_global_streams(seed: int, device: torch.device) -> None:
    """Seed every global stream that a network on a device can draw from."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    seed_torch(seed, device)


def seed_torch(seed: int, device: torch.device = CPU) -> None:
    """Seed torch's global streams of the CPU and of a device."""
    # torch.manual_seed seeds each kind of device, and where one is there but not in use it keeps the seed for later,
    # with a printed stack: 0.5 ms each time, for every image that is drawn by itself.
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


def seed_everything(seed: int, images_seen: int, device: torch.device) -> None:
    """Seed every global random stream for the step that begins after so many images, as a part may draw from any."""
    seed_global_streams(seed_for(seed, "step", images_seen), device)
