"""Weights & Biases: runs as its server shows them, kept in a folder until they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from ganzoo import ComponentOptions, RunCallback, WatchedRun


class WandBOptions(ComponentOptions):
    """Project and mode."""

    project: str = Field(default="ganzoo", description="Project that the run is shown in.")
    mode: Literal["offline", "online"] = Field(
        default="offline", description="offline keeps all in the run's folder, for `wandb sync`; online sends it."
    )


class WandB(RunCallback[WandBOptions]):
    """Weights & Biases: values, samples, hyper-parameters and scores, offline unless asked otherwise."""

    name = "wandb"

    Options = WandBOptions

    @classmethod
    def unavailable(cls) -> str | None:
        if find_spec("wandb") is not None:
            return None
        return 'needs the package wandb: pip install "ganzoo-toolkit[wandb]"'

    def on_begin(self, run: WatchedRun) -> None:
        import wandb

        self._wandb = wandb
        run.folder.mkdir(parents=True, exist_ok=True)  # where there is none, it would take another place
        # No statistics of the machine, no copy of the program or of what it prints: values alone.
        settings = wandb.Settings(
            silent=True, console="off", x_disable_stats=True, disable_git=True, save_code=False, x_disable_meta=True
        )
        self._run: Any = wandb.init(
            project=self.options.project,
            name=run.name,
            dir=str(run.folder),
            mode=self.options.mode,
            config=dict(run.hyper_parameters),
            settings=settings,
            reinit="create_new",
        )
        # Steps are images, and a resume goes back: an axis of its own allows that.
        self._run.define_metric("images_seen")
        self._run.define_metric("*", step_metric="images_seen")

    def on_values(self, images_seen: int, values: Mapping[str, float]) -> None:
        self._run.log({"images_seen": images_seen, **values})

    def on_samples(self, images_seen: int, grid: Path) -> None:
        self._run.log({"images_seen": images_seen, "samples": self._wandb.Image(str(grid))})

    def on_scores(self, images_seen: int, scores: Mapping[str, float]) -> None:
        self._run.log({"images_seen": images_seen, **{f"score/{name}": value for name, value in scores.items()}})
        self._run.summary.update({f"score/{name}": value for name, value in scores.items()})

    def on_end(self, status: str) -> None:
        self._run.finish(exit_code=0 if status == "finished" else 1)
