"""StyleGAN2 of every architecture and size: NVIDIA's pickles give what the definition gives, in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from dense_stylegan2 import DenseDiscriminator, DenseGenerator, Shape
from drawn_stylegan2 import pickled, random_networks
from foreign_files import persistent_pickled

from ganzoo import CheckpointError
from ganzoo.interchange import attributes, parse, submodules
from ganzoo.layers import truncated
from ganzoo_stylegan2.nvidia import NvidiaPyTorch


def content_of(shape):
    generator, discriminator = random_networks(np.random.default_rng(0), shape)
    return generator, discriminator, parse(persistent_pickled(pickled(generator, discriminator, shape)))


def built(network, images):
    made = network.cls(network.options, images).eval()
    made.load_state_dict(network.weights)
    return made


def close(found, expected):
    return np.abs(found - expected).max() <= 1e-5 * max(1, np.abs(expected).max())


def compare(batch=4, **sizes):
    shape = Shape(**sizes)
    weights, judging, content = content_of(shape)
    found = NvidiaPyTorch.read(content)
    generator, judge = built(found.ema, found.images), built(found.discriminator, found.images)
    draw = np.random.default_rng(1)
    latents = draw.normal(size=(batch, shape.latents)).astype("f4")
    labels = np.eye(shape.labels, dtype="f4")[np.arange(batch) % shape.labels] if shape.labels else latents[:, :0]
    for noise in ("constant", "none"):
        generator.use_noise(noise)
        with torch.no_grad():
            styles = generator.map(torch.from_numpy(latents), torch.from_numpy(labels))
            images = generator.synthesize(truncated(styles, generator.mean_w(), 0.6, 3)).numpy()
        expected = DenseGenerator(weights, shape)(latents, labels, psi=0.6, cutoff=3, noise=noise == "constant")
        assert close(images, expected), noise
    with torch.no_grad():
        logits = judge(torch.from_numpy(images), torch.from_numpy(labels)).numpy()
    assert close(logits, DenseDiscriminator(judging, shape)(images.astype(np.float64), labels))
    assert found.images.label_dim == shape.labels and found.images.channels == shape.channels


CASES = {
    "skip, resnet, labels": (4, {"labels": 3, "channels": 1, "resolution": 8}),
    "resnet, skip, bounded": (8, {"path": "resnet", "judged_path": "skip", "clamp": 0.8}),
    "orig, maps of small groups": (6, {"path": "orig", "judged_path": "orig", "maps": 2, "group": 2}),
    "wide labels": (3, {"labels": 5, "label_width": 4, "mapping_width": 9, "mapping_layers": 3, "rate": 0.1}),
    "bare projection": (4, {"labels": 2, "projected": 9, "judged_layers": 0, "path": "resnet", "clamp": 0.5}),
    "whole batch": (6, {"group": None, "noise": False}),
}


@pytest.mark.parametrize("case", CASES)
def test_images_and_logits_are_those_of_the_definition(case):
    batch, sizes = CASES[case]
    compare(batch, **sizes)


@pytest.mark.ci
@pytest.mark.parametrize("path", ["skip", "resnet", "orig"])
@pytest.mark.parametrize("judged_path", ["skip", "resnet", "orig"])
@pytest.mark.parametrize("clamp", [None, 0.7])
def test_every_pair_of_architectures_is_that_of_the_definition(path, judged_path, clamp):
    compare(path=path, judged_path=judged_path, clamp=clamp, labels=2, resolution=32, base=130, widest=9, maps=3)


def test_tensors_in_half_precision_are_read_and_their_filters_too():
    content = content_of(Shape(labels=2))[2]
    for record in (content["G_ema"], content["D"]):
        for module in every(record):
            for kind in ("_parameters", "_buffers"):
                held = attributes(module)[kind]
                held |= {name: value.half() for name, value in held.items()}
    found = NvidiaPyTorch.read(content)
    assert built(found.ema, found.images)(torch.randn(2, 7), torch.eye(2)).dtype is torch.float32


def every(record):
    return [record, *(inside for each in submodules(record).values() for inside in every(each))]


def inside_of(record, *path):
    for name in path:
        record = submodules(record)[name]
    return record


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        (("synthesis", "b8", "conv0"), {"activation": "linear"}, "its conv0 has activation 'linear'"),
        (("mapping", "fc0"), {"activation": "relu"}, "its fc0 has activation 'relu'"),
        (("synthesis", "b8", "torgb"), {"activation": "sigmoid"}, "its torgb has activation 'sigmoid'"),
        (("synthesis", "b8", "conv1"), {"conv_clamp": 3}, "bounded differently"),
    ],
)
def test_what_no_part_computes_is_refused_by_name(path, change, words):
    content = content_of(Shape(resolution=8))[2]
    attributes(inside_of(content["G_ema"], *path)).update(change)
    with pytest.raises(CheckpointError, match=words):
        NvidiaPyTorch.read(content)


def test_other_filters_are_refused_by_name():
    content = content_of(Shape(resolution=8))[2]
    held = attributes(inside_of(content["D"], "b8", "conv1"))["_parameters"]
    held["resample_filter"] = torch.tensor([1.0, 2, 1]).outer(torch.tensor([1.0, 2, 1])) / 16
    with pytest.raises(CheckpointError, match=r"conv1\.resample_filter is another filter than"):
        NvidiaPyTorch.read(content)


def test_a_discriminator_that_ignores_the_classes_is_left_out_with_a_note():
    content = content_of(Shape(resolution=8, labels=2))[2]
    content["D"] = content_of(Shape(resolution=8))[2]["D"]
    found = NvidiaPyTorch.read(content)
    assert found.discriminator is None and any("ignores the classes" in note for note in found.notes)
