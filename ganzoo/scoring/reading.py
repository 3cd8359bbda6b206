"""Reading: images of a score pass by the metrics and the extractor, in one process or dealt out to several.

The first process decides what is read and says so; the others read their share of it until there is no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ganzoo._inference.sharing import collected, share_of
from ganzoo.contracts.metrics import Metric
from ganzoo.errors import RunError
from ganzoo.layers.ranks import Ranks
from ganzoo.scoring.features import LayerFeatures, extract
from ganzoo.scoring.image_set import ImageReader

_GROUP = 64  # groups of metrics and of the extractor are divisors of it
_LAYER = "layer "
_END = "end"


@dataclass(frozen=True)
class Reading:
    """What looks at images, and who shares the work.

    Attributes:
        module: The extractor's network; None where no metric reads a layer.
        layers: The layers that it gives.
        device: Where it is.
        ranks: The processes that share the work.
    """

    module: nn.Module | None
    layers: tuple[str, ...]
    device: torch.device | str
    ranks: Ranks = field(default_factory=Ranks)

    def begin(self, what: str) -> None:
        """Tell the other processes what is read next."""
        self.ranks.told(what)

    def end(self) -> None:
        """Let the other processes go: the rest is arithmetic."""
        self.ranks.told(_END)

    def follow(self, sets: Mapping[str, Callable[[], object]]) -> None:
        """Read along with the first process: each time the set that it names, until it ends.

        Raises:
            RunError: It reads what is unknown here.
            ProcessEnded: It is gone.
        """
        while (what := self.ranks.told()) != _END:
            if what not in sets:
                raise RunError(f"the first process reads '{what}', of which this one does not know")
            sets[what]()

    def of(
        self,
        batches: Callable[[range], Iterable[Tensor]],
        count: int,
        metrics: Sequence[Metric],
        *,
        extracting: bool,
        progress: Callable[[int], None] | None = None,
    ) -> tuple[LayerFeatures, ImageReader]:
        """Read `count` images; return their features, and what metrics keep of the images themselves.

        Args:
            batches: Yields some of them, uint8 `[n, C, R, R]`.
            count: How many there are.
            metrics: Those that look at the images themselves.
            extracting: Whether the extractor looks at them.
            progress: Called with how many are through.

        Returns:
            Both of all images in the first process, of none in the others.
        """
        size, rows = self.ranks.size, share_of(count, _GROUP, self.ranks)
        module, layers = (self.module, self.layers) if extracting else (None, ())
        reader = ImageReader(metrics, rows.start)
        found: LayerFeatures = {}

        def show(done: int) -> None:
            if progress is not None:
                progress(min(count, done * size))

        def work() -> Mapping[str, Tensor]:
            if not rows:
                return {}
            found.update(extract(module, reader.passing(batches(rows)), layers, device=self.device, progress=show))
            return {f"{_LAYER}{name}": values for name, values in found.items()} | reader.kept() if size > 1 else found

        parts = collected(self.ranks, work)
        if size == 1:
            return found, reader
        whole = ImageReader(metrics)
        whole.take_kept(parts)
        made = [part for part in parts if part]
        names = found if made else ()
        return {name: torch.cat([part[f"{_LAYER}{name}"] for part in made]) for name in names}, whole
