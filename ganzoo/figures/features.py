"""Features of a run's images: the extractor that it is scored by, or another, as figures use it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.contracts.component import PixelArray
from ganzoo.contracts.extractors import Extractor
from ganzoo.errors import RefusedError
from ganzoo.scoring.features import build_extractor, extract


def extractor_of(generator: OpenedGenerator, name: str | None = None) -> Extractor:
    """Return the extractor that the generator's run is scored by, or one by name with its default options.

    Raises:
        RefusedError: None was named, and the run was imported; or it cannot see images such as the generator's.
        PluginError: There is no such extractor.
    """
    found = _extractor(generator, name)
    if reason := type(found).cannot_see(found.options, generator.spec):
        raise RefusedError(f"{reason}; choose another extractor")
    return found


def _extractor(generator: OpenedGenerator, name: str | None) -> Extractor:
    if not generator.run.was_imported or name is None:
        chosen = generator.run.recipe.scoring.extractor
        if name in (None, chosen.name):
            found: Extractor = chosen.cls(chosen.options)
            return found
    assert name is not None, "an imported run has no recipe to ask"
    cls = generator.run.registry.part("extractor", name).cls
    found = cls(cls.Options())
    return found


def features_of(generator: OpenedGenerator, extractor: Extractor) -> Callable[[PixelArray], Tensor]:
    """Return a function from uint8 images `[N, C, R, R]` to features `[N, D]` on the CPU, float32.

    They are those of the extractor's layer `perceptual`, or of its first where it has none: that is the one in which
    distances are taken.

    Raises:
        WeightsError: The extractor's weights are not there.
    """
    layer = extractor.layers.get("perceptual", next(iter(extractor.layers.values()))).name
    module = build_extractor(extractor, (layer,), generator.device)

    def features(images: PixelArray) -> Tensor:
        return extract(module, [torch.from_numpy(images)], (layer,), device=generator.device)[layer]

    return features
