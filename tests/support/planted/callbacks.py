"""Callbacks with planted bugs."""

from __future__ import annotations

import os
import random
from typing import Any

import numpy as np
import torch

from ganzoo import RunCallback
from planted.bug import PlantedBug, planted

CALLBACKS: list[PlantedBug] = []


class Sound(RunCallback):
    """Keeps a line for each score."""

    name = "lines"
    file: Any = None

    def on_begin(self, run):
        self.file = run.append_to("lines/scores.txt")
        self.name_of_run = run.name

    def on_values(self, images_seen, values):
        self.write(f"{images_seen} {sorted(values)}\n")

    def on_scores(self, images_seen, scores):
        self.write(f"{images_seen} {sorted(scores)}\n")

    def write(self, line):
        self.file.append(line.encode())

    def on_end(self, status):
        self.file.close()


@planted(CALLBACKS, "outside", "notes.txt", "run.folder")
class WritesHere(Sound):
    def write(self, line):
        with open("notes.txt", "a") as file:
            file.write(line)


@planted(CALLBACKS, "outside", "run.folder")
class WritesBeside(Sound):
    def on_begin(self, run):
        super().on_begin(run)
        (run.folder.parent / "extra.json").write_text("{}")


@planted(CALLBACKS, "overwrites", "goes on", "append")
class Truncates(Sound):
    def on_begin(self, run):
        self.path = run.folder / "scores.txt"
        self.path.write_text("")

    def write(self, line):
        with self.path.open("a") as file:
            file.write(line)

    def on_end(self, status):
        pass


@planted(CALLBACKS, "numpy")
class NumpyDraws(Sound):
    def on_begin(self, run):
        super().on_begin(run)
        self.id = np.random.randint(1000)


@planted(CALLBACKS, "random.choice")
class PythonDraws(Sound):
    def on_begin(self, run):
        super().on_begin(run)
        self.id = random.choice("abc")


@planted(CALLBACKS, "torch.randint", "torch's global stream")
class TorchDraws(Sound):
    def on_values(self, images_seen, values):
        super().on_values(images_seen + int(torch.randint(3, ())), values)


@planted(CALLBACKS, "torch.manual_seed")
class Seeds(Sound):
    def on_begin(self, run):
        super().on_begin(run)
        torch.manual_seed(0)


@planted(CALLBACKS, "working directory")
class ChangesFolder(Sound):
    def on_begin(self, run):
        super().on_begin(run)
        os.chdir(run.folder)


@planted(CALLBACKS, "os.environ", "ACME")
class ChangesEnvironment(Sound):
    def on_begin(self, run):
        super().on_begin(run)
        os.environ["ACME"] = "1"


@planted(CALLBACKS, "changes the values")
class PopsValues(Sound):
    def on_values(self, images_seen, values):
        values.pop("generator/loss", None)


@planted(CALLBACKS, "on_values", "KeyError")
class ExpectsKey(Sound):
    def on_values(self, images_seen, values):
        self.write(f"{values['my/score']}\n")


@planted(CALLBACKS, "deletes", "grid")
class DeletesGrid(Sound):
    def on_samples(self, images_seen, grid):
        grid.unlink()


@planted(CALLBACKS, "on_value", "never called")
class Misspelled(Sound):
    def on_value(self, images_seen, values):
        pass


@planted(CALLBACKS, "changes run.hyper_parameters", "copy")
class PopsSeed(Sound):
    def on_begin(self, run):
        run.hyper_parameters.pop("seed")
        super().on_begin(run)
