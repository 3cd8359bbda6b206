"""Record of a run, as plain data: the one file that comparisons read. Knows no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, JsonValue, NonNegativeInt, ValidationError

from ganzoo._io.atomic import atomic_write
from ganzoo._io.os_errors import shown
from ganzoo._io.regular_file import read_regular
from ganzoo._runs.code_change import CodeChange
from ganzoo._runs.features_read import FeaturesRead
from ganzoo._runs.not_a_record import not_a_record
from ganzoo._runs.plain_data import ClassScore, Finite, Floor, Frozen, plain
from ganzoo._runs.score_text import shown_name, value_text
from ganzoo._runs.signed_json import seal, unseal
from ganzoo.errors import RunError

FORMAT: Final = 3
Status = Literal["running", "finished", "stopped", "diverged", "failed", "imported"]
_NOT_TRAINING = frozenset({"title", "paper", "notes", "scoring", "published"})


def recipe_hash(recipe: Mapping[str, Any]) -> str:
    """Return the SHA-256 of all that decides a training, 64 hex digits: equal for the same experiment and seed.

    Text for people, scoring, published values and where the data lie on a machine are left out.
    """
    kept = {key: value for key, value in plain(recipe).items() if key not in _NOT_TRAINING}
    if isinstance(kept.get("dataset"), dict):
        kept["dataset"].pop("root", None)
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


class _Table(Frozen, BaseModel):
    """A table of the record; that it is a model is said again for linters, which read one file at a time."""


class DatasetId(_Table):
    """Which images a run learned from: `fingerprint` hashes pixels, labels, splits; `class_images` counts by class."""

    name: str
    resolution: int
    channels: int
    label_dim: int = 0
    fingerprint: str
    images: dict[str, int] = {}
    class_names: tuple[str, ...] = ()
    class_images: tuple[int, ...] = ()


class Score(_Table):
    """One value of one metric under one protocol, and all that is needed to show it.

    Attributes:
        metric: Key of the value, as its metric calls it.
        label: The name under which it may be shown: the published one only in the published features.
        value: As the metric defines it, not scaled.
        standard_error: Of sampling alone, in the units of `value`; None where it is not known.
        degrees_of_freedom: Of Student's interval from that error; None: those of the protocol's blocks.
        error_unit: What the error is of: other generated images, or other subjects in the reference too.
        subjects: Number of the reference's subjects, if so.
        bias: How far the value is expected to lie above that of infinitely many generated images, if it is known.
        floor: What real images get in place of generated ones, if it is known.
        by_class: The same of each class, in order, with its own error and counts of images; empty: not known by class.
        lower_is_better: Its direction.
        unit: What stands behind its name where it is scaled.
        scale: What it is multiplied with before it is shown.
        transform: Scale on which its errors are even, as its metric says.
        images_needed: With fewer images on either side another metric ranks.
        settings: The metric's class, version and options. Only scores of one metric and equal settings are comparable.
        protocol: Everything else that can move the value; `generated` and `reference_images` are counts of images.
        protocol_id: Hash of `protocol`. Only equal ones are comparable.
        images_seen: The checkpoint that was scored, in real images shown to the discriminator.
        dataset: The images compared with, where those are not the run's own.
        purpose: `selection` scores only choose the best snapshot, by other draws, and are never compared.
        notes: What a reader must know, such as `rank-deficient`.
    """

    metric: str
    label: str
    value: Finite
    standard_error: Finite | None = None
    degrees_of_freedom: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    error_unit: Literal["image", "subject"] = "image"
    subjects: Annotated[int, Field(ge=2)] | None = None
    bias: Finite | None = None
    floor: Floor | None = None
    by_class: tuple[ClassScore, ...] = ()
    lower_is_better: bool = True
    unit: str = ""
    scale: Finite = 1.0
    transform: Literal["log", "logit", "raw"] = "log"
    images_needed: NonNegativeInt = 0
    settings: dict[str, JsonValue] = {}
    protocol: dict[str, JsonValue]
    protocol_id: str
    images_seen: NonNegativeInt
    dataset: DatasetId | None = None
    purpose: Literal["report", "selection"] = "report"
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name under which it is shown, with its unit: `KD-lite0 ×10³`."""
        return shown_name(self.label, self.unit)

    @property
    def text(self) -> str:
        """The value as it is shown, scaled, with the error of sampling in brackets."""
        error = None if self.standard_error is None else self.standard_error * self.scale
        return value_text(self.value * self.scale, error)

    def __str__(self) -> str:
        generated = self.protocol.get("generated")
        images = f", {generated:,} images" if isinstance(generated, int) else ""
        return f"{self.name} {self.text}{images}, at {self.images_seen / 1000:,.4g} kimg"

    def __repr__(self) -> str:
        return f"<Score {self}>"

    @property
    def settings_id(self) -> str:
        """Hash of `settings`, 16 hex digits."""
        return hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()[:16]


