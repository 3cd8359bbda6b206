"""No subject is in two splits, for every dataset that ships: by the packs' own numbers, and by the files' names."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from made_up_akoa import write_akoa
from PIL import Image

from ganzoo._registry.registry import Registry
from ganzoo.data import build_dataset
from ganzoo.data.prepare.prepare import prepare


def knees(root):
    write_akoa(root, participants=7, visits=2, slices=2, resolution=16)
    return {"root": root, "held_out": 0.3}, lambda key: re.search(r"OAI(\d+)", key)[1]


def brains(root):
    root.mkdir()
    for number in range(40):
        name = f"case_{number // 4:03d}_slice_{number % 4}.nii.png"
        Image.fromarray(np.full((16, 16), number * 6, np.uint8)).save(root / name)
    return {"root": root, "held_out": 0.3}, lambda key: re.search(r"case_(\d+)", key)[1]


def faces(root):
    root.mkdir()
    for number in (*range(20), *range(60_000, 60_010)):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 16, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(root / f"{number:05d}.png")
    return {"root": root}, lambda key: key


def folders(root):
    for number in range(40):
        (root / f"patient{number // 4}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((16, 16), number * 6, np.uint8)).save(root / f"patient{number // 4}" / f"{number}.png")
    options = {"root": root, "channels": 1, "held_out": 0.3, "subject_pattern": r"patient(\d+)"}
    return options, lambda key: re.search(r"patient(\d+)", key)[1]


def phantoms(root):
    return {"count": 40, "held_out": 0.3}, lambda key: key


SETS = {"akoa": knees, "oasis": brains, "ffhq": faces, "folder": folders, "phantom": phantoms}


def test_every_dataset_is_here():
    shipped = {
        part.name for part in Registry.discover().parts("dataset") if part.origin.distribution.startswith("ganzoo")
    }
    assert shipped == set(SETS)


@pytest.mark.parametrize("name", SETS)
def test_no_subject_is_in_two_splits(tmp_path, name):
    options, subject_of = SETS[name](tmp_path / "images")
    cls = Registry.discover().part("dataset", name).cls
    dataset = build_dataset(cls, cls.Options(resolution=16, **options), Registry.discover().source_formats)
    pack = prepare(dataset, name, cache=tmp_path / "cache", workers=1)
    assert len(pack.splits) >= 2 and pack.overlaps() == [] and pack.verify() == []
    # The same by names: which images of the source went where is found by their pixels.
    found: dict[str, set[str]] = {}
    place = {dataset.load(item).tobytes(): subject_of(item.key) for item in dataset.items()}
    for split in map(pack.split, pack.splits):
        images = split.images(np.arange(len(split)))
        found[split.name] = {place[image.tobytes()] for image in images}
    assert sum(map(len, found.values())) == len(set.union(*found.values())) == len(set(place.values()))


@pytest.mark.skipif(not os.environ.get("GANZOO_DATA"), reason="GANZOO_DATA names no folder of real images")
def test_real_brains_are_split_by_subject(tmp_path):
    cls = Registry.discover().part("dataset", "oasis").cls
    options = cls.Options(root=Path(os.environ["GANZOO_DATA"], "oasis"), resolution=16, held_out=0.4)
    dataset = build_dataset(cls, options, Registry.discover().source_formats)
    pack = prepare(dataset, "oasis", cache=tmp_path, workers=1)
    counts = {name: len(np.unique(pack.split(name).subjects)) for name in pack.splits}
    assert pack.overlaps() == [] and counts == {"train": 4, "held-out": 3}
