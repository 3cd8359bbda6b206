"""Conditional layers against arithmetic by hand."""

import torch
from torch import nn

from ganzoo.layers import ConditionalBatchNorm2d, ProjectionHead


def test_each_class_has_a_gain_and_a_bias_of_the_normalized_maps():
    torch.manual_seed(0)
    norm = ConditionalBatchNorm2d(3, 2).double()
    maps = torch.randn(6, 3, 4, 4, dtype=torch.float64) * 5 + 2
    labels = torch.eye(2, dtype=torch.float64)[torch.tensor([0, 1, 1, 0, 0, 1])]
    # Statistics are those of all images, whatever their class.
    mean, deviation = maps.mean(dim=(0, 2, 3)), (maps.var(dim=(0, 2, 3), correction=0) + 1e-5).sqrt()
    bare = (maps - mean[:, None, None]) / deviation[:, None, None]
    assert torch.allclose(norm(maps, labels), bare)  # it begins with gain 1 and bias 0 of every class
    gains, biases = torch.rand(2, 3, dtype=torch.float64) + 0.5, torch.randn(2, 3, dtype=torch.float64)
    norm.gain.weight.data, norm.bias.weight.data = (gains - 1).T.clone(), biases.T.clone()
    found = norm(maps, labels)
    for image, label in enumerate(labels.argmax(dim=1)):
        expected = bare[image] * gains[label][:, None, None] + biases[label][:, None, None]
        assert torch.allclose(found[image], expected)
    # Evaluation takes the running statistics: then an image depends on no other.
    norm.eval()
    assert torch.allclose(norm(maps, labels)[:1], norm(maps[:1], labels[:1]))
    assert torch.allclose(norm.normalization.running_mean, mean * (1 - 0.9**2))
    # Maps halfway between two classes are a condition like any other.
    half = labels[:1] * 0 + 0.5
    assert torch.allclose(norm(maps[:1], half), (norm(maps[:1], labels[:1]) + norm(maps[:1], labels[1:2])) / 2)


def test_without_conditions_it_is_batch_normalization():
    norm, plain = ConditionalBatchNorm2d(3, 0, momentum=0.3, eps=1e-3), nn.BatchNorm2d(3, momentum=0.3, eps=1e-3)
    for each in (norm.normalization, plain):
        each.weight.data, each.bias.data = torch.tensor([0.5, 1.0, 2.0]), torch.tensor([1.0, 0.0, -1.0])
    maps = torch.randn(4, 3, 2, 2)
    assert torch.equal(norm(maps, torch.zeros(4, 0)), plain(maps))
    assert torch.equal(norm.normalization.running_var, plain.running_var)


def test_layers_of_the_conditions_are_of_the_callers_choice():
    made = []

    def linear(*sizes, **more):
        made.append((sizes, more))
        return nn.Linear(*sizes, **more)

    norm = ConditionalBatchNorm2d(5, 7, linear=linear)
    head = ProjectionHead(5, 7, linear=linear)
    assert made == [((7, 5), {"bias": False})] * 2 + [((5, 1), {}), ((7, 5), {"bias": False})]
    maps, condition = torch.randn(3, 5, 2, 2), torch.randn(3, 7)
    assert norm.gain.weight.any() and norm(maps, condition).shape == maps.shape
    assert head(torch.randn(3, 5), condition).shape == (3,)


def test_a_projection_adds_the_product_of_features_and_embedding():
    torch.manual_seed(1)
    head, features = ProjectionHead(4, 3), torch.randn(2, 4)
    labels = torch.eye(3)[torch.tensor([2, 0])]
    psi, offset, embedding = head.psi.weight[0], head.psi.bias[0], head.embedding.weight
    for row, label in enumerate((2, 0)):
        expected = psi @ features[row] + offset + embedding[:, label] @ features[row]
        assert torch.allclose(head(features, labels)[row], expected)
    unconditional = ProjectionHead(4, 0)
    expected = features @ unconditional.psi.weight[0] + unconditional.psi.bias[0]
    assert torch.allclose(unconditional(features, torch.zeros(2, 0)), expected)
