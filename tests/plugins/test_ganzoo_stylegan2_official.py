"""Official StyleGAN2 files of unusual sizes: what a network of this plugin computes, its file read back computes."""

from __future__ import annotations

import re

import pytest
import torch

from ganzoo import Generator, ImageSpec
from ganzoo.interchange import Record
from ganzoo_stylegan2.discriminator import StyleGAN2Discriminator
from ganzoo_stylegan2.generator import StyleGAN2Generator
from ganzoo_stylegan2.nvidia import NvidiaPyTorch, NvidiaTensorFlow

PYTORCH = (
    (r"w_avg", "mapping.w_avg"),
    (r"mapping\.embedding\.(.+)", r"mapping.embed.\1"),
    (r"mapping\.layers\.(\d+)\.(.+)", r"mapping.fc\1.\2"),
    (r"blocks\.4\.constant", "synthesis.b4.const"),
    (r"blocks\.(\d+)\.(conv[01])\.conv\.(.+)", r"b\1.\2.\3"),  # the discriminator's
    (r"blocks\.(\d+)\.(conv[01])\.(.+)", r"synthesis.b\1.\2.\3"),
    (r"to_rgb\.(\d+)\.(.+)", r"synthesis.b\1.torgb.\2"),
    (r"from_rgb\.(\d+)\.conv\.(.+)", r"b\1.fromrgb.\2"),
    (r"head\.conv\.conv\.(.+)", r"b4.conv.\1"),
    (r"head\.dense\.(.+)", r"b4.fc.\1"),
    (r"head\.out\.(.+)", r"b4.out.\1"),
)


def pytorch_names(network):
    found = {}
    for name, value in network.state_dict().items():
        if "shortcut" in name:
            prefix = "synthesis." if isinstance(network, Generator) else ""
            theirs = re.sub(r"blocks\.(\d+)\.shortcut", rf"{prefix}b\1.skip", name)
        else:
            pattern, theirs = next(rule for rule in PYTORCH if re.fullmatch(rule[0], name))
            theirs = re.sub(pattern, theirs, name)
        found[theirs] = value[0] if theirs.endswith("const") and value.ndim == 4 else value
    return found


def module(state, kind="Module", **attributes):
    """A module of NVIDIA's PyTorch pickles with these parameters by their dotted names."""
    inside, own = {}, {}
    for name, value in state.items():
        head, _, rest = name.partition(".")
        inside.setdefault(head, {})[rest] = value if rest else own.setdefault(head, value)
    held = attributes.pop("inside", {})
    inside |= {name: {} for name in held if name not in inside}
    modules = {name: module(values, **held.get(name, {})) for name, values in inside.items() if name not in own}
    meta = {"class_name": kind, "state": {"_parameters": own, "_buffers": {}, "_modules": modules} | attributes}
    return Record("torch_utils.persistence", "_reconstruct_persistent_obj", args=(meta,))


TENSORFLOW = (
    (r"mapping\.w_avg", "dlatent_avg"),
    (r"mapping\.embed\.(.+)", r"LABELS/\1"),
    (r"mapping\.fc(\d+)\.(.+)", r"MAPPED\1/\2"),
    (r"synthesis\.b4\.const", "synthesis/4x4/Const/const"),
    (r"synthesis\.b4\.conv1\.(.+)", r"synthesis/4x4/Conv/\1"),
    (r"synthesis\.b(\d+)\.conv0\.(.+)", r"synthesis/\1x\1/Conv0_up/\2"),
    (r"synthesis\.b(\d+)\.conv1\.(.+)", r"synthesis/\1x\1/Conv1/\2"),
    (r"synthesis\.b(\d+)\.torgb\.(.+)", r"synthesis/\1x\1/ToRGB/\2"),
    (r"synthesis\.b(\d+)\.skip\.(.+)", r"synthesis/\1x\1/Skip/\2"),
    (r"b4\.conv\.(.+)", r"4x4/Conv/\1"),
    (r"b4\.fc\.(.+)", r"4x4/Dense0/\1"),
    (r"b4\.out\.(.+)", r"Output/\1"),
    (r"b(\d+)\.fromrgb\.(.+)", r"\1x\1/FromRGB/\2"),
    (r"b(\d+)\.conv0\.(.+)", r"\1x\1/Conv0/\2"),
    (r"b(\d+)\.conv1\.(.+)", r"\1x\1/Conv1_down/\2"),
    (r"b(\d+)\.skip\.(.+)", r"\1x\1/Skip/\2"),
)


def tensorflow(network, **arguments):
    """The network as `dnnlib.tflib` pickles it."""
    generates = isinstance(network, Generator)
    joint = generates and network.mapping.labels == "joint"
    variables = {}
    for name, value in pytorch_names(network).items():
        pattern, theirs = next(rule for rule in TENSORFLOW if re.fullmatch(rule[0], name))
        theirs = re.sub(pattern, theirs, name).replace("affine.", "mod_")
        theirs = theirs.replace("LABELS", "LabelConcat" if joint else "LabelEmbed")
        theirs = theirs.replace("MAPPED", "Dense" if generates else "Mapping")
        theirs = f"mapping/{theirs}" if generates and re.match("Label|Dense", theirs) else theirs
        if theirs.endswith("noise_const"):
            side, place = re.search(r"(\d+)x.*(Conv\w*)/", theirs).groups()
            index = 2 * (int(side).bit_length() - 3) - (place == "Conv0_up")
            variables[f"synthesis/noise{index}"] = value[None, None]
            continue
        if value.ndim == 4:
            value = (value.flip(2, 3) if "_up" in theirs else value).permute(2, 3, 1, 0)
        elif value.ndim == 2 and not theirs.endswith("LabelConcat/weight"):
            value = value.t()
        elif theirs.endswith("mod_bias"):
            value = value - 1
        variables[theirs] = value[None] if theirs.endswith("const") else value
    state = {"version": 4, "name": "N", "static_kwargs": arguments, "variables": list(variables.items())}
    return Record("dnnlib.tflib.network", "Network", state=state)


