"""Project: the styles from which a generator reproduces given images, and the distances that remain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from ganzoo import NoiseMaps, Scale, StyleBased, TargetsFigure
from ganzoo_figures.schedule import Schedule

if TYPE_CHECKING:
    from ganzoo.figures import OpenedGenerator
    from ganzoo_figures.projection import Projection


class Project(Schedule, TargetsFigure):
    """Project images: find the styles that reproduce them.

    Writes latents, reconstructions, a film of the search and the distances.

    Paper: StyleGAN2, arXiv:1912.04958, appendix D.
    """

    name = "project"
    needs = (StyleBased,)
    without = frozenset({"truncation_psi", "truncation_cutoff", "noise_mode"})  # its own noise mode may also be fitted
    shares_images = True
    suffixes = ()

    coverage: int | None = Field(
        default=None,
        ge=2,
        le=5000,
        description="Project this many training and held-out images instead, and compare their distances.",
    )
    distance: str = Field(
        default="auto",
        description="pixels, an extractor, or auto: the run's if it gives perceptual distances, else pixels.",
    )
    seed: int = Field(default=0, ge=0, description="Seed of the search.")
    film: Literal["mp4", "webp", "gif"] = Field(default="gif", description="File format of the film of the search.")
    noise_mode: Literal["fit", "constant", "none"] | None = Field(
        default=None,
        description="Noise maps: fitted to each image, the network's own, or none. [default: fit if it has noise]",
    )
    scale: Scale = None

    @model_validator(mode="after")
    def _check(self) -> Project:
        if (len(self.images) > 0) == (self.coverage is not None):
            raise ValueError("name image files or folders to project, or ask for --coverage N; one of both")
        return self

    def draw(self, generator: OpenedGenerator) -> Projection:
        """Search, as many images at once as the device has memory for: fewer once its memory runs out.

        Raises:
            RefusedError: There are no noise maps although they are to be fitted, or no held-out images to compare.
            DataError: A given image cannot be read.
        """
        from ganzoo.figures import read_targets, require
        from ganzoo_figures.coverage import coverage, real_targets
        from ganzoo_figures.projection import project

        if self.noise_mode == "fit":
            require(generator, "projection with fitted noise", NoiseMaps)
        elif self.noise_mode is not None:
            generator = generator.with_sampling(noise_mode=self.noise_mode)
        real = None if self.coverage is None else real_targets(generator, self.coverage, self.seed)
        targets = read_targets(generator, self.images) if real is None else real.targets
        found = project(generator, targets, self, distance=self.distance, seed=self.seed)
        measure = {} if real is None else coverage(found, real, self.seed)
        return replace(found, scale=self.scale, film_suffix=f".{self.film}", coverage=measure)
