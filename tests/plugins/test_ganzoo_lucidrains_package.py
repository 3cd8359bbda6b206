"""lucidrains' package itself, where it is installed: its images and logits are those of the imported networks.

It insists on CUDA and on packages of its trainer, which `benchmarks/peers.py` does without; installed as that says:
`PYTHONPATH=peers pytest -m slow tests/plugins/test_ganzoo_lucidrains_package.py`.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from ganzoo_lucidrains.importer import Lucidrains

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not importlib.util.find_spec("stylegan2_pytorch"), reason="stylegan2_pytorch is not installed"),
]
KINDS = {"plain": {}, "attention": {"attn_layers": [1, 3, 4]}, "no_const": {"no_const": True}}


@pytest.fixture
def package(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    from peers import stylegan2_module

    yield stylegan2_module()
    for name in ("fire", "aim"):
        sys.modules.pop(name, None)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_the_package_s_images_and_logits(kind, package, monkeypatch):
    torch.manual_seed(0)
    monkeypatch.setattr(nn.Module, "cuda", lambda module, *args: module)
    gan = package.StyleGAN2(32, latent_dim=32, style_depth=3, network_capacity=4, **KINDS[kind]).eval()
    for parameter in gan.parameters():  # noise weights and biases begin at zero
        parameter.data.add_(torch.randn_like(parameter) * 0.1)
    found = Lucidrains.read({"GAN": gan.state_dict(), "version": "1.9.0"})
    latents, noise, images = torch.randn(4, 32), torch.rand(4, 32, 32, 1), torch.rand(4, 3, 32, 32)
    generator = found.ema.cls(found.ema.options, found.images).eval()
    generator.load_state_dict(dict(found.ema.weights))
    generator.noise_const = noise[..., 0].transpose(1, 2)[:, None] - 0.5
    generator.use_noise("constant")
    judge = found.discriminator.cls(found.discriminator.options, found.images)
    judge.load_state_dict(dict(found.discriminator.weights))
    with torch.no_grad():
        expected = gan.GE(gan.SE(latents)[:, None].expand(-1, 4, -1), noise) * 2 - 1
        made, seen = generator(latents, torch.zeros(4, 0)), judge(images * 2 - 1, torch.zeros(4, 0))
        logits = -gan.D(images)[0]
    assert torch.allclose(made, expected, atol=1e-4 * float(expected.abs().max()))
    assert torch.allclose(seen, logits, atol=1e-4 * float(logits.abs().max()))
