"""Losses of classes, equal to sums by hand, and descended by both players."""

from __future__ import annotations

import math

import pytest
import torch
from training_world import installed, merged, recipe_of, trainer_of

from ganzoo import ImageSpec, Role
from ganzoo.errors import RecipeError
from ganzoo.testing import LinearStep
from ganzoo.testing.critics import TinyFeaturedDiscriminator
from ganzoo_conditional.acgan import AuxiliaryClassifier
from ganzoo_conditional.contrastive import ConditionalContrastive, contrast

IMAGES = ImageSpec(4, 1, 3)
WORLD = {
    "dataset": {"name": "tiny", "resolution": 16, "count": 24, "classes": 3},
    "generator": {"name": "dcgan", "width": 4, "latent_dim": 4},
    "discriminator": {"name": "dcgan", "width": 4},
    "loss": {"name": "hinge"},
    "training": {"total_kimg": 0.016, "batch_size": 4},
}


def world(role: Role) -> LinearStep:
    torch.manual_seed(0)
    critic = TinyFeaturedDiscriminator(TinyFeaturedDiscriminator.Options(), IMAGES).double()
    real, fakes = torch.randn(2, 5, 1, 4, 4, dtype=torch.float64)
    labels = torch.eye(3, dtype=torch.float64)[[0, 1, 1, 2, 0]]
    step = LinearStep(critic, real, labels, fakes=fakes, role=role)
    if role is Role.GENERATOR:
        step.generated = fakes.clone().requires_grad_()  # a leaf, whose gradient can be looked at
    return step


def prepared(cls, step, **options):
    penalty = cls(cls.Options(**options))
    penalty.prepare(IMAGES, step.discriminator)
    return penalty.double()


def cross_entropies(penalty, step, images) -> float:
    total = 0.0
    weight, bias = penalty.classifier.weight.tolist(), penalty.classifier.bias.tolist()
    pixel_weights = step.discriminator.dense.weight[0, :16].tolist()
    for image, label in zip(images.flatten(1).tolist(), [0, 1, 1, 2, 0], strict=True):
        features = [pixel * each for pixel, each in zip(image, pixel_weights, strict=True)]
        scores = [
            sum(w * f for w, f in zip(row, features, strict=True)) + b for row, b in zip(weight, bias, strict=True)
        ]
        total -= scores[label] - math.log(sum(map(math.exp, scores)))
    return total / 5


def test_an_auxiliary_classifier_has_the_cross_entropies_of_its_classes():
    step = world(Role.DISCRIMINATOR)
    penalty = prepared(AuxiliaryClassifier, step, weight=0.5, generator_weight=0.25)
    real, fake = (cross_entropies(penalty, step, images) for images in (step.real, step.fakes))
    assert penalty.penalty(step).item() == pytest.approx(0.5 * (real + fake))
    own = prepared(AuxiliaryClassifier, step, weight=0.5, fakes=False)
    own.load_state_dict(penalty.state_dict())
    assert own.penalty(step).item() == pytest.approx(0.5 * real)
    share = world(Role.GENERATOR)
    value = penalty.other_penalty(share)
    assert value.item() == pytest.approx(0.25 * fake)
    # The slope of a cross-entropy: probabilities less labels, through classifier and features.
    (slope,) = torch.autograd.grad(value, share.generated)
    features = (share.generated.flatten(1) * share.discriminator.dense.weight[0, :16]).detach()
    errors = penalty.classifier(features).softmax(dim=1) - share.labels
    expected = 0.25 / 5 * (errors @ penalty.classifier.weight) * share.discriminator.dense.weight[0, :16]
    assert torch.allclose(slope.flatten(1), expected)


def by_hand(embedded, proxies, classes, temperature) -> float:
    """Equation 8 of ContraGAN, image by image."""
    total = 0.0
    for i, mine in enumerate(embedded):
        own = math.exp(float(mine @ proxies[classes[i]]) / temperature)
        others = {k: math.exp(float(mine @ each) / temperature) for k, each in enumerate(embedded) if k != i}
        alike = own + sum(each for k, each in others.items() if classes[k] == classes[i])
        total -= math.log(alike / (own + sum(others.values())))
    return total / len(embedded)


def test_a_contrast_is_that_of_images_and_proxies_one_by_one():
    step = world(Role.DISCRIMINATOR)
    penalty = prepared(ConditionalContrastive, step, embedding=6, temperature=0.5, weight=2.0, generator_weight=3.0)
    proxies = torch.nn.functional.normalize(penalty.proxies.weight.T, dim=1).detach()
    found = []
    for images in (step.real, step.fakes):
        features = images.flatten(1) * step.discriminator.dense.weight[0, :16]
        embedded = torch.nn.functional.normalize(penalty.project(features), dim=1).detach()
        found.append(by_hand(embedded, proxies, [0, 1, 1, 2, 0], 0.5))
    assert penalty.penalty(step).item() == pytest.approx(2 * found[0])
    share = world(Role.GENERATOR)
    assert penalty.other_penalty(share).item() == pytest.approx(3 * found[1])
    # Its gradient against differences, where images are alone in their class too.
    rows = torch.nn.functional.normalize(torch.randn(5, 4, dtype=torch.float64), dim=1).requires_grad_()
    arguments = (torch.randn(5, 4, dtype=torch.float64), step.labels, 0.7)
    assert torch.autograd.gradcheck(lambda each: contrast(each, *arguments), rows)


