"""Init: one's own images looked at, and a recipe written for them and this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ganzoo._io.atomic import atomic_write
from ganzoo._io.os_errors import absolute, shown
from ganzoo._recipe.find_recipe import find_recipe
from ganzoo._recipe.toml_source import parse, read
from ganzoo._registry.index import discovered
from ganzoo._start.commented import commented
from ganzoo._start.editors import SCHEMA
from ganzoo._start.fit import Fit, fit
from ganzoo._start.images import FoundImages, look_at
from ganzoo.contracts.reporter import Reporter
from ganzoo.data.prepare.duplicates import near_pairs, perceptual_hashes, thumbnails
from ganzoo.data.prepare.inspect import Inspection, inspect
from ganzoo.data.prepare.quality_checks import KINDS
from ganzoo.errors import DataError, RefusedError
from ganzoo.text import counted, duration, literal

_COMPARED = 4000  # images whose twins are looked for
_LISTED = 12
_BUSY = 0.2  # of the time, before it is said
_TOO_LONG = 1.3  # times the hours that were asked for, before it is said


@dataclass(frozen=True)
class Written:
    """What was found and written.

    Attributes:
        path: The recipe's file.
        found: The images.
        fit: The recipe and what it takes here.
        facts: What to know about both, a line each.
    """

    path: Path
    found: FoundImages
    fit: Fit
    facts: tuple[str, ...]


def init_recipe(
    images: Path,
    out: Path | None,
    *,
    template: str,
    hours: float,
    resolution: int | None,
    device: str,
    reporter: Reporter,
    skip_bad: bool = False,
) -> Written:
    """Look at images and write a commented recipe that trains on them here.

    Args:
        images: Folder, archive or file.
        out: The recipe's file; None: `NAME.toml` in the folder that the process stands in.
        template: The recipe to start from: a file, or the name of a shipped one.
        hours: What the run should take, by the clock.
        resolution: Resolution of the images; None: the largest that is quick enough.
        device: Where to compute.
        reporter: Takes messages and progress.
        skip_bad: Leave out images that cannot be read.

    Raises:
        DataError: There are no images, or they cannot be read.
        RefusedError: There is a file already where the recipe would be written.
        RecipeError: The template is not valid.
    """
    root = absolute(images)
    if not root.exists():
        raise DataError(f"{shown(root)} does not exist; name the folder, archive or file that holds your images")
    path = out or Path(f"{root.name.partition('.')[0] or 'images'}.toml")
    refuse_existing(path)
    registry = discovered()
    data = parse(read(find_recipe(template)), template)
    found = look_at(root, registry)
    made = fit(
        data, found, registry, hours=hours, resolution=resolution, device=device, reporter=reporter, skip_bad=skip_bad
    )
    made.data["title"] = f"{literal(root.name)} at {made.inputs.pack.spec.resolution} pixels"
    facts = (*_images(found, made), *_twins(found, made, inspect(made.inputs.pack)), *facts_on_time(made, hours))
    opening = [f"Written by `ganzoo init` from {template}. Train it: ganzoo run {path}", *facts]
    if (path.parent / SCHEMA).is_file():  # editors find it by the first line, wherever the recipe is
        opening.insert(0, f":schema {SCHEMA}")
    text = commented(made.data, made.recipe, opening)
    refuse_existing(path)
    atomic_write(path, text.encode())
    return Written(path, found, made, facts)


def refuse_existing(path: Path) -> None:
    """Raise RefusedError if there is anything at a path."""
    if os.path.lexists(path):
        raise RefusedError(f"{shown(path)} exists already and is not replaced; give another name with --out")


def _images(found: FoundImages, made: Fit) -> list[str]:
    color = "gray" if found.channels == 1 else "color"
    sizes = str(found.smallest) if found.smallest == found.largest else f"{found.smallest} to {found.largest}"
    side = made.inputs.pack.spec.resolution
    lines = [f"images: {found.count:,}, {color}, shorter sides of {sizes} pixels, used at {side}"]
    if found.opened < found.count:
        lines[0] += f" (size and color by {found.opened} of them)"
    if found.classes:
        names = ", ".join(literal(name) for name in found.classes[:_LISTED]) + ", ..." * (len(found.classes) > _LISTED)
        used = "" if made.inputs.pack.spec.label_dim else "; these networks take none, so they are not used"
        lines.append(f"classes: {len(found.classes)} ({names}){used}")
    if found.subjects:
        lines.append(f"subjects: {found.subjects:,}; images of one never fall into two splits")
    if found.subject_advice:
        lines.append(f"subjects: {found.subject_advice}")
    lines += [f"left out: {text}" for text in found.left_out]
    lines += [f"unreadable: {text}" for text in found.unreadable[:_LISTED]]
    return lines


def _twins(found: FoundImages, made: Fit, inspection: Inspection) -> list[str]:
    """Return what is suspicious: copies, images that look alike, masks and the like."""
    lines = [f"copies: {inspection.repeats:,} images are there twice"] if inspection.repeats else []
    split = made.inputs.pack.split(made.recipe.training.split)
    thumbs = thumbnails(next(iter(split.in_order())))[:_COMPARED]
    hashes = perceptual_hashes(thumbs)
    near = near_pairs((hashes, hashes), (thumbs, thumbs))
    twins = len({int(one) for one, other in near if one != other})
    if twins > inspection.repeats:
        advice = "" if found.subjects else ": if they show the same person, set dataset.subject_pattern or per_subject"
        lines.append(f"twins: {twins:,} of {len(thumbs):,} images have another that looks nearly the same{advice}")
    lines += [
        f"{kind}: {counted(len(numbers), 'image')} ({KINDS[kind]})"
        for kind, numbers in inspection.quality_checks.items()
        if len(numbers)
    ]
    return lines


def facts_on_time(made: Fit, hours: float) -> list[str]:
    """Return what a recipe takes, and a second line where that is much more than the hours that were asked for."""
    pace = made.pace
    lines = [
        f"takes: {duration(3600 * pace.hours)} on {made.inputs.device} here ({pace.processor_hours:.2g} processor "
        f"hours), {duration(pace.scoring_seconds)} of it for the score: {made.recipe.total_images / 1000:,g} kimg at "
        f"{pace.images_per_second:,.0f} images/s, by {pace.steps} steps that were taken"
    ]
    if pace.waited > _BUSY:
        lines.append(
            f"busy: other programs held the steps up for {pace.waited:.0%} of the time; what it takes is said for a "
            "machine that it has to itself"
        )
    if pace.hours > _TOO_LONG * hours:
        lines.append(
            f"too long: {duration(3600 * hours)} were asked for; give more --hours, a smaller --resolution or fewer "
            "scoring.generated"
        )
    return lines
