"""Limits: how much a foreign file may ask for, in proportion to its size."""

from __future__ import annotations

from ganzoo.errors import CheckpointError

MAX_OPCODES = 2_000_000
MAX_NODES = 3_000_000
MAX_NESTING = 100
MAX_STREAMS = 3
GROWTH = 8
ALLOWANCE = 64 * 2**20


class Budget:
    """Counts down what one file may still use, over all streams inside of it.

    Args:
        size: Size of the file in bytes.
    """

    def __init__(self, size: int) -> None:
        self.opcodes = MAX_OPCODES
        self.bytes = GROWTH * size + ALLOWANCE
        self.array_bytes = GROWTH * size + ALLOWANCE
        self.streams = 0

    def count_opcode(self) -> None:
        """Pay for one instruction."""
        self.opcodes -= 1
        if self.opcodes < 0:
            raise CheckpointError(f"it has more than {MAX_OPCODES:,} instructions")

    def pay(self, count: int) -> None:
        """Pay for bytes that are copied or unpacked."""
        self.bytes -= count
        if self.bytes < 0:
            raise CheckpointError("it unpacks to far more than its own size")

    def pay_array(self, count: int) -> None:
        """Pay for the bytes of a tensor that an importer may copy."""
        self.array_bytes -= count
        if self.array_bytes < 0:
            raise CheckpointError("its arrays are together far larger than the file")
