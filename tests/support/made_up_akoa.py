"""Phantom knees under AKOA's file names, for tests and for trying out: no real knee is in it.

    python tests/made_up_akoa.py FOLDER --participants 12 --slices 6 --resolution 64

The Osteoarthritis Initiative's participants have two knees, several visits and many slices, and so have these.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo_images import Phantom

VISITS = ("BaseLine", "12_Month")
SIDES = ("LEFT", "RIGHT")


def write_akoa(
    folder: Path, *, participants: int = 12, visits: int = 1, slices: int = 6, resolution: int = 64, seed: int = 0
) -> int:
    """Write `participants * visits * 2 * slices` PNG files and return how many.

    A LEFT knee is the mirror image of a RIGHT one, as in the real set.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    series = [
        (9_000_000 + 137 * participant, VISITS[visit], side, f"{rng.randrange(16**4):04x}")
        for participant in range(participants)
        for visit in range(visits)
        for side in SIDES
    ]
    phantom = Phantom(Phantom.Options(count=len(series) * slices, resolution=resolution, anatomy="knee", seed=seed))
    items = phantom.items()
    for number, (participant, visit, side, token) in enumerate(series):
        for slice_ in range(slices):
            pixels = phantom.load(items[number * slices + slice_])[0]
            name = f"OAI{participant}_{visit}_3_d{token}_SAG_3D_DESS_WE_{side}.nii.gz_{slice_}.png"
            Image.fromarray(np.ascontiguousarray(pixels[:, ::-1] if side == "LEFT" else pixels)).save(folder / name)
    return len(items)


def main() -> None:
    """Write a set from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--participants", type=int, default=12)
    parser.add_argument("--visits", type=int, default=1, choices=(1, 2))
    parser.add_argument("--slices", type=int, default=6)
    parser.add_argument("--resolution", type=int, default=64, choices=(16, 32, 64, 128, 256, 512))
    parser.add_argument("--seed", type=int, default=0)
    asked = vars(parser.parse_args())
    print(f"{write_akoa(asked.pop('folder'), **asked)} images")


if __name__ == "__main__":
    main()
