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
_LUCIDRAINS = (
    "a checkpoint of lucidrains' stylegan2-pytorch, whose networks no part here computes: maps are enlarged "
    "bilinearly, noise has a dense layer per map, and its discriminator no filters"
)
_GIGAGAN = (
    "a GigaGAN of lucidrains' gigagan-pytorch (arXiv:2303.05511): styles mix the kernels of its convolutions from a "
    "bank, and its maps attend to each other and to a text, which no part here computes"
)
_GIGAGAN_UPSAMPLER = (
    "an upsampler of GigaGAN (arXiv:2303.05511), as gigagan-pytorch and AuraSR save it: it enlarges images that it is "
    "given, and a generator here begins with latents"
)
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
        if _has(state, r"(GE?\.)(to_)?initial_block(\.weight)?") or _has(state, r"SE?\.net\.0\.weight"):
            return _LUCIDRAINS
        if _has(state, r"GE?\.initial_conv\..+"):
            return "a checkpoint of lucidrains' lightweight-gan, whose networks no part here computes"
        if has_wavelets(state):
            return _SWAGAN
        # One dense layer gives the styles and the choices of kernels of all layers: in no other code.
        if _has(state, r"(.+\.)?style_to_conv_modulations\.weight"):
            return _GIGAGAN_UPSAMPLER if _has(state, r"(.+\.)?downs\..+") else _GIGAGAN
    return None


def _has(state: State, pattern: str) -> bool:
    return any(re.fullmatch(pattern, name) for name in state)


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
    if any(each.module.startswith("R3GAN") for each in inside.values()):
        return "an R3GAN (arXiv:2501.05441), whose networks no part here computes"
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
