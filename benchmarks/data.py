"""Images per second of preparing and of reading 256x256 images, against what others do, and the memory it takes.

    python benchmarks/data.py [--images 600] [--seconds 3] [--channels 3] [--large-gb 6]

One run measures everything on the same images: Pillow with a DataLoader of two workers, a zip of PNGs, an LMDB of PNGs
(rosinality's layout), TFRecords (NVIDIA's layout; the package `tfrecord`), and packs. Each reads batches of 64 in
random order (TFRecords in theirs) for some seconds in a process of its own; rounds alternate and the median counts.
Images are JPEGs below `$GANZOO_DATA/ffhq` if that is set, else smooth noise. The most private memory (RssAnon) of
preparing and of reading, workers included, stands beside. Afterwards a set of several gigabytes is
read at random, and the growth of private memory (RssAnon) is printed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import statistics
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ganzoo._registry.registry import Registry
from ganzoo.data import build_dataset
from ganzoo.data.pack.format import PackFormat
from ganzoo.data.pack.manifest import DIGESTS, FORMAT, LABELS, MANIFEST, SPLITS, SUBJECTS, FileMark, Manifest
from ganzoo.data.pack.pack import Pack
from ganzoo.data.prepare.job import PreparationOptions
from ganzoo.data.prepare.prepare import prepare_at
from ganzoo.data.stream.batches import Batches

SIDE, BATCH = 256, 64
Reader = Callable[[float], tuple[int, float]]


# --- images


def pictures(count: int, channels: int) -> Iterator[np.ndarray]:
    """Yield uint8 `[256, 256, C]`: real faces if there are any, else smooth noise."""
    root = os.environ.get("GANZOO_DATA")
    files = sorted(Path(root, "ffhq").rglob("*.jpg")) if root else []
    rng = np.random.default_rng(0)
    for number in range(count):
        if files:
            with Image.open(files[number % len(files)]) as image:
                yield np.asarray(image.convert("RGB" if channels == 3 else "L")).reshape(SIDE, SIDE, channels)
        else:
            values = rng.normal(0, 1, (SIDE, SIDE, channels)).cumsum(0).cumsum(1)
            yield np.round((values - values.min()) / np.ptp(values) * 255).astype(np.uint8)


def write_pngs(folder: Path, count: int, channels: int) -> list[Path]:
    folder.mkdir()
    paths = []
    for number, pixels in enumerate(pictures(count, channels)):
        paths.append(folder / f"{number:05d}.png")
        Image.fromarray(pixels.squeeze()).save(paths[-1])
    return paths


def decoded(data: bytes | Path) -> torch.Tensor:
    with Image.open(io.BytesIO(data) if isinstance(data, bytes) else data) as image:
        pixels = np.array(image)
    return torch.from_numpy(pixels if pixels.ndim == 3 else pixels[:, :, None]).permute(2, 0, 1)


# --- readers: each reads batches for so many seconds, and returns how many images it has read


class _Files(torch.utils.data.Dataset):
    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> torch.Tensor:
        return decoded(self.paths[number])


def timed(batches: Iterator[torch.Tensor], seconds: float) -> tuple[int, float]:
    next(batches)
    count, start = 0, time.perf_counter()
    for batch in batches:
        count += len(batch)
        if time.perf_counter() - start >= seconds:
            break
    return count, time.perf_counter() - start


def with_loader(paths: list[Path]) -> Reader:
    def endless() -> Iterator[torch.Tensor]:
        loader = torch.utils.data.DataLoader(
            _Files(paths), BATCH, shuffle=True, num_workers=2, drop_last=True, persistent_workers=True
        )
        while True:
            yield from loader

    return lambda seconds: timed(endless(), seconds)


def one_by_one(count: int, get: Callable[[int], torch.Tensor]) -> Iterator[torch.Tensor]:
    rng = np.random.default_rng(0)
    while True:
        order = rng.permutation(count)
        for start in range(0, count - BATCH + 1, BATCH):
            yield torch.stack([get(int(number)) for number in order[start : start + BATCH]])


def with_zip(path: Path, count: int) -> Reader:
    def read(seconds: float) -> tuple[int, float]:
        with zipfile.ZipFile(path) as archive:
            return timed(one_by_one(count, lambda number: decoded(archive.read(f"{number:05d}.png"))), seconds)

    return read


def with_lmdb(path: Path, count: int) -> Reader:
    import lmdb

    def read(seconds: float) -> tuple[int, float]:
        with lmdb.open(str(path), readonly=True, lock=False, readahead=False) as store, store.begin() as view:
            keys = (f"{SIDE}-{number:05d}".encode() for number in range(count))
            names = list(keys)
            return timed(one_by_one(count, lambda number: decoded(bytes(view.get(names[number])))), seconds)

    return read


def with_tfrecord(path: Path, channels: int) -> Reader:
    from tfrecord.reader import tfrecord_loader

    def images() -> Iterator[torch.Tensor]:
        while True:
            for record in tfrecord_loader(str(path), None, {"data": "byte"}):
                pixels = np.frombuffer(bytes(record["data"]), np.uint8).reshape(channels, SIDE, SIDE)
                yield torch.from_numpy(pixels.copy())

    def batches() -> Iterator[torch.Tensor]:
        source = images()
        while True:
            yield torch.stack([next(source) for _ in range(BATCH)])

    return lambda seconds: timed(batches(), seconds)


def with_pack(pack: Pack, *, floats: bool = False, resolution: int = SIDE) -> Reader:
    """Bytes as they are (what the others give), or scaled floats as the trainer asks for them."""
    split = pack.split("train")

    def batches() -> Iterator[torch.Tensor]:
        stream, position = Batches(split, 0, mirror=False), 0
        kept = torch.empty(BATCH, split.spec.channels, resolution, resolution)  # as the reader ahead of a GPU has it
        while True:
            if floats:
                yield stream.at(position, BATCH, resolution, kept)[0]
            else:
                yield torch.from_numpy(split.at(stream.indices(position, BATCH), resolution))
            position += BATCH

    return lambda seconds: timed(batches(), seconds)


# --- measuring


def anonymous_bytes(pid: int | str = "self") -> int:
    """Return the private memory of a process and its children (workers)."""
    status = Path(f"/proc/{pid}/status").read_text().split("RssAnon:")[1].split()[0]
    children = Path(f"/proc/{pid}/task/{os.getpid() if pid == 'self' else pid}/children")
    below = sum(anonymous_bytes(int(child)) for child in children.read_text().split()) if children.exists() else 0
    return int(status) * 1024 + below


class Peak:
    """The most private memory that this process and its workers take at once, beyond what it has on entering."""

    def __enter__(self) -> Peak:
        self.bytes, self._before, self._over = 0, anonymous_bytes(), threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watcher.join()
        self._look()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self._look()

    def _look(self) -> None:
        with contextlib.suppress(OSError, IndexError):  # a worker that has just ended
            self.bytes = max(self.bytes, anonymous_bytes() - self._before)


def measured(reader: Reader, seconds: float) -> tuple[float, int]:
    """Run a reader in a process of its own; return images per second and the most private memory it took."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        with Peak() as peak:
            count, took = reader(seconds)
        with os.fdopen(into, "w") as file:
            json.dump([count / took, peak.bytes], file)
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as file:
        text = file.read()
    os.waitpid(child, 0)
    speed, memory = json.loads(text)
    return speed, memory


