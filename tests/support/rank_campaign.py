"""Runs on several processes of which one is killed, or what started them, and gone on with until they end."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

from forked_ranks import Launched, training
from kill_campaign import the_run
from training_world import DCGAN, hashes, leftovers, metrics_of, recipe_of, status_of

from ganzoo._runs.checkpoint import newest_good
from ganzoo._runs.verify import verify_run

MOST_PER_RUN = 6


class RankCampaign:
    """One unbroken run on two processes, and others of which a process is killed at random moments."""

    def __init__(self, folder: Path, *, kimg: float = 0.096, size: int = 2) -> None:
        sizes = {"total_kimg": kimg, "checkpoint_kimg": 0.008, "samples_kimg": 0.04, "score_kimg": 0.024}
        self.recipe = recipe_of(DCGAN, {"dataset": DCGAN["dataset"] | {"count": 12}, "training": sizes})
        self.folder, self.size = folder, size
        folder.mkdir(exist_ok=True)
        os.environ["GANZOO_CACHE"] = str(folder / "cache")
        started = time.monotonic()
        whole = Launched(folder / "unbroken", training(folder / "unbroken", self.recipe), size)
        assert whole.end() == 0, whole.said()
        self.seconds = time.monotonic() - started
        self.whole = the_run(folder / "unbroken")

    def run(self, wanted: int, seed: int) -> dict[str, int]:
        """Kill until `wanted` launches have ended by it; return who was killed how often, and what was met."""
        self.dice, self.left = random.Random(seed), wanted
        self.told = dict.fromkeys(["runs", "launcher", *map(str, range(self.size)), "in_a_write", "resumed"], 0)
        while self.left > 0:
            self._one_run(self.folder / f"killed-{self.told['runs']}")
            self.told["runs"] += 1
        return self.told | {"seconds_of_an_unbroken_run": round(self.seconds)}

    def _one_run(self, root: Path) -> None:
        kills = 0
        while not self._finished(root, kills):
            kills += 1
        run = the_run(root)
        assert [path.name for path in root.iterdir()] == [run.name], "a run that nothing can use"
        assert status_of(run) == "finished"
        assert hashes(run) == hashes(self.whole), f"{run.path} ends otherwise"
        assert metrics_of(run) == metrics_of(self.whole), f"{run.path} measured otherwise"
        assert verify_run(run.path) == []
        assert leftovers(root) + leftovers(self.folder / "cache") == []

    def _finished(self, root: Path, kills: int) -> bool:
        launched, before = Launched(root, training(root, self.recipe), self.size), self._newest(root)
        self.told["resumed"] += before >= 0
        if kills < MOST_PER_RUN and self.left > 0:
            victim = self.dice.randrange(-1, self.size)
            time.sleep(self.dice.uniform(0, 0.9 * self.seconds))
            before = self._newest(root)
            with suppress(ProcessLookupError):
                os.kill(launched.launcher if victim < 0 else launched.ranks[victim], signal.SIGKILL)
        code = launched.end()
        if code == 0:
            return True
        self.left -= 1
        self.told["launcher" if victim < 0 else str(victim)] += 1
        self._look(root, before, launched.said())
        return False

    def _newest(self, root: Path) -> int:
        run = the_run(root)
        found = newest_good(run.checkpoints)[0] if run and run.checkpoints.exists() else None
        return found.images_seen if found else -1

    def _look(self, root: Path, before: int, said: str) -> None:
        self.told["in_a_write"] += bool(leftovers(root))
        assert "Traceback" not in said, said
        assert self._newest(root) >= before, f"{before} was there and is lost"
        run = the_run(root)
        if run and run.checkpoints.exists():
            assert newest_good(run.checkpoints)[1] == []