@pytest.mark.parametrize(
    "classes",
    [[1, 1, 1, 1, 1], [0, 1, 1, 0, 1, 1, 1], [0], [4, 4], [0, 3, 1]],
    ids=lambda each: "-".join(map(str, each)),
)
@pytest.mark.parametrize("temperature", [0.1, 1.5])
def test_odd_batches_and_batches_of_one_class_have_the_values_by_hand(classes, temperature):
    """One class alone: nothing is to be told apart, and no slope is infinite."""
    torch.manual_seed(0)
    rows = torch.nn.functional.normalize(torch.randn(len(classes), 6, dtype=torch.float64), dim=1)
    table = torch.nn.functional.normalize(torch.randn(5, 6, dtype=torch.float64), dim=1)
    labels = torch.eye(5, dtype=torch.float64)[classes]
    found = contrast(rows.requires_grad_(), labels @ table, labels, temperature)
    assert found.item() == pytest.approx(by_hand(rows.detach(), table, classes, temperature), abs=1e-12)
    assert (found.item() == 0) == (len(set(classes)) == 1)
    (slope,) = torch.autograd.grad(found, rows)
    assert bool(torch.isfinite(slope).all())


@pytest.mark.parametrize("classes", [[1, 1, 1], [0], [0, 1, 1, 0, 1]])
def test_an_auxiliary_classifier_of_two_classes_has_their_cross_entropies(classes):
    torch.manual_seed(0)
    images = ImageSpec(4, 1, 2)
    critic = TinyFeaturedDiscriminator(TinyFeaturedDiscriminator.Options(), images).double()
    real, fakes = torch.randn(2, len(classes), 1, 4, 4, dtype=torch.float64)
    step = LinearStep(critic, real, torch.eye(2, dtype=torch.float64)[classes], fakes=fakes, role=Role.DISCRIMINATOR)
    penalty = AuxiliaryClassifier(AuxiliaryClassifier.Options(weight=2.0))
    penalty.prepare(images, critic)
    expected = 0.0
    for shown in (real, fakes):
        scores = penalty.double().classifier(shown.flatten(1) * critic.dense.weight[0, :16])
        # Of two classes, it is the logistic loss of the difference of their scores.
        expected += sum(
            math.log1p(math.exp(float(s[1 - c] - s[c]))) for s, c in zip(scores.detach(), classes, strict=True)
        )
    assert penalty.penalty(step).item() == pytest.approx(2.0 * expected / len(classes))


@pytest.mark.parametrize(
    "chosen",
    [{"name": "acgan", "spectral_norm": True}, {"name": "conditional-contrastive", "embedding": 4, "every": 2}],
)
def test_both_players_descend_their_share_and_one_trains_the_head(chosen, tmp_path):
    with installed(tmp_path):
        trainer = trainer_of(merged(WORLD, {"regularizers": [chosen]}))
        penalty = trainer.players[Role.DISCRIMINATOR].regularizers[0]
        before = {name: value.clone() for name, value in penalty.named_parameters()}
        terms: list = []
        trainer.callbacks.append(type("Note", (), {"on_step_end": lambda self, _, seen: terms.append(dict(seen))})())
        trainer.run()
        name = chosen["name"]
        assert {f"discriminator/{name}", f"generator/{name}"} <= terms[0].keys()
        assert all(not torch.equal(value, before[each]) for each, value in penalty.named_parameters())
        # Neither trained nor saved a second time.
        assert not list(trainer.players[Role.GENERATOR].regularizers.state_dict())
        assert not any("objective" in each for each in trainer.players[Role.GENERATOR].state())


def test_a_temperature_falls_for_both_players(tmp_path):
    cooling = {"from": 2.0, "to": 1.0, "kimg": 0.016}
    chosen = {"name": "conditional-contrastive", "embedding": 4, "temperature": cooling}
    with installed(tmp_path):
        trainer = trainer_of(merged(WORLD, {"regularizers": [chosen]}))
        penalty = trainer.players[Role.DISCRIMINATOR].regularizers[0]
        found, contrasts = [], penalty._contrast
        penalty._contrast = lambda *given: (found.append(penalty.options.temperature), contrasts(*given))[1]
        for _ in range(3):
            trainer.step(trainer.phase)
    assert found == pytest.approx([2.0, 2.0, 1.75, 1.75, 1.5, 1.5])


def test_what_has_no_classes_or_no_features_is_refused(tmp_path):
    with installed(tmp_path):
        with pytest.raises(RecipeError, match=r"regularizers\.0: learns classes: choose a dataset with two or more"):
            recipe_of(merged(WORLD, {"dataset": {"classes": 0}, "regularizers": [{"name": "acgan"}]}))
        with pytest.raises(RecipeError, match="needs a Featured discriminator, which 'r3gan' is not"):
            recipe_of(merged(WORLD, {"discriminator": {"name": "r3gan"}, "regularizers": [{"name": "acgan"}]}))
