"""Sections of a recipe that belong to the core: training, growth, scoring."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ganzoo._recipe.arithmetic import ArithmeticSettings
from ganzoo._recipe.lengths import Epochs, FadeKimg, Kimg, StableKimg
from ganzoo._recipe.selection import (
    ExtractorSelection,
    MetricSelection,
    OptimizerSelection,
    Selection,
    default_name,
    registry_of,
)
from ganzoo._registry.registry import Registry
from ganzoo.contracts.metric_input import PIXELS
from ganzoo.contracts.scheduled import Scheduled

IMAGES_PER_KIMG = 1000


class Section(BaseModel):
    """A frozen section of a recipe; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, allow_inf_nan=False)


class GrowthSettings(Section):
    """Progressive growing: stabilize, fade in the next block, stabilize, and so on (arXiv:1710.10196).

    Tables go by the resolution that the networks work at, during a fade the larger one.
    """

    order: Literal["stabilize-first", "fade-first"] = Field(
        default="stabilize-first",
        description="What comes first at a resolution: training without fading, then fading the next block in "
        "(as in the papers), or fading its own block in.",
    )
    start_resolution: PositiveInt = Field(default=4, description="First resolution, a power of two.")
    stable_kimg: StableKimg = Field(
        default=600.0,
        description="Thousands of images (kimg) at each resolution without fading; or a table by resolution.",
    )
    fade_kimg: FadeKimg = Field(
        default=600.0, description="Thousands of images (kimg) over which a block fades in; or a table by resolution."
    )
    epochs: dict[PositiveInt, Epochs] = Field(
        default_factory=dict, description="Epochs by resolution, in place of stable_kimg, fade_kimg and total_kimg."
    )
    fade_share: float = Field(
        default=0.5, ge=0, lt=1, description="Share of each resolution's epochs over which a block fades in."
    )
    batch_size: dict[PositiveInt, PositiveInt] = Field(
        default_factory=dict, description="Batch size by resolution; training.batch_size where none is given."
    )
    learning_rate: dict[PositiveInt, PositiveFloat] = Field(
        default_factory=dict,
        description="Learning rate of both players by resolution; the optimizers' own where none is given.",
    )
    reset_optimizers: bool = Field(
        default=True, description="Reset the optimizers' moments at the start and end of each fade."
    )


class CourseSettings(ArithmeticSettings, Section):
    """The course of a training, without what moves the players: all that says what became of a network.

    Everything is counted in thousands of real images shown to the discriminator.
    """

    total_kimg: Kimg | None = Field(default=None, description="Length of the training.")
    epochs: Epochs | None = Field(default=None, description="Length of the training in epochs, in place of total_kimg.")
    most_hours: PositiveFloat | None = Field(
        default=None, description="End the training after so many hours of it, even before its length is reached."
    )
    batch_size: PositiveInt = Field(default=64, description="Real images per discriminator step.")
    micro_batch: PositiveInt | None = Field(
        default=None, description="Split each batch into parts of this size and accumulate gradients, to save memory."
    )
    split: str = Field(default="train", description="The split of the dataset trained on.")
    discriminator_steps: PositiveInt = Field(default=1, description="Discriminator steps per generator step.")
    first_player: Literal["discriminator", "generator"] = Field(default="discriminator", description="Who moves first.")
    share_fakes: bool = Field(
        default=False,
        description="The generator's step shows the fakes of the discriminator's step once more, as pytorch/examples' "
        "DCGAN does: one forward less. The discriminator moves first.",
    )
    ema_half_life_kimg: Scheduled[Kimg] = Field(
        default=1.0,
        description="Half-life of the generator's exponential moving average (EMA), which is sampled and scored.",
    )
    ema_ramp: PositiveFloat | None = Field(
        default=None, description="Cap the half-life at this share of the images seen so far (0.05 in ADA)."
    )
    ema_decay_per_step: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        default=None,
        description="Weight that the EMA keeps at each step, independent of the batch size (0.999 in ProGAN); "
        "replaces the half-life.",
    )
    penalty_space: Literal["phase", "final"] = Field(
        default="phase",
        description="Penalties' gradients are with respect to images of the phase's resolution, or of the final one.",
    )
    log_kimg: Kimg = Field(default=0.5, description="Interval of lines in metrics.jsonl, in kimg.")
    samples_kimg: Kimg = Field(default=5.0, description="Interval of sample grids, in kimg.")
    preview_images: PositiveInt | None = Field(
        default=None, description="Images in a grid of samples; absent: 64, 36 or 16 by resolution."
    )
    snapshot_kimg: Kimg = Field(default=50.0, description="Interval of snapshots of the EMA generator, in kimg.")
    score_kimg: Kimg | None = Field(
        default=None,
        description="Interval of scores during training, in kimg, with another sampling seed, to choose a snapshot.",
    )
    checkpoint_kimg: Kimg = Field(default=5.0, description="Interval of checkpoints, in kimg.")
    keep_checkpoints: PositiveInt = Field(default=2, description="Number of newest checkpoints that are kept.")
    growth: GrowthSettings | None = Field(
        default=None, description="Progressive growing, for networks that support it."
    )

    @model_validator(mode="after")
    def _fakes_are_there_to_share(self) -> Self:
        if self.share_fakes and self.first_player == "generator":
            raise PydanticCustomError(
                "share_fakes",
                "share_fakes shows the discriminator's fakes to the generator's step, which comes first here; "
                'leave it out, or say first_player = "discriminator"',
            )
        return self

    @model_validator(mode="after")
    def _micro_batch_divides(self) -> Self:
        sizes = {self.batch_size, *(self.growth.batch_size.values() if self.growth else ())}
        for size in sorted(sizes):
            if self.micro_batch and self.micro_batch < size and size % self.micro_batch:
                raise PydanticCustomError(
                    "micro_batch",
                    "micro_batch {micro} does not divide the batch size {size}",
                    {"micro": self.micro_batch, "size": size},
                )
        return self