def large_pack(folder: Path, gigabytes: float) -> Pack:
    """Make a pack of black images whose file has holes instead of blocks: large to read, small on disk."""
    count = int(gigabytes * 1e9 / (3 * SIDE * SIDE))
    folder.mkdir()
    with (folder / f"images-{SIDE}.npy").open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, 3, SIDE, SIDE)}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + count * 3 * SIDE * SIDE)
    np.save(folder / LABELS, np.full(count, -1))
    np.save(folder / SUBJECTS, np.arange(count))
    np.save(folder / DIGESTS, np.zeros((count, 32), np.uint8))
    files = {path.name: FileMark(size=path.stat().st_size, sha256="") for path in folder.iterdir()}
    manifest = Manifest(
        format=FORMAT,
        name="black",
        resolution=SIDE,
        channels=3,
        label_dim=0,
        splits={name: count * (name == "train") for name in SPLITS},
        fingerprint="",
        source_fingerprint="",
        bad_files=(),
        settings={},
        storage="raw",
        shards={SIDE: count},
        files=files,
    )
    (folder / MANIFEST).write_text(json.dumps(manifest.as_json()))
    return Pack.open(folder)


def show_memory(folder: Path, gigabytes: float) -> None:
    pack = large_pack(folder / "large", gigabytes)
    split = pack.split("train")
    batches = Batches(split, 0, mirror=False)
    batches.at(0, BATCH, SIDE)
    start, marks = anonymous_bytes(), []
    for position in range(0, len(split), BATCH):
        split.at(batches.indices(position, BATCH), SIDE)
        if position // BATCH % (max(1, len(split) // BATCH // 4)) == 0:
            marks.append(f"{(anonymous_bytes() - start) / 2**20:+.1f}")
    print(f"\n{gigabytes:g} GB read at random: RssAnon {', '.join(marks)} MiB against the first batch")


