"""Downloads that are whole and what they should be, or nothing: resumable, checked by size and SHA-256."""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from ganzoo._io.atomic import make_folder, require_space, sha256_of, shown, sync, writing
from ganzoo.errors import GanzooError, RefusedError, WeightsError

if TYPE_CHECKING:
    from ganzoo.weights.find import PublishedWeights

Progress = Callable[[int, int], None]
_CHUNK = 1 << 16
_TIMEOUT_SECONDS = 30.0


def fetch(
    published: PublishedWeights, folder: Path, *, url: str | None = None, progress: Progress | None = None
) -> Path:
    """Download a published file into `folder`, unless it is there already.

    It is received as `<name>.part` and gets its name only when size and SHA-256 are right. What a broken connection
    left behind is completed by the next call; what has the wrong content is deleted.

    Args:
        published: What to download.
        folder: Where to.
        url: A mirror; the content must be the same.
        progress: Called with bytes received and bytes in all.

    Raises:
        WeightsError: The server cannot be reached, broke off, or sent something else.
        RefusedError: Another process is downloading the same file.
        GanzooError: The address is not http or https, or the folder cannot be written.
    """
    address = url or published.url
    if urlsplit(address).scheme not in ("http", "https"):
        raise GanzooError(f"cannot download from '{address}': only http and https addresses are fetched.")
    final, part = folder / published.file_name, folder / f"{published.file_name}.part"
    if final.is_file() and sha256_of(final) == published.sha256:
        return final
    make_folder(folder)
    require_space(folder, published.size - (part.stat().st_size if part.is_file() else 0))
    with writing(part, published.size), part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError(f"another process is downloading {shown(final)}; wait for it.") from None
        _receive(address, published, file, progress or (lambda done, total: None))
        file.flush()
        os.fsync(file.fileno())
        _publish(published, part, final)
    return final


def _receive(address: str, published: PublishedWeights, file: IO[bytes], progress: Progress) -> None:
    """Append what is missing. Raises WeightsError with what to do."""
    have = file.seek(0, os.SEEK_END)
    if have > published.size:
        have = _restart(file)
    if have == published.size:
        return
    broken = ""
    with closing(_answer(address, have, file)) as answer:
        if have and not _continues(answer, have):
            have = _restart(file)
        try:
            # One byte too many shows that the file is another one, without receiving all of it.
            for chunk in _chunks(answer, published.size + 1 - have):
                file.write(chunk)
                have += len(chunk)
                progress(have, published.size)
        except _BrokenOffError as error:
            broken = f" ({error})"
    if have < published.size:
        raise WeightsError(
            f"the download of {address} broke off after {have:,} of {published.size:,} bytes{broken}. "
            "Run the same command again; it continues there."
        )


class _BrokenOffError(Exception):
    """The connection failed while a file was received."""


def _answer(address: str, have: int, file: IO[bytes]) -> http.client.HTTPResponse:
    """Ask for the file from byte `have` on. Raises WeightsError if there is no such answer."""
    request = urllib.request.Request(address, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        return urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:  # the server's file is shorter than ours
            _restart(file)
        raise WeightsError(f"cannot download {address}: the server answers {error.code} {error.reason}.") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise WeightsError(
            f"cannot download {address}: {reason or type(error).__name__}. Is there a connection? A file that was "
            "fetched elsewhere can be named by scoring.extractor.weights."
        ) from None


def _chunks(answer: http.client.HTTPResponse, limit: int) -> Iterator[bytes]:
    while limit > 0:
        try:
            chunk = answer.read(min(_CHUNK, limit))
        except (OSError, http.client.HTTPException) as error:
            raise _BrokenOffError(str(error) or type(error).__name__) from error
        if not chunk:
            return
        limit -= len(chunk)
        yield chunk


def _continues(answer: http.client.HTTPResponse, have: int) -> bool:
    sent = answer.headers.get("Content-Range") or ""
    return answer.status == HTTPStatus.PARTIAL_CONTENT and sent.startswith(f"bytes {have}-")


def _restart(file: IO[bytes]) -> int:
    file.seek(0)
    file.truncate()
    return 0


def _publish(published: PublishedWeights, part: Path, final: Path) -> None:
    size = part.stat().st_size
    with part.open("rb") as received:
        digest = hashlib.file_digest(received, "sha256").hexdigest()
    if size != published.size or digest != published.sha256:
        part.unlink()
        raise WeightsError(
            f"what was downloaded is not {published.file_name}: {size:,} bytes with SHA-256 {digest[:16]}..., "
            f"instead of {published.size:,} bytes with {published.sha256[:16]}.... It was deleted; try again, or "
            "another address."
        )
    part.replace(final)
    sync(final.parent)
