from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from scoring_world import GrowingToy, NoisyToy, StyledToy, Toy, TruncatableToy, UniformToy, toy

from ganzoo._inference.generate import draw_labels, draw_latents, generate, to_uint8
from ganzoo._inference.sampling_options import SamplingOptions
from ganzoo.contracts.component import ImageSpec
from ganzoo.errors import RecipeError, RefusedError, RunError
from ganzoo.testing import TinyStyledGenerator


def images_of(generator, count=40, batch_size=16, **others):
    return torch.cat(list(generate(generator, count, seed=3, batch_size=batch_size, device="cpu", **others)))


def test_rounding_inverts_the_scale_of_the_reals():
    pixels = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_uint8(pixels.float() / 127.5 - 1), pixels)
    assert torch.equal(to_uint8(pixels.float().div(127.5).sub(1.0)), pixels)


def test_rounding_takes_halves_up_and_clamps():
    between = (torch.tensor([0.49, 0.51, 100.49, 100.51]) / 127.5) - 1
    assert to_uint8(between).tolist() == [0, 1, 100, 101]
    assert to_uint8(torch.tensor([-5.0, 5.0])).tolist() == [0, 255]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(bad):
    with pytest.raises(RunError, match="NaN or infinite"):
        to_uint8(torch.tensor([0.0, bad]))


@pytest.mark.parametrize("batch_size", [1, 7, 16, 300])
def test_latents_do_not_depend_on_the_batch_size(batch_size):
    generator = toy()
    whole = draw_latents(generator, 0, 600, seed=3)
    parts = [draw_latents(generator, at, min(at + batch_size, 600), seed=3) for at in range(0, 600, batch_size)]
    assert torch.equal(torch.cat(parts), whole)
    assert not torch.equal(draw_latents(generator, 0, 600, seed=4), whole)
    assert len(torch.unique(whole, dim=0)) == 600


def test_images_hardly_depend_on_the_batch_size():
    torch.testing.assert_close(images_of(toy(), batch_size=7), images_of(toy(), batch_size=40))


def test_latents_follow_the_generators_own_rule():
    latents = draw_latents(toy(UniformToy), 0, 1000, seed=0)
    assert latents.abs().max() < 1
    assert latents.std() == pytest.approx(3**-0.5, rel=0.05)


def test_noise_inside_the_generator_is_seeded_and_the_global_stream_left_alone():
    generator = toy(NoisyToy)
    torch.manual_seed(1)
    first = images_of(generator)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    second = images_of(generator)
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(first, images_of(toy()))


class ForeignNoise(Toy):
    """Draws its noise from numpy and from Python."""

    def forward(self, latents, labels):
        return super().forward(latents, labels) + np.random.standard_normal() + random.random()


def test_noise_of_numpy_and_python_is_seeded_as_in_training():
    generator = toy(ForeignNoise)
    before = np.random.get_state()[1].tolist(), random.getstate()
    first = images_of(generator)
    assert (np.random.get_state()[1].tolist(), random.getstate()) == before
    np.random.seed(1)
    random.seed(1)
    assert torch.equal(first, images_of(generator))


def test_each_module_gets_its_own_mode_back():
    generator = toy().train()
    generator.linear.eval()
    images = generate(generator, 40, seed=3, batch_size=16, device="cpu")
    next(images)
    assert not generator.dropout.training
    images.close()
    assert generator.dropout.training
    assert generator.training
    assert not generator.linear.training


def test_no_gradient_inside_and_gradient_outside():
    images = generate(toy(), 4, seed=0, batch_size=2, device="cpu")
    assert not next(images).requires_grad
    assert torch.is_grad_enabled()


def test_growing_networks_are_fully_grown_first():
    generator = toy(GrowingToy)
    images_of(generator, resolution=16)
    assert set(generator.used) == {(16, 1.0)}


def test_truncation_pulls_styles_to_their_mean():
    generator = toy(StyledToy).eval()
    assert torch.equal(images_of(generator), images_of(generator, truncation_psi=1.0))
    mean = generator.synthesize(generator.mean_w().expand(1, 2, -1))
    assert torch.allclose(images_of(generator, truncation_psi=0.0), mean.expand(40, -1, -1, -1), atol=1e-6)


