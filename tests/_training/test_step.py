"""One batch as losses and penalties see it: what is shared, what is drawn afresh, what takes gradients."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from training_world import DCGAN, installed, trainer_of

from ganzoo._training.game import RealBatch
from ganzoo._training.step import TrainingStep
from ganzoo.contracts.objectives import Role


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


class Counted:
    """Counts the forwards of both networks, and keeps what the critic was shown."""

    def __init__(self, trainer):
        self.critic, self.generator = [], 0
        trainer.game.discriminator.register_forward_hook(self._critic)
        trainer.game.generator.register_forward_hook(self._generator)

    def _critic(self, module, inputs, output):
        self.critic.append((inputs[0].detach().clone(), output.dtype))

    def _generator(self, module, inputs, output):
        self.generator += 1


def forwards(*layers):
    """Forwards of (critic, generator) in each player's update of one step."""
    trainer = trainer_of(*layers)
    counted = Counted(trainer)
    batch = trainer._batch(trainer.phase, 1.0)
    result = []
    for side in (Role.DISCRIMINATOR, Role.GENERATOR):
        trainer._play(side, batch)
        result.append((len(counted.critic), counted.generator))
        counted.critic, counted.generator = [], 0
    return result


LAYERED = {"discriminator": {"name": "dcgan", "width": 4, "kernel": 4, "normalization": "layer"}}


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([DCGAN], [(2, 1), (1, 1)]),
        ([DCGAN, {"regularizers": [{"name": "r1"}]}], [(2, 1), (1, 1)]),
        ([DCGAN, {"regularizers": [{"name": "r1", "every": 2}]}], [(3, 1), (1, 1)]),
        ([DCGAN, {"regularizers": [{"name": "r1"}, {"name": "r2"}]}], [(2, 1), (1, 1)]),
        ([DCGAN, LAYERED, {"loss": {"name": "wgan-gp"}}], [(3, 1), (1, 1)]),
        ([DCGAN, {"loss": {"name": "rahinge"}}], [(2, 1), (2, 1)]),
    ],
    ids=[
        "logistic",
        "r1 shares the real forward",
        "lazy r1",
        "r2 shares the fake forward",
        "penalty shares the fakes",
        "rahinge asks for reals",
    ],
)
def test_each_forward_is_made_once(layers, expected):
    assert forwards(*layers) == expected


def step_of(trainer, side=Role.DISCRIMINATOR, *, rows=slice(0, 8), purpose="", **gradients):
    images, labels = trainer._reals.stream.at(0, 8, 8)
    batch = RealBatch(images, labels, trainer.images_seen, lambda: trainer._reals.fresh.at(0, 8, 8))
    return TrainingStep(trainer.game, batch, side, rows=rows, purpose=purpose, **gradients)


def test_the_generator_learns_from_other_latents_than_the_discriminator():
    trainer = trainer_of()
    theirs, ours = step_of(trainer).fakes, step_of(trainer, Role.GENERATOR).generated
    assert not torch.equal(theirs, ours)
    assert not theirs.requires_grad and ours.requires_grad


def test_latents_depend_on_the_images_seen_alone():
    trainer = trainer_of()
    first = step_of(trainer).fakes
    assert torch.equal(first, step_of(trainer).fakes)
    trainer.images_seen = 8
    assert not torch.equal(first, step_of(trainer).fakes)


def test_a_micro_batch_has_the_latents_of_its_rows():
    trainer = trainer_of()
    torch.testing.assert_close(step_of(trainer, rows=slice(4, 8)).fakes, step_of(trainer).fakes[4:])


def test_fresh_reals_are_others():
    trainer = trainer_of()
    step = step_of(trainer, Role.GENERATOR)
    fresh = trainer._reals.fresh.at(0, 8, 8)[0]
    assert not torch.equal(step.real, fresh)
    logits = step.fresh_real_logits()
    assert not logits.requires_grad
    torch.testing.assert_close(logits, trainer.game.discriminator(fresh, step.labels))


