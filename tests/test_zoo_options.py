"""Every penalty, augmentation and switch of a network trains with every part that it meets, or is refused by name."""

from __future__ import annotations

from itertools import count
from typing import Any, Literal, get_args, get_origin

import pytest
from training_world import installed, merged, recipe_of
from zoo_world import DISCRIMINATORS, GENERATORS, LOSSES, experiment, fit, own, train

from ganzoo._registry.part import Part
from ganzoo.errors import RecipeError

PENALTIES = own("regularizer")
AUGMENTATIONS = [None, *own("augmentation")]
# The smallest critics have two features.
SMALL_PENALTIES = {"reconstruction": {"quarters": [-2]}}
# Begun where they do something: at first nothing would be changed or replaced.
SMALL_AUGMENTATIONS = {"ada": {"initial_p": 0.5}, "apa": {"initial_p": 0.5}}
# What is no switch, but adds a kind of layer.
ATTENTION = {"attention_at": [8], "attention": [1]}


@pytest.fixture(autouse=True, scope="module")
def _plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("plugin")):
        yield


# A critic within a hinge's margins teaches nothing in the few steps of a test; WGAN-GP allows no batch normalization.
ALWAYS_TEACHING = [loss for loss in LOSSES if loss.name not in ("hinge", "rahinge", "wgan-gp")]


def _loss(discriminator: Part, start: int, among: list[Part] = LOSSES) -> Part:
    """The first loss from a place on that fits, going round."""
    return next(loss for at in count(start) if fit(discriminator, loss := among[at % len(among)]))


# Each penalty with each generator; the other choices go round beside them, at paces that let any two meet.
PENALIZED = [
    (
        penalty,
        generator,
        discriminator := DISCRIMINATORS[(row + column) % len(DISCRIMINATORS)],
        _loss(discriminator, row + column),
        AUGMENTATIONS[(row + 2 * column) % len(AUGMENTATIONS)],
        1 + (row + column) // 2 % 2,
    )
    for row, penalty in enumerate(PENALTIES)
    for column, generator in enumerate(GENERATORS)
]


def _lacking(penalty: Part, generator: Part, discriminator: Part) -> list[Part]:
    """The networks that have not what the penalty needs."""
    needed = ((generator, penalty.cls.generator_must_be), (discriminator, penalty.cls.discriminator_must_be))
    return [network for network, capability in needed if not issubclass(network.cls, capability)]


def _name(case: tuple) -> str:
    return "+".join(str(getattr(choice, "name", choice)) for choice in case)


def _switches() -> list[tuple[Part, str, Any]]:
    """Each other choice that a network's options have, and attention."""
    found = []
    for part in (*GENERATORS, *DISCRIMINATORS):
        for key, field in part.cls.Options.model_fields.items():
            choices = [ATTENTION[key]] if key in ATTENTION else []
            if get_origin(field.annotation) is Literal:
                choices = [each for each in get_args(field.annotation) if each != field.default]
            if isinstance(field.default, bool):
                choices = [not field.default]
            found += [(part, key, choice) for choice in choices]
    return found


SWITCHES = _switches()


def test_each_two_choices_beside_a_penalty_meet():
    for first, second in ((0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (1, 4), (2, 4)):
        met = {(_name(case[first : first + 1]), _name(case[second : second + 1])) for case in PENALIZED}
        kinds = [{_name(case[place : place + 1]) for case in PENALIZED} for place in (first, second)]
        assert len(met) == len(kinds[0]) * len(kinds[1]), (first, second)


def test_the_switches_are_those_that_make_other_networks():
    found = {(part.kind, part.name, key) for part, key, _ in SWITCHES}
    for key in ("spectral_norm", "attention_at", "architecture"):
        assert {("generator", "sngan", key), ("discriminator", "sngan", key)} <= found
    assert ("generator", "stylegan3", "equivariance") in found
    assert ("generator", "stylegan2-lucidrains", "attention") in found


@pytest.mark.slow
@pytest.mark.parametrize("case", PENALIZED, ids=_name)
def test_penalties_and_augmentations_train_with_all_that_fits(case):
    penalty, generator, discriminator, loss, augmentation, every = case
    recipe = experiment(generator, discriminator, loss, grows=False, classes=2, channels=3)
    own_penalties = {choice.cls.name for choice in loss.cls.regularizers(loss.cls.Options())}
    override = {"override": True} if penalty.name in own_penalties else {}
    recipe["regularizers"] = [{"name": penalty.name, "every": every} | override | SMALL_PENALTIES.get(penalty.name, {})]
    if augmentation is not None:
        recipe["augmentation"] = {"name": augmentation.name} | SMALL_AUGMENTATIONS.get(augmentation.name, {})
    lacking = _lacking(penalty, generator, discriminator)
    if not lacking:
        train(recipe)
        return
    with pytest.raises(RecipeError) as caught:
        recipe_of(recipe)
    assert all(f"'{part.name}'" in str(caught.value) for part in (penalty, *lacking))


def _name_of_switch(number: int) -> str:
    part, key, choice = SWITCHES[number]
    return f"{part.kind} {part.name}-{key}={choice}"


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(SWITCHES)), ids=_name_of_switch)
@pytest.mark.parametrize("turn", range(3))
def test_each_switch_of_a_network_trains(number, turn):
    part, key, choice = SWITCHES[number]
    others = DISCRIMINATORS if part.kind == "generator" else GENERATORS
    other = others[(number + 4 * turn) % len(others)]
    generator, discriminator = (part, other) if part.kind == "generator" else (other, part)
    loss = _loss(discriminator, number + turn, ALWAYS_TEACHING)
    classes, channels = 2 * (turn % 2), 1 + 2 * (number % 2)
    recipe = experiment(generator, discriminator, loss, grows=False, classes=classes, channels=channels)
    train(merged(recipe, {part.kind: {key: choice}}))
