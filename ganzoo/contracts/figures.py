"""Figures: what a figure is drawn from, what it needs, and what it gives.

A figure is a frozen pydantic model: its fields are its options, of which its command is made. Its module imports no
torch, but `draw` may. An entry point of the group `ganzoo.figures` offers it: `grid = "ganzoo_figures.grid:Grid"`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError

from ganzoo.contracts._figure_errors import sentences
from ganzoo.contracts.component import PixelArray
from ganzoo.errors import GanzooError

PICTURES = (".png", ".svg", ".pdf")
FILMS = (".mp4", ".webp", ".gif")


def _as_tuple(value: Any) -> Any:
    """Return ranges, lists and arrays as pydantic and a frozen model have them; text is left to be refused."""
    return tuple(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes) else value


_Tuple = BeforeValidator(_as_tuple)
Seeds = Annotated[Sequence[int], _Tuple, Field(description="Seeds such as 0-7,100; the images of `ganzoo sample`.")]
Numbers = Annotated[Sequence[Annotated[float, Field(ge=-1e6, le=1e6)]], _Tuple]
Spans = Annotated[Sequence[tuple[int, int]], _Tuple]
Scale = Annotated[
    int | None,
    Field(ge=1, le=64, description="Enlargement of each image, a whole factor. [default: by resolution]"),
]


class Drawing(Protocol):
    """What a figure gives. Notebooks show it inline if it has `_repr_png_` or the like."""

    @property
    def name(self) -> str:
        """What its file is called, without the ending."""

    @property
    def summary(self) -> str:
        """What it found, in a sentence for the terminal, or nothing."""

    def write(self, path: Path) -> list[Path]:
        """Write it whole, and return the files."""


class Figure(BaseModel, ABC):
    """What shows or measures what a network learned. Subclass one of the four below, which say what it is drawn from.

    The first line of the class's docstring is its description; a line `Paper: ...` names its source.

    Attributes:
        name: Its name, that of its entry point.
        needs: Capabilities of the generator, any of which is enough, such as `(StyleBased,)`.
        tests_memorization: Whether its drawing has `memorization`, a `MemorizationVerdict`; its sidecar has it too.
        needs_dataset: Whether it shows real images, which an imported checkpoint has not.
        without: View options that have no meaning for it (see `ganzoo.figures.ViewOptions`).
        shares_images: Whether `ganzoo.figures.shared_rows` makes its images, which `--processes` and `--gpus` share.
        suffixes: How its file may end, the usual ending first; none: it writes a folder. Where both pictures and films
            are among them, a field `still: bool` chooses, which the command reads off the name after `--out`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: ClassVar[str]
    needs: ClassVar[tuple[type, ...]] = ()
    tests_memorization: ClassVar[bool] = False
    needs_dataset: ClassVar[bool] = False
    without: ClassVar[frozenset[str]] = frozenset()
    shares_images: ClassVar[bool] = False
    suffixes: ClassVar[tuple[str, ...]] = PICTURES

    def __init__(self, /, **options: Any) -> None:
        try:
            super().__init__(**options)
        except ValidationError as error:
            raise GanzooError("\n".join(sentences(self.name, type(self).model_fields, error))) from None

    @abstractmethod
    def draw(self, source: Any, /) -> Drawing:
        """Draw it from what its base says. The core has checked `needs` before."""


class GeneratorFigure(Figure):
    """Drawn from one generator: `draw` gets a `ganzoo.figures.OpenedGenerator`."""


class CheckpointsFigure(Figure):
    """Drawn from several checkpoints of one run: `draw` gets `ganzoo.figures.Checkpoints`."""

    without = frozenset({"at", "resolution"})


class RunsFigure(Figure):
    """Drawn from what one or several runs recorded: `draw` gets their folders, and no network is loaded."""


@runtime_checkable
class DrawsSeveral(Protocol):
    """A figure of one generator that can also show several side by side: its command then takes several runs."""

    def draw_several(self, generators: Sequence[Any], /) -> Drawing:
        """Draw them; gets two or more `ganzoo.figures.OpenedGenerator`, each of another run."""


def _targets(value: Any) -> Any:
    """Return a list of paths, or pixels, as they are."""
    if isinstance(value, str | Path):
        return (Path(value),)
    if hasattr(value, "ndim"):
        return value
    return tuple(Path(each) for each in value)


class TargetsFigure(Figure):
    """Drawn from one generator and given images: `draw` gets the generator, `images` are what was given.

    `ganzoo.figures.read_targets` reads them as the generator's own are made.
    """

    images: Annotated[Sequence[Path | str] | PixelArray, PlainValidator(_targets)] = Field(
        default=(), description="Image files, or folders of them."
    )
