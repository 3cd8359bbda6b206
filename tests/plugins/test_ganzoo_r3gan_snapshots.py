"""R3GAN's snapshots of any shape: images, logits, penalties and gradients are those of the definition, in float64."""

from __future__ import annotations

import pytest
import torch
from dense_r3gan import Shape, drawn, images_of, logits_of, snapshot
from torch.nn.functional import softplus

from ganzoo import CheckpointError, ImageSpec
from ganzoo.interchange import Record, parse
from ganzoo_r3gan.importer import R3GANSnapshots


def built(network, images):
    made = network.cls(network.options, images)
    made.load_state_dict(dict(network.weights))
    return made


def close(found, expected):
    return (found - expected).abs().max() <= 1e-5 * max(1, expected.abs().max())


SHAPES = {
    "plain": Shape(),
    "classes, groups of other sizes": Shape((16, 16, 8), (1, 1, 3), (2, 4, 1), labels=2, embedded=3, channels=1),
    "wide inside, equal widths": Shape((16, 16), (2, 2), (4, 4), expansion=4, labels=5, embedded=16),
}


@pytest.mark.parametrize("case", SHAPES)
def test_networks_penalties_and_gradients_are_those_of_the_definition(case):
    shape = SHAPES[case]
    weights, judging = drawn(shape)
    found = R3GANSnapshots.read(parse(snapshot(weights, judging)))
    side = 4 << (len(shape.widths) - 1)
    assert found.images == ImageSpec(side, shape.channels, shape.labels)
    generator, critic = built(found.ema, found.images), built(found.discriminator, found.images)
    latents = torch.randn(3, shape.latents)
    labels = torch.eye(shape.labels)[[shape.labels - 1, 0, 0]] if shape.labels else torch.zeros(3, 0)

    def objective(images, real, judge, wide):
        """The critic's loss with both penalties, of which gamma is 2."""
        seen = images.detach().requires_grad_()
        reals = wide(real).requires_grad_()
        truths, fakes = judge(reals), judge(seen)
        slopes = [
            torch.autograd.grad(each.sum(), where, create_graph=True)[0].square().sum(dim=(1, 2, 3))
            for each, where in ((truths, reals), (fakes, seen))
        ]
        return (softplus(fakes - truths) + slopes[0] + slopes[1]).mean()

    real = torch.randn(3, shape.channels, side, side)
    images = generator(latents, labels)
    expected = images_of(weights, shape, latents.double(), labels.double())
    assert close(images, expected)
    named = {name: value.requires_grad_() for name, value in judging.items() if not name.endswith("Kernel")}
    theirs = objective(
        expected, real, lambda x: logits_of(judging, shape, x, labels.double()), lambda x: x.double().clone()
    )
    ours = objective(images, real, lambda x: critic(x, labels), torch.clone)
    assert close(ours, theirs)
    sums = [sum(slope.square().sum() for slope in torch.autograd.grad(ours, list(critic.parameters())))]
    sums.append(sum(slope.square().sum() for slope in torch.autograd.grad(theirs, list(named.values()))))
    assert sums[0].item() == pytest.approx(sums[1].item(), rel=1e-4)


def test_groups_and_shapes_are_options_that_the_networks_show():
    options = R3GANSnapshots.read(parse(snapshot(*drawn(Shape((32, 16), (2, 2), (4, 2)))))).ema.options
    assert (options.channels, options.blocks, options.cardinality) == ((32, 16), (2,), ())
    options = R3GANSnapshots.read(parse(snapshot(*drawn(Shape((32, 16), (2, 1), (2, 4)))))).discriminator.options
    assert (options.channels, options.blocks, options.cardinality) == ((32, 16), (2, 1), (2, 4))


def test_a_dictionary_of_states_is_read_alike():
    weights, judging = drawn(Shape(labels=2))
    content = {key: {n: v.float() for n, v in state.items()} for key, state in (("G_ema", weights), ("D", judging))}
    assert R3GANSnapshots.recognizes(content)
    found = R3GANSnapshots.read(content)
    assert found.generator is None and found.images.label_dim == 2 and found.discriminator is not None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"MainLayers.1.Layers.0.Resampler.Kernel": torch.ones(4, 4)}, "Kernel is another filter than"),
        ({"MainLayers.1.Alphas.0": torch.ones(3)}, r"'MainLayers\.1\.Alphas\.0' is in no R3GAN"),
        ({"MainLayers.1.Layers.1.LinearLayer1.Layer.weight": torch.ones(20, 8, 1, 1)}, "widen by different factors"),
        ({"MainLayers.1.Layers.1.LinearLayer2.Layer.weight": torch.ones(())}, "is missing or damaged"),
    ],
)
def test_what_the_paper_does_not_have_is_refused_by_name(change, words):
    weights = {name: value.float() for name, value in drawn(Shape())[0].items()}
    with pytest.raises(CheckpointError, match=words):
        R3GANSnapshots.read({"G_ema": weights | change})


def test_other_layers_of_that_package_are_named():
    other = {"G_ema": Record("training.networks", "Generator", state={"_modules": {"Model": Record("R3GAN.Net", "G")}})}
    assert not R3GANSnapshots.recognizes(other)
    assert "an R3GAN (arXiv:2501.05441) with other layers" in (R3GANSnapshots.refusal(other) or "")
    assert R3GANSnapshots.refusal({"G_ema": 3}) is None
