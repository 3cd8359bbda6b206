"""From a recipe to a scored run: what `ganzoo run`, `resume` and `score` do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ganzoo._inference.load import recipe_of
from ganzoo._io.atomic import sha256_of, write_text
from ganzoo._recipe.compatibility import all_regularizers
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.schema import IMAGES_PER_KIMG
from ganzoo._runs.checkpoint import newest_good
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.manifest import folder_name
from ganzoo._runs.provenance import git_state, hardware, library_versions, plugin_versions
from ganzoo._runs.record import RunRecord, read_record, recipe_hash, with_scores, write_record
from ganzoo._training.session import Session
from ganzoo._training.signals import on_stop_signal
from ganzoo._training.trainer import Callback, Trainer
from ganzoo._training.warm_start import InitialWeights, initial_of, require_initial
from ganzoo.errors import RefusedError, RunError, RunStopped
from ganzoo.figures.run_curves import write_curves
from ganzoo.scoring.protocol import ScoringProtocol, identity_of
from ganzoo.scoring.real_data import Inputs, Observer, check_same_data, find_inputs, score_snapshot

Progress = Callable[[RunDirectory, Trainer], Callback]


class Experiment:
    """A recipe with its inputs, and where its runs are kept."""

    def __init__(
        self, name: str, recipe: Recipe, root: Path, observer: Observer, initial: InitialWeights | None = None
    ) -> None:
        self.name, self.recipe, self.root, self.observer = name, require_initial(recipe, initial), root, observer
        self.initial = initial

    def run(
        self, device: str, *, resume: bool = False, skip_bad: bool = False, progress: Progress | None = None
    ) -> RunDirectory:
        """Train and score; with `resume`, go on with the newest run of this recipe and seed if there is one."""
        inputs = find_inputs(self.recipe, device, self.observer, skip_bad=skip_bad)
        self.recipe = inputs.recipe  # its epochs are kimg now that the data are known
        directory = self._earlier_run() if resume else None
        if directory is None:
            directory = RunDirectory.create(self.root, self.name, self.recipe.seed)
            if self.initial:
                self.initial.write(directory)
            write_text(directory.recipe, self.recipe.to_toml())
        with directory.lock():
            complete(directory, inputs, self.observer, progress)
        return directory

    def _earlier_run(self) -> RunDirectory | None:
        for directory in reversed(RunDirectory.of(self.root, self.name, self.recipe.seed)):
            if directory.recipe.exists() and recipe_of(directory).training_hash == self.recipe.training_hash:
                return directory
        return None


def resume(
    path: Path,
    device: str,
    observer: Observer,
    *,
    overrides: Sequence[str] = (),
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> RunDirectory:
    """Go on with a run from its newest good checkpoint; score it if that is all that is left."""
    directory = RunDirectory.open(path)
    with directory.lock():
        recipe = recipe_of(directory, overrides)
        if overrides and recipe.dynamics_hash != recipe_of(directory).dynamics_hash:
            raise RefusedError(
                f"--set {' '.join(overrides)} would change what {path} trains; on a resume only total_kimg, the "
                f"*_kimg intervals and [scoring] may change. Start a new run instead"
            )
        _refuse_shorter(directory, recipe)
        inputs = find_inputs(recipe, device, observer, skip_bad=skip_bad)
        complete(directory, inputs, observer, progress)
    return directory


def _refuse_shorter(directory: RunDirectory, recipe: Recipe) -> None:
    seen = read_record(directory.record).images_seen if directory.record.exists() else 0
    if recipe.phases[-1].end < seen:
        raise RefusedError(
            f"{directory.path} has seen {seen:,} images already, so training.total_kimg = "
            f"{recipe.total_images / IMAGES_PER_KIMG:g} cannot shorten it; start a new run instead"
        )


def complete(directory: RunDirectory, inputs: Inputs, observer: Observer, progress: Progress | None) -> None:
    """Do whatever is left of a run: train, then score. The caller holds its lock."""
    earlier = _earlier_record(directory)
    if earlier:
        check_same_data(directory, earlier, inputs)
    text = inputs.recipe.to_toml()
    if directory.recipe.read_text("utf-8") != text:  # longer, or scored otherwise: it is this recipe from now on
        write_text(directory.recipe, text)
    record = _record(directory, inputs, earlier)
    if earlier is None or record.files != earlier.files:  # the record vouches for the recipe, done or not
        write_record(directory.record, record)
    with on_stop_signal(_stop_at_once(directory)):
        session = Session(directory, inputs, record, observer)
        session.train(progress)
        record = session.record
        for images_seen in _unscored(record, directory, inputs.protocol):
            scores = score_snapshot(directory, images_seen, inputs, inputs.protocol, observer)
            record = with_scores(record, scores)
            write_record(directory.record, record)
        write_curves(directory)


def _stop_at_once(directory: RunDirectory) -> Callable[[str], None]:
    """Return what a signal does outside of the training: all that is there is whole already."""

    def stop(signal_name: str) -> None:
        raise RunStopped(f"stopped by {signal_name}; go on with: ganzoo resume {directory.path}")

    return stop


def _earlier_record(directory: RunDirectory) -> RunRecord | None:
    if not directory.record.exists():
        return None
    earlier = read_record(directory.record)
    if earlier.status == "diverged":
        raise RefusedError(
            f"{directory.path} diverged: {earlier.message}. A resume would repeat it bit for bit; change the "
            f"recipe and start a new run"
        )
    return earlier


def _record(directory: RunDirectory, inputs: Inputs, earlier: RunRecord | None) -> RunRecord:
    recipe = inputs.recipe
    plain = recipe.plain()
    now = {
        "title": recipe.title,
        "recipe": plain,
        "recipe_hash": recipe_hash(plain),
        "plugins": plugin_versions(recipe),
        "device": str(inputs.device),
        "versions": library_versions(),
        "hardware": hardware(inputs.device),
        "git": git_state(Path.cwd()),
        "penalties": tuple(choice.cls.name for choice in all_regularizers(recipe)),
        "files": {"recipe.toml": sha256_of(directory.recipe)},
    }
    if earlier:
        return RunRecord.model_validate(earlier.model_dump() | now)
    new = {"name": directory.name, "seed": recipe.seed, "dataset": inputs.dataset_id, "initial": initial_of(directory)}
    return RunRecord.model_validate(new | now)


def _unscored(record: RunRecord, directory: RunDirectory, protocol: ScoringProtocol) -> list[int]:
    """Return the ages to score: the end, and the best snapshot where one was chosen on the way."""
    checkpoint, _ = newest_good(directory.checkpoints)
    if checkpoint is None:
        raise RunError(f"{directory.path} has no intact checkpoint to score")
    ages = [checkpoint.images_seen]
    best = checkpoint.state.get("best")
    if isinstance(best, dict) and best["images_seen"] not in ages:
        age = int(str(best["images_seen"]))
        ages[:0] = [age] if (directory.snapshots / folder_name(age)).exists() else []
    return [age for age in ages if not _is_scored(record, age, protocol)]


def _is_scored(record: RunRecord, images_seen: int, protocol: ScoringProtocol) -> bool:
    """Whether each of the protocol's values is in the record, of the settings that are asked for."""
    there = [
        (found.metric, found.settings)
        for found in record.scores
        if found.images_seen == images_seen and found.protocol_id == protocol.id
    ]
    return all((key, identity_of(metric)) in there for metric in protocol.metrics for key in metric.values)
