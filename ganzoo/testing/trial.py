"""Trial: all checks of one part, asked one by one, and the one error that lists all that fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch

from ganzoo._random.global_streams import seed_torch
from ganzoo.testing.conduct import Conduct, drawn_by
from ganzoo.testing.failure import ConformanceError, NotAsked, Result, Status
from ganzoo.testing.properties import Case, Property, Suite


@dataclass(frozen=True, eq=False)
class Check:
    """One property of one part, on one kind of images or of the part as a whole."""

    case: Case
    promise: Property

    def __str__(self) -> str:
        return f"{self.case.kind} {self.case.name}: {self.promise.name}{_where(self.case.setting)}"

    def found(self, status: Status, reason: str = "") -> Result:
        """Return what came of it."""
        return Result(self.case.kind, self.case.name, self.promise.name, self.case.setting, status, reason)


class Trial:
    """All checks of one part.

    Attributes:
        checks: In the order in which they are asked.
    """

    def __init__(self, suite: Suite, case: Case) -> None:
        self.whole = case
        self.checks = list(self._listed(suite))
        self._found: dict[Check, Result] = {}
        self._noticed: set[str] = set()

    def _listed(self, suite: Suite) -> Iterator[Check]:
        yield from (Check(self.whole, each) for each in suite.once if each.is_promised_by(self.whole))
        settings = self.whole.settings() if suite.each else ()
        for index, images in enumerate(settings):
            case = self.whole.on(images, is_thorough=index in (0, len(settings) - 1))
            case.is_fullest = index == len(settings) - 1
            yield from (Check(case, each) for each in suite.each if each.is_promised_by(case))

    def result(self, check: Check) -> Result:
        """Ask one check, and before it what it cannot be asked without."""
        for earlier in self.checks[: self.checks.index(check)]:
            if not check.promise.builds_on(earlier.promise) or earlier.case not in (self.whole, check.case):
                continue
            found = self._asked(earlier)
            if found.status == "skipped":
                return check.found("skipped", found.reason)
            if found.status != "passed":
                return check.found("not asked", f"'{earlier.promise.name}' fails")
        return self._asked(check)

    def _asked(self, check: Check) -> Result:
        if check not in self._found:
            self._found[check] = self._watched(check)
        return self._found[check]

    def _watched(self, check: Check) -> Result:
        """Ask one check; what the part does to the process is told once, and as the cause of what fails by it."""
        with torch.random.fork_rng(devices=[]):
            # Each from another seed: what one check has drawn and kept must not be what the next one draws.
            seed_torch(len(self._found))
            with Conduct() as conduct:
                found = _ask(check)
        causes = [*conduct.found, *_draws(check, conduct)]
        new = [each for each in causes if each not in self._noticed]
        self._noticed |= set(causes)
        if found.status == "failed" and causes:
            return check.found("failed", f"{found.reason}; the cause may be that it {' and '.join(causes)}")
        return check.found("failed", " and ".join(new)) if found.status == "passed" and new else found

    def results(self) -> Iterator[Result]:
        """Ask all checks, one after the other."""
        yield from map(self.result, self.checks)

    def forget(self) -> None:
        """Let go of all that was built and written for its checks."""
        for case in {id(check.case): check.case for check in self.checks}.values():
            case.forget()
        self.whole.forget()


def _ask(check: Check) -> Result:
    try:
        check.promise.ask(check.case)
    except NotAsked as reason:
        return check.found("skipped", str(reason))
    except ConformanceError as error:
        return check.found("failed", str(error))
    except Exception as error:  # of the part, where the check did not expect one
        return check.found("failed", f"{type(error).__name__}: {error}")
    return check.found("passed")


def _draws(check: Check, conduct: Conduct) -> Iterator[str]:
    if conduct.draws:
        calls = " and ".join(drawn_by(lambda: check.promise.ask(check.case.afresh()), conduct.draws))
        yield f"draws with {calls} from {' and '.join(conduct.draws)}'s global stream; {check.case.draw_from}"


def _where(setting: str) -> str:
    return f" [{setting}]" if setting else ""


def require_all(trial: Trial) -> None:
    """Ask all checks of a part. Raises ConformanceError that lists all that fail, not the first alone."""
    try:
        results = list(trial.results())
    finally:
        trial.forget()
    if failures := [each for each in results if each.status == "failed"]:
        raise ConformanceError(told(failures, len(results)), failures)


def told(failures: Iterable[Result], asked: int) -> str:
    """Return what a part fails: in one line where it is one thing; what is the same in several settings stands once."""
    settings: dict[tuple[str, str, str], list[str]] = {}
    for each in failures:
        settings.setdefault((each.part, each.promise, each.reason), []).append(each.setting)
    lines = {key: _where("; ".join(filter(None, found))) for key, found in settings.items()}
    if len(lines) == 1:
        ((part, _, reason), where) = next(iter(lines.items()))
        return f"{part}: {reason}{where}"
    part = next(iter(lines))[0]
    count = sum(len(found) for found in settings.values())
    rows = [f"  {promise}{where}: {reason}" for (_, promise, reason), where in lines.items()]
    return "\n".join([f"{part} fails {count} of {asked} checks:", *rows])
