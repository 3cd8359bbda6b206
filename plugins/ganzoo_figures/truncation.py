"""Truncation: each seed's image with its style pulled towards the mean style and beyond, or its latent cut off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from ganzoo import GeneratorFigure, Numbers, Scale, Seeds, StyleBased, TruncatableLatents
from ganzoo.plotting import Panel, Sheet

if TYPE_CHECKING:
    from ganzoo.figures import FigureResult, OpenedGenerator

_PSI = (1.0, 0.7, 0.5, 0.0, -0.5, -1.0)
_THRESHOLDS = (2.0, 1.0, 0.5, 0.04)  # those of BigGAN's figure 2


class Truncation(GeneratorFigure):
    """Draw images of seeds at several truncation psis, or at several thresholds of their latents.

    Psi 1 is the image itself, 0 the mean style's, -1 the opposite. Thresholds are for generators whose latents can be
    truncated (BigGAN, arXiv:1809.11096, section 3.1): numbers beyond one are drawn again. The image itself comes first.

    Paper: StyleGAN, arXiv:1812.04948, appendix B and figure 8.
    """

    name = "truncation"
    needs = (StyleBased, TruncatableLatents)
    # Those of each column are its own.
    without = frozenset({"truncation_psi", "truncation_cutoff", "truncation_threshold"})

    seeds: Seeds = tuple(range(4))
    psi: Numbers | None = Field(
        default=None,
        min_length=1,
        description="Truncation psis of styles, one per column: 1 is none, 0 the mean style. [default: "
        "1,0.7,0.5,0,-0.5,-1 where there are styles]",
    )
    truncation_cutoff: int | None = Field(
        default=None, ge=0, description="Number of first style layers that are truncated. [default: all]"
    )
    thresholds: Numbers | None = Field(
        default=None,
        min_length=1,
        description="Largest absolute values of a latent's numbers instead, one per column. [default: 2,1,0.5,0.04 "
        "where there are no styles]",
    )
    scale: Scale = None

    @model_validator(mode="after")
    def _check(self) -> Truncation:
        if self.thresholds and (self.psi or self.truncation_cutoff is not None):
            raise ValueError("thresholds truncate latents, psi and truncation_cutoff styles; name one kind")
        for each in self.thresholds or ():
            if each <= 0:
                raise ValueError(f"thresholds: {each:g} leaves no latent; name numbers above 0, such as 2,1,0.5")
        return self

    def draw(self, generator: OpenedGenerator) -> FigureResult:
        """Draw a row for each seed; the generator's own truncation is left aside.

        Raises:
            RefusedError: The generator has no styles, or no latents, to truncate as it is asked for.
        """
        from ganzoo.figures import FigureResult

        seeds, chosen = self.seeds, self._chosen(generator)
        whole = generator.with_sampling(truncation_psi=1.0, truncation_cutoff=None, truncation_threshold=None)
        columns = []
        for number, (_, sampling) in enumerate(chosen):
            part = whole.within(number * len(seeds), len(chosen) * len(seeds))
            columns.append(part.with_sampling(**sampling).images(seeds))
        rows = [[Panel(column[row]) for column in columns] for row in range(len(seeds))]
        top, left = [heading for heading, _ in chosen], [f"seed {seed}" for seed in seeds]
        sheet = Sheet(rows, top=top, left=left, scale=self.scale)
        facts = whole.facts(seeds, scale=sheet.enlargement) | {"truncation_cutoff": self.truncation_cutoff}
        facts.pop("truncation_psi")
        name, key = ("psi", "truncation_psi") if chosen[0][1] else ("thresholds", "truncation_threshold")
        facts[name] = [sampling.get(key) for _, sampling in chosen]
        return FigureResult(self.name, sheet.canvas(), facts)

    def _chosen(self, generator: OpenedGenerator) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return each column's heading and sampling."""
        from ganzoo.figures import require

        asks_styles = self.psi is not None or self.truncation_cutoff is not None
        if self.thresholds or not (asks_styles or isinstance(generator.generator, StyleBased)):
            require(generator, "truncation of latents", TruncatableLatents)
            found = [(f"within {each:g}", {"truncation_threshold": each}) for each in self.thresholds or _THRESHOLDS]
            return [("whole latent", {}), *found]
        require(generator, "truncation of styles", StyleBased)
        cut = {"truncation_cutoff": self.truncation_cutoff}
        return [(f"psi {each:g}", {"truncation_psi": each, **cut}) for each in self.psi or _PSI]
