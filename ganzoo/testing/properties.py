"""Property: one promise of a contract, by name, and the case that it is asked of.

A kind of part has a suite of properties. A part, a kind of images and a property make one check, which is asked by
itself: what one fails says nothing of the others, but for the few without which nothing else can be asked.
"""

from __future__ import annotations

import copy
import tempfile
import weakref
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from ganzoo.contracts.component import ImageSpec
from ganzoo.testing.options import options_to_test

T = TypeVar("T")


class _shared_property(cached_property[T]):
    """A cached property that a case asked once more still has."""


@dataclass(eq=False)
class Case:
    """A part under test, as a whole or on one kind of images, and what its properties share.

    What is costly is a `cached_property`; whoever changes a thing takes a copy.

    Attributes:
        cls: The part.
        given: The options to test it with; None: those of `example_options`.
        images: The kind of images, or None where the case is the part as a whole.
        is_thorough: Whether it stands for the others: all properties are asked, not only the first ones.
        whole: The case of the part as a whole, whose options are this one's.
        first: The options that parts are built with, where a schedule has moved them to `options` since; None: these.
    """

    kind: ClassVar[str]
    base: ClassVar[type]
    draw_from: ClassVar[str] = "draw from torch's global stream, which is seeded at each step"

    cls: Any
    given: Any = None
    images: ImageSpec | None = None
    is_thorough: bool = True
    is_fullest: bool = True
    whole: Case | None = None
    first: Any = None
    _clean: Callable[[], Any] | None = field(default=None, repr=False)

    @_shared_property
    def folder(self) -> Path:
        """A folder for files that the part is tested with; it is removed with the case."""
        if self.whole is not None:
            return self.whole.folder
        made = tempfile.TemporaryDirectory(prefix="ganzoo-test-")
        self._clean = weakref.finalize(self, made.cleanup)  # at the latest: tests may be collected and never asked
        return Path(made.name)

    @_shared_property
    def options(self) -> Any:
        """The options to test the part with. Raises ConformanceError."""
        return self.whole.options if self.whole is not None else options_to_test(self.cls, self.given, self.folder)

    @property
    def begun(self) -> Any:
        """The options that parts are built with."""
        return self.options if self.first is None else self.first

    def moved(self, part: T) -> T:
        """Return a part that was just built, its options as they are by now."""
        if self.first is not None:
            part.options = self.options  # type: ignore[attr-defined]
        return part

    def settings(self) -> Sequence[ImageSpec]:
        """Return the kinds of images to test it on, of which the first and the last are thorough; none for a whole."""
        return ()

    def on(self, images: ImageSpec, *, is_thorough: bool) -> Case:
        """Return the case of the same part on one kind of images."""
        case = self._without(self._made())
        case.images, case.is_thorough, case.whole = images, is_thorough, self
        return case

    def afresh(self) -> Case:
        """Return the same case with nothing built yet, to ask it once more; folder and options are shared."""
        return self._without(
            {name for name in self._made() if not isinstance(getattr(type(self), name), _shared_property)}
        )

    def of(self, options: Any) -> Case:
        """Return the case of the same part with other options, nothing of it built yet."""
        case = self._without(self._made())
        case.given, case.whole = options, None
        return case

    def _without(self, names: Collection[str]) -> Case:
        case = copy.copy(self)
        for name in names:
            delattr(case, name)
        return case

    def _made(self) -> set[str]:
        return {name for name in vars(self) if isinstance(getattr(type(self), name, None), cached_property)}

    def forget(self) -> None:
        """Let go of all that was built and written."""
        for name in self._made():
            delattr(self, name)
        if self.whole is None and self._clean is not None:
            self._clean()

    @property
    def name(self) -> str:
        """What the part is called."""
        return str(getattr(self.cls, "name", None) or self.cls.__name__)

    @property
    def setting(self) -> str:
        """The kind of images in words: "3 channels, 3 classes"."""
        return "" if self.images is None else setting_of(self.images)


def setting_of(images: ImageSpec) -> str:
    """Return a kind of images in words."""
    channels = f"{images.channels} channel{'s' if images.channels > 1 else ''}"
    return f"{channels}, {images.label_dim} classes" if images.label_dim else channels


def _always(case: Any) -> bool:
    return True


@dataclass(frozen=True)
class Property:
    """A promise that a part keeps.

    Attributes:
        name: In plain words, after the part: "gradients reach every parameter".
        ask: Asks it of a case. Raises ConformanceError with the cause where it is broken, NotAsked where it cannot be
            asked.
        of: Which cases promise it.
        is_gate: Whether nothing that comes after it can be asked where it is broken.
        needs: The name of an earlier property without which it cannot be asked, or several.
    """

    name: str
    ask: Callable[[Any], None]
    of: Callable[[Any], bool] = _always
    is_gate: bool = False
    needs: str | tuple[str, ...] = ()

    def builds_on(self, earlier: Property) -> bool:
        """Whether it cannot be asked where an earlier one is broken."""
        needs = (self.needs,) if isinstance(self.needs, str) else self.needs
        return earlier.is_gate or earlier.name in needs

    def is_promised_by(self, case: Case) -> bool:
        """Whether it is asked of a case; where that cannot be known, it is."""
        try:
            return self.of(case)
        except Exception:  # options that cannot be made are what an earlier property tells of
            return True


def gate(name: str, ask: Callable[[Any], None]) -> Property:
    """Return a property without which nothing that comes after it can be asked."""
    return Property(name, ask, is_gate=True)


def able(capability: type) -> Callable[[Case], bool]:
    """Return which cases are thorough ones of parts with a capability."""
    return lambda case: case.is_thorough and issubclass(case.cls, capability)


def fullest(case: Case) -> bool:
    """Whether a case is the one of the most channels and classes, for what does not depend on them."""
    return case.is_fullest


def thorough(case: Case) -> bool:
    """Whether a case is one of those that stand for the others."""
    return case.is_thorough


@dataclass(frozen=True)
class Suite:
    """The properties of a kind of part.

    Attributes:
        case: The case of such a part.
        once: What is asked of the part as a whole.
        each: What is asked on each kind of images.
    """

    case: type[Case]
    once: Sequence[Property]
    each: Sequence[Property] = ()

    @property
    def kind(self) -> str:
        """The kind of part."""
        return self.case.kind
