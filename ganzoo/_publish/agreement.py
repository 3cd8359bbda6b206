"""Agreement of two trainings of one recipe and seed: what is equal bit for bit, and since which image it is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganzoo._inference.run import Run
from ganzoo._io.image_grid import read_grid
from ganzoo._io.regular_file import read_regular
from ganzoo._runs.manifest import list_checkpoints, read_manifest
from ganzoo._runs.record import Score
from ganzoo.errors import RunError

_MOST_BYTES = 2**30
_CLOCK = frozenset({"images_seen", "seconds"})
_PARTS = ("generator.safetensors", "discriminator.safetensors", "ema.safetensors")


@dataclass(frozen=True)
class Moment:
    """A moment of a training that both kept something of.

    Attributes:
        images_seen: When it was.
        what: What was compared, in words.
        equal: Whether it is the same, bit for bit.
        since: Images seen before which it cannot have begun to differ: measured means are of an interval.
    """

    images_seen: int
    what: str
    equal: bool
    since: int


@dataclass(frozen=True)
class Agreement:
    """What two trainings have in common.

    Attributes:
        moments: All that could be compared on the way and at the end, in the order of images.
        scores: By name: the value there and here.
    """

    moments: tuple[Moment, ...]
    scores: tuple[tuple[Score, Score], ...]

    @property
    def weights_equal(self) -> bool | None:
        """Whether the last weights are equal; None where none could be compared."""
        last = [moment for moment in self.moments if moment.what.startswith("weights")]
        return last[-1].equal if last else None

    @property
    def scores_equal(self) -> bool | None:
        """Whether all scores are equal; None where none could be compared."""
        return all(there.value == here.value for there, here in self.scores) if self.scores else None

    @property
    def equal(self) -> bool:
        """Whether all that could be compared is equal, and the last weights are among it."""
        return (
            all(moment.equal for moment in self.moments) and bool(self.weights_equal) and self.scores_equal is not False
        )

    @property
    def first_difference(self) -> tuple[int, int, str] | None:
        """Images seen up to which all is equal, where something first differs, and what; None where nothing does."""
        differing = [moment for moment in self.moments if not moment.equal]
        if not differing:
            return None
        first = min(differing, key=lambda moment: moment.images_seen)
        before = [m.images_seen for m in self.moments if m.equal and m.images_seen < first.images_seen]
        return max([first.since, *before]), first.images_seen, first.what


def agreement_of(there: Run, here: Run, generator: Path | None = None) -> Agreement:
    """Compare two runs by what they kept: metrics, pictures of samples, checkpoints and snapshots, scores.

    Args:
        there: The run on record.
        here: The same trained again.
        generator: The file of its generator, where the run on record is a published one and has no checkpoints.
    """
    moments = [*_metrics(there, here), *_pictures(there, here), *_checkpoints(there, here)]
    if generator is not None:
        moments += _published(there, here, generator)
    moments.sort(key=lambda moment: moment.images_seen)
    return Agreement(tuple(moments), tuple(_scores(there, here)))


def _metrics(there: Run, here: Run) -> Iterator[Moment]:
    lines, again = (_lines(run.directory.metrics) for run in (there, here))
    before = 0
    for seen, values in lines.items():
        if seen not in again:
            continue
        shared = [key for key in values if key in again[seen] and key not in _CLOCK]
        differing = [key for key in shared if values[key] != again[seen][key]]
        told = ", ".join(f"{key} was {values[key]}, is {again[seen][key]}" for key in differing[:3])
        yield Moment(seen, f"metrics{f': {told}' if told else ''}", not differing, before)
        before = seen


def _lines(path: Path) -> dict[int, dict[str, Any]]:
    """Return what was measured at each moment; a damaged line is left out, as `verify` says it."""
    found: dict[int, dict[str, Any]] = {}
    with suppress(OSError):
        for line in read_regular(path, _MOST_BYTES).splitlines():
            with suppress(ValueError, KeyError, TypeError, RecursionError):
                values = json.loads(line)
                found.setdefault(int(values["images_seen"]), {}).update(values)
    return dict(sorted(found.items()))


def _pictures(there: Run, here: Run) -> Iterator[Moment]:
    for path in sorted(there.directory.samples.glob("[0-9]*.png")):
        again = here.directory.samples / path.name
        if path.stem.isdecimal() and again.is_file():
            with suppress(RunError):
                equal = read_grid(path)[0].tobytes() == read_grid(again)[0].tobytes()
                yield Moment(int(path.stem), "pictures of samples", equal, 0)


def _checkpoints(there: Run, here: Run) -> Iterator[Moment]:
    ours, theirs = _hashes(here), _hashes(there)
    for seen, parts in sorted(theirs.items()):
        shared = [name for name in parts if name in ours.get(seen, {})]
        differing = [name.partition(".")[0] for name in shared if parts[name] != ours[seen][name]]
        if shared:
            told = f" of {' and '.join(differing)}" if differing else ""
            yield Moment(seen, f"weights{told}", not differing, 0)


def _hashes(run: Run) -> dict[int, dict[str, str]]:
    """Return the SHA-256 of each network's file, by images seen."""
    found: dict[int, dict[str, str]] = {}
    for folder in (run.directory.snapshots, run.directory.checkpoints):
        for path in list_checkpoints(folder):
            with suppress(RunError):
                files = read_manifest(path).files
                parts = {name: files[name].sha256 for name in _PARTS if name in files}
                found.setdefault(int(path.name), {}).update(parts)
    return found


def _published(there: Run, here: Run, generator: Path) -> Iterator[Moment]:
    """Yield the one moment of which a published folder has weights."""
    from ganzoo._publish.import_published import read_generator

    seen, part, tensors = read_generator(generator)
    if seen not in here.checkpoints(snapshots=part == "ema"):
        return
    again = here.generator(seen, "ema" if part == "ema" else "raw", device="cpu").generator.state_dict()
    equal = again.keys() == tensors.keys() and all(_digest(again[name]) == _digest(tensors[name]) for name in again)
    yield Moment(seen, "weights" if equal else f"weights of {part}", equal, 0)


def _digest(tensor: Any) -> str:
    return hashlib.sha256(tensor.detach().cpu().contiguous().numpy().tobytes()).hexdigest()


def _scores(there: Run, here: Run) -> Iterator[tuple[Score, Score]]:
    def by_key(scores: tuple[Score, ...]) -> Mapping[tuple[str, int, str, str], Score]:
        reported = (score for score in scores if score.purpose == "report")
        return {(s.protocol_id, s.images_seen, s.metric, s.settings_id): s for s in reported}

    ours = by_key(here.scores)
    yield from ((score, ours[key]) for key, score in by_key(there.scores).items() if key in ours)
