"""Class counts: how many images of a pack each class has, and which have none."""

from __future__ import annotations

from ganzoo.data.pack.pack import Pack

_LISTED = 10


def class_counts(pack: Pack) -> list[int]:
    """Return how many images each class has, in all splits; empty where there are no classes."""
    counts = [pack.split(name).label_counts() for name in pack.splits]
    return [int(sum(of_class)) for of_class in zip(*counts, strict=True)]


def class_called(pack: Pack, number: int) -> str:
    """Return what a class is called: its number, and its name where it has one."""
    return f"{number} ({pack.class_names[number]})" if pack.class_names else str(number)


def empty_classes(pack: Pack) -> str:
    """Say which classes have no image, from which nothing can be learned; empty for none."""
    empty = [class_called(pack, number) for number, count in enumerate(class_counts(pack)) if not count]
    if not empty:
        return ""
    more = f" and {len(empty) - _LISTED} more" if len(empty) > _LISTED else ""
    return f"class {', '.join(empty[:_LISTED])}{more} of {pack.spec.label_dim} has no image"
