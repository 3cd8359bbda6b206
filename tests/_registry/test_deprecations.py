"""What plugins use that is deprecated is told at its use, once, with the plugin's name."""

from __future__ import annotations

import importlib
import sys
import warnings

import pytest
from installed_plugin import install

from ganzoo._registry.deprecations import naming_deprecations

SOURCE = """
import warnings
def build(text="old_call() goes in API 4; call new_call()", category=DeprecationWarning):
    warnings.warn(text, category, stacklevel=1)
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    install(tmp_path, SOURCE, module="acme_aging", distribution="acme-aging", version="0.3")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("acme_aging")
    sys.modules.pop("acme_aging")


def test_a_plugin_is_named_once_for_each_thing_that_it_uses(plugin, capsys):
    told = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("default", FutureWarning)
        with naming_deprecations(told.append):
            for _ in range(2):
                plugin.build()
                plugin.build("another one", FutureWarning)
                warnings.warn("nobody's", DeprecationWarning, stacklevel=1)
    (first, second) = sorted(told, reverse=True)
    assert first.startswith(
        "plugin 'acme' (acme-aging 0.3) uses what is deprecated: old_call() goes in API 4; call new"
    )
    assert first.endswith("acme_aging.py:4)") and "another one" in second
    assert capsys.readouterr().err == "", "what others use is theirs to mend"


def test_other_warnings_are_shown_as_ever(plugin):
    told = []
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        with naming_deprecations(told.append):
            plugin.build("careful", UserWarning)
            warnings.warn("nobody's", DeprecationWarning, stacklevel=1)
    assert [str(each.message) for each in found] == ["careful", "nobody's"]
    assert told == []
