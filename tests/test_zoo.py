"""Everything combines: every generator with every discriminator and loss that fits trains; the rest is refused."""

from __future__ import annotations

from itertools import combinations, groupby, product

import pytest
from training_world import installed, merged, recipe_of
from zoo_world import DISCRIMINATORS, GENERATORS, LOSSES, can_grow, experiment, fit, train

from ganzoo.contracts.capabilities import StyleBased
from ganzoo.errors import RecipeError


@pytest.fixture(autouse=True, scope="module")
def _plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("plugin")):
        yield


# In the fast suite, any two choices that go together meet in one case at least; the slow test has all cases.
PAIRS = list(product(GENERATORS, DISCRIMINATORS))
EVERY = [
    (generator, discriminator, loss, grows, classes, channels)
    for (generator, discriminator), loss in product(PAIRS, LOSSES)
    for grows, classes, channels in product((False, True), (0, 2), (1, 3))
    if fit(discriminator, loss) and (not grows or can_grow(generator, discriminator))
]


def _by_twos(case: tuple) -> list[tuple]:
    """All pairs of choices of a case, each with its place."""
    return list(combinations(enumerate(getattr(choice, "name", choice) for choice in case), 2))


def _cover() -> list[tuple]:
    """A pairwise cover of all cases: of each two networks the case with most that is new, then what is left.

    Fewer are not possible by much, since each two networks need a case.
    """
    twos = {case: _by_twos(case) for case in EVERY}
    left = dict.fromkeys(two for case in EVERY for two in twos[case])  # in order: each process finds the same cases
    chosen = []

    def take(cases: list[tuple]) -> None:
        chosen.append(max(cases, key=lambda case: sum(two in left for two in twos[case])))
        for two in twos[chosen[-1]]:
            left.pop(two, None)

    for _, cases in groupby(EVERY, key=lambda case: (case[0].name, case[1].name)):
        take(list(cases))
    while left:
        wanted = next(iter(left))
        take([case for case in EVERY if wanted in twos[case]])
    return chosen


COVER = _cover()


def test_any_two_choices_that_go_together_meet():
    assert {two for case in COVER for two in _by_twos(case)} == {two for case in EVERY for two in _by_twos(case)}
    assert len(COVER) < len(PAIRS) + max(len(LOSSES), 12)


def _name(case: tuple) -> str:
    generator, discriminator, loss, grows, classes, channels = case
    kind = f"{'growing' if grows else 'whole'}-{classes}classes-{channels}channels"
    return f"{generator.name}+{discriminator.name}+{loss.name}-{kind}"


@pytest.mark.parametrize("case", COVER, ids=_name)
def test_parts_that_fit_train(case):
    generator, discriminator, loss, grows, classes, channels = case
    train(experiment(generator, discriminator, loss, grows=grows, classes=classes, channels=channels))


@pytest.mark.slow
@pytest.mark.parametrize("case", EVERY, ids=_name)
def test_parts_that_fit_train_in_every_kind(case):
    generator, discriminator, loss, grows, classes, channels = case
    train(experiment(generator, discriminator, loss, grows=grows, classes=classes, channels=channels))


@pytest.mark.parametrize(
    ("generator", "discriminator"),
    [pair for pair in PAIRS if not can_grow(*pair)],
    ids=lambda part: part.name,
)
def test_growth_of_what_cannot_grow_is_refused(generator, discriminator):
    recipe = experiment(generator, discriminator, LOSSES[0], grows=True, classes=0, channels=1)
    with pytest.raises(RecipeError) as caught:
        recipe_of(recipe)
    for part in (generator, discriminator):
        assert (f"{part.kind} '{part.name}' cannot grow" in str(caught.value)) is not can_grow(part)


def test_losses_of_one_logit_are_refused_where_there_are_several():
    for discriminator, loss in product(DISCRIMINATORS, LOSSES):
        if fit(discriminator, loss):
            continue
        recipe = experiment(GENERATORS[0], discriminator, loss, grows=False, classes=0, channels=1)
        with pytest.raises(RecipeError) as caught:
            recipe_of(recipe)
        assert f"'{discriminator.name}'" in str(caught.value) and f"'{loss.name}'" in str(caught.value)


@pytest.mark.parametrize(
    "generator", [part for part in GENERATORS if not issubclass(part.cls, StyleBased)], ids=lambda part: part.name
)
def test_path_lengths_of_what_has_no_styles_are_refused(generator):
    recipe = experiment(generator, DISCRIMINATORS[0], LOSSES[0], grows=False, classes=0, channels=1)
    with pytest.raises(RecipeError, match=f"StyleBased generator, which '{generator.name}' is not"):
        recipe_of(merged(recipe, {"regularizers": [{"name": "path-length"}]}))


@pytest.mark.parametrize("loss", LOSSES, ids=lambda part: part.name)
@pytest.mark.parametrize("discriminator", DISCRIMINATORS, ids=lambda part: part.name)
def test_what_cannot_be_split_is_refused(discriminator, loss):
    recipe = experiment(GENERATORS[0], discriminator, loss, grows=False, classes=0, channels=1)
    kept = [each for each in recipe["regularizers"] if each["name"] != "feature-matching"]  # its means are of a batch
    recipe = merged(recipe, {"training": {"micro_batch": 2}, "regularizers": kept})
    parts = [(GENERATORS[0], recipe["generator"]), (discriminator, recipe["discriminator"]), (loss, recipe["loss"])]
    couples = [
        part
        for part, section in parts
        if part.cls.depends_on_batch(
            part.cls.Options(**{key: value for key, value in section.items() if key != "name"})
        )
    ]
    if not couples:
        recipe_of(recipe)
        return
    with pytest.raises(RecipeError) as caught:
        recipe_of(recipe)
    assert all(f"{part.kind} '{part.name}' depends on the other images" in str(caught.value) for part in couples)
