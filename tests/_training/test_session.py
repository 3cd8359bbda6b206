"""Stopping and resuming: the weights are those of an unbroken run, bit for bit."""

from __future__ import annotations

import os
import random

import pytest
import torch
from training_world import (
    DCGAN,
    GROWING,
    GROWING_BY_EPOCHS,
    Quiet,
    go_on,
    hashes,
    in_memory,
    installed,
    leftovers,
    metrics_of,
    only_run,
    recipe_of,
    start,
    status_of,
    stop_at,
)

from ganzoo._inference.run import Run
from ganzoo._runs.checkpoint import read_checkpoint
from ganzoo._runs.record import read_record
from ganzoo._runs.verify import verify_run
from ganzoo.errors import RefusedError, RunError, RunStopped

SMALL = {"latent_dim": 8, "style_dim": 8, "mapping_layers": 2, "channel_max": 4}
GROWING_STYLES = {
    "dataset": {"name": "phantom", "resolution": 16, "count": 40},
    "generator": {"name": "stylegan", **SMALL},
    "discriminator": {"name": "stylegan", "channel_max": 4},
    "loss": {"name": "rahinge"},
    "augmentation": {"name": "ada", "initial_p": 0.3, "speed_kimg": 0.5, "interval": 2},
    "regularizers": [{"name": "r1", "every": 3}, {"name": "path-length", "every": 2}],
}
PATHS = {
    "dataset": {"name": "phantom", "resolution": 16, "count": 40},
    "generator": {"name": "stylegan2", **SMALL},
    "discriminator": {"name": "stylegan2", "channel_max": 4},
    "loss": {"name": "logistic"},
    "augmentation": {"name": "ada", "initial_p": 0.3, "speed_kimg": 0.5, "interval": 2},
    "regularizers": [{"name": "path-length", "every": 3}],
    "training": {"ema_ramp": 0.05},
}
FAMILIES = {
    "logistic-lazy-r1": (DCGAN, {"regularizers": [{"name": "r1", "gamma": 1.0, "every": 3}]}),
    "rahinge-batch-norm": (
        DCGAN,
        {
            "loss": {"name": "rahinge"},
            "discriminator": {"name": "dcgan", "width": 4, "kernel": 4, "normalization": "batch"},
        },
    ),
    "wgan-gp-two-critic-steps": (DCGAN, {"loss": {"name": "wgan-gp"}, "training": {"discriminator_steps": 2}}),
    "micro-batch": (
        DCGAN,
        {
            "training": {"micro_batch": 4, "first_player": "generator"},
            "generator": {"name": "dcgan", "width": 4, "kernel": 4, "normalization": "none"},
        },
    ),
    "growth": (GROWING,),
    "growth-fade-first-in-epochs": (GROWING_BY_EPOCHS, {"regularizers": [{"name": "counting", "every": 3}]}),
    "growing-styles-with-ada": (GROWING_BY_EPOCHS, GROWING_STYLES),
    "path-lengths-with-ada": (PATHS,),
    "conditional-mirror-color": (
        DCGAN,
        {
            "dataset": {
                "name": "phantom",
                "resolution": 16,
                "count": 40,
                "classes": 2,
                "mirror": True,
                "channels": 3,
            }
        },
    ),
    "adaptive-augmentation": (
        DCGAN,
        {
            "augmentation": {"name": "ada", "initial_p": 0.5, "speed_kimg": 0.2, "interval": 2, "target": 0.2},
            "regularizers": [{"name": "r1", "gamma": 1.0, "every": 2}],
        },
    ),
    "schedules-and-other-optimizers": (
        DCGAN,
        {
            "augmentation": {"name": "ada", "p": {"from": 0.0, "to": 0.8, "kimg": 0.04, "shape": "cosine"}},
            "regularizers": [{"name": "r1", "gamma": {"from": 2.0, "to": 0.2, "kimg": 0.05}, "every": 2}],
            "training": {
                "ema_half_life_kimg": {"from": 0.001, "to": 0.1, "kimg": 0.06},
                "generator_optimizer": {"name": "rmsprop", "momentum": 0.5},
                "discriminator_optimizer": {
                    "name": "adamw",
                    "learning_rate": {"from": 0.002, "to": 0.0005, "kimg": 0.05, "shape": "exponential"},
                    "betas": [0.0, {"from": 0.9, "to": 0.99, "kimg": 0.05}],
                },
            },
        },
    ),
    "auxiliary-classifier": (
        {
            "dataset": {"name": "tiny", "resolution": 8, "count": 40, "classes": 3},
            "discriminator": {"name": "classifying"},
            "loss": {"name": "auxiliary", "weight": {"from": 0.5, "to": 1.0, "kimg": 0.05}},
            "augmentation": {"name": "doubling"},
        },
    ),
    "weights-of-loss-and-penalty": (
        {
            "discriminator": {"name": "tiny-featured"},
            "loss": {"name": "tempered"},
            "regularizers": [{"name": "probe", "every": 2}, {"name": "feature-matching"}],
        },
    ),
    "penalty-with-a-buffer": ({"regularizers": [{"name": "counting", "every": 2}]},),
}


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


