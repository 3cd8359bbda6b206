from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch_fidelity.datasets import ImagesPathDataset
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.feature_extractor_vgg16 import FeatureExtractorVGG16

from ganzoo.errors import WeightsError
from ganzoo.scoring.features import extract, generated_batches, reference_batches, three_channels
from ganzoo.scoring.labels import label_of
from ganzoo.scoring.score import plan, score
from ganzoo_features.inception import InceptionV3Compat
from ganzoo_features.random import RandomFeatures, frozen_layer
from ganzoo_features.vgg16 import VGG16
from ganzoo_metrics.fid import FrechetDistance, frechet_distance
from ganzoo_metrics.inception_score import InceptionScore
from ganzoo_metrics.kid import KernelDistance, kernel_distance
from ganzoo_metrics.precision_recall import PrecisionRecall

sys.path.insert(0, str(Path(__file__).parents[2]))
from scoring_world import pack_of, pictures, settings, toy
from untrained_inception import make_weights

# ---- random-features -------------------------------------------------------------------------------------------

RANDOM = RandomFeatures(RandomFeatures.Options())


def labels_of(extractor, *metrics):
    """Return the labels of all values of these metrics, as scores have them."""
    return [
        label_of(display, metric(metric.Options()), extractor)
        for metric in metrics
        for display in metric.values.values()
    ]


def random_features(images):
    (features,) = extract(RANDOM.build(["800"]), [torch.from_numpy(images)], ("800",), device="cpu").values()
    return features


def test_the_random_weights_are_the_same_bits_for_ever():
    digest = hashlib.sha256()
    for name, tensor in RANDOM.build(["800"]).state_dict().items():
        digest.update(name.encode() + np.ascontiguousarray(tensor.numpy()).astype("<f4").tobytes())
    assert digest.hexdigest() == PINNED_WEIGHTS


def test_the_random_features_of_a_picture_stay_the_same():
    found = random_features(pictures(1, resolution=64))[0]
    assert found.shape == (800,)
    torch.testing.assert_close(found[::100], torch.tensor(PINNED_FEATURES), rtol=1e-4, atol=1e-5)


def test_the_random_weights_are_normal_and_half_of_the_first_layer_ignores_flat_areas():
    weight, bias = frozen_layer(3, 64, 96)
    assert weight.std() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)
    assert abs(weight.mean()) < 0.01 * weight.std()
    assert np.mean(np.abs(weight) < weight.std()) == pytest.approx(0.683, abs=0.01)
    assert bias.std() == pytest.approx(0.1, rel=0.2)
    first, _ = frozen_layer(0, 3, 32)
    assert np.abs(first.sum((2, 3))[:16]).max() < 1e-6 < np.abs(first.sum((2, 3))[16:]).min()


def test_building_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    RANDOM.build(["800"])
    assert torch.equal(torch.get_rng_state(), before)


def test_its_scores_are_never_called_fid():
    assert labels_of(RANDOM, FrechetDistance, KernelDistance) == ["FD-random", "KD-random"]
    assert labels_of(RANDOM, PrecisionRecall) == ["precision-random", "recall-random"]
    assert RANDOM.weights() is None


