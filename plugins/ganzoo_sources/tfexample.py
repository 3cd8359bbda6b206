"""tf.train.Example: the part of protocol buffers that it needs, read without TensorFlow.

Wire format: https://protobuf.dev/programming-guides/encoding. An Example holds a map from names to features, and a
feature is a list of bytes (1), floats (2) or 64-bit integers (3).
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}
_MAX_VARINT = 10

Value = bytes | list[int] | None


def parse_example(data: bytes) -> dict[str, Value]:
    """Return the features of an Example: the first bytes of a bytes list, all numbers of an integer list.

    Raises:
        ValueError: It is none.
    """
    features: dict[str, Value] = {}
    for _, body in _messages(data, 1):
        for _, pair in _messages(body, 1):
            parts = dict(_messages(pair))
            if isinstance(key := parts.get(1), bytes):
                features[key.decode("utf-8")] = _value(bytes(parts.get(2, b"")))
    return features


def _value(feature: bytes) -> Value:
    for kind, body in _messages(feature):
        if kind == 1:
            return next((value for _, value in _messages(body, 1)), None)
        if kind == 3:
            return [number for _, packed in _messages(body, 1) for number in _numbers(packed)]
    return None


def _messages(data: bytes, only: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Give number and content of each field; a lone varint comes as its bytes."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, wire = tag >> 3, tag & 7
        if wire == _BYTES:
            size, place = _varint(data, place)
            end = place + size
        elif wire == _VARINT:
            _, end = _varint(data, place)
        elif wire in _FIXED_SIZES:
            end = place + _FIXED_SIZES[wire]
        else:
            raise ValueError(f"has a field of wire type {wire}")
        if end > len(data):
            raise ValueError("has a field that reaches beyond its end")
        if only is None or number == only:
            yield number, data[place:end]
        place = end


def _numbers(packed: bytes) -> Iterator[int]:
    place = 0
    while place < len(packed):
        number, place = _varint(packed, place)
        yield number - 2**64 if number >= 2**63 else number


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(_MAX_VARINT):
        if place + shift >= len(data):
            raise ValueError("ends within a number")
        byte = data[place + shift]
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, place + shift + 1
    raise ValueError("has a number of more than 64 bits")
