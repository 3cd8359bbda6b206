"""Metric sensitivity: what each installed metric sees of disturbed real images, and what it does not.

    GANZOO_DATA=... python benchmarks/metric_sensitivity.py            prints a table
    GANZOO_DATA=... python benchmarks/metric_sensitivity.py --python   prints it as parts state it

Real images stand in for generated ones: as they are in many draws (the null), and disturbed in one of several ways. A
cell is (value of disturbed images - mean of the null) / standard deviation of the null, turned so that worse is
positive: beyond 5 a metric sees the disturbance, within 3 it does not, and far below 0 it takes it for an improvement.
Faces (`ffhq`) are disturbed as images; of `cifar10`, whose classes are known, classes are left out or exchanged too.
Metrics that need a generator, layers that the extractor lacks, or more images than there are, are left out.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFilter

from ganzoo import Features, GanzooError, Metric, MetricInput
from ganzoo._registry.registry import Registry
from ganzoo.scoring.features import build_extractor, extract, layer_roles
from ganzoo.scoring.image_set import ImageReader, ImageSet

Pixels = np.ndarray
NULL_DRAWS = 24
# Options of metrics for so few images, subsets that fit, and for so many values, fewer lines.
FEW = {"subset_size": 100, "subsets": 20, "patches": 16, "projections": 256}


@dataclass(frozen=True)
class Collection:
    """Real images: a reference, others to be disturbed, and more that are held out.

    Attributes:
        name: Its name, for `measured_on`.
        images: uint8 `[n, 3, R, R]`, in random order.
        labels: Class of each, or None.
        reference: How many of the first are the reference; as many again are the pool that is drawn from.
        drawn: How many of the pool are drawn.
    """

    name: str
    images: Pixels
    labels: np.ndarray | None
    reference: int
    drawn: int

    @property
    def pool(self) -> slice:
        return slice(self.reference, 2 * self.reference)


def collections(root: Path, wanted: Sequence[str]) -> Iterator[Collection]:
    faces = sorted((root / "ffhq").glob("*.jp*g"))
    if faces and "ffhq" in wanted:
        images = np.stack([read(path, 128) for path in faces])[np.random.default_rng(0).permutation(len(faces))]
        yield Collection("faces of FFHQ at 128x128", images, None, 240, 120)
    pictures = sorted((root / "cifar10").glob("*/*.jpg"))
    if pictures and "cifar10" in wanted:
        classes = sorted({path.parent.name for path in pictures})
        order = np.random.default_rng(0).permutation(len(pictures))
        images = np.stack([read(path, 32) for path in pictures])[order]
        labels = np.array([classes.index(path.parent.name) for path in pictures])[order]
        yield Collection("pictures of CIFAR-10", images[:600], labels[:600], 240, 120)


def read(path: Path, side: int) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)).transpose(2, 0, 1)


# --- disturbances ---------------------------------------------------------------------------------------------------

Disturbance = Callable[[Pixels, np.random.Generator], Pixels]


def noise(level: float) -> Disturbance:
    def disturbed(image: Pixels, rng: np.random.Generator) -> Pixels:
        return np.clip(np.round(image + rng.normal(0, level, image.shape)), 0, 255).astype(np.uint8)

    return disturbed


def through_pillow(change: Callable[[Image.Image], Image.Image]) -> Disturbance:
    def disturbed(image: Pixels, rng: np.random.Generator) -> Pixels:
        return np.asarray(change(Image.fromarray(image.transpose(1, 2, 0)))).transpose(2, 0, 1)

    return disturbed


def as_jpeg(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=30)
    return Image.open(file)


def shifted(image: Pixels, rng: np.random.Generator) -> Pixels:
    by = image.shape[-1] // 32
    return np.pad(image, ((0, 0), (0, 0), (by, 0)), mode="edge")[..., :-by]


def swapped(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Exchange two patches, a quarter of the image wide: an eye and the chin of a face."""
    found, quarter = image.copy(), image.shape[-1] // 4
    one, other = (
        (slice(quarter * 3 // 2, quarter * 5 // 2), slice(quarter, 2 * quarter)),
        (
            slice(quarter * 3 - quarter // 4, quarter * 4 - quarter // 4),
            slice(quarter * 3 // 2, quarter * 5 // 2),
        ),
    )
    found[(slice(None), *one)], found[(slice(None), *other)] = image[(slice(None), *other)], image[(slice(None), *one)]
    return found


def darker(image: Pixels, rng: np.random.Generator) -> Pixels:
    return np.round(255 * (image / 255) ** (1 / 0.9)).astype(np.uint8)


OF_IMAGES: Mapping[str, Disturbance] = {
    "noise 8/255": noise(8),
    "noise 20/255": noise(20),
    "JPEG quality 30": through_pillow(as_jpeg),
    "blur of 1 pixel": through_pillow(lambda image: image.filter(ImageFilter.GaussianBlur(1))),
    "shift by 1/32": shifted,
    "two patches swapped": swapped,
    "upside down": lambda image, rng: image[:, ::-1].copy(),
    "gamma 0.9": darker,
}
COLLAPSE, COPIES, MODES, LABELS = (
    "one image five times",
    "copies of training images",
    "half the classes",
    "wrong labels",
)


@dataclass(frozen=True)
class Disturbed:
    """Stand-ins for generated images: which stored ones, and of which class they are said to be."""

    rows: np.ndarray
    labels: np.ndarray | None


def disturbances(found: Collection, store: FeatureStore) -> Iterator[tuple[str, Disturbed]]:
    """Yield each disturbance of the first draw of the pool."""
    first = np.arange(found.pool.start, found.pool.start + found.drawn)
    labels = None if found.labels is None else found.labels[first]
    for name, change in OF_IMAGES.items():
        rng = np.random.default_rng(1)
        yield name, Disturbed(store.add(np.stack([change(image, rng) for image in found.images[first]])), labels)
    few = np.repeat(first[: found.drawn // 5], 5)
    yield COLLAPSE, Disturbed(few, None if found.labels is None else found.labels[few])
    copied = np.arange(found.drawn)
    yield COPIES, Disturbed(copied, None if found.labels is None else found.labels[copied])
    if found.labels is not None and labels is not None:
        pool = np.arange(found.pool.start, found.pool.stop)
        half = pool[found.labels[pool] < 5][: found.drawn]
        yield MODES, Disturbed(half, found.labels[half])
        yield LABELS, Disturbed(first, np.roll(labels, 1))


# --- what metrics read ----------------------------------------------------------------------------------------------


class FeatureStore:
    """Images and their features by the extractor, which are computed once and kept in a folder."""

    def __init__(self, extractor: Any, cache: Path) -> None:
        self.extractor, self.cache = extractor, cache
        read = {role for metric in metrics_for(extractor) for role in layer_roles(metric)}
        self.layer_of = {role: layer.name for role, layer in extractor.layers.items() if role in read}
        self.layers = tuple(dict.fromkeys(self.layer_of.values()))
        self.module = build_extractor(extractor, self.layers, "cpu")
        self.images = torch.zeros(0)
        self.features: dict[str, torch.Tensor] = {}

    def begin(self, images: Pixels) -> None:
        self.images, self.features = torch.zeros(0), {}
        self.add(images)

    def add(self, images: Pixels) -> np.ndarray:
        """Add images, and return which rows they are."""
        found = self._features(images)
        start = len(self.images)
        new = torch.from_numpy(images.copy())
        self.images = torch.cat([self.images, new]) if start else new
        self.features = {
            layer: torch.cat([self.features[layer], found[layer]]) if start else found[layer] for layer in found
        }
        return np.arange(start, start + len(images))

    def _features(self, images: Pixels) -> dict[str, torch.Tensor]:
        key = hashlib.sha256(images.tobytes() + repr((self.extractor.name, self.layers)).encode()).hexdigest()[:24]
        path = self.cache / f"{key}.npz"
        if path.exists():
            with np.load(path, allow_pickle=False) as kept:
                return {layer: torch.from_numpy(kept[layer]) for layer in self.layers}
        found = extract(self.module, [torch.from_numpy(images.copy())], self.layers, device="cpu")
        self.cache.mkdir(parents=True, exist_ok=True)
        np.savez(path, **{layer: values.numpy() for layer, values in found.items()})
        return found

    def of(self, metric: Metric, rows: np.ndarray, labels: np.ndarray | None) -> Features:
        """Return what the metric reads of some rows."""
        reader = ImageReader((metric,))
        for _ in reader.passing([self.images[rows]]):
            pass
        layers = {role: self.features[layer][rows] for role, layer in self.layer_of.items()}
        return ImageSet(layers, reader, None if labels is None else torch.from_numpy(labels.copy())).of(metric)


def metrics_for(extractor: Any) -> Iterator[Metric]:
    for part in Registry.discover().parts("metric"):
        cls = part.cls
        if cls.generator_must_be is None and all(role in extractor.layers for role in layer_roles(cls)):
            fields = cls.Options.model_fields
            yield cls(cls.Options(**{key: value for key, value in FEW.items() if key in fields}))


def measure(
    metric: Metric, found: Collection, store: FeatureStore, changed: Sequence[tuple[str, Disturbed]]
) -> dict[str, dict[str, float]]:
    """Return by value and disturbance how many standard deviations it moves towards worse."""
    labels = found.labels
    rows = {name: np.arange(start, stop) for name, (start, stop) in _parts(found).items()}
    reference, held_out = (store.of(metric, each, None if labels is None else labels[each]) for each in rows.values())

    def values(disturbed: Disturbed) -> Mapping[str, float]:
        made = store.of(metric, disturbed.rows, disturbed.labels)
        estimates = metric.estimates(MetricInput(made, reference, 0, held_out))
        return {key: each.value for key, each in estimates.items()}

    rng, null = np.random.default_rng(2), []
    for _ in range(NULL_DRAWS):
        chosen = np.sort(rng.choice(np.arange(found.pool.start, found.pool.stop), found.drawn, replace=False))
        null.append(values(Disturbed(chosen, None if labels is None else labels[chosen])))
    # Draws of half of a pool are more alike than draws of all images.
    correction = (1 - found.drawn / found.reference) ** 0.5
    table: dict[str, dict[str, float]] = {key: {} for key in metric.values}
    for name, disturbed in changed:
        worse = values(disturbed)
        for key, display in metric.values.items():
            drawn = np.array([each[key] for each in null])
            sign = 1 if display.lower_is_better else -1
            deviation = drawn.std(ddof=1) / correction
            table[key][name] = float(sign * (worse[key] - drawn.mean()) / max(deviation, 1e-12))
    return table


def _parts(found: Collection) -> dict[str, tuple[int, int]]:
    return {"reference": (0, found.reference), "held out": (2 * found.reference, len(found.images))}


def rounded(value: float) -> float:
    return float(f"{value:.2g}") if abs(value) < 1000 else float(np.sign(value) * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--extractor", default="efficientnet-lite0")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/ganzoo-metric-sensitivity"))
    parser.add_argument("--python", action="store_true", help="print it as ganzoo_metrics/sensitivity.py has it")
    parser.add_argument("--images", default=("ffhq", "cifar10"), nargs="*", help="folders of GANZOO_DATA")
    parser.add_argument("--only", nargs="*", default=(), help="metrics to measure")
    chosen = parser.parse_args()
    if "GANZOO_DATA" not in os.environ:
        sys.exit("set GANZOO_DATA to a folder with ffhq/ (JPEG) and cifar10/<class>/ (JPEG)")
    torch.set_num_threads(1)
    cls = Registry.discover().part("extractor", chosen.extractor).cls
    store = FeatureStore(cls(cls.Options()), chosen.cache)
    tables: dict[str, dict[str, dict[str, float]]] = {}
    for found in collections(Path(os.environ["GANZOO_DATA"]), chosen.images):
        store.begin(found.images)
        changed = list(disturbances(found, store))
        where = f"{found.drawn} {found.name}, features of {chosen.extractor}"
        for metric in metrics_for(store.extractor):
            if chosen.only and metric.name not in chosen.only:
                continue
            if reason := metric.shortage(found.drawn, found.reference):
                print(f"# {metric.name}: {reason}", file=sys.stderr)
                continue
            try:
                tables.setdefault(where, {}).update(measure(metric, found, store, changed))
            except GanzooError as error:
                print(f"# {metric.name} on {found.name}: {error}", file=sys.stderr)
            else:
                print(f"# {metric.name} on {found.name}: done", file=sys.stderr, flush=True)
    (print_python if chosen.python else print_table)(tables)


def print_table(tables: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    for where, table in tables.items():
        names = list(next(iter(table.values())))
        print(f"\n{where}\n")
        print("| value | " + " | ".join(names) + " |")
        print("|---" * (len(names) + 1) + "|")
        for key, row in table.items():
            print(f"| {key} | " + " | ".join(f"{rounded(row[name]):g}" for name in names) + " |")


def print_python(tables: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    for where, table in tables.items():
        names = list(next(iter(table.values())))
        print(f"    _Table(\n        {where!r},\n        ({', '.join(map(repr, names))}),\n        {{")
        for key, row in table.items():
            print(f"            {key!r}: ({', '.join(f'{rounded(row[name]):g}' for name in names)}),")
        print("        },\n    ),")


if __name__ == "__main__":
    main()
