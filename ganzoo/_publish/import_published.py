"""Import of a published folder: each run of it that has a generator becomes a run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from ganzoo._io.atomic import publish_directory, temporary_directory_beside, write_inside
from ganzoo._io.os_errors import shown
from ganzoo._io.regular_file import read_regular
from ganzoo._publish.checksums import sum_problems
from ganzoo._publish.published_folder import generators_of, published_runs, require_published
from ganzoo._runs.checkpoint import write_checkpoint
from ganzoo._runs.directory import RunDirectory, check_name
from ganzoo._runs.kept import kept_in
from ganzoo._runs.record import read_record, write_record
from ganzoo._runs.sealed_toml import read_sealed
from ganzoo.errors import CheckpointError, RefusedError, RunError
from ganzoo.interchange import Record, read_content

_MOST_BYTES = 2**30
_PARTS = {"ema": "ema", "raw": "generator"}


def import_published(folder: Path, out: Path | None, root: Path = Path("runs")) -> list[RunDirectory]:
    """Make runs of a published folder, each whole or not at all.

    Args:
        folder: The folder.
        out: The new run's folder, where the folder has one generator, else a folder for the new runs; None: `root`.
        root: Folder of runs where `out` is None.

    Raises:
        RefusedError: There is something in the place of a new run.
        RunError: A file of the folder was changed.
        CheckpointError: A generator cannot be read.
    """
    require_published(folder)
    if problems := list(sum_problems(folder)):
        raise RunError("\n".join(problems))
    generators = generators_of(folder)
    if out is None:
        places = {name: root / name for name in generators}
    else:
        places = {name: out / name for name in generators} if len(generators) > 1 else dict.fromkeys(generators, out)
    for place in places.values():
        check_name(place.resolve().name, remedy="Give the new run's folder another name with --out.")
        if place.exists() or place.is_symlink():
            raise RefusedError(f"{shown(place)} exists already and is not replaced; import into another folder (--out)")
    runs = {run.name: run for run in published_runs(folder)}
    try:
        return [import_run(runs[name], generators[name], place) for name, place in places.items()]
    except OSError as error:
        raise RunError(f"{shown(folder)} cannot be imported: {error.filename or ''}: {error.strerror}.") from error


def import_run(shared: RunDirectory, generator: Path, place: Path) -> RunDirectory:
    """Make a run at `place` of a published run and its generator; raises as `import_published` does."""
    record = read_record(shared.record)
    images_seen, part, tensors = read_generator(generator)
    with temporary_directory_beside(place) as temporary:
        new = RunDirectory(temporary)
        write_inside(temporary, new.recipe.name, read_sealed(shared.recipe).encode("utf-8"))
        write_inside(temporary, new.lock_file.name, b"")
        if shared.metrics.is_file():
            write_inside(temporary, new.metrics.name, read_regular(shared.metrics, _MOST_BYTES))
        for own, theirs, names in _kept(new, shared):
            own.mkdir()
            for name in names:
                write_inside(own, name, read_regular(theirs / name, _MOST_BYTES))
        write_checkpoint(new.checkpoints, images_seen, {part: tensors}, {"images_seen": images_seen, "published": True})
        write_record(new.record, record.model_copy(update={"name": place.resolve().name, "kept": kept_in(new)}))
        publish_directory(temporary, place)
    return RunDirectory.open(place)


def _kept(new: RunDirectory, shared: RunDirectory) -> list[tuple[Path, Path, Sequence[str]]]:
    """Return folders with the names of the plain files in them that are taken over: pictures, and what was tested."""
    pairs = ((new.samples, shared.samples, "*.png"), (new.figures, shared.figures, "*.json"))
    found = [(own, theirs, sorted(path.name for path in theirs.glob(form))) for own, theirs, form in pairs]
    return [(own, theirs, [name for name in names if not name.startswith(".")]) for own, theirs, names in found]


def read_generator(path: Path) -> tuple[int, str, Mapping[str, Tensor]]:
    """Return images seen, part of a checkpoint, and tensors of a published generator."""
    content = read_content(path)
    metadata = content.state if isinstance(content, Record) and isinstance(content.state, dict) else {}
    seen, part = str(metadata.get("images_seen", "")), _PARTS.get(str(metadata.get("weights")))
    if not isinstance(content, Record) or part is None or not (seen.isascii() and seen.isdigit() and len(seen) < 16):
        raise CheckpointError(
            f"{shown(path)} is no generator as ganzoo publishes it: its metadata do not say what it is"
        )
    return int(seen), part, content.mapping
