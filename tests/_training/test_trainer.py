"""The one loop: who plays when, what is seeded, what reaches whom."""

from __future__ import annotations

import copy
import random

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus
from training_world import DCGAN, installed, recipe_of, same, trainer_of, weights

from ganzoo._random.global_streams import seed_everything
from ganzoo._training.step_terms import Diverged
from ganzoo.contracts.objectives import Role
from ganzoo.errors import RecipeError


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


def players_of(*layers, steps=6):
    trainer = trainer_of({"training": {"total_kimg": 1.0}}, *layers)
    order = []
    for side, player in trainer.players.items():
        update = player.update

        def noted(*arguments, side=side, update=update):
            order.append(side.value[0])
            return update(*arguments)

        player.update = noted
    for _ in range(steps):
        trainer.step(trainer.phase)
        order.append("|")
    return "".join(order), trainer


def test_the_discriminator_plays_first():
    assert players_of(steps=2)[0] == "dg|dg|"


def test_or_the_generator():
    assert players_of({"training": {"first_player": "generator"}}, steps=2)[0] == "gd|gd|"


def test_the_generator_plays_on_every_nth_step():
    order, trainer = players_of({"training": {"discriminator_steps": 3}})
    assert order == "d|d|dg|d|d|dg|"
    assert [player.updates for player in (trainer.players[side] for side in Role)] == [2, 6]
    assert trainer.images_seen == 48


def test_each_player_moves_its_own_network_alone():
    trainer = trainer_of(DCGAN)
    batch = trainer._batch(trainer.phase, 1.0)
    networks = {Role.GENERATOR: trainer.game.generator, Role.DISCRIMINATOR: trainer.game.discriminator}
    for side in Role:
        before = {each: [p.detach().clone() for p in network.parameters()] for each, network in networks.items()}
        for network in networks.values():
            network.zero_grad(set_to_none=True)
        trainer._play(side, batch)
        for each, network in networks.items():
            moved = [not torch.equal(p, q) for p, q in zip(network.parameters(), before[each], strict=True)]
            graded = [p.grad is not None for p in network.parameters()]
            assert all(moved) == any(moved) == (each is side)
            assert all(graded) == any(graded) == (each is side)


def test_the_generator_plays_with_the_fakes_of_the_discriminator_where_they_are_shared():
    shared = {"share_fakes": True, "discriminator_steps": 2, "micro_batch": 4}
    trainer = trainer_of(DCGAN, {"generator": {"normalization": "none"}, "training": shared})
    generator, discriminator = trainer.game.generator, trainer.game.discriminator
    made, shown = [], []
    generator.register_forward_hook(lambda module, given, images: made.append((given, images)))
    discriminator.register_forward_pre_hook(lambda module, given: shown.append(given))
    trainer.step(trainer.phase)
    # A step of the discriminator alone: fakes without a graph.
    assert [images.requires_grad for _, images in made] == [False, False]
    made.clear(), shown.clear()
    before = copy.deepcopy(generator).requires_grad_()
    trainer.step(trainer.phase)
    # One forward for each half of the batch; the discriminator's step shows reals and fakes, the generator's fakes.
    assert len(made) == 2
    assert [torch.equal(shown[index][0], made[half][1]) for half, index in ((0, 1), (1, 3), (0, 4), (1, 5))] == [
        True
    ] * 4
    losses = [softplus(-discriminator(before(*given), given[1])).mean() / 2 for given, _ in made[:2]]
    expected = torch.autograd.grad(sum(losses), list(before.parameters()))
    for parameter, slope in zip(generator.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, slope)
    with pytest.raises(RecipeError, match="training: share_fakes shows the discriminator's fakes"):
        recipe_of({"training": {"share_fakes": True, "first_player": "generator"}})


def test_training_is_deterministic():
    results = []
    for _ in range(2):
        torch.manual_seed(random.randrange(1000))  # whatever was drawn before does not matter
        trainer = trainer_of(DCGAN)
        trainer.run()
        results.append(weights(trainer.game.generator) | weights(trainer.ema.network))
        assert trainer.finished and trainer.images_seen == trainer.total_images == 64
    assert same(*results)


def test_every_global_stream_is_seeded():
    def draws():
        return random.random(), np.random.rand(), torch.rand(()).item()

    seed_everything(1, 8, torch.device("cpu"))
    first = draws()
    seed_everything(1, 16, torch.device("cpu"))
    second = draws()
    seed_everything(1, 8, torch.device("cpu"))
    assert draws() == first
    assert all(one != other for one, other in zip(first, second, strict=True))


