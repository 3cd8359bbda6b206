"""Cost of a score, measured before it starts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from ganzoo.contracts.extractors import Extractor
from ganzoo.contracts.metric_input import PIXELS
from ganzoo.contracts.networks import Generator
from ganzoo.data.pack.pack import Pack
from ganzoo.scoring.features import build_extractor, extract, generated_batches, layer_roles, layers_for, roles_for
from ganzoo.scoring.floor import floor_protocol
from ganzoo.scoring.protocol import ScoringProtocol
from ganzoo.scoring.reference import is_cached

_SAMPLE = 16
_OPERATIONS_PER_SECOND = 5e10


@dataclass(frozen=True)
class Cost:
    """What a score will take.

    Attributes:
        images: Images that go through the extractor: generated ones, and real ones whose features are not cached.
        seconds: Expected time, measured for generating and extracting, roughly estimated for the statistics.
        memory_bytes: Expected memory for features and statistics.
        reference_cached: Whether the real images' features are there already.
    """

    images: int
    seconds: float
    memory_bytes: int
    reference_cached: bool

    def __str__(self) -> str:
        reals = "the reference is cached" if self.reference_cached else "with the reference"
        time_text = f"{self.seconds / 60:.0f} min" if self.seconds >= 120 else f"{max(1, round(self.seconds))} s"
        return f"{self.images:,} images to extract ({reals}): about {time_text}, {self.memory_bytes / 1e9:.1f} GB"


def estimate(
    generator: Generator,
    pack: Pack,
    protocol: ScoringProtocol,
    extractor: Extractor,
    *,
    device: torch.device | str,
    module: torch.nn.Module | None = None,
    cache: Path | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Cost:
    """Time a small batch of the real generator and extractor, and say what the whole score will cost.

    Arguments are those of `score`, and `clock`: `time.process_time` counts the seconds of all processors.
    """
    layers = layers_for(protocol, reference=False)
    module = module or (build_extractor(extractor, layers, device) if layers else None)
    sample = min(_SAMPLE, protocol.generated)
    few = list(generated_batches(generator, pack, protocol, device=device, count=1))
    extract(module, few, layers, device=device)  # the first call is slow everywhere
    start = clock()
    batches = list(generated_batches(generator, pack, protocol, device=device, count=sample))
    between = clock()
    features = extract(module, batches, layers, device=device)
    end = clock()
    cached = is_cached(protocol, device=device, root=cache) or not layers_for(protocol, reference=True)
    images = protocol.generated + (0 if cached else protocol.reference_images)
    stand_ins = floor_protocol(pack, protocol)
    if stand_ins and layers_for(stand_ins, reference=True) and not is_cached(stand_ins, device=device, root=cache):
        images += stand_ins.reference_images
    widths = {layer: values.shape[1] for layer, values in features.items()}
    seconds = (protocol.generated * (between - start) + images * (end - between)) / sample
    drawn = sum(metric.images_drawn() for metric in protocol.metrics)
    seconds += drawn * (end - start) / sample + _statistics_seconds(protocol, widths, batches[0][0].numel())
    if PIXELS in roles_for(protocol, reference=False):
        widths[PIXELS] = batches[0][0].numel()
    return Cost(images, seconds, _memory(protocol, widths), cached)


def _statistics_seconds(protocol: ScoringProtocol, widths: Mapping[str, int], pixels: int) -> float:
    """Return what the metrics say that their arithmetic takes; what is no layer's is read of the pixels."""
    layer_of = dict(protocol.layers)
    counts = protocol.generated, protocol.reference_images
    operations = 0.0
    for metric in protocol.metrics:
        theirs = layer_roles(metric)
        width = sum(widths[layer_of[role]] for role in theirs) + pixels * (len(metric.reads) > len(theirs))
        operations += metric.cost(*counts, width, protocol.jackknife_blocks)
    return operations / _OPERATIONS_PER_SECOND


def _memory(protocol: ScoringProtocol, widths: Mapping[str, int]) -> int:
    features = [width for layer, width in widths.items() if layer != PIXELS]
    images = protocol.generated + protocol.reference_images
    widest = max(features, default=0)
    doubles = (2 * protocol.generated + protocol.reference_images + 3 * widest) * widest
    return images * (4 * sum(features) + widths.get(PIXELS, 0)) + 8 * doubles
