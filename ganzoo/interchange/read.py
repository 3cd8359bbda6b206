"""Reader: from a foreign file to inert data, never executing what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ganzoo._io.file_kind import START_BYTES, kind_of
from ganzoo.errors import CheckpointError
from ganzoo.interchange.archives import LEGACY_MAGIC, ZIP_STARTS, read_legacy, read_stream, read_zip
from ganzoo.interchange.byte_stream import Stream
from ganzoo.interchange.limits import Budget
from ganzoo.interchange.resolve import Settling
from ganzoo.interchange.safetensors_file import is_safetensors, read_safetensors
from ganzoo.text import clip, literal

MAX_FILE_BYTES = 16 * 2**30
# How a file of torch.save before 1.6 begins: protocol 2, the magic number as LONG1.
_LEGACY_START = b"\x80\x02\x8a\x0a" + LEGACY_MAGIC.to_bytes(10, "little")


# All that a text of ASCII or UTF-8 may hold. Pickles of protocol 0 are such texts too: they are read first.
_TEXT_BYTES = bytes({9, 10, 13, *range(32, 127), *range(128, 256)})


def read_content(path: Path) -> Any:
    """Read a pickle, a file of `torch.save`, a safetensors file or an .npz file, without executing anything of it.

    Returns:
        Containers, numbers, text and bytes; CPU tensors for arrays of numpy and torch; `Record` and `Global` for
        everything else. No object contains itself, and nothing is nested more than 100 deep.

    Raises:
        CheckpointError: One line that names the file and what is wrong with it.
    """
    try:
        return parse(_bytes_of(path))
    except CheckpointError as error:
        raise CheckpointError(f"{_shown(path)} cannot be read as a checkpoint: {error}") from None
    except MemoryError:
        raise CheckpointError(f"{_shown(path)} cannot be read as a checkpoint: memory ran out") from None
    except Exception as error:  # whatever else damage may lead to, a person sees one line
        reason = f"it is damaged ({type(error).__name__})"
        raise CheckpointError(f"{_shown(path)} cannot be read as a checkpoint: {reason}") from error


def parse(data: bytes) -> Any:
    """Read the bytes of such a file; see `read_content`."""
    if not data:
        raise CheckpointError("it is empty")
    if (kind := kind_of(data[:START_BYTES])) is not None:
        raise CheckpointError(f"it is {kind}")
    if is_safetensors(data):
        return read_safetensors(data)
    budget = Budget(len(data))
    if data.startswith(ZIP_STARTS):
        content = read_zip(data, budget)
    elif data.startswith(_LEGACY_START):
        content = read_legacy(data, budget)
    else:
        stream = Stream(data)
        try:
            content = read_stream(stream, budget)
        except CheckpointError as error:
            raise CheckpointError(_reason_of(str(error), data)) from None
        if stream.rest:
            raise CheckpointError(f"{stream.rest:,} bytes follow its end")
    return Settling(budget).settle(content)


def _reason_of(error: str, data: bytes) -> str:
    if data.startswith(b"\x80"):
        return error
    is_text = not data[:START_BYTES].translate(None, _TEXT_BYTES)
    what = "it is text, and" if is_text else "it"
    return f"{what} does not begin as pickles do ({error})"


def _bytes_of(path: Path) -> bytes:
    try:
        if not path.is_file():
            what = "it is a folder: give a file inside it" if path.is_dir() else "it is not a file"
            raise CheckpointError(what if path.exists() else "there is no such file")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise CheckpointError(f"it is larger than {MAX_FILE_BYTES // 2**30} GiB")
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(str(error.strerror or "it cannot be opened")) from None


def _shown(path: Path) -> str:
    return clip(literal(str(path)), 300)
