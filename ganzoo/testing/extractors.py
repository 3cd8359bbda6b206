"""Extractors: the properties of feature extractors; where weights are missing, all but those of the features."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ganzoo.contracts.extractor_capabilities import FeatureMaps, Perceptual
from ganzoo.contracts.extractors import Extractor, Layer, WeightsFile
from ganzoo.contracts.metric_input import PIXELS
from ganzoo.errors import WeightsError
from ganzoo.layers import Frozen
from ganzoo.testing.calls import draws
from ganzoo.testing.company import COUNT, Rows, check_company
from ganzoo.testing.component import COMPONENT
from ganzoo.testing.extractor_habits import HABITS
from ganzoo.testing.failure import NotAsked, doing, require
from ganzoo.testing.properties import Case, Property, Suite, able, gate
from ganzoo.testing.trial import Trial, require_all

_MAPS_SIDE = 64  # what most networks have maps of


@dataclass(eq=False)
class ExtractorCase(Case):
    """A feature extractor under test.

    Attributes:
        side: Resolution of the images to test with.
    """

    kind: ClassVar[str] = "extractor"
    base: ClassVar[type] = Extractor

    side: int = 32

    @cached_property
    def extractor(self) -> Extractor:
        """The extractor."""
        with doing("building it"):
            extractor: Extractor = self.cls(self.options)
        return extractor

    @cached_property
    def layers(self) -> list[str]:
        """The names of its layers."""
        return sorted({layer.name for layer in self.extractor.layers.values()})

    @cached_property
    def pixels(self) -> Tensor:
        """Images, uint8 `[4, 3, side, side]`."""
        rng = torch.Generator().manual_seed(5)
        return torch.randint(0, 256, (4, 3, self.side, self.side), generator=rng, dtype=torch.uint8)

    @cached_property
    def features(self) -> tuple[Tensor, ...]:
        """The features of these images, layer by layer."""
        return _features(self.extractor, self.layers, self.pixels)


def _check_built(case: ExtractorCase) -> None:
    require(isinstance(case.extractor, Extractor), f"is built as {type(case.extractor).__name__}")


def _check_layers(case: ExtractorCase) -> None:
    extractor = case.extractor
    label, layers = extractor.label, dict(extractor.layers)
    require(isinstance(label, str) and label.strip(), f"needs a label, found {label!r}")
    require(layers, "offers no layer")
    variant = extractor.variant()
    require(isinstance(variant, str), f"variant() must return a word, or an empty text, found {variant!r:.80}")
    for role, layer in layers.items():
        require(isinstance(role, str) and role.strip(), f"`layers` needs roles as keys, found {role!r}")
        require(isinstance(layer, Layer), f"`layers` must hold ganzoo.Layer, found {layer!r:.80} as {role!r}")
    require(PIXELS not in layers, f"the role {PIXELS!r} is that of the images themselves; name another")


def _check_weights(case: ExtractorCase) -> None:
    try:
        weights = case.extractor.weights()
    except WeightsError as error:
        raise NotAsked(f"its weights are not there: {str(error).splitlines()[0]}") from error
    except Exception as error:
        require(False, f"weights() raises {type(error).__name__}; raise ganzoo.WeightsError: {error}")
        return
    if weights is not None:
        require(isinstance(weights, WeightsFile), f"weights() must return Weights or None, found {weights!r:.80}")
        require(weights.path.is_file(), f"weights() names {weights.path}, which is no file")
        require(re.fullmatch("[0-9a-f]{64}", weights.sha256), "weights() gives no SHA-256 of 64 hex digits")


def _check_identity(case: ExtractorCase) -> None:
    extractor = case.extractor
    with doing("identity()"):
        identity, again = dict(extractor.identity()), dict(extractor.identity())
    require(identity, "identity() is empty; it must distinguish these features from all others")
    for key, value in identity.items():
        plain = isinstance(key, str) and isinstance(value, str | int | float | bool)
        require(plain, f"identity() must be plain data, text and numbers, found {key!r}: {type(value).__name__}")
    require(identity == again, "identity() differs from one call to the next")
    other = case.cls(case.options)
    require(identity == dict(other.identity()), "identity() is another one for each instance: no scores would compare")


def _check_features(case: ExtractorCase) -> None:
    extractor, layers, images, first = case.extractor, case.layers, case.pixels, case.features
    require(len(first) == len(layers), f"returns {len(first)} features for {len(layers)} layers")
    for layer, features in zip(layers, first, strict=True):
        require(
            features.dim() == 2 and len(features) == len(images),
            f"features of layer {layer!r} must be [N, D], found {list(features.shape)}",
        )
        stated = {each.width for each in extractor.layers.values() if each.name == layer} - {0}
        require(
            stated <= {features.shape[1]}, f"layer {layer!r} states the width {stated}, and has {features.shape[1]}"
        )
        require(torch.isfinite(features).all(), f"features of layer {layer!r} are not finite")
        require(not torch.equal(features[0], features[1]), f"features of layer {layer!r} are the same for every image")


def _check_perceptual(case: ExtractorCase) -> None:
    extractor: Any = case.extractor
    side = case.side
    images = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(6)) * 2 - 1
    images.requires_grad_()
    with doing("perceptual features of float images [N, 3, R, R]"):
        features = extractor.perceptual().eval()(images)
        require(
            features.dim() == 2 and len(features) == len(images),
            f"perceptual() must give features [N, D], found {list(features.shape)}",
        )
        distance = (features[0] - features[1]).square().sum()
        (slope,) = torch.autograd.grad(distance, images)
    require(torch.isfinite(slope).all() and slope.any(), "a perceptual distance has no usable slope to descend")
    _check_floats(extractor.perceptual().eval(), side, "perceptual features")


def _check_floats(network: nn.Module, side: int, what: str) -> None:
    """Require that what is made of float images has no chance in it, and belongs to each image alone."""
    images = torch.rand(COUNT, 3, side, side, generator=torch.Generator().manual_seed(8)) * 2 - 1
    drawn = draws(lambda: network(images))
    require(not drawn, f"{what} draw with {drawn}: the same images are to give the same each time")
    given = images.clone()

    def run(rows: Rows) -> tuple[Tensor, ...]:
        with torch.no_grad():
            found = network(given[list(rows)])
        return tuple(found) if isinstance(found, tuple | list) else (found,)

    check_company(run, f"{what} of float images", advice="; they are of one image, whatever stands beside it")
    network(given)
    require(torch.equal(given, images), f"{what} change the images that they are given in place; work on a copy")


def _check_maps(case: ExtractorCase) -> None:
    extractor: Any = case.extractor
    with doing(f"map_shapes({_MAPS_SIDE})"):
        stated = [tuple(shape) for shape in extractor.map_shapes(_MAPS_SIDE)]
        small = extractor.map_shapes(1)
    require(not small, f"map_shapes(1) gives {small!r:.80}; return none for images that are too small")
    images = torch.rand(2, 3, _MAPS_SIDE, _MAPS_SIDE, generator=torch.Generator().manual_seed(7)) * 2 - 1
    images.requires_grad_()
    with doing("feature maps of float images [N, 3, R, R]"):
        maps = Frozen(extractor.feature_maps())(images)
    require(isinstance(maps, tuple | list), f"its network of maps must return a tuple, found {type(maps).__name__}")
    found = [(each.shape[1], each.shape[2]) for each in maps if each.dim() == 4 and each.shape[2] == each.shape[3]]
    require(found == stated, f"map_shapes says (channels, side) {stated}, and its maps have {found}; finest first")
    for number, each in enumerate(maps):
        slope = None
        if each.requires_grad:
            (slope,) = torch.autograd.grad(each.square().sum(), images, retain_graph=True, allow_unused=True)
        require(
            slope is not None and slope.any() and torch.isfinite(slope).all(),
            f"no usable gradient of map {number} reaches the images: do not detach it, nor compute it without gradient",
        )
    _check_floats(extractor.feature_maps().eval(), _MAPS_SIDE, "feature maps")


def _features(extractor: Extractor, layers: list[str], images: Tensor) -> tuple[Tensor, ...]:
    with doing("features of uint8 images [N, 3, H, W]"), torch.no_grad():
        network = extractor.build(layers)
        require(isinstance(network, nn.Module), f"build must return a torch.nn.Module, found {network!r:.80}")
        features = network.eval()(images)
    require(isinstance(features, tuple), f"its network must return a tuple, found {type(features).__name__}")
    return features


EXTRACTOR = Suite(
    ExtractorCase,
    once=(
        *COMPONENT,
        gate("can be built", _check_built),
        gate("has a label, and layers by role", _check_layers),
        gate("says where its weights are", _check_weights),
        Property("its identity is plain data, always the same", _check_identity),
        Property("its features are finite, and differ between images", _check_features),
        *HABITS,
        Property("its perceptual features have a slope", _check_perceptual, able(Perceptual)),
        Property("its maps are as it says, with gradients", _check_maps, able(FeatureMaps)),
    ),
)


def check_extractor(cls: type[Extractor], options: Any = None, *, side: int = 32) -> None:
    """Check that a feature extractor keeps its contract; where its weights are missing, all but the features.

    Args:
        cls: The extractor.
        options: What to test it with; if None its `example_options`, or the defaults.
        side: Resolution of the images to test with.

    Raises:
        ConformanceError: Listing all that it fails: what was expected, and what was found.
    """
    require_all(Trial(EXTRACTOR, ExtractorCase(cls, options, side=side)))
