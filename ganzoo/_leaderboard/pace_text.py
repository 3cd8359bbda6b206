"""Pace as text: after how much of the worse recipe's images and time the better one is where that one ends."""

from __future__ import annotations

from ganzoo._leaderboard.pace import Pace, Share
from ganzoo._leaderboard.two_recipes import TwoRecipes
from ganzoo._runs.score_text import shown_name


def pace_lines(two: TwoRecipes) -> list[str]:
    """Return the sentence, or how to have it; nothing where neither is surely better."""
    leader = two.leader
    if leader is None:
        return []
    first, second = two.names if leader is two.one else two.names[::-1]
    shown, target = two.table.metrics[two.table.primary], two.other if leader is two.one else two.one
    found = two.pace()
    if found is None:
        lacking = not leader.course.get(two.table.primary)
        hint = (
            f"Scored on the way too, {first} would show when it is where {second} ends: ganzoo score RUN --snapshots."
        )
        return [hint] if lacking else []
    final = target.estimates[two.table.primary].mean * shown.scale
    return [
        f"{first} reaches {second}'s final {shown_name(shown.label, shown.unit)}, {final:.4g}, "
        f"{_of(found, second, two.table.verdict.level)}: for good, read between {found.points} scores."
    ]


def _of(found: Pace, second: str, level: float) -> str:
    shares = {f"{second}'s images": found.images, "its training time": found.time}
    interval = f"{100 * (1 - level):.3g} % interval"
    return " and ".join(_share(share, what, interval) for what, share in shares.items() if share)


def _share(share: Share, what: str, interval: str) -> str:
    if share.middle is None:
        surely = "surely" if share.high <= share.first else f"surely by {_percent(share.high)}"
        return f"by {_percent(share.first)} of {what} or before ({surely})"
    low = "less" if share.low is None else _percent(share.low)
    return f"after {_percent(share.middle)} of {what} ({interval} {low} to {_percent(share.high)})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"