def test_the_report_names_all_terms():
    trainer = trainer_of({"regularizers": [{"name": "r1", "gamma": 2.0}]})
    weight = trainer.game.discriminator.dense.weight.detach().clone()
    report = trainer.step(trainer.phase)
    assert list(report) == ["discriminator/loss", "D(real)", "D(fake)", "discriminator/r1", "generator/loss"]
    assert report["discriminator/r1"] == pytest.approx(weight.square().sum().item(), rel=1e-5)


@pytest.mark.parametrize("micro_batch", [8, 2])
@pytest.mark.parametrize("discriminator_steps", [1, 2])
def test_the_augmentation_observes_all_reals_once_a_step(micro_batch, discriminator_steps):
    schedule = {"micro_batch": micro_batch, "discriminator_steps": discriminator_steps}
    lazy = {"regularizers": [{"name": "counting", "every": 2}]}
    trainer = trainer_of({"augmentation": {"name": "doubling"}, "training": schedule}, lazy)
    for steps in (1, 2, 3):
        report = trainer.step(trainer.phase)
        assert report["doubling/observed"] == 8 * steps
    assert report["doubling/strength"] == pytest.approx(trainer.game.augmentation.strength.item())


def test_splitting_a_batch_does_not_change_what_the_augmentation_observes():
    found = []
    for micro_batch in (8, 2):
        trainer = trainer_of({"augmentation": {"name": "doubling"}, "training": {"micro_batch": micro_batch}})
        found.append([trainer.step(trainer.phase)["doubling/strength"] for _ in range(3)])
    assert found[0] == pytest.approx(found[1], rel=1e-6)


@pytest.mark.parametrize("how", ["nan", "inf"])
def test_a_term_that_is_not_finite_is_named_with_its_step(how):
    trainer = trainer_of({"loss": {"name": "failing", "call": 2, "how": how}})
    with pytest.raises(Diverged, match=rf"became {how} at step 2 \(16 images seen\)"):
        trainer.run()
    assert trainer.images_seen == 16


def test_hours_end_a_training_at_the_end_of_a_step():
    trainer = trainer_of({"training": {"most_hours": 1e-9}})
    trainer.run()
    assert trainer.finished and trainer.images_seen == 8 == trainer.expected_images
    longer = trainer_of({"training": {"most_hours": 10}})
    longer.run()
    assert longer.images_seen == longer.total_images == 64


# --- terms that are read some steps later, as on a GPU


class Noted:
    """A callback that notes where it was called, and settles the trainer at some points."""

    def __init__(self, settle_at=()):
        self.settle_at, self.seen = settle_at, []

    def on_step_end(self, trainer, losses):
        trainer.lag = 2
        self.seen.append(trainer.images_seen)
        if trainer.images_seen in self.settle_at:
            trainer.settle()


@pytest.mark.parametrize(("settle_at", "seen"), [((), [8, 16, 24, 32]), ((24,), [8, 16, 24]), ((16,), [8, 16])])
def test_a_lagging_trainer_names_the_step_that_was_not_finite(settle_at, seen):
    trainer = trainer_of({"loss": {"name": "failing", "call": 2, "how": "nan"}})
    noted = Noted(settle_at)
    trainer.callbacks.append(noted)
    with pytest.raises(Diverged, match=r"became nan at step 2 \(16 images seen\)"):
        trainer.run()
    assert noted.seen == seen[: 3 if trainer.images_seen == 32 else None]  # the step that reads it calls nobody


def test_looking_at_terms_reads_those_of_all_steps_before():
    trainer = trainer_of({"loss": {"name": "failing", "call": 2, "how": "inf"}})
    trainer.lag = 9
    terms = [trainer.step(trainer.phase) for _ in range(4)]
    assert not any(each.arrived for each in terms)
    assert terms[0]["discriminator/loss"] and [each.arrived for each in terms] == [True, False, False, False]
    with pytest.raises(Diverged, match="step 2"):
        dict(terms[3])
    trainer = trainer_of({"loss": {"name": "failing", "call": 8, "how": "inf"}})
    trainer.lag = 9
    with pytest.raises(Diverged, match="step 8"):  # the last: read at the end
        trainer.run()


def test_a_fault_after_a_step_that_was_not_finite_is_told_as_that():
    trainer = trainer_of({"loss": {"name": "failing", "call": 2, "how": "nan"}})
    trainer.lag = 9
    play = trainer.play

    def broken(phase):
        if trainer.steps == 3:
            raise RuntimeError("no numbers here")
        return play(phase)

    trainer.play = broken
    with pytest.raises(Diverged, match="step 2"):
        trainer.run()


def test_lagging_changes_no_weight_and_no_second_is_lost():
    found = []
    for lag in (0, 2):
        trainer = trainer_of(DCGAN, {"training": {"ema_ramp": 0.05}})
        trainer.lag = lag
        trainer.run()
        assert trainer.seconds > 0 and not trainer._unread
        found.append(weights(trainer.game.generator) | weights(trainer.ema.network))
    assert same(*found)
