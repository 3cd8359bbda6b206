"""Download: a published file, checked by size and SHA-256, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ganzoo._io.atomic import make_folder, publish_file, require_space, sha256_of, temporary_directory_beside, writing
from ganzoo.errors import GanzooError, WeightsError

if TYPE_CHECKING:
    import requests

    from ganzoo.weights.find import PublishedWeights

Progress = Callable[[int, int], None]
_CHUNK_BYTES = 1 << 16
_TIMEOUT_SECONDS = 30.0


def fetch(
    published: PublishedWeights, folder: Path, *, url: str | None = None, progress: Progress | None = None
) -> Path:
    """Download a published file into `folder`, unless it is there already.

    It gets its name when it is whole and its SHA-256 right; of anything else nothing is left. Of several processes
    that fetch it at once, each receives it, and the last one's stays.

    Args:
        published: What to download.
        folder: Where to.
        url: A mirror; the content must be the same.
        progress: Called with bytes received and bytes in all.

    Raises:
        WeightsError: The server cannot be reached, broke off, or sent something else.
        GanzooError: The address is not http or https, or the folder cannot be written.
    """
    address = url or published.url
    if urlsplit(address).scheme not in ("http", "https"):
        raise GanzooError(f"cannot download from '{address}': only http and https addresses are fetched.")
    final = folder / published.file_name
    if final.is_file() and sha256_of(final) == published.sha256:
        return final
    make_folder(folder)
    require_space(folder, published.size)
    with temporary_directory_beside(final) as received, writing(final, published.size):
        _receive(address, published, received, progress or (lambda done, total: None))
        publish_file(received / published.file_name, final)
    return final


def _receive(address: str, published: PublishedWeights, folder: Path, progress: Progress) -> None:
    """Download the file into `folder`. Raises WeightsError with what to do."""
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")  # what there is to say, the caller says
    meter = _Meter(published, progress)
    try:
        pooch.retrieve(
            address,
            known_hash=f"sha256:{published.sha256}",
            fname=published.file_name,
            path=folder,
            downloader=pooch.HTTPDownloader(meter, _CHUNK_BYTES, timeout=_TIMEOUT_SECONDS),
        )
    except requests.RequestException as error:
        raise WeightsError(_failure(address, published, meter, error)) from None
    except ValueError:  # pooch's word for another hash
        raise _other_file(published) from None


def _failure(address: str, published: PublishedWeights, meter: _Meter, error: requests.RequestException) -> str:
    if error.response is not None:
        return f"cannot download {address}: the server answers {error.response.status_code} {error.response.reason}."
    if meter.total or meter.done:
        return (
            f"the download of {address} broke off after about {meter.done:,} of {published.size:,} bytes. "
            "Run the same command again."
        )
    return (
        f"cannot download {address}: {_innermost(error)}. Is there a connection? A file that was fetched elsewhere can "
        "be named by scoring.extractor.weights."
    )


def _innermost(error: BaseException) -> str:
    """Return what the system says, without the layers of libraries around it."""
    while error.__context__ is not None:
        error = error.__context__
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _other_file(published: PublishedWeights) -> WeightsError:
    return WeightsError(
        f"what was downloaded is not {published.file_name}: its SHA-256 is not {published.sha256[:16]}..., or it has "
        f"more than {published.size:,} bytes. It was deleted; try again, or another address."
    )


class _Meter:
    """Progress in the way that pooch reports it; it refuses a file as soon as that shows to be too long."""

    def __init__(self, published: PublishedWeights, progress: Progress) -> None:
        self.done = 0
        self._published, self._progress, self._total = published, progress, 0

    @property
    def total(self) -> int:
        """What the server says that the file has; 0 while it says nothing."""
        return self._total

    @total.setter
    def total(self, value: int) -> None:
        self._total = value
        self._refuse_longer(value)

    def update(self, count: int) -> None:
        """Count bytes, of the last chunk perhaps too many."""
        self.done += count
        self._refuse_longer(self.done - _CHUNK_BYTES)
        self._progress(min(self.done, self._published.size), self._published.size)

    def reset(self) -> None:
        """Begin to count again: at the end pooch states all bytes at once."""
        self.done = 0

    def close(self) -> None:
        """Do nothing: there is nothing to put away."""

    def _refuse_longer(self, count: int) -> None:
        if count > self._published.size:
            raise _other_file(self._published)
