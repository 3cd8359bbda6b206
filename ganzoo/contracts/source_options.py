"""Source options: where a dataset's images are, in which source format, and what of it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, JsonValue, NonNegativeInt, PositiveInt, ValidationInfo, field_validator, model_validator

from ganzoo.contracts.reading import ReadingOptions
from ganzoo.errors import PluginError

Plane = Literal["axial", "coronal", "sagittal"]

_AXES = ("RL", "AP", "SI")
_PLANE_AXES: dict[str, tuple[int, int]] = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}
_AUTO = "auto"


class SourceOptions(ReadingOptions):
    """Where the images are and, for volumes and arrays, which of them are shown and how.

    A validation context may hold `part`, a function from kind and name to an installed part: then `source` is checked
    against the source formats that are installed.
    """

    root: Path = Field(description="Folder, archive or file that holds the images.")
    source: str | dict[str, JsonValue] = Field(
        default=_AUTO,
        description="Source format of root, by its name, or a table with 'name' and the format's own options; 'auto' "
        "looks.",
    )
    follow_links: bool = Field(default=False, description="Follow links that lead out of root.")
    per_subject: NonNegativeInt = Field(
        default=0,
        description="Number of successive images per subject, where images have no names of their own; 0: as "
        "the source states, or each image by itself.",
    )
    plane: Plane = Field(default="axial", description="Volumes: the plane of their slices.")
    orientation: str = Field(
        default="",
        description="Slices with a position in the body: which way is down and which right, such as 'PL' "
        "(posterior, left), the default "
        "for axial slices as 'IL' is for coronal and 'IP' for sagittal ones; 'stored': as in the file.",
    )
    slices: tuple[NonNegativeInt, NonNegativeInt] | None = Field(
        default=None, description="Volumes: number of the first and of the last slice used; default: all."
    )
    foreground: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Volumes: leave out slices of which less than this share is brighter than a twentieth of the "
        "window.",
    )
    spacing: Literal["square", "ignore"] = Field(
        default="square",
        description="Slices whose file states that their pixels are not square (voxels of 1 x 1 x 4 mm seen from the "
        "side): 'square' resamples them to square pixels of the smaller size, 'ignore' shows the pixels as they are.",
    )
    frame: PositiveInt | None = Field(
        default=None,
        description="Slices: height and width, in pixels, of the square around the center that is shown, after "
        "'spacing'; outside of the slice it is black.",
    )

    @field_validator("source")
    @classmethod
    def _is_installed(cls, value: str | dict[str, JsonValue], info: ValidationInfo) -> str | dict[str, JsonValue]:
        name = _name_in(value)
        if not isinstance(name, str):
            raise ValueError("needs a key 'name', the source format, next to that format's options")
        if value != _AUTO and (find := (info.context or {}).get("part")):
            try:
                own = find("source", name).cls.Options
            except PluginError as error:
                raise ValueError(f"{error}; or 'auto'") from None
            own.model_validate(_options_in(value))
        return value

    @field_validator("slices")
    @classmethod
    def _in_order(cls, value: tuple[int, int] | None) -> tuple[int, int] | None:
        if value and value[0] > value[1]:
            raise ValueError("needs [first, last] with first <= last")
        return value

    @model_validator(mode="after")
    def _lies_in_its_plane(self) -> SourceOptions:
        if self.orientation not in ("", "stored"):
            axes = [_axis_of(letter) for letter in self.orientation]
            if len(axes) != 2 or len(set(axes)) != 2 or set(axes) != set(_PLANE_AXES[self.plane]):
                letters = ", ".join("".join(_AXES[axis]) for axis in _PLANE_AXES[self.plane])
                raise ValueError(
                    f"orientation = {self.orientation!r} is not in the {self.plane} plane: it names what is down "
                    f"and what is right, one letter each of {letters}; or it is 'stored'"
                )
        return self

    @property
    def source_format(self) -> str | None:
        """The name of the source format that is stated; None where it is to be found out."""
        return None if self.source == _AUTO else str(_name_in(self.source))

    @property
    def format_options(self) -> dict[str, JsonValue]:
        """The options of the source format that are stated beside its name."""
        return _options_in(self.source)


def _name_in(source: str | dict[str, JsonValue]) -> JsonValue:
    return source if isinstance(source, str) else source.get("name")


def _options_in(source: str | dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {} if isinstance(source, str) else {key: value for key, value in source.items() if key != "name"}


def _axis_of(letter: str) -> int | None:
    """Return the number of the axis, 0 to 2 in right-anterior-superior order, that a letter lies on."""
    return next((number for number, letters in enumerate(_AXES) if letter and letter in letters), None)
