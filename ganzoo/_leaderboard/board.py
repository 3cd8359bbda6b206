"""Board: a saved comparison (`ganzoo compare --format json`), held against the records that it was made of."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ganzoo._io.format_version import is_version, unknown_format
from ganzoo._io.os_errors import shown
from ganzoo._io.regular_file import read_regular
from ganzoo._leaderboard.export import JSON_FORMAT, record_digest, to_json
from ganzoo._leaderboard.gather import ranked_again
from ganzoo._leaderboard.tables import Origin
from ganzoo._runs.directory import find_runs
from ganzoo._runs.record import RunRecord, read_record
from ganzoo.errors import GanzooError, RunError
from ganzoo.text import clip, literal

_MOST_BYTES = 256 * 2**20
_MOST_TOLD = 20
_ROUNDING = 1e-9  # another build of numpy adds up in another order
_UNREPEATABLE = ("unreadable", "made_of")


def verify_board(path: Path, folders: Sequence[Path] = ()) -> list[str]:
    """Rank the records again that a board was made of; return each place where it says otherwise, a sentence each.

    Args:
        path: What `ganzoo compare --format json` wrote.
        folders: Where the runs, or the published folders, lie; by default below the board's own folder.

    Raises:
        GanzooError: It is no board, or there are no runs.
    """
    board = _read(path)
    origin, missing = _origin(board["made_of"], list(folders) or [path.absolute().parent])
    if missing:
        return [f"{shown(path)}: {what}" for what in missing]
    try:
        again = json.loads(to_json(ranked_again(origin)))
    except (KeyError, TypeError, AttributeError) as error:
        return [f"{shown(path)}: it does not say how it was made (made_of.asked): {clip(literal(repr(error)), 80)}."]
    except GanzooError as error:
        return [f"{shown(path)}: its records cannot be ranked as it says: {error}"]
    found = list(_differences(board, again, ()))
    told = [f"{shown(path)}: {what}." for what in found[:_MOST_TOLD]]
    return [*told, f"{shown(path)}: {len(found) - _MOST_TOLD:,} more places."] if len(found) > _MOST_TOLD else told


def _read(path: Path) -> dict[str, Any]:
    try:
        board = json.loads(read_regular(path, _MOST_BYTES, follow=True))
    except OSError as error:
        raise GanzooError(f"{shown(path)} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise RunError(f"{shown(path)} is no saved comparison: it is not JSON ({clip(str(error), 80)}).") from error
    made_of = board.get("made_of") if isinstance(board, dict) else None
    if not isinstance(made_of, dict) or not is_version(board.get("format")):
        raise GanzooError(f"{shown(path)} is no saved comparison; ganzoo compare RUNS --format json writes one.")
    if board["format"] != JSON_FORMAT:
        again = "write it again with ganzoo compare RUNS --format json"
        raise GanzooError(f"{shown(path)} {unknown_format(board['format'], JSON_FORMAT, again)}")
    return {key: value for key, value in board.items() if key not in _UNREPEATABLE} | {"made_of": made_of}


def _origin(made_of: dict[str, Any], folders: Sequence[Path]) -> tuple[Origin, list[str]]:
    """Return what a board was made of, and which of its records are not there, a sentence each."""
    there: dict[str, RunRecord] = {}
    for run in find_runs(folders):
        try:
            record = read_record(run / "record.json")
        except GanzooError:
            continue  # whoever needs it is told that it is not there
        there[record_digest(record)] = record
    try:
        wanted = [(str(each["name"]), str(each["sha256"])) for each in made_of["records"]]
    except (KeyError, TypeError) as error:
        raise RunError("the board does not say which records it was made of.") from error
    names = {record.name for record in there.values()}
    searched = ", ".join(map(shown, folders))
    missing = [
        f"the record of {clip(literal(name), 80)} that it was made of is not in {searched}"
        + ("; one of that name is, with another content." if name in names else ".")
        for name, digest in wanted
        if digest not in there
    ]
    return Origin(made_of["asked"], tuple(there[digest] for _, digest in wanted if digest in there)), missing


def _differences(said: Any, found: Any, where: tuple[str, ...]) -> Iterator[str]:
    """Yield each place in which a board and its records differ."""
    if isinstance(said, dict) and isinstance(found, dict):
        name = said.get("recipe") or said.get("title")
        for key in sorted((said.keys() | found.keys()) - set(() if where else _UNREPEATABLE)):
            inside = (*where, f"'{clip(literal(str(name)), 60)}'", key) if name else (*where, key)
            yield from _differences(said.get(key), found.get(key), inside)
    elif isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        for number, (one, other) in enumerate(zip(said, found, strict=True), 1):
            yield from _differences(one, other, where if isinstance(one, dict) else (*where, str(number)))
    elif not _same(said, found):
        yield f"{' '.join(where) or 'it'} is {_brief(said)}, by the records {_brief(found)}"


def _same(said: Any, found: Any) -> bool:
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (said, found))
    return math.isclose(said, found, rel_tol=_ROUNDING, abs_tol=1e-12) if numbers else bool(said == found)


def _brief(value: Any) -> str:
    return clip(literal(json.dumps(value)), 60)
