"""Archives: the files that `torch.save` writes, zips since torch 1.6, a row of streams before that and in pickles."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

from ganzoo._io.file_kind import members_text
from ganzoo.errors import CheckpointError
from ganzoo.interchange.arrays import ARRAY_MEANINGS
from ganzoo.interchange.byte_stream import Stream
from ganzoo.interchange.containers import CONTAINER_MEANINGS
from ganzoo.interchange.limits import MAX_STREAMS, Budget
from ganzoo.interchange.npz import is_npz, read_npz
from ganzoo.interchange.opcodes import run
from ganzoo.interchange.tensors import TENSOR_MEANINGS, Storage
from ganzoo.interchange.unpickler import Meaning, Persistent
from ganzoo.text import literal

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_VERSION = 1001
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")  # of an archive with members, and of one without
MAX_MEMBERS = 200_000
# What zipfile raises on damage: not only errors of its own.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    IndexError,
    LookupError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
_END = b"PK\x05\x06"
_WEIGHTS = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".model", ".safetensors")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Storages:
    """The storages of one file by their keys: each is named many times and made once."""

    def __init__(self) -> None:
        self.by_key: dict[str, Storage] = {}

    def __call__(self, reference: Any) -> Any:
        """Return what a reference stands for: `("storage", kind, key, place, count[, view])`."""
        if not isinstance(reference, tuple) or len(reference) < 2:
            raise CheckpointError("it refers to something that is not a tensor")
        if reference[0] == "module":  # a class with its source, in very old files: the source is not looked at
            return reference[1]
        if reference[0] != "storage" or not 5 <= len(reference) <= 6 or reference[5:] not in ((), (None,)):
            raise CheckpointError("it refers to something that is not a tensor")
        _, kind, key, _, count = reference[:5]
        if not isinstance(key, str):
            raise CheckpointError("the numbers of a tensor have no key")
        storage = Storage(kind, count)
        known = self.by_key.setdefault(key, storage)
        if (known.dtype, known.count) != (storage.dtype, storage.count):
            raise CheckpointError("the numbers of a tensor are described in two ways")
        return known


def read_stream(stream: Stream, budget: Budget, persistent: Persistent | None = None) -> Any:
    """Follow one stream with all meanings that are known."""
    return run(stream, budget, MEANINGS, persistent)


def read_legacy(data: bytes, budget: Budget) -> Any:
    """Read a file of `torch.save` before 1.6: magic number, version, machine, content, keys, numbers."""
    stream = Stream(data)
    if read_stream(stream, budget) != LEGACY_MAGIC or read_stream(stream, budget) != LEGACY_VERSION:
        raise CheckpointError("it is no file of torch.save")
    machine = read_stream(stream, budget)
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise CheckpointError("it comes from a machine with another order of bytes")
    storages = Storages()
    content = read_stream(stream, budget, storages)
    keys = read_stream(stream, budget)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise CheckpointError("the list of its tensors is damaged")
    if sorted(keys) != sorted(storages.by_key):
        raise CheckpointError("the list of its tensors does not fit its content")
    for key in keys:
        storage = storages.by_key[key]
        if stream.number(8) != storage.count:
            raise CheckpointError("the numbers of a tensor have another length than was said")
        budget.pay(storage.byte_count)
        storage.data = stream.take(storage.byte_count)
    if stream.rest:
        raise CheckpointError(f"{stream.rest:,} bytes follow its end")
    return content


def read_zip(data: bytes, budget: Budget) -> Any:
    """Read a zip archive: a file of `torch.save` since 1.6, of a stream and storages; or an .npz file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read_archive(archive, budget)
    except _ZIP_ERRORS as error:
        raise CheckpointError(_damage(data, error)) from None


def _damage(data: bytes, error: Exception) -> str:
    if _END not in data:  # the list of members stands last
        return "it is a zip archive that ends too early, as a download that was cut off: get it again"
    reason = literal(" ".join(str(error).split())) if isinstance(error, zipfile.BadZipFile) else ""
    return f"its zip archive is damaged{f' ({reason})' if reason else ''}"


def _read_archive(archive: zipfile.ZipFile, budget: Budget) -> Any:
    members = {member.filename: member for member in archive.infolist()[: MAX_MEMBERS + 1]}
    if len(archive.infolist()) > MAX_MEMBERS or len(members) < len(archive.infolist()):
        raise CheckpointError("its zip archive has too many members, or two of one name")
    roots = [name.removesuffix("data.pkl") for name in members if name.split("/")[1:] == ["data.pkl"]]
    if any(name.split("/")[1:] == ["constants.pkl"] for name in members):
        raise CheckpointError("it is a program of TorchScript (torch.jit.save): save its state_dict with torch.save")
    if is_npz(members):
        return read_npz(members, lambda name: _unpacked(archive, members[name], budget), budget)
    if len(roots) != 1:
        raise CheckpointError(f"it is {_other_archive(list(members))}")
    order = members.get(f"{roots[0]}byteorder")
    if order and _unpacked(archive, order, budget).strip() != b"little":
        raise CheckpointError("it comes from a machine with another order of bytes")
    storages = Storages()
    stream = Stream(_unpacked(archive, members[f"{roots[0]}data.pkl"], budget))
    content = read_stream(stream, budget, storages)
    for key, storage in storages.by_key.items():
        member = members.get(f"{roots[0]}data/{key}")
        if member is None:
            raise CheckpointError("the numbers of a tensor are missing from its archive")
        storage.data = _unpacked(archive, member, budget)
    return content


def _other_archive(names: list[str]) -> str:
    """Say what a zip archive is that is none of torch.save."""
    weights = [name for name in names if name.lower().endswith(_WEIGHTS)]
    unpack = ": unpack it first, and give that file" if weights else ""
    return f"a zip archive of {members_text(weights or names)}, not one of torch.save{unpack}"


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget) -> bytes:
    if member.compress_type not in _METHODS or member.flag_bits & 1:
        raise CheckpointError("a member of its zip archive is encrypted, or packed in an unknown way")
    budget.pay(member.file_size)
    with archive.open(member) as opened:
        data = opened.read(member.file_size + 1)  # no more than was paid for, whatever comes out
    if len(data) != member.file_size:
        raise CheckpointError("a member of its zip archive has another length than was said")
    return data


def _storage_in_bytes(budget: Budget, args: tuple[Any, ...]) -> Storage:
    """A storage in a plain pickle: bytes that are themselves a file of `torch.save`, read by the same rules."""
    if len(args) != 1 or not isinstance(args[0], bytes):
        raise CheckpointError("the numbers of a tensor are not bytes")
    budget.pay(len(args[0]))
    if budget.streams >= MAX_STREAMS:
        raise CheckpointError("files are nested in files too deeply")
    budget.streams += 1
    content = read_zip(args[0], budget) if args[0].startswith(ZIP_STARTS) else read_legacy(args[0], budget)
    budget.streams -= 1
    if not isinstance(content, Storage):
        raise CheckpointError("the numbers of a tensor are something else")
    return content


MEANINGS: Mapping[tuple[str, str], Meaning] = {
    **CONTAINER_MEANINGS,
    **ARRAY_MEANINGS,
    **TENSOR_MEANINGS,
    ("torch.storage", "_load_from_bytes"): _storage_in_bytes,
}
"""What the functions give that files of weights call; all others become records."""