def test_penalties_draw_from_streams_of_their_own():
    trainer = trainer_of()
    one, other = step_of(trainer, purpose="a"), step_of(trainer, purpose="b")
    assert torch.equal(one.uniform(5), step_of(trainer, purpose="a").uniform(5))
    assert not torch.equal(one.uniform(5), other.uniform(5))
    assert not torch.equal(one.latents(2), one.latents(2))


def test_reals_take_gradients_only_if_a_penalty_asks():
    trainer = trainer_of()
    assert not step_of(trainer).real_input.requires_grad
    step = step_of(trainer, real_gradient=True)
    (slope,) = torch.autograd.grad(step.real_logits.sum(), step.real_input)
    assert slope.shape == step.real.shape


def test_fakes_take_gradients_only_if_a_penalty_asks_and_lead_to_the_generator_in_its_step_alone():
    trainer = trainer_of()
    weight = trainer.game.generator.dense.weight
    assert not step_of(trainer).fake_input.requires_grad
    step = step_of(trainer, fake_gradient=True)
    slopes = torch.autograd.grad(step.fake_logits.sum(), (step.fake_input, weight), allow_unused=True)
    assert slopes[0].shape == step.fakes.shape and slopes[1] is None
    torch.testing.assert_close(step.fake_logits, trainer.game.discriminator(step.fakes, step.labels))
    step = step_of(trainer, Role.GENERATOR, fake_gradient=True)
    slopes = torch.autograd.grad(step.fake_logits.sum(), (step.fake_input, weight))
    assert slopes[0].shape == step.fakes.shape and slopes[1].any()
    trainer.images_seen = 24
    assert step_of(trainer).images_seen == 24


def test_a_fake_is_paired_with_a_fresh_real_of_its_class():
    trainer = trainer_of({"dataset": {"name": "tiny", "resolution": 8, "count": 40, "classes": 4}})
    batch = trainer._batch(trainer.phase, 1.0)
    images, labels = batch.fresh()
    assert torch.equal(labels, batch.labels) and not torch.equal(images, batch.images)


DOUBLING = {"augmentation": {"name": "doubling"}}


def test_all_images_pass_the_augmentation_on_their_way_to_the_critic():
    trainer = trainer_of(DOUBLING)
    counted = Counted(trainer)
    step = step_of(trainer)
    generated = step_of(trainer, Role.GENERATOR).generated
    step.judge(lambda logits: logits)
    step.critic(step.fakes, step.labels)
    step.critic(generated, step.labels)
    step.fresh_real_logits()
    fresh = trainer._reals.fresh.at(0, 8, 8)[0]
    for (shown, _), images in zip(counted.critic, (step.real, step.fakes, generated, fresh), strict=True):
        torch.testing.assert_close(shown, images * 2)


def test_gradients_are_taken_at_images_that_are_not_augmented():
    """A linear critic of doubled images has twice its weights as gradient, and lifting divides that by the factor."""
    for space, factor in (("phase", 1), ("final", 2)):
        trainer = trainer_of(DOUBLING, {"training": {"penalty_space": space}})
        trainer.game = replace(trainer.game, lift_to=8 * factor if space == "final" else None)
        weight = trainer.game.discriminator.dense.weight
        step = step_of(trainer, real_gradient=True)
        (slope,) = torch.autograd.grad(step.real_logits.sum(), step.real_input)
        assert slope.shape == (8, 1, 8 * factor, 8 * factor)
        torch.testing.assert_close(slope[0].square().sum(), (2 * weight).square().sum() / factor**2)


def test_the_augmentation_runs_in_full_precision():
    trainer = trainer_of(DCGAN, {"training": {"precision": "bf16"}}, DOUBLING)
    seen = []
    trainer.game.augmentation.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    trainer.step(trainer.phase)
    assert set(seen) == {torch.float32} and not torch.is_autocast_enabled("cpu")


