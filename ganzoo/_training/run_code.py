"""Code of a run that goes on: whether ganzoo itself is the one that trained it, and what is told where it is not.

Parts are judged where they are looked up, by the pins of the recipe. The core is asked for its version alone: its
source changes with each edit while it is developed, which is noted and does not stop a run.
"""

from __future__ import annotations

from ganzoo._registry.code import CORE, CORE_DISTRIBUTION
from ganzoo._registry.pinned import allows_changed_code
from ganzoo._runs.record import RunRecord
from ganzoo._version import __version__
from ganzoo.contracts.reporter import Reporter
from ganzoo.errors import ChangedCodeError


def require_core(record: RunRecord) -> None:
    """Raise ChangedCodeError where another version of ganzoo trained a run, unless that is allowed."""
    before = record.versions.get(CORE, __version__)
    if before != __version__ and not allows_changed_code():
        raise ChangedCodeError(
            f"'{record.name}' was trained by ganzoo {before}, and {__version__} is installed, which may compute "
            f"something else",
            f"install it as it was (pip install '{CORE_DISTRIBUTION}=={before}'), or go on with --allow-changed-code",
        )


def tell_changes(earlier: RunRecord, record: RunRecord, reporter: Reporter) -> None:
    """Warn of each change of code that a record notes and the earlier one did not."""
    for change in record.code_changes[len(earlier.code_changes) :]:
        reporter.warning(f"'{record.name}' goes on with other code, as its record notes: {change}")
