"""Extractors' habits: features of an image alone, of no chance, of images that stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.errors import GanzooError
from ganzoo.testing.calls import draws
from ganzoo.testing.company import COUNT, Rows, alike, check_company
from ganzoo.testing.devices import check_device
from ganzoo.testing.extractor_sizes import check_sizes
from ganzoo.testing.failure import doing, require
from ganzoo.testing.properties import Property
from ganzoo.testing.wrapping import check_no_wrapping


def _network(case: Any, layers: Sequence[str]) -> nn.Module:
    with doing("build(layers)"):
        network: nn.Module = case.extractor.build(list(layers)).eval()
    return network


def _features(network: nn.Module, images: Tensor) -> tuple[Tensor, ...]:
    with torch.no_grad():
        found: tuple[Tensor, ...] = network(images)
    return found


def _images(case: Any) -> Tensor:
    """Return images of which each has brighter lights than the one before."""
    noise = torch.rand(COUNT, 3, case.side, case.side, generator=torch.Generator().manual_seed(8))
    return (noise * torch.linspace(64, 256, COUNT).view(-1, 1, 1, 1)).to(torch.uint8)


def check_chance(case: Any) -> None:
    """Require that no number of torch's global stream is in the features: scores would differ from run to run."""
    built = _network(case, case.layers)
    # First what a forward draws: weights of layers that are filled afterwards are drawn too, and hide it.
    drawn = draws(lambda: _features(built, case.pixels)) or draws(lambda: case.extractor.build(case.layers))
    first, again = case.features, _features(_network(case, case.layers), case.pixels)
    require(
        all(torch.equal(one, two) for one, two in zip(first, again, strict=True)),
        f"built twice, it gives different features for the same images: it draws with {drawn or 'something'} from "
        f"torch's global stream; draw from a torch.Generator of a fixed seed, or not at all",
    )


def check_alone(case: Any) -> None:
    """Require that features belong to images: scores must not depend on how many go through at once."""
    network = _network(case, case.layers)
    training = [name or "itself" for name, each in network.named_modules() if each.training]
    left = f"; after eval(), {', '.join(training[:3])} is in training mode: does it override train()?"
    images = _images(case)

    def run(rows: Rows) -> tuple[Tensor, ...]:
        return _features(_network(case, case.layers), images[list(rows)])

    advice = "; features are of one image, whatever is extracted beside it" + left * bool(training)
    check_company(run, "extraction", names=[f"layer {each!r}" for each in case.layers], advice=advice)


def check_identity_of_options(case: Any) -> None:
    """Require that options which make other features make another identity: scores of both would share a column."""
    identity = dict(case.extractor.identity())
    for name, value in case.options.model_dump(mode="json").items():
        if not isinstance(value, bool | int | float):
            continue
        other = _with(case, name, not value if isinstance(value, bool) else value + 1)
        if other is None or dict(other.identity()) != identity:
            continue
        try:
            network = other.build(list(case.layers))
        except GanzooError:  # weights that are not here, or no such network
            continue
        with doing(f"features with another {name!r}"):
            found = _features(network.eval(), case.pixels)
        require(
            all(alike(one, two) for one, two in zip(case.features, found, strict=True)),
            f"gives other features with another {name!r}, and the same identity(), so that unlike scores would be "
            f"compared; put {name!r} into identity()",
        )


def _with(case: Any, name: str, value: Any) -> Any:
    """Return the extractor with another value of one option; None where there is no such."""
    try:
        return case.cls(type(case.options).model_validate(case.options.model_dump(mode="json") | {name: value}))
    except (ValueError, GanzooError):
        return None


def check_memory(case: Any) -> None:
    """Require that features do not depend on earlier images."""
    network, images = _network(case, case.layers), _images(case)
    first, again = _features(network, images), _features(network, images)
    require(
        all(alike(one, two) for one, two in zip(first, again, strict=True)),
        "the same images give other features the second time: the network keeps something of an earlier call",
    )


def check_images_kept(case: Any) -> None:
    """Require that the images stay what they are: other metrics read them too."""
    images = case.pixels.clone()
    _features(_network(case, case.layers), images)
    require(torch.equal(images, case.pixels), "changes the images that it is given; work on a copy")


def check_channels(case: Any) -> None:
    """Require that all three channels count: gray images come as three equal ones, and color is seen."""
    network = _network(case, case.layers)
    for channel in range(case.pixels.shape[1]):
        changed = case.pixels.clone()
        changed[:, channel] = 255 - changed[:, channel]
        same = all(torch.equal(one, two) for one, two in zip(case.features, _features(network, changed), strict=True))
        require(not same, f"features do not depend on channel {channel} of the images; read all of them")


def check_eight_bits(case: Any) -> None:
    """Require that pixels are not calculated with in 8 bits."""
    network = _network(case, case.layers)
    check_no_wrapping(lambda: network(case.pixels))


def check_place(case: Any) -> None:
    """Require that it computes where it is moved to."""
    check_device(_network(case, case.layers), lambda network: network(case.pixels.to("meta")), "extraction")


def check_types(case: Any) -> None:
    """Require float32: halves have too few digits for covariances."""
    for layer, features in zip(case.layers, case.features, strict=True):
        require(
            features.dtype is torch.float32,
            f"features of layer {layer!r} are {str(features.dtype).removeprefix('torch.')}; return float32",
        )


def check_asked_layers(case: Any) -> None:
    """Require the layers that were asked for, in that order, and no others."""
    for asked in (*([each] for each in case.layers), case.layers[::-1]):
        found = _features(_network(case, asked), case.pixels)
        require(
            isinstance(found, tuple) and len(found) == len(asked),
            f"build({asked!r}) gives {len(found)} features; a tuple with one tensor for each layer that is asked for, "
            f"also for one layer",
        )
        expected = [case.features[case.layers.index(each)] for each in asked]
        same = all(alike(one, two) for one, two in zip(found, expected, strict=True))
        require(same, f"build({asked!r}) gives other features than these layers have; keep the order of `layers`")


_FEATURES = "its features are finite, and differ between images"
HABITS = (
    Property("built twice, it gives the same features", check_chance),
    Property("features are of one image alone", check_alone, needs=_FEATURES),
    Property("its identity changes with options that change features", check_identity_of_options, needs=_FEATURES),
    Property("features do not depend on earlier images", check_memory, needs=_FEATURES),
    Property("images stay as they are", check_images_kept, needs=_FEATURES),
    Property("takes images of any size", check_sizes, needs=_FEATURES),
    Property("reads all channels", check_channels, needs=_FEATURES),
    Property("calculates with more than 8 bits", check_eight_bits, needs=_FEATURES),
    Property("computes on the device that it is moved to", check_place, needs=_FEATURES),
    Property("features are float32", check_types, needs=_FEATURES),
    Property("gives the layers that are asked for, in their order", check_asked_layers, needs=_FEATURES),
)