def prepare_all(
    folder: Path, pngs: Path, channels: int, workers: int | None
) -> tuple[Pack, Pack, dict[str, tuple[float, int]]]:
    registry = Registry.discover()
    folder_set = registry.part("dataset", "folder").cls
    options = folder_set.Options(root=pngs, resolution=SIDE, channels=channels)
    dataset = build_dataset(folder_set, options, registry.source_formats)
    found, packs = {}, []
    for storage in ("raw", "deflate"):
        start = time.perf_counter()
        preparation = PreparationOptions(workers=workers, pack_format=PackFormat(storage=storage))
        with Peak() as peak:
            packs.append(prepare_at(dataset, "folder", folder / f"pack-{storage}", preparation))
        speed = len(packs[-1]) / (time.perf_counter() - start)
        found[f"prepare, {storage}, with lower resolutions"] = speed, peak.bytes
    return packs[0], packs[1], found


def contenders(folder: Path, paths: list[Path], channels: int, raw: Pack, deflate: Pack) -> dict[str, Reader]:
    with zipfile.ZipFile(folder / "pngs.zip", "w") as archive:
        for path in paths:
            archive.write(path, path.name)
    readers = {
        "PNG files, Pillow, DataLoader of 2 workers": with_loader(paths),
        "zip of PNGs, 1 process": with_zip(folder / "pngs.zip", len(paths)),
    }
    try:
        import lmdb

        with lmdb.open(str(folder / "lmdb"), map_size=2**32) as store, store.begin(write=True) as view:
            for number, path in enumerate(paths):
                view.put(f"{SIDE}-{number:05d}".encode(), path.read_bytes())
        readers["LMDB of PNGs, 1 process"] = with_lmdb(folder / "lmdb", len(paths))
    except ImportError:
        print("lmdb is not installed: left out")
    try:
        from tfrecord.writer import TFRecordWriter

        writer = TFRecordWriter(str(folder / "set-r08.tfrecords"))
        for path in paths:
            pixels = decoded(path).numpy()
            writer.write({"shape": (list(pixels.shape), "int"), "data": (pixels.tobytes(), "byte")})
        writer.close()
        readers["TFRecords of raw pixels, 1 process"] = with_tfrecord(folder / "set-r08.tfrecords", channels)
    except ImportError:
        print("tfrecord is not installed: left out")
    return readers | {
        "pack, deflate, 1 process": with_pack(deflate),
        "pack, raw, 1 process": with_pack(raw),
        "pack, raw, as floats, into kept memory": with_pack(raw, floats=True),
        "pack, raw, 32x32 for a growing network": with_pack(raw, resolution=32),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--channels", type=int, default=3, choices=(1, 3))
    parser.add_argument("--large-gb", type=float, default=6.0)
    parser.add_argument("--workers", type=int, help="processes that prepare; one per core as soon as it pays if absent")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        paths = write_pngs(folder / "pngs", asked.images, asked.channels)
        raw, deflate, prepared = prepare_all(folder, folder / "pngs", asked.channels, asked.workers)
        readers = contenders(folder, paths, asked.channels, raw, deflate)
        found: dict[str, list[tuple[float, int]]] = {name: [] for name in readers}
        for _ in range(asked.rounds):
            for name, reader in readers.items():
                found[name].append(measured(reader, asked.seconds))
        print(
            f"{asked.images} images of 256x256x{asked.channels}; load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores"
        )
        for name, (speed, most) in prepared.items():
            print(f"{name:<45}{speed:>10,.0f} images/s {'':>9} {most / 2**20:>8.1f} MiB private at most")
        base = statistics.median(speed for speed, _ in next(iter(found.values())))
        for name, rounds in found.items():
            speed = statistics.median(each for each, _ in rounds)
            memory = max(each for _, each in rounds) / 2**20
            print(f"{name:<45}{speed:>10,.0f} images/s {speed / base:>8.1f}x {memory:>8.1f} MiB private at most")
        show_memory(folder, asked.large_gb)


if __name__ == "__main__":
    main()
