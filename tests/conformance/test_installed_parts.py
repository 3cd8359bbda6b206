"""Every part of every installed plugin keeps its contract."""

from __future__ import annotations

from pathlib import Path

import made_up_sources as made
import numpy as np
import pytest
from PIL import Image

from ganzoo._registry.figures import FigureCatalog
from ganzoo._registry.part import Part
from ganzoo._registry.registry import Registry
from ganzoo.testing import check_part, check_source

PARTS = Registry.discover().parts()
SMALL = {"latent_dim": 16, "style_dim": 16, "channel_max": 16, "mapping_layers": 2}  # papers' sizes take minutes
SMALL |= {"width": 8, "max_width": 16}
SMALL |= {"features": "random-features", "seen_at": 32, "mixed_channels": 2, "excites": 4}
SMALL |= {"subsets": 5, "subset_size": 40, "patches": 8, "projections": 32, "samples": 100}


def options_for(part: Part, folder: Path) -> object:
    """Return the part's defaults, but small networks, and for datasets of files a folder with a few images."""
    fields = part.cls.Options.model_fields
    small = {key: size for key, size in SMALL.items() if key in fields}
    if small and part.kind != "dataset":
        return part.cls.Options(**small)
    if part.kind != "dataset" or "root" not in fields:
        return None
    rng = np.random.default_rng(0)
    for subject in range(3):
        for slice_number in range(2):
            knee = f"OAI900{subject:04d}_12_Month_3_de3d1_SAG_3D_DESS_WE_LEFT.nii.gz_{slice_number}.png"
            for name in (f"case_{subject:03d}_slice_{slice_number}.nii.png", knee, f"{subject:04d}{slice_number}.png"):
                pixels = rng.integers(0, 256, (64, 64), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / name)
    return part.cls.Options(root=folder)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part.kind}-{part.name}")
def test_part(part: Part, tmp_path: Path) -> None:
    check_part(part.cls, options_for(part, tmp_path))


@pytest.mark.parametrize("maker", made.MAKERS)
def test_source_format(maker: str, tmp_path: Path) -> None:
    names = {"npy": "array", "npz": "array"}
    name = maker.partition("-")[0]
    check_source(made.FORMATS[names.get(name, name)], made.MAKERS[maker](tmp_path / "source", made.noise(3, 1)))


@pytest.mark.parametrize("name", FigureCatalog.discover().names)
def test_figure(name: str) -> None:
    check_part(FigureCatalog.discover().load(name))


def test_the_built_in_parts_are_found():
    found = {(part.kind, part.name) for part in PARTS}
    assert found >= {
        ("generator", "dcgan"),
        ("discriminator", "dcgan"),
        ("loss", "logistic"),
        ("loss", "rahinge"),
        ("loss", "wgan-gp"),
        ("loss", "hinge"),
        ("loss", "least-squares"),
        ("regularizer", "r1"),
        ("regularizer", "gradient-penalty"),
        ("extractor", "random-features"),
        ("metric", "fid"),
        ("metric", "kid"),
        ("metric", "precision-recall"),
        ("metric", "inception-score"),
        ("augmentation", "ada"),
        ("augmentation", "diffaugment"),
    }
    assert not Registry.discover().failures
