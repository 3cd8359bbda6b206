"""Run directory: its name, its parts, its lock, and finding runs below a folder."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from itertools import count
from pathlib import Path

from ganzoo._io.atomic import (
    make_folder,
    publish_directory,
    sweep_temporaries,
    temporary_directory_beside,
    write_inside,
)
from ganzoo._io.lock import owned
from ganzoo._io.os_errors import shown
from ganzoo._io.regular_file import kind_of
from ganzoo.errors import GanzooError, RefusedError, RunError
from ganzoo.text import clip, literal

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED = re.compile(r"(?i:con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_DEPTH = 8


def check_name(name: str, *, remedy: str = "Rename the recipe's file, or give the run a name with --name.") -> str:
    """Return `name` if it may name a run's folder on every system, or raise with what would do.

    Raises:
        GanzooError: It holds other characters than letters, digits, `.`, `_`, `-`, is too long, or is reserved.
    """
    if not NAME.fullmatch(name) or _RESERVED.fullmatch(name) or name.endswith("."):
        raise GanzooError(
            f"'{clip(literal(name), 80)}' cannot name a run: use 1 to 64 letters, digits, '.', '_' or '-', "
            f"beginning with a letter or digit. {remedy}"
        )
    return name


def check_new_run(root: Path, name: str, seed: int) -> None:
    """Judge before any work whether the folder of a new run can be made, and make nothing.

    Raises:
        GanzooError: No run can have this name, or `root` is a file, or in a folder that may not be written to.
    """
    check_name(f"{name}-s{seed}")
    folder = root
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise GanzooError(f"cannot write {shown(root)}: {shown(folder)} is a file. Choose another folder with --runs.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise GanzooError(f"cannot write {shown(root)}: Permission denied. Choose another folder with --runs.")


def _leave_empty(run: RunDirectory, name: str) -> None:
    pass


class RunDirectory:
    """The parts of one run on disk, by name; see docs/runs.md for the format."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recipe = path / "recipe.toml"
        self.networks = path / "networks.toml"  # instead of a recipe, where the run was imported
        self.record = path / "record.json"
        self.metrics = path / "metrics.jsonl"
        self.samples = path / "samples"
        self.checkpoints = path / "checkpoints"
        self.snapshots = path / "snapshots"
        self.initial = path / "initial"  # the weights that a run of `ganzoo run --init` began from
        self.figures = path / "figures"
        self.callbacks = path / "callbacks"
        self.curves = path / "curves.svg"
        self.log = path / "log.txt"
        self.lock_file = path / "run.lock"
        self.leases = path / "leases"  # who owns it, where the file system has no locks

    def __repr__(self) -> str:
        return f"<RunDirectory {shown(self.path)}>"

    @property
    def name(self) -> str:
        """The run's name: that of its folder."""
        return self.path.resolve().name

    @classmethod
    def create(
        cls, root: Path, recipe_name: str, seed: int, fill: Callable[[RunDirectory, str], None] = _leave_empty
    ) -> RunDirectory:
        """Make the folder of a new run, `<recipe>-s<seed>` or the first free `<recipe>-s<seed>-<k>`, k from 2.

        Args:
            root: Folder that runs are kept in; what killed starts left in it is swept.
            recipe_name: Begins the run's name.
            seed: Follows in it.
            fill: Writes what a run has from the beginning, given where and the run's name: it is there whole or not at
                all, so that no stop leaves a run without its recipe.
        """
        base = f"{recipe_name}-s{seed}"
        check_name(base)
        make_folder(root)
        sweep_temporaries(root)
        for attempt in count(1):
            final = root / check_name(base if attempt == 1 else f"{base}-{attempt}")
            if os.path.lexists(final):
                continue
            with temporary_directory_beside(final) as temporary:
                fill(cls(temporary), final.name)
                write_inside(temporary, cls(temporary).lock_file.name, b"")
                with suppress(RefusedError):  # another process has just taken the name
                    publish_directory(temporary, final)
                    return cls(final)
        raise AssertionError("unreachable: count() does not end")

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """Open the folder of a run that exists.

        Raises:
            GanzooError: There is no run at `path`.
            RunError: In it, a link, a pipe or a device stands where the run has a file or folder of its own.
        """
        run = cls.at(path)
        run.require_own()
        return run

    @classmethod
    def at(cls, path: Path) -> RunDirectory:
        """Return the folder of a run whatever stands in it. Raises GanzooError where there is no run."""
        if not os.path.lexists(path):
            raise GanzooError(f"there is no run {shown(path)}: no such folder.")
        if not path.is_dir():
            raise GanzooError(
                f"{shown(path)} is {kind_of(path.lstat().st_mode)}, not a run: name a run's folder; a file of weights "
                f"becomes one by `ganzoo import`."
            )
        if not is_run(path):
            raise GanzooError(f"{shown(path)} is not a run: it has neither record.json nor run.lock.")
        return cls(path)

    def misplaced(self) -> list[str]:
        """Return what stands in the place of the run's own files and folders and is none, a sentence each."""
        folders: tuple[Path, ...] = (self.samples, self.checkpoints, self.snapshots, self.initial)
        folders += (self.figures, self.callbacks, self.leases)
        files = (self.recipe, self.networks, self.record, self.metrics, self.log, self.curves, self.lock_file)
        problems = []
        for places, is_own, own in ((folders, stat.S_ISDIR, "a folder"), (files, stat.S_ISREG, "a file")):
            for path in places:
                with suppress(FileNotFoundError):
                    mode = path.lstat().st_mode
                    if not is_own(mode):
                        problems.append(
                            f"{shown(path)} is {kind_of(mode)}, where a run has {own} of its own; nothing is read or "
                            f"written through it. Put back what was there, or remove it."
                        )
        return problems

    def require_own(self) -> None:
        """Raise RunError if anything is `misplaced`."""
        if problems := self.misplaced():
            raise RunError("\n".join(problems))

    @classmethod
    def of(cls, root: Path, recipe_name: str, seed: int) -> list[RunDirectory]:
        """Return the runs of this recipe name and seed below `root`, oldest first."""
        base = f"{recipe_name}-s{seed}"
        folders = (path for path in root.glob("*") if is_run(path) and not path.is_symlink())
        attempts = ((_attempt(path.name, base), path) for path in folders)
        return [cls(path) for attempt, path in sorted(attempts) if attempt]

    def sweep(self) -> None:
        """Remove what killed processes left half-written in the run, and beside it."""
        inside = (self.samples, self.snapshots, self.checkpoints, self.initial, self.figures)
        for folder in (self.path.parent, self.path, *inside):
            sweep_temporaries(folder)

    def lock(self, say: Callable[[str], None] | None = None) -> AbstractContextManager[None]:
        """Own the run for the length of a `with` block.

        Args:
            say: Takes a message where it has to be waited for a sign of life of the owner.

        Raises:
            RefusedError: Another process holds it; the message says who.
            RunError: Something in it is `misplaced`.
        """
        self.require_own()
        what = f"the run {shown(self.path)}"
        return owned(self.lock_file, self.leases, what, *([say] if say else []))


