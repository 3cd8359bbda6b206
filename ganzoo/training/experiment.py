"""From a recipe to a scored run: what `ganzoo run`, `resume` and `score` do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ganzoo.errors import RefusedError, RunError, RunStopped
from ganzoo.files import sha256_of, write_text
from ganzoo.fit import all_regularizers
from ganzoo.networks import Networks
from ganzoo.provenance import git_state, hardware, library_versions, plugin_versions
from ganzoo.recipe import Recipe, load
from ganzoo.registry import Registry
from ganzoo.runs.checkpoint import newest_good
from ganzoo.runs.directory import RunDirectory
from ganzoo.runs.manifest import folder_name
from ganzoo.runs.record import RunRecord, Score, read_record, recipe_hash, write_record
from ganzoo.scoring.protocol import Protocol
from ganzoo.scoring.score import score
from ganzoo.settings import IMAGES_PER_KIMG
from ganzoo.training.initial import InitialWeights, initial_of, require_initial
from ganzoo.training.inputs import Inputs, Observer, find_inputs
from ganzoo.training.interrupt import on_stop_signal
from ganzoo.training.networks import load_generator
from ganzoo.training.session import Session
from ganzoo.training.trainer import Listener, Trainer

Progress = Callable[[RunDirectory, Trainer], Listener]


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


def recipe_of(directory: RunDirectory, overrides: Sequence[str] = ()) -> Recipe:
    """Return the resolved recipe that a run was started with."""
    if directory.networks.exists():
        raise RefusedError(
            f"{directory.path} was imported and has no recipe. Train from its weights with: ganzoo run RECIPE --init "
            f"{directory.path}; score it with: ganzoo score {directory.path} --dataset NAME"
        )
    if not directory.recipe.exists():
        raise RunError(f"{directory.path} has no recipe.toml: it was stopped before it began; start the run again")
    return load(directory.recipe, Registry.discover(), overrides)[1]


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


def check_same_data(directory: RunDirectory, record: RunRecord, inputs: Inputs) -> None:
    """Raise RefusedError if the images are no longer those that the run learned from."""
    if record.dataset and record.dataset.fingerprint != inputs.pack.fingerprint:
        raise RefusedError(
            f"the images of data set '{inputs.recipe.dataset.name}' have changed since {directory.path} began; a run "
            f"goes on with the images it began with. Put them back, or start a new run"
        )


def _unscored(record: RunRecord, directory: RunDirectory, protocol: Protocol) -> list[int]:
    """Return the ages to score: the end, and the best snapshot where one was chosen on the way."""
    checkpoint, _ = newest_good(directory.checkpoints)
    if checkpoint is None:
        raise RunError(f"{directory.path} has no intact checkpoint to score")
    ages = [checkpoint.images_seen]
    best = checkpoint.state.get("best")
    if isinstance(best, dict) and best["images_seen"] not in ages:
        age = int(str(best["images_seen"]))
        ages[:0] = [age] if (directory.snapshots / folder_name(age)).exists() else []
    done = {found.images_seen for found in record.scores if found.protocol_id == protocol.id}
    return [age for age in ages if age not in done]


def with_scores(record: RunRecord, scores: Sequence[Score]) -> RunRecord:
    """Return the record with these scores in place of earlier ones of the same protocol, age and metric."""

    def key(found: Score) -> tuple[str, int, str]:
        return found.protocol_id, found.images_seen, found.metric

    new = {key(found) for found in scores}
    kept = [found for found in record.scores if key(found) not in new]
    return record.model_copy(update={"scores": (*kept, *scores)})


def score_snapshot(
    directory: RunDirectory, images_seen: int, inputs: Inputs, protocol: Protocol, observer: Observer
) -> tuple[Score, ...]:
    """Score the generator of a run as it was at an age."""
    generator = load_generator(directory, images_seen, Networks.of_recipe(inputs.recipe), protocol.weights)
    generator.to(inputs.device)
    return score(
        generator,
        inputs.pack,
        protocol,
        inputs.extractor,
        images_seen=images_seen,
        device=inputs.device,
        progress=observer.progress("scoring"),
        notice=observer.say,
        announce=lambda cost: observer.say(f"scoring {directory.name} at {images_seen:,} images seen: {cost}"),
    )
