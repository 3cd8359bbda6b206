"""Scores do not depend on how many processes share the images: the same bits, labels and protocols."""

from __future__ import annotations

from typing import ClassVar

import pytest
import torch
from ranks_world import on_ranks
from scoring_world import Arrays, NoisyToy, pictures, settings, toy
from torch import nn
from torch.nn.functional import conv2d

from ganzoo._inference.sharing import collected, share_of
from ganzoo.contracts.extractors import Extractor, Layer
from ganzoo.data.prepare.prepare import prepare
from ganzoo.errors import PluginError, RunStopped
from ganzoo.layers.ranks import Ranks
from ganzoo.scoring.protocol import plan
from ganzoo.scoring.score import score


class Corners(nn.Module):
    """A convolution with fixed weights."""

    def __init__(self):
        super().__init__()
        weight = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(1))
        self.register_buffer("weight", weight)

    def forward(self, images):
        return (conv2d(images / 255, self.weight, stride=8).relu().flatten(1),)


class Cornered(Extractor):
    """Features of four corners."""

    name = "corners"
    label = "corners"
    layers: ClassVar = {"pooled": Layer("corners")}

    def weights(self):
        return None

    def identity(self):
        return {}

    def build(self, layers):
        return Corners()


def test_shares_are_whole_groups_and_all_of_them():
    for count, size in ((0, 2), (64, 2), (65, 2), (1000, 3), (130, 4)):
        shares = [share_of(count, 64, Ranks(rank, size)) for rank in range(size)]
        assert [number for share in shares for number in share] == list(range(count))
        assert all(not share or share.start % 64 == 0 for share in shares)
        assert max(map(len, shares)) <= -(-count // 64 // size) * 64 + 64


@pytest.mark.parametrize(
    ("size", "metrics"),
    [(2, ("fid", "ms-ssim")), pytest.param(3, ("fid", "ms-ssim", "swd", "copying"), marks=pytest.mark.ci)],
)
def test_several_processes_find_the_scores_of_one(tmp_path, size, metrics):
    images = pictures(180)
    pack = prepare(
        Arrays(Arrays.Options(resolution=16, held_out=0.3), images), "arrays", cache=tmp_path / "packs", workers=1
    )
    chosen = settings(metrics=metrics, generated=135, batch_size=50)
    extractor = Cornered(Cornered.Options())
    protocol = plan(chosen, extractor, pack)

    def found(ranks: Ranks, cache: str):
        more = {"images_seen": 7, "device": "cpu", "cache": tmp_path / cache, "ranks": ranks}
        return score(toy(NoisyToy), pack, protocol, extractor, **more)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the others
    try:
        alone = found(Ranks(), "alone")
        assert len(alone) >= len(metrics) and any(each.floor for each in alone)
        for _ in ("anew", "with the reference cached"):
            together, *others = on_ranks(size, lambda ranks: found(ranks, "together"))
            assert others == [()] * (size - 1)
            assert together == alone
    finally:
        torch.set_num_threads(threads)


def _told(ranks: Ranks):
    def work():
        if ranks.rank == 1:
            raise RunStopped("stopped by SIGTERM")
        return {}

    with pytest.raises(RunStopped, match="stopped by SIGTERM"):
        collected(ranks, work)

    def failing():
        raise PluginError(f"no features in process {ranks.rank}")

    with pytest.raises(Exception, match="no features in process") as error:
        collected(ranks, failing if ranks.rank else dict)
    return str(error.value)


def test_what_fails_or_is_stopped_in_one_process_is_told_by_the_first():
    assert on_ranks(2, _told) == ["process 1 of 2 failed: no features in process 1", "no features in process 1"]
