from __future__ import annotations

import os

import pytest
import torch
from scoring_world import NoisyToy, Toy, UniformToy, pack_of, pictures, settings, toy

from ganzoo.contracts.reporter import Silent
from ganzoo.errors import RunError
from ganzoo.scoring.score import estimate, plan, score

KID = {"name": "kid", "subset_size": 30, "subsets": 5}


@pytest.fixture(autouse=True)
def no_pickled_cache(tmp_path, monkeypatch):
    """torch-fidelity's own cache lies below torch's home; it must stay empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    yield
    assert not os.path.exists(tmp_path / "torch")


@pytest.fixture
def pack(tmp_path):
    return pack_of(tmp_path / "packs", pictures(60))


def scored(tmp_path, pack, generator, **changes):
    chosen = settings(**changes)
    extractor = chosen.extractor.cls(chosen.extractor.options)
    return score(
        generator,
        pack,
        plan(chosen, extractor, pack),
        extractor,
        images_seen=1000,
        device="cpu",
        cache=tmp_path / "cache",
    )


def test_scores_say_what_they_are(tmp_path, pack):
    fid, kid, precision, recall = scored(tmp_path, pack, toy(), metrics=("fid", KID, "precision-recall"))
    assert [found.metric for found in (fid, kid, precision, recall)] == ["fid", "kid", "precision", "recall"]
    assert [found.label for found in (fid, kid)] == ["FD-random", "KD-random"]
    assert [found.label for found in (precision, recall)] == ["precision-random", "recall-random"]
    assert fid.value > 1 > kid.value > 0
    assert fid.standard_error > 0
    assert fid.notes == ("rank-deficient",)
    assert kid.notes == ()
    assert fid.images_seen == 1000
    assert fid.protocol["extractor"] == "random-features"
    assert fid.protocol_id == kid.protocol_id
    assert kid.settings == {
        "class": "ganzoo_metrics.kid.KernelDistance",
        "version": 1,
        "subsets": 5,
        "subset_size": 30,
        "kernel": "(x.y / d + 1)^3",
        "seed": 2020,
    }
    assert (kid.scale, kid.unit, kid.lower_is_better, kid.images_needed) == (1000.0, "×10³", True, 30)
    assert (fid.images_needed, precision.lower_is_better) == (4096, False)


@pytest.mark.parametrize("cls", [Toy, UniformToy, NoisyToy])
def test_the_same_network_and_protocol_give_the_same_bits(tmp_path, pack, cls):
    torch.manual_seed(1)
    first = scored(tmp_path / "a", pack, toy(cls))
    torch.manual_seed(2)
    assert scored(tmp_path / "b", pack, toy(cls)) == first
    assert scored(tmp_path / "b", pack, toy(cls)) == first  # this time with a cached reference


def test_other_draws_give_other_bits_within_the_error(tmp_path, pack):
    first, second = (
        scored(tmp_path, pack, toy(), sampling_seed=seed, generated=400, metrics=("fid",))[0] for seed in (1, 2)
    )
    assert first.value != second.value
    assert first.protocol_id != second.protocol_id
    assert abs(first.value - second.value) < 5 * max(first.standard_error, second.standard_error)


def test_asking_for_fewer_metrics_changes_no_value(tmp_path, pack):
    both = scored(tmp_path, pack, toy())
    assert scored(tmp_path, pack, toy(), metrics=(KID,)) == both[1:]


def test_conditional_generators_are_asked_for_the_labels_of_the_reference(tmp_path):
    class Asked(Toy):
        asked = torch.zeros(3)

        def forward(self, latents, labels):
            self.asked += labels.sum(0)
            return super().forward(latents, labels)

    pack = pack_of(tmp_path, pictures(60), [0, 1, 1] * 20, classes=3)
    generator = toy(Asked, label_dim=3)
    fid, _ = scored(tmp_path, pack, generator, generated=600)
    assert generator.asked.sum() == 600
    assert (generator.asked / 600).tolist() == pytest.approx([1 / 3, 2 / 3, 0], abs=0.06)
    assert fid.protocol["label_distribution"] == [20, 40, 0]


def test_color_images_are_scored_as_color(tmp_path):
    images = pictures(60, channels=3)
    color = scored(tmp_path, pack_of(tmp_path / "a", images), toy(channels=3), metrics=("fid",))
    gray = scored(tmp_path, pack_of(tmp_path / "b", images[:, :1]), toy(), metrics=("fid",))
    assert color[0].value != gray[0].value


def test_a_generator_that_diverged_is_not_scored(tmp_path, pack):
    generator = toy()
    with torch.no_grad():
        generator.linear.weight[0, 0] = float("nan")
    with pytest.raises(RunError, match="NaN or infinite"):
        scored(tmp_path, pack, generator)


class Recording(Silent):
    def __init__(self, told):
        self.info = told.append
        self.progress = lambda what: lambda done, total: told.append((done, total))


def test_the_cost_is_reported_before_and_the_progress_ends_at_the_total(tmp_path, pack):
    chosen = settings()
    extractor = chosen.extractor.cls(chosen.extractor.options)
    protocol = plan(chosen, extractor, pack)
    told = []
    for _ in range(2):
        score(
            toy(),
            pack,
            protocol,
            extractor,
            images_seen=0,
            device="cpu",
            reporter=Recording(told),
            title="scoring toy",
            cache=tmp_path / "cache",
        )
    costs = [each for each in told if not isinstance(each, tuple)]
    assert told[0] is costs[0]
    assert costs[0].startswith("scoring toy: 120 images to extract (with the reference): about 1 s")
    assert costs[1].startswith("scoring toy: 60 images to extract")
    second_run = told.index(costs[1])
    assert told[second_run - 1] == (120, 120)
    assert told[-1] == (60, 60)


def test_an_estimate_leaves_no_trace(tmp_path, pack):
    chosen = settings()
    extractor = chosen.extractor.cls(chosen.extractor.options)
    cost = estimate(toy(), pack, plan(chosen, extractor, pack), extractor, device="cpu", cache=tmp_path / "cache")
    assert cost.seconds > 0
    assert cost.memory_bytes > 120 * 800 * 4
    assert not (tmp_path / "cache").exists()
