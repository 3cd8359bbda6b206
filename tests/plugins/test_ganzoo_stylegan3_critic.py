"""StyleGAN3's files hold StyleGAN2's discriminator: it is imported by the importer that knows it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from dense_stylegan2 import DenseDiscriminator, Shape
from dense_stylegan3 import layers_of
from drawn_stylegan2 import pickled, random_networks
from drawn_stylegan3 import pickle_of, random_weights
from foreign_files import persistent_module

from ganzoo._inference import choose_importer
from ganzoo._inference.import_run import import_checkpoint
from ganzoo._registry.registry import Registry

SIZES = {"channel_base": 64, "channel_max": 3, "num_layers": 3, "num_critical": 1, "margin_size": 2, "conv_clamp": None}
SHAPE = Shape(resolution=16, channels=3)


def file_of(folder, shape, labels, judge=None):
    """A StyleGAN3's pickle with a StyleGAN2's discriminator in it, and the weights of that."""
    layers = layers_of(16, 3, **SIZES)
    weights = random_weights(
        np.random.default_rng(1), layers, latents=7, styles=5, labels=labels, mapping_layers=2, kernel=3
    )
    generator, judging = random_networks(np.random.default_rng(0), shape)
    judge = judge or pickled(generator, judging, shape)["D"]
    path = folder / "stylegan3.pkl"
    path.write_bytes(pickle_of(weights, 16, 3, settings=SIZES, judge=judge))
    return path, judging


@pytest.mark.parametrize("labels", [0, 3])
def test_the_discriminator_gives_the_logits_of_the_definition(tmp_path, labels):
    shape = Shape(resolution=16, channels=3, labels=labels)
    path, judging = file_of(tmp_path, shape, labels)
    _, imported = import_checkpoint(path, tmp_path / "run", Registry.discover())
    chosen = imported.networks.discriminator
    assert chosen.name == "stylegan2" and imported.networks.generator.name == "stylegan3"
    assert "its discriminator was read by 'nvidia-stylegan2-pytorch'" in imported.networks.origin.notes
    critic = chosen.cls(chosen.options, imported.networks.spec).eval()
    critic.load_state_dict(imported.tensors["discriminator"])
    draw = np.random.default_rng(1)
    images, classes = (
        draw.normal(size=(4, 3, 16, 16)),
        np.eye(max(labels, 1))[np.arange(4) % max(labels, 1)][:, :labels],
    )
    with torch.no_grad():
        found = critic(torch.tensor(images, dtype=torch.float32), torch.tensor(classes, dtype=torch.float32))
    expected = DenseDiscriminator(judging, shape)(images, classes.astype("f4"))
    assert np.abs(found.numpy() - expected).max() <= 1e-5 * max(1, np.abs(expected).max())


def test_one_that_cannot_be_used_is_left_out_with_its_reason(tmp_path):
    path, _ = file_of(tmp_path, SHAPE, labels=3)
    _, imported = import_checkpoint(path, tmp_path / "run", Registry.discover())
    (note,) = imported.networks.origin.notes
    reason = "'nvidia-stylegan2-pytorch': it ignores the classes, which no part here does"
    assert note == f"its discriminator was not read: {reason}"
    assert imported.networks.discriminator is None and "discriminator" not in imported.tensors


def test_one_that_no_importer_knows_is_left_out_with_a_note(tmp_path):
    path, _ = file_of(tmp_path, SHAPE, labels=0, judge=persistent_module("Discriminator", {}))
    _, imported = import_checkpoint(path, tmp_path / "run", Registry.discover())
    assert imported.networks.origin.notes == ("its discriminator was not read: no importer that is installed knows it",)


def test_one_importer_that_fails_at_it_keeps_no_other_from_reading_it(tmp_path, monkeypatch):
    def fails(cls, content, images):
        raise KeyError("D")

    first = next(part.cls for part in Registry.discover().parts("importer") if part.name != "nvidia-stylegan3")
    assert first.name != "nvidia-stylegan2-pytorch"
    monkeypatch.setattr(first, "read_discriminator", classmethod(fails))
    path, _ = file_of(tmp_path, SHAPE, labels=0)
    _, imported = import_checkpoint(path, tmp_path / "run", Registry.discover())
    assert imported.networks.discriminator.name == "stylegan2"


def test_the_code_of_all_who_read_the_file_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(choose_importer, "foreign_code", lambda cls: f"code of {cls.name}")
    path, _ = file_of(tmp_path, SHAPE, labels=0)
    _, imported = import_checkpoint(path, tmp_path / "run", Registry.discover())
    assert imported.networks.origin.code == "code of nvidia-stylegan3; code of nvidia-stylegan2-pytorch"
    assert 'code = "code of nvidia-stylegan3; ' in (tmp_path / "run/networks.toml").read_text()