@pytest.fixture
def tmp_path():
    with in_memory() as folder:
        yield folder


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """Each family's run without a break, trained once."""
    done = {}

    def run(family):
        if family not in done:
            done[family] = start(tmp_path_factory.mktemp("unbroken"), recipe_of(*FAMILIES[family]))
        return done[family]

    return run


DRAWS = [0, *(pytest.param(draw, marks=pytest.mark.slow) for draw in range(1, 10))]


# What these hold is in the others too, but for one thing each: they are stopped and resumed in the slow campaign.
SLOW = {"rahinge-batch-norm", "growth", "growing-styles-with-ada", "adaptive-augmentation", "penalty-with-a-buffer"}


@pytest.mark.parametrize(
    "family", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in FAMILIES]
)
@pytest.mark.parametrize("draw", DRAWS)
def test_a_resumed_run_equals_an_unbroken_one(family, draw, unbroken, tmp_path):
    recipe = recipe_of(*FAMILIES[family])
    whole = unbroken(family)
    total = read_record(whole.record).images_seen
    dice = random.Random(f"{family} {draw}")
    with pytest.raises(RunStopped, match="resume with: ganzoo resume"):
        start(tmp_path, recipe, stop_at(dice.randrange(1, total)))
    run = only_run(tmp_path)
    while status_of(run) != "finished":
        assert status_of(run) == "stopped"
        seen = read_record(run.record).images_seen
        further = dice.randrange(seen + 1, total + 40)
        try:
            go_on(run.path, callbacks=[stop_at(further)])
        except RunStopped:
            continue
    assert hashes(run) == hashes(whole)
    assert metrics_of(run) == metrics_of(whole)
    assert verify_run(run.path) == []
    assert leftovers(tmp_path) == []
    pictures = sorted(path.name for path in run.samples.iterdir())
    assert pictures == sorted(path.name for path in whole.samples.iterdir())
    newest = pictures[-2]  # the last is reals.png
    assert (run.samples / newest).read_bytes() == (whole.samples / newest).read_bytes()


GROWN = (GROWING_BY_EPOCHS, {"regularizers": [{"name": "counting", "every": 3}]})
STOPS = {
    "in the middle of a fade": 104,
    "at the start of a fade": 80,
    "one step before a fade": 64,
    "at the end of a fade": 128,
    "one step after a change of resolution": 176,
}


@pytest.mark.parametrize("where", STOPS)
def test_growing_goes_on_bit_for_bit_wherever_it_was_stopped(where, unbroken, tmp_path):
    recipe = recipe_of(*GROWN)
    whole = unbroken("growth-fade-first-in-epochs")
    with pytest.raises(RunStopped):
        start(tmp_path, recipe, stop_at(STOPS[where]))
    run = only_run(tmp_path)
    assert read_record(run.record).images_seen == STOPS[where]
    go_on(run.path)
    assert hashes(run) == hashes(whole)
    assert metrics_of(run) == metrics_of(whole)


