from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from scoring_world import pack_of, pictures, settings
from torch import nn
from training_world import Quiet

from ganzoo.errors import RunError
from ganzoo.scoring.features import extract, layers_for, reference_batches, three_channels
from ganzoo.scoring.protocol import plan
from ganzoo.scoring.reference import MANIFEST, TENSORS, cached_reference
from ganzoo_metrics.fid import FrechetDistance
from ganzoo_metrics.inception_score import InceptionScore


class MeanColor(nn.Module):
    """Two layers: the mean of each channel, and how many images came at once."""

    def forward(self, images):
        assert images.dtype == torch.uint8
        return images.float().mean((2, 3)), torch.full((len(images), 1), float(len(images)))


def batches(*sizes):
    images = torch.from_numpy(pictures(sum(sizes)))
    return list(images.split(list(sizes)))


def test_gray_becomes_three_equal_channels():
    gray = batches(4)[0]
    assert torch.equal(three_channels(gray), gray.repeat(1, 3, 1, 1))
    color = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    assert three_channels(color) is color


@pytest.mark.parametrize("sizes", [(20,), (8, 8, 4), (1,) * 20, (3, 11, 6), (19, 1)])
def test_features_do_not_depend_on_how_images_are_batched(sizes):
    done = []
    found = extract(MeanColor(), batches(*sizes), ("mean", "size"), device="cpu", progress=done.append)
    assert torch.equal(found["mean"], batches(20)[0].float().mean((2, 3)).repeat(1, 3))
    assert found["size"].flatten().tolist() == [16] * 16 + [4] * 4
    assert done == [16, 20]


def test_features_that_are_not_finite_are_refused():
    class Broken(nn.Module):
        def forward(self, images):
            return (torch.full((len(images), 2), float("nan")),)

    with pytest.raises(RunError, match="layer 'x' of the extractor gave NaN"):
        extract(Broken(), batches(4), ("x",), device="cpu")


@pytest.fixture
def protocol(tmp_path):
    chosen = settings()
    return plan(chosen, chosen.extractor.cls(chosen.extractor.options), pack_of(tmp_path / "packs", pictures(50)))


def test_the_inception_score_reads_no_reference(protocol):
    metrics = (FrechetDistance(None), InceptionScore(None))
    both = protocol.model_copy(update={"metrics": metrics, "layers": (("logits", "b"), ("pooled", "a"))})
    assert layers_for(both, reference=False) == ("a", "b")
    assert layers_for(both, reference=True) == ("a",)


def test_the_reference_is_the_first_images_of_the_split(tmp_path):
    pack = pack_of(tmp_path, pictures(150))
    chosen = settings(reference_images=100)
    protocol = plan(chosen, chosen.extractor.cls(chosen.extractor.options), pack)
    found = torch.cat(list(reference_batches(pack, protocol)))
    assert torch.equal(found, torch.from_numpy(pack.split("train").images(np.arange(100))))


class Cache:
    """Asks the cache for a reference and counts how often it was extracted."""

    def __init__(self, root, protocol):
        self.root, self.protocol = root, protocol
        self.extracted, self.reporter = 0, Quiet()
        self.features = {"800": torch.arange(100.0).view(50, 2)}

    def ask(self, protocol=None, device="cpu"):
        return cached_reference(
            protocol or self.protocol, self._extract, device=device, reporter=self.reporter, root=self.root
        )

    def _extract(self):
        self.extracted += 1
        return self.features

    def file(self, name):
        (found,) = (self.root / "features").glob(f"*/*/{name}")
        return found


@pytest.fixture
def cache(tmp_path, protocol):
    return Cache(tmp_path / "cache", protocol)


def test_the_reference_is_extracted_once(cache):
    first, second = cache.ask(), cache.ask()
    assert cache.extracted == 1
    assert torch.equal(first["800"], second["800"])
    assert cache.reporter.said == []
    assert {path.name for path in cache.root.rglob("*") if path.is_file()} == {MANIFEST, TENSORS}


@pytest.mark.parametrize("field", ["reference", "extractor_identity", "reference_images", "split", "torch_fidelity"])
def test_another_reference_is_another_entry(cache, field):
    other = {"reference": "0" * 64, "reference_images": 40, "split": "x", "torch_fidelity": "9"}
    cache.ask()
    cache.ask(cache.protocol.model_copy(update={field: other.get(field, (("weights", "other"),))}))
    assert cache.extracted == 2


def test_other_draws_share_the_entry(cache):
    cache.ask()
    cache.ask(cache.protocol.for_selection())
    assert cache.extracted == 1


def damage(path, rng):
    data = bytearray(path.read_bytes())
    kind = rng.choice(["flip", "cut", "empty", "remove"])
    if kind == "flip":
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == "cut":
        data = data[: rng.randrange(len(data))]
    elif kind == "empty":
        data = b""
    path.write_bytes(data)
    if kind == "remove":
        path.unlink()


def ask_after_damage(cache, seed):
    rng = random.Random(seed)
    cache.ask()
    damage(cache.file(rng.choice([TENSORS, MANIFEST])), rng)
    assert torch.equal(cache.ask()["800"], cache.features["800"])
    # A flip in the manifest's white space may leave all that counts intact.
    if cache.extracted == 2:
        assert "damaged" in cache.reporter.said[0]
        cache.ask()
    assert cache.extracted <= 2


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_entry_is_never_used(cache, seed):
    ask_after_damage(cache, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 400))
def test_a_damaged_entry_is_never_used_many_times(cache, seed):
    ask_after_damage(cache, seed)


def test_the_entry_of_another_reference_in_its_place_is_not_used(cache):
    other = cache.protocol.model_copy(update={"reference": cache.protocol.reference[:-1] + "x", "split": "other"})
    cache.ask(other)
    stale = cache.file(TENSORS).parent
    cache.features = {"800": torch.zeros(50, 2)}
    cache.ask()
    mine = next(path.parent for path in cache.root.rglob(TENSORS) if path.parent != stale)
    for name in (TENSORS, MANIFEST):
        (mine / name).write_bytes((stale / name).read_bytes())
    assert torch.equal(cache.ask()["800"], cache.features["800"])
    assert "belongs to other features" in cache.reporter.said[0]


def test_a_cache_that_cannot_be_written_only_costs_time(cache):
    cache.root.write_text("a file where the folder should be")
    assert torch.equal(cache.ask()["800"], cache.features["800"])
    assert "not kept" in cache.reporter.said[0]
