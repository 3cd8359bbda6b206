"""Rescoring: a run's or a published folder's scores made again from its weights, and held against those on record."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganzoo._inference.run import Run, Weights
from ganzoo._io.atomic import temporary_directory_beside
from ganzoo._io.cache_dir import cache_root
from ganzoo._io.os_errors import shown
from ganzoo._publish.import_published import import_run
from ganzoo._publish.names import GENERATOR, RUNS
from ganzoo._publish.published_folder import generators_of, is_published, published_runs
from ganzoo._publish.sample_set import sample_problems
from ganzoo._publish.shared_run import scored_last
from ganzoo._recipe.locations import with_absolute_paths
from ganzoo._recipe.toml_source import inline
from ganzoo._registry.registry import Registry
from ganzoo._runs.provenance import hardware, library_versions
from ganzoo._runs.record import RunRecord, Score
from ganzoo.contracts.reporter import Reporter
from ganzoo.errors import ChangedCodeError, RecipeError
from ganzoo.scoring.protocol import NOISE, ScoringProtocol
from ganzoo.scoring.real_data import Inputs, check_same_data, find_inputs, score_opened

_SETTINGS = (
    *("generated", "reference_images", "split", "mirror", "weights", "truncation_psi", "truncation_cutoff"),
    *("truncation_threshold", "sampling_seed", "batch_size"),
)
_NO_MATTER = frozenset({"system", "cores", "pillow", "pluggy"})  # they move no number


@dataclass(frozen=True)
class Rescored:
    """A score made again.

    Attributes:
        run: Name of the run.
        before: As it is on record.
        after: As it was made now; None: it could not be made again.
        reason: Why not.
    """

    run: str
    before: Score
    after: Score | None
    reason: str = ""

    @property
    def equal(self) -> bool:
        """Whether it is the same number, bit for bit."""
        return self.after is not None and self.after.value == self.before.value

    @property
    def text(self) -> str:
        """What a person is told of it, in one line."""
        what = f"{self.run}: {self.before.name} at {self.before.images_seen:,} images seen"
        if self.after is None:
            return f"{what}: not made again: {self.reason}"
        if self.equal:
            return f"{what}: {self.before.value!r} again, bit for bit"
        apart = abs(self.after.value - self.before.value) / max(abs(self.before.value), 1e-300)
        size = "rounding" if apart < 1e-4 else "more than rounding"
        return f"{what}: {self.before.value!r} on record, {self.after.value!r} now, {apart:.2g} apart ({size})"


@dataclass(frozen=True)
class Rescoring:
    """All scores of a folder made again, what of the samples differs, and what differs in versions and machines."""

    scores: tuple[Rescored, ...]
    samples: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether all is as it was, bit for bit."""
        return not self.samples and bool(self.scores) and all(score.equal for score in self.scores)


def rescore(
    path: Path, overrides: Sequence[str], device: str, registry: Registry, reporter: Reporter, *, skip_bad: bool = False
) -> Rescoring:
    """Score a run or a published folder again, in a place of its own: nothing of it changes.

    Args:
        path: The run, or the folder.
        overrides: Where its images are here, such as `dataset.root=...`.
        device: Where to compute.
        registry: The installed parts.
        reporter: Takes messages and progress.
        skip_bad: Leave out images that cannot be read.

    Raises:
        GanzooError: The images are not here or not the same, or a part is not installed.
    """
    with temporary_directory_beside(cache_root() / "rescored") as temporary:
        with _naming(path, temporary):
            runs, samples = _opened(path, temporary, registry)
            scores = [each for run in runs for each in _rescored(run, overrides, device, reporter, skip_bad=skip_bad)]
        differing = tuple(dict.fromkeys(what for run in runs for what in differences_of(run.record, device)))
    return Rescoring(tuple(scores), tuple(samples), differing)


@contextmanager
def _naming(path: Path, temporary: Path) -> Iterator[None]:
    """Name the published folder, and not the copies of its runs, where a recipe of it cannot be used here."""
    try:
        yield
    except (RecipeError, ChangedCodeError) as error:
        raise type(error)(str(error).replace(str(temporary), shown(path / RUNS))) from None


def _opened(path: Path, temporary: Path, registry: Registry) -> tuple[list[Run], list[str]]:
    """Return the runs at a path; of a published folder as copies, with what differs in its samples."""
    if not is_published(path):
        return [Run(path, registry=registry)], []
    shared = {run.name: run for run in published_runs(path)}
    runs, samples = list[Run](), list[str]()
    for name, generator in generators_of(path).items():
        run = Run(import_run(shared[name], generator, temporary / name), registry=registry)
        if generator == path / GENERATOR:
            samples = sample_problems(path, run.generator(weights=kept_weights(run), device="cpu"))
        runs.append(run)
    return runs, samples


