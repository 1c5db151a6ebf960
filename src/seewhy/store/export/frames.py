"""Records of an event file, framed as in a TFRecord: length, checksum, body, checksum."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

POLYNOMIAL = 0x82F63B78
"""Of CRC-32C (Castagnoli), bits reversed."""
MASK = 0xA282EAD8
LONGEST = 500_000_000
"""Bytes of the longest record that MindInsight reads."""
HEAD, FOOT = 12, 4


def _table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return tuple(table)


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """CRC-32C of some bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def masked_crc(data: bytes) -> int:
    """Checksum as it is stored: rotated right by 15 bits, plus a constant."""
    crc = crc32c(data)
    return (crc >> 15 | crc << 17) + MASK & 0xFFFFFFFF


def frame(body: bytes) -> bytes:
    """Record with its length and checksums."""
    length = struct.pack("<Q", len(body))
    return b"".join(
        [length, struct.pack("<I", masked_crc(length)), body, struct.pack("<I", masked_crc(body))]
    )


class Frame(NamedTuple):
    """A record that was read.

    Attributes
    ----------
    body : bytes or None
        None: longer than `LONGEST`, passed over.
    sound : bool
        Whether both checksums are right.
    start : int
        Byte of the file where it begins.
    """

    body: bytes | None
    sound: bool
    start: int


class FramesEnd(NamedTuple):
    """Where the records end, and what is left behind them: 0 bytes in a whole file."""

    start: int
    left: int


def read_frames(stream: BinaryIO, size: int) -> Iterator[Frame | FramesEnd]:
    """Read records up to the end, or as far as the lengths make sense.

    Parameters
    ----------
    stream
        At its beginning.
    size
        Bytes to read at the most: those that the file had when the reading began.

    Yields
    ------
    Frame or FramesEnd
        The latter once, at the end.
    """
    start = 0
    while start < size:
        head = stream.read(HEAD)
        if len(head) < HEAD:
            break
        (length,) = struct.unpack("<Q", head[:8])
        end = start + HEAD + length + FOOT
        if not length or end > size:
            break
        checked = struct.unpack("<I", head[8:])[0] == masked_crc(head[:8])
        if length > LONGEST:
            stream.seek(end)
            yield Frame(None, checked, start)
        else:
            body = stream.read(length)
            (crc,) = struct.unpack("<I", stream.read(FOOT))
            yield Frame(body, checked and crc == masked_crc(body), start)
        start = end
    yield FramesEnd(start, size - start)
