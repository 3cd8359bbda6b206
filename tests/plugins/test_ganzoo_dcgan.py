"""DCGAN's networks against the paper: structure, counts, initial weights, latents, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from ganzoo import ConfiguredPart, ImageSpec
from ganzoo.contracts.phase import Phase
from ganzoo.testing import LinearStep, check_discriminator, check_generator, small_context
from ganzoo_dcgan.discriminator import DCGANDiscriminator
from ganzoo_dcgan.generator import DCGANGenerator
from ganzoo_losses.gradient_penalty import GradientPenalty
from ganzoo_losses.r1 import R1
from ganzoo_losses.wgan_gp import WGANGP

PAPER = ImageSpec(64, 3)
NORMALIZATIONS = ("none", "batch", "layer", "instance")


def generator(images=PAPER, **options) -> DCGANGenerator:
    return DCGANGenerator(DCGANGenerator.Options(**options), images)


def discriminator(images=PAPER, **options) -> DCGANDiscriminator:
    return DCGANDiscriminator(DCGANDiscriminator.Options(**options), images)


def of_type(network: nn.Module, *types: type) -> list[nn.Module]:
    return [module for module in network.modules() if isinstance(module, types)]


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_papers_generator():
    with torch.device("meta"):
        network = generator()
    convolutions = of_type(network, nn.ConvTranspose2d)
    assert [(c.in_channels, c.out_channels) for c in convolutions] == [(1024, 512), (512, 256), (256, 128), (128, 3)]
    assert all(c.kernel_size == (5, 5) and c.stride == (2, 2) and c.bias is None for c in convolutions)
    assert network.dense.weight.shape == (1024 * 4 * 4, 100)
    assert [norm.num_features for norm in of_type(network, nn.BatchNorm1d)] == [1024 * 4 * 4]
    assert [norm.num_features for norm in of_type(network, nn.BatchNorm2d)] == [512, 256, 128]
    assert isinstance(network.layers[-1], nn.Tanh)
    assert isinstance(network.layers[-2], nn.ConvTranspose2d)
    dense = 100 * 16384 + 2 * 16384
    hidden = 25 * (1024 * 512 + 512 * 256 + 256 * 128) + 2 * (512 + 256 + 128)
    assert parameters(network) == dense + hidden + 25 * 128 * 3 == 18_885_760


def test_the_papers_discriminator():
    with torch.device("meta"):
        network = discriminator()
    convolutions = of_type(network, nn.Conv2d)
    assert [(c.in_channels, c.out_channels) for c in convolutions] == [(3, 128), (128, 256), (256, 512), (512, 1024)]
    assert all(c.kernel_size == (5, 5) and c.stride == (2, 2) and c.bias is None for c in convolutions)
    assert [norm.num_features for norm in of_type(network, nn.BatchNorm2d)] == [256, 512, 1024]
    assert isinstance(network.layers[0], nn.Conv2d)
    assert isinstance(network.layers[1], nn.LeakyReLU)
    assert {leak.negative_slope for leak in of_type(network, nn.LeakyReLU)} == {0.2}
    assert not of_type(network, nn.Sigmoid)
    hidden = 25 * (128 * 256 + 256 * 512 + 512 * 1024) + 2 * (256 + 512 + 1024)
    assert parameters(network) == 25 * 3 * 128 + hidden + 1024 * 16 == 17_232_768


def tutorial(width=64):
    """The networks of PyTorch's DCGAN tutorial (pytorch/examples), but for the sigmoid, which is the loss's here."""
    made, judging = nn.Sequential(), nn.Sequential()
    channels = [100, width * 8, width * 4, width * 2, width]
    for index, (inputs, outputs) in enumerate(pairwise(channels)):
        stride, padding = (1, 0) if index == 0 else (2, 1)
        made.append(nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False))
        made.extend([nn.BatchNorm2d(outputs), nn.ReLU()])
    made.extend([nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False), nn.Tanh()])
    channels = [3, width, width * 2, width * 4, width * 8]
    for index, (inputs, outputs) in enumerate(pairwise(channels)):
        judging.append(nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False))
        judging.extend([nn.BatchNorm2d(outputs)] if index else [])
        judging.append(nn.LeakyReLU(0.2))
    judging.append(nn.Conv2d(width * 8, 1, 4, 1, 0, bias=False))
    return made, judging


TUTORIAL = {"width": 64, "kernel": 4, "normalization": "batch"}
TUTORIAL_GENERATOR = TUTORIAL | {"latent_dim": 100, "latents": "normal", "batch_norm_of_dense": "channels"}


def test_the_tutorials_networks_can_be_had_by_options():
    with torch.device("meta"):
        counts = [parameters(network) for network in (generator(**TUTORIAL_GENERATOR), discriminator(**TUTORIAL))]
        assert counts == [parameters(network) for network in tutorial()] == [3_576_704, 2_765_568]
    torch.manual_seed(5)
    mine = generator(**TUTORIAL_GENERATOR | {"width": 8}), discriminator(**TUTORIAL | {"width": 8})
    theirs = tutorial(8)
    for network, other in zip(mine, theirs, strict=True):
        # Parameters come in the order of the layers; a dense layer is a convolution of 4x4 kernels laid out flat.
        values = list(network.state_dict().values())
        if network is mine[0]:
            values[0] = values[0].view(64, 4, 4, 100).permute(3, 0, 1, 2)
        else:
            values[-1] = values[-1].view(1, 64, 4, 4)
        other.load_state_dict(dict(zip(other.state_dict(), values, strict=True)))
    latents, labels = torch.randn(5, 100), torch.zeros(5, 0)
    images = mine[0](latents, labels)  # in training: of the batch's own statistics
    torch.testing.assert_close(images, theirs[0](latents[:, :, None, None]), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(mine[1](images, labels), theirs[1](images).flatten(), rtol=1e-4, atol=1e-5)


@pytest.mark.ci
@pytest.mark.parametrize("kernel", [4, 5])
@pytest.mark.parametrize("resolution", [16, 32, 64, 128, 256, 512])
@pytest.mark.parametrize(("channels", "label_dim"), [(1, 0), (3, 5)])
def test_shapes_at_every_resolution(resolution, kernel, channels, label_dim):
    images = ImageSpec(resolution, channels, label_dim)
    with torch.device("meta"):
        labels = torch.empty(2, label_dim)
        made = generator(images, kernel=kernel, width=64)(torch.empty(2, 100), labels)
        critic = discriminator(images, kernel=kernel, width=64)
        logits = critic(made, labels)
    assert made.shape == (2, channels, resolution, resolution)
    assert logits.shape == (2,)
    assert len(of_type(critic, nn.Conv2d)) == resolution.bit_length() - 3


def test_max_width_caps_the_coarse_layers():
    with torch.device("meta"):
        network = discriminator(ImageSpec(512, 1), width=32, max_width=256)
    assert [c.out_channels for c in of_type(network, nn.Conv2d)] == [32, 64, 128, 256, 256, 256, 256]


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_initial_weights(normalization):
    torch.manual_seed(0)
    for network in (
        generator(width=64, normalization=normalization),
        discriminator(width=64, normalization=normalization),
    ):
        for layer in of_type(network, nn.Linear, nn.Conv2d, nn.ConvTranspose2d):
            tolerance = 5 / layer.weight.numel() ** 0.5
            assert layer.weight.mean().item() == pytest.approx(0, abs=0.02 * tolerance)
            assert layer.weight.std().item() == pytest.approx(0.02, rel=tolerance)
            assert layer.bias is None or not layer.bias.any()
        gains = of_type(network, nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm, nn.InstanceNorm2d)
        assert bool(gains) == (normalization != "none")
        for norm in gains:
            tolerance = 5 / norm.weight.numel() ** 0.5
            assert norm.weight.mean().item() == pytest.approx(1, abs=0.02 * tolerance)
            assert norm.weight.std().item() == pytest.approx(0.02, rel=tolerance)
            assert not norm.bias.any()


@pytest.mark.parametrize(
    ("normalization", "hidden", "bare"),
    [("none", True, True), ("layer", True, True), ("instance", False, True), ("batch", False, False)],
)
def test_biases_only_where_they_do_something(normalization, hidden, bare):
    with torch.device("meta"):
        first, *coarser = of_type(discriminator(normalization=normalization), nn.Conv2d)
        *finer, last = of_type(generator(normalization=normalization), nn.ConvTranspose2d)
    assert {layer.bias is not None for layer in (*coarser, *finer)} == {hidden}
    assert {layer.bias is not None for layer in (first, last)} == {bare}


def test_layer_normalization_is_over_channels_and_pixels():
    torch.manual_seed(1)
    network = discriminator(ImageSpec(16, 1), width=4, normalization="layer")
    norm = of_type(network, nn.GroupNorm)[0]
    features = torch.randn(2, 8, 4, 4)
    mean = features.mean(dim=(1, 2, 3), keepdim=True)
    deviation = (features.var(dim=(1, 2, 3), unbiased=False, keepdim=True) + 1e-5).sqrt()
    gain, bias = (part.view(1, -1, 1, 1) for part in (norm.weight, norm.bias))
    assert torch.allclose(norm(features), (features - mean) / deviation * gain + bias, atol=1e-6)


def test_latents():
    rng = torch.Generator().manual_seed(0)
    uniform = generator(ImageSpec(16, 1), width=2).sample_latents(1000, rng)
    assert uniform.shape == (1000, 100)
    assert -1 <= uniform.min() < -0.999
    assert 0.999 < uniform.max() < 1
    assert uniform.mean().item() == pytest.approx(0, abs=0.01)
    assert uniform.var().item() == pytest.approx(1 / 3, rel=0.02)
    normal = generator(ImageSpec(16, 1), width=2, latents="normal", latent_dim=7).sample_latents(5000, rng)
    assert normal.shape == (5000, 7)
    assert normal.var().item() == pytest.approx(1, rel=0.05)


def test_labels_enter_the_logit_by_projection():
    torch.manual_seed(2)
    critic = discriminator(ImageSpec(16, 1, 3), width=4, normalization="layer").eval()
    images = torch.randn(3, 1, 16, 16)
    features = critic.layers(images)
    plain = critic.dense(features.flatten(1)).squeeze(1)
    assert torch.allclose(critic(images, torch.zeros(3, 3)), plain)
    for label in range(3):
        chosen = critic.projection.weight[:, label]
        expected = plain + (features.sum(dim=(2, 3)) * chosen).sum(dim=1)
        assert torch.allclose(critic(images, torch.eye(3)[[label] * 3]), expected, atol=1e-6)


@pytest.mark.ci
@pytest.mark.parametrize("kernel", [4, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_every_variant_keeps_the_contract(normalization, kernel):
    options = {"width": 4, "kernel": kernel, "normalization": normalization}
    check_generator(DCGANGenerator, DCGANGenerator.Options(latents="normal", **options), resolution=16)
    check_discriminator(DCGANDiscriminator, DCGANDiscriminator.Options(**options), resolution=16)


@pytest.mark.parametrize("cls", [DCGANGenerator, DCGANDiscriminator])
@pytest.mark.parametrize(("resolution", "fits"), [(8, False), (16, True), (48, False), (512, True), (1024, False)])
def test_resolutions(cls, resolution, fits):
    reason = cls.incompatibility(cls.Options(), small_context(ImageSpec(resolution, 1), cls, cls.Options()))
    assert (reason is None) == fits
    assert fits or f"not at {resolution}: set dataset.resolution" in reason


@pytest.mark.parametrize("cls", [DCGANGenerator, DCGANDiscriminator])
def test_batch_normalization_needs_a_batch(cls):
    context = replace(small_context(ImageSpec(16, 1)), phases=(Phase(16, 0, 1000, 1),))
    assert "more than one image" in cls.incompatibility(cls.Options(), context)
    assert "more than one image" in cls.incompatibility(
        cls.Options(), replace(small_context(ImageSpec(16, 1)), micro_batch=1)
    )
    assert cls.incompatibility(cls.Options(normalization="instance"), context) is None
    assert cls.depends_on_batch(cls.Options())
    assert not any(cls.depends_on_batch(cls.Options(normalization=kind)) for kind in ("none", "layer", "instance"))


def test_batch_normalization_is_refused_under_a_gradient_penalty():
    context = small_context(ImageSpec(16, 1), WGANGP, WGANGP.Options())
    reason = DCGANDiscriminator.incompatibility(DCGANDiscriminator.Options(), context)
    assert "'gradient-penalty'" in reason
    assert 'set discriminator.normalization = "layer"' in reason
    for kind in ("none", "layer", "instance"):
        assert DCGANDiscriminator.incompatibility(DCGANDiscriminator.Options(normalization=kind), context) is None
    assert DCGANGenerator.incompatibility(DCGANGenerator.Options(), context) is None
    named = replace(context, regularizers=(ConfiguredPart(GradientPenalty, GradientPenalty.Options()),))
    assert DCGANDiscriminator.incompatibility(DCGANDiscriminator.Options(), named) == reason
    with_r1 = replace(context, regularizers=(ConfiguredPart(R1, R1.Options()),))
    assert DCGANDiscriminator.incompatibility(DCGANDiscriminator.Options(), with_r1) is None


@pytest.mark.parametrize(("normalization", "coupled"), [("batch", True), ("layer", False), ("instance", False)])
def test_gradients_at_images_under_normalization(normalization, coupled):
    """Why: with batch normalization one image's logit has a gradient at the other images, so R1 is of their sum."""
    torch.manual_seed(3)
    critic = discriminator(ImageSpec(16, 1), width=4, normalization=normalization)
    images = torch.randn(4, 1, 16, 16, requires_grad=True)
    (slope,) = torch.autograd.grad(critic(images, torch.zeros(4, 0))[0], images)
    assert bool(slope[1:].any()) == coupled
    step = LinearStep(critic, images.detach())
    (total,) = torch.autograd.grad(step.real_logits.sum(), step.real_input, retain_graph=True)
    penalty = R1(R1.Options(gamma=2.0)).penalty(step)
    assert penalty.item() == pytest.approx(total.square().sum().item() / 4, rel=1e-5)


def test_batch_normalization_uses_running_statistics_in_evaluation():
    torch.manual_seed(4)
    network = generator(ImageSpec(16, 1), width=4)
    latents, labels = network.sample_latents(8, torch.Generator().manual_seed(1)), torch.zeros(8, 0)
    before = network.eval()(latents, labels)
    network.train()
    for _ in range(50):
        network(latents, labels)
    after = network.eval()(latents, labels)
    assert not torch.allclose(before, after)
    assert torch.allclose(after[:1], network(latents[:1], labels[:1]), atol=1e-6)
    # After enough batches the running statistics are the batch's own, up to the unbiased variance.
    assert torch.allclose(after, network.train()(latents, labels), atol=0.2)


@pytest.mark.parametrize(
    "options",
    [
        {"kernel": 3},
        {"width": 0},
        {"normalization": "group"},
        {"latents": "cauchy"},
        {"normalization": "layer", "batch_norm_of_dense": "channels"},
    ],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValidationError):
        DCGANGenerator.Options(**options)
