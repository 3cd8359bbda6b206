"""Sample set of a folder: images of the first seeds as files, and the hash of each one's pixels."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._io.atomic import json_bytes, make_folder, write_inside
from ganzoo._io.image_grid import grid_png
from ganzoo._io.os_errors import shown
from ganzoo._io.regular_file import read_regular
from ganzoo.contracts.component import PixelArray
from ganzoo.errors import RunError

SAMPLES = "samples"
_INDEX = "samples.json"
_SEEDS = range(64)
_MOST_BYTES = 16 * 2**20


def write_samples(folder: Path, generator: OpenedGenerator) -> None:
    """Write `samples/` into a temporary folder: a picture per seed, `grid.png`, and hashes in `samples.json`."""
    inside = folder / SAMPLES
    make_folder(inside)
    pixels = generator.images(_SEEDS)
    for seed, image in zip(_SEEDS, pixels, strict=True):
        write_inside(inside, f"seed-{seed:04d}.png", grid_png(image[None], gap=0))
    write_inside(inside, "grid.png", grid_png(pixels))
    write_inside(inside, _INDEX, json_bytes(_index(generator, pixels)))


def sample_problems(folder: Path, generator: OpenedGenerator) -> list[str]:
    """Draw the samples of a folder again; return what differs, a sentence each, by the hashes of their pixels."""
    path = folder / SAMPLES / _INDEX
    try:
        said = json.loads(read_regular(path, _MOST_BYTES))["sha256"]
        seeds = [int(seed) for seed in said][: 10 * len(_SEEDS)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RunError(f"{shown(path)} does not say which samples there are.") from error
    pixels = generator.images(seeds)
    differing = [seed for seed, image in zip(seeds, pixels, strict=True) if _hash(image) != said[str(seed)]]
    if not differing:
        return []
    named = ", ".join(map(str, differing[:5])) + (", ..." if len(differing) > 5 else "")
    return [f"{len(differing)} of {len(seeds)} samples are not drawn again to the bit (seeds {named})."]


def _index(generator: OpenedGenerator, pixels: PixelArray) -> dict[str, Any]:
    facts = generator.facts()
    kept = ("images_seen", "weights", "truncation_psi", "truncation_cutoff", "noise_mode", "stage", "device")
    hashes = {str(seed): _hash(image) for seed, image in zip(_SEEDS, pixels, strict=True)}
    about = {"what": "SHA-256 of each seed's pixels, uint8 [C, H, W] in C order", "shape": list(pixels.shape[1:])}
    return {**about, **{key: facts[key] for key in kept}, "sha256": hashes}


def _hash(image: PixelArray) -> str:
    return hashlib.sha256(image.tobytes()).hexdigest()
