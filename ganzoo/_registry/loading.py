"""Loading of one plugin: imported, its hooks asked one by one, and whatever is wrong with it told of it alone."""

from __future__ import annotations

import difflib
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from typing import Any

import pluggy

from ganzoo._registry.import_watch import ImportWatch
from ganzoo._registry.kinds import HOOK_KINDS
from ganzoo._registry.part import Failure, Part, PluginOrigin, origin_of
from ganzoo._registry.remedy import remedy
from ganzoo._registry.required_api import unmet_api
from ganzoo._registry.validation import describe, invalid_class, show
from ganzoo.hookspecs import API

_HOOKS = f"the hooks are {', '.join(HOOK_KINDS)}, and take no arguments"


@dataclass
class Loaded:
    """What came of one plugin.

    Attributes:
        parts: What it offers.
        failures: What of it cannot be used.
        notes: What its author should know, and that costs nothing of it.
    """

    parts: list[Part] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    notes: list[Failure] = field(default_factory=list)

    def __iadd__(self, other: Loaded) -> Loaded:
        self.parts += other.parts
        self.failures += other.failures
        self.notes += other.notes
        return self

    def copy(self) -> Loaded:
        """Return one whose lists are its own."""
        return Loaded([*self.parts], [*self.failures], [*self.notes])


# What a module said when it was asked: it is not asked again while it is the one that is imported.
_asked: dict[tuple[EntryPoint, PluginOrigin], tuple[Any, Loaded]] = {}


def load_plugin(entry_point: EntryPoint, origin: PluginOrigin | None = None) -> Loaded:
    """Import one plugin and ask it for its parts; whatever fails in it is a Failure that names it.

    Args:
        entry_point: Its module.
        origin: Who offers it; None: the distribution of the entry point.
    """
    origin = origin or origin_of(entry_point)
    if reason := unmet_api(entry_point):
        return Loaded(failures=[Failure(origin, reason)])
    name = entry_point.value.partition(":")[0]
    module, loaded = _asked.get((entry_point, origin), (None, Loaded()))
    if module is not None and sys.modules.get(name) is module:
        return loaded.copy()
    watch = ImportWatch(name.partition(".")[0])
    try:
        with watch:
            module = entry_point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: one plugin must not end the others' work
        reason = f"does not load: {describe(error)}; {remedy(error, entry_point, origin)}"
        return Loaded(failures=[Failure(origin, reason)])
    loaded = offered_by(module, origin)
    loaded.notes += [Failure(origin, each) for each in watch.notes]
    if not loaded.parts and not loaded.failures and not loaded.notes:
        advice = f"mark its hooks ({', '.join(HOOK_KINDS)}) with @ganzoo.hookimpl in module '{entry_point.value}'"
        loaded.failures.append(Failure(origin, f"offers nothing; {advice}"))
    if not loaded.failures:
        _asked[entry_point, origin] = (sys.modules.get(name), loaded.copy())
    return loaded


def offered_by(module: Any, origin: PluginOrigin) -> Loaded:
    """Ask a module that is imported for its parts, hook by hook: one that fails costs itself alone."""
    loaded = Loaded()
    try:
        hooks = list(_hooks(module))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # all attributes of the module are read
        loaded.failures.append(Failure(origin, f"misses the hook specification: {describe(error)}; {_HOOKS}"))
        return loaded
    for hook, function, is_optional in hooks:
        if hook in HOOK_KINDS:
            _ask(loaded, origin, hook, function)
        elif not is_optional:
            near = difflib.get_close_matches(hook[:64], list(HOOK_KINDS), n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            loaded.notes.append(
                Failure(
                    origin,
                    f"has a hook '{hook}', which API {API} of ganzoo does not know and leaves out{hint} (a newer "
                    f"ganzoo may know it; hookimpl(optionalhook=True) says that it may be missing)",
                )
            )
    once = {(part.kind, part.cls): part for part in loaded.parts}  # a class that a plugin offers twice is one part
    loaded.parts = list(once.values())
    return loaded


def _hooks(module: Any) -> Iterator[tuple[str, Any, bool]]:
    """Yield the hooks that a module marks: the name of the specification, the function, and whether it is optional."""
    manager = pluggy.PluginManager("ganzoo")
    for name in dir(module):
        options = manager.parse_hookimpl_opts(module, name)
        if options is not None:
            yield options.get("specname") or name, getattr(module, name), bool(options.get("optionalhook"))


def _ask(loaded: Loaded, origin: PluginOrigin, hook: str, function: Any) -> None:
    kind = HOOK_KINDS[hook]
    try:
        if needed := list(inspect.signature(function).parameters):
            text = f"misses the hook specification: '{hook}' takes {', '.join(needed)}; {_HOOKS}"
            loaded.failures.append(Failure(origin, text))
            return
        for cls in function():
            if reason := invalid_class(cls, kind):
                advice = f"'{origin.distribution}' {origin.version} needs a fix"
                loaded.failures.append(Failure(origin, f"offers {show(cls)} in hook {hook}, {reason}; {advice}"))
            else:
                loaded.parts.append(Part(kind, cls.name, cls, origin))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # as above
        advice = f"a hook returns a list of classes; fix or remove '{origin.distribution}'"
        loaded.failures.append(Failure(origin, f"fails in hook {hook}: {describe(error)}; {advice}"))
