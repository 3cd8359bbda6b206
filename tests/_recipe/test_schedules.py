"""Schedules and optimizers in recipes: where they may stand, what they are hashed as, what messages say."""

from __future__ import annotations

import tomllib

import pytest

from ganzoo._recipe.load import changed
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.schedules import schedules
from ganzoo._registry.registry import Registry
from ganzoo.errors import RecipeError

REGISTRY = Registry.discover()
DATA = {
    "dataset": {"name": "phantom", "resolution": 16},
    "generator": {"name": "dcgan", "width": 4},
    "discriminator": {"name": "dcgan", "width": 4},
    "loss": {"name": "logistic"},
    "regularizers": [{"name": "r1"}],
    "training": {"total_kimg": 1, "batch_size": 8},
    "scoring": {"extractor": {"name": "random-features"}},
}
FALL = "{from=0.002,to=0.001,kimg=1}"
RATE = "training.generator_optimizer.learning_rate"


def recipe(*overrides: str) -> Recipe:
    return changed(DATA, REGISTRY, "recipe.toml", overrides)


def complaint(*overrides: str) -> str:
    with pytest.raises(RecipeError) as caught:
        recipe(*overrides)
    return str(caught.value)


def test_schedules_are_found_hashed_and_written():
    found = recipe(
        f"{RATE}={FALL}",
        "training.discriminator_optimizer.betas=[0.0, {from=0.9,to=0.99,kimg=1,shape='cosine'}]",
        "training.ema_half_life_kimg={from=0.001,to=0.5,kimg=1}",
        "regularizers.0.gamma={from=2,to=0.2,kimg=1}",
    )
    assert {path: schedule.end for path, schedule in schedules(found)} == {
        "regularizers.0.gamma": 0.2,
        "training.ema_half_life_kimg": 0.5,
        RATE: 0.001,
        "training.discriminator_optimizer.betas.1": 0.99,
    }
    again = Recipe.model_validate(tomllib.loads(found.to_toml()), context={"registry": REGISTRY})
    assert again == found and again.training_hash == found.training_hash
    hashes = {recipe(*given).dynamics_hash for given in ((), (f"{RATE}={FALL}",), (f"{RATE}={FALL[:-2]}2}}",))}
    assert len(hashes) == 3


def test_the_default_optimizer_is_named_in_what_is_written():
    plain = recipe().plain()["training"]["generator_optimizer"]
    named = recipe("training.generator_optimizer.name=adam")
    assert plain == {
        "name": "adam", "learning_rate": 2e-4, "betas": [0.5, 0.999], "epsilon": 1e-8, "weight_decay": 0.0
    }  # fmt: skip
    assert named.training_hash == recipe().training_hash
    assert recipe("training.generator_optimizer.name=adamw").training_hash != recipe().training_hash


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (f"{RATE}={{from=0.1,to=0.2,kimgs=1}}", f"{RATE}.kimgs: unknown key 'kimgs'; did you mean 'kimg'?"),
        (f"{RATE}={{from=0.1,to=0,kimg=1}}", f"{RATE}.to: should be greater than 0"),
        (f"{RATE}={{from=0.1,to=0.2}}", f"{RATE}.kimg: is missing"),
        ("training.generator_optimizer.name=adm", "no optimizer called 'adm'; did you mean 'adam'?"),
        ("training.generator_optimizer={name='rmsprop',betas=[0,0.9]}", "unknown key 'betas'"),
        (f"training.batch_size={FALL}", "training.batch_size: should be a whole number"),
        ("augmentation={name='ada',p={from=0,to=1.5,kimg=1}}", "augmentation.p.to: should be"),
    ],
)
def test_what_is_wrong_is_told(override, expected):
    assert expected in complaint(override)


def test_schedules_of_parts_that_parts_choose_are_refused():
    falling = "augmentation={name='instance-noise',sigma={from=0.2,to=0.1,kimg=1}}"
    assert "regularizers.0.augmentation.sigma: no schedule is followed in a part that another" in complaint(
        f"regularizers=[{{name='bcr',{falling}}}]"
    )
    assert "augmentation.then.sigma: no schedule is followed" in complaint(
        "augmentation={name='apa',then={name='instance-noise',sigma={from=0.2,to=0.1,kimg=1}}}"
    )


def test_a_learning_rate_goes_by_images_or_by_resolution():
    small = {"name": "progan", "channel_max": 4}
    data = DATA | {"generator": small, "discriminator": small}
    data["training"] = {
        "batch_size": 8,
        "total_kimg": 10,
        "growth": {"stable_kimg": 1, "fade_kimg": 1, "learning_rate": {"8": 0.1}},
    }
    with pytest.raises(RecipeError, match=f"{RATE}: training.growth.learning_rate gives learning rates by resolution"):
        changed(data, REGISTRY, "recipe.toml", [f"{RATE}={FALL}"])
