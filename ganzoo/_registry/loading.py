"""Loading of one plugin: imported, its hooks asked, and whatever is wrong with it told of it alone."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pluggy

from ganzoo import hookspecs
from ganzoo._registry.kinds import HOOK_KINDS
from ganzoo._registry.part import Failure, Part, PluginOrigin, origin_of
from ganzoo._registry.validation import describe, invalid_class, show, unknown_hooks

_HOOKS = f"the hooks are {', '.join(HOOK_KINDS)}, and take no arguments"


def load_plugin(entry_point: EntryPoint) -> tuple[list[Part], list[Failure]]:
    """Import one plugin and ask it for its parts; whatever fails in it is a Failure that names it."""
    origin = origin_of(entry_point)
    try:
        module = entry_point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: one plugin must not end the others' work
        reason = f"does not load: {describe(error)}; fix or reinstall '{origin.distribution}', or remove it"
        return [], [Failure(origin, reason)]
    manager = pluggy.PluginManager("ganzoo")
    manager.add_hookspecs(hookspecs)
    failures = list[Failure]()
    try:
        manager.register(module, name=entry_point.name)
        failures += [
            Failure(origin, f"misses the hook specification: {each} ({_HOOKS})")
            for each in unknown_hooks(manager, module, list(HOOK_KINDS))
        ]
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # not only pluggy's complaints: it reads all attributes of the module
        failures.append(Failure(origin, f"misses the hook specification: {describe(error)}; {_HOOKS}"))
    parts: list[Part] = []
    for hook, kind in HOOK_KINDS.items():
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            found, failed = _ask(origin, hook, kind, implementation.function)
            parts += found
            failures += failed
    if not parts and not failures:
        advice = f"mark its hooks ({', '.join(HOOK_KINDS)}) with @ganzoo.hookimpl in module '{entry_point.value}'"
        failures.append(Failure(origin, f"offers nothing; {advice}"))
    once = {(part.kind, part.cls): part for part in parts}  # a class that a plugin offers twice is one part
    return list(once.values()), failures


def _ask(origin: PluginOrigin, hook: str, kind: str, function: Any) -> tuple[list[Part], list[Failure]]:
    parts, failures = [], []
    try:
        for cls in function():
            if reason := invalid_class(cls, kind):
                advice = f"'{origin.distribution}' {origin.version} needs a fix"
                failures.append(Failure(origin, f"offers {show(cls)} in hook {hook}, {reason}; {advice}"))
            else:
                parts.append(Part(kind, cls.name, cls, origin))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # as above
        advice = f"a hook returns a list of classes; fix or remove '{origin.distribution}'"
        failures.append(Failure(origin, f"fails in hook {hook}: {describe(error)}; {advice}"))
    return parts, failures
