"""Trained networks: what of a recipe says how a run's networks are built and how far they had grown."""

from __future__ import annotations

from typing import Any

from pydantic import Field, NonNegativeInt, ValidationError

from ganzoo._recipe.error_messages import describe
from ganzoo._recipe.growth_schedule import plan_phases
from ganzoo._recipe.lengths import length_errors
from ganzoo._recipe.load import refuse_changed_code, report
from ganzoo._recipe.pins import pinned
from ganzoo._recipe.schema import CourseSettings, Section
from ganzoo._recipe.selection import DatasetSelection, DiscriminatorSelection, GeneratorSelection
from ganzoo._registry.registry import Registry
from ganzoo.contracts.phase import Phase
from ganzoo.errors import RecipeError


class TrainedNetworks(Section):
    """The sections of a run's recipe that its networks need; no part that only trains or scores has to be installed."""

    title: str = Field(default="", description="One line for people.")
    seed: NonNegativeInt = Field(default=0, description="Seed of the initialization.")
    initial_weights: str | None = Field(default=None, description="SHA-256 of the initial weights.")
    dataset: DatasetSelection
    generator: GeneratorSelection
    discriminator: DiscriminatorSelection
    training: CourseSettings

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases of the training."""
        return plan_phases(self.training, int(self.dataset.cls.spec_of(self.dataset.options).resolution))


def read_trained_networks(data: dict[str, Any], registry: Registry, where: str) -> TrainedNetworks:
    """Turn the plain data of a whole recipe into its networks, which are not judged beside the other parts again.

    Raises:
        RecipeError: A part is not installed, or one of these sections is wrong.
        ChangedCodeError: A part is not installed as it was.
    """
    lengths = length_errors(data.get("training"))
    data, registry = pinned(data, registry, where)
    own = {key: data[key] for key in TrainedNetworks.model_fields if key in data}
    if isinstance(training := data.get("training"), dict):  # less what moved the players
        own["training"] = {key: each for key, each in training.items() if not key.endswith("_optimizer")}
    try:
        found = TrainedNetworks.model_validate(own, context={"registry": registry})
    except ValidationError as error:
        refuse_changed_code(where, error)
        raise RecipeError(report(where, [*describe(error, own, registry, TrainedNetworks), *lengths])) from None
    if lengths:
        raise RecipeError(report(where, lengths))
    return found
