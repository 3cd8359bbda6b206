"""Random numbers from (seed, purpose, position) alone, so that a resumed run equals an unbroken one."""

from __future__ import annotations

import re
from hashlib import blake2b

from ganzoo.errors import GanzooError
from ganzoo.text import clip, literal

MOST_SEEDS = 1_000_000
_LARGEST_SEED = 2**63 - 1
_PART = re.compile(r"(\d{1,19})(?:-(\d{1,19}))?", re.ASCII)


def seed_for(*parts: int | str) -> int:
    """Mix seed, purpose and position into one seed in [0, 2**63).

    Unlike addition, no two purposes or positions share a stream by accident.
    """
    digest = blake2b("\x1f".join(f"{type(part).__name__}:{part}" for part in parts).encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "little") >> 1


def seeds_in(text: str) -> list[int]:
    """Return the seeds that a list such as `0-63,100` names, in its order; ranges include both ends.

    Raises:
        GanzooError: It is no such list, or names more than a million seeds.
    """
    ranges: list[range] = []
    for part in text.split(","):
        found = _PART.fullmatch(part.strip())
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not first <= last <= _LARGEST_SEED:
            raise GanzooError(
                f"'{clip(literal(part), 40)}' is no seed and no range of seeds; write such as 7 or 0-63, the smaller "
                f"one first, with commas between them"
            )
        ranges.append(range(first, last + 1))
    if sum(each.stop - each.start for each in ranges) > MOST_SEEDS:
        raise GanzooError(f"'{clip(literal(text), 40)}' names more than {MOST_SEEDS:,} seeds; sample them in parts")
    return [seed for each in ranges for seed in each]
