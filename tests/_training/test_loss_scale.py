"""Float16 with a loss scale: gradients as without, steps left out, a resume bit for bit."""

from __future__ import annotations

import pytest
import torch
from training_world import DCGAN, Quiet, go_on, installed, recipe_of, same, start, trainer_of, weights

from ganzoo._training.arithmetic import Arithmetic
from ganzoo._training.checkpoint_state import gather, restore
from ganzoo._training.loss_scale import LossScale
from ganzoo._training.step_terms import Diverged

FP16 = {"training": {"precision": "fp16"}, "regularizers": [{"name": "r1", "every": 2}]}


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


def test_a_step_is_that_of_the_gradient_without_scale_or_none():
    weight, plain = (torch.ones(3, requires_grad=True) for _ in range(2))
    optimizers = [torch.optim.Adam([each], fused=True) for each in (weight, plain)]
    scale = LossScale(torch.device("cpu"), enabled=True)
    for factor in (1.0, 3.0):
        scale.scaled((factor * weight.square()).sum()).backward()
        (factor * plain.square()).sum().backward()
        scale.step(optimizers[0])
        optimizers[1].step()
        for optimizer in optimizers:
            optimizer.zero_grad()
    torch.testing.assert_close(weight, plain)
    before = weight.detach().clone()
    scale.scaled((torch.inf * weight).sum()).backward()
    scale.step(optimizers[0])
    assert torch.equal(weight, before) and scale.term() == 2.0**15
    for _ in range(30):
        scale.step(optimizers[0])
    assert scale.term().isnan()  # no scale helps


def test_a_run_in_float16_on_a_cpu_is_told_once_that_it_is_slow(tmp_path):
    reporter, few = Quiet(), {"training": {"precision": "fp16", "total_kimg": 0.016}}
    run = start(tmp_path, recipe_of(DCGAN, few), reporter=reporter)
    (said,) = (text for text in reporter.said if "fp16" in text)
    assert "11 to 36 times as long" in said and '"fp32", or a GPU' in said
    again = Quiet()
    go_on(run.path, reporter=again)  # nothing is left to train
    assert not [text for text in again.said if "fp16" in text]


def test_which_devices_are_slow_in_half_precision(monkeypatch):
    fp16, bf16 = Arithmetic(torch.float16), Arithmetic(torch.bfloat16)
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert not any(each.slow_on(gpu) for each in (fp16, bf16)) and not Arithmetic().slow_on(cpu)
    assert "is for GPUs" in fp16.slow_on(cpu)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    for capability, is_slow in (("AVX512", False), ("AVX2", True), ("DEFAULT", True)):
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda capability=capability: capability)
        assert bool(bf16.slow_on(cpu)) == is_slow
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert bf16.slow_on(cpu) is None  # "DEFAULT" says nothing there


def fp16_trainer():
    trainer = trainer_of(DCGAN, FP16)
    for player in trainer.players.values():
        player.loss_scale.load_state(player.loss_scale.state() | {"growth_interval": 3})
    return trainer


def test_a_training_in_float16_resumes_bit_for_bit():
    whole, first, second = fp16_trainer(), fp16_trainer(), fp16_trainer()
    terms = [whole.step(whole.phase) for _ in range(7)]
    assert [each["generator/loss_scale"] for each in terms] == [2.0**16] * 2 + [2.0**17] * 3 + [2.0**18] * 2
    exact = trainer_of(DCGAN, {"regularizers": FP16["regularizers"]})
    assert terms[0]["discriminator/loss"] == pytest.approx(exact.step(exact.phase)["discriminator/loss"], rel=0.01)
    for _ in range(4):
        first.step(first.phase)
    tensors, state = gather(first)
    assert not restore(second, tensors, state)
    for _ in range(3):
        second.step(second.phase)
    assert same(weights(second.game.generator), weights(whole.game.generator))
    assert second.players.keys() and all(
        second.players[role].loss_scale.state() == player.loss_scale.state() for role, player in whole.players.items()
    )


def test_a_scale_that_finds_no_finite_gradient_is_a_divergence():
    trainer = trainer_of(DCGAN, FP16)
    for player in trainer.players.values():
        player.loss_scale.load_state(player.loss_scale.state() | {"scale": 2.0**-11})
    with pytest.raises(Diverged, match="loss_scale became nan at step 1"):
        trainer.step(trainer.phase)


def test_a_resume_with_other_arithmetic_says_that_it_is_not_exact(monkeypatch):
    other = trainer_of(DCGAN)
    tensors, state = gather(other)
    facts = {"device": "cuda", "gpu": "NVIDIA H200", "cudnn": "91002", "tf32": False, "cudnn kernels": "deterministic"}
    saved = {"arithmetic": {**facts, "gpu": "NVIDIA H100", "tf32": True, "cudnn kernels": "benchmark"}}
    monkeypatch.setattr(Arithmetic, "facts", lambda self, device: facts)
    assert restore(other, tensors, state | saved | {"arithmetic": saved["arithmetic"] | {"threads": 1}}) == [
        "this resume is not exact: gpu was NVIDIA H100 and is NVIDIA H200",
        "this resume is not exact: tf32 was True and is False",
        "this resume is not exact: cudnn kernels was benchmark and is deterministic",
    ]
    monkeypatch.undo()
    assert restore(other, tensors, state | {"arithmetic": state["arithmetic"] | facts}) == [
        "this resume is not exact: device was cuda and is cpu"
    ]


def test_only_what_a_gpu_rounds_may_change_on_a_resume():
    recipe, other = recipe_of(DCGAN), recipe_of(DCGAN, {"training": {"tf32": True, "cudnn": "benchmark"}})
    assert recipe.dynamics_hash == other.dynamics_hash and recipe.training_hash != other.training_hash
    assert recipe.dynamics_hash != recipe_of(DCGAN, {"training": {"precision": "fp16"}}).dynamics_hash
    assert Arithmetic.of(other.training) == Arithmetic(tf32=True, cudnn="benchmark")
