"""Several processes compute the training of one, up to the order of sums; what they cannot share is refused."""

from __future__ import annotations

import pytest
import torch
from ranks_world import on_ranks, played, state_of, trainer_on
from torch import nn
from training_world import GROWING, installed, merged, recipe_of

from ganzoo._recipe.rank_compatibility import rank_errors
from ganzoo._training.rank_checks import SharedDraws, check_equal
from ganzoo.errors import PluginError
from ganzoo.layers import BatchNorm1d, BatchNorm2d, MinibatchStd, all_rows, batch_mean, per_batch, per_image
from ganzoo.layers.ranks import Ranks, sharing_batch

SIZES = {"channel_base": 64, "channel_max": 8}
STYLES = {"latent_dim": 8, "style_dim": 8, "mapping_layers": 2}
PLAIN = {"dataset": {"name": "tiny", "resolution": 16}, "training": {"total_kimg": 0.064}}
DCGAN = {"generator": {"name": "dcgan", "width": 4}, "discriminator": {"name": "dcgan", "width": 4}}
ADA = {"name": "ada", "initial_p": 0.5, "interval": 1, "speed_kimg": 0.05}
CASES = {
    "dcgan": merged(DCGAN, {"loss": {"name": "logistic"}}),
    "rahinge": merged(DCGAN, {"loss": {"name": "rahinge"}}),
    "wgan-gp": merged(DCGAN, {"discriminator": {"normalization": "layer"}, "loss": {"name": "wgan-gp"}}),
    "feature matching, split": {
        "generator": {"name": "dcgan", "width": 4, "normalization": "layer"},
        "discriminator": {"name": "dcgan", "width": 4, "normalization": "layer"},
        "loss": {"name": "rpgan"},
        "training": {"micro_batch": 4, "discriminator_steps": 2},
    },
    "progan": {
        "generator": {"name": "progan", "latent_dim": 8} | SIZES,
        "discriminator": {"name": "progan"} | SIZES,
        "loss": {"name": "wgan-gp", "drift": 0.001},
        "training": {
            "total_kimg": 0.08,
            "growth": {"start_resolution": 8, "fade_kimg": 0.024, "stable_kimg": 0.008},
        },
    },
    "stylegan": {
        # A start of ones has no gradient but for rounding, which Adam would blow up.
        "generator": {"name": "stylegan", "input": "normal"} | SIZES | STYLES,
        "discriminator": {"name": "stylegan"} | SIZES,
        "loss": {"name": "logistic"},
        "regularizers": [{"name": "r1"}],
        "augmentation": {"name": "apa", "initial_p": 0.5, "interval": 1, "speed_kimg": 0.05, "then": "diffaugment"},
    },
    "sngan": {
        "generator": {"name": "sngan", "latent_dim": 8, "width": 8, "spectral_norm": True, "attention_at": [8]},
        "discriminator": {"name": "sngan", "width": 8, "attention_at": [8]},
        "loss": {"name": "rahinge"},
        "training": {"discriminator_steps": 2},
    },
    "stylegan2": {
        "generator": {"name": "stylegan2"} | SIZES | STYLES,
        "discriminator": {"name": "stylegan2"} | SIZES,
        "loss": {"name": "logistic"},
        "regularizers": [{"name": "r1", "every": 2}, {"name": "path-length", "every": 2}],
        "augmentation": ADA,
    },
    "penalties that draw, average or remember": merged(
        DCGAN,
        {
            "generator": {"normalization": "layer"},
            "discriminator": {"normalization": "layer"},
            "loss": {"name": "hinge"},
            "regularizers": [
                *({"name": name} for name in ("lecam", "mode-seeking", "optimal-transport", "bcr", "zcr-generator")),
                {"name": "dragan", "every": 2},
            ],
            "augmentation": {"name": "instance-noise"},
        },
    ),
    "penalties that learn classes": merged(
        DCGAN,
        {
            "dataset": {"name": "phantom", "classes": 2},
            "generator": {"normalization": "layer"},
            "discriminator": {"normalization": "layer"},
            "loss": {"name": "hinge"},
            "regularizers": [{"name": "acgan"}, {"name": "conditional-contrastive", "embedding": 4}],
        },
    ),
}
# Three unless the parts have no use for any, or ask the dataset itself.
CLASSES = {"feature matching, split": 0, "penalties that learn classes": 2}