@pytest.mark.parametrize("resolution", [4, 16, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_resolution_has_800_features(resolution, channels):
    assert random_features(pictures(3, resolution=resolution, channels=channels)).shape == (3, 800)


def blobs(count, seed):
    """Bright ellipses with sharp edges, one of two textures, and grain."""
    rng = np.random.RandomState(seed)
    y, x = np.mgrid[:32, :32] / 31.0
    images = np.empty((count, 1, 32, 32), np.uint8)
    for index, image in enumerate(images):
        center, wide = rng.uniform(0.3, 0.7, 2), rng.uniform(0.1, 0.25, 2)
        distance = ((x - center[0]) / wide[0]) ** 2 + ((y - center[1]) / wide[1]) ** 2
        inside = 1 / (1 + np.exp(np.minimum(20 * (distance - 1), 50)))
        texture = 0.15 * np.sin((20 if index % 2 else 60) * (x + rng.uniform()))
        grain = 0.03 * rng.standard_normal(x.shape)
        image[0] = 255 * np.clip(0.15 + grain + inside * (rng.uniform(0.4, 0.8) + texture), 0, 1)
    return images


def blurred(images, strength):
    """A box of 2x2, again and again."""
    soft = images.astype(float)
    for _ in range(round(10 * strength)):
        soft = (soft + np.roll(soft, 1, 2)) / 2
        soft = (soft + np.roll(soft, 1, 3)) / 2
    return soft.round().astype(np.uint8)


def noisy(images, strength):
    noise = np.random.RandomState(5).standard_normal(images.shape)
    return (images + 60 * strength * noise).round().clip(0, 255).astype(np.uint8)


def brighter(images, strength):
    return (images + 60.0 * strength).round().clip(0, 255).astype(np.uint8)


def fewer_modes(images, strength):
    few = max(2, round(len(images) * (1 - strength) ** 3))
    return images[np.arange(len(images)) % few]


@pytest.mark.parametrize(
    "harm", [blurred, fewer_modes, *(pytest.param(harm, marks=pytest.mark.slow) for harm in (noisy, brighter))]
)
def test_the_distance_grows_with_every_harm(harm):
    reals, others = random_features(blobs(160, 1)), blobs(160, 2)
    frechet, kernel = [], []
    for strength in (0.0, 0.3, 0.6, 0.95):
        fakes = random_features(harm(others, strength))
        frechet.append(frechet_distance(fakes, reals).value)
        kernel.append(kernel_distance(fakes, reals, subsets=10, subset_size=80).value)
    assert frechet == sorted(frechet)
    assert frechet[-1] > 2 * frechet[0]
    assert kernel[-1] > kernel[0]


# ---- weights ---------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def empty_caches(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "ganzoo"))
    for extractor in (InceptionV3Compat, VGG16):
        monkeypatch.delenv(extractor.published.variable, raising=False)


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    images = torch.from_numpy(pictures(4, resolution=32, channels=3))
    return make_weights(tmp_path_factory.mktemp("weights") / "mine.pth", images)


def inception(path=None):
    return InceptionV3Compat(InceptionV3Compat.Options(weights=path))


def test_missing_weights_are_one_clear_message():
    with pytest.raises(WeightsError) as caught:
        inception().weights()
    message = str(caught.value)
    assert "'inception-v3-compat' needs the weights weights-inception-2015-12-05-6726825d.pth" in message
    for way_out in (
        "ganzoo fetch-weights inception-v3-compat",
        "GANZOO_INCEPTION_WEIGHTS",
        "scoring.extractor.weights",
        "scoring.extractor.name=efficientnet-lite0",
    ):
        assert way_out in message


@pytest.mark.parametrize("extractor", [InceptionV3Compat, VGG16])
def test_the_name_of_the_published_file_carries_its_hash(extractor):
    (digits,) = re.findall(r"-([0-9a-f]{8})\.pth$", extractor.published.file_name)
    assert extractor.published.sha256.startswith(digits)
    assert len(extractor.published.sha256) == 64
    assert extractor.published.url.endswith(extractor.published.file_name)


@pytest.mark.parametrize("place", ["torch/hub/checkpoints", "ganzoo/weights"])
def test_the_published_file_is_found_in_either_cache(tmp_path, monkeypatch, place):
    content = b"published"
    monkeypatch.setattr(
        InceptionV3Compat,
        "published",
        replace(InceptionV3Compat.published, sha256=hashlib.sha256(content).hexdigest()),
    )
    file = tmp_path / place / InceptionV3Compat.published.file_name
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    found = inception().weights()
    assert (found.path, found.official) == (file, True)
    assert labels_of(inception(), FrechetDistance, KernelDistance, InceptionScore) == ["FID", "KID", "IS"]
    assert labels_of(inception(), PrecisionRecall) == ["precision-inception", "recall-inception"]


def test_a_half_file_in_a_cache_is_named_and_not_used(tmp_path):
    file = tmp_path / "torch/hub/checkpoints" / InceptionV3Compat.published.file_name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"half of it")
    with pytest.raises(WeightsError, match=r"is there but damaged \(SHA-256 .*ganzoo fetch-weights"):
        inception().weights()


def test_a_half_file_that_was_named_is_not_taken_for_other_weights(tmp_path):
    file = tmp_path / InceptionV3Compat.published.file_name
    file.write_bytes(b"half of it")
    with pytest.raises(WeightsError, match="has the name of the published weights but not their content"):
        inception(file).weights()


@pytest.mark.ci
def test_a_named_file_that_is_missing_is_not_replaced_by_another(tmp_path, monkeypatch, weights_file):
    monkeypatch.setenv("GANZOO_INCEPTION_WEIGHTS", str(weights_file))
    with pytest.raises(WeightsError, match=r"scoring\.extractor\.weights names .*absent\.pth, which is no file"):
        inception(tmp_path / "absent.pth").weights()


def test_other_weights_are_part_of_the_protocol_and_of_the_label(tmp_path, monkeypatch, weights_file):
    monkeypatch.setenv("GANZOO_INCEPTION_WEIGHTS", str(weights_file))
    digest = hashlib.sha256(weights_file.read_bytes()).hexdigest()
    extractor = inception()
    assert extractor.weights().official is False
    assert extractor.identity()["weights_sha256"] == digest
    assert extractor.identity()["official_weights"] is False
    assert labels_of(extractor, FrechetDistance) == [f"FID (unofficial {digest[:8]})"]
    assert all(digest[:8] in label for label in labels_of(extractor, PrecisionRecall))


def test_precision_and_recall_have_their_names_in_the_features_of_their_paper(tmp_path, monkeypatch):
    content = b"published"
    monkeypatch.setattr(VGG16, "published", replace(VGG16.published, sha256=hashlib.sha256(content).hexdigest()))
    file = tmp_path / "ganzoo/weights" / VGG16.published.file_name
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    vgg = VGG16(VGG16.Options())
    assert labels_of(vgg, PrecisionRecall, FrechetDistance) == ["precision", "recall", "FD-vgg16"]


class Bomb:
    """Says so if it is ever unpickled for real."""

    def __init__(self, canary):
        self.canary = str(canary)

    def __reduce__(self):
        return (open, (self.canary, "w"))


def test_nothing_in_a_file_of_weights_is_executed(tmp_path):
    canary = tmp_path / "canary"
    torch.save({"conv": Bomb(canary)}, tmp_path / "bomb.pth")
    with pytest.raises(WeightsError, match="something else than a table of dense tensors"):
        inception(tmp_path / "bomb.pth").build(["2048"])
    assert not canary.exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda: torch.zeros(1).expand(2**33), "far larger than the file"),  # a stride of 0: one number, 32 GiB
        (lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 95628359\n", "Git LFS pointer"),
        (lambda: b"<!DOCTYPE html><html><title>Quota exceeded</title>", r"HTML page \('Quota exceeded'\)"),
    ],
    ids=["bomb", "pointer", "page"],
)
def test_files_that_are_no_weights_are_called_what_they_are(tmp_path, content, reason):
    held = content()
    if isinstance(held, bytes):
        (tmp_path / "other.pth").write_bytes(held)
    else:
        torch.save({"a": held}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match=reason):
        inception(tmp_path / "other.pth").build(["2048"])


