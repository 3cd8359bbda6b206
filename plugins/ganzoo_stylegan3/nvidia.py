"""Importer of NVIDIA's pickles of StyleGAN3, of which nothing is executed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from ganzoo import CheckpointError, ForeignCheckpoint, ForeignNetwork, ImageSpec, Importer
from ganzoo.interchange import (
    Record,
    attributes,
    class_name,
    init_args,
    init_kwargs,
    is_persistent,
    module_state,
    persistent_record,
    renamed,
    submodules,
)
from ganzoo.text import requirement
from ganzoo_stylegan3.generator import StyleGAN3Generator, layer_settings, planned
from ganzoo_stylegan3.layer import OVERSAMPLING, TAPS, filters_between
from ganzoo_stylegan3.plan import FIRST_CUTOFF, FIRST_STOPBAND, LAST_STOPBAND

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
    "first_cutoff": ("first_cutoff", FIRST_CUTOFF),
    "first_stopband": ("first_stopband", FIRST_STOPBAND),
    "last_stopband_rel": ("last_stopband", LAST_STOPBAND),
    "margin_size": ("margin", 10),
    "output_scale": ("output_scale", 0.25),
    "filter_size": ("filter_taps", TAPS),
    "lrelu_upsampling": ("oversampling", OVERSAMPLING),
    "conv_kernel": ("kernel", 3),
    "use_radial_filters": ("radial_filters", False),
    "conv_clamp": ("clamp", 256),
    "magnitude_ema_beta": ("magnitude_beta", 0.999),
}
_ARGUMENTS = ("z_dim", "c_dim", "w_dim", "img_resolution", "img_channels", "mapping_kwargs")  # in their order


class NvidiaStyleGAN3(Importer):
    """NVIDIA's PyTorch pickles of StyleGAN3-T and -R: their generators.

    Their discriminator is StyleGAN2's, whose importer is asked for it. A transform that a file carries is part of its
    network.

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
        notes = []
        if not torch.equal(ema.weights["input.transform"], torch.eye(3)):
            notes.append("what it generates is moved by a transform that the file carries")
        # StyleGAN2's, which the importer of that plugin reads.
        judged = content.get("D") is not None
        return ForeignCheckpoint(images, ema, generator, notes=tuple(notes), discriminator_elsewhere=judged)


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
    given = dict(zip(_ARGUMENTS, init_args(record), strict=False)) | init_kwargs(record)
    state = module_state(record)
    options = _options(given | _learned(record), state)
    images = ImageSpec(_number(given, "img_resolution"), _number(given, "img_channels"), _number(given, "c_dim", 0))
    _check_filters(options, images, state)
    _check_layers(options, submodules(record)["synthesis"])
    weights = {_our_name(name): value for name, value in state.items() if not name.endswith("_filter")}
    return ForeignNetwork(StyleGAN3Generator, options, weights), images


def _learned(record: Record) -> dict[str, Any]:
    """Return what is given to the mapping network, by the official names of its attributes."""
    mapping = submodules(record)["mapping"]
    layers = [layer for name, layer in submodules(mapping).items() if re.fullmatch(r"fc\d+", name)]
    for layer in layers:
        if (activation := attributes(layer).get("activation", "lrelu")) != "lrelu":
            raise CheckpointError(
                f"its mapping network has activations {activation!r:.20}, and leaky ReLU alone is known here"
            )
    # A layer keeps its factor as the gain of its bias (`bias_gain = lr_multiplier`).
    rates = {attributes(layer).get("bias_gain", 0.01) for layer in layers}
    if not layers:
        raise CheckpointError("its mapping network has no layers, and one at least is known here")
    if len(rates) != 1:
        raise CheckpointError("the layers of its mapping network have different factors on their learning rate")
    beta = attributes(mapping).get("w_avg_beta", 0.998)
    return {"lr_multiplier": rates.pop(), "w_avg_beta": beta}


def _options(given: Mapping[str, Any], state: Mapping[str, Tensor]) -> Any:
    found = {ours: given.get(theirs, default) for theirs, (ours, default) in _OPTIONS.items()}
    kernel, radial = found["kernel"], found["radial_filters"]
    rotates = (kernel, radial) == (1, True)
    if rotates or (kernel, radial) == (3, False):  # T and R by their names
        del found["kernel"], found["radial_filters"]
    beta = given["w_avg_beta"]
    if isinstance(beta, int | float) and beta < 1:  # at 1, the mean would not be tracked any further
        found["w_avg_beta"] = beta
    if (halves := given.get("num_fp16_res", 4)) != 0:
        found["half_resolutions"] = halves
    try:
        options = StyleGAN3Generator.Options(
            equivariance="rotation" if rotates else "translation",
            latent_dim=_number(given, "z_dim"),
            style_dim=_number(given, "w_dim"),
            mapping_layers=sum(1 for name in state if re.fullmatch(r"mapping\.fc\d+\.weight", name)),
            mapping_lr_multiplier=given["lr_multiplier"],
            **found,
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        theirs = next((official for official, (ours, _) in _OPTIONS.items() if ours == name), name)
        wanted = requirement(first["type"], first["msg"])
        raise CheckpointError(f"its {theirs} is {first['input']!r:.40}, and here it {wanted}") from None
    if options.critical_layers >= options.layers:
        raise CheckpointError(f"its num_critical is {options.critical_layers}, of {options.layers} layers in all")
    return options


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
            # Where there is nothing to filter, files have none.
            theirs = state.get(f"synthesis.{layer}.{name}", torch.ones(1))
            rounding = torch.finfo(theirs.dtype).eps if theirs.is_floating_point() else 0.0
            if theirs.shape != ours.shape or not torch.allclose(theirs.double(), ours, rtol=rounding, atol=1e-5):
                raise CheckpointError(f"its {layer}.{name} is another filter than that of its settings")


def _check_layers(options: Any, synthesis: Record) -> None:
    """Raise CheckpointError where a module says otherwise than the settings: someone may have changed it since."""
    said = {"output_scale": options.output_scale, "conv_clamp": options.clamp}
    for name, module in [("synthesis", synthesis), *submodules(synthesis).items()]:
        for key, value in said.items():
            if (found := attributes(module).get(key, value)) != value:
                raise CheckpointError(f"its {name}.{key} is {found!r:.40}, not {value!r:.40} as its settings say")


def _layers(options: Any, images: ImageSpec) -> dict[str, dict[str, Tensor]]:
    """Return the filters of each layer, by their official names."""
    plan, settings = planned(options, images), layer_settings(options)
    found = {f"L{number}_{band.size}_{band.channels}": dict[str, Tensor]() for number, band in enumerate(plan)}
    for number, (layer, band) in enumerate(zip(list(found)[:-1], plan, strict=False)):
        critical = number >= options.layers - options.critical_layers
        filters = filters_between(plan[max(number - 1, 0)], band, settings, critical=critical)
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
    given |= {"conv_kernel": 3, "use_radial_filters": False}
    sizes = {"z_dim": options.latent_dim, "w_dim": options.style_dim, "c_dim": 0}
    image = {"img_resolution": images.resolution, "img_channels": images.channels}
    return persistent_record("Generator", state, _init_kwargs=given | sizes | image)
