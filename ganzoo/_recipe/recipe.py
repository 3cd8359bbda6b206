"""Recipe: one TOML file that combines parts, checked as a whole before anything is built."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import Field, NonNegativeInt, field_validator

from ganzoo._recipe.arithmetic import GPU_SETTINGS
from ganzoo._recipe.pins import KEY, plain_pins
from ganzoo._recipe.published_values import PublishedValue
from ganzoo._recipe.schema import (
    IMAGES_PER_KIMG,
    ScoringSettings,
    Section,
    TrainingSettings,
)
from ganzoo._recipe.selection import (
    AugmentationSelection,
    DatasetSelection,
    DiscriminatorSelection,
    GeneratorSelection,
    LossSelection,
    RegularizerSelection,
)
from ganzoo._registry.code import PartCode
from ganzoo.contracts.phase import Phase

# What happens beside the training and never changes its weights.
_INTERVALS = (
    "log_kimg",
    "samples_kimg",
    "preview_images",
    "snapshot_kimg",
    "score_kimg",
    "checkpoint_kimg",
    "keep_checkpoints",
)


class Recipe(Section):
    """What is trained, on what, how, and how it is scored."""

    title: str = Field(default="", description="One line for people.")
    paper: str = Field(default="", description="What the recipe follows.")
    notes: str = Field(default="", description="What the paper does not say, and what was chosen instead.")
    seed: NonNegativeInt = Field(default=0, description="Seed of initialization, latents, order of images and noise.")
    initial_weights: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{64}$",
        description="SHA-256 of the initial weights; `ganzoo run --init` writes it.",
    )
    dataset: DatasetSelection
    generator: GeneratorSelection
    discriminator: DiscriminatorSelection
    loss: LossSelection
    regularizers: tuple[RegularizerSelection, ...] = ()
    augmentation: AugmentationSelection | None = None
    training: TrainingSettings
    scoring: ScoringSettings = Field(default={}, validate_default=True)
    published: dict[str, PublishedValue] = Field(default_factory=dict)
    parts: dict[str, dict[str, PartCode]] = Field(
        default_factory=dict,
        description="Distribution, version and source of each part, by kind and name; ganzoo writes it into resolved "
        "recipes, which then mean these very parts.",
    )

    @field_validator("parts")
    @classmethod
    def _are_the_chosen(cls, parts: object) -> dict[str, dict[str, PartCode]]:
        """Keep none: they have chosen the parts, and each says itself what it is made of."""
        return {}

    def __repr__(self) -> str:
        parts = " against ".join((self.generator.name, self.discriminator.name))
        return f"<Recipe: {parts} on {self.dataset.name}, loss {self.loss.name}, seed {self.seed}>"

    __str__ = __repr__

    @property
    def total_images(self) -> int:
        """Length of the training in images, in whole batches where the recipe gives no `total_kimg`."""
        if self.training.total_kimg is None:
            return self.phases[-1].end
        return round(self.training.total_kimg * IMAGES_PER_KIMG)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases of the training; of a nominal number of images per epoch while `counts_epochs`."""
        from ganzoo._recipe.growth_schedule import plan_phases

        return plan_phases(self.training, self._resolution)

    @property
    def counts_epochs(self) -> bool:
        """Whether lengths are in epochs, which mean nothing until the data are known."""
        growth = self.training.growth
        return self.training.epochs is not None or bool(growth and growth.epochs)

    def with_image_count(self, count: int) -> Recipe:
        """Return the recipe with every length in kimg, given the number of images that training reads."""
        from ganzoo._recipe.growth_schedule import in_kimg

        return self.model_copy(update={"training": in_kimg(self.training, self._resolution, count)})

    @property
    def _resolution(self) -> int:
        return int(self.dataset.cls.spec_of(self.dataset.options).resolution)

    def plain(self) -> dict[str, Any]:
        """Return the resolved recipe as plain data: every default, and the code of parts; what is absent is unset."""
        augmentation = {"augmentation": self.augmentation.plain()} if self.augmentation else {}
        return {
            "title": self.title,
            "paper": self.paper,
            "notes": self.notes,
            "seed": self.seed,
            **({"initial_weights": self.initial_weights} if self.initial_weights else {}),
            "dataset": self.dataset.plain(),
            "generator": self.generator.plain(),
            "discriminator": self.discriminator.plain(),
            "loss": self.loss.plain(),
            "regularizers": [chosen.plain() for chosen in self.regularizers],
            **augmentation,
            "training": _plain_training(self.training),
            "scoring": _plain_scoring(self.scoring),
            "published": {name: value.model_dump(exclude_none=True) for name, value in self.published.items()},
            KEY: plain_pins(self),
        }

    def to_toml(self) -> str:
        """Return the resolved recipe as TOML that `load` reads back as an equal one."""
        import tomli_w

        return tomli_w.dumps(self.plain())

    @property
    def training_hash(self) -> str:
        """SHA-256 of all that decides the weights at the end: equal ones are the same experiment and seed.

        Text for people, scoring, where the data lie on this machine and the parts' code are left out.
        """
        return _hash(self._training_plain())

    @property
    def dynamics_hash(self) -> str:
        """SHA-256 of all that decides the weights at a given point of training: a longer training has the same one.

        So has one on a GPU that rounds otherwise.
        """
        plain = self._training_plain()
        for key in GPU_SETTINGS:
            plain["training"].pop(key)
        if self.training.growth is None:
            for key in ("total_kimg", "epochs", "most_hours"):
                plain["training"].pop(key, None)
        return _hash(plain)

    def _training_plain(self) -> dict[str, Any]:
        plain = self.plain()
        for key in ("title", "paper", "notes", "scoring", "published", KEY):
            plain.pop(key)
        for key in ("root", "pack"):
            plain["dataset"].pop(key, None)
        for key in _INTERVALS:
            plain["training"].pop(key, None)
        return plain


def _plain_training(training: TrainingSettings) -> dict[str, Any]:
    """Return the section without empty tables, and without lengths that its epochs stand for."""
    movers = ("generator_optimizer", "discriminator_optimizer")
    plain = training.model_dump(mode="json", exclude_none=True, exclude=set(movers))
    plain |= {key: getattr(training, key).plain() for key in movers}
    growth = plain.get("growth")
    if growth:
        idle = ("stable_kimg", "fade_kimg") if growth["epochs"] else ("fade_share",)
        plain["growth"] = {
            key: {str(side): entry for side, entry in value.items()} if isinstance(value, dict) else value
            for key, value in growth.items()
            if value != {} and key not in idle
        }
    return plain


def _plain_scoring(scoring: ScoringSettings) -> dict[str, Any]:
    plain = scoring.model_dump(mode="json", exclude_none=True, exclude={"metrics", "extractor"})
    metrics = [chosen.plain() for chosen in scoring.metrics]
    return {**plain, "metrics": metrics, "extractor": scoring.extractor.plain()}


def _hash(plain: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