def test_a_run_in_epochs_keeps_kimg_only_and_is_found_again(unbroken):
    whole = unbroken("growth-fade-first-in-epochs")
    recipe = recipe_of(*GROWN)
    assert recipe.counts_epochs
    saved = Run(whole).recipe
    assert saved == recipe.with_image_count(40)
    assert [(p.resolution, p.fades, p.start, p.end) for p in saved.phases] == [
        (4, False, 0, 80),
        (8, True, 80, 128),
        (8, False, 128, 168),
        (16, True, 168, 208),
        (16, False, 208, 240),
    ]
    text = whole.recipe.read_text()
    assert "epochs" not in text and "fade_share" not in text
    assert "epochs" not in read_record(whole.record).recipe["training"]["growth"]
    seen = whole.recipe.stat().st_mtime_ns
    again = start(whole.path.parent, recipe, again=True)  # `run --resume` of the recipe in epochs
    assert again.path == whole.path and whole.recipe.stat().st_mtime_ns == seen


def test_a_longer_training_goes_on_where_the_shorter_ended(unbroken, tmp_path):
    family = "logistic-lazy-r1"
    short = recipe_of(*FAMILIES[family], {"training": {"total_kimg": 0.024}})
    run = start(tmp_path, short)
    go_on(run.path, "training.total_kimg=0.064")
    assert hashes(run) == hashes(unbroken(family))
    assert read_record(run.record).images_seen == 64
    assert verify_run(run.path) == []


def test_threads_are_restored_and_other_versions_are_told(tmp_path):
    reporter = Quiet()
    with pytest.raises(RunStopped):
        start(tmp_path, recipe_of(), stop_at(24))
    run = only_run(tmp_path)
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        go_on(run.path, reporter=reporter)
        assert torch.get_num_threads() == before
    finally:
        torch.set_num_threads(before)
    assert not [line for line in reporter.said if "not exact" in line]


def test_what_decides_the_last_bits_is_compared(tmp_path):
    from training_world import trainer_of

    from ganzoo._training.checkpoint_state import gather, restore

    trainer = trainer_of()
    tensors, state = gather(trainer)
    assert restore(trainer, tensors, state) == []
    state["arithmetic"] |= {"torch": "1.0", "device": "cuda"}
    warnings = restore(trainer, tensors, state)
    assert len(warnings) == 2
    assert all("this resume is not exact" in warning for warning in warnings)
    assert "torch was 1.0 and is" in " ".join(warnings)


def test_a_damaged_newest_checkpoint_is_passed_over_and_told(unbroken, tmp_path):
    family, reporter = "logistic-lazy-r1", Quiet()
    with pytest.raises(RunStopped):
        start(tmp_path, recipe_of(*FAMILIES[family]), stop_at(48))
    run = only_run(tmp_path)
    newest = max(run.checkpoints.iterdir())
    file = newest / "generator.safetensors"
    data = bytearray(file.read_bytes())
    data[-7] ^= 4
    file.write_bytes(data)
    assert verify_run(run.path)
    go_on(run.path, reporter=reporter)
    assert "generator.safetensors is damaged" in reporter.said[0]
    assert "resuming at 32 of 64 images" in reporter.said
    assert hashes(run) == hashes(unbroken(family))
    assert metrics_of(run) == metrics_of(unbroken(family))
    assert verify_run(run.path) == []


def test_a_damaged_snapshot_is_written_again(tmp_path):
    recipe = recipe_of({"training": {"snapshot_kimg": 0.024}})
    with pytest.raises(RunStopped):
        start(tmp_path, recipe, stop_at(24))
    run = only_run(tmp_path)
    (run.checkpoints / "0000000024" / "state.json").write_text("{}")
    (run.snapshots / "0000000024" / "ema.safetensors").write_bytes(b"")
    go_on(run.path)
    assert verify_run(run.path) == []