class TrainingSettings(CourseSettings):
    """How the one trainer trains."""

    generator_optimizer: OptimizerSelection = Field(
        default={},
        validate_default=True,
        description="What moves the generator: a `name`, absent for the one marked as default, and its keys.",
    )
    discriminator_optimizer: OptimizerSelection = Field(
        default={},
        validate_default=True,
        description="What moves the discriminator: a `name`, absent for the one marked as default, and its keys.",
    )


def _default_metrics(value: Any, info: ValidationInfo) -> Any:
    registry = registry_of(info)
    return [{"name": registry.name_of(part)} for part in registry.defaults("metric")] if value is None else value


def _default_extractor(value: Any, info: ValidationInfo) -> Any:
    return {"name": default_name(registry_of(info), "extractor")} if value is None else value


class ScoringSettings(Section):
    """What the run's score will mean. All of it that can move a number enters the score's hashes."""

    metrics: Annotated[tuple[MetricSelection, ...], BeforeValidator(_default_metrics)] = Field(
        default=None,
        validate_default=True,
        description="What to compute: names, or tables of a name and options. The first one that there are enough "
        "images for ranks. Absent: those that are marked as default.",
    )
    generated: PositiveInt = Field(default=10_000, description="Images generated for a score.")
    reference_images: PositiveInt | None = Field(default=None, description="Real images compared with; absent: all.")
    split: str = Field(default="train", description="The split of the dataset compared with.")
    extractor: Annotated[ExtractorSelection, BeforeValidator(_default_extractor)] = Field(
        default=None, validate_default=True, description="Feature extractor. Absent: the one marked as default."
    )
    mirror: bool = Field(
        default=False, description="Mirror each real image with probability 1/2, as some papers' scores do."
    )
    weights: Literal["ema", "raw"] = Field(default="ema", description="EMA or raw weights of the generator.")
    truncation_psi: float = Field(default=1.0, ge=0, le=1, description="Truncation of styles; 1 is none.")
    truncation_cutoff: PositiveInt | None = Field(
        default=None, description="How many of the first style layers are truncated; absent: all."
    )
    truncation_threshold: PositiveFloat | None = Field(
        default=None,
        description="Largest absolute value of a latent's numbers; those beyond are drawn again. Absent: latents are "
        "not truncated.",
    )
    noise_mode: Literal["random", "constant", "none"] = Field(
        default="random", description="Noise inside the generator: random, its own constant maps, or none."
    )
    sampling_seed: NonNegativeInt = Field(default=2020, description="Seed of latents, labels and noise.")
    batch_size: PositiveInt = Field(default=64, description="Images per forward while scoring.")

    @field_validator("metrics")
    @classmethod
    def _at_least_one(cls, metrics: tuple[Selection, ...], info: ValidationInfo) -> tuple[Selection, ...]:
        if not metrics:
            known = ", ".join(registry_of(info).names["metric"]) or "none installed"
            raise PydanticCustomError("metrics", "names no metric; list at least one ({known})", {"known": known})
        return metrics

    @field_validator("extractor")
    @classmethod
    def _offers_what_metrics_read(cls, extractor: Selection, info: ValidationInfo) -> Selection:
        for metric in info.data.get("metrics", ()):
            if reason := _unread(metric, extractor, registry_of(info)):
                raise PydanticCustomError("extractor", "{reason}", {"reason": reason})
        return extractor


def _unread(metric: Selection, extractor: Selection, registry: Registry) -> str:
    """Say which layer a metric misses in an extractor, and who has it; empty where none is missing."""
    described, capability = metric.cls.describes, metric.cls.extractor_must_be

    def missing(cls: type[Any]) -> list[str]:
        lacks = [] if capability is None or issubclass(cls, capability) else [capability.__name__]
        return [role for role in metric.cls.reads if role not in (PIXELS, *described, *cls.layers)] + lacks

    if not (roles := missing(extractor.cls)):
        return ""
    able = [part.name for part in registry.parts("extractor") if not missing(part.cls)]
    remedy = f"choose {' or '.join(map(repr, able))}, or leave" if able else "no installed extractor has it: leave"
    return (
        f"metric '{metric.name}' reads {' and '.join(map(repr, roles))}, which extractor '{extractor.name}' does not "
        f"offer, only {', '.join(map(repr, extractor.cls.layers))}; {remedy} out the metric"
    )