def kept_weights(run: Run) -> Weights:
    """Return which weights of a generator a run's last score is of."""
    score = scored_last(run.record)
    return "raw" if score and score.protocol.get("weights") == "raw" else "ema"


def _rescored(
    run: Run, overrides: Sequence[str], device: str, reporter: Reporter, *, skip_bad: bool
) -> Iterator[Rescored]:
    """Score each kept network of a run again, under each protocol that it was scored under."""
    kept = set(run.checkpoints(snapshots=True))
    groups: dict[tuple[str, int], list[Score]] = defaultdict(list)
    for score in run.record.scores:
        if score.purpose == "report" and score.images_seen in kept:
            groups[score.protocol_id, score.images_seen].append(score)
    for (_, seen), scores in groups.items():
        reason, again = "", dict[tuple[str, str], Score]()
        if scores[0].dataset is not None:
            reason = f"it was scored against other images, {scores[0].dataset.name}"
        else:
            asked = [_section(run, scores[0].protocol), *overrides, *_metrics_of(run, scores)]
            inputs = _inputs(run, asked, device, reporter, skip_bad=skip_bad)
            reason = _other_protocol(scores[0].protocol, inputs.protocol)
            if not reason:
                opened = run.generator(seen, inputs.protocol.weights, device=device)
                found = score_opened(opened, inputs, inputs.protocol, reporter)
                again = {(score.metric, score.settings_id): score for score in found}
        for score in scores:
            after = again.get((score.metric, score.settings_id))
            yield Rescored(run.name, score, after, reason or "its metric cannot be had with the settings on record")


def _inputs(run: Run, overrides: Sequence[str], device: str, reporter: Reporter, *, skip_bad: bool) -> Inputs:
    inputs = find_inputs(
        with_absolute_paths(run.recipe_with(overrides)), device, reporter, skip_bad=skip_bad, record=run.record
    )
    check_same_data(run, run.record, inputs)
    return inputs


def _metrics_of(run: Run, scores: Sequence[Score]) -> list[str]:
    """Return the metrics of scores, with the options on record, as `--set` takes them; nothing if one is not known."""
    chosen: dict[str, None] = {}
    for score in scores:
        parts = {f"{part.cls.__module__}.{part.cls.__qualname__}": part for part in run.registry.parts("metric")}
        part = parts.get(str(score.settings.get("class")))
        if part is None:
            return []
        fields = part.cls.Options.model_fields
        options = {key: value for key, value in score.settings.items() if key in fields and value is not None}
        table = {"name": part.qualified_name, **options}
        chosen[", ".join(f"{key} = {json.dumps(value)}" for key, value in table.items())] = None
    return [f"scoring.metrics=[{', '.join(f'{{{each}}}' for each in chosen)}]"]


def _section(run: Run, protocol: Mapping[str, Any]) -> str:
    """Return a protocol as the whole of [scoring], as `--set` takes it: what it lacks, the recipe's may have."""
    modes = {text: mode for mode, text in NOISE.items()}
    own = run.recipe_data().get("scoring", {})
    found = {key: protocol[key] for key in _SETTINGS if protocol.get(key) is not None}
    found |= {"noise_mode": modes[noise]} if (noise := protocol.get("noise")) in modes else {}
    found |= {key: own[key] for key in ("metrics", "extractor") if key in own}
    name = protocol.get("extractor")
    if isinstance(name, str) and str(own.get("extractor", {}).get("name")).rpartition(":")[2] != name:
        found["extractor"] = {"name": name}
    return f"scoring={inline(found)}"


def _other_protocol(said: Mapping[str, Any], planned: ScoringProtocol) -> str:
    """Return in what a protocol on record differs from what can be measured here; nothing if they are one."""
    here = planned.as_dict()
    differing = [key for key in sorted({*said, *here}) if said.get(key) != here.get(key)]
    told = [f"{key} was {said.get(key)!r}, here it is {here.get(key)!r}" for key in differing[:3]]
    return f"its protocol cannot be had here: {'; '.join(told)}" if told else ""


def differences_of(record: RunRecord, device: str) -> Iterator[str]:
    """Yield what of versions and machine is not as it was: what may move the last bits, a phrase each."""
    from ganzoo._inference.device import choose_device

    here = {**library_versions(), **{key: str(value) for key, value in hardware(choose_device(device)).items()}}
    before = {**record.versions, **{key: str(value) for key, value in record.hardware.items()}}
    for name, value in before.items():
        if name not in _NO_MATTER and here.get(name) != value:
            yield f"{name} was {value}, here it is {here.get(name, 'none')}"