@pytest.mark.parametrize(
    "content",
    [[1, 2], {"a": "text"}, {"a": torch.eye(2).to_sparse()}, torch.zeros(2)],
    ids=["list", "text", "sparse", "tensor"],
)
@pytest.mark.filterwarnings("ignore:Sparse invariant checks")
def test_anything_but_a_table_of_dense_tensors_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match=r"dense tensors|read safely"):
        inception(tmp_path / "other.pth").build(["2048"])


def test_weights_of_another_network_are_refused(tmp_path):
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="do not fit extractor 'inception-v3-compat'"):
        inception(tmp_path / "other.pth").build(["2048"])


def test_a_file_that_changes_after_it_was_checked_is_refused(tmp_path, weights_file):
    mine = shutil.copy(weights_file, tmp_path / "mine.pth")
    extractor = inception(mine)
    extractor.weights()
    with mine.open("r+b") as file:
        file.seek(1000)
        file.write(b"other")
    with pytest.raises(WeightsError, match="changed while they were in use"):
        extractor.build(["2048"])


# ---- features and scores against torch-fidelity ----------------------------------------------------------------


@pytest.mark.ci
def test_inception_features_are_torch_fidelitys(weights_file):
    layers = ["2048", "logits_unbiased"]
    before = torch.get_rng_state()
    ours = inception(weights_file).build(layers)
    assert torch.equal(torch.get_rng_state(), before)
    theirs = FeatureExtractorInceptionV3("inception-v3-compat", layers, feature_extractor_weights_path=weights_file)
    images = torch.from_numpy(pictures(2, resolution=48, channels=3, seed=3))
    seen = []
    ours.Mixed_5b.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    for mine, other in zip(ours(images), theirs(images), strict=True):
        # Weights that separate images well amplify rounding too; with other weights the difference is 5e-7.
        assert (mine - other).abs().max() < 1e-5 * other.abs().max()
        assert other.std(0).mean() > 1e-3
    assert seen[0].is_contiguous(memory_format=torch.channels_last)


@pytest.mark.slow
def test_vgg16_features_are_torch_fidelitys(tmp_path):
    import torchvision

    torch.save(torchvision.models.vgg16(weights=None).state_dict(), tmp_path / "vgg.pth")
    ours = VGG16(VGG16.Options(weights=tmp_path / "vgg.pth")).build(["fc2_relu"])
    theirs = FeatureExtractorVGG16("vgg16", ["fc2_relu"], feature_extractor_weights_path=tmp_path / "vgg.pth")
    images = torch.from_numpy(pictures(4, resolution=48, channels=3))
    assert (ours(images)[0] - theirs(images)[0]).abs().max() < 1e-5 * theirs(images)[0].abs().max()


