"""Runs of untrained small generators, to be looked at: whole folders, as an import leaves them."""

from __future__ import annotations

import torch

from ganzoo._inference.build import build_generator
from ganzoo._recipe.network_spec import Networks
from ganzoo._registry.registry import Registry
from ganzoo._runs.checkpoint import write_checkpoint
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.sealed_toml import seal_toml

STYLES = dict(latent_dim=16, style_dim=16, mapping_layers=2)
BLOCKS = STYLES | dict(channel_base=128, channel_max=16)
GENERATORS = {
    "dcgan": dict(width=4, kernel=4),
    "dcgan-styled": STYLES | dict(width=4, max_width=16, noise=True),
    "progan": dict(latent_dim=16, channel_base=128, channel_max=16),
    "stylegan": BLOCKS,
    "stylegan2": BLOCKS,
    "stylegan2-growing": BLOCKS,
}


def untrained(root, name, *, channels=1, resolution=16, classes=0, **options):
    """Make a run whose one generator has random weights, and noise that can be seen."""
    plain = {
        "images": {"resolution": resolution, "channels": channels, "label_dim": classes},
        "generator": {"name": name} | GENERATORS.get(name, {}) | options,
    }
    networks = Networks.model_validate(plain, context={"registry": Registry.discover()})
    generator = build_generator(networks.generator, networks.spec, 1)
    with torch.no_grad():
        for parameter_name, parameter in generator.named_parameters():
            if "noise" in parameter_name:
                parameter.fill_(0.2)
    directory = RunDirectory.create(root, f"{name}-{channels}", 0)
    directory.networks.write_text(seal_toml(networks.to_toml()))
    for age in (1000, 2000):
        write_checkpoint(directory.snapshots, age, {"ema": generator.state_dict()}, {"images_seen": age})
        with torch.no_grad():
            for parameter in generator.parameters():
                parameter.mul_(1.05)
    return directory.path
