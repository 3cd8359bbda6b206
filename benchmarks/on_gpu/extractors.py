"""Extractors: images per second that features are taken of, on a device."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scoring import random_weights

from ganzoo._registry.registry import Registry
from ganzoo.scoring.features import build_extractor, extract

# Inception's own weights are a download: random ones of the right shape take as long.
LAYERS = {"inception-v3-compat": "2048", "efficientnet-lite0": "1280"}


def images_per_second(name: str, device: torch.device, count: int, resolution: int) -> dict[str, Any]:
    """Return the speed of an extractor over so many images in memory, uint8 `[N, 3, R, R]`."""
    shape = (count, 3, resolution, resolution)
    images = torch.from_numpy(np.random.RandomState(0).randint(0, 256, shape).astype(np.uint8))
    cls, layers = Registry.discover().part("extractor", name).cls, (LAYERS[name],)
    with tempfile.TemporaryDirectory() as folder:
        made_up = {"weights": random_weights(Path(folder) / "random.pth")} if name.startswith("inception") else {}
        module = build_extractor(cls(cls.Options(**made_up)), layers, device)
    times = []
    for number in range(3):
        began = time.perf_counter()
        extract(module, images[: 64 if number == 0 else count].split(64), layers, device=device)  # it ends on the CPU
        times.append(time.perf_counter() - began)
    return {"images_per_second": count / min(times[1:]), "images": count, "resolution": resolution}
