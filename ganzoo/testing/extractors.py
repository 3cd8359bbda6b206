"""Conformance of feature extractors."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.contracts.capabilities import Perceptual
from ganzoo.contracts.extractors import Extractor, Layer, WeightsFile
from ganzoo.contracts.metric_input import PIXELS
from ganzoo.errors import WeightsError
from ganzoo.testing.failure import Judge
from ganzoo.testing.options import check_component


def check_extractor(cls: type[Extractor], options: Any = None, *, side: int = 32) -> None:
    """Check that a feature extractor keeps its contract; where its weights are missing, all but the features.

    Args:
        cls: The extractor.
        options: What to test it with; the defaults of its options if None.
        side: Resolution of the images to test with.

    Raises:
        ConformanceError: Naming the part, what was expected, and what was found.
    """
    judge = Judge(cls, "extractor")
    options = check_component(cls, Extractor, options, judge)
    with judge.doing("building it"):
        extractor = cls(options)
    _check_layers(extractor, judge)
    if not _has_weights(extractor, judge):
        return
    _check_identity(extractor, judge)
    _check_features(extractor, side, judge)
    if isinstance(extractor, Perceptual):
        _check_perceptual(extractor, side, judge)


def _check_layers(extractor: Extractor, judge: Judge) -> None:
    label, layers = extractor.label, dict(extractor.layers)
    judge.require(isinstance(label, str) and label.strip(), f"needs a label, found {label!r}")
    judge.require(layers, "offers no layer")
    variant = extractor.variant()
    judge.require(isinstance(variant, str), f"variant() must return a word, or an empty text, found {variant!r:.80}")
    for role, layer in layers.items():
        judge.require(isinstance(role, str) and role.strip(), f"`layers` needs roles as keys, found {role!r}")
        judge.require(isinstance(layer, Layer), f"`layers` must hold ganzoo.Layer, found {layer!r:.80} as {role!r}")
    judge.require(PIXELS not in layers, f"the role {PIXELS!r} is that of the images themselves; name another")


def _has_weights(extractor: Extractor, judge: Judge) -> bool:
    try:
        weights = extractor.weights()
    except WeightsError:
        return False
    except Exception as error:
        judge.require(False, f"weights() raises {type(error).__name__}; raise ganzoo.WeightsError: {error}")
        raise
    if weights is not None:
        judge.require(isinstance(weights, WeightsFile), f"weights() must return Weights or None, found {weights!r:.80}")
        judge.require(weights.path.is_file(), f"weights() names {weights.path}, which is no file")
        judge.require(re.fullmatch("[0-9a-f]{64}", weights.sha256), "weights() gives no SHA-256 of 64 hex digits")
    return True


def _check_identity(extractor: Extractor, judge: Judge) -> None:
    with judge.doing("identity()"):
        identity, again = dict(extractor.identity()), dict(extractor.identity())
    judge.require(identity, "identity() is empty; it must distinguish these features from all others")
    for key, value in identity.items():
        plain = isinstance(key, str) and isinstance(value, str | int | float | bool)
        judge.require(plain, f"identity() must be plain data, found {key!r}: {type(value).__name__}")
    judge.require(identity == again, "identity() differs from one call to the next")


def _check_features(extractor: Extractor, side: int, judge: Judge) -> None:
    layers = sorted({layer.name for layer in extractor.layers.values()})
    rng = torch.Generator().manual_seed(5)
    images = torch.randint(0, 256, (4, 3, side, side), generator=rng, dtype=torch.uint8)
    first = _features(extractor, layers, images, judge)
    judge.require(len(first) == len(layers), f"returns {len(first)} features for {len(layers)} layers")
    for layer, features in zip(layers, first, strict=True):
        judge.require(
            features.dim() == 2 and len(features) == len(images),
            f"features of layer {layer!r} must be [N, D], found {list(features.shape)}",
        )
        stated = {each.width for each in extractor.layers.values() if each.name == layer} - {0}
        judge.require(
            stated <= {features.shape[1]}, f"layer {layer!r} states the width {stated}, and has {features.shape[1]}"
        )
        judge.require(torch.isfinite(features).all(), f"features of layer {layer!r} are not finite")
        judge.require(
            not torch.equal(features[0], features[1]), f"features of layer {layer!r} are the same for every image"
        )
    again = _features(extractor, layers, images, judge)
    same = all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    judge.require(same, "built twice, it gives different features for the same images")


def _check_perceptual(extractor: Perceptual, side: int, judge: Judge) -> None:
    images = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(6)) * 2 - 1
    images.requires_grad_()
    with judge.doing("perceptual features of float images [N, 3, R, R]"):
        features = extractor.perceptual().eval()(images)
        judge.require(
            features.dim() == 2 and len(features) == len(images),
            f"perceptual() must give features [N, D], found {list(features.shape)}",
        )
        distance = (features[0] - features[1]).square().sum()
        (slope,) = torch.autograd.grad(distance, images)
    judge.require(torch.isfinite(slope).all() and slope.any(), "a perceptual distance has no usable slope to descend")


def _features(extractor: Extractor, layers: list[str], images: Tensor, judge: Judge) -> tuple[Tensor, ...]:
    with judge.doing("features of uint8 images [N, 3, H, W]"), torch.no_grad():
        network = extractor.build(layers)
        judge.require(isinstance(network, nn.Module), f"build must return a torch.nn.Module, found {network!r:.80}")
        features = network.eval()(images)
    judge.require(isinstance(features, tuple), f"its network must return a tuple, found {type(features).__name__}")
    return features
