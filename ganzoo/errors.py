"""Errors: what can go wrong, as messages for people.

Only a `GanzooError` reaches the user without a traceback. Its text says what happened, where (TOML key, file,
plugin), what was found, and what would do.
"""

from __future__ import annotations

from typing import ClassVar


class GanzooError(Exception):
    """Something the user can fix; printed by the command line as one message, without a traceback."""

    exit_code: ClassVar[int] = 2


class PluginError(GanzooError):
    """A plugin does not load, does not keep its contract, or is asked for under a name that no plugin has."""


class RecipeError(GanzooError):
    """A recipe is not valid, or its parts are not compatible."""


class DataError(GanzooError):
    """Images are missing, unreadable, or not what the recipe says."""


class WeightsError(GanzooError):
    """The weights of a feature extractor are missing, damaged, or not the expected ones."""


class CheckpointError(GanzooError):
    """A checkpoint of another code base is damaged, malicious, or of a layout that no importer knows."""


class RunError(GanzooError):
    """A run failed: non-finite loss, full disk, no usable checkpoint."""

    exit_code = 1


class ProcessEnded(RunError):
    """Another of the processes that share a training has ended, and with it the training."""


class ShareDone(GanzooError):
    """This process has done its share of a figure's images; the first of all goes on with them."""

    exit_code = 0


class RefusedError(GanzooError):
    """Refused on purpose: protocols that differ, a run that another process holds, an unsafe input."""

    exit_code = 3


class ChangedCodeError(RefusedError):
    """The code that something was made with is not the one that is installed.

    Attributes:
        found: What was, and what is installed.
        remedy: What would do.
    """

    def __init__(self, found: str, remedy: str = "") -> None:
        super().__init__(f"{found}; {remedy}" if remedy else found)
        self.found, self.remedy = found, remedy


class TakenOverError(RefusedError):
    """This process owned a run by lease, was paused, and another process has taken the run over."""


class RunStopped(GanzooError):
    """A signal stopped the run after a checkpoint; it can be resumed."""

    exit_code = 75