def test_a_run_killed_before_its_first_checkpoint_begins_again(unbroken, tmp_path):
    family = "logistic-lazy-r1"

    class Dying:
        def on_step_end(self, trainer, losses):
            if trainer.images_seen == 24:
                os._exit(0)

    layers = (*FAMILIES[family], {"training": {"checkpoint_kimg": 1.0}})
    child = os.fork()
    if child == 0:
        start(tmp_path, recipe_of(*layers), Dying())
    os.waitpid(child, 0)
    run = only_run(tmp_path)
    assert len(metrics_of(run)) == 1
    assert not run.checkpoints.exists()
    start(tmp_path, recipe_of(*layers), again=True)
    assert hashes(run) == hashes(unbroken(family))
    assert metrics_of(run) == metrics_of(unbroken(family))


def test_no_intact_checkpoint_is_said(tmp_path):
    with pytest.raises(RunStopped):
        start(tmp_path, recipe_of(), stop_at(16))
    run = only_run(tmp_path)
    for path in run.checkpoints.rglob("MANIFEST.json"):
        path.unlink()
    with pytest.raises(RunError, match=r"no checkpoint of .* is intact; start the run again"):
        go_on(run.path)


@pytest.mark.parametrize(("how", "term"), [("nan", "generator|discriminator"), ("inf", "discriminator/loss")])
def test_a_loss_that_is_not_finite_stops_the_run(how, term, tmp_path):
    with pytest.raises(RunError, match=term) as caught:
        start(tmp_path, recipe_of({"loss": {"name": "failing", "call": 5, "how": how}}))
    run = only_run(tmp_path)
    record = read_record(run.record)
    assert "at step 5 (40 images seen)" in str(caught.value)
    assert "the last good checkpoint is" in str(caught.value)
    assert str(run.checkpoints / "0000000032") in str(caught.value)
    assert (record.status, record.images_seen) == ("diverged", 40)
    assert "at step 5" in record.message
    assert_finite(run)
    with pytest.raises(RefusedError, match="diverged"):
        go_on(run.path)


@pytest.mark.parametrize("kimg", [0.008, 0.016])
def test_weights_that_are_not_finite_are_never_written(kimg, tmp_path):
    recipe = recipe_of(
        {"loss": {"name": "failing", "call": 3, "how": "weights"}, "training": {"checkpoint_kimg": kimg}}
    )
    with pytest.raises(RunError, match="diverged") as caught:
        start(tmp_path, recipe)
    run = only_run(tmp_path)
    assert status_of(run) == "diverged"
    assert "step 3" in str(caught.value) or "step 4" in str(caught.value)
    assert "checkpoints/0000000016" in str(caught.value)
    assert_finite(run)


def test_the_first_step_may_fail_too(tmp_path):
    with pytest.raises(RunError, match="no checkpoint had been written yet"):
        start(tmp_path, recipe_of({"loss": {"name": "failing", "call": 1}}))
    assert status_of(only_run(tmp_path)) == "diverged"


def assert_finite(run):
    for folder in (run.checkpoints, run.snapshots):
        for path in folder.iterdir() if folder.exists() else []:
            for named in read_checkpoint(path).tensors.values():
                assert all(torch.isfinite(tensor).all() for tensor in named.values())


def test_a_part_that_fails_is_told_without_a_traceback_and_can_be_resumed(tmp_path):
    with pytest.raises(RunError, match=r"a part failed: ValueError: the moon is \[bold\]full\[/bold\]"):
        start(tmp_path, recipe_of({"loss": {"name": "failing", "call": 5, "how": "crash"}}))
    run = only_run(tmp_path)
    assert status_of(run) == "failed"
    assert "Traceback" in run.log.read_text()
    go_on(run.path)  # a new process counts its calls from 1: this time the training ends before the fifth
    assert status_of(run) == "finished"


def test_out_of_memory_comes_with_advice(tmp_path):
    with pytest.raises(RunError, match=r"out of memory .*; lower training\.batch_size, or set training\.micro_batch"):
        start(tmp_path, recipe_of({"loss": {"name": "failing", "call": 2, "how": "memory"}}))
    growing = recipe_of(GROWING, {"loss": {"name": "failing", "call": 4, "how": "memory"}})
    with pytest.raises(RunError, match=r"out of memory .*; lower training\.growth\.batch_size for 8, or set"):
        start(tmp_path / "growing", growing)
