"""Records: known checksums, and what a damaged file gives."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seewhy.store.export import frames
from seewhy.store.export.frames import FramesEnd, crc32c, frame, masked_crc, read_frames


@pytest.mark.parametrize(
    ("data", "crc"),
    [  # RFC 3720, B.4, and the check value of the catalogue of CRCs
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(reversed(range(32))), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_known_checksums(data: bytes, crc: int) -> None:
    assert crc32c(data) == crc
    rotated = int(f"{crc:032b}"[-15:] + f"{crc:032b}"[:-15], 2)
    assert masked_crc(data) == (rotated + 0xA282EAD8) % 2**32


def read(data: bytes) -> list[frames.Frame | FramesEnd]:
    return list(read_frames(io.BytesIO(data), len(data)))


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5))
def test_what_was_framed_is_read(bodies: list[bytes]) -> None:
    data = b"".join(map(frame, bodies))
    *found, end = read(data)
    assert [one.body for one in found if isinstance(one, frames.Frame)] == bodies
    assert all(one.sound for one in found if isinstance(one, frames.Frame))
    assert end == FramesEnd(len(data), 0)


@settings(deadline=None)
@given(st.data())
def test_a_cut_tail_leaves_the_records_before_it(data: st.DataObject) -> None:
    whole = [frame(b"first"), frame(b"second")]
    kept = data.draw(st.integers(1, len(whole[1]) - 1))
    found = read(whole[0] + whole[1][:kept])
    assert found == [frames.Frame(b"first", True, 0), FramesEnd(len(whole[0]), kept)]


@pytest.mark.parametrize("place", [9, 14, -2])
def test_a_wrong_byte_is_told(place: int) -> None:
    """In the checksum of the length, the body, and the checksum of the body."""
    data = bytearray(frame(b"a body"))
    data[place] ^= 1
    (found, _) = read(bytes(data))
    assert isinstance(found, frames.Frame)
    assert not found.sound


def test_absurd_lengths_end_the_reading() -> None:
    good = frame(b"good")
    for length in (0, 10**18, 2**64 - 1):
        tail = struct.pack("<Q", length) + bytes(40)
        assert read(good + tail)[-1] == FramesEnd(len(good), len(tail))


def test_a_record_that_is_too_long_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "LONGEST", 100)
    found = read(frame(bytes(101)) + frame(b"next"))
    assert [one.body for one in found if isinstance(one, frames.Frame)] == [None, b"next"]
