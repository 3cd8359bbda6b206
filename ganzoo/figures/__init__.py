"""Figures: what they give, and what they may ask of a run. What a figure's plugin imports; loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganzoo._inference.checkpoints import Checkpoints
    from ganzoo._inference.figure_requirements import possible_figures, require
    from ganzoo._inference.generate import draw_latents, to_uint8
    from ganzoo._inference.growth_stage import GrowthStage
    from ganzoo._inference.opened_generator import OpenedGenerator
    from ganzoo._inference.sharing import shared_rows
    from ganzoo._random.seeds import seed_for
    from ganzoo.contracts.view_options import ViewOptions
    from ganzoo.figures.animation import Animation
    from ganzoo.figures.features import extractor_of, features_of
    from ganzoo.figures.files import write_floats, write_image, write_json
    from ganzoo.figures.gradient_search import descending
    from ganzoo.figures.kept_samples import side_by_side
    from ganzoo.figures.result import FigureResult
    from ganzoo.figures.run_curves import curve_facts, curves_of
    from ganzoo.figures.run_dataset import RealImages, RunDataset, dataset_of, real_images
    from ganzoo.figures.targets import Targets, read_targets
    from ganzoo.scoring.features import three_channels

_HOME = {
    "ganzoo._inference.checkpoints": ("Checkpoints",),
    "ganzoo._inference.figure_requirements": ("possible_figures", "require"),
    "ganzoo._inference.generate": ("draw_latents", "to_uint8"),
    "ganzoo._inference.growth_stage": ("GrowthStage",),
    "ganzoo._inference.opened_generator": ("OpenedGenerator",),
    "ganzoo._inference.sharing": ("shared_rows",),
    "ganzoo._random.seeds": ("seed_for",),
    "ganzoo.figures.animation": ("Animation",),
    "ganzoo.figures.gradient_search": ("descending",),
    "ganzoo.figures.features": ("extractor_of", "features_of"),
    "ganzoo.figures.files": ("write_floats", "write_image", "write_json"),
    "ganzoo.figures.kept_samples": ("side_by_side",),
    "ganzoo.figures.result": ("FigureResult",),
    "ganzoo.figures.run_curves": ("curve_facts", "curves_of"),
    "ganzoo.figures.run_dataset": ("RealImages", "RunDataset", "dataset_of", "real_images"),
    "ganzoo.figures.targets": ("Targets", "read_targets"),
    "ganzoo.contracts.view_options": ("ViewOptions",),
    "ganzoo.scoring.features": ("three_channels",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "Animation",
    "Checkpoints",
    "FigureResult",
    "GrowthStage",
    "OpenedGenerator",
    "RealImages",
    "RunDataset",
    "Targets",
    "ViewOptions",
    "curve_facts",
    "curves_of",
    "dataset_of",
    "descending",
    "draw_latents",
    "extractor_of",
    "features_of",
    "possible_figures",
    "read_targets",
    "real_images",
    "require",
    "seed_for",
    "shared_rows",
    "side_by_side",
    "three_channels",
    "to_uint8",
    "write_floats",
    "write_image",
    "write_json",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'ganzoo.figures' has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)
