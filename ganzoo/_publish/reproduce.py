"""Reproduction: a run trained again from its record, in a folder of its own, and held against what is on record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from ganzoo._inference.run import Run
from ganzoo._io.os_errors import shown
from ganzoo._publish.agreement import Agreement, agreement_of
from ganzoo._publish.names import GENERATOR
from ganzoo._publish.published_folder import generators_of, is_published, published_runs
from ganzoo._publish.rescore import differences_of
from ganzoo._recipe.recipe import Recipe
from ganzoo._registry.registry import Registry
from ganzoo._runs.checkpoint import newest_good
from ganzoo._runs.experiment import without_seed
from ganzoo._runs.record import RunRecord
from ganzoo._training.experiment import run_recipe
from ganzoo._training.warm_start import InitialWeights
from ganzoo.contracts.reporter import Reporter
from ganzoo.errors import RefusedError, RunError
from ganzoo.scoring.real_data import images_of


@dataclass(frozen=True)
class Reproduction:
    """A run and the same trained again.

    Attributes:
        name: Name of the run on record.
        run: The run that was trained now.
        agreement: What is equal, and since when it is not.
        elsewhere: What of versions and machine is not as it was, a phrase each.
    """

    name: str
    run: Run
    agreement: Agreement
    elsewhere: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether weights and scores are equal, bit for bit."""
        return self.agreement.equal

    @property
    def lines(self) -> list[str]:
        """What a person is told, a line each."""
        agreement = self.agreement
        said = {True: "equal, bit for bit", False: "not equal", None: "not compared: the record has none"}
        lines = [
            f"weights: {said[agreement.weights_equal]}",
            f"scores: {said[agreement.scores_equal]}",
            *(
                f"  {there.name} at {there.images_seen:,} images seen: {there.value!r} on record, {here.value!r} now"
                for there, here in agreement.scores
            ),
        ]
        if first := agreement.first_difference:
            until, seen, what = first
            since = f"since an image after {until:,}, seen at {seen:,}" if seen else "from the beginning"
            lines.append(f"it differs {since}: {what}")
        elif agreement.moments:
            lines.append(f"all {len(agreement.moments):,} moments that both kept are equal")
        if not self.equal:
            lines += [f"not as it was: {what}" for what in self.elsewhere]
        return lines


def reproduce_run(
    path: Path, root: Path, overrides: Sequence[str], device: str, registry: Registry, reporter: Reporter
) -> Reproduction:
    """Train a run again as its record says, and compare; see `ganzoo.reproduce`.

    Raises:
        RefusedError: It was imported, or an override would train something else.
        RunError: The weights that it began from are not there, or the training fails.
        GanzooError: Its images are not here.
    """
    run, generator = _on_record(path, registry)
    if run.was_imported:
        raise RefusedError(f"{shown(run.path)} was imported: it has no recipe that could be trained again")
    if run.record.status not in ("finished", "stopped"):
        raise RefusedError(
            f"{shown(run.path)} is {run.record.status}: it has no end that could be held against another one"
        )
    recipe = run.recipe_with(overrides)
    if overrides and recipe.training_hash != run.recipe.training_hash:
        raise RefusedError(
            f"--set {' '.join(overrides)} would train something else than {shown(run.path)}; a reproduction may only "
            f"say where its images are, --set dataset.root=PATH"
        )
    record = run.record
    with _threads_of(record):
        again = run_recipe(
            without_seed(record.name),
            recipe,
            root,
            registry,
            device=device,
            reporter=reporter,
            initial=_initial_of(run, recipe),
            skip_bad=record.skip_bad,
        )
    again.refresh()
    if images_of(again.record) != images_of(record):
        reporter.warning("the images are others than those of the record: their fingerprints differ")
    return Reproduction(record.name, again, agreement_of(run, again, generator), tuple(differences_of(record, device)))


def _on_record(path: Path, registry: Registry) -> tuple[Run, Path | None]:
    """Return the run at a path; of a published folder the one at its top; and the file of a published generator."""
    folder = next((each for each in (path, *path.absolute().parents[:2]) if is_published(each)), None)
    if folder is None:
        return Run(path, registry=registry), None
    generators = generators_of(folder)
    name = path.resolve().name if path.resolve() != folder.resolve() else _top(folder, generators)
    shared = next((run for run in published_runs(folder) if run.name == name), None)
    if shared is None:
        raise RunError(f"{shown(path)} is no run of the published folder {shown(folder)}.")
    return Run(shared, registry=registry), generators.get(name)


def _top(folder: Path, generators: dict[str, Path]) -> str:
    return next((name for name, file in generators.items() if file == folder / GENERATOR), "")


def _initial_of(run: Run, recipe: Recipe) -> InitialWeights | None:
    """Return the weights that a run began from; None where it began from its seed."""
    if recipe.initial_weights is None:
        return None
    checkpoint, _ = newest_good(run.directory.initial)
    if checkpoint is None:
        raise RunError(
            f"{shown(run.path)} began from weights of another run, which are not beside it (initial/), so it cannot be "
            f"trained again"
        )
    state = checkpoint.state
    seen = state.get("images_seen")
    return InitialWeights(
        checkpoint.tensors,
        str(state.get("weights", "")),
        str(state.get("run", "")),
        seen if isinstance(seen, int) else 0,
        (),
    )


@contextmanager
def _threads_of(record: RunRecord) -> Iterator[None]:
    """Compute with as many threads as the record says: sums in another order are other sums."""
    threads, before = record.hardware.get("threads"), torch.get_num_threads()
    if isinstance(threads, int) and threads > 0:
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
