"""Run files: recipe, networks and record of one run, each read and checked once. Knows no torch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganzoo._inference.growth_stage import GrowthStage
from ganzoo._io.atomic import write_text
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.forgotten import without_scores
from ganzoo._runs.manifest import list_checkpoints
from ganzoo._runs.record import RunRecord, Score, read_record, with_scores, write_record
from ganzoo._runs.sealed_toml import read_sealed, seal_toml
from ganzoo.errors import GanzooError, RefusedError, RunError

if TYPE_CHECKING:  # a record alone is read without the registry
    from ganzoo._recipe.network_spec import Networks
    from ganzoo._recipe.recipe import Recipe
    from ganzoo._recipe.trained_networks import TrainedNetworks
    from ganzoo._registry.registry import Registry


class RunFiles:
    """What a run's folder says, apart from the weights.

    What was read is kept until `refresh`. A recipe that is the same text after it is not judged again.

    Attributes:
        directory: The run's folder and the names in it.
    """

    def __init__(self, path: str | Path | RunDirectory, *, registry: Registry | None = None) -> None:
        """Open the folder of a run. Raises GanzooError if there is none.

        Args:
            path: The folder, of a run that was trained here or imported.
            registry: The installed parts; None: they are found when the first is needed.
        """
        if not isinstance(path, str | Path | RunDirectory):
            raise GanzooError(f"{path!r:.80} is no run: give its folder, or a run that is open")
        self.directory = path if isinstance(path, RunDirectory) else RunDirectory.open(Path(path))
        self._given_registry = registry
        self._record: RunRecord | None = None
        self._recipes: dict[str, Recipe] = {}  # by their text
        self._recipe: Recipe | None = None
        self._text: str | None = None  # of the recipe
        self._trained: TrainedNetworks | None = None
        self._networks: Networks | None = None

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.directory.path

    @property
    def name(self) -> str:
        """The run's name: that of its folder."""
        return self.directory.name

    @cached_property
    def registry(self) -> Registry:
        """The installed parts."""
        from ganzoo._registry.index import discovered

        return self._given_registry or discovered()

    @property
    def was_imported(self) -> bool:
        """Whether the run is an imported checkpoint: it has networks, but no recipe."""
        return self.directory.networks.exists()

    @property
    def recipe(self) -> Recipe:
        """The resolved recipe that the run trains.

        Raises:
            RefusedError: The run was imported, or a part is not installed as it was (ChangedCodeError).
            RunError: It was stopped before it began.
        """
        from ganzoo._recipe.load import validate

        if self._recipe is None:
            text = self.recipe_text
            if text not in self._recipes:
                self._recipes[text] = validate(self.recipe_data(), self.registry, str(self.directory.recipe))
            self._recipe = self._recipes[text]
        return self._recipe

    def write_recipe(self, recipe: Recipe) -> None:
        """Make this the run's recipe, unless it is so already; as `write_record` does."""
        from ganzoo._recipe.toml_source import read

        text = seal_toml(recipe.to_toml())
        if not self.directory.recipe.exists() or read(self.directory.recipe) != text:
            write_text(self.directory.recipe, text)
        self._recipes[text] = self._recipe = recipe
        self._text, self._trained, self._networks = text, None, None

    def recipe_with(self, overrides: Sequence[str]) -> Recipe:
        """Return the recipe changed by `training.total_kimg=10` and the like. Raises RecipeError as `recipe` does."""
        from ganzoo._recipe.load import changed

        if not overrides:
            return self.recipe
        return changed(self.recipe_data(), self.registry, str(self.directory.recipe), overrides)

    def recipe_data(self) -> dict[str, Any]:
        """Return the recipe as plain data, none of its parts looked up. Raises as `recipe_text` does."""
        from ganzoo._recipe.toml_source import parse

        return parse(self.recipe_text, str(self.directory.recipe))

    @property
    def recipe_text(self) -> str:
        """The text of `recipe.toml`, none of its parts looked up. Raises as `recipe` does."""
        if self._text is None:
            self._text = self._read_recipe()
        return self._text

    def _read_recipe(self) -> str:
        if self.was_imported:
            raise RefusedError(
                f"{self.path} was imported and has no recipe. Train from its weights with: ganzoo run RECIPE --init "
                f"{self.path}; score it with: ganzoo score {self.path} --dataset NAME"
            )
        if not self.directory.recipe.exists():
            raise RunError(
                f"{self.path} has no recipe.toml: it was stopped before training started; start the run again"
            )
        return read_sealed(self.directory.recipe)

    @property
    def networks(self) -> Networks:
        """Generator and discriminator as parts: from `networks.toml` if the run was imported, else from its recipe.

        Of a recipe the sections of the networks alone are needed: what only trained or scored them may be gone.

        Raises:
            RunError: The run has neither.
            RecipeError: Their sections are wrong.
            ChangedCodeError: A part of the networks is not installed as it was.
        """
        from ganzoo._recipe.network_spec import Networks, load_networks

        if self._networks is None:
            if self.was_imported:
                read_sealed(self.directory.networks)
                self._networks = load_networks(self.directory.networks, self.registry)
            else:
                self._networks = Networks.of_recipe(self.trained)
        return self._networks

    def changed_networks(self) -> str:
        """Return the code of the networks where it is not the one that was trained, as scores say it; else nothing."""
        from ganzoo._recipe.pins import changed_pins, pins_of
        from ganzoo._recipe.toml_source import parse

        path = self.directory.networks if self.was_imported else self.directory.recipe
        data = parse(read_sealed(path), str(path))
        return ", ".join(changed_pins(self.networks, pins_of(data, str(path))))

    @property
    def trained(self) -> Recipe | TrainedNetworks:
        """What the recipe says of the networks and the length of their training. Raises as `networks` does."""
        from ganzoo._recipe.trained_networks import read_trained_networks

        if known := self._recipe or self._recipes.get(self.recipe_text):
            return known
        if self._trained is None:
            where = str(self.directory.recipe)
            self._trained = read_trained_networks(self.recipe_data(), self.registry, where)
        return self._trained

    @property
    def record(self) -> RunRecord:
        """What is known of the run. Raises RunError where it is missing or damaged."""
        if self._record is None:
            self._record = read_record(self.directory.record)
        return self._record

    @property
    def scores(self) -> tuple[Score, ...]:
        """The scores on record."""
        return self.record.scores

    def write_record(self, record: RunRecord) -> None:
        """Replace the record. The caller holds the run's lock, and has refreshed the run under it."""
        write_record(self.directory.record, record)
        self._record = record

    def add_scores(self, scores: tuple[Score, ...]) -> None:
        """Add scores to the record, in place of earlier ones of the same; as `write_record` does."""
        self.write_record(with_scores(self.record, scores))

    def forget_scores(self, protocol: str, at: int | None = None) -> tuple[Score, ...]:
        """Remove the scores of one protocol from the record, so that no table shows them; return them.

        Args:
            protocol: Its hash, as tables print it, or at least four characters that it begins with.
            at: Only those at this many images seen; None: all.

        Raises:
            GanzooError: There is no such score, or it is not clear which protocol is meant.
            RefusedError: Another process holds the run.
        """
        with self.directory.lock():
            self.refresh()
            record, forgotten = without_scores(self.record, protocol, at)
            self.write_record(record)
        return forgotten

    def refresh(self) -> None:
        """Read everything again when it is next asked for: another process may have trained or scored the run."""
        self._record = self._recipe = self._text = self._trained = self._networks = None

    def checkpoints(self, *, snapshots: bool = False) -> list[int]:
        """Return the points of training, in images seen, at which checkpoints were kept, oldest first.

        With `snapshots`, those too at which the generator's moving average alone was kept.
        """
        folders = [self.directory.checkpoints, *([self.directory.snapshots] if snapshots else [])]
        return sorted({int(path.name) for folder in folders for path in list_checkpoints(folder)})

    def snapshots(self) -> list[int]:
        """Return the points of training, in images seen, at which snapshots were kept, oldest first.

        Raises:
            RunError: There are none.
        """
        kept = sorted(int(path.name) for path in list_checkpoints(self.directory.snapshots))
        if not kept:
            raise RunError(f"{self.path} kept no snapshots; training.snapshot_kimg sets how often they are kept")
        return kept

    def stage_in_training(self, images_seen: int) -> GrowthStage:
        """Return where a growing network stood: after the last step of a phase, still in it."""
        if self.was_imported:
            return GrowthStage(self.networks.resolution, self.networks.alpha)
        phases = self.trained.phases
        phase = next((phase for phase in phases if images_seen <= phase.end), phases[-1])
        return GrowthStage(phase.resolution, phase.alpha(images_seen))
