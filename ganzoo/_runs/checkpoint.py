"""Checkpoints: whole, checksummed, never half-written, and nothing in them executes when they are read."""

from __future__ import annotations

import json
import platform
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import JsonValue
from safetensors import SafetensorError
from safetensors.torch import load as tensors_of
from safetensors.torch import save as bytes_of
from torch import Tensor

from ganzoo._io.atomic import (
    json_bytes,
    publish_directory,
    remove_tree,
    require_space,
    sweep_temporaries,
    temporary_directory_beside,
    write_inside,
)
from ganzoo._io.os_errors import shown
from ganzoo._io.staging import fencing_number
from ganzoo._runs.manifest import (
    FILE_NAME,
    FileEntry,
    Manifest,
    damage,
    folder_name,
    list_checkpoints,
    read_files,
    read_manifest,
    write_manifest,
)
from ganzoo._version import __version__
from ganzoo.errors import RunError

_STATE = "state.json"
_SUFFIX = ".safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read and found intact.

    Attributes:
        path: Its folder.
        images_seen: Real images shown to the discriminator.
        tensors: Tensors on the CPU, by part (`generator`, `ema`, ...) and name.
        state: The rest, as plain data.
        sha256: Hash of each part's file, 64 hex digits.
    """

    path: Path
    images_seen: int
    tensors: Mapping[str, Mapping[str, Tensor]]
    state: Mapping[str, JsonValue]
    sha256: Mapping[str, str]


def write_checkpoint(
    folder: Path,
    images_seen: int,
    tensors: Mapping[str, Mapping[str, Tensor]],
    state: Mapping[str, JsonValue],
) -> Path:
    """Write a checkpoint and return its path, `<folder>/<images_seen as ten digits>`.

    When this returns, the checkpoint survives SIGKILL and power loss. An intact one of the same tensors at the
    same place is left as it is; any other there is replaced.

    Raises:
        RunError: A tensor holds inf or nan (nothing is written), or the disk is full (the others are intact).
        GanzooError: The folder is read-only.
    """
    _require_finite(images_seen, tensors)
    contents = {f"{part}{_SUFFIX}": _serialized(part, named) for part, named in tensors.items()}
    contents[_STATE] = json_bytes(dict(state))
    manifest = Manifest(
        images_seen=images_seen,
        fencing_number=fencing_number(folder / _STATE),
        files={name: FileEntry.of(data) for name, data in contents.items()},
        versions={"ganzoo": __version__, "torch": torch.__version__, "python": platform.python_version()},
    )
    final = folder / folder_name(images_seen)
    if _is_same(final, manifest):
        return final
    require_space(folder, sum(len(data) for data in contents.values()))
    with temporary_directory_beside(final) as temporary:
        for name, data in contents.items():
            write_inside(temporary, name, data)
        write_manifest(temporary, manifest)
        remove_tree(final)
        publish_directory(temporary, final)
    return final


def _require_finite(images_seen: int, tensors: Mapping[str, Mapping[str, Tensor]]) -> None:
    for part, named in tensors.items():
        for name, tensor in named.items():
            if tensor.layout != torch.strided:
                raise RunError(f"{part}.{name} is a {tensor.layout} tensor; a checkpoint holds dense ones only.")
            floating = tensor.is_floating_point() or tensor.is_complex()
            if floating and not bool(torch.isfinite(tensor).all()):
                raise RunError(
                    f"{part}.{name} holds inf or nan at {images_seen:,} images: no checkpoint is written of it. "
                    "The last one is still there."
                )


def _serialized(part: str, named: Mapping[str, Tensor]) -> bytes:
    if not FILE_NAME.fullmatch(part):
        raise RunError(f"{shown(part)} cannot name a part of a checkpoint.")
    storages: set[int] = set()
    owned = {}
    for name, tensor in named.items():
        tensor = tensor.detach().to("cpu").contiguous()
        pointer = tensor.untyped_storage().data_ptr()
        owned[name] = tensor.clone() if pointer in storages else tensor  # tied weights are written twice
        storages.add(pointer)
    return bytes_of(owned)


def _is_same(path: Path, manifest: Manifest) -> bool:
    """Whether the intact checkpoint at `path` holds the same tensors; a state may differ in seconds spent."""
    if not path.exists() or damage(path):
        return False
    there, here = dict(read_manifest(path).files), dict(manifest.files)
    there.pop(_STATE, None)
    here.pop(_STATE)
    return there == here


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; every byte is checked against the manifest before it is used.

    Raises:
        RunError: A file is missing or damaged, named with what is wrong.
    """
    manifest = read_manifest(path)
    contents = dict(read_files(path, manifest))
    try:
        state = json.loads(contents.pop(_STATE))
        tensors = {name.removesuffix(_SUFFIX): tensors_of(data) for name, data in contents.items()}
    except (KeyError, ValueError, RecursionError, SafetensorError) as error:
        raise RunError(f"{shown(path)} is no checkpoint of this ganzoo: {error}.") from error
    hashes = {name.removesuffix(_SUFFIX): entry.sha256 for name, entry in manifest.files.items()}
    return Checkpoint(path, manifest.images_seen, tensors, state, hashes)


def newest_good(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """Return the newest intact checkpoint, or None, and what is wrong with each newer one."""
    reports: list[str] = []
    for path in list_checkpoints(folder):
        try:
            return read_checkpoint(path), reports
        except RunError as error:
            reports.append(str(error))
    return None, reports


def prune(folder: Path, keep: int, protected: Collection[int] = ()) -> list[Path]:
    """Keep the newest `keep` (at least 1) intact checkpoints and the `protected` ones; return what was removed.

    Nothing is removed that is newer than what is kept, nor anything at all before `keep` newer ones verify.
    What killed processes left half-written is swept.

    Args:
        folder: The folder of checkpoints.
        keep: How many of the newest stay.
        protected: Images seen of those that stay in any case: the best, the kept snapshots.
    """
    sweep_temporaries(folder)
    good, removed = 0, []
    for path in list_checkpoints(folder):
        if good >= max(1, keep):
            if int(path.name) not in protected:
                remove_tree(path)
                removed.append(path)
        elif not damage(path):
            good += 1
    return removed