def rebuilt(foreign, images):
    network = foreign.cls(foreign.options, images).eval()
    network.load_state_dict(foreign.weights)
    return network


def randomized(network):
    with torch.no_grad():
        for value in (*network.parameters(), *network.buffers()):
            value.copy_(torch.randn_like(value) * 0.5 + value * (value.ndim > 1))
    for each in network.modules():  # filters are no weights
        if hasattr(each, "kernel"):
            each.kernel = torch.tensor([1.0, 3, 3, 1]).outer(torch.tensor([1.0, 3, 3, 1])) / 64
    return network.eval()


def pair(images, generator=None, discriminator=None):
    torch.manual_seed(1)
    sizes = {"channel_base": 128, "channel_max": 8}
    small = {"latent_dim": 12, "style_dim": 12, "mapping_layers": 2}
    return (
        randomized(StyleGAN2Generator(StyleGAN2Generator.Options(**(sizes | small | (generator or {}))), images)),
        randomized(StyleGAN2Discriminator(StyleGAN2Discriminator.Options(**(sizes | (discriminator or {}))), images)),
    )


def one_hot(count, classes):
    return torch.eye(classes)[torch.arange(count) % classes] if classes else torch.zeros(count, 0)


def agree(images, networks, checkpoint):
    generator, discriminator = networks
    labels = one_hot(4, images.label_dim)
    latents = torch.randn(4, generator.latent_dim)
    assert checkpoint.images == images
    theirs = rebuilt(checkpoint.ema, images)
    for each in (generator, theirs):
        each.use_noise("constant")
    with torch.no_grad():
        made = generator(latents, labels)
        assert torch.allclose(theirs(latents, labels), made, atol=1e-4)
        assert torch.allclose(theirs.mean_w(), generator.mean_w())
        judged = rebuilt(checkpoint.discriminator, images)(made, labels)
        assert torch.allclose(judged, discriminator(made, labels), atol=1e-4, rtol=1e-4)


DEVIATION = {"mbstd": {"group_size": 4}}
CASES = {
    "narrow": (ImageSpec(16, 1, 0), {"channel_base": 16}, {"channel_base": 16, "dense_width": 8}),
    "labels": (ImageSpec(16, 1, 3), {"label_width": 7, "latent_dim": 7}, {"mapping_layers": 0, "mapping_dim": 8}),
    "mapped labels": (ImageSpec(8, 3, 2), {"mapping_width": 5}, {"mapping_layers": 2, "mapping_dim": 6}),
    "resnet": (ImageSpec(32, 3, 0), {"architecture": "resnet"}, {"architecture": "skip", "minibatch_std_maps": 2}),
    "orig": (ImageSpec(16, 3, 0), {"architecture": "orig", "mapping_layers": 1}, {"architecture": "orig"}),
}


@pytest.mark.parametrize("case", CASES)
def test_tensorflow_pickles_of_any_size(case):
    images, *options = CASES[case]
    networks = pair(images, *options)
    records = [tensorflow(network, mapping_lrmul=0.01) for network in networks]
    agree(images, networks, NvidiaTensorFlow.read((records[0], records[1], records[0])))


def test_tensorflow_pickles_with_one_output_per_class():
    images = ImageSpec(8, 3, 3)
    networks = pair(images, {"labels": "joint", "mapping_width": 9}, {"labels": "output"})
    agree(images, networks, NvidiaTensorFlow.read(tuple(tensorflow(network) for network in networks) * 2))


@pytest.mark.parametrize("case", CASES)
def test_pytorch_pickles_of_any_size(case):
    images, *options = CASES[case]
    networks = pair(images, *options)
    generator = module(pytorch_names(networks[0]))
    critic = module(pytorch_names(networks[1]), inside={"b4": {"inside": DEVIATION}})
    agree(images, networks, NvidiaPyTorch.read({"G_ema": generator, "G": generator, "D": critic}))


def test_what_is_read_at_side_four_is_not_bounded_in_pytorch_pickles():
    images = ImageSpec(8, 3, 0)
    networks = pair(images, {"clamp": 0.5}, {"clamp": 0.5, "architecture": "skip"})
    bound = {"conv_clamp": 0.5}
    layers = {"conv0": bound, "conv1": bound, "torgb": bound, "conv": bound, "fromrgb": bound}
    last = {"conv": bound, "fromrgb": {"conv_clamp": None, "activation": "lrelu"}} | DEVIATION
    inside = {"b4": {"inside": layers}, "b8": {"inside": layers}}
    generator = module(pytorch_names(networks[0]), inside={"synthesis": {"inside": inside}})
    critic = module(pytorch_names(networks[1]), inside={"b8": {"inside": layers}, "b4": {"inside": last}})
    agree(images, networks, NvidiaPyTorch.read({"G_ema": generator, "D": critic}))


@pytest.mark.parametrize(("theirs", "ours"), [(0.9, 0.9), (1.0, 0.995), (None, 0.995), (float("nan"), 0.995)])
def test_a_file_whose_mean_style_never_moves_is_read_with_one_that_does(theirs, ours):
    networks = pair(ImageSpec(8, 1, 0), {}, {})
    record = tensorflow(networks[0], dlatent_avg_beta=theirs)
    assert NvidiaTensorFlow.read((record,)).ema.options.w_avg_beta == ours