def test_scores_may_hold_the_noise_and_truncate_the_first_layers_only():
    generator = TinyStyledGenerator(TinyStyledGenerator.Options(), ImageSpec(16, 1))
    torch.nn.init.ones_(generator.strengths)
    torch.nn.init.ones_(generator.mean)
    none = images_of(generator, noise_mode="none")
    assert torch.equal(none, images_of(generator, noise_mode="none", batch_size=40))
    assert not torch.allclose(none, images_of(generator, noise_mode="constant"), atol=1e-2)
    assert not torch.equal(images_of(generator), images_of(generator, batch_size=40))  # noise is seeded per batch
    assert generator.noise == "random"
    one, both = (
        images_of(generator, noise_mode="none", truncation_psi=0.5, truncation_cutoff=cutoff) for cutoff in (1, 2)
    )
    assert torch.equal(both, images_of(generator, noise_mode="none", truncation_psi=0.5))
    assert not torch.allclose(one, both, atol=1e-3)
    assert not torch.allclose(one, none, atol=1e-3)


def test_noise_needs_noise_inputs():
    with pytest.raises(
        RefusedError, match=r"noise_mode 'none' needs a generator that adds noise, which 'toy' does not"
    ):
        images_of(toy(), noise_mode="none")


class QuietToy(Toy):
    """Has noise inputs, and was built without noise."""

    def use_noise(self, mode):
        pass

    def noise_resolutions(self):
        return ()

    def use_noise_at(self, modes):
        pass


@pytest.mark.parametrize("mode", ["random", "constant", "none"])
def test_no_noise_is_chosen_where_there_is_none_to_choose(mode):
    message = rf"noise_mode '{mode}' needs .* 'toy' does not \(its noise is at no resolution\); leave it out"
    with pytest.raises(RefusedError, match=message):
        images_of(toy(QuietToy), noise_mode=mode)
    assert images_of(toy(QuietToy)).isfinite().all()


def test_truncated_latents_are_those_of_the_seed_but_for_what_is_beyond():
    generator, sampling = toy(TruncatableToy), SamplingOptions(truncation_threshold=0.5)
    plain = draw_latents(generator, 0, 300, seed=3)
    whole = draw_latents(generator, 0, 300, seed=3, sampling=sampling)
    within = plain.abs() <= 0.5
    assert torch.equal(whole[within], plain[within])
    assert whole.abs().max() <= 0.5
    parts = [draw_latents(generator, at, at + 20, seed=3, sampling=sampling) for at in range(0, 300, 20)]
    assert torch.equal(torch.cat(parts), whole)
    assert not torch.equal(images_of(generator, truncation_threshold=0.5), images_of(generator))
    assert torch.equal(images_of(generator, truncation_threshold=50.0), images_of(generator))


def test_latents_are_truncated_where_they_can_be():
    with pytest.raises(
        RefusedError, match=r"'toy' is not \(it lacks the capability TruncatableLatents\); leave it out\."
    ):
        images_of(toy(), truncation_threshold=0.7)
    with pytest.raises(RefusedError, match="leave it out and truncate its styles by truncation_psi"):
        images_of(toy(StyledToy), truncation_threshold=0.7)
    with pytest.raises(RefusedError, match="set it to 1 and truncate its latents by truncation_threshold"):
        images_of(toy(TruncatableToy), truncation_psi=0.7)
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(RecipeError, match=r"should be a number above 0, such as 0\.5"):
            images_of(toy(TruncatableToy), truncation_threshold=wrong)


def test_truncation_needs_styles():
    with pytest.raises(RefusedError, match=r"truncation_psi 0\.7 needs a generator with styles, which 'toy' is not"):
        images_of(toy(), truncation_psi=0.7)


def test_labels_follow_the_reference():
    labels = draw_labels(np.array([10, 0, 30]), 20_000, seed=5)
    assert labels.sum(1).eq(1).all()
    assert labels.mean(0).tolist() == pytest.approx([0.25, 0.0, 0.75], abs=0.02)
    assert torch.equal(labels[:50], draw_labels(np.array([10, 0, 30]), 50, seed=5))
    assert not torch.equal(labels[:50], draw_labels(np.array([10, 0, 30]), 50, seed=6))


def test_the_drawn_labels_stay_the_same_for_ever():
    drawn = draw_labels(np.array([1, 2, 3]), 12, seed=2020).argmax(1).tolist()
    assert drawn == PINNED_LABELS


def test_no_classes_no_labels_and_classes_without_images_are_refused():
    assert draw_labels(np.array([], np.int64), 5, seed=0).shape == (5, 0)
    with pytest.raises(RecipeError, match="no labeled image"):
        draw_labels(np.array([0, 0]), 5, seed=0)


def test_labels_reach_the_generator():
    generator = toy(Toy, label_dim=2)
    labels = torch.eye(2)[torch.arange(40) % 2]
    other = labels.flip(1)
    assert not torch.equal(images_of(generator, labels=labels), images_of(generator, labels=other))


PINNED_LABELS = [2, 1, 0, 2, 1, 2, 2, 2, 2, 2, 2, 1]
