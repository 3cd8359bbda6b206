"""Drawing: a figure of a run, its requirements checked and what it is drawn from opened."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ganzoo._registry.blame import blaming, named
from ganzoo._registry.figures import FigureCatalog
from ganzoo.contracts.figures import CheckpointsFigure, Drawing, DrawsSeveral, Figure, RunsFigure
from ganzoo.errors import GanzooError, PluginError, RefusedError

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
        PluginError: There is no figure of that name, or it fails.
        RefusedError: The generator, or the run, lacks what the figure needs.
        GanzooError: An option of the view has no meaning for the figure.
    """
    chosen: Any = FigureCatalog.discover().load(figure)() if isinstance(figure, str) else figure
    if not isinstance(chosen, Figure):
        raise GanzooError(f"{chosen!r:.80} is no figure: give an object such as Grid(seeds=range(4)), or a name")
    if meaningless := sorted(chosen.without.intersection(viewed)):
        raise GanzooError(f"figure '{chosen.name}' takes no {meaningless[0]}; leave it out")
    if isinstance(chosen, RunsFigure):
        return drawn_from(chosen, [path])
    from ganzoo._inference.figure_requirements import check_figure_requirements

    generator = opened()
    check_figure_requirements(generator, chosen)
    if isinstance(chosen, CheckpointsFigure):
        from ganzoo._inference.checkpoints import Checkpoints

        return drawn_from(chosen, Checkpoints(generator))
    return drawn_from(chosen, generator)


def draw_several(figure: Figure, generators: Sequence[OpenedGenerator]) -> Drawing:
    """Draw generators of several runs side by side.

    Raises:
        RefusedError: The figure shows one alone, or a generator lacks what it needs.
        PluginError: It fails.
    """
    from ganzoo._inference.figure_requirements import check_figure_requirements

    if not isinstance(figure, DrawsSeveral):
        raise RefusedError(f"figure '{figure.name}' shows one run; name one")
    for generator in generators:
        check_figure_requirements(generator, figure)
    return drawn_from(figure, generators, figure.draw_several)


def drawn_from(figure: Figure, source: Any, draw: Callable[[Any], Any] | None = None) -> Drawing:
    """Let a figure draw, by its `draw` or another method, and judge what it gives.

    Raises:
        PluginError: It fails, or gives something that cannot be written.
    """
    with blaming("figure", type(figure)):
        drawn: Any = (draw or figure.draw)(source)
        texts = [name for name in ("name", "summary") if not isinstance(getattr(drawn, name, None), str)]
        lacking = [*texts, *([] if callable(getattr(drawn, "write", None)) else ["write"])]
    if lacking:
        raise PluginError(
            f"{named('figure', type(figure))}: its draw returns {drawn!r:.80}, which has no {lacking[0]} as "
            f"ganzoo.Drawing says; return a ganzoo.figures.FigureResult, or what has name, summary and write"
        )
    found: Drawing = drawn
    return found
