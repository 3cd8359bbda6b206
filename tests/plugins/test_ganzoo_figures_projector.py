"""Projection: schedules, whiteness, and that the generator's own images are found again."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ganzoo._inference.generate import to_uint8
from ganzoo._registry.registry import Registry
from ganzoo.contracts.capabilities import NoiseMaps, StyleAffines
from ganzoo.contracts.component import ImageSpec
from ganzoo.layers.style import truncated
from ganzoo_figures.projection import psnr
from ganzoo_figures.projector import Start, Synthesis, color_of, search
from ganzoo_figures.schedule import Schedule

STEPS = 400


def styled(name, **options):
    cls = Registry.discover().part("generator", name).cls
    torch.manual_seed(0)
    generator = cls(cls.Options(**options), ImageSpec(16, 1, 0)).eval().requires_grad_(False)
    for parameter_name, parameter in generator.named_parameters():
        if "noise" in parameter_name:
            parameter.fill_(0.1)
    return generator


GENERATORS = {
    "stylegan2": dict(latent_dim=16, style_dim=32, mapping_layers=2, channel_base=256, channel_max=16),
    "stylegan2-growing": dict(latent_dim=16, style_dim=16, mapping_layers=2, channel_base=256, channel_max=16),
    "stylegan": dict(latent_dim=16, style_dim=16, mapping_layers=2, channel_base=256, channel_max=16),
    "dcgan-styled": dict(latent_dim=16, style_dim=16, mapping_layers=2, width=8, max_width=16),
}


def begin(generator, *, fit=False):
    with torch.no_grad():
        styles = generator.map(torch.randn(2000, 16, generator=torch.Generator().manual_seed(1)), torch.zeros(2000, 0))
    mean = styles[:, 0].mean(0)
    deviation = float((styles[:, 0] - mean).square().sum(1).mean().sqrt())
    maps = {name: generator.get_buffer(name).shape[-1] for name in generator.noise_maps()} if fit else {}
    return Start(mean, deviation, styles.shape[1], maps)


def found(generator, targets, schedule, *, seeds=None, fit=False):
    distance = lambda images: (images - targets).square().mean(dim=(1, 2, 3))  # noqa: E731
    return search(Synthesis(generator), distance, begin(generator, fit=fit), schedule, seeds or range(len(targets)))


def images_of(generator, count, stream=7):
    latents = torch.randn(count, 16, generator=torch.Generator().manual_seed(stream))
    with torch.no_grad():
        return generator(latents, torch.zeros(count, 0))


@pytest.mark.slow
@pytest.mark.parametrize("space", ["w", "w+"])
def test_images_that_stylegan2_made_are_found_in_400_steps_above_30_db(space):
    generator = styled("stylegan2", **GENERATORS["stylegan2"])
    generator.use_noise("constant")
    latents = torch.randn(2, 16, generator=torch.Generator().manual_seed(7))
    styles = generator.map(latents, torch.zeros(2, 0))
    targets = generator.synthesize(truncated(styles, begin(generator).mean, 0.7))
    result = found(generator, targets, Schedule(space=space, steps=STEPS))
    assert min(psnr(to_uint8(targets).numpy(), to_uint8(result.images).numpy())) > 30
    assert result.styles.shape == (2, 6, 32)
    assert torch.equal(result.styles[:, 0], result.styles[:, 1]) == (space == "w")
    assert result.film.shape[:2] == (2, 2)
    torch.testing.assert_close(generator.synthesize(result.styles), result.images)


@pytest.mark.slow
def test_fitted_noise_finds_images_with_random_noise_better_and_stays_white():
    generator = styled("stylegan2", **GENERATORS["stylegan2"])
    torch.manual_seed(3)
    targets = images_of(generator, 1)
    generator.use_noise("constant")
    before = [buffer.clone() for buffer in generator.buffers()]
    schedule = Schedule(steps=100, whiteness=1.0)
    own, fitted = (found(generator, targets, schedule, fit=fit) for fit in (False, True))
    assert fitted.distances[0] < own.distances[0] / 2
    assert set(fitted.noise) == set(generator.noise_maps())
    for maps in fitted.noise.values():
        assert maps.mean().abs() < 1e-5
        assert maps.var(correction=0) == pytest.approx(1, abs=1e-4)
    assert all(torch.equal(one, other) for one, other in zip(before, generator.buffers(), strict=True))


def test_an_image_is_found_independently_of_the_others():
    generator = styled("stylegan2", **GENERATORS["stylegan2"])
    generator.use_noise("constant")
    targets = images_of(generator, 3)
    schedule = Schedule(steps=8)
    together = found(generator, targets, schedule, fit=True)
    alone = found(generator, targets[1:2], schedule, seeds=[1], fit=True)
    torch.testing.assert_close(together.styles[1:2], alone.styles, rtol=1e-3, atol=1e-3)


def test_schedules_are_the_papers():
    schedule = Schedule()
    assert schedule.rate(0) == 0
    assert schedule.rate(25) == pytest.approx(0.05)
    assert schedule.rate(50) == schedule.rate(750) == pytest.approx(0.1)
    assert schedule.rate(875) == pytest.approx(0.05)
    assert schedule.shake(0) == pytest.approx(0.05)
    assert schedule.shake(375) == pytest.approx(0.05 / 4)
    assert schedule.shake(750) == schedule.shake(999) == 0


def test_whiteness_punishes_structure_at_every_scale():
    stream = torch.Generator().manual_seed(0)
    white = torch.randn(1, 1, 64, 64, generator=stream)
    assert float(color_of(white)) < 0.08
    for block in (2, 4, 8):
        coarse = torch.randn(1, 1, 64 // block, 64 // block, generator=stream)
        assert float(color_of(coarse.repeat_interleave(block, 2).repeat_interleave(block, 3))) > 0.1
    assert float(color_of(torch.ones(1, 1, 4, 4))) == pytest.approx(2)


@pytest.mark.parametrize("name", GENERATORS)
def test_generators_show_their_noise_and_their_style_weights(name):
    generator = styled(name, **GENERATORS[name])
    assert isinstance(generator, NoiseMaps)
    assert isinstance(generator, StyleAffines)
    generator.use_noise("constant")
    maps = generator.noise_maps()
    assert maps
    styles = generator.map(torch.randn(2, 16), torch.zeros(2, 0))[:1].expand(2, -1, -1)
    noise = {one: torch.randn(2, 1, *generator.get_buffer(one).shape[-2:]) for one in maps}
    images = Synthesis(generator).images(styles, noise)
    assert not torch.allclose(images[0], images[1])  # each image has its own map
    layers = [layer for layer, _ in generator.style_weights()]
    assert set(layers) == set(range(styles.shape[1]))
    noise = {one: maps[:1].expand_as(maps) for one, maps in noise.items()}
    unseen = _unseen(generator, 1)
    moved = styles.clone()
    moved[1, 1] += 5 * unseen  # what no layer sees of a style changes nothing
    images = Synthesis(generator).images(moved, noise)
    torch.testing.assert_close(images[0], images[1], rtol=1e-4, atol=1e-4)
    moved[1, 1] += 5 * unseen.roll(1)
    images = Synthesis(generator).images(moved, noise)
    assert not torch.allclose(images[0], images[1], rtol=1e-2, atol=1e-2)


def _unseen(generator, layer):
    """A direction that the weights of a layer do not see, once its last one was made blind to it."""
    direction = torch.nn.functional.normalize(torch.randn(generator.mean_w().shape[0]), dim=0)
    shown = [weight for number, weight in generator.style_weights() if number == layer]
    for parameter in generator.parameters():
        for weight in shown:
            ratio = float(weight.norm() / parameter.norm())
            if parameter.shape == weight.shape and torch.allclose(parameter * ratio, weight, rtol=1e-5):
                parameter.sub_(parameter @ direction[:, None] * direction)
    return direction


def test_psnr_is_of_eight_bits():
    one = np.zeros((2, 1, 4, 4), np.uint8)
    assert psnr(one, one) == [100.0, 100.0]
    assert psnr(one, one + 10)[0] == pytest.approx(20 * math.log10(25.5))


def test_stages_of_vgg16_end_with_activations_before_pooling():
    from torchvision.models import vgg16 as published

    from ganzoo_features import vgg16

    with torch.device("meta"):
        layers = list(published().features)
    assert all(isinstance(layers[stop - 1], torch.nn.ReLU) for stop in vgg16._STAGES[1:])
    assert all(isinstance(layers[stop], torch.nn.MaxPool2d) for stop in vgg16._STAGES[1:])


def test_perceptual_distances_see_structure_more_than_brightness_and_can_be_descended():
    network = Registry.discover().part("extractor", "random-features").cls(None).perceptual()
    rng = torch.Generator().manual_seed(0)
    image = torch.randn(1, 3, 16, 16, generator=rng).clamp(-1, 1)
    shown = image.clone().requires_grad_()
    features = network(shown)
    gradient = torch.autograd.grad(features.square().sum() + features.sum(), shown)[0]
    assert torch.isfinite(gradient).all()
    assert gradient.abs().max() > 0
    assert torch.equal(shown, image)

    def distance(other):
        return float((network(other) - features.detach()).square().sum())

    assert distance(image) < 1e-10
    mixed = image.flatten()[torch.randperm(image.numel(), generator=rng)].view_as(image)
    assert distance(image * 0.8) < distance(mixed) / 5
