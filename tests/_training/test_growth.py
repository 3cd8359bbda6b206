"""Progressive growing: what the networks and the reals are at each point, and when the moments are forgotten."""

from __future__ import annotations

import pytest
import torch
from training_world import GROWING, installed, recipe_of, trainer_of

from ganzoo._training.growth import fade, grow
from ganzoo.contracts.objectives import Role


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


def test_reals_are_themselves_at_alpha_one():
    images = torch.randn(2, 1, 8, 8)
    assert fade(images, 1.0) is images


def test_reals_fade_from_the_coarser_resolution():
    images = torch.arange(16.0).view(1, 1, 4, 4)
    coarse = torch.tensor([[2.5, 2.5, 4.5, 4.5]] * 2 + [[10.5, 10.5, 12.5, 12.5]] * 2).view(1, 1, 4, 4)
    torch.testing.assert_close(fade(images, 0.0), coarse)
    torch.testing.assert_close(fade(images, 0.25), coarse + 0.25 * (images - coarse))


def test_networks_that_cannot_grow_are_left_alone():
    grow([torch.nn.Linear(1, 1)], 8, 0.5)


class Noting:
    def __init__(self):
        self.seen = []

    def on_step_end(self, trainer, losses):
        growth = trainer.game.generator.growth
        moments = trainer.players[Role.GENERATOR].optimizer.state
        steps = max(int(state["step"]) for state in moments.values())
        rate = trainer.players[Role.GENERATOR].optimizer.param_groups[0]["lr"]
        same = [network.growth.resolution for network in (trainer.game.discriminator, trainer.ema.network)]
        assert same == [growth.resolution] * 2
        self.seen.append((trainer.images_before, growth.resolution, round(growth.alpha, 3), steps, round(rate, 6)))


def test_phases_train_with_their_own_resolution_batch_and_rate():
    trainer, noting = trainer_of(GROWING), Noting()
    trainer.callbacks.append(noting)
    trainer.run()
    assert noting.seen == [
        (0, 4, 1.0, 1, 2e-4),
        (16, 4, 1.0, 2, 2e-4),
        *((32 + 8 * k, 8, k / 5, 1 + k, 1e-4) for k in range(5)),
        *((72 + 8 * k, 8, 1.0, 1 + k, 1e-4) for k in range(5)),
    ]


def test_moments_are_kept_where_the_recipe_says_so():
    trainer, noting = trainer_of(GROWING, {"training": {"growth": {"reset_optimizers": False}}}), Noting()
    trainer.callbacks.append(noting)
    trainer.run()
    # The first layer keeps its moments; a layer that is not there yet has none.
    assert [steps for _, _, _, steps, _ in noting.seen] == [1, 2, 3, 4, 5, 6, 7, 7, 7, 8, 9, 10]


def test_a_recipe_without_growth_has_one_phase():
    assert len(recipe_of().phases) == 1


@pytest.mark.parametrize(("space", "factor"), [("phase", 1), ("final", 4)])
def test_penalty_space_final_counts_gradients_at_the_final_resolution(space, factor):
    """A critic that shrinks its input by f has a gradient f^2 smaller at each of f^2 as many pixels: |g|^2 / f^2."""
    layers = {
        "dataset": {"name": "tiny", "resolution": 16, "count": 40},
        "regularizers": [{"name": "r1", "gamma": 2.0}],
        "training": {"penalty_space": space, "growth": {"batch_size": {}}},
    }
    trainer = trainer_of(GROWING, layers)
    weight = trainer.game.discriminator.layers["4"].weight.detach().clone()
    report = trainer.step(trainer.course.phases[0])
    expected = weight.square().sum() / factor**2
    assert report["discriminator/r1"] == pytest.approx(expected.item(), rel=1e-5)
