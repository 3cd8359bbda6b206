"""Importers of NVIDIA's pickles of StyleGAN2: PyTorch's (StyleGAN2-ADA, StyleGAN3's StyleGAN2) and TensorFlow's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ganzoo import CheckpointError, ForeignCheckpoint, ForeignNetwork, ImageSpec, Importer
from ganzoo.interchange import (
    Record,
    TensorFlowNetwork,
    attributes,
    is_network,
    is_persistent,
    module_state,
    network_of,
    submodules,
)
from ganzoo_stylegan2 import examples
from ganzoo_stylegan2.official import LR_MULTIPLIER, Facts, discriminator_of, generator_of, tracking
from ganzoo_stylegan2.relatives import named_relative
from ganzoo_stylegan2.tensorflow import discriminator_state, facts_of, generator_state, has_weights, is_stylegan2


class NvidiaPyTorch(Importer):
    """NVIDIA's PyTorch pickles of StyleGAN2: StyleGAN2-ADA's, and StyleGAN3's of its StyleGAN2 configurations.

    Paper: arXiv:2006.06676 (StyleGAN2-ADA), arXiv:2106.12423 (StyleGAN3).
    """

    name = "nvidia-stylegan2-pytorch"

    @classmethod
    def example_content(cls) -> Any:
        return examples.nvidia_pytorch()

    @classmethod
    def recognizes(cls, content: Any) -> bool:
        if not isinstance(content, dict):
            return False
        networks = [content.get(key) for key in ("G_ema", "G") if is_persistent(content.get(key))]
        return any(_is_generator(network) for network in networks)

    @classmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        records = {key: content[key] for key in ("G_ema", "G", "D") if is_persistent(content.get(key))}
        if "G_ema" not in records:
            raise CheckpointError("it has no EMA generator (G_ema)")
        ema, images = generator_of(module_state(records["G_ema"]), _generator_facts(records["G_ema"]))
        generator, discriminator, notes = None, None, []
        if "G" in records:
            generator, _ = generator_of(module_state(records["G"]), _generator_facts(records["G"]))
        judge = module_state(records["D"]) if "D" in records else None
        if judge is not None and images.label_dim and _ignores_classes(judge):
            notes.append("its discriminator is left out: it ignores the classes, which no part here does")
        elif judge is not None:
            discriminator = discriminator_of(judge, _discriminator_facts(records["D"]), images.label_dim)
        if ema.options.clamp:
            notes.append(f"its convolutions are bounded by {ema.options.clamp:g}, for training in float16")
        return ForeignCheckpoint(images, ema, generator, discriminator, notes=tuple(notes))

    @classmethod
    def read_discriminator(cls, content: Any, images: ImageSpec) -> ForeignNetwork | None:
        record = content.get("D") if isinstance(content, dict) else None
        if record is None or not _is_discriminator(record):
            return None
        state = module_state(record)
        if images.label_dim and _ignores_classes(state):
            raise CheckpointError("it ignores the classes, which no part here does")
        return discriminator_of(state, _discriminator_facts(record), images.label_dim)

    @classmethod
    def refusal(cls, content: Any) -> str | None:
        return named_relative(content)


class NvidiaTensorFlow(Importer):
    """NVIDIA's TensorFlow pickles of StyleGAN2 (configurations B to F) and of StyleGAN2-ADA.

    Of configurations B to D, which grow, the final resolution is read.

    Paper: arXiv:1912.04958.
    """

    name = "nvidia-stylegan2-tensorflow"

    @classmethod
    def example_content(cls) -> Any:
        return examples.nvidia_tensorflow()

    @classmethod
    def recognizes(cls, content: Any) -> bool:
        networks = _networks(content)
        return bool(networks) and is_stylegan2(networks[-1])

    @classmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        networks = _networks(content)
        found = [network for network in networks if is_stylegan2(network)]
        ema, images = generator_of(*_tensorflow_generator(found[-1]))
        generator = generator_of(*_tensorflow_generator(found[0]))[0] if len(found) > 1 else None
        others = [network for network in networks if network not in found and has_weights(network)]
        discriminator = None
        if others:
            state = discriminator_state(others[0])
            discriminator = discriminator_of(state, facts_of(others[0]), images.label_dim)
        notes = ("of its growing networks, the final resolution alone was read",) if _grows(found[-1]) else ()
        return ForeignCheckpoint(images, ema, generator, discriminator, notes=notes)


def _networks(content: Any) -> list[TensorFlowNetwork]:
    """Return G, D, Gs of a pickle, or the one network that it holds; nothing where it is another file."""
    # G, D, Gs as three pickles in one, or one network alone.
    records = list(content) if isinstance(content, tuple | list) else [content]
    if not records or not all(map(is_network, records)):
        return []
    try:
        return [network_of(record) for record in records]
    except CheckpointError:
        return []


def _tensorflow_generator(network: TensorFlowNetwork) -> tuple[Any, Facts]:
    return generator_state(network), facts_of(network)


def _grows(network: TensorFlowNetwork) -> bool:
    return any(name.startswith("synthesis/ToRGB_lod") for name in network.all_variables())


def _is_generator(record: Any) -> bool:
    try:
        inside = submodules(record)
        return "mapping" in inside and "synthesis" in inside and "b4" in submodules(inside["synthesis"])
    except CheckpointError:
        return False


def _is_discriminator(record: Any) -> bool:
    try:
        return is_persistent(record) and "out" in submodules(submodules(record)["b4"])
    except (CheckpointError, KeyError):
        return False


def _clamp(record: Record) -> float | None:
    """Return the bound on convolutions, which must be one for all."""
    layers = [layer for layer in _all(record) if "conv_clamp" in attributes(layer)]
    # Never bounded are shortcuts, and what a discriminator reads at 4x4.
    head = submodules(record).get("b4")
    unbound = submodules(head).get("fromrgb") if head else None
    layers = [layer for layer in layers if layer is not unbound]
    bounds = {attributes(layer)["conv_clamp"] for layer in layers if attributes(layer).get("activation") != "linear"}
    if len(bounds) > 1 or not all(bound is None or isinstance(bound, int | float) for bound in bounds):
        raise CheckpointError("its convolutions are bounded differently, which is not known here")
    bound = next(iter(bounds), None)
    return None if bound is None else float(bound)


def _all(record: Record) -> list[Record]:
    return [record, *(layer for each in submodules(record).values() for layer in _all(each))]


def _ignores_classes(state: Mapping[str, Tensor]) -> bool:
    """Whether a discriminator gives one logit whatever the class (`cmap_dim = 0`)."""
    out = state.get("b4.out.bias")
    return "mapping.embed.weight" not in state and out is not None and out.shape == (1,)


def _check_activations(record: Record) -> None:
    for name, layer in submodules(record).items():
        # What shortcuts, styles, labels and the last sum give stays as it is.
        expected = "lrelu" if re.fullmatch(r"conv\d?|fc\d*|fromrgb", name) else "linear"
        activation = attributes(layer).get("activation", expected)
        if activation != expected:
            raise CheckpointError(f"its {name} has activation {activation!r:.20}, and '{expected}' alone is known here")
        _check_activations(layer)


def _mapping_rate(record: Record) -> float:
    mapping = submodules(record).get("mapping")
    # A layer keeps its factor as the gain of its bias (`bias_gain = lr_multiplier`).
    first = submodules(mapping).get("fc0") if mapping else None
    rate = attributes(first).get("bias_gain", LR_MULTIPLIER) if first else LR_MULTIPLIER
    return float(rate) if isinstance(rate, int | float) and rate > 0 else LR_MULTIPLIER


def _generator_facts(record: Record) -> Facts:
    _check_activations(record)
    beta = attributes(submodules(record)["mapping"]).get("w_avg_beta") if "mapping" in submodules(record) else None
    return Facts(clamp=_clamp(record), lr_multiplier=_mapping_rate(record), w_avg_beta=tracking(beta))


def _discriminator_facts(record: Record) -> Facts:
    _check_activations(record)
    head = submodules(record).get("b4")
    deviation = submodules(head).get("mbstd") if head else None
    group = attributes(deviation).get("group_size", 4) if deviation else 0
    if not (group is None or isinstance(group, int)):
        raise CheckpointError("the groups of its minibatch deviation are damaged")
    return Facts(clamp=_clamp(record), lr_multiplier=_mapping_rate(record), group=group)
