"""CRC-32C (Castagnoli, RFC 3720 appendix B.4), quick enough for megabytes without a compiled library.

A CRC is linear over GF(2): the data are cut into lanes of equal length, all lanes are run at once by numpy, and
neighbors are joined pair by pair: crc(a + b) = shift(crc(a), len(b)) xor crc(b), with registers that start at zero.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78
_START = 0xFFFFFFFF
_SMALL = 1024

Words = NDArray[np.uint32]


def _table() -> Words:
    table: Words = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = _one_bit(table)
    return table


def _one_bit(words: Words) -> Words:
    """Return the registers after one bit of zero."""
    return ((words >> np.uint32(1)) ^ ((words & np.uint32(1)) * np.uint32(_POLYNOMIAL))).astype(np.uint32)


_TABLE = _table()
_PLAIN_TABLE = [int(word) for word in _TABLE]


def masked_crc32c(data: bytes) -> int:
    """Return the CRC as TFRecords store it: rotated right by 15 bits, plus a constant."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of `data`."""
    if len(data) < _SMALL:
        return _run(_START, data) ^ _START
    lanes = 1 << max(4, len(data).bit_length() - 8)
    length = len(data) // lanes
    head = len(data) - lanes * length
    register = _run(_START, data[:head])
    columns = np.frombuffer(data, np.uint8, offset=head).reshape(lanes, length)
    crcs = np.zeros(lanes, np.uint32)
    for column in np.ascontiguousarray(columns.T):
        crcs = _TABLE[(crcs ^ column) & 0xFF] ^ (crcs >> 8)
    while len(crcs) > 1:
        crcs = _shift(crcs[0::2], length) ^ crcs[1::2]
        length *= 2
    return int(_shift(np.array([register], np.uint32), length)[0] ^ crcs[0]) ^ _START


def _run(register: int, data: bytes) -> int:
    for byte in data:
        register = _PLAIN_TABLE[(register ^ byte) & 0xFF] ^ (register >> 8)
    return register


def _shift(words: Words, zeros: int) -> Words:
    """Return the registers after `zeros` bytes of zero."""
    tables = _shift_tables(zeros)
    return (
        tables[0][words & 0xFF]
        ^ tables[1][(words >> 8) & 0xFF]
        ^ tables[2][(words >> 16) & 0xFF]
        ^ tables[3][words >> 24]
    )


@lru_cache(maxsize=64)
def _shift_tables(zeros: int) -> Words:
    """Return what `zeros` bytes of zero make of each byte of a register: uint32 `[4, 256]`."""
    bits: Words = np.uint32(1) << np.arange(32, dtype=np.uint32)
    images, power = bits, bits
    for _ in range(8):
        power = _one_bit(power)
    while zeros:
        if zeros & 1:
            images = _combine(power, images)
        power = _combine(power, power)
        zeros >>= 1
    values = np.arange(256, dtype=np.uint32)
    return np.stack([_combine(images[8 * byte : 8 * byte + 8], values) for byte in range(4)])


def _combine(columns: Words, words: Words) -> Words:
    """Return the xor of the columns whose bits are set in each word."""
    result = np.zeros_like(words)
    for bit, column in enumerate(columns):
        result ^= ((words >> np.uint32(bit)) & np.uint32(1)) * column
    return result
