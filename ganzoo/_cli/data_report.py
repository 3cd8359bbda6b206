"""Data report: what `ganzoo data` says about packs and datasets."""

from __future__ import annotations

import inspect as python_inspect
from typing import TYPE_CHECKING, Any

from ganzoo._io.os_errors import size_text
from ganzoo.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ganzoo._cli.terminal import Terminal
    from ganzoo.contracts.datasets import ImageDataset
    from ganzoo.data.pack.manifest import BadFile, IndexArray
    from ganzoo.data.pack.pack import Pack
    from ganzoo.data.prepare.duplicates import Duplicates
    from ganzoo.data.prepare.inspect import Inspection, SplitCount

_LISTED = 8
_LISTED_BAD = 100
_LISTED_CLASSES = 100
_BARS = " ▁▂▃▄▅▆▇█"
_BINS = 64


def say_pack(terminal: Terminal, pack: Pack) -> None:
    """Say what a pack is, without reading its images."""
    from ganzoo.data.prepare.inspect import split_counts

    manifest, spec = pack.manifest, pack.spec
    files = manifest.files.values()
    stored = f"{manifest.storage}, resolutions {', '.join(map(str, pack.levels))}"
    terminal.info(f"dataset         {pack.name}")
    terminal.info(f"images          {len(pack):,} of {spec.resolution}x{spec.resolution}, {_color(spec.channels)}")
    _say_classes(terminal, pack)
    _say_splits(terminal, split_counts(pack), pack)
    say_changes(terminal, pack)
    terminal.info(f"stored          {stored}; {len(files)} files, {size_text(sum(mark.size for mark in files))}")
    terminal.info(f"settings        {', '.join(f'{key} = {value}' for key, value in manifest.settings.items())}")
    terminal.info(f"fingerprint     {pack.fingerprint}")
    terminal.info(f"hash            {manifest.hash}")
    if pack.bad_files:
        terminal.info(f"left out        {counted(len(pack.bad_files), 'file')}: {', '.join(pack.bad_files[:_LISTED])}")


def say_inspection(terminal: Terminal, pack: Pack, found: Inspection) -> None:
    """Say what reading a pack has shown."""
    from ganzoo.data.prepare.quality_checks import KINDS

    _say_classes(terminal, pack)
    _say_splits(terminal, found.splits, pack)
    say_histogram(terminal, found.histogram)
    for duplicates in found.duplicates:
        _say_duplicates(terminal, duplicates)
    copies = "is a copy" if found.repeats == 1 else "are copies"
    terminal.info(f"repeated images {found.repeats:,} {copies} of another in the pack")
    for kind, meaning in KINDS.items():
        places = found.quality_checks[kind]
        listed = f"{_numbers(places)}: {meaning}" if len(places) else ""
        terminal.info(f"{kind:<15} {len(places):,}{listed}")


def say_histogram(terminal: Terminal, histogram: IndexArray) -> None:
    """Say how often each intensity occurs."""
    terminal.info(f"intensities     {histogram_line(histogram)}  black to white, share of pixels (root scale)")


def say_sizes(terminal: Terminal, pack: Pack) -> None:
    """Say what this and the other way to store it cost."""
    from ganzoo.data.pack.storage_cost import storage_costs

    for cost in storage_costs(pack):
        own = cost.storage == pack.manifest.storage
        size = size_text(cost.size)
        terminal.info(
            f"{'stored as' if own else 'instead of'} {cost.storage:<8} {'' if own else 'about '}{size}, "
            f"{cost.images_per_second:,.0f} images/s read by one process"
        )


def say_bad(terminal: Terminal, bad: Sequence[BadFile]) -> None:
    """Say which files cannot be used and are left out."""
    terminal.info(f"left out        {counted(len(bad), 'file')} that cannot be used:")
    for file in bad[:_LISTED_BAD]:
        terminal.info(f"  {file.reason}")
    if len(bad) > _LISTED_BAD:
        terminal.info(f"  and {len(bad) - _LISTED_BAD:,} more")


def say_left_out(terminal: Terminal, dataset: ImageDataset, pack: Pack) -> None:
    """Say how many images of its source a dataset has not used, bad ones apart."""
    from ganzoo.data import SourceDataset

    if isinstance(dataset, SourceDataset):
        for left_out in dataset.left_out(len(pack) + len(pack.bad_files)):
            terminal.info(f"left out        {left_out}")


def say_subjects(terminal: Terminal, dataset: ImageDataset) -> None:
    """Say what may be wrong with the subjects of a dataset."""
    from ganzoo.data.sources.dataset import subject_advice

    if advice := subject_advice(dataset):
        terminal.info(f"subjects        {advice}")


