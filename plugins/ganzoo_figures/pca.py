"""Principal directions: walks of one seed along those of styles (GANSpace) or of the weights that see them (SeFa)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from ganzoo import FILMS, PICTURES, GanzooError, GeneratorFigure, PixelArray, Scale, Seeds, StyleAffines, StyleBased
from ganzoo.plotting import Panel, Sheet

if TYPE_CHECKING:
    from torch import Tensor

    from ganzoo.figures import Animation, FigureResult, OpenedGenerator
    from ganzoo_figures.pca_directions import Directions

_FPS = 20
_FRAMES = 60


class PCA(GeneratorFigure):
    """Draw walks along principal directions of styles or weights.

    Each row shows one seed's image as its style moves along a direction, itself in the middle; a film swings
    along all of them side by side.

    Paper: GANSpace, arXiv:2004.02546; SeFa, arXiv:2007.06600.
    """

    name = "pca"
    needs = (StyleBased,)
    suffixes = (*PICTURES, *FILMS)

    source: Literal["styles", "weights"] = Field(
        default="styles",
        description="Directions of how styles vary (GANSpace), or of the style layers' weights (SeFa).",
    )
    seed: int = Field(default=0, ge=0, description="Seed whose style is moved.")
    count: int = Field(default=5, ge=1, le=100, description="Number of directions.")
    reach: float = Field(default=2.0, ge=0.01, le=100, description="Length of a walk each way, in standard deviations.")
    steps: int = Field(default=7, ge=3, le=99, description="Images per walk, an odd number.")
    layers: Seeds | None = Field(default=None, description="Style layers that are moved, such as 0-3. [default: all]")
    samples: int = Field(
        default=10_000, ge=2, le=1_000_000, description="Number of styles drawn to find the directions."
    )
    scale: Scale = None
    still: bool = Field(default=True, description="Draw rows instead of a film.")

    @model_validator(mode="after")
    def _check(self) -> PCA:
        if self.still and self.steps % 2 == 0:
            raise ValueError(f"a walk of {self.steps} images: it needs an odd number of them, 3 or more")
        return self

    def draw(self, generator: OpenedGenerator) -> FigureResult | Animation:
        """Draw the walks, or film them.

        Raises:
            RefusedError: The generator does not show its weights.
            GanzooError: There are not so many directions, or no such layer.
        """
        found = self._directions(generator)
        facts = generator.facts(
            [self.seed],
            source=self.source,
            shares=found.shares.tolist(),
            deviations=found.deviations.tolist(),
            reach=self.reach,
            layers=None if self.layers is None else list(self.layers),
            samples=self.samples,
        )
        return self._rows(generator, found, facts) if self.still else self._film(generator, found, facts)

    def _directions(self, generator: OpenedGenerator) -> Directions:
        """Return the most important directions in w."""
        from ganzoo.figures import require
        from ganzoo_figures.pca_directions import of_styles, of_weights
        from ganzoo_figures.style_sample import style_sample

        if self.source == "weights":
            require(generator, "pca of weights", StyleAffines)
        styles = style_sample(generator, self.samples, 0)
        if self.count > styles.shape[1]:
            raise GanzooError(f"{self.count} directions are too many: w has {styles.shape[1]} dimensions")
        if self.source == "styles":
            return of_styles(styles, self.count)
        assert isinstance(generator.generator, StyleAffines), "required above"
        chosen = self._walking(generator)
        weights = [weight for layer, weight in generator.generator.style_weights() if layer in chosen]
        return of_weights(weights, styles, self.count)

    def _rows(self, generator: OpenedGenerator, found: Directions, facts: dict[str, Any]) -> FigureResult:
        import torch

        from ganzoo.figures import FigureResult

        places = torch.linspace(-self.reach, self.reach, self.steps)
        rows = [
            [Panel(image) for image in self._walked(generator, found, number, places)] for number in range(self.count)
        ]
        left = [f"{number + 1}: {100 * share:.0f} %" for number, share in enumerate(found.shares.tolist())]
        sheet = Sheet(rows, top=[_deviations(place) for place in places.tolist()], left=left, scale=self.scale)
        return FigureResult(self.name, sheet.canvas(), {**facts, "steps": self.steps, "scale": sheet.enlargement})

    def _film(self, generator: OpenedGenerator, found: Directions, facts: dict[str, Any]) -> Animation:
        """Film one seed's image swinging along each direction, side by side; closed."""
        import torch

        from ganzoo.figures import Animation

        places = torch.tensor([self.reach * math.sin(2 * math.pi * frame / _FRAMES) for frame in range(_FRAMES)])

        def frames() -> Iterator[PixelArray]:
            walks = [self._walked(generator, found, number, places) for number in range(self.count)]
            for frame in range(_FRAMES):
                yield Sheet([[Panel(images[frame]) for images in walks]], scale=self.scale).canvas().raster()

        return Animation(self.name, frames, _FRAMES, _FPS, facts)

    def _walked(self, generator: OpenedGenerator, found: Directions, number: int, places: Tensor) -> PixelArray:
        """Return the seed's images, `[N, C, R, R]`, its style moved by so many deviations along a direction."""
        styles = generator.styles([self.seed]).repeat(len(places), 1, 1)
        step = found.vectors[number] * found.deviations[number]
        styles[:, self._walking(generator)] += (places[:, None] * step)[:, None, :]
        return generator.images_of_styles(styles, [self.seed] * len(places))

    def _walking(self, generator: OpenedGenerator) -> list[int]:
        """Return the style layers that walk."""
        count = generator.styles([0]).shape[1]
        chosen = list(range(count)) if self.layers is None else list(self.layers)
        if not chosen or not all(0 <= layer < count for layer in chosen):
            raise GanzooError(f"layers {', '.join(map(str, chosen)) or 'none'}: this generator has 0 to {count - 1}")
        return chosen


def _deviations(place: float) -> str:
    return "itself" if abs(place) < 1e-6 else f"{place:+.1f} sd"
