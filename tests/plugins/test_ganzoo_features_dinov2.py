from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from scoring_world import pictures
from torch import nn
from torch.nn import functional

from ganzoo._cli.fetch import published_by
from ganzoo.errors import WeightsError
from ganzoo.scoring.labels import label_of
from ganzoo_features.dinov2 import DINOv2Large, DINOv2Small
from ganzoo_features.vision_transformer import VisionTransformer
from ganzoo_metrics.fid import FrechetDistance

WIDTH, DEPTH = 384, 12


def made_up(width, depth):
    """Return tensors named and shaped as the published ones, random."""
    rng = torch.Generator().manual_seed(0)

    def drawn(*shape, scale=0.02, around=0.0):
        return around + scale * torch.randn(*shape, generator=rng)

    state = {
        "cls_token": drawn(1, 1, width),
        "mask_token": drawn(1, width),
        "pos_embed": drawn(1, 1 + 37 * 37, width, scale=0.5),
        "patch_embed.proj.weight": drawn(width, 3, 14, 14, scale=0.1),
        "patch_embed.proj.bias": drawn(width),
        "norm.weight": drawn(width, around=1.0),
        "norm.bias": drawn(width),
    }
    for number in range(depth):
        for name, shape in {
            "attn.qkv": (3 * width, width),
            "attn.proj": (width, width),
            "mlp.fc1": (4 * width, width),
            "mlp.fc2": (width, 4 * width),
        }.items():
            state[f"blocks.{number}.{name}.weight"] = drawn(*shape, scale=2 * shape[1] ** -0.5)
            state[f"blocks.{number}.{name}.bias"] = drawn(shape[0])
        for name in ("norm1", "norm2"):
            state[f"blocks.{number}.{name}.weight"] = drawn(width, around=1.0, scale=0.1)
            state[f"blocks.{number}.{name}.bias"] = drawn(width)
        for name in ("ls1", "ls2"):
            state[f"blocks.{number}.{name}.gamma"] = drawn(width, around=0.5, scale=0.1)
    return state


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "mine.pth"
    torch.save(made_up(WIDTH, DEPTH), path)
    return path


def independent_forward(state, images, heads):
    """The same by torch's own transformer: LayerScale multiplies the last weights of either branch."""
    width = state["norm.weight"].numel()
    patches = functional.conv2d(images, state["patch_embed.proj.weight"], state["patch_embed.proj.bias"], stride=14)
    places = patches.shape[-1]
    positions = state["pos_embed"]
    grid = positions[:, 1:].reshape(1, 37, 37, width).permute(0, 3, 1, 2)
    # The authors give a scale that is a little too large, and bicubic interpolation then samples by that scale.
    ratio = 37 / (places + 0.1)
    sampled = bicubic_matrix(37, places, ratio)
    grid = sampled @ grid @ sampled.T
    tokens = torch.cat([state["cls_token"].expand(len(images), -1, -1), patches.flatten(2).transpose(1, 2)], 1)
    tokens = tokens + torch.cat([positions[:, :1], grid.flatten(2).transpose(1, 2)], 1)
    depth = sum(name.endswith("attn.qkv.weight") for name in state)
    for number in range(depth):
        of = {
            name.removeprefix(f"blocks.{number}."): value
            for name, value in state.items()
            if f"blocks.{number}." in name
        }
        layer = nn.TransformerEncoderLayer(
            width,
            heads,
            4 * width,
            dropout=0.0,
            activation="gelu",
            layer_norm_eps=1e-6,
            batch_first=True,
            norm_first=True,
        ).eval()
        layer.load_state_dict(
            {
                "self_attn.in_proj_weight": of["attn.qkv.weight"],
                "self_attn.in_proj_bias": of["attn.qkv.bias"],
                "self_attn.out_proj.weight": of["attn.proj.weight"] * of["ls1.gamma"][:, None],
                "self_attn.out_proj.bias": of["attn.proj.bias"] * of["ls1.gamma"],
                "linear1.weight": of["mlp.fc1.weight"],
                "linear1.bias": of["mlp.fc1.bias"],
                "linear2.weight": of["mlp.fc2.weight"] * of["ls2.gamma"][:, None],
                "linear2.bias": of["mlp.fc2.bias"] * of["ls2.gamma"],
                **{f"{name}.{key}": of[f"{name}.{key}"] for name in ("norm1", "norm2") for key in ("weight", "bias")},
            }
        )
        tokens = layer(tokens)
    return functional.layer_norm(tokens[:, 0], (width,), state["norm.weight"], state["norm.bias"], 1e-6)


