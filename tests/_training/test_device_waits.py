"""A step never waits for its device: what it copies there, it copies without a pause."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from training_world import DCGAN, installed, recipe_of

from ganzoo._recipe.load import load
from ganzoo._registry.registry import Registry
from ganzoo._training.dry_run import dry_run
from ganzoo.errors import WeightsError

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))
AUGMENTATIONS = [part.name for part in Registry.discover().parts("augmentation")]


@pytest.fixture(scope="module", autouse=True)
def _tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


class Copies(TorchDispatchMode):
    """Notes the operators that copy from the CPU to the device and wait for it."""

    def __init__(self):
        super().__init__()
        self.waiting, self.copies = [], 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if isinstance(result, torch.Tensor) and result.is_meta:
            if func is torch.ops.aten._to_copy.default and args[0].device.type == "cpu":
                self.copies += 1
                if not kwargs.get("non_blocking"):
                    self.waiting.append(func)
            elif func is torch.ops.aten.copy_.default and args[1].device.type == "cpu":
                self.waiting.append(func)
        return result


def waiting(recipe) -> list:
    # The meta device has no numbers: whatever asked for one (an item, a mask as an index) would fail there. What is
    # left are copies to it.
    dry = dry_run(recipe, torch.device("meta"))
    phase = dry.trainer.course.phases[-1]
    dry.play(phase)  # filters are made once
    for player in dry.trainer.players.values():
        player.updates = 0  # each lazy penalty has its turn
    with Copies() as copies:
        dry.play(phase)
    assert copies.copies
    return copies.waiting


@pytest.mark.parametrize("augmentation", AUGMENTATIONS)
def test_a_step_never_waits_for_its_device(augmentation):
    spared = {"augmentation": {"name": augmentation}, "loss": {"name": "rahinge"}}
    penalties = {"regularizers": [{"name": "gradient-penalty", "every": 2}, {"name": "r1"}]}
    assert not waiting(recipe_of(DCGAN, spared, penalties))


@pytest.mark.slow
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_step_of_no_recipe_waits_for_its_device(path):
    try:
        assert not waiting(load(path, Registry.discover())[1])
    except WeightsError as error:
        pytest.skip(str(error))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_step_on_a_gpu_never_waits_for_it(precision):
    spared = {"augmentation": {"name": "ada", "initial_p": 0.5, "interval": 1}, "training": {"precision": precision}}
    penalties = {"regularizers": [{"name": "gradient-penalty", "every": 2}, {"name": "r1"}]}
    dry = dry_run(recipe_of(DCGAN, spared, penalties), torch.device("cuda"))
    dry.step(dry.trainer.phase)
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(3):
            dry.play(dry.trainer.phase)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    dry.step(dry.trainer.phase)
    assert 0 < dry.trainer.game.augmentation._p != 0.5
