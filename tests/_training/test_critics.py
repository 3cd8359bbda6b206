"""Critics with several logits or features, and objectives with weights of their own, in training."""

from __future__ import annotations

import pytest
import torch
from training_world import DCGAN, installed, only_run, recipe_of, start, trainer_of

from ganzoo._runs.record import read_record
from ganzoo.contracts.objectives import Role
from ganzoo.errors import PluginError, RecipeError
from ganzoo.testing import check_part


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


PATCHES = {"discriminator": {"name": "tiny-patches"}}
LEARNED = {
    "discriminator": {"name": "tiny-featured"},
    "loss": {"name": "tempered"},
    "regularizers": [{"name": "probe"}, {"name": "feature-matching"}],
}


def test_every_part_of_them_keeps_its_contract():
    import tiny_objectives as made

    from ganzoo.testing import TinyFeaturedDiscriminator, TinyPatchDiscriminator

    for part in (TinyFeaturedDiscriminator, TinyPatchDiscriminator, made.Classifying, made.Tempered, made.Probe):
        check_part(part)


@pytest.mark.parametrize("loss", ["logistic", "hinge", "least-squares", "rpgan"])
def test_a_loss_of_many_logits_is_the_mean_over_them(loss):
    trainer = trainer_of(PATCHES, {"loss": {"name": loss}})
    batch = trainer._batch(trainer.phase, 1.0)
    terms = trainer.players[Role.DISCRIMINATOR].update(trainer.game, batch, 0)
    assert batch.judged[0].shape == (8,)
    parted = trainer_of(PATCHES, {"loss": {"name": loss}})
    again = parted.players[Role.DISCRIMINATOR].update(parted.game, parted._batch(parted.phase, 1.0), 4)
    torch.testing.assert_close(terms["discriminator/loss"], again["discriminator/loss"])


def test_what_does_not_fit_is_told():
    with pytest.raises(
        RecipeError, match="'rahinge' takes one logit per image, and discriminator 'tiny-patches' gives 4"
    ):
        recipe_of(PATCHES, {"loss": {"name": "rahinge"}})
    with pytest.raises(RecipeError, match=r"regularizers\.0: 'feature-matching' needs a Featured discriminator"):
        recipe_of({"regularizers": [{"name": "feature-matching"}]})
    step_parts = trainer_of()
    from ganzoo._training.step import TrainingStep

    batch = step_parts._batch(step_parts.phase, 1.0)
    step = TrainingStep(step_parts.game, batch, Role.GENERATOR, rows=slice(0, 8), purpose="")
    with pytest.raises(PluginError, match="the discriminator 'tiny' has no features"):
        step.critic_features(step.real, step.labels)


def test_features_pass_the_augmentation_and_the_precision_of_the_critic():
    trainer = trainer_of(
        DCGAN, {"training": {"precision": "bf16"}, "augmentation": {"name": "doubling"}},
        {"discriminator": {"name": "dcgan", "width": 4, "kernel": 4, "normalization": "none"}},
    )  # fmt: skip
    from ganzoo._training.step import TrainingStep

    batch = trainer._batch(trainer.phase, 1.0)
    step = TrainingStep(trainer.game, batch, Role.GENERATOR, rows=slice(0, 8), purpose="")
    critic = trainer.game.discriminator
    with torch.autocast("cpu", torch.bfloat16):
        expected = [each.float() for each in critic.features(2 * step.real, step.labels)]
    found = step.critic_features(step.real, step.labels)
    assert [each.dtype for each in found] == [torch.float32] * len(expected)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
    exact = critic.features(2 * step.real, step.labels)
    with step.penalizing():
        torch.testing.assert_close(step.critic_features(step.real, step.labels)[-1], exact[-1])


def test_weights_of_objectives_are_trained_by_their_player_and_counted(tmp_path):
    trainer = trainer_of(LEARNED)
    loss, probe = trainer.players[Role.DISCRIMINATOR].loss, trainer.players[Role.DISCRIMINATOR].regularizers[0]
    assert not list(trainer.players[Role.GENERATOR].loss.parameters())
    before = loss.log_temperature.item(), probe.head.weight.detach().clone()
    trainer._play(Role.GENERATOR, trainer._batch(trainer.phase, 1.0))
    assert loss.log_temperature.item() == before[0] and torch.equal(probe.head.weight, before[1])
    trainer.step(trainer.phase)
    assert loss.log_temperature.item() != before[0] and not torch.equal(probe.head.weight, before[1])
    start(tmp_path, recipe_of(LEARNED))
    counted = read_record(only_run(tmp_path).record).parameters
    assert counted["objectives"] == 1 + 8 * 8 + 1
    assert counted["discriminator"] == 8 * 8 + 1
