"""Few images: what is said of a class that has too few of them to be judged by itself."""

from __future__ import annotations

_FEWEST = 20  # with fewer, neither their spread can be seen, nor an error told (`ganzoo.scoring.influence_estimate`)


def few_images(generated: int, reference: int) -> tuple[str, ...]:
    """Return the note of a class with so few images on a side; none where there are enough."""
    return (f"fewer than {_FEWEST} images of the class on a side",) if min(generated, reference) < _FEWEST else ()
