"""Items of pytest: the checks of a distribution, gathered by part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ganzoo.testing.collected import verdict
from ganzoo.testing.distribution import offered_by, trials_of
from ganzoo.testing.trial import Check, Trial


class PartCollector(pytest.Collector):
    """All checks of one part; when they are done, what they share is let go of."""

    def __init__(self, *, trial: Trial, **given: Any) -> None:
        super().__init__(**given)
        self.trial = trial

    def collect(self) -> list[pytest.Item]:
        """Return an item for each check."""
        return [CheckItem.from_parent(self, name=_id(check), check=check) for check in self.trial.checks]

    def teardown(self) -> None:
        """Let go of what was built."""
        self.trial.forget()


class CheckItem(pytest.Item):
    """One check."""

    def __init__(self, *, check: Check, **given: Any) -> None:
        super().__init__(**given)
        self.check = check

    def runtest(self) -> None:
        """Ask it."""
        parent: Any = self.parent
        verdict(parent.trial, self.check)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return what stands in the heading of a failure."""
        return self.path, None, str(self.check)


def _id(check: Check) -> str:
    return f"{check.promise.name} [{check.case.setting}]" if check.case.setting else check.promise.name


def items_of(session: pytest.Session, distribution: str) -> list[pytest.Item]:
    """Return the checks of a distribution as items of a session. Raises PluginError where there is none."""
    items: list[pytest.Item] = []
    offered = offered_by(distribution)
    for trial in trials_of(offered):
        name = f"{trial.whole.kind} {trial.whole.name}"
        part = PartCollector.from_parent(session, name=name, nodeid=f"{offered.name}::{name}", trial=trial)
        items += part.collect()
    return items
