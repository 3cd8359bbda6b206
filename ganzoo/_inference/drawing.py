"""Drawing: a figure of a run, its requirements checked and what it is drawn from opened."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ganzoo._registry.figures import FigureCatalog
from ganzoo.contracts.figures import CheckpointsFigure, Drawing, Figure, RunsFigure
from ganzoo.errors import GanzooError

if TYPE_CHECKING:
    from ganzoo._inference.opened_generator import OpenedGenerator

DrawingT_co = TypeVar("DrawingT_co", covariant=True)


class Drawable(Protocol[DrawingT_co]):
    """A figure as a type checker sees it: what `Run.draw` returns is what its `draw` does."""

    def draw(self, source: Any, /) -> DrawingT_co:
        """See `Figure.draw`."""


def draw(path: Path, figure: Any, viewed: Collection[str], opened: Callable[[], OpenedGenerator]) -> Drawing:
    """Draw a figure of a run.

    Args:
        path: The run's folder.
        figure: The figure with its options, or the name of one, which then has its defaults.
        viewed: View options that were given.
        opened: Opens the generator, seen as they say.

    Raises:
        PluginError: There is no figure of that name.
        RefusedError: The generator, or the run, lacks what the figure needs.
        GanzooError: An option of the view has no meaning for the figure.
    """
    chosen: Any = FigureCatalog.discover().load(figure)() if isinstance(figure, str) else figure
    if not isinstance(chosen, Figure):
        raise GanzooError(f"{chosen!r:.80} is no figure: give an object such as Grid(seeds=range(4)), or a name")
    if meaningless := sorted(chosen.without.intersection(viewed)):
        raise GanzooError(f"figure '{chosen.name}' takes no {meaningless[0]}; leave it out")
    if isinstance(chosen, RunsFigure):
        return chosen.draw([path])
    from ganzoo._inference.figure_requirements import check_figure_requirements

    generator = opened()
    check_figure_requirements(generator, chosen)
    if isinstance(chosen, CheckpointsFigure):
        from ganzoo._inference.checkpoints import Checkpoints

        return chosen.draw(Checkpoints(generator))
    return chosen.draw(generator)
