"""One side of the game: its optimizer, its lazy penalties, its micro-batches."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from training_world import DCGAN, installed, recipe_of, same, trainer_of, weights

from ganzoo._training.player import Player
from ganzoo.contracts.objectives import Regularizer, Role
from ganzoo.contracts.phase import Phase
from ganzoo.errors import RecipeError
from ganzoo_optimizers.adam import Adam, AdamOptions


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


class Slope(Regularizer):
    """Its gradient is one at every weight; tells when it was asked."""

    name = "slope"
    applies_to = Role.DISCRIMINATOR

    def __init__(self, every, number=0):
        super().__init__(self.Options(every=every))
        self.name = f"slope{number}"
        self.asked = []

    def penalty(self, step):
        self.asked.append(step)
        return step._game.discriminator.dense.weight.sum()


def player_with(*penalties, **settings):
    trainer = trainer_of()
    network = trainer.game.discriminator

    def flat(step):
        return {"loss": 0.0 * network.dense.weight.sum()}

    player = Player(Role.DISCRIMINATOR, network, flat, penalties, Adam(AdamOptions(**settings)))
    return trainer, player


@pytest.mark.parametrize(
    ("everies", "correction"), [((), 1.0), ((1,), 1.0), ((16,), 16 / 17), ((16, 4), 1 / (1 + 1 / 16 + 1 / 4))]
)
def test_adam_is_corrected_for_the_extra_steps_of_lazy_penalties(everies, correction):
    _, player = player_with(
        *(Slope(every, k) for k, every in enumerate(everies)), learning_rate=0.002, betas=(0.5, 0.99)
    )
    (group,) = player.optimizer.param_groups
    assert group["lr"] == pytest.approx(0.002 * correction)
    assert group["betas"] == pytest.approx((0.5**correction, 0.99**correction))
    player.enter(Phase(8, 0, 8, 8, learning_rate=0.003))
    assert group["lr"] == pytest.approx(0.003 * correction)


def test_a_lazy_penalty_has_a_step_of_its_own_on_every_kth_update_from_the_first_on():
    lazy, eager = Slope(4, 1), Slope(1, 2)
    trainer, player = player_with(lazy, eager)
    batch = trainer._batch(trainer.phase, 1.0)
    asked, steps, terms = [], [], []
    for _ in range(9):
        terms.append(player.update(trainer.game, batch, 0))
        asked.append(len(lazy.asked))
        steps.append(int(player.optimizer.state[trainer.game.discriminator.dense.weight]["step"]))
    assert asked == [1, 1, 1, 1, 2, 2, 2, 2, 3]
    assert steps == [2, 3, 4, 5, 7, 8, 9, 10, 12]
    assert len(eager.asked) == 9
    assert "discriminator/slope1" in terms[4] and "discriminator/slope1" not in terms[5]


def test_two_penalties_of_one_name_are_told_apart_in_the_log():
    first, second, third = Slope(1, 1), Slope(2, 1), Slope(1, 2)
    second.penalty = lambda step: 3 * step._game.discriminator.dense.weight.sum()
    trainer, player = player_with(first, second, third, learning_rate=1e-12)
    terms = player.update(trainer.game, trainer._batch(trainer.phase, 1.0), 0)
    assert {"discriminator/slope1", "discriminator/slope1-2", "discriminator/slope2"} <= terms.keys()
    torch.testing.assert_close(terms["discriminator/slope1-2"], 3 * terms["discriminator/slope1"])


def test_what_a_lazy_penalty_does_not_reach_goes_on_by_its_moments():
    """As StyleGAN2's code, which adds 0 times the logits to R1: Adam would leave it out and keep its moments."""
    trainer = trainer_of()
    network = trainer.game.discriminator
    weight, bias = network.dense.weight, network.dense.bias
    unused = torch.nn.Parameter(torch.ones(2))
    network.register_parameter("unused", unused)
    settings = Adam(AdamOptions(learning_rate=0.01, betas=(0.5, 0.9)))

    def objective(step):
        return {"loss": weight.sum() + bias.sum()}

    player = Player(Role.DISCRIMINATOR, network, objective, [Slope(2)], settings)
    twin = bias.detach().clone().requires_grad_()
    adam = torch.optim.Adam([twin], lr=0.01 / 1.5, betas=(0.5 ** (1 / 1.5), 0.9 ** (1 / 1.5)))
    for slope in (1.0, 0.0, 1.0, 1.0, 0.0):  # two updates with the penalty's step of its own, one without
        twin.grad = torch.full_like(twin, slope)
        adam.step()
    for _ in range(3):
        player.update(trainer.game, trainer._batch(trainer.phase, 1.0), 0)
    torch.testing.assert_close(bias, twin)
    assert int(player.optimizer.state[bias]["step"]) == 5
    # What the loss does not reach either, such as a block that has not grown yet, is left alone.
    assert unused not in player.optimizer.state


