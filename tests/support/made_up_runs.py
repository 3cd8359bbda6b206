"""Folders of runs as trainings would leave them, with records, logs and samples: for tests of reports."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from made_up_records import PROTOCOL, SHOWN, record

from ganzoo._io.image_grid import write_grid
from ganzoo._runs.record import Score, write_record
from ganzoo._runs.sample_grids import LATENTS

LOSSES = ("logistic", "hinge", "rahinge", "wgan-gp", "lsgan")
POINTS = 6
PLAN = {
    "name": "losses",
    "title": "three losses",
    "file_sha256": "ab" * 32,
    "planned": "2026-11-28T05:00:00Z",
    "runs_before": 0,
    "amended": [],
    "rows": ["dcgan_oasis_logistic", "gone"],
    "seeds": [0, 1],
    "budget": {"equal": "kimg"},
    "looks": [2, 5, 8],
}
_HARDWARE = {"cpu": "A Processor", "cores": 8, "threads": 4, "machine": "x86_64", "system": "Linux"}
_VERSIONS = {"python": "3.11.9", "torch": "2.10.0", "ganzoo": "0.1.0"}


def scores_on_the_way(
    end: float, *, images_seen: int = 30_000, points: int = POINTS, protocol=None, **more
) -> tuple[Score, ...]:
    """Two metrics that fall like a power of the images seen, to `end` and `end` / 2000."""
    protocol = {**PROTOCOL, **(protocol or {})}
    identity = hashlib.sha256(json.dumps(protocol, sort_keys=True).encode()).hexdigest()[:16]
    return tuple(
        Score(
            metric=metric,
            label=label,
            **SHOWN[metric],
            value=value * (points / place) ** 0.4,
            standard_error=value / 100,
            protocol=protocol,
            protocol_id=identity,
            images_seen=images_seen * place // points,
            **more,
        )
        for place in range(1, points + 1)
        for metric, label, value in (("fid", "FID", end), ("kid", "KID", end / 2000))
    )


def made_up_run(
    root: Path,
    stem: str = "dcgan_oasis_logistic",
    seed: int = 0,
    *,
    end: float = 40.0,
    side: int = 16,
    channels: int = 1,
    samples: bool = True,
    folder: str | None = None,
    scores: tuple[Score, ...] | None = None,
    **changes,
) -> Path:
    """Write a run's folder, called as the run or `folder`; `changes` are those of `made_up_records.record`."""
    found = scores_on_the_way(end) if scores is None else scores
    changes = {"hardware": _HARDWARE, "versions": _VERSIONS, "peak_memory_bytes": 2**30, **changes}
    made = record(stem, seed, found, **changes)
    path = root / (folder or made.name)
    path.mkdir(parents=True)
    write_record(path / "record.json", made)
    (path / "metrics.jsonl").write_text("".join(map(_line, range(1, 21))))
    if samples:
        _write_samples(path / "samples", made.images_seen, seed, stem, side, channels)
    return path


def _line(place: int) -> str:
    moment = {
        "images_seen": 1500 * place,
        "generator/loss": 1 / place,
        "discriminator/loss": 0.7,
        "seconds": 30.0 * place,
    }
    return f"{json.dumps(moment)}\n"


def _write_samples(folder: Path, images_seen: int, seed: int, stem: str, side: int, channels: int) -> None:
    """Blobs: the latents of a seed place them, the recipe shades them; reals are the same for all."""
    folder.mkdir()
    shade = hashlib.sha256(stem.encode()).digest()[0] // 2
    facts = {LATENTS: f"{seed:064x}"}
    write_grid(folder / f"{images_seen:010d}.png", _blobs(seed, shade, side, channels), facts=facts)
    write_grid(folder / "reals.png", _blobs(99, 127, side, channels))


def _blobs(seed: int, shade: int, side: int, channels: int) -> np.ndarray:
    drawn = np.random.default_rng(seed)
    places = np.stack(np.meshgrid(np.arange(side), np.arange(side))) - drawn.uniform(2, side - 2, (16, 2, 1, 1))
    images = shade + (255 - shade) * np.exp(-(places**2).sum(axis=1) / side)
    images += drawn.normal(0, 6, images.shape)
    return np.repeat(np.clip(images, 0, 255).astype(np.uint8)[:, None], channels, axis=1)


def made_up_zoo(root: Path, recipes: int = 10, seeds: int = 5, **changes) -> Path:
    """Write so many recipes of so many seeds, each 4 % worse than the one before, seeds 2 % apart."""
    drawn = np.random.default_rng(0)
    for place in range(recipes):
        loss = LOSSES[place % len(LOSSES)]
        stem = f"net{place // len(LOSSES)}_oasis_{loss}"
        sections = {"generator": {"width": 32 * (1 + place // len(LOSSES))}}
        for seed in range(seeds):
            end = 30.0 * 1.04**place * float(np.exp(drawn.normal(0, 0.02)))
            made_up_run(root, stem, seed, end=end, loss=loss, sections=sections, seconds=600.0 + 60 * place, **changes)
    return root
