"""Component: the properties of every part, of whatever kind."""

from __future__ import annotations

from ganzoo.testing.failure import doing, require
from ganzoo.testing.options import (
    check_class,
    check_docstring,
    check_name,
    check_options_class,
    check_saved_options,
)
from ganzoo.testing.properties import Case, Property, gate


def _options(case: Case) -> None:
    require(case.options is not None, "has no options to be tested with")  # making them says what is wrong


def _dependence(case: Case) -> None:
    with doing("depends_on_batch(options)"):
        found = case.cls.depends_on_batch(case.options)
    require(isinstance(found, bool), "depends_on_batch must return True or False")


COMPONENT = (
    gate("defines all that its base asks for", lambda case: check_class(case.cls, case.base)),
    Property("has a name for recipes", lambda case: check_name(case.cls)),
    Property("has a description", lambda case: check_docstring(case.cls)),
    gate("its options are checked and described", lambda case: check_options_class(case.cls, case.base)),
    gate("has options to be tested with", _options),
    Property("its options survive being saved", lambda case: check_saved_options(case.options)),
    Property("says whether it depends on its batch", _dependence),
)
