"""Opcodes: the instructions of pickle streams, protocols 0 to 5, and the loop that follows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ganzoo.errors import CheckpointError
from ganzoo.interchange.byte_stream import Stream
from ganzoo.interchange.limits import Budget
from ganzoo.interchange.literals import LITERALS
from ganzoo.interchange.unpickler import Machine, Meaning, Persistent, hashable

STOP = ord(".")


def run(
    stream: Stream,
    budget: Budget,
    meanings: Mapping[tuple[str, str], Meaning],
    persistent: Persistent | None = None,
) -> Any:
    """Follow one stream from its present position to its end.

    Returns:
        The object that it describes, its arrays not yet filled (see `settle`).

    Raises:
        CheckpointError: It is damaged, or asks for what weights do not need.
    """
    machine = Machine(stream, budget, meanings, persistent)
    data = stream.data
    while True:
        start = stream.position
        if start >= len(data):
            raise CheckpointError("it ends too early")
        opcode = data[start]
        stream.position += 1
        budget.count_opcode()
        if opcode == STOP:
            return machine.pop()
        if reader := LITERALS.get(opcode):
            machine.push(reader(stream))
        elif action := ACTIONS.get(opcode):
            action(machine)
        else:
            raise CheckpointError(f"byte {start:,} (0x{opcode:02x}) is no instruction that weights need")


def _text_line(stream: Stream) -> str:
    return stream.line().decode("utf-8", "replace")


def _index_line(stream: Stream) -> int:
    text = stream.line()
    if not text.isdigit() or len(text) > 18:
        raise CheckpointError(f"no number stands before byte {stream.position:,}")
    return int(text)


def _object(machine: Machine) -> None:
    function, *args = machine.pop_to_mark() or [None]
    machine.call(function, tuple(args))


def _new_with_names(machine: Machine) -> None:
    kwargs, args, function = machine.pop(), machine.pop(), machine.pop()
    machine.call(function, args, kwargs)


def _called(machine: Machine) -> None:
    args, function = machine.pop(), machine.pop()
    machine.call(function, args)


def _instance(machine: Machine) -> None:
    module, name = _text_line(machine.stream), _text_line(machine.stream)
    args = tuple(machine.pop_to_mark())
    machine.push_global(module, name)
    machine.call(machine.pop(), args)


def _named(machine: Machine) -> None:
    name, module = machine.pop(), machine.pop()
    machine.push_global(module, name)


def _tuple(count: int) -> Callable[[Machine], None]:
    def make(machine: Machine) -> None:
        machine.push(tuple([machine.pop() for _ in range(count)][::-1]))

    return make


def _one_item(machine: Machine) -> None:
    value, key = machine.pop(), machine.pop()
    machine.set_items([key, value])


def _dictionary(machine: Machine) -> None:
    pairs = machine.pop_to_mark()
    machine.push({})
    machine.set_items(pairs)


ACTIONS: dict[int, Callable[[Machine], None]] = {
    0x80: Machine.begin,
    0x95: Machine.frame,
    ord("("): Machine.mark,
    ord("0"): Machine.discard,
    ord("1"): lambda machine: machine.pop_to_mark().clear(),
    ord("2"): lambda machine: machine.push(machine.top()),
    ord("g"): lambda machine: machine.recall(_index_line(machine.stream)),
    ord("h"): lambda machine: machine.recall(machine.stream.number(1)),
    ord("j"): lambda machine: machine.recall(machine.stream.number(4)),
    ord("p"): lambda machine: machine.remember(_index_line(machine.stream)),
    ord("q"): lambda machine: machine.remember(machine.stream.number(1)),
    ord("r"): lambda machine: machine.remember(machine.stream.number(4)),
    0x94: lambda machine: machine.remember(len(machine.memo)),
    ord("a"): lambda machine: machine.append([machine.pop()]),
    ord("e"): lambda machine: machine.append(machine.pop_to_mark()),
    ord("s"): _one_item,
    ord("u"): lambda machine: machine.set_items(machine.pop_to_mark()),
    0x90: lambda machine: machine.add(machine.pop_to_mark()),
    0x91: lambda machine: machine.push(frozenset(map(hashable, machine.pop_to_mark()))),
    ord("t"): lambda machine: machine.push(tuple(machine.pop_to_mark())),
    ord("l"): lambda machine: machine.push(machine.pop_to_mark()),
    ord("d"): _dictionary,
    0x85: _tuple(1),
    0x86: _tuple(2),
    0x87: _tuple(3),
    ord("c"): lambda machine: machine.push_global(_text_line(machine.stream), _text_line(machine.stream)),
    0x93: _named,
    ord("R"): _called,
    0x81: _called,
    0x92: _new_with_names,
    ord("i"): _instance,
    ord("o"): _object,
    ord("b"): lambda machine: machine.build(machine.pop()),
    ord("P"): lambda machine: machine.push_persistent(_text_line(machine.stream)),
    ord("Q"): lambda machine: machine.push_persistent(machine.pop()),
}
"""By opcode: what an instruction does. Registered extensions and out-of-band buffers are left out on purpose."""
