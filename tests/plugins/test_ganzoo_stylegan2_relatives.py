"""Files of StyleGAN2's relatives are named, with the reason why they are not imported."""

from __future__ import annotations

import foreign_files as files
import pytest
import torch

from ganzoo.interchange import Record, parse
from ganzoo_stylegan2.nvidia import NvidiaPyTorch


def module(kind, inside=(), **attributes):
    state = {"_parameters": {}, "_buffers": {}, "_modules": dict(inside)} | attributes
    meta = {"class_name": kind, "state": state}
    return Record("torch_utils.persistence", "_reconstruct_persistent_obj", args=(meta,))


def alias_free(kind="Generator", mapping=()):
    layers = {"input": module("SynthesisInput"), "L0_36_512": module("SynthesisLayer")}
    inside = {"synthesis": module("SynthesisNetwork", layers), "mapping": module("MappingNetwork", mapping)}
    return {"G": None, "D": None, "G_ema": module(kind, inside)}


def plain(kind, inside=()):
    """A module that is pickled by the path of its class, as StyleGAN-T's are: its pickles hold no sources."""
    return Record("networks.generator", kind, state={"_parameters": {}, "_buffers": {}, "_modules": dict(inside)})


def text_to_image():
    block = plain("SynthesisBlock", {"input": plain("SynthesisInput"), "convs1": plain("ModuleList")})
    mapping = plain("MappingNetwork", {"mlp": plain("MLP"), "clip": plain("CLIP")})
    network = plain("Generator", {"mapping": mapping, "synthesis": plain("SynthesisNetwork", {"b8": block})})
    return {"G": network, "D": plain("ProjectedDiscriminator"), "G_ema": network, "training_set_kwargs": {}}


EMBEDDED = {"embed_proj": module("FullyConnectedLayer")}
RELATIVES = {
    "stem": (alias_free(mapping=EMBEDDED), "a StyleGAN-XL (arXiv:2202.00273), built on StyleGAN3: "),
    "stage": (alias_free(kind="SuperresGenerator"), "a StyleGAN-XL (arXiv:2202.00273), built on StyleGAN3: "),
    "fastgan": (
        {"G_ema": module("Generator", {"synthesis": module("FastganSynthesis")})},
        "a FastGAN of Projected GAN",
    ),
    "eg3d": ({"G_ema": module("G", {"backbone": module("G"), "superresolution": module("S")})}, "an EG3D"),
    "text to image": (text_to_image(), "a StyleGAN-T (arXiv:2301.09515): its styles are of a text"),
    "swagan": ({"g_ema": {"to_rgb1.conv.weight": torch.eye(2), "iwt.ll": torch.eye(2)}}, "a SWAGAN of rosinality's"),
    "progan": (parse(files.pickled((files.tensorflow_network("Gs", "G_paper", {}),))), "a TensorFlow pickle of ProGAN"),
}


@pytest.mark.parametrize("kind", RELATIVES)
def test_relatives_are_named_with_the_reason(kind):
    content, expected = RELATIVES[kind]
    assert not NvidiaPyTorch.recognizes(content)
    assert expected in (NvidiaPyTorch.refusal(content) or "")


def test_what_is_unknown_has_no_name():
    odd = [
        None,
        {"G_ema": module("Generator")},
        {"G_ema": module("G", {"synthesis": 3})},
        {"G_ema": plain("Generator", {"synthesis": plain("SynthesisNetwork", {"b8": plain("Block")})})},
        {"a": {"b": torch.eye(2)}},
        3,
    ]
    assert [NvidiaPyTorch.refusal(each) for each in odd] == [None] * len(odd)
