"""Which extractors a training reads, and what is said of them before it begins."""

import pytest
from training_world import merged, recipe_of

from ganzoo._recipe.judges import extractors_read, judge_read, judge_warning
from ganzoo._registry.registry import Registry
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.features_read import FeaturesRead
from ganzoo._training import features_read as of_training
from ganzoo.errors import RecipeError, RefusedError
from ganzoo_features.random import RandomFeatures
from ganzoo_losses.hinge import Hinge

RECIPE = {
    "dataset": {"name": "phantom", "resolution": 16, "count": 12},
    "generator": {"name": "fastgan", "latent_dim": 4, "channel_base": 64, "channel_max": 4, "excites": 4},
    "discriminator": {"name": "projected", "features": "random-features", "seen_at": 16, "width": 8},
    "loss": {"name": "hinge"},
}
OTHER = {"scoring": {"extractor": {"name": "efficientnet-lite0"}}}


def test_a_recipe_whose_critic_reads_its_judge_is_told_so_with_what_would_do():
    recipe = recipe_of(RECIPE)
    (read,) = extractors_read(recipe)
    assert (read.name, read.by) == ("random-features", "discriminator 'projected'")
    assert judge_read(recipe) == read
    warning = judge_warning(recipe, Registry.discover())
    assert "discriminator 'projected' reads the features of 'random-features'" in warning
    assert "efficientnet-lite0" in warning.partition("installed are")[2]
    assert "random-features" not in warning.partition("installed are")[2]
    assert judge_warning(recipe_of(merged(RECIPE, OTHER)), Registry.discover()) is None


def test_a_best_snapshot_is_never_chosen_by_what_the_training_reads():
    scored = {"training": {"score_kimg": 0.01}}
    with pytest.raises(RecipeError, match=r"training\.score_kimg: would choose the best snapshot by the features"):
        recipe_of(merged(RECIPE, scored))
    recipe_of(merged(RECIPE, scored, OTHER))


def test_a_part_may_read_an_extractor_that_no_option_names(monkeypatch):
    monkeypatch.setattr(Hinge, "extractors_read", classmethod(lambda cls, options: ("efficientnet-lite0", "absent")))
    recipe = recipe_of(merged(RECIPE, OTHER))
    assert judge_read(recipe).by == "loss 'hinge'"
    assert [read.name for read in extractors_read(recipe)] == ["random-features", "efficientnet-lite0", "absent"]


def test_the_record_knows_class_and_weights_and_refuses_others(tmp_path, monkeypatch):
    monkeypatch.setattr(Hinge, "extractors_read", classmethod(lambda cls, options: ("efficientnet-lite0", "absent")))
    directory = RunDirectory(tmp_path)
    found = of_training.features_read(recipe_of(merged(RECIPE, OTHER)), Registry.discover(), directory)
    random, lite, absent = found
    assert random.extractor_class == f"{RandomFeatures.__module__}.RandomFeatures" and not random.weights_sha256
    assert lite.weights_sha256.startswith("57934424") and lite.by == "loss 'hinge'"
    assert absent == FeaturesRead(extractor="absent", by="loss 'hinge'")
    of_training.refuse_other_weights(found, found, "runs/x")
    changed = lite.model_copy(update={"weights_sha256": "0" * 64})
    with pytest.raises(RefusedError, match="reads the features of 'efficientnet-lite0' with weights 57934424"):
        of_training.refuse_other_weights(found, (random, changed), "runs/x")