def test_half_precision_runs_the_networks_and_nothing_else():
    trainer = trainer_of(DCGAN, {"training": {"precision": "bf16"}, "regularizers": [{"name": "r1"}]})
    counted = Counted(trainer)
    report = trainer.step(trainer.phase)
    assert [dtype for _, dtype in counted.critic] == [torch.float32, torch.bfloat16, torch.bfloat16]
    for network in (trainer.game.generator, trainer.game.discriminator, trainer.ema.network):
        assert {tensor.dtype for tensor in network.state_dict().values() if tensor.is_floating_point()} == {
            torch.float32
        }
    exact = trainer_of(DCGAN, {"regularizers": [{"name": "r1"}]}).step(trainer.phase)
    assert report["discriminator/r1"] == exact["discriminator/r1"]  # the penalty is taken in float32
    assert report["generator/loss"] != exact["generator/loss"]
    assert report["generator/loss"] == pytest.approx(exact["generator/loss"], rel=0.02)


def test_half_precision_keeps_other_penalties_exact_too():
    layers = [DCGAN, LAYERED, {"loss": {"name": "wgan-gp"}, "training": {"precision": "bf16"}}]
    trainer = trainer_of(*layers)
    counted = Counted(trainer)
    trainer.step(trainer.phase)
    assert [dtype for _, dtype in counted.critic[:3]] == [torch.bfloat16, torch.bfloat16, torch.float32]


def test_penalties_run_in_half_precision_where_the_recipe_says_so():
    half = {"training": {"precision": "bf16", "penalty_precision": "half"}}
    trainer = trainer_of(DCGAN, LAYERED, half, DOUBLING, {"loss": {"name": "wgan-gp"}})
    counted, seen = Counted(trainer), []
    trainer.game.augmentation.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    trainer.step(trainer.phase)
    assert [dtype for _, dtype in counted.critic[:3]] == [torch.bfloat16] * 3
    assert set(seen) == {torch.float32} and not torch.is_autocast_enabled("cpu")
    trainer = trainer_of(DCGAN, half, {"regularizers": [{"name": "r1"}]})
    exact = trainer_of(DCGAN, {"regularizers": [{"name": "r1"}]}).step(trainer.phase)["discriminator/r1"]
    rounded = trainer.step(trainer.phase)["discriminator/r1"]
    assert rounded != exact and rounded == pytest.approx(exact, rel=0.1)


def test_what_the_critic_was_shown_can_be_shown_again():
    trainer = trainer_of(DOUBLING)
    step = step_of(trainer)
    torch.testing.assert_close(step.real_shown, step.real * 2)
    torch.testing.assert_close(step.fake_shown, step.fakes * 2)
    torch.testing.assert_close(step.critic(step.real_shown, step.labels, augment=False), step.real_logits)
    torch.testing.assert_close(step.critic(step.fake_shown, step.labels, augment=False), step.fake_logits)


def test_latents_of_the_generated_images_are_told_in_both_steps_and_where_these_share_them():
    trainer = trainer_of()
    generator = trainer.game.generator
    for role in Role:
        step = step_of(trainer, role)
        images = step.fakes if role is Role.DISCRIMINATOR else step.generated
        torch.testing.assert_close(generator(step.fake_latents, step.labels), images)
    images, labels = trainer._reals.stream.at(0, 8, 8)
    batch = RealBatch(images, labels, 0, lambda: (images, labels), shared_fakes={})
    first, second = (TrainingStep(trainer.game, batch, role, rows=slice(0, 8), purpose="") for role in list(Role)[::-1])
    assert torch.equal(first.fakes, second.generated) and torch.equal(first.fake_latents, second.fake_latents)


def test_logits_that_a_penalty_compares_are_not_rounded():
    trainer = trainer_of({"training": {"precision": "bf16"}})
    counted = Counted(trainer)
    for compared in (False, True):
        step = step_of(trainer, compared=compared)
        assert step.real_logits is not None and step.fake_logits is not None
    assert [dtype for _, dtype in counted.critic] == [torch.bfloat16] * 2 + [torch.float32] * 2
