"""Option effects: whether each option of a part changes something that it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

import torch
from torch import Tensor

from ganzoo.contracts.chosen import Chooses
from ganzoo.contracts.option_effects import WithoutEffect
from ganzoo.errors import GanzooError
from ganzoo.testing.failure import require
from ganzoo.testing.lookup import read_options

# Values to try besides a value's half, double and neighbor: the legal range of an option is not known, and one of these
# lies in most.
_COUNTS = (1, 2, 4, 8, 0)
_SHARES = (1.0, 0.5, 0.1, 0.001, 0.0)
EFFECTS = "each of its options has an effect"
Look = Callable[[Any], Sequence[Tensor]]
Cases = Callable[[Any], Iterable[Any]]
Plain = Mapping[str, Any]


def _alone(case: Any) -> Iterable[Any]:
    return (case,)


def ask_effects(look: Look, *, of_networks: bool = False, cases: Cases = _alone) -> Callable[[Any], None]:
    """Return what requires an effect of each option that is a number, a choice of words, or yes or no.

    Args:
        look: Returns all that can be seen of what a case's part does: values, gradients, images, state.
        of_networks: Whether an option is excused that is read: of networks some count at other resolutions alone, or
            on a GPU.
        cases: Returns the case and others of the same part, in any of which an option may have its effect.
    """

    def ask(case: Any) -> None:
        plain = case.options.model_dump(mode="json")
        read = _read(case, look) if of_networks else set()
        for name, values in judged_options(case, plain):
            if name in read:
                continue
            tried = list(
                _up_to_first(differs for each in cases(case) for differs in _effects(each, plain, name, values, look))
            )
            require(
                any(tried) or not tried,
                f"option {name!r} changes nothing: with {' or '.join(map(repr, values[:3]))} in place of "
                f"{plain[name]!r} all is the same, whatever the other options are; {advice(name)}",
            )

    return ask


def advice(name: str) -> str:
    """Return what to do with an option that has no effect."""
    return (
        f"use options.{name}, or remove it; if it counts under other options alone, let example_options(folder) "
        f"return such; if it is to move no number, as one of speed, say so: "
        f'Annotated[..., ganzoo.WithoutEffect("speed alone")]'
    )


def judged_options(case: Any, plain: Plain) -> Iterator[tuple[str, list[Any]]]:
    """Yield each own option that can be judged, and other values of it."""
    for name, field in case.cls.Options.model_fields.items():
        marked = any(isinstance(each, WithoutEffect | Chooses) for each in field.metadata)
        values = [] if marked or name in case.base.Options.model_fields else _others(field.annotation, plain[name])
        if values:
            yield name, values


def contexts(case: Any, plain: Plain) -> Iterator[Any]:
    """Yield the case's options, and such in which one other choice is made, or what is 0 or absent is not.

    Then the same of the defaults: what was asked for may switch another option off.
    """
    yield from _one_changed(case, plain, case.options)
    for defaults in _legal(case, {}):
        if defaults != case.options:
            yield from _one_changed(case, defaults.model_dump(mode="json"), defaults)


def _one_changed(case: Any, plain: Plain, options: Any) -> Iterator[Any]:
    yield options
    for name, field in case.cls.Options.model_fields.items():
        value = plain[name]
        if isinstance(value, bool | str) or not value:
            for other in _others(field.annotation, value)[:3]:
                yield from _legal(case, {**plain, name: other})


def _effects(case: Any, plain: Plain, name: str, values: Sequence[Any], look: Look) -> Iterator[bool]:
    """Yield whether each other value of an option has an effect."""
    for context in contexts(case, plain):
        here = context.model_dump(mode="json")
        known = seen(case.of(context), look)
        for value in values:
            for options in _legal(case, {**here, name: value}):
                yield not looks_alike(known, seen(case.of(options), look))


def _up_to_first(found: Iterable[bool]) -> Iterator[bool]:
    for each in found:
        yield each
        if each:
            return


def _read(case: Any, look: Look) -> set[str]:
    """Return which options a part reads while it is built and run."""
    found: set[str] = set()
    cls: Any = type(case.options)

    class Watched(cls):  # type: ignore[misc]
        def __getattribute__(self, name: str) -> Any:
            if name in cls.model_fields:
                found.add(name)
            return super().__getattribute__(name)

    watched = Watched.model_construct(**{name: getattr(case.options, name) for name in cls.model_fields})
    seen(case.of(watched), look)
    return found


def _legal(case: Any, plain: Plain) -> Iterator[Any]:
    try:
        yield read_options(case.cls.Options, plain)
    except (ValueError, GanzooError):
        return


def options_with(case: Any, name: str, value: Any) -> Iterator[Any]:
    """Yield a case's options with another value of one of them, if that is legal."""
    yield from _legal(case, {**case.options.model_dump(mode="json"), name: value})


def seen(case: Any, look: Look) -> Sequence[Tensor] | str:
    """Return what is seen of a case; what its part says where it refuses its options, which is an effect too."""
    try:
        return [each.detach().clone() for each in look(case)]
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def looks_alike(one: Sequence[Tensor] | str, other: Sequence[Tensor] | str) -> bool:
    """Whether two looks saw the same."""
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    if len(one) != len(other):
        return False
    pairs = zip(one, other, strict=True)
    return all(a.shape == b.shape and torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in pairs)


def _others(annotation: Any, value: Any) -> list[Any]:
    """Return other values of an option; none for what cannot be judged."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, str):
        return [each for each in _words(annotation) if each != value]
    if isinstance(value, int):
        return list(dict.fromkeys(each for each in (value + 1, value * 2, value // 2, *_COUNTS) if each != value))
    if isinstance(value, float):
        return list(dict.fromkeys(each for each in (value * 2, value / 2, value + 0.1, *_SHARES) if each != value))
    return [1, 0.5, 2] if value is None and _takes_numbers(annotation) else []


def _words(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [word for each in get_args(annotation) for word in _words(each)]


def _takes_numbers(annotation: Any) -> bool:
    return annotation in (int, float) or any(_takes_numbers(each) for each in get_args(annotation))
