"""APA and instance noise: which images the critic meets, and what its penalties, its log and a resume see of it."""

from __future__ import annotations

import pytest
import torch
from resuming import resumed_bit_for_bit
from training_world import DCGAN, installed, merged, recipe_of, trainer_of

from ganzoo import ImageSpec, ReplacesReals
from ganzoo._training.step import TrainingStep
from ganzoo.contracts.objectives import Role
from ganzoo.errors import RecipeError
from ganzoo_augment.apa import APA
from ganzoo_augment.instance_noise import InstanceNoise

IMAGES = ImageSpec(16, 1)
PLAIN = {
    "generator": {"name": "dcgan", "width": 4, "normalization": "layer"},
    "discriminator": {"name": "dcgan", "width": 4, "normalization": "layer"},
    "dataset": {"classes": 2},
    "training": {"total_kimg": 0.024, "batch_size": 8},
}
HALF = {"augmentation": {"name": "apa", "p": 0.5}}


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


def steps(trainer, role, *rows, **more):
    """The steps of a player on some rows each of the first batch."""
    batch = trainer._batch(trainer.phase, 1.0)
    return [TrainingStep(trainer.game, batch, role, rows=each, purpose="", **more) for each in rows]


def test_some_reals_are_fakes_of_their_labels_in_the_critics_step_alone():
    trainer = trainer_of(DCGAN, PLAIN, HALF)
    assert isinstance(trainer.game.augmentation, ReplacesReals)
    whole, half, other = steps(trainer, Role.DISCRIMINATOR, slice(0, 8), slice(0, 4), slice(4, 8))
    shown, real = whole.real_input, whole.real
    replaced = [not torch.equal(*pair) for pair in zip(shown, real, strict=True)]
    assert 0 < sum(replaced) < 8
    # Splitting the batch changes nothing, and a penalty's own step meets the same images.
    assert torch.allclose(torch.cat([half.real_input, other.real_input]), shown, atol=1e-6)
    (lazy,) = steps(trainer, Role.DISCRIMINATOR, slice(0, 8), real_gradient=True)
    assert torch.equal(lazy.real_input, shown) and lazy.real_input.requires_grad
    # They are what the generator makes for those labels, and not the fakes of the step.
    latents = trainer.game.generator.sample_latents(8, whole._rng("latents of replaced reals"))
    made = trainer.game.generator(latents, whole.labels).detach()
    chosen = torch.tensor(replaced)
    assert torch.allclose(shown[chosen], made[chosen], atol=1e-6) and torch.equal(shown[~chosen], real[~chosen])
    assert not torch.allclose(whole.fakes[chosen], made[chosen], atol=1e-3)
    (generators,) = steps(trainer, Role.GENERATOR, slice(0, 8))
    assert torch.equal(generators.real_input, real)


def test_without_a_share_a_training_is_that_without_it_and_with_all_of_it_the_critic_meets_no_real():
    plain, none = (trainer_of(DCGAN, PLAIN, more) for more in ({}, {"augmentation": {"name": "apa", "p": 0.0}}))
    for trainer in (plain, none):
        trainer.run()
    assert all(
        torch.equal(tensor, none.game.discriminator.state_dict()[name])
        for name, tensor in plain.game.discriminator.state_dict().items()
    )
    trainer = trainer_of(DCGAN, PLAIN, {"augmentation": {"name": "apa", "p": 1.0}})
    (step,) = steps(trainer, Role.DISCRIMINATOR, slice(0, 8))
    assert not any(torch.equal(*pair) for pair in zip(step.real_input, step.real, strict=True))


def test_the_share_follows_the_signs_of_the_logits_of_reals():
    apa = APA(APA.Options(interval=2, speed_kimg=0.1), IMAGES)
    for logits, share in ((torch.ones(8), 0.16), (-torch.ones(8), 0.0), (torch.ones(50), 1.0)):
        apa.observe(logits)
        apa.observe(logits)
        assert apa.replaced_share() == pytest.approx(share)
    assert float(apa.report()["p"]) == pytest.approx(1.0)
    images = torch.rand(2, 1, 16, 16)
    assert torch.equal(apa(images), images)


def test_images_may_pass_another_augmentation_besides():
    noisy = {"augmentation": {"name": "apa", "p": 0.5, "then": {"name": "instance-noise", "sigma": 0.5}}}
    trainer = trainer_of(DCGAN, PLAIN, noisy)
    (step,) = steps(trainer, Role.DISCRIMINATOR, slice(0, 8))
    assert 0.4 < (step.real_shown - step.real_input).std() < 0.6
    assert recipe_of(DCGAN, PLAIN, noisy).plain()["parts"]["augmentation"].keys() == {"apa", "instance-noise"}
    with pytest.raises(RecipeError, match="'apa' replaces reals too; choose another augmentation"):
        recipe_of(DCGAN, PLAIN, {"augmentation": {"name": "apa", "then": "apa"}})
    with pytest.raises(
        RecipeError, match="then: 'ada' changes no image with these options, and nothing adapts it here"
    ):
        recipe_of(DCGAN, PLAIN, {"augmentation": {"name": "apa", "then": "ada"}})


def test_a_resume_goes_on_bit_for_bit_while_the_share_adapts():
    adaptive = {"augmentation": {"name": "apa", "initial_p": 0.3, "speed_kimg": 0.05, "interval": 1, "target": 0.0}}
    recipe = merged(DCGAN, PLAIN, adaptive, {"regularizers": [{"name": "r1", "every": 2}]})
    shares = [report["apa/p"] for report in resumed_bit_for_bit(recipe).reports]
    assert len(set(shares)) > 1


def test_instance_noise_is_normal_and_follows_its_schedule():
    noise, images = InstanceNoise(InstanceNoise.Options(sigma=0.5), IMAGES), torch.zeros(64, 1, 16, 16)
    found = noise(images)
    assert found.std().item() == pytest.approx(0.5, rel=0.05) and abs(found.mean()) < 0.02
    assert (found.abs() > 1.0).float().mean().item() == pytest.approx(0.0455, abs=0.01)
    annealed = {"augmentation": {"name": "instance-noise", "sigma": {"from": 0.4, "to": 0.0, "kimg": 0.016}}}
    trainer, seen = trainer_of(DCGAN, PLAIN, annealed), []
    note = type("Note", (), {"on_step_end": lambda self, trainer, report: seen.append(report["instance-noise/sigma"])})
    trainer.callbacks.append(note())
    trainer.run()
    assert seen == pytest.approx([0.4, 0.2, 0.0])
    assert trainer.game.augmentation(images) is images
