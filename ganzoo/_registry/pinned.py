"""Pinned part: the very part that a resolved recipe names, or an error that says whose it was and what would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from ganzoo._registry.code import FILE_VERSION, PartCode
from ganzoo._registry.installed import canonical
from ganzoo._registry.part import Part, ambiguity
from ganzoo.errors import ChangedCodeError, PluginError

_allows: ContextVar[bool] = ContextVar("allows_changed_code", default=False)


@contextmanager
def allow_changed_code() -> Iterator[None]:
    """Let runs go on, inside the block, with other versions or sources of their parts than they were made with.

    What goes on so says so: in its record, and in the row of each table. Parts of another distribution that have the
    same name never stand in.
    """
    token = _allows.set(True)
    try:
        yield
    finally:
        _allows.reset(token)


def allows_changed_code() -> bool:
    """Whether the surrounding block is one of `allow_changed_code`."""
    return _allows.get()


Pins = Mapping[str, Mapping[str, PartCode]]  # by kind and name, as resolved recipes have them


def the_very_part(
    kind: str, name: str, offered: Sequence[Part], pin: PartCode, *, knows_code: bool = True, suspicion: str = ""
) -> Part:
    """Return the part that a recipe was resolved to.

    Args:
        kind: Its kind.
        name: As the recipe writes it.
        offered: The installed parts of this kind and name, whoever offers them.
        pin: What it was made of.
        knows_code: Whether what is offered are the parts themselves, and not what an index says of them.
        suspicion: What to add where it is not installed.

    Raises:
        ChangedCodeError: It is not installed, or is of another version or source.
        PluginError: Its distribution offers two.
    """
    same = [part for part in offered if canonical(part.origin.distribution) == canonical(pin.distribution)]
    if len(same) > 1:
        raise PluginError(ambiguity(kind, name, [part.origin for part in same]))
    if not same:
        others = " and ".join(f"{part.origin.distribution} {part.origin.version}" for part in offered)
        refused = f" (the one of {others} is another part, and never stands in for it)" if others else ""
        found = f"{kind} '{name}' was that of {pin}, which is not installed{refused}{suspicion}"
        raise ChangedCodeError(found, _again(pin))
    (part,) = same
    if not knows_code or allows_changed_code():
        return part
    code = part.code
    if (code.version, code.source) != (pin.version, pin.source):
        raise other_code(f"{kind} '{name}'", pin, code)
    return part


def other_code(what: str, pin: PartCode, code: PartCode) -> ChangedCodeError:
    """Return the error that a part is installed, and not as it was."""
    found = f"{what} was that of {pin}, and {code} is installed, which may compute something else"
    again = _again(pin, edited=code.version == pin.version)
    return ChangedCodeError(found, f"{again}, or use what is installed with --allow-changed-code")


def _again(pin: PartCode, *, edited: bool = False) -> str:
    if pin.version == FILE_VERSION:
        return f"give that file as it was, with --plugin {pin.distribution}"
    if edited:  # pip knows it by its version, and would find nothing to do
        return f"bring back the source of {pin.distribution} {pin.version} that it was made with"
    return f"install it as it was (pip install '{pin.distribution}=={pin.version}')"
