"""Job: a dataset that is to be prepared, what it has now, checked, and the hashes that change when that does."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganzoo._io.os_errors import absolute
from ganzoo._registry.blame import foreign_code
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.datasets import ImageDataset, Item
from ganzoo.data.pack.format import PackFormat
from ganzoo.data.pack.manifest import SPLITS, BadFile
from ganzoo.data.prepare.assemble import Prepared
from ganzoo.data.prepare.splits import refuse_early
from ganzoo.data.sources.dataset import SourceDataset, subject_advice
from ganzoo.errors import DataError, PluginError
from ganzoo.text import literal

CODE = "code"  # in a pack's settings: what others' code it was prepared with
RULE_VERSION = 3
"""Counts up when the same source would give other pixels: packs of another version are prepared again."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PreparationOptions:
    """How a dataset is to be prepared.

    Attributes:
        skip_bad: Leave out files that cannot be read, instead of stopping.
        workers: Number of processes; None takes one per core as soon as it is worth while.
        progress: Called with the number of images done and of all.
        pack_format: How the images are stored.
        on_bad_files: Called with the files that are left out, by name, where `skip_bad` lets the preparation go on.
    """

    skip_bad: bool = False
    workers: int | None = None
    progress: Progress | None = None
    pack_format: PackFormat = field(default_factory=PackFormat)
    on_bad_files: Callable[[Sequence[BadFile]], None] | None = None


@dataclass(frozen=True)
class Job:
    """A dataset that was looked at and is to be prepared."""

    dataset: ImageDataset
    name: str
    preparation: PreparationOptions
    spec: ImageSpec
    items: Sequence[Item]
    options: str
    source: str
    class_names: tuple[str, ...]

    @classmethod
    def of(cls, dataset: ImageDataset, name: str, preparation: PreparationOptions) -> Job:
        _refuse_in_starting_worker()
        items = dataset.items()
        spec = type(dataset).spec_of(dataset.options)
        _check(dataset, spec, items)
        refuse_early(items, shares_of(dataset), dataset.options.split_seed, subject_advice(dataset))
        names = _checked_names(dataset, spec)
        options = options_fingerprint(dataset, name, foreign_codes(dataset))
        source = source_fingerprint(options, items, names)
        return cls(dataset, name, preparation, spec, items, options, source, names)

    def prepared(self) -> Prepared:
        return Prepared(
            name=self.name,
            spec=self.spec,
            source_fingerprint=self.source,
            items=tuple(self.items),
            settings=settings_of(self.dataset) | ({CODE: code} if (code := foreign_codes(self.dataset)) else {}),
            shares=shares_of(self.dataset),
            split_seed=self.dataset.options.split_seed,
            subject_advice=subject_advice(self.dataset),
            pack_format=self.preparation.pack_format,
            class_names=self.class_names,
        )


def shares_of(dataset: ImageDataset) -> dict[str, float]:
    """Return the share of the subjects that each split but `train` gets."""
    return {"held-out": dataset.options.held_out, **dataset.options.shares}


def settings_of(dataset: ImageDataset) -> dict[str, Any]:
    """Return the options that decide what a pack holds, as plain data: no path, and nothing that batches do."""
    options = dataset.options
    paths = {name for name, value in options if isinstance(value, Path)}
    plain = options.model_dump(mode="json", exclude={"mirror", "pack", *paths})
    return {**plain, "rule_version": RULE_VERSION, "reading_version": type(dataset).reading_version}


def foreign_codes(dataset: ImageDataset) -> dict[str, str]:
    """Return the code of the dataset and of its source's format where others than ganzoo offer them, by kind.

    Ganzoo's own count up `RULE_VERSION` and `reading_version`. What others install may read the same files otherwise.
    """
    found = {"dataset": foreign_code(type(dataset))}
    if isinstance(dataset, SourceDataset):
        found["source"] = foreign_code(type(dataset.source))
    return {kind: code for kind, code in found.items() if code}


def options_fingerprint(dataset: ImageDataset, name: str, code: Mapping[str, str]) -> str:
    """Hash all that can change a pack but the images: options (batches are mirrored when drawn), and others' code."""
    plain = dataset.options.model_dump(exclude={"mirror", "pack"})
    options = {key: absolute(value) if isinstance(value, Path) else value for key, value in plain.items()}
    kind = f"{type(dataset).__module__}.{type(dataset).__qualname__}"
    identity = [RULE_VERSION, type(dataset).reading_version, name, kind, options, *([dict(code)] if code else [])]
    return hashlib.sha256(json.dumps(identity, sort_keys=True, default=str).encode()).hexdigest()


def source_fingerprint(options: str, items: Sequence[Item], class_names: Sequence[str] = ()) -> str:
    """Hash what the source looks like now: a file that changes, comes or goes gives another pack."""
    digest = hashlib.sha256(json.dumps([options, *class_names]).encode())
    for item in items:
        digest.update(json.dumps([item.key, item.subject, item.label, item.split, item.fingerprint]).encode())
    return digest.hexdigest()


def _check(dataset: ImageDataset, spec: ImageSpec, items: Sequence[Item]) -> None:
    if not items:
        raise DataError(f"dataset {dataset.name!r} has no images. {dataset.where_to_get}".strip())
    if len({item.key for item in items}) != len(items):
        raise PluginError(f"dataset {dataset.name!r} gives two images the same key; keys must be unique")
    for item in items:
        if item.split is not None and item.split not in SPLITS:
            raise PluginError(
                f"dataset {dataset.name!r} puts {literal(item.key)!r} in split {item.split!r}; "
                f"splits are called {', '.join(SPLITS)}"
            )
        if (item.label is None) != (spec.label_dim == 0):
            raise PluginError(
                f"dataset {dataset.name!r} promises {spec.label_dim} classes, but {literal(item.key)!r} "
                f"has {'no label' if item.label is None else 'one'}"
            )
        if item.label is not None and not 0 <= item.label < spec.label_dim:
            raise PluginError(
                f"dataset {dataset.name!r} promises {spec.label_dim} classes, but {literal(item.key)!r} "
                f"has label {item.label}"
            )


def _checked_names(dataset: ImageDataset, spec: ImageSpec) -> tuple[str, ...]:
    names = tuple(dataset.class_names()) if spec.label_dim else ()
    if names and (len(names) != spec.label_dim or len(set(names)) != len(names)):
        raise PluginError(
            f"dataset {dataset.name!r} promises {spec.label_dim} classes, but names {len(set(names))} of them; "
            "class_names() gives each a name of its own, or none"
        )
    return tuple(literal(str(name)) for name in names)


def _refuse_in_starting_worker() -> None:
    """Stop a worker that runs its parent's script again: it would wait for ever for the pack its parent prepares."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise DataError(
            "a worker process ran the whole script again instead of preparing images; put what the script does "
            'under: if __name__ == "__main__":'
        )
