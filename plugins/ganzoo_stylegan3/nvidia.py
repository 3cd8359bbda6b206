"""Importer of NVIDIA's pickles of StyleGAN3, of which nothing is executed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganzoo import CheckpointError, ForeignCheckpoint, ForeignNetwork, ImageSpec, Importer
from ganzoo.interchange import (
    Record,
    class_name,
    init_kwargs,
    is_persistent,
    module_state,
    persistent_record,
    renamed,
    submodules,
)
from ganzoo_stylegan3.generator import StyleGAN3Generator, planned
from ganzoo_stylegan3.layer import filters_between

_LAYER = r"L\d+_\d+_\d+"
_NAMES = (
    (r"mapping\.w_avg", "w_avg"),
    (r"mapping\.embed\.(weight|bias)", r"mapping.embedding.\1"),
    (r"mapping\.fc(\d+)\.(weight|bias)", r"mapping.layers.\1.\2"),
    (r"synthesis\.input\.(.+)", r"input.\1"),
    (r"synthesis\.L(\d+)_\d+_\d+\.(.+)", r"layers.\1.\2"),
)
# By the official name: ours, and the official default.
_OPTIONS: Mapping[str, tuple[str, Any]] = {
    "channel_base": ("channel_base", 32768),
    "channel_max": ("channel_max", 512),
    "num_layers": ("layers", 14),
    "num_critical": ("critical_layers", 2),
    "margin_size": ("margin", 10),
    "output_scale": ("output_scale", 0.25),
    "conv_clamp": ("clamp", 256),
    "magnitude_ema_beta": ("magnitude_beta", 0.999),
}
# What no option here changes.
_FIXED: Mapping[str, Any] = {
    "first_cutoff": 2,
    "first_stopband": 2**2.1,
    "last_stopband_rel": 2**0.3,
    "filter_size": 6,
    "lrelu_upsampling": 2,
}


class NvidiaStyleGAN3(Importer):
    """NVIDIA's PyTorch pickles of StyleGAN3-T and -R: their generators.

    Their discriminator is StyleGAN2's, and is not read. A transform that a file carries is part of its network.

    Paper: arXiv:2106.12423.
    """

    name = "nvidia-stylegan3"

    @classmethod
    def example_content(cls) -> Any:
        return {"G": _example(), "D": None, "G_ema": _example()}

    @classmethod
    def recognizes(cls, content: Any) -> bool:
        return isinstance(content, dict) and any(_is_generator(content.get(key)) for key in ("G_ema", "G"))

    @classmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        if not _is_generator(content.get("G_ema")):
            raise CheckpointError("it has no EMA generator (G_ema)")
        ema, images = _generator(content["G_ema"])
        generator = _generator(content["G"])[0] if _is_generator(content.get("G")) else None
        notes = ["its discriminator, StyleGAN2's, was not read"] if content.get("D") is not None else []
        if not torch.equal(ema.weights["input.transform"], torch.eye(3)):
            notes.append("what it generates is moved by a transform that the file carries")
        return ForeignCheckpoint(images, ema, generator, notes=tuple(notes))


def _is_generator(record: Any) -> bool:
    """Whether it is a StyleGAN3, but not one that others built on it (StyleGAN-XL)."""
    try:
        if not is_persistent(record) or class_name(record) != "Generator":
            return False
        inside = submodules(record)
        layers = submodules(inside["synthesis"])
        embeds = "embed_proj" in submodules(inside["mapping"])
        return not embeds and "input" in layers and any(re.fullmatch(_LAYER, name) for name in layers)
    except (CheckpointError, KeyError):
        return False


def _generator(record: Record) -> tuple[ForeignNetwork, ImageSpec]:
    given, state = init_kwargs(record), module_state(record)
    for name, value in _FIXED.items():
        if given.get(name, value) != value:
            raise CheckpointError(f"its {name} is {given[name]!r:.40}, and {value:.4g} alone is known here")
    options = _options(given, state)
    images = ImageSpec(_number(given, "img_resolution"), _number(given, "img_channels"), _number(given, "c_dim", 0))
    _check_filters(options, images, state)
    weights = {_our_name(name): value for name, value in state.items() if not name.endswith("_filter")}
    return ForeignNetwork(StyleGAN3Generator, options, weights), images


def _options(given: Mapping[str, Any], state: Mapping[str, Tensor]) -> Any:
    kernel, radial = given.get("conv_kernel", 3), given.get("use_radial_filters", False)
    if (kernel, radial) not in ((3, False), (1, True)):
        raise CheckpointError(
            f"its kernels are of size {kernel!r:.20} with radial filters {radial!r:.20}, which is neither T nor R"
        )
    mapping = sum(1 for name in state if re.fullmatch(r"mapping\.fc\d+\.weight", name))
    found = {ours: given.get(theirs, default) for theirs, (ours, default) in _OPTIONS.items()}
    try:
        return StyleGAN3Generator.Options(
            equivariance="rotation" if kernel == 1 else "translation",
            latent_dim=_number(given, "z_dim"),
            style_dim=_number(given, "w_dim"),
            mapping_layers=mapping,
            **found,
        )
    except ValueError as error:
        raise CheckpointError(f"its settings are none of a StyleGAN3 that is known here: {error}") from None


def _number(given: Mapping[str, Any], name: str, default: int | None = None) -> int:
    value = given.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 2**20:
        raise CheckpointError(f"its {name} is missing or damaged")
    return value


def _check_filters(options: Any, images: ImageSpec, state: Mapping[str, Tensor]) -> None:
    """Raise CheckpointError unless its layers and filters are those that are computed here."""
    expected = _layers(options, images)
    found = {parts[1] for name in state if re.fullmatch(_LAYER, (parts := name.split("."))[1])}
    if found != expected.keys():
        raise CheckpointError(f"its layers are not those of its settings, {', '.join(expected)}")
    for layer, filters in expected.items():
        for name, ours in filters.items():
            theirs = state.get(f"synthesis.{layer}.{name}")
            if theirs is None or theirs.shape != ours.shape or not torch.allclose(theirs.double(), ours, atol=1e-5):
                raise CheckpointError(f"its {layer}.{name} is another filter than the paper's, which is not known here")


def _layers(options: Any, images: ImageSpec) -> dict[str, dict[str, Tensor]]:
    """Return the filters of each layer, by their official names."""
    plan = planned(options, images)
    found = {f"L{number}_{band.size}_{band.channels}": dict[str, Tensor]() for number, band in enumerate(plan)}
    radial = options.equivariance == "rotation"
    for number, (layer, band) in enumerate(zip(list(found)[:-1], plan, strict=False)):
        critical = number >= options.layers - options.critical_layers
        filters = filters_between(plan[max(number - 1, 0)], band, radial=radial and not critical)
        found[layer] = dict(zip(("up_filter", "down_filter"), filters, strict=True))
    return found


def _our_name(official: str) -> str:
    for theirs, ours in _NAMES:
        if match := re.fullmatch(theirs, official):
            return match.expand(ours)
    raise CheckpointError(f"'{official}' is in no StyleGAN3 that is known here")


def _example() -> Record:
    """Return a small generator as a file holds it."""
    options, images = StyleGAN3Generator.example_options(Path()), ImageSpec(16, 3)
    layers = _layers(options, images)
    rules = [
        (r"w_avg", "mapping.w_avg", None),
        (r"mapping\.layers\.(\d+)\.(.+)", r"mapping.fc\1.\2", None),
        (r"input\.(.+)", r"synthesis.input.\1", None),
        *((rf"layers\.{number}\.(.+)", rf"synthesis.{name}.\1", None) for number, name in enumerate(layers)),
    ]
    state = renamed(StyleGAN3Generator(options, images).state_dict(), rules)
    for layer, filters in layers.items():
        state |= {f"synthesis.{layer}.{name}": value.float() for name, value in filters.items()}
    given = {theirs: getattr(options, ours) for theirs, (ours, _) in _OPTIONS.items()}
    sizes = {"z_dim": options.latent_dim, "w_dim": options.style_dim, "c_dim": 0}
    image = {"img_resolution": images.resolution, "img_channels": images.channels}
    return persistent_record("Generator", state, _init_kwargs=given | sizes | image)
