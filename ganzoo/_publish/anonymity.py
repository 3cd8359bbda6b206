"""Anonymity of a folder before it is published: no file of it tells a path, a host, a user or a patient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ganzoo._inference.run import Run
from ganzoo._publish.identifiers import identifiers_in, secrets_here
from ganzoo.contracts.reporter import Reporter
from ganzoo.errors import GanzooError, RefusedError

_MOST_TOLD = 10


def require_anonymous(folder: Path, runs: Sequence[Run], said: Iterable[str], reporter: Reporter) -> None:
    """Raise RefusedError where a file tells a path, host, user or patient.

    Args:
        folder: The folder.
        runs: The runs that are in it.
        said: What a person wants to be read there, such as the authors: a user's name in it is no secret.
        reporter: Takes a warning where patients cannot be looked for.
    """
    secrets = secrets_here([run.path for run in runs], _patients(runs, reporter))
    wanted = " ".join(said).lower()
    secrets = replace(secrets, names=tuple(each for each in secrets.names if each[1].lower() not in wanted))
    if found := identifiers_in(folder, secrets):
        more = f"\nand {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
        raise RefusedError(
            "\n".join(["nothing is published, because its files would tell what nobody else should know:"])
            + "".join(f"\n  {each}" for each in found[:_MOST_TOLD])
            + more
            + "\nTake it out of the recipe (title, notes, names) or of the run's name, and train or name it again"
        )


def _patients(runs: Iterable[Run], reporter: Reporter) -> set[str]:
    """Return subjects and names of their files, where the source of the images is here to be asked."""
    found: set[str] = set()
    asked: set[str] = set()
    for run in runs:
        if repr(run.record.recipe.get("dataset")) in asked:
            continue
        asked.add(repr(run.record.recipe.get("dataset")))
        try:
            items = run.trained.dataset.build().items()
        except GanzooError:
            reporter.warning(
                f"the source of the images of {run.name} is not here, so its files are searched for paths, hosts and "
                f"users, but not for patients' identifiers"
            )
            continue
        for item in items:
            if item.subject:
                found |= {item.subject, *_names_of(item.key)}
    return found


def _names_of(key: str) -> Iterable[str]:
    name = Path(key).name
    return name, name.partition(".")[0]
