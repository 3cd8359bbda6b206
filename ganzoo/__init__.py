"""ganzoo: all that a plugin author or a notebook imports; loaded on first use, so `import ganzoo` costs no torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganzoo._inference.run import Run as Run
    from ganzoo._inference.samples import Samples as Samples
    from ganzoo._leaderboard.comparison import Comparison as Comparison
    from ganzoo._leaderboard.rules import RuleOptions as RuleOptions
    from ganzoo._publish.verbs import publish as publish
    from ganzoo._publish.verbs import reproduce as reproduce
    from ganzoo._publish.verbs import verify as verify
    from ganzoo._recipe.recipe import Recipe as Recipe
    from ganzoo._registry.pinned import allow_changed_code as allow_changed_code
    from ganzoo._registry.plugin_files import load_plugin_file as load_plugin_file
    from ganzoo._report.report import Report as Report
    from ganzoo._report.report import report as report
    from ganzoo._runs.record import Score as Score
    from ganzoo._version import __version__ as __version__
    from ganzoo.api import compare as compare
    from ganzoo.api import export as export
    from ganzoo.api import open as open
    from ganzoo.api import resume as resume
    from ganzoo.api import run as run
    from ganzoo.api import sample as sample
    from ganzoo.api import score as score
    from ganzoo.api import sweep as sweep
    from ganzoo.contracts.augmentations import Augmentation as Augmentation
    from ganzoo.contracts.augmentations import ReplacesReals as ReplacesReals
    from ganzoo.contracts.callbacks import AppendedFile as AppendedFile
    from ganzoo.contracts.callbacks import RunCallback as RunCallback
    from ganzoo.contracts.callbacks import WatchedRun as WatchedRun
    from ganzoo.contracts.capabilities import Featured as Featured
    from ganzoo.contracts.capabilities import Growable as Growable
    from ganzoo.contracts.capabilities import NoiseInputs as NoiseInputs
    from ganzoo.contracts.capabilities import NoiseMaps as NoiseMaps
    from ganzoo.contracts.capabilities import NoiseMode as NoiseMode
    from ganzoo.contracts.capabilities import NoiseResolutions as NoiseResolutions
    from ganzoo.contracts.capabilities import SkipOutputs as SkipOutputs
    from ganzoo.contracts.capabilities import StyleAffines as StyleAffines
    from ganzoo.contracts.capabilities import StyleBased as StyleBased
    from ganzoo.contracts.capabilities import StyleResolutions as StyleResolutions
    from ganzoo.contracts.capabilities import Transformable as Transformable
    from ganzoo.contracts.checkpoints import ForeignCheckpoint as ForeignCheckpoint
    from ganzoo.contracts.checkpoints import ForeignNetwork as ForeignNetwork
    from ganzoo.contracts.checkpoints import Importer as Importer
    from ganzoo.contracts.chosen import Chooses as Chooses
    from ganzoo.contracts.chosen import ChosenPart as ChosenPart
    from ganzoo.contracts.chosen import build_chosen as build_chosen
    from ganzoo.contracts.component import Component as Component
    from ganzoo.contracts.component import ComponentOptions as ComponentOptions
    from ganzoo.contracts.component import ConfiguredPart as ConfiguredPart
    from ganzoo.contracts.component import ImageSpec as ImageSpec
    from ganzoo.contracts.component import PixelArray as PixelArray
    from ganzoo.contracts.component import RecipeContext as RecipeContext
    from ganzoo.contracts.datasets import DatasetOptions as DatasetOptions
    from ganzoo.contracts.datasets import ImageDataset as ImageDataset
    from ganzoo.contracts.datasets import Item as Item
    from ganzoo.contracts.entries import Entry as Entry
    from ganzoo.contracts.entries import StatedClasses as StatedClasses
    from ganzoo.contracts.extractor_capabilities import FeatureMaps as FeatureMaps
    from ganzoo.contracts.extractor_capabilities import Perceptual as Perceptual
    from ganzoo.contracts.extractors import Extractor as Extractor
    from ganzoo.contracts.extractors import Layer as Layer
    from ganzoo.contracts.extractors import WeightsFile as WeightsFile
    from ganzoo.contracts.figures import FILMS as FILMS
    from ganzoo.contracts.figures import PICTURES as PICTURES
    from ganzoo.contracts.figures import CheckpointsFigure as CheckpointsFigure
    from ganzoo.contracts.figures import Drawing as Drawing
    from ganzoo.contracts.figures import DrawsSeveral as DrawsSeveral
    from ganzoo.contracts.figures import Figure as Figure
    from ganzoo.contracts.figures import GeneratorFigure as GeneratorFigure
    from ganzoo.contracts.figures import Numbers as Numbers
    from ganzoo.contracts.figures import RunsFigure as RunsFigure
    from ganzoo.contracts.figures import Scale as Scale
    from ganzoo.contracts.figures import Seeds as Seeds
    from ganzoo.contracts.figures import Spans as Spans
    from ganzoo.contracts.figures import TargetsFigure as TargetsFigure
    from ganzoo.contracts.memorization import MemorizationVerdict as MemorizationVerdict
    from ganzoo.contracts.metric_input import PIXELS as PIXELS
    from ganzoo.contracts.metric_input import Features as Features
    from ganzoo.contracts.metric_input import MetricInput as MetricInput
    from ganzoo.contracts.metric_input import PlainValue as PlainValue
    from ganzoo.contracts.metric_input import ScoredNetworks as ScoredNetworks
    from ganzoo.contracts.metric_values import Display as Display
    from ganzoo.contracts.metric_values import Estimate as Estimate
    from ganzoo.contracts.metric_values import Sensitivity as Sensitivity
    from ganzoo.contracts.metric_values import Transform as Transform
    from ganzoo.contracts.metrics import Metric as Metric
    from ganzoo.contracts.networks import Discriminator as Discriminator
    from ganzoo.contracts.networks import Generator as Generator
    from ganzoo.contracts.objectives import AdversarialLoss as AdversarialLoss
    from ganzoo.contracts.objectives import Regularizer as Regularizer
    from ganzoo.contracts.objectives import RegularizerOptions as RegularizerOptions
    from ganzoo.contracts.objectives import Role as Role
    from ganzoo.contracts.optimizers import Optimizer as Optimizer
    from ganzoo.contracts.optimizers import OptimizerOptions as OptimizerOptions
    from ganzoo.contracts.option_effects import WithoutEffect as WithoutEffect
    from ganzoo.contracts.phase import Phase as Phase
    from ganzoo.contracts.reading import DeepPicture as DeepPicture
    from ganzoo.contracts.reading import NonFinite as NonFinite
    from ganzoo.contracts.reading import Picture as Picture
    from ganzoo.contracts.reading import ReadingOptions as ReadingOptions
    from ganzoo.contracts.reading import ReadingRule as ReadingRule
    from ganzoo.contracts.reading import Resize as Resize
    from ganzoo.contracts.reading import Shape as Shape
    from ganzoo.contracts.reading import Window as Window
    from ganzoo.contracts.reporter import SILENT as SILENT
    from ganzoo.contracts.reporter import Progress as Progress
    from ganzoo.contracts.reporter import Reporter as Reporter
    from ganzoo.contracts.reporter import Silent as Silent
    from ganzoo.contracts.reporter import silent_progress as silent_progress
    from ganzoo.contracts.scheduled import Scheduled as Scheduled
    from ganzoo.contracts.schedules import Schedule as Schedule
    from ganzoo.contracts.shared_regularizer import SharedRegularizer as SharedRegularizer
    from ganzoo.contracts.source_options import Plane as Plane
    from ganzoo.contracts.source_options import SourceOptions as SourceOptions
    from ganzoo.contracts.sources import FoundFile as FoundFile
    from ganzoo.contracts.sources import Source as Source
    from ganzoo.contracts.step import Step as Step
    from ganzoo.contracts.truncatable_latents import TruncatableLatents as TruncatableLatents
    from ganzoo.contracts.view_options import ViewOptions as ViewOptions
    from ganzoo.errors import ChangedCodeError as ChangedCodeError
    from ganzoo.errors import CheckpointError as CheckpointError
    from ganzoo.errors import DataError as DataError
    from ganzoo.errors import GanzooError as GanzooError
    from ganzoo.errors import PluginError as PluginError
    from ganzoo.errors import RecipeError as RecipeError
    from ganzoo.errors import RefusedError as RefusedError
    from ganzoo.errors import WeightsError as WeightsError
    from ganzoo.hookspecs import API as API
    from ganzoo.hookspecs import hookimpl as hookimpl
    from ganzoo.scoring.catalog import MetricDescription as MetricDescription
    from ganzoo.scoring.catalog import MetricValue as MetricValue
    from ganzoo.scoring.catalog import metrics as metrics

_HOME = {
    "ganzoo._version": ("__version__",),
    "ganzoo._report.report": ("Report", "report"),
    "ganzoo.contracts.component": (
        *("Component", "ComponentOptions", "ConfiguredPart"),
        *("ImageSpec", "PixelArray", "RecipeContext"),
    ),
    "ganzoo.contracts.chosen": ("ChosenPart", "Chooses", "build_chosen"),
    "ganzoo.contracts.capabilities": (
        "Featured",
        "Growable",
        "NoiseInputs",
        "NoiseMaps",
        "NoiseMode",
        "NoiseResolutions",
        "SkipOutputs",
        "StyleAffines",
        "StyleBased",
        "StyleResolutions",
        "Transformable",
    ),
    "ganzoo.contracts.extractor_capabilities": ("FeatureMaps", "Perceptual"),
    "ganzoo.contracts.figures": (
        "CheckpointsFigure",
        "Drawing",
        "DrawsSeveral",
        "FILMS",
        "Figure",
        "GeneratorFigure",
        "Numbers",
        "PICTURES",
        "RunsFigure",
        "Scale",
        "Seeds",
        "Spans",
        "TargetsFigure",
    ),
    "ganzoo.contracts.networks": ("Discriminator", "Generator"),
    "ganzoo.contracts.objectives": ("AdversarialLoss", "Regularizer", "RegularizerOptions", "Role"),
    "ganzoo.contracts.shared_regularizer": ("SharedRegularizer",),
    "ganzoo.contracts.augmentations": ("Augmentation", "ReplacesReals"),
    "ganzoo.contracts.optimizers": ("Optimizer", "OptimizerOptions"),
    "ganzoo.contracts.option_effects": ("WithoutEffect",),
    "ganzoo.contracts.scheduled": ("Scheduled",),
    "ganzoo.contracts.schedules": ("Schedule",),
    "ganzoo.contracts.callbacks": ("AppendedFile", "RunCallback", "WatchedRun"),
    "ganzoo.contracts.datasets": ("DatasetOptions", "ImageDataset", "Item"),
    "ganzoo.contracts.extractors": ("Extractor", "Layer", "WeightsFile"),
    "ganzoo.contracts.metric_input": ("PIXELS", "Features", "MetricInput", "PlainValue", "ScoredNetworks"),
    "ganzoo.contracts.metric_values": ("Display", "Estimate", "Sensitivity", "Transform"),
    "ganzoo.contracts.metrics": ("Metric",),
    "ganzoo.scoring.catalog": ("MetricDescription", "MetricValue", "metrics"),
    "ganzoo.contracts.checkpoints": ("ForeignCheckpoint", "ForeignNetwork", "Importer"),
    "ganzoo.contracts.memorization": ("MemorizationVerdict",),
    "ganzoo.contracts.phase": ("Phase",),
    "ganzoo.contracts.reading": (
        "DeepPicture",
        "NonFinite",
        "Picture",
        "ReadingOptions",
        "ReadingRule",
        "Resize",
        "Shape",
        "Window",
    ),
    "ganzoo.contracts.source_options": ("Plane", "SourceOptions"),
    "ganzoo.contracts.entries": ("Entry", "StatedClasses"),
    "ganzoo.contracts.sources": ("FoundFile", "Source"),
    "ganzoo.contracts.step": ("Step",),
    "ganzoo.contracts.truncatable_latents": ("TruncatableLatents",),
    "ganzoo.contracts.view_options": ("ViewOptions",),
    "ganzoo._registry.pinned": ("allow_changed_code",),
    "ganzoo._registry.plugin_files": ("load_plugin_file",),
    "ganzoo.errors": (
        "ChangedCodeError",
        "CheckpointError",
        "DataError",
        "GanzooError",
        "PluginError",
        "RecipeError",
        "RefusedError",
        "WeightsError",
    ),
    "ganzoo.hookspecs": ("API", "hookimpl"),
    "ganzoo.api": ("compare", "export", "open", "resume", "run", "sample", "score", "sweep"),
    "ganzoo._publish.verbs": ("publish", "reproduce", "verify"),
    "ganzoo._inference.run": ("Run",),
    "ganzoo._inference.samples": ("Samples",),
    "ganzoo._leaderboard.comparison": ("Comparison",),
    "ganzoo._leaderboard.rules": ("RuleOptions",),
    "ganzoo._recipe.recipe": ("Recipe",),
    "ganzoo._runs.record": ("Score",),
    "ganzoo.contracts.reporter": ("SILENT", "Progress", "Reporter", "Silent", "silent_progress"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}
__all__ = sorted(_MODULE_OF.keys() - {"open"})  # `import *` must not put it in place of Python's own
_ROOMS = ("data", "figures", "interchange", "layers", "plotting", "scoring", "testing", "weights")


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return import_module(f"ganzoo.{name}")
    if name in _MODULE_OF:
        return getattr(import_module(_MODULE_OF[name]), name)
    raise AttributeError(f"module 'ganzoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted((*_MODULE_OF, *_ROOMS))
