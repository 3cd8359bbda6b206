"""Network specification of a run, apart from its training: what sampling, scoring and exporting need to know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, NonNegativeInt, PositiveInt, ValidationError

from ganzoo._recipe.error_messages import describe
from ganzoo._recipe.load import refuse_changed_code
from ganzoo._recipe.pins import KEY, pinned, plain_pins
from ganzoo._recipe.schema import Section
from ganzoo._recipe.selection import DiscriminatorSelection, GeneratorSelection, Selection
from ganzoo._recipe.toml_source import parse, read
from ganzoo._registry.registry import Registry
from ganzoo.errors import RunError

if TYPE_CHECKING:
    from ganzoo._recipe.recipe import Recipe
    from ganzoo._recipe.trained_networks import TrainedNetworks
    from ganzoo.contracts.component import ImageSpec


class Images(Section):
    """What the images are."""

    resolution: PositiveInt = Field(description="Role in pixels that the networks are built for.")
    channels: PositiveInt = Field(description="1 for gray, 3 for color, others as the dataset lays them out.")
    label_dim: NonNegativeInt = Field(default=0, description="Number of classes; 0 without.")


class Origin(Section):
    """The file that an imported run was read from."""

    layout: str = Field(description="Importer that read it.")
    code: str = Field(default="", description="Distribution, version and source of an importer that is not ganzoo's.")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file.")
    notes: tuple[str, ...] = Field(default=(), description="Remarks of the importer.")


class Networks(Section):
    """Generator and discriminator with all that builds them.

    `networks.toml` holds it where a run was imported and so has no recipe.
    """

    title: str = Field(default="", description="One line for people.")
    seed: NonNegativeInt = Field(
        default=0, description="Seed of the initialization; without meaning in an imported run."
    )
    reached: PositiveInt | None = Field(
        default=None, description="Resolution that a growing generator had reached; absent: the final one."
    )
    alpha: float = Field(default=1.0, ge=0, le=1, description="How far its newest block had faded in.")
    images: Images
    generator: GeneratorSelection | None = None
    discriminator: DiscriminatorSelection | None = None
    origin: Origin | None = None

    @classmethod
    def of_recipe(cls, recipe: Recipe | TrainedNetworks) -> Networks:
        """Return the networks that a recipe trains."""
        spec = recipe.dataset.cls.spec_of(recipe.dataset.options)
        return cls(
            title=recipe.title,
            seed=recipe.seed,
            images=Images(resolution=spec.resolution, channels=spec.channels, label_dim=spec.label_dim),
            generator=recipe.generator,
            discriminator=recipe.discriminator,
        )

    @property
    def spec(self) -> ImageSpec:
        """What the networks are built from."""
        from ganzoo.contracts.component import ImageSpec

        return ImageSpec(self.images.resolution, self.images.channels, self.images.label_dim)

    @property
    def resolution(self) -> int:
        """Resolution of the images that the generator makes unless another is asked for."""
        return self.reached or self.images.resolution

    def plain(self) -> dict[str, Any]:
        """Return plain data, every default explicit; what is absent is unset."""
        return {
            "title": self.title,
            "seed": self.seed,
            **({"reached": self.reached, "alpha": self.alpha} if self.reached else {}),
            "images": self.images.model_dump(),
            **{role: selection.plain() for role, selection in self.selections.items()},
            **({"origin": self.origin.model_dump(mode="json", exclude_defaults=True)} if self.origin else {}),
            KEY: plain_pins(self),
        }

    @property
    def selections(self) -> dict[str, Selection]:
        """The chosen parts by role."""
        chosen = {"generator": self.generator, "discriminator": self.discriminator}
        return {role: selection for role, selection in chosen.items() if selection is not None}

    def to_toml(self) -> str:
        """Return TOML that `load_networks` reads back as equal networks."""
        import tomli_w

        return tomli_w.dumps(self.plain())


def load_networks(path: Path, registry: Registry) -> Networks:
    """Read a `networks.toml`.

    Raises:
        RunError: It does not describe networks of parts that are installed.
        RecipeError: It is missing or no TOML.
    """
    return parse_networks(read(path), str(path), registry)


def parse_networks(text: str, where: str, registry: Registry) -> Networks:
    """Return the networks that the text of a `networks.toml` describes; messages call it `where`.

    Raises:
        RunError: It does not describe networks of parts that are installed.
        RecipeError: It is no TOML.
        ChangedCodeError: A part is not installed as it was.
    """
    data, registry = pinned(parse(text, where), registry, where)
    try:
        return Networks.model_validate(data, context={"registry": registry})
    except ValidationError as error:
        refuse_changed_code(where, error)
        errors = describe(error, data, registry, Networks)
        raise RunError("\n".join([f"{where} does not describe networks:", *(f"  {each}" for each in errors)])) from None
