"""Collected checks: the conformance of a distribution as tests of pytest, one for each part, setting and property."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ganzoo.testing.distribution import offered_by, trials_of
from ganzoo.testing.trial import Check, Trial


def conformance(distribution: str, *parts: str) -> Callable[..., None]:
    """Return a test function that pytest collects once for each part, kind of images and property.

        from ganzoo.testing import conformance

        test_conformance = conformance("acme-gan")

    Args:
        distribution: What is installed: "acme-gan"; or the path of a plugin file.
        *parts: Which of its parts: "generator/acme", "generator" or "acme"; all by default.

    Raises:
        PluginError: Nothing of that name is installed, or it has no such part.
    """
    import pytest

    trials = trials_of(offered_by(distribution), parts)
    pairs = [pytest.param(trial, check, id=str(check)) for trial in trials for check in trial.checks]

    @pytest.mark.parametrize(("trial", "check"), pairs)
    def test_conformance(trial: Trial, check: Check, request: Any) -> None:
        __tracebackhide__ = True
        request.node.getparent(pytest.Module).addfinalizer(trial.forget)
        verdict(trial, check)

    return test_conformance


def verdict(trial: Trial, check: Check) -> None:
    """Ask one check as a test: it fails with the reason alone, or is skipped with it."""
    import pytest

    __tracebackhide__ = True
    found = trial.result(check)
    if found.status == "failed":
        pytest.fail(f"{check}\n{found.reason}", pytrace=False)
    if found.status in ("skipped", "not asked"):
        pytest.skip(found.reason)
