"""Loggers: a run's values, samples, hyper-parameters and scores in TensorBoard, Weights & Biases and MLflow."""

from __future__ import annotations

from ganzoo import RunCallback, hookimpl
from ganzoo_loggers.mlflow import MLflow
from ganzoo_loggers.tensorboard import TensorBoard
from ganzoo_loggers.wandb import WandB


@hookimpl
def ganzoo_callbacks() -> list[type[RunCallback]]:
    """Offer the loggers."""
    return [TensorBoard, WandB, MLflow]
