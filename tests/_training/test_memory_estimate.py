"""What a training is said to take, against what one real step does take."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from training_world import DCGAN, GROWING, installed, recipe_of, same, trainer_of, weights

from ganzoo._inference.oom_batching import is_out_of_memory
from ganzoo._training.dry_run import dry_run, dry_run_step
from ganzoo._training.memory_estimate import estimate_memory, heaviest_phase
from ganzoo._training.meta_memory import MetaMemory
from ganzoo.errors import GanzooError, RunError


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


# --- counting -------------------------------------------------------------------------------------------------------


def test_what_lives_on_the_meta_device_is_counted_once_and_let_go():
    with MetaMemory() as memory:
        one = torch.zeros(1000, device="meta")
        view = one.reshape(10, 100)
        assert memory.live == 4000
        torch.zeros(500)  # real memory is no business of it
        other = one + 1
        assert memory.live == memory.peak == 8000
        del other
        assert (memory.live, memory.peak) == (4000, 8000)
        memory.restart()
        assert memory.peak == 4000
        del one
        assert memory.live == 4000
        del view
        assert memory.live == 0


def test_functional_networks_and_double_backward_are_counted():
    weight, images = torch.zeros(8, 3, 3, 3, device="meta"), torch.zeros(2, 3, 16, 16, device="meta")
    peaks = []
    for twice in (False, True):
        with MetaMemory() as memory:
            leaf = images.clone().requires_grad_()
            kernel = weight.clone().requires_grad_()
            features = nn.functional.leaky_relu(nn.functional.conv2d(leaf, kernel, padding=1), 0.2)
            assert memory.live >= 4 * (leaf.numel() + 2 * features.numel())
            total = features.square().sum()
            if twice:
                (gradient,) = torch.autograd.grad(total, leaf, create_graph=True)
                total = total + gradient.square().sum()
            total.backward()
            peaks.append(memory.peak)
    assert peaks[1] > peaks[0] + 4 * features.numel()


# --- against reality ------------------------------------------------------------------------------------------------

SUPPORT = Path(__file__).parents[1] / "support"
MEASURE = """
import json, sys
sys.path[:0] = json.loads(sys.argv[2])
from training_world import recipe_of
from ganzoo._training.memory_estimate import estimate_memory
from ganzoo._training.dry_run import dry_run_step
small, large = json.loads(sys.argv[1])
dry_run_step(recipe_of(*small), recipe_of(*small).phases[-1], "cpu")  # what is loaded on first use
recipe = recipe_of(*large)
took = dry_run_step(recipe, recipe.phases[-1], "cpu")
print(json.dumps([estimate_memory(recipe).memory_bytes, took.added_bytes]))
"""
WIDE = {
    "dataset": {"name": "phantom", "resolution": 64},
    "generator": {"name": "dcgan", "width": 24, "kernel": 4},
    "discriminator": {"name": "dcgan", "width": 24, "kernel": 4, "normalization": "none"},
    "training": {"batch_size": 64},
}
PENALTIES = {"lazy-r1": {"regularizers": [{"name": "r1", "every": 16}]}, "gp": {"loss": {"name": "wgan-gp"}}}


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units elsewhere")
@pytest.mark.slow
@pytest.mark.parametrize("penalty", PENALTIES)
def test_the_estimate_is_within_a_factor_of_two_of_a_real_steps_memory(penalty):
    layers = [DCGAN, WIDE, PENALTIES[penalty]]
    small = [*layers, {"training": {"batch_size": 2}}]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, json.dumps([small, layers]), json.dumps([str(SUPPORT)])],
        capture_output=True,
        text=True,
        check=True,
    )
    told, measured = json.loads(done.stdout)
    assert measured > 50 * 2**20  # enough for the noise of a process to be small
    assert measured / 2 < told < measured * 2


# --- phases ---------------------------------------------------------------------------------------------------------


def test_every_phase_has_its_memory_and_the_heaviest_is_named():
    recipe = recipe_of(GROWING, {"training": {"total_kimg": 3.0, "growth": {"batch_size": {"4": 512}}}})
    found = estimate_memory(recipe)
    assert len(found.phase_bytes) == len(recipe.phases) == 3
    assert found.memory_bytes == found.phase_bytes[0] > found.phase_bytes[1] >= found.phase_bytes[2]
    assert heaviest_phase(recipe, found) == recipe.phases[0]
    untraced = replace(found, phase_bytes=(), untraced="reasons")
    assert untraced.memory_bytes is None
    assert heaviest_phase(recipe, untraced).resolution == 4  # 512 of 4x4 are more pixels than 8 of 8x8


def test_micro_batches_and_lazy_penalties_count():
    small = {"name": "dcgan", "width": 4, "kernel": 4, "normalization": "none"}
    base = recipe_of(DCGAN, {"generator": small, "training": {"batch_size": 64}})
    split = recipe_of(DCGAN, {"generator": small, "training": {"batch_size": 64, "micro_batch": 8}})
    lazy = recipe_of(
        DCGAN, {"generator": small, "training": {"batch_size": 64}, "regularizers": [{"name": "r1", "every": 16}]}
    )
    assert estimate_memory(split).memory_bytes < estimate_memory(base).memory_bytes < estimate_memory(lazy).memory_bytes


def test_a_part_that_looks_at_numbers_leaves_memory_unknown_and_says_why():
    found = estimate_memory(recipe_of({"loss": {"name": "looking"}}))
    assert (found.phase_bytes, found.memory_bytes) == ((), None)
    assert "looking" not in found.untraced and found.untraced
    assert found.generator_parameters > 0


def test_a_network_that_looks_at_numbers_is_run_for_real():
    found = estimate_memory(recipe_of({"generator": {"name": "peeking"}}))
    assert found.generator_parameters == estimate_memory(recipe_of()).generator_parameters
    assert "meta tensors" in found.untraced


def test_bf16_is_told_as_fp32():
    assert estimate_memory(recipe_of(DCGAN, {"training": {"precision": "bf16"}})) == estimate_memory(recipe_of(DCGAN))


# --- one real step --------------------------------------------------------------------------------------------------


def test_a_rehearsed_step_plays_both_players_and_every_lazy_penalty():
    recipe = recipe_of(
        DCGAN,
        {"regularizers": [{"name": "counting", "every": 16}], "training": {"discriminator_steps": 3}},
    )
    dry = dry_run(recipe, torch.device("cpu"))
    networks = dry.trainer.game.generator, dry.trainer.game.discriminator
    before = [{name: tensor.clone() for name, tensor in network.named_parameters()} for network in networks]
    dry.step(recipe.phases[0])
    for was, network in zip(before, networks, strict=True):
        assert any(not torch.equal(was[name], tensor) for name, tensor in network.named_parameters())
    (penalty,) = [each for player in dry.trainer.players.values() for each in player.regularizers]
    assert penalty.calls == 1


def test_readying_the_moments_moves_no_weight():
    trainer = trainer_of(DCGAN, {"training": {"generator_optimizer": {"weight_decay": 0.5}}})
    for player in trainer.players.values():
        before = weights(player.network)
        player.ready_moments()
        names = [name for name, _ in player.network.named_parameters()]
        assert set(player.state()) == {f"{name}/{key}" for name in names for key in ("step", "exp_avg", "exp_avg_sq")}
        assert same(weights(player.network), before)
    assert {player.optimizer.param_groups[0]["weight_decay"] for player in trainer.players.values()} == {0.0, 0.5}


def test_a_fade_is_rehearsed_in_its_middle():
    recipe = recipe_of(GROWING)
    dry = dry_run(recipe, torch.device("cpu"))
    fade = recipe.phases[1]
    dry.step(fade)
    assert dry.trainer.game.generator.growth.resolution == 8
    assert 0.3 < fade.alpha(dry.trainer.images_before) < 0.7


def test_out_of_memory_names_the_key_to_change():
    broken = {"loss": {"name": "failing", "call": 1, "how": "memory"}}
    recipe = recipe_of(broken)
    with pytest.raises(RunError) as caught:
        dry_run_step(recipe, recipe.phases[0], "cpu")
    assert str(caught.value) == (
        "a step at 8 pixels in batches of 8 on cpu: out of memory; lower training.batch_size, or set "
        "training.micro_batch"
    )
    recipe = recipe_of(GROWING, broken)
    with pytest.raises(RunError, match=r"lower training\.growth\.batch_size for 8, or set training\.micro_batch"):
        dry_run_step(recipe, recipe.phases[1], "cpu")
    assert is_out_of_memory(MemoryError()) and not is_out_of_memory(ValueError())


def test_out_of_memory_proposes_the_batch_that_fits():
    def said(*layers, phase=0, fits=2):
        recipe = recipe_of(*layers, {"loss": {"name": "failing", "call": 1, "how": "memory", "fits": fits}})
        with pytest.raises(RunError) as caught:
            dry_run_step(recipe, recipe.phases[phase], "cpu")
        return str(caught.value).partition("out of memory; ")[2]

    assert said() == "training.micro_batch = 2 fits"
    assert said({"training": {"micro_batch": 4}}, fits=1) == "training.micro_batch = 1 fits"
    # Batch norm couples the images of a batch, so that it cannot be split.
    assert said(DCGAN) == "training.batch_size = 2 fits, which is another training"
    coupled = {"regularizers": [{"name": "counting", "couples": True}]}
    assert said(GROWING, coupled, phase=1, fits=4) == (
        "training.growth.batch_size.8 = 4 fits, which is another training"
    )


def test_other_failures_of_a_real_step():
    crash = recipe_of({"loss": {"name": "failing", "call": 1, "how": "crash"}})
    with pytest.raises(RunError, match=r"a step at 8 pixels .*: loss 'failing' .* fails at .*: ValueError: the moon"):
        dry_run_step(crash, crash.phases[0], "cpu")
    with pytest.raises(GanzooError, match="there is no device 'gpu'; a GPU is called 'cuda'"):
        dry_run_step(crash, crash.phases[0], "gpu")
