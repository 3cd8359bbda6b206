"""MLflow: runs in a folder that its pages show."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import Field

from ganzoo import ComponentOptions, RunCallback, WatchedRun
from ganzoo_loggers.plain import flat

_LONGEST = 500  # what every version and store of MLflow takes as a parameter's value


class MLflowOptions(ComponentOptions):
    """Place and experiment."""

    folder: str | None = Field(default=None, description="Folder of all runs; absent: one in the run's own.")
    experiment: str = Field(default="ganzoo", description="Experiment that the run is part of.")


class MLflow(RunCallback[MLflowOptions]):
    """MLflow: values, samples, hyper-parameters and scores in a folder, without a server."""

    name = "mlflow"

    Options = MLflowOptions

    @classmethod
    def unavailable(cls) -> str | None:
        if find_spec("mlflow") is not None:
            return None
        return 'needs the package mlflow: pip install "ganzoo-toolkit[mlflow]"'

    def on_begin(self, run: WatchedRun) -> None:
        # A folder is all that mlflow-skinny can write; newer versions want to be told that they may.
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        from mlflow import MlflowClient

        folder = Path(self.options.folder) if self.options.folder else run.folder / "mlflow"
        # A client of its own: MLflow's global run may be somebody else's.
        self._client: Any = MlflowClient(tracking_uri=folder.absolute().as_uri())
        found = self._client.get_experiment_by_name(self.options.experiment)
        number = found.experiment_id if found else self._client.create_experiment(self.options.experiment)
        self._id = self._client.create_run(number, run_name=run.name).info.run_id
        for key, value in flat(run.hyper_parameters).items():
            self._client.log_param(self._id, _key(key), str(value)[:_LONGEST])

    def on_values(self, images_seen: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._client.log_metric(self._id, _key(name), value, step=images_seen)

    def on_samples(self, images_seen: int, grid: Path) -> None:
        self._client.log_artifact(self._id, str(grid), "samples")

    def on_scores(self, images_seen: int, scores: Mapping[str, float]) -> None:
        self.on_values(images_seen, {f"score/{name}": value for name, value in scores.items()})

    def on_end(self, status: str) -> None:
        ended = {"finished": "FINISHED", "stopped": "KILLED"}.get(status, "FAILED")
        self._client.set_terminated(self._id, status=ended)


def _key(name: str) -> str:
    """Return a name of the letters that MLflow takes: `D(real)` is `D_real_`."""
    return re.sub(r"[^\w./ -]", "_", name)
