"""From a recipe to what trains, and what that would take."""

from __future__ import annotations

import pytest
import torch
from training_world import DCGAN, GROWING, installed, recipe_of, same, weights

from ganzoo._inference.build import build_discriminator, build_generator
from ganzoo._inference.device import choose_device
from ganzoo._training.build import check_networks_build
from ganzoo._training.memory_estimate import estimate_memory
from ganzoo.contracts.component import ImageSpec
from ganzoo.errors import GanzooError, RecipeError


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


def test_devices():
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(GanzooError, match=r"device 'cuda:99' cannot be used: .*; try --device auto"):
        choose_device("cuda:99")
    for name, meant in (("gpu", "a GPU is called 'cuda'"), ("GPU1", "a GPU is called 'cuda:1'"), ("CPU", "'cpu'")):
        with pytest.raises(GanzooError, match=f"there is no device '{name}'; .*{meant}.*devices: auto, cpu"):
            choose_device(name)


def test_initialization_depends_on_the_seed_alone():
    recipe, spec = recipe_of(DCGAN), ImageSpec(16, 1)
    first = weights(build_generator(recipe.generator, spec, 1))
    torch.manual_seed(99)
    assert same(weights(build_generator(recipe.generator, spec, 1)), first)
    assert not same(weights(build_generator(recipe.generator, spec, 2)), first)
    torch.manual_seed(1)
    critic = weights(build_discriminator(recipe.discriminator, spec, 1))
    torch.manual_seed(2)
    assert same(weights(build_discriminator(recipe.discriminator, spec, 1)), critic)


def test_a_forecast_counts_what_the_networks_have():
    recipe, spec = recipe_of(DCGAN), ImageSpec(16, 1)
    found = estimate_memory(recipe)
    networks = build_generator(recipe.generator, spec, 1), build_discriminator(recipe.discriminator, spec, 1)
    counts = tuple(sum(parameter.numel() for parameter in network.parameters()) for network in networks)
    assert (found.generator_parameters, found.discriminator_parameters) == counts
    assert found.memory_bytes > 4 * (5 * counts[0] + 4 * counts[1])


@pytest.mark.parametrize("judge", [estimate_memory, check_networks_build])
def test_noise_that_the_options_leave_out_is_not_chosen_for_scores(judge):
    """Where it is built, before any data are prepared: only the network knows."""
    quiet = {"generator": {"name": "dcgan-styled", "noise": False, "width": 2, "style_dim": 4}}
    judge(recipe_of(DCGAN, quiet))
    judge(recipe_of(DCGAN, quiet, {"generator": {"noise": True}, "scoring": {"noise_mode": "none"}}))
    message = r"scoring.noise_mode: generator 'dcgan-styled' adds no noise as it is built here; remove the key or set"
    with pytest.raises(RecipeError, match=message):
        judge(recipe_of(DCGAN, quiet, {"scoring": {"noise_mode": "none"}}))


def test_more_memory_for_larger_batches_and_gradient_penalties():
    sizes = [
        estimate_memory(recipe_of(DCGAN, layer)).memory_bytes
        for layer in (
            {},
            {"training": {"batch_size": 16}},
            {"training": {"batch_size": 16}, "regularizers": [{"name": "r1"}]},
        )
    ]
    assert sizes == sorted(set(sizes))


def test_a_forecast_of_growing_networks_runs_each_phase():
    assert estimate_memory(recipe_of(GROWING)).memory_bytes > 0
