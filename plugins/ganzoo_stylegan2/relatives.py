"""Relatives: files of networks that descend from StyleGAN2 and that no part here computes, by name and reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ganzoo import CheckpointError
from ganzoo.interchange import (
    Record,
    class_name,
    state_dicts,
    submodules,
)
from ganzoo_stylegan2.rosinality_names import has_wavelets

State = Mapping[str, Tensor]
_STEMS = "it has embeddings of a pretrained network and stages on a stem, which no part here computes"
_SWAGAN = "a SWAGAN of rosinality's stylegan2-pytorch (arXiv:2102.06108): its images are wavelets, which no part makes"
_TENSORFLOW = {
    "G_paper": "ProGAN (arXiv:1710.10196)",
    "G_style": "StyleGAN (arXiv:1812.04948)",
    "G_basic": "StyleGAN (arXiv:1812.04948)",
}


def named_relative(content: Any) -> str | None:
    """Return what a file holds and why no part computes it; None where it is unknown. Never raises."""
    try:
        return _of_modules(content) or _of_tensorflow(content) or _of_states(state_dicts(content))
    except (CheckpointError, RecursionError):
        return None


def _of_states(states: Mapping[str, State]) -> str | None:
    for state in states.values():
        if has_wavelets(state):
            return _SWAGAN
    return None


def _of_tensorflow(content: Any) -> str | None:
    """Name the networks of another TensorFlow code of NVIDIA's by the function that built them."""
    records = list(content) if isinstance(content, tuple | list) else [content]
    for record in records:
        if isinstance(record, Record) and record.name == "Network" and isinstance(record.state, dict):
            function = record.state.get("build_func_name", record.state.get("func_name"))
            if isinstance(function, str) and (known := _TENSORFLOW.get(function.rpartition(".")[2])):
                return f"a TensorFlow pickle of {known} whose layout no importer here reads"
    return None


def _of_modules(content: Any) -> str | None:
    """Name a pickle of NVIDIA's PyTorch codes, or of one that was built on them, by the modules in it."""
    if not isinstance(content, dict):
        return None
    networks = [value for key in ("G_ema", "G") if isinstance(value := content.get(key), Record)]
    return next((found for network in networks if (found := _of_generator(network))), None)


def _of_generator(network: Record) -> str | None:
    inside = submodules(network)
    if "backbone" in inside and "superresolution" in inside:
        return "an EG3D (arXiv:2112.07945): it renders a volume from a camera, which no part here does"
    synthesis = inside.get("synthesis")
    if synthesis is None:
        return None
    if _is_text_to_image(submodules(synthesis)):
        return (
            "a StyleGAN-T (arXiv:2301.09515): its styles are of a text that CLIP has read, and no part here reads text"
        )
    if class_name(synthesis).startswith("Fastgan"):
        return "a FastGAN of Projected GAN (arXiv:2111.01007), whose networks no part here computes"
    return _alias_free(network, inside, submodules(synthesis))


def _is_text_to_image(blocks: Mapping[str, Record]) -> bool:
    # StyleGAN2's blocks by name; the first one has StyleGAN3's input, and each a row of residual convolutions.
    first = next((block for name, block in blocks.items() if re.fullmatch(r"b\d+", name)), None)
    return first is not None and {"input", "convs1"} <= submodules(first).keys()


def _alias_free(network: Record, inside: Mapping[str, Record], layers: Mapping[str, Record]) -> str | None:
    if "input" not in layers or not any(re.fullmatch(r"L\d+_\d+_\d+", name) for name in layers):
        return None
    # Class embeddings of a pretrained classifier, and stages that are trained on a finished stem, are XL's alone.
    mapping = inside.get("mapping")
    embedded = mapping is not None and "embed_proj" in submodules(mapping)
    if embedded or class_name(network).startswith("Superres"):
        return f"a StyleGAN-XL (arXiv:2202.00273), built on StyleGAN3: {_STEMS}"
    return None
