"""Class labels: a class that is asked for by its number or by its name."""

from __future__ import annotations

from collections.abc import Sequence

from ganzoo._inference.run_files import RunFiles
from ganzoo.errors import GanzooError, RefusedError, RunError
from ganzoo.text import literal, nearest

_LISTED = 20


def class_names(run: RunFiles) -> tuple[str, ...]:
    """Return the names of the classes that a run learned; empty where there are none, or none is known."""
    try:
        return run.record.dataset.class_names if run.record.dataset else ()
    except RunError:  # a run whose record is damaged can be sampled all the same
        return ()


def class_number(asked: int | str | None, classes: int, names: Sequence[str]) -> int | None:
    """Return the number of a class, None if none is asked for; where names are numbers themselves, they go before.

    Raises:
        GanzooError: The network has no such class.
    """
    if asked is None:
        return None
    if isinstance(asked, str) and asked in names:
        return list(names).index(asked)
    number = int(asked) if isinstance(asked, int) or (asked.isascii() and asked.isdigit()) else -1
    if 0 <= number < classes:
        return number
    if not classes:
        raise RefusedError("the network has no classes; leave class out")
    listed = f", called {_listed(names)}" if names else ""
    near = nearest(asked, names) if isinstance(asked, str) else None
    hint = f"; did you mean '{near}'?" if near else ""
    raise GanzooError(f"class {literal(str(asked)[:64])}: the network has classes 0 to {classes - 1}{listed}{hint}")


def unlearned(run: RunFiles, asked: int | str | None) -> str:
    """Say that a class that is asked for had no image in training; empty where it had some, or that is not known."""
    try:
        dataset = run.record.dataset
    except RunError:
        return ""
    if asked is None or dataset is None or not dataset.class_images:
        return ""
    number = class_number(asked, dataset.label_dim, dataset.class_names) or 0
    if dataset.class_images[number]:
        return ""
    return f"no image of class {literal(str(asked))} was in the training: what is drawn of it means nothing"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(literal(name) for name in names[:_LISTED]) + more