def ranking_metric(images_needed: Mapping[str, int], images: int | None) -> str:
    """Return the metric that ranks, and chooses the best snapshot, of several in the recipe's order.

    It is the first that there are enough images for; where there are too few for all, the one that needs the fewest.

    Args:
        images_needed: By metric.
        images: The smaller count of images, of generated and real ones; None if it is not known.
    """
    enough = [metric for metric, needed in images_needed.items() if images is not None and images >= needed]
    return enough[0] if enough else min(images_needed, key=lambda metric: images_needed[metric])


class RunRecord(_Table):
    """A run: what it was asked, on what it ran, how far it came, what it scored.

    Attributes:
        format: Version of this layout.
        name: Name of the run's folder.
        title: The recipe's title.
        recipe: The resolved recipe, exactly as `recipe.toml` reads.
        penalties: Names of all penalties in effect, those that the loss brings along too; None: those of the recipe.
        plugins: Versions of the distributions that the parts come from.
        features_read: The extractors whose features its training, or that of its initial weights, read.
        core_source: SHA-256 over the source files of ganzoo itself that decide what is learned.
        code_changes: Where it went on with other code than it had begun with, oldest first.
        seconds: Time spent training, without scoring and pauses.
        best_images_seen: The best snapshot by selection scores, in images seen; None: none was chosen.
        message: Why the run diverged or failed; empty otherwise.
        skip_bad: Whether images that cannot be read were left out; so they are whenever the run goes on.
        asked: Hash of the recipe's text with overrides and seed that the run was asked for with; empty: there was none.
        answered: The same, once all of it is done.
        tags: Words that people gave it.
        sweep: The plan that it belongs to: `name`, `title`, `file_sha256` and when it was `planned`, and more.
        initial: The run whose weights this one began from (`run`, `images_seen`), and their SHA-256 (`weights`).
        files: SHA-256 of files of the run that no longer change, by path below the run.
        kept: Names of its checkpoints, snapshots and sample images when the record was written, by folder.
    """

    format: Literal[3] = FORMAT
    name: str
    title: str = ""
    recipe: dict[str, JsonValue]
    recipe_hash: str = ""
    seed: int = 0
    dataset: DatasetId | None = None
    penalties: tuple[str, ...] | None = None
    plugins: dict[str, str] = {}
    features_read: tuple[FeaturesRead, ...] = ()
    core_source: str = ""
    code_changes: tuple[CodeChange, ...] = ()
    images_seen: NonNegativeInt = 0
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    parameters: dict[str, int] = {}
    peak_memory_bytes: NonNegativeInt = 0
    best_images_seen: NonNegativeInt | None = None
    status: Status = "running"
    message: str = ""
    skip_bad: bool = False
    asked: str = ""
    answered: str = ""
    tags: tuple[str, ...] = ()
    sweep: dict[str, JsonValue] | None = None
    initial: dict[str, str | int] | None = None
    device: str = ""
    versions: dict[str, str] = {}
    hardware: dict[str, str | int] = {}
    git: dict[str, JsonValue] | None = None
    files: dict[str, str] = {}
    kept: dict[str, tuple[str, ...]] = {}
    scores: tuple[Score, ...] = ()

    def __repr__(self) -> str:
        return f"<RunRecord '{self.name}': {self.status}, {self.images_seen:,} images seen, scores: {len(self.scores)}>"

    __str__ = __repr__


def write_record(path: Path, record: RunRecord) -> None:
    """Write `record.json` with its checksum, atomically: readers need no lock."""
    atomic_write(path, seal(plain(record.model_dump())))


def read_record(path: Path) -> RunRecord:
    """Read `record.json`.

    Raises:
        RunError: It is missing, damaged, or not a record.
        GanzooError: It has an older or newer format.
    """
    try:
        body = unseal(read_regular(path), path)
    except RunError as error:
        raise RunError(
            f"{error} Put back a copy, or remove the file: ganzoo resume then writes a new one, without the scores."
        ) from None
    except OSError as error:
        raise RunError(f"{shown(path)} cannot be read: {error.strerror}.") from error
    try:
        return RunRecord.model_validate_json(body)
    except ValidationError as error:
        raise not_a_record(path, body, error, FORMAT) from error


def with_scores(record: RunRecord, scores: Sequence[Score]) -> RunRecord:
    """Return the record with these scores, each in place of an earlier one of equal protocol, metric and images seen.

    So the order of the metrics stays that in which they were first asked for, whatever is scored again.
    """
    found: dict[tuple[str, int, str, str], Score] = {}
    for score in (*record.scores, *scores):
        found[score.protocol_id, score.images_seen, score.metric, score.settings_id] = score
    return record.model_copy(update={"scores": tuple(found.values())})
