"""Protocol buffers' wire format (proto2) for messages that are dataclasses.

A message is a dataclass whose fields are made with `optional` and `repeated`. What is None or
empty is not written; unknown fields are passed over when reading, packed lists are understood.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias, TypeVar

Kind: TypeAlias = "Literal['int', 'float', 'double', 'string'] | type[Any]"
"""Type of a field; 'int' is int32 or int64, a dataclass a message."""

M = TypeVar("M")

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_WIRES = {"int": VARINT, "double": FIXED64, "float": FIXED32}
_FORMATS = {"double": "<d", "float": "<f"}
_INT_BITS = 64


def optional(number: int, kind: Kind) -> Any:
    """Field that may be missing."""
    return dataclasses.field(default=None, metadata={"number": number, "kind": kind})


def repeated(number: int, kind: Kind) -> Any:
    """Field that is a list."""
    return dataclasses.field(default_factory=list, metadata={"number": number, "kind": kind})


def encode(message: Any) -> bytes:
    """Write a message, its fields in the order of the class."""
    parts = []
    for field in dataclasses.fields(message):
        value = getattr(message, field.name)
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                parts.append(_encode_field(field.metadata["number"], field.metadata["kind"], one))
    return b"".join(parts)


def _encode_field(number: int, kind: Kind, value: Any) -> bytes:
    wire = _WIRES.get(kind, BYTES) if isinstance(kind, str) else BYTES
    key = _varint(number << 3 | wire)
    if kind == "int":
        return key + _varint(value % 2**_INT_BITS)
    if isinstance(kind, str) and kind in _FORMATS:
        return key + struct.pack(_FORMATS[kind], value)
    body = value.encode() if kind == "string" else encode(value)
    return key + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def decode(kind: type[M], data: bytes) -> M:
    """Read a message.

    Raises
    ------
    ValueError
        If the bytes are not such a message.
    """
    fields = {field.metadata["number"]: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    message = kind()
    for number, wire, raw in _split(data):
        if number not in fields:
            continue
        field = fields[number]
        values = list(_decode_values(field.metadata["kind"], wire, raw))
        if field.default_factory is list:
            getattr(message, field.name).extend(values)
        elif values:
            setattr(message, field.name, values[-1])
    return message


def _split(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Field numbers, wire types and raw values."""
    position = 0
    while position < len(data):
        key, position = _read_varint(data, position)
        number, wire = key >> 3, key & 7
        if not number:
            raise ValueError("no field has the number 0")
        if wire == VARINT:
            value, position = _read_varint(data, position)
            yield number, wire, value
            continue
        if wire == BYTES:
            length, position = _read_varint(data, position)
        elif wire in (FIXED32, FIXED64):
            length = 4 if wire == FIXED32 else 8
        else:
            raise ValueError(f"unknown wire type {wire}")
        if length > len(data) - position:
            raise ValueError(f"field {number} is cut off")
        yield number, wire, data[position : position + length]
        position += length


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(data) or shift >= 70:
            raise ValueError("a number is cut off")
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        shift += 7
        if byte < 0x80:
            return value, position


def _decode_values(kind: Kind, wire: int, raw: int | bytes) -> Iterator[Any]:
    """Values of a field: one, or all of a packed list."""
    expected = _WIRES.get(kind, BYTES) if isinstance(kind, str) else BYTES
    if wire not in (expected, BYTES):
        raise ValueError(f"wire type {wire} where {expected} is expected")
    if isinstance(raw, int):
        yield _signed(raw)
    elif not isinstance(kind, str):
        yield decode(kind, raw)
    elif kind == "string":
        yield raw.decode()  # a UnicodeDecodeError is a ValueError
    elif kind == "int":
        position = 0
        while position < len(raw):
            value, position = _read_varint(raw, position)
            yield _signed(value)
    else:
        if len(raw) % struct.calcsize(_FORMATS[kind]):
            raise ValueError("a list of numbers is cut off")
        for (value,) in struct.iter_unpack(_FORMATS[kind], raw):
            yield value


def _signed(value: int) -> int:
    value %= 2**_INT_BITS
    return value - 2**_INT_BITS if value >> _INT_BITS - 1 else value
