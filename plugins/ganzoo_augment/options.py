"""Options of the transforms: which there are, and how strong each is."""

from __future__ import annotations

from pydantic import Field, NonNegativeFloat

from ganzoo import ComponentOptions


def _switch(what: str) -> bool:
    switch: bool = Field(default=True, description=what)
    return switch


class PipeOptions(ComponentOptions):
    """Switches and strengths of the transforms; the defaults are the paper's (appendix B)."""

    # Strengths: arXiv:2006.06676, appendix B, as in the official augment.py.
    x_flip: bool = _switch("Mirror left-right. Wrong where sides matter (knees).")
    rotate90: bool = _switch("Turn by 0, 90, 180 or 270 degrees.")
    integer_translation: bool = _switch("Shift by whole pixels.")
    integer_translation_range: float = Field(
        default=0.125, ge=0, le=1, description="Longest shift, as a share of the image."
    )
    scale: bool = _switch("Enlarge or shrink.")
    scale_std: NonNegativeFloat = Field(default=0.2, description="Deviation of log2 of the factor.")
    rotation: bool = _switch("Turn by any angle, before and after the anisotropic scale.")
    rotation_range: float = Field(default=180.0, ge=0, le=180, description="Largest angle either way, in degrees.")
    anisotropic_scale: bool = _switch("Stretch along one axis, squeeze along the other.")
    anisotropic_scale_std: NonNegativeFloat = Field(default=0.2, description="Deviation of log2 of the factor.")
    fractional_translation: bool = _switch("Shift by parts of a pixel.")
    fractional_translation_std: NonNegativeFloat = Field(
        default=0.125, description="Deviation of the shift, as a share of the image."
    )
    brightness: bool = _switch("Add a number to all intensities.")
    brightness_std: NonNegativeFloat = Field(default=0.2, description="Deviation, where intensities are in [-1, 1].")
    contrast: bool = _switch("Multiply all intensities.")
    contrast_std: NonNegativeFloat = Field(default=0.5, description="Deviation of log2 of the factor.")
    luma_flip: bool = _switch("Turn light to dark and dark to light, keeping hues. Wrong for MRI.")
    hue: bool = _switch("Turn the hues of color images; gray ones are left alone.")
    hue_range: float = Field(default=180.0, ge=0, le=180, description="Largest angle either way, in degrees.")
    saturation: bool = _switch("Strengthen or weaken colors; gray images are left alone.")
    saturation_std: NonNegativeFloat = Field(default=1.0, description="Deviation of log2 of the factor.")
