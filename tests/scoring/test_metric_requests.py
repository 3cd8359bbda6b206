"""What a metric may ask for beside features: a description of images, held-out images, the networks."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
import torch
from scoring_world import NoisyToy, StyledToy, Toy, pack_of, pictures, settings, toy

from ganzoo import Display, Estimate, Metric, Perceptual, StyleBased
from ganzoo._registry.registry import Registry
from ganzoo.contracts.component import ConfiguredPart
from ganzoo.data.pack.pack import Pack
from ganzoo.errors import RecipeError, RefusedError
from ganzoo.scoring.cost import estimate
from ganzoo.scoring.estimates import MetricsFailed
from ganzoo.scoring.image_set import ImageReader
from ganzoo.scoring.score import plan, score
from ganzoo_features.random import RandomFeatures


class Brightness(Metric):
    """Difference of mean brightness, of which nothing but one number per image is kept."""

    name = "brightness"
    values: ClassVar = {"brightness": Display("brightness", lower_is_better=True)}
    reads = ("mean", "number")
    describes = ("mean", "number")

    def describe(self, images, first):
        return {"mean": images.double().mean((1, 2, 3)), "number": torch.arange(first, first + len(images))}

    def estimates(self, data):
        assert data.generated["number"].tolist() == list(range(len(data.generated["mean"])))
        return {"brightness": Estimate(float((data.generated["mean"].mean() - data.reference["mean"].mean()).abs()))}


class Apart(Metric):
    """How many held-out images there are, and how far their mean features are."""

    name = "apart"
    values: ClassVar = {"apart": Display("apart"), "count": Display("count")}
    reads = ("pooled",)
    uses_held_out = True

    def estimates(self, data):
        held_out = data.held_out["pooled"]
        gap = torch.linalg.vector_norm(held_out.mean(0) - data.reference["pooled"].mean(0))
        return {"apart": Estimate(float(gap)), "count": Estimate(float(len(held_out)))}


class Looking(Metric):
    """Reads nothing; draws an image of its own."""

    name = "looking"
    values: ClassVar = {"looking": Display("LOOK")}
    reads = ()
    uses_reference = False
    generator_must_be = StyleBased
    extractor_must_be = Perceptual

    def images_drawn(self):
        return 1_000_000

    def estimates(self, data):
        networks = data.networks
        assert not networks.generator.training
        styles = networks.generator.map(torch.randn(4, 6), torch.zeros(4, 0))
        with torch.no_grad():
            seen = networks.extractor.perceptual()(networks.generator.synthesize(styles).expand(-1, 3, -1, -1))
        return {"looking": Estimate(float(seen.sum()))}


class Broken(Brightness):
    name = "broken"
    values: ClassVar = {"broken": Display("BROKEN")}

    def describe(self, images, first):
        return {"mean": images.float().mean()}


@pytest.fixture
def pack(tmp_path) -> Pack:
    return pack_of(tmp_path / "packs", pictures(90))


def scored(generator, pack, *metrics, cache, generated=70, extractor=None, **changes):
    extractor = extractor or RandomFeatures(RandomFeatures.Options())
    base = settings(generated=generated, **changes)
    chosen = base.model_copy(update={"metrics": tuple(ConfiguredPart(each, each.Options()) for each in metrics)})
    protocol = plan(chosen, extractor, pack)
    return score(generator, pack, protocol, extractor, images_seen=0, device="cpu", cache=cache)


def test_images_are_described_in_order_however_they_are_batched(tmp_path, pack):
    (one,) = scored(toy(), pack, Brightness, cache=tmp_path, batch_size=16)
    (other,) = scored(toy(), pack, Brightness, cache=tmp_path, batch_size=50)
    assert one.value == other.value > 0
    assert one.label == "brightness"  # no extractor had a part in it
    kept = ImageReader([Brightness(Brightness.Options())])
    images = torch.from_numpy(pictures(150))
    assert [len(batch) for batch in kept.passing(images.split(7))][:2] == [7, 7]
    roles = kept.roles(next(iter(kept._described)))
    torch.testing.assert_close(roles["mean"], images.double().mean((1, 2, 3)))


def test_a_metric_that_describes_images_wrongly_is_blamed_and_the_others_are_scored(tmp_path, pack):
    fid = Registry.discover().part("metric", "fid").cls
    with pytest.raises(MetricsFailed, match=r"'broken' .*describes images by 'mean'; `describe` must return") as failed:
        scored(toy(), pack, Broken, fid, cache=tmp_path)
    assert [each.metric for each in failed.value.scores] == ["fid"]


def test_held_out_images_are_those_of_another_split(tmp_path, pack):
    with pytest.raises(RecipeError, match=r"scoring.metrics.0: apart needs real images .*set dataset.held_out = 0.1"):
        scored(toy(), pack, Apart, cache=tmp_path)
    divided = _with_held_out(tmp_path)
    train, held_out = (len(divided.split(name)) for name in ("train", "held-out"))
    gap, count = scored(toy(), divided, Apart, cache=tmp_path)
    assert count.value == held_out and train + held_out == 90
    assert gap.value > 0
    again, _ = scored(toy(), divided, Apart, cache=tmp_path)
    assert again == gap
    assert len(list((tmp_path / "features").rglob("features.safetensors"))) == 2  # each split's are kept


def _with_held_out(folder) -> Pack:
    from scoring_world import Arrays

    from ganzoo.data.prepare.prepare import prepare

    images = pictures(90)
    return prepare(Arrays(Arrays.Options(resolution=16, held_out=0.3), images), "arrays", cache=folder, workers=1)


def test_networks_are_lent_to_metrics_that_ask_and_given_back_as_they_were(tmp_path, pack):
    class Noisy(NoisyToy, StyledToy):
        pass

    generator = toy(Noisy).train()
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    (first,) = scored(generator, pack, Looking, cache=tmp_path)
    assert generator.training and generator.dropout.training
    assert torch.equal(torch.get_rng_state(), before) and (np.random.get_state()[1] == numpy_before).all()
    torch.manual_seed(7)
    assert scored(generator, pack, Looking, cache=tmp_path) == (first,)
    assert first.label == "LOOK-random"
    assert not (tmp_path / "features").exists()


def test_what_a_metric_draws_and_sets_moves_no_other_metrics_value(tmp_path, pack):
    class Quiet(NoisyToy, StyledToy):
        still = False

        def use_noise(self, mode):
            self.still = mode != "random"

        def synthesize(self, styles):
            images = super().synthesize(styles)
            return images if self.still else images + 0.1 * torch.randn_like(images)

    class Before(Looking):
        name = "before"
        values: ClassVar = {"before": Display("BEFORE")}

        def estimates(self, data):
            data.networks.generator.use_noise("none")
            return {"before": Estimate(float(torch.randn(5).sum()))}

    (alone,) = scored(toy(Quiet), pack, Looking, cache=tmp_path)
    (_, after) = scored(toy(Quiet), pack, Before, Looking, cache=tmp_path)
    assert after.value == alone.value


def test_networks_without_the_capability_are_refused(tmp_path, pack):
    with pytest.raises(RefusedError, match="'looking' needs a StyleBased generator, which 'toy' is not"):
        scored(toy(), pack, Looking, cache=tmp_path)

    class Blind(RandomFeatures):
        perceptual = None

    with pytest.raises(RefusedError, match="'looking' needs a Perceptual extractor, which 'random-features' is not"):
        scored(toy(StyledToy), pack, Looking, cache=tmp_path, extractor=Blind(Blind.Options()))


def test_images_that_a_metric_draws_itself_are_in_the_cost(tmp_path, pack):
    extractor = RandomFeatures(RandomFeatures.Options())
    seconds = []
    for metric in (Brightness, Looking):
        chosen = settings().model_copy(update={"metrics": (ConfiguredPart(metric, metric.Options()),)})
        protocol = plan(chosen, extractor, pack)
        seconds.append(estimate(toy(StyledToy), pack, protocol, extractor, device="cpu", cache=tmp_path).seconds)
    assert seconds[1] > 10 * seconds[0]


@pytest.mark.ci
def test_all_built_in_metrics_score_one_generator_with_classes_and_held_out_images(tmp_path):
    from scoring_world import Arrays

    from ganzoo.data.prepare.prepare import prepare

    images, labels = pictures(120), [0, 1, 2] * 40
    options = Arrays.Options(resolution=16, classes=3, held_out=0.3)
    pack = prepare(Arrays(options, images, labels), "arrays", cache=tmp_path, workers=1)
    few = {"subset_size": 20, "subsets": 2, "patches": 4, "projections": 16, "samples": 100}
    chosen = [
        {"name": part.name} | {key: few[key] for key in few if key in part.cls.Options.model_fields}
        for part in Registry.discover().parts("metric")
        if part.name not in ("fid-infinity", "inception-score")  # one needs 1,600 images, the other logits
        and part.cls.generator_must_be in (None, StyleBased)
    ]
    extractor = RandomFeatures(RandomFeatures.Options())
    protocol = plan(settings(generated=60, metrics=chosen), extractor, pack)
    torch.manual_seed(0)
    found = score(
        toy(StyledLabels, label_dim=3), pack, protocol, extractor, images_seen=0, device="cpu", cache=tmp_path
    )
    labels_found = {each.label for each in found}
    assert {"PPL-random", "SW-random", "MMD-rbf-random", "class-KD-random", "density-random", "SWD"} <= labels_found
    assert not {"CMMD", "MIND", "PPL", "FID", "KID"} & labels_found
    assert all(np.isfinite(each.value) for each in found)


class StyledLabels(StyledToy):
    """Styles are latents and labels together."""

    def map(self, latents, labels):
        return torch.cat([latents, labels], 1).unsqueeze(1).expand(-1, 2, -1)

    def synthesize(self, styles):
        size = styles.shape[-1] - self.latent_dim
        return Toy.forward(self, *styles.mean(1).split([self.latent_dim, size], 1))