def say_use(terminal: Terminal, dataset: ImageDataset, name: str, out: Path) -> None:
    """Say how a recipe uses a pack: it states the options that are not what they would be anyway."""
    import tomli_w

    options = dataset.options
    stated = options.model_dump(mode="json", include=options.model_fields_set | {"resolution"}, exclude_none=True)
    terminal.info("a recipe uses it by:")
    terminal.info(tomli_w.dumps({"dataset": {"name": name, **stated, "pack": str(out)}}).rstrip())


def say_dataset(terminal: Terminal, cls: type[ImageDataset]) -> None:
    """Say what a dataset is, where to get it, under which terms, and what layout is expected."""
    from ganzoo._registry.option_table import option_rows

    terminal.info(f"{cls.name}: {python_inspect.getdoc(cls) or ''}")
    if expected := getattr(cls, "expected", ""):
        terminal.info(f"Expected: {expected}")
    if cls.where_to_get:
        terminal.info(cls.where_to_get)
    terminal.info("Options:")
    for row in option_rows(cls.Options):
        terminal.info(f"  {row.name} ({row.type}, {row.default}): {row.description}")
    terminal.info(f"Prepare it: ganzoo data prepare {cls.name} --source PATH --resolution 64 --out PACK")


def histogram_line(histogram: Any) -> str:
    """Draw a histogram `[256]` as 64 blocks; heights are roots, or a black background would hide the rest."""
    bins = histogram.reshape(_BINS, -1).sum(axis=1) ** 0.5
    heights = bins / max(float(bins.max()), 1.0) * (len(_BARS) - 1)
    return "".join(_BARS[min(len(_BARS) - 1, int(height + 0.999))] for height in heights)


def _say_splits(terminal: Terminal, counts: tuple[SplitCount, ...], pack: Pack) -> None:
    stated = pack.manifest.stated_subjects
    for split in counts:
        subjects = "" if stated == 0 else f" of {counted(split.subjects, 'subject')}"
        terminal.info(f"{split.name:<15} {counted(split.images, 'image')}{subjects}")
    if stated == 0 and len(counts) > 1 and "subject_pattern" in pack.manifest.settings:
        terminal.info(
            "subjects        nothing says which images show the same person or thing, so that each counts by itself: "
            "where several do, let dataset.subject_pattern say what in a path names it, or they leak between splits"
        )


def say_changes(terminal: Terminal, pack: Pack) -> None:
    """Say what became of images that were not as the pack is; nothing where all were."""
    from ganzoo.data.prepare.advice import changes_of_images

    for what, text in changes_of_images(pack).items():
        terminal.info(f"{what:<15} {text}")


def _say_duplicates(terminal: Terminal, duplicates: Duplicates) -> None:
    import numpy as np

    pair = f"{duplicates.one} and {duplicates.other}"
    if not len(duplicates.exact) and not len(duplicates.near):
        terminal.info(f"duplicates      none in {pair}")
        return
    for what, pairs in (("equal", duplicates.exact), ("nearly equal", duplicates.near)):
        if len(pairs):
            ones, others = (len(np.unique(pairs[:, column])) for column in (0, 1))
            examples = ", ".join(f"{i}={j}" for i, j in pairs[:_LISTED])
            terminal.info(
                f"duplicates      {what}: {ones:,} images of {duplicates.one} and {others:,} of {duplicates.other}, "
                f"such as numbers {examples}. Scores on one may show what was learned from the other"
            )


def _numbers(places: IndexArray) -> str:
    shown = ", ".join(str(place) for place in places[:_LISTED])
    if len(places) == 1:
        return f", number {shown}"
    return f", {'such as ' * (len(places) > _LISTED)}numbers {shown}"


def _color(channels: int) -> str:
    return {1: "grayscale", 3: "RGB"}.get(channels, f"{channels} channels")


def _say_classes(terminal: Terminal, pack: Pack) -> None:
    from ganzoo.data.pack.class_counts import class_called, class_counts, empty_classes

    if pack.spec.label_dim:
        counts = [f"{class_called(pack, number)}: {count:,}" for number, count in enumerate(class_counts(pack))]
        more = f" and {len(counts) - _LISTED_CLASSES} more" if len(counts) > _LISTED_CLASSES else ""
        terminal.info(f"classes         {', '.join(counts[:_LISTED_CLASSES])}{more}")
    if empty := empty_classes(pack):
        terminal.warning(empty)
