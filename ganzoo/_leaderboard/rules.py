"""Rules of a comparison: what is agreed before anybody looks at the scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

from ganzoo.errors import GanzooError

LEVEL = 0.05
PLANNED_LOOKS = (3, 5, 8)
"""Numbers of seeds at which a comparison that grows may be looked at: each look has its share of the 5 %."""
_MOST_SHARE = 1.0


class RuleOptions(TypedDict, total=False):
    """What can be agreed for a comparison, by keyword: see `Rules`."""

    equivalence: float
    assumed_spread: float
    looks: Sequence[int]
    checkpoint: Literal["last", "best"]


@dataclass(frozen=True)
class Rules:
    """What is agreed in advance.

    Attributes:
        equivalence: Relative difference below which it does not matter which of two is better. 1.3 %: training again
            moves FID by as much (arXiv:2606.20536).
        assumed_spread: Relative standard deviation over trainings that is assumed of a row of one seed, where the
            table's own is not larger. 8 %: small GANs; large ones have 1 to 2 % (arXiv:2606.20536).
        looks: Numbers of seeds at which the table is looked at; empty: this once.
        checkpoint: Which network of a run counts, in all rows alike: the last, or the best by selection scores, whose
            draws are others than those that are reported: the best by these would look better than it is.

    Raises:
        GanzooError: A share is not between 0 and 1, or the looks are not rising numbers of seeds from 2.
    """

    equivalence: float = 0.013
    assumed_spread: float = 0.08
    looks: Sequence[int] = ()
    checkpoint: Literal["last", "best"] = "last"

    def __post_init__(self) -> None:
        if self.checkpoint not in ("last", "best"):
            raise GanzooError(f"the checkpoint that counts is 'last' or 'best', but {self.checkpoint!r:.40} was given")
        for name, share in (("equivalence", self.equivalence), ("assumed spread", self.assumed_spread)):
            if not isinstance(share, int | float) or not 0 < share < _MOST_SHARE:
                raise GanzooError(
                    f"the {name} is a share between 0 and 1, such as 0.013 or 1.3%, but {share!r:.40} was given"
                )
        if any(not isinstance(look, int) or look < 2 for look in self.looks) or list(self.looks) != sorted(
            set(self.looks)
        ):
            raise GanzooError(
                f"looks are rising numbers of seeds from 2, such as 3, 5, 8, but {list(self.looks)!r:.60} was given"
            )

    @property
    def level(self) -> float:
        """Chance of a false claim at one look, over all pairs: the looks share 5 % evenly."""
        return LEVEL / max(1, len(self.looks))


def parse_share(text: str, option: str) -> float:
    """Read `1.3%` or `0.013`.

    Raises:
        GanzooError: It is neither.
    """
    number = text.strip()
    try:
        return float(number[:-1]) / 100 if number.endswith("%") else float(number)
    except ValueError:
        raise GanzooError(f"{option} '{text:.40}' is no share; write 1.3% or 0.013") from None


def parse_looks(text: str) -> tuple[int, ...]:
    """Read `3,5,8`.

    Raises:
        GanzooError: Something else is there.
    """
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise GanzooError(f"--looks '{text:.40}' should be numbers of seeds, such as 3,5,8") from None
