"""StyleGAN's TensorFlow pickles of any size and stage give what the definition gives, in float64."""

from __future__ import annotations

import pytest
import torch
from dense_stylegan1 import Official, drawn_discriminator, drawn_generator, networks
from foreign_files import pickled

from ganzoo.interchange import parse
from ganzoo_stylegan.tensorflow import NvidiaTensorFlow

WIDTHS = {4: 8, 8: 8, 16: 4}
CASES = {
    "grown": ({}, 0.0, {}),
    "classes, no filter": ({"classes": 3, "channels": 1}, 0.0, {"blur_filter": None}),
    "fused, fading": ({}, 0.75, {"fused_scale": True}),
    "without noise, half grown": ({"noise": False}, 1.0, {"use_noise": False, "mapping_lrmul": 0.1}),
    "another filter and group, coarse": ({"classes": 2}, 1.5, {"blur_filter": [1, 3, 1], "mbstd_group_size": 2}),
}


def built(network, images, resolution, alpha):
    made = network.cls(network.options, images).eval()
    made.load_state_dict(dict(network.weights))
    if resolution is not None:
        made.grow(resolution, alpha)
    return made


def close(found, expected):
    return (found - expected).abs().max() <= 1e-5 * max(1, expected.abs().max())


@pytest.mark.parametrize("case", CASES)
def test_images_and_logits_are_those_of_the_definition(case):
    sizes, lod, given = CASES[case]
    shared = {name: value for name, value in sizes.items() if name != "noise"}
    g, d = drawn_generator(WIDTHS, **sizes), drawn_discriminator(WIDTHS, **shared)
    found = NvidiaTensorFlow.read(parse(pickled(networks(g, d, lod, **given))))
    stage = found.resolution, found.alpha
    generator, judge = built(found.ema, found.images, *stage), built(found.discriminator, found.images, *stage)
    classes = sizes.get("classes", 0)
    latents = torch.randn(4, 5)
    labels = torch.eye(classes)[torch.arange(4) % classes] if classes else torch.zeros(4, 0)
    how = {"fused": given.get("fused_scale", False), "blur": given.get("blur_filter", [1, 2, 1])}
    official = Official(g, **how)
    styles = official.styles(latents.double(), labels.double(), given.get("mapping_lrmul", 0.01))
    expected = official.images(styles, 16, lod)
    generator.use_noise("constant")
    with torch.no_grad():
        images = generator(latents, labels)
        assert close(images, expected)
        assert torch.equal(generator.mean_w(), torch.from_numpy(g["dlatent_avg"]))
        seen = torch.randn_like(images)
        judged = Official(d, **how, group=given.get("mbstd_group_size", 4))
        assert close(judge(seen, labels), judged.logits(seen.double(), labels.double(), 16, lod))
    assert found.images.label_dim == classes