@pytest.mark.ci
def test_the_clean_resize_is_pillows_without_rounding_and_has_a_label_of_its_own(weights_file):
    options = InceptionV3Compat.Options(weights=weights_file, resize="clean")
    clean, plain = InceptionV3Compat(options), inception(weights_file)
    digest = clean.weights().sha256[:8]
    assert labels_of(clean, FrechetDistance, KernelDistance) == [
        f"FD-inception-clean (unofficial {digest})",
        f"KD-inception-clean (unofficial {digest})",
    ]
    assert clean.identity()["resize"] != plain.identity()["resize"]
    images = pictures(1, resolution=48, channels=3, seed=3)
    floats = images.astype(np.float32)
    resized = [
        [Image.fromarray(channel).resize((299, 299), Image.Resampling.BICUBIC) for channel in image] for image in floats
    ]
    wanted = (
        torch.from_numpy(np.array([[np.asarray(each) for each in image] for image in resized])).clamp(0, 255) - 128
    ) / 128
    seen = []
    network = clean.build(["2048"])
    network.module.Conv2d_1a_3x3.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        (found,) = network(torch.from_numpy(images))
    torch.testing.assert_close(seen[0], wanted, rtol=0, atol=1e-5)
    assert found.shape == (1, 2048)


def command_line(*arguments):
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "torch_fidelity.fidelity",
        "--cpu",
        "--json",
        "--silent",
        "--no-cache",
    ]
    answer = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True, env=dict(os.environ))
    return json.loads(answer.stdout)


def dump(folder, batches):
    folder.mkdir()
    images = torch.cat(list(batches)).numpy()
    for index, image in enumerate(images):
        Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0)).save(folder / f"{index:05d}.png")


def compare_with_command_line(tmp_path, weights_file, *, count, channels):
    pack = pack_of(tmp_path / "packs", pictures(count, resolution=32, channels=channels))
    subset = count // 2
    chosen = settings(
        metrics=(
            "fid",
            {"name": "kid", "subset_size": subset, "subsets": 10},
            {"name": "inception-score", "splits": 2},
        ),
        generated=count,
        extractor={"name": "inception-v3-compat", "weights": str(weights_file)},
    )
    extractor = inception(weights_file)
    protocol = plan(chosen, extractor, pack)
    generator = toy(resolution=32, channels=channels)
    fid, kid, isc = score(generator, pack, protocol, extractor, images_seen=0, device="cpu", cache=tmp_path)
    dump(tmp_path / "fakes", generated_batches(generator, pack, protocol, device="cpu"))
    dump(tmp_path / "reals", reference_batches(pack, protocol))
    theirs = command_line(
        *("--fid", "--kid", "--isc", "--kid-subset-size", str(subset), "--kid-subsets", "10", "--isc-splits", "2"),
        *("--input1", str(tmp_path / "fakes"), "--input2", str(tmp_path / "reals")),
        *("--feature-extractor", "inception-v3-compat", "--feature-extractor-weights-path", str(weights_file)),
    )
    assert fid.value == pytest.approx(theirs["frechet_inception_distance"], rel=1e-5)
    assert kid.value == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-5)
    assert isc.value == pytest.approx(theirs["inception_score_mean"], rel=1e-5)
    assert fid.notes == ("rank-deficient",)
    return fid, kid


@pytest.mark.parametrize("channels", [1, 3])
def test_torch_fidelity_reads_from_png_files_the_pixels_that_are_scored_here(tmp_path, channels):
    """With the networks and the statistics, which other tests compare, that makes equal scores."""
    images = torch.from_numpy(pictures(64, resolution=32, channels=channels))
    dump(tmp_path / "images", [images])
    files = ImagesPathDataset(sorted(str(path) for path in (tmp_path / "images").iterdir()))
    assert torch.equal(torch.stack([files[index] for index in range(64)]), three_channels(images))


@pytest.mark.slow  # benchmarks/parity.py does the same for more, with the published weights if they are there
@pytest.mark.parametrize("channels", [1, 3])
def test_scores_equal_torch_fidelitys_command_line(tmp_path, weights_file, channels):
    fid, kid = compare_with_command_line(tmp_path, weights_file, count=64, channels=channels)
    assert 0 < fid.standard_error < 0.5 * fid.value
    assert 0 < kid.standard_error < 0.5 * kid.value


PINNED_WEIGHTS = "b3649eaaab7eb67bc78b56345e3d867af339dc84eb1ea798e58ba8b413f074a1"
PINNED_FEATURES = [-0.825613, 0.362592, 0.155488, 0.318656, -0.165638, 0.223573, 0.014109, 0.139079]