def bicubic_matrix(before, after, ratio):
    """Return the matrix `[after, before]` of bicubic sampling, a = -0.75, at (i + 1/2) ratio - 1/2, edges repeated."""
    matrix = torch.zeros(after, before)
    for row in range(after):
        center = (row + 0.5) * ratio - 0.5
        first = int(np.floor(center)) - 1
        for place in range(first, first + 4):
            t = abs(center - place)
            near = 1.25 * t**3 - 2.25 * t**2 + 1
            far = -0.75 * (t**3 - 5 * t**2 + 8 * t - 4)
            matrix[row, min(max(place, 0), before - 1)] += near if t <= 1 else far
    return matrix


@pytest.mark.ci
def test_the_features_are_those_of_a_transformer_by_torchs_own_layers(weights_file):
    extractor = DINOv2Small(DINOv2Small.Options(weights=weights_file))
    images = pictures(1, resolution=64, channels=3)
    before = torch.get_rng_state()
    network = extractor.build(["class token"]).eval()
    assert torch.equal(torch.get_rng_state(), before)
    with torch.no_grad():
        (found,) = network(torch.from_numpy(images))
        # dgm-eval resizes with Pillow, to 8 bits, and normalizes as ImageNet is.
        seen = [np.asarray(Image.fromarray(image.transpose(1, 2, 0)).resize((224, 224), 3)) for image in images]
        colors = (np.stack(seen) / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
        wanted = independent_forward(made_up(WIDTH, DEPTH), torch.from_numpy(colors).float().permute(0, 3, 1, 2), 6)
    assert found.shape == (1, WIDTH)
    assert float((found - wanted).abs().max() / wanted.abs().max()) < 1e-4


def test_where_it_was_trained_positions_are_taken_as_they_are():
    state = made_up(64, 1)
    network = VisionTransformer(state, width=64, depth=1)
    assert torch.equal(network._positions(37), state["pos_embed"])


def test_the_large_ones_tensors_have_their_shapes():
    with torch.device("meta"):
        state = {name: torch.empty(value.shape) for name, value in made_up_shapes().items()}
    network = VisionTransformer(state, width=DINOv2Large.width, depth=DINOv2Large.depth)
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == 304_368_640 - 1024  # the published ViT-L/14, less its mask token


def made_up_shapes():
    with torch.device("meta"):
        width, shapes = DINOv2Large.width, {}
        shapes |= {"cls_token": torch.empty(1, 1, width), "pos_embed": torch.empty(1, 1370, width)}
        shapes |= {"patch_embed.proj.weight": torch.empty(width, 3, 14, 14)}
        shapes |= {name: torch.empty(width) for name in ("patch_embed.proj.bias", "norm.weight", "norm.bias")}
        for number in range(DINOv2Large.depth):
            block = f"blocks.{number}."
            for name, outputs, inputs in (
                ("attn.qkv", 3, 1),
                ("attn.proj", 1, 1),
                ("mlp.fc1", 4, 1),
                ("mlp.fc2", 1, 4),
            ):
                shapes[f"{block}{name}.weight"] = torch.empty(outputs * width, inputs * width)
                shapes[f"{block}{name}.bias"] = torch.empty(outputs * width)
            for name in ("norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias", "ls1.gamma", "ls2.gamma"):
                shapes[f"{block}{name}"] = torch.empty(width)
    return shapes


def test_its_labels_say_which_one_it_is(weights_file, monkeypatch, tmp_path):
    small = DINOv2Small(DINOv2Small.Options(weights=weights_file))
    (display,) = FrechetDistance.values.values()
    metric = FrechetDistance(FrechetDistance.Options())
    assert label_of(display, metric, small) == f"FD-DINOv2-S (unofficial {small.weights().sha256[:8]})"
    assert DINOv2Large.label == "DINOv2"


def test_it_is_fetched_by_name_and_its_absence_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "ganzoo"))
    ((name, published),) = published_by(["dinov2-vitl14"])
    assert (name, published.file_name) == ("dinov2-vitl14", "dinov2_vitl14_pretrain.pth")
    with pytest.raises(WeightsError, match=r"ganzoo fetch-weights dinov2-vits14.*GANZOO_DINOV2_VITS14_WEIGHTS"):
        DINOv2Small(DINOv2Small.Options()).weights()


@pytest.mark.parametrize("change", ["register_tokens", None])
def test_tensors_of_another_network_are_refused(tmp_path, change):
    state = {"norm.weight": torch.ones(384)} | ({change: torch.ones(1, 4, 384)} if change else {})
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="do not fit extractor 'dinov2-vits14'"):
        DINOv2Small(DINOv2Small.Options(weights=tmp_path / "other.pth")).build(["class token"])