@pytest.fixture(autouse=True)
def _tiny_parts(tmp_path):
    with installed(tmp_path):
        yield


def _trained(case: dict, size: int, dtype: torch.dtype, steps: int, classes: int):
    recipe = recipe_of(PLAIN, case)  # here, so that no process imports what it needs again

    def work(ranks):
        trainer = trainer_on(ranks, recipe, dtype=dtype, classes=classes)
        gradients, terms = played(trainer, steps)
        check_equal({"training": state_of(trainer)}, ranks)
        return gradients, state_of(trainer), terms

    return on_ranks(size, work)[0]


def _far(one, other) -> float:
    """The largest distance of two lists of vectors, in lengths of the first."""
    return max(
        float((a - b).double().norm() / a.double().norm().clamp_min(1e-30)) for a, b in zip(one, other, strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_two_and_four_processes_train_what_one_does(case):
    classes = CLASSES.get(case, 3)
    alone = _trained(CASES[case], 1, torch.float64, 5, classes)
    single = _trained(CASES[case], 1, torch.float32, 1, classes)
    for size in (2, 4):
        gradients, weights, terms = _trained(CASES[case], size, torch.float64, 5, classes)
        assert _far(alone[0], gradients) < 1e-9
        for name, value in alone[1].items():
            assert torch.allclose(weights[name], value, rtol=1e-9, atol=1e-9), name
        assert terms == pytest.approx(alone[2], rel=1e-6)
        gradients, _, terms = _trained(CASES[case], size, torch.float32, 1, classes)
        assert _far(single[0], gradients) < 1e-5
        assert terms == pytest.approx(single[2], rel=1e-4, abs=1e-6)


def test_two_processes_train_what_one_does():
    styled = {
        "generator": {"name": "tiny-styled"},
        "discriminator": {"name": "dcgan", "width": 2},
        "loss": {"name": "rahinge"},
    }
    tiny = merged(styled, {"augmentation": {"name": "doubling"}, "regularizers": [{"name": "path-length"}]})
    alone = _trained(tiny, 1, torch.float64, 2, 0)
    gradients, weights, terms = _trained(tiny, 2, torch.float64, 2, 0)
    assert _far(alone[0], gradients) < 1e-9
    assert all(torch.allclose(weights[name], value, rtol=1e-9, atol=1e-9) for name, value in alone[1].items())
    assert terms == pytest.approx(alone[2])


def _layers(ranks):
    """What helpers give in one of several processes, and in one that holds all images."""
    torch.manual_seed(1)
    every = torch.randn(8, 6, 4, 4, dtype=torch.float64)
    norms = BatchNorm2d(6).double(), nn.BatchNorm2d(6).double(), MinibatchStd(4), MinibatchStd(8, 2)
    flat, theirs = BatchNorm1d(6, momentum=None).double(), nn.BatchNorm1d(6, momentum=None).double()

    def curvature(images, of):
        # Second derivatives through both directions of the exchange, as penalties on gradients take them.
        images = images.requires_grad_()
        result = of(images)
        (slope,) = torch.autograd.grad((result * result.detach().cos()).sum(), images, create_graph=True)
        (twice,) = torch.autograd.grad((slope**2).sum(), images)
        return result.detach(), slope.detach(), twice

    def coupled(images):
        return (images - all_rows(images)[:3].sum(dim=0) * batch_mean(images.square())).tanh()

    def all_of(images, norm):
        pooled = images.mean(dim=(2, 3))
        return [
            *curvature(images.clone(), coupled),
            *curvature(images.clone(), norm[0]),
            *curvature(images.clone(), norms[2]),
            *curvature(images.clone(), norms[3]),
            *curvature(pooled.detach().clone(), norm[1]),
        ]

    with sharing_batch(ranks):
        torch.manual_seed(ranks.size)  # the seed of the step, the same in all processes
        here = all_of(ranks.own(every), (norms[0], flat))
        drawn = per_image(lambda count: torch.randn(2, count), 8 // ranks.size, dim=1)
    there = all_of(every, (norms[1], theirs))
    torch.manual_seed(ranks.size)
    assert torch.equal(drawn, ranks.own(torch.randn(2, 8), 1))
    for mine, whole in zip(here, there, strict=True):
        assert torch.allclose(mine, ranks.own(whole), rtol=1e-10, atol=1e-12)
    for mine, other in ((norms[0], norms[1]), (flat, theirs)):
        assert all(torch.allclose(value, other.state_dict()[name]) for name, value in mine.state_dict().items())


def _differing(ranks):
    buffers = nn.Module()
    buffers.register_buffer("same", torch.full((2,), torch.nan))
    check_equal({"generator": buffers.state_dict()}, ranks)
    buffers.register_buffer("mean", torch.tensor(float(ranks.rank)))
    with pytest.raises(PluginError, match="the generator's 'mean' differs between the processes"):
        check_equal({"generator": buffers.state_dict()}, ranks)
    assert ranks.any([ranks.rank == 1, False]) == [True, False]


def test_helpers_see_the_whole_batch_and_so_do_their_second_derivatives():
    for size in (1, 2):
        on_ranks(size, _layers)
    on_ranks(2, _differing)


@pytest.mark.slow
def test_helpers_of_four_processes():
    on_ranks(4, _layers)
    on_ranks(4, _differing)


def test_numbers_that_nobody_says_whose_they_are_are_refused_by_name():
    with SharedDraws():
        torch.rand(())
        per_image(lambda count: torch.randn(count, 3), 4)
        per_batch(lambda: torch.randint(3, (7,)))
        torch.randn(4, generator=torch.Generator())
        with pytest.raises(PluginError, match=r"test_ranks, line \d+ .* draws random numbers \(dropout.*per_image"):
            nn.Dropout()(torch.ones(4, 4))
        for _ in range(2):
            _coin()  # one for the batch, in each call
        with pytest.raises(PluginError, match=r"test_ranks, line \d+ .* draws random numbers \(rand\)"):
            [float(torch.rand(())) for _ in range(4)]  # one for each image of this process
    torch.randn(4)


def _coin():
    return float(torch.rand(()))


def test_recipes_that_processes_cannot_share_are_refused_with_a_remedy():
    assert not list(rank_errors(recipe_of(PLAIN, DCGAN), 4))
    odd = {"training": {"batch_size": 6, "total_kimg": 0.06, "micro_batch": 6}}
    (uneven, micro) = rank_errors(recipe_of(odd), 4)
    assert (
        "batches of 6 images evenly; choose multiples of 4" in uneven and "training.micro_batch: 4 processes" in micro
    )
    assert "batches of 8, 16 images" in next(iter(rank_errors(recipe_of(GROWING), 3)))
    couples = {
        "regularizers": [{"name": "counting", "couples": True}],
        "augmentation": {"name": "doubling", "couples": True},
    }
    penalty, augmentation = rank_errors(recipe_of(couples), 2)
    assert "penalty 'counting' depends on the other images" in penalty and "reduces_over_ranks" in penalty
    assert "augmentation 'doubling'" in augmentation
    lengths = {"generator": {"name": "tiny-styled"}, "regularizers": [{"name": "path-length"}]}
    (shrunk,) = rank_errors(recipe_of(lengths, {"training": {"batch_size": 8}}), 8)
    assert "regularizers.0: it takes 4 images of a batch" in shrunk and "a multiple of 16" in shrunk


def test_a_single_process_asks_nobody():
    ranks = Ranks()
    values = torch.ones(3, 2)
    assert all_rows(values) is values and ranks.own(values) is values and ranks.any([True]) == [True]
    assert torch.equal(batch_mean(values), values[0])