def test_lazy_gradients_over_k_updates_equal_those_of_every_update():
    """For a network that does not move: SGD would arrive at the same place (algorithm of StyleGAN2, appendix B)."""
    sums = []
    for every in (1, 16):
        trainer, player = player_with(Slope(every))
        network, total = trainer.game.discriminator, torch.zeros(())
        player.optimizer.step = lambda network=network, total=total: total.add_(network.dense.weight.grad.mean())
        for _ in range(16):
            player.update(trainer.game, trainer._batch(trainer.phase, 1.0), 0)
        sums.append(total.item())
    assert sums == [16.0, 16.0]


def test_a_reported_lazy_penalty_is_the_penalty_itself_not_its_multiple():
    trainer, player = player_with(Slope(16))
    before = trainer.game.discriminator.dense.weight.sum().item()
    terms = player.update(trainer.game, trainer._batch(trainer.phase, 1.0), 0)
    assert terms["discriminator/slope0"].item() == pytest.approx(before, rel=1e-4)


@pytest.mark.parametrize("regularizers", [[], [{"name": "r1", "gamma": 1.0}], [{"name": "r1", "every": 2}]])
def test_micro_batches_equal_the_whole_batch(regularizers):
    plain = {"generator": {"name": "dcgan", "width": 4, "kernel": 4, "normalization": "none"}}
    results = []
    for micro in (8, 4, 2):
        trainer = trainer_of(DCGAN, plain, {"regularizers": regularizers, "training": {"micro_batch": micro}})
        for network in (trainer.game.generator, trainer.game.discriminator, trainer.ema.network):
            network.double()
        trainer.game.generator.register_forward_pre_hook(lambda module, inputs: tuple(x.double() for x in inputs))
        trainer.game.discriminator.register_forward_pre_hook(lambda module, inputs: tuple(x.double() for x in inputs))
        reports = [trainer.step(trainer.phase) for _ in range(3)]
        results.append((reports[-1], weights(trainer.game.generator), weights(trainer.game.discriminator)))
    for report, *networks in results[1:]:
        assert report == pytest.approx(results[0][0], rel=1e-5)
        for found, expected in zip(networks, results[0][1:], strict=True):
            for name, tensor in found.items():
                torch.testing.assert_close(tensor, expected[name], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "culprit"),
    [
        ({}, "generator 'dcgan'"),
        ({"loss": {"name": "rahinge"}}, "loss 'rahinge'"),
        ({"augmentation": {"name": "doubling", "couples": True}}, "augmentation 'doubling'"),
        ({"regularizers": [{"name": "counting", "couples": True}]}, "penalty 'counting'"),
    ],
)
def test_what_couples_a_batch_is_refused_with_micro_batches(layer, culprit):
    with pytest.raises(RecipeError, match=f"training.micro_batch: {culprit} depends on the other images"):
        recipe_of(DCGAN, layer, {"training": {"micro_batch": 4}})


def test_what_an_author_froze_stays_frozen():
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    network[0].requires_grad_(False)
    player = Player(Role.GENERATOR, network, lambda step: {}, [], Adam(AdamOptions()))
    player.take_gradients(False)
    assert not any(parameter.requires_grad for parameter in network.parameters())
    player.take_gradients(True)
    assert [parameter.requires_grad for parameter in network.parameters()] == [False, False, True, True]


def test_moments_are_loaded_in_the_layout_of_their_parameter():
    """Adam's fused kernel walks memory without looking at strides: a moment laid out otherwise is another moment."""

    def player():
        torch.manual_seed(0)
        network = nn.Conv2d(4, 8, 3).to(memory_format=torch.channels_last)
        return Player(Role.GENERATOR, network, lambda step: {}, [], Adam(AdamOptions(learning_rate=0.1)))

    def descend(player, seed):
        for number, parameter in enumerate(player.network.parameters()):
            parameter.grad = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(seed + number))
            parameter.grad = parameter.grad.to(memory_format=torch.channels_last) if number == 0 else parameter.grad
        player.optimizer.step()

    unbroken, resumed = player(), player()
    descend(unbroken, 0)
    descend(resumed, 0)
    state = {name: tensor.detach().clone().contiguous() for name, tensor in resumed.state().items()}
    other = player()
    other.network.load_state_dict(resumed.network.state_dict())
    other.load_state(state)
    descend(unbroken, 7)
    descend(other, 7)
    assert same(weights(other.network), weights(unbroken.network))
