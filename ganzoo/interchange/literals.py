"""Literals: instructions of a pickle stream that push numbers, text and bytes of protocols 0 to 5."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Any

from ganzoo.errors import CheckpointError
from ganzoo.interchange.byte_stream import Stream

MAX_INTEGER_BYTES = 64
MAX_DIGITS = 160
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))", re.DOTALL)
_NAMED_ESCAPES = dict(zip(b"abfnrtv\\'\"", b"\a\b\f\n\r\t\v\\'\"", strict=True))


def _decimal(stream: Stream) -> int:
    text = stream.line().removesuffix(b"L")
    if not re.fullmatch(rb"[+-]?\d{1,%d}" % MAX_DIGITS, text):
        raise CheckpointError(f"no integer stands before byte {stream.position:,}")
    return int(text)


def _decimal_or_bool(stream: Stream) -> int | bool:
    if stream.data[stream.position : stream.position + 3] in (b"00\n", b"01\n"):  # how protocol 0 writes booleans
        return stream.line() == b"01"
    return _decimal(stream)


def _float_line(stream: Stream) -> float:
    try:
        return float(stream.line().decode("ascii"))
    except ValueError:
        raise CheckpointError(f"no number stands before byte {stream.position:,}") from None


def _long(width: int) -> Callable[[Stream], int]:
    def read(stream: Stream) -> int:
        count = stream.number(width, signed=width == 4)
        if not 0 <= count <= MAX_INTEGER_BYTES:
            raise CheckpointError(f"an integer of {count:,} bytes stands at byte {stream.position:,}")
        return stream.number(count, signed=True) if count else 0

    return read


def _bytes(width: int) -> Callable[[Stream], bytes]:
    return lambda stream: stream.take(stream.number(width))


def _latin1(width: int) -> Callable[[Stream], str]:
    """Text of Python 2: bytes without an encoding; arrays keep their numbers in it too."""
    return lambda stream: stream.take(stream.number(width)).decode("latin-1")


def _text(width: int) -> Callable[[Stream], str]:
    return lambda stream: _decoded(stream.take(stream.number(width)), "utf-8", "surrogatepass", stream)


def _decoded(data: bytes, encoding: str, errors: str, stream: Stream) -> str:
    try:
        return data.decode(encoding, errors)
    except UnicodeDecodeError:
        raise CheckpointError(f"the text before byte {stream.position:,} is not {encoding}") from None


def _unescaped(match: re.Match[bytes]) -> bytes:
    hexadecimal, octal, other = match.groups()
    if hexadecimal:
        return bytes([int(hexadecimal, 16)])
    if octal:
        return bytes([int(octal, 8) & 0xFF])
    return bytes([_NAMED_ESCAPES[other[0]]]) if other[0] in _NAMED_ESCAPES else match.group()


def _quoted(stream: Stream) -> str:
    line = stream.line()
    if len(line) < 2 or line[:1] not in b"'\"" or line[-1:] != line[:1]:
        raise CheckpointError(f"the text before byte {stream.position:,} is not in quotes")
    return _ESCAPE.sub(_unescaped, line[1:-1]).decode("latin-1")


def _constant(value: Any) -> Callable[[Stream], Any]:
    return lambda stream: value


LITERALS: dict[int, Callable[[Stream], Any]] = {
    ord("N"): _constant(None),
    0x88: _constant(True),
    0x89: _constant(False),
    ord(")"): _constant(()),
    ord("]"): lambda stream: [],
    ord("}"): lambda stream: {},
    0x8F: lambda stream: set(),
    ord("I"): _decimal_or_bool,
    ord("L"): _decimal,
    ord("J"): lambda stream: stream.number(4, signed=True),
    ord("K"): lambda stream: stream.number(1),
    ord("M"): lambda stream: stream.number(2),
    0x8A: _long(1),
    0x8B: _long(4),
    ord("F"): _float_line,
    ord("G"): lambda stream: struct.unpack(">d", stream.take(8))[0],
    ord("S"): _quoted,
    ord("T"): _latin1(4),
    ord("U"): _latin1(1),
    ord("V"): lambda stream: _decoded(stream.line(), "raw-unicode-escape", "strict", stream),
    ord("X"): _text(4),
    0x8C: _text(1),
    0x8D: _text(8),
    ord("B"): _bytes(4),
    ord("C"): _bytes(1),
    0x8E: _bytes(8),
    0x96: _bytes(8),
}
"""By opcode: what reads the constant that the instruction pushes."""