def _attempt(name: str, base: str) -> int:
    """Return k of `<base>-<k>`, 1 for `base` itself, 0 for any other name."""
    if name == base:
        return 1
    number = name.removeprefix(f"{base}-")
    return int(number) if number != name and re.fullmatch(r"[1-9]\d{0,8}", number) else 0


def is_run(path: Path) -> bool:
    """Whether a folder is a run's."""
    return (path / "record.json").exists() or (path / "run.lock").exists()


def find_runs(paths: Iterable[Path]) -> list[Path]:
    """Return the runs that `paths` are or contain, each once, sorted by path within each given path.

    A run's own folders are not searched, links to folders inside a given path are not followed.

    Raises:
        GanzooError: A path does not exist, or is a file.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise GanzooError(f"there is nothing at {shown(path)}. Name a run or a folder of runs.")
        if not path.is_dir():
            raise GanzooError(f"{shown(path)} is a file. Name a run's folder or a folder of runs.")
        for run in sorted(_search(path, _DEPTH)):
            found.setdefault(run.resolve(), run)  # one run under two spellings is one run
    return list(found.values())


def _search(folder: Path, depth: int) -> Iterator[Path]:
    try:
        with os.scandir(folder) as scanned:
            entries = {entry.name: entry for entry in scanned}
    except OSError:
        return
    if "record.json" in entries or "run.lock" in entries:
        yield folder
    elif depth:
        for name, entry in entries.items():
            if not name.startswith(".") and entry.is_dir(follow_symlinks=False):
                yield from _search(folder / name, depth - 1)
