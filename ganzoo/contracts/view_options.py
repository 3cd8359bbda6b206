"""View options: which generator of a run a figure looks at, and how it is sampled."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ganzoo.contracts.capabilities import NoiseMode


class ViewOptions(BaseModel):
    """What all figures of a generator share: the arguments of `Run.generator`, and the options of their commands.

    A figure that lists one in `without` does not take it, and may have a field of that name in its place.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: int | str | None = Field(
        default=None, alias="class", description="One class for all images, by number or name. [default: seed modulo L]"
    )
    truncation_psi: float = Field(default=1.0, description="Truncation psi: 1 is none, 0 gives the mean style.")
    truncation_cutoff: int | None = Field(
        default=None, ge=0, description="Number of first style layers that are truncated. [default: all]"
    )
    truncation_threshold: float | None = Field(
        default=None, gt=0, description="Largest absolute value of a latent's numbers; those beyond are drawn again."
    )
    noise_mode: NoiseMode | None = Field(default=None, description="Noise inside the generator, if it has any.")
    rotation: float = Field(default=0.0, description="Degrees by which what is generated is turned clockwise.")
    shift_right: float = Field(default=0.0, description="Sides of the image by which it is then moved right.")
    shift_down: float = Field(default=0.0, description="Likewise down.")
    at: int | None = Field(default=None, ge=0, description="Checkpoint at this many images seen. [default: the newest]")
    weights: Literal["ema", "raw"] = Field(default="ema", description="EMA or raw weights of the generator.")
    resolution: int | None = Field(
        default=None, ge=1, description="Resolution of a growing network. [default: that of its training]"
    )
    device: str = Field(default="auto", description="Device: auto, cpu, cuda, cuda:1, mps.")
