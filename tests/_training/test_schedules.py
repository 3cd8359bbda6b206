"""Schedules while training: each step has the numbers of its own images, in every part that has any."""

from __future__ import annotations

import pytest
import torch
from training_world import DCGAN, installed, trainer_of

from ganzoo._training.optimizer_state import flat_state, load_flat
from ganzoo.contracts.objectives import Role


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


def line(start, end):
    return {"from": start, "to": end, "kimg": 0.032}


def test_every_step_has_the_numbers_of_its_images():
    trainer = trainer_of(
        DCGAN,
        {
            "loss": {"name": "wgan-gp", "weight": line(0.0, 4.0)},
            "regularizers": [{"name": "r1", "gamma": line(2.0, 1.0), "every": 2}],
            "augmentation": {"name": "ada", "p": line(0.0, 0.5)},
            "training": {
                "ema_half_life_kimg": line(0.001, 0.009),
                "discriminator_optimizer": {"learning_rate": line(0.4, 0.2), "betas": [0.25, line(0.5, 0.9)]},
            },
        },
    )
    discriminator = trainer.players[Role.DISCRIMINATOR]
    penalty, r1 = discriminator.regularizers
    found, decays = [], []
    for _ in range(6):
        decays.append(trainer.ema.decay(8, trainer.images_seen))
        trainer.step(trainer.phase)
        (group,) = discriminator.optimizer.param_groups
        p = float(trainer.game.augmentation.p)
        found.append([penalty.options.weight, r1.options.gamma, p, group["lr"], *group["betas"]])
    done, share = [0, 0.25, 0.5, 0.75, 1, 1], 2 / 3
    expected = [[4 * d, 2 - d, d / 2, (0.4 - 0.2 * d) * share, 0.25**share, (0.5 + 0.4 * d) ** share] for d in done]
    torch.testing.assert_close(torch.tensor(found), torch.tensor(expected))
    assert decays == pytest.approx([0.5 ** (8 / (1 + 8 * d)) for d in done])


class Counting(torch.optim.SGD):
    """Descent that slows down with its own count of steps, a number in its groups."""

    def step(self, closure=None):
        for group in self.param_groups:
            group["taken"] = group.get("taken", 0) + 1
            group["lr"] = 0.5 / group["taken"]
        return super().step(closure)


def test_numbers_that_an_optimizer_counts_are_kept():
    network = torch.nn.Linear(2, 1)
    parameters = dict(network.named_parameters())

    def step(optimizer):
        network.weight.grad = torch.ones_like(network.weight)
        optimizer.step()

    first, second = (Counting([network.weight], momentum=0.5) for _ in range(2))
    step(first)
    second.param_groups[0]["taken"] = 0
    load_flat(second, parameters, flat_state(first, parameters, ("lr", "momentum")))
    assert second.param_groups[0]["taken"] == 1
    assert torch.equal(second.state[network.weight]["momentum_buffer"], torch.ones(1, 2))
