"""Every part of every installed plugin keeps its contract."""

from __future__ import annotations

from pathlib import Path

import made_up_sources as made
import pytest

from ganzoo._registry.figures import FigureCatalog
from ganzoo._registry.part import Part
from ganzoo._registry.registry import Registry
from ganzoo.testing import check_part, check_source

PARTS = Registry.discover().parts()
# Networks are built and differentiated on four kinds of images, and the others compute on many: seconds each.
DEAR = {"generator", "discriminator", "metric", "extractor"}


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(part, marks=[pytest.mark.ci] if part.kind in DEAR else [], id=f"{part.kind}-{part.name}")
        for part in PARTS
    ],
)
def test_part(part: Part) -> None:
    check_part(part.cls)


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
