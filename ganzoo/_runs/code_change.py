"""Code change: where a run went on with other code than it had begun with, as its record keeps it."""

from __future__ import annotations

from pydantic import NonNegativeInt

from ganzoo._runs.plain_data import Frozen


class CodeChange(Frozen):
    """A run that went on with other code: what, since how many images seen, and the codes, `1.1+3f2a91c0`, by package.

    Attributes:
        images_seen: Real images that the earlier code was shown.
        what: `loss 'acme'`, or `ganzoo` for the core.
        packages: Packages of its source files.
        before: Version and first digits of the source's SHA-256, before.
        after: The same, after.
    """

    images_seen: NonNegativeInt
    what: str
    packages: tuple[str, ...]
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.what} is {self.after} since {self.images_seen:,} images seen, and was {self.before}"
