"""Thousands of damaged inputs of every kind end in a message or in images: never in a traceback, a hang, a bad pack."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import made_up_sources as made
import numpy as np
import pytest
from PIL import Image

from ganzoo.data.prepare.prepare import prepare
from ganzoo.errors import DataError
from ganzoo_images import Folder

LIMIT_SECONDS = 20
PACKED = 25  # every so many inputs a whole pack is made

Files = dict[str, bytes]


def mixed_folder(root: Path, pictures) -> Path:
    """Write each format that Pillow and tifffile read."""
    import tifffile

    root.mkdir(parents=True)
    image = Image.fromarray(pictures[0])
    for suffix in ("png", "jpg", "gif", "webp", "bmp", "tif"):
        image.save(root / f"a.{suffix}")
    image.convert("CMYK").save(root / "cmyk.jpg")
    image.convert("P").save(root / "palette.png", transparency=3)
    image.save(root / "deflated.tif", compression="tiff_deflate")
    deep = np.arange(256, dtype=np.uint16).reshape(16, 16) * 200
    Image.fromarray(deep).save(root / "deep.png")
    tifffile.imwrite(root / "deep.tif", np.stack([deep] * 3, axis=2), photometric="rgb")
    return root


def small_lmdb(root: Path, pictures) -> Path:
    """Write an LMDB without the sparse end of its map."""
    return made.lmdb(root, pictures)


MAKERS = {**made.MAKERS, "mixed": mixed_folder, "lmdb": small_lmdb}


def contents(root: Path) -> tuple[str, Files]:
    """Return the files of a source, by path below the folder that holds it, and the name of its root."""
    paths = [path for path in [root, *root.rglob("*")] if path.is_file() and path.name != "lock.mdb"]
    return root.name, {str(path.relative_to(root.parent)): path.read_bytes() for path in paths}


def damaged(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    """Return `data` after one to three kinds of damage."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = rng.choice((_flipped, _cut, _overwritten, _spliced, _stretched, _emptied, _numbers))(rng, data, donor)
    return data


def _flipped(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    result = bytearray(data)
    reach = rng.choice((len(result), min(len(result), 400)))  # headers are hit more often
    for _ in range(rng.choice((1, 2, 8, 60)) if result else 0):
        result[rng.randrange(reach)] ^= 1 << rng.randrange(8)
    return bytes(result)


def _cut(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _overwritten(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    start, size = rng.randrange(len(data) + 1), rng.choice((1, 4, 8, 64, 4096))
    filling = rng.choice((b"\0" * size, b"\xff" * size, rng.randbytes(size)))
    return data[:start] + filling[: len(data) - start] + data[start + size :]


def _spliced(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)] + donor[rng.randrange(len(donor) + 1) :]


def _stretched(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    start = rng.randrange(len(data) + 1)
    return data[:start] + data[max(0, start - rng.randrange(1, 200)) : start] * rng.choice((1, 2, 20)) + data[start:]


def _emptied(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    return b"" if rng.random() < 0.2 else data


def _numbers(rng: random.Random, data: bytes, donor: bytes) -> bytes:
    """Put the numbers in that overflow: sizes and counts."""
    value = rng.choice((0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**63, 2**64 - 1))
    size = rng.choice((2, 4, 8))
    start = rng.randrange(min(len(data), 600) + 1)
    number = (value % 2 ** (8 * size)).to_bytes(size, rng.choice(("little", "big")))
    return data[:start] + number + data[start + size :]


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise TimeoutError where the block takes too long."""

    def stop(number: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(dataset: Folder, cache: Path, pack: bool) -> str:
    """Read all of a damaged source; anything else than a DataError or images is a failure."""
    try:
        items = dataset.items()
    except DataError as error:
        assert str(error).isprintable() and len(str(error)) < 4000
        return "refused"
    bad = 0
    for item in items[:20]:
        try:
            image = dataset.load(item)
            assert image.dtype == np.uint8 and image.shape == (1, 16, 16)
        except DataError as error:
            assert str(error).isprintable() and len(str(error)) < 4000
            bad += 1
    if pack and items:
        _packed(dataset, cache)
    return "some bad" if bad else "read" if items else "nothing"


def _packed(dataset: Folder, cache: Path) -> None:
    try:
        made_pack = prepare(dataset, "fuzz", cache=cache, workers=1, skip_bad=True)
    except DataError:
        return
    assert made_pack.verify() == []
    assert len(made_pack) + len(made_pack.bad_files) == len(dataset.items())


def campaign(folder: Path, count: int, seed: int, first: int = 0) -> Counter[str]:
    """Read damaged sources from number `first` to `count` and return how they ended."""
    pictures = made.noise(3, 1, seed=seed)
    sources = {kind: contents(maker(folder / "good" / kind / "s", pictures)) for kind, maker in _made(folder)}
    donors = [data for _, files in sources.values() for data in files.values()]
    kinds = sorted(sources)
    ended: Counter[str] = Counter()
    for number in range(first, count):
        rng = random.Random(f"{seed}/{number}")
        kind = kinds[number % len(kinds)]
        root = folder / "bad" / str(number)
        name, files = sources[kind]
        victim = rng.choice(sorted(files))
        for path, data in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(damaged(rng, data, rng.choice(donors)) if path == victim else data)
        stated = rng.choice(("auto", "auto", _stated(kind)))
        dataset = made.dataset(
            Folder,
            root=root / name,
            resolution=16,
            channels=1,
            source=stated,
            classes=0,
            window=rng.choice(((0, 255), "range")),
        )
        start = time.monotonic()
        try:
            with limited(LIMIT_SECONDS):
                ended[f"{kind}: {outcome(dataset, root / 'cache', number % PACKED == 0)}"] += 1
        except BaseException as error:
            error.add_note(f"seed {seed}, input {number}, {kind}: {victim} after {time.monotonic() - start:.1f} s")
            raise
        shutil.rmtree(root)
    return ended


def _made(folder: Path):
    for kind, maker in MAKERS.items():
        (folder / "good" / kind).mkdir(parents=True)
        yield kind, maker


def _stated(kind: str) -> str:
    stem = kind.partition("-")[0]
    return {"npy": "array", "npz": "array", "mixed": "folder"}.get(stem, stem)


posix = pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="needs SIGALRM")


@posix
def test_damaged_sources_end_in_a_message_or_in_images(tmp_path):
    ended = campaign(tmp_path, 600, seed=0)
    assert sum(ended.values()) == 600
    kinds = {name.partition(":")[0] for name in ended}
    assert kinds == set(MAKERS)


@posix
@pytest.mark.slow
def test_ten_thousand_damaged_sources_end_in_a_message_or_in_images(tmp_path):
    first, count = (int(part) for part in os.environ.get("GANZOO_FUZZ", "0-10000").split("-"))
    ended = campaign(tmp_path, count, seed=1, first=first)
    for name, count in sorted(ended.items()):
        print(f"{name}: {count}")
