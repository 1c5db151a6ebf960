"""Messages by hand against protobuf's own writer and parser, which MindSpore brings along."""

from __future__ import annotations

import dataclasses
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seewhy.store.export.messages import Benchmark, Event, Explain, Explanation, Hoc, Inference
from seewhy.store.export.wire import decode, encode

TYPES = {"int": 5, "float": 2, "double": 1, "string": 9}  # as in descriptor.proto

singles = st.floats(width=32, allow_nan=False)
ids = st.integers(-(2**31), 2**31 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)


def strategy(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Messages of a class with any values, missing ones too."""
    fields = {}
    for field in dataclasses.fields(kind):
        plain = {"int": ids, "float": singles, "double": st.floats(allow_nan=False)}
        of = field.metadata["kind"]
        one = plain.get(of, texts) if isinstance(of, str) else strategy(of)
        is_list = field.default_factory is list
        fields[field.name] = st.lists(one, max_size=3) if is_list else st.none() | one
    return st.builds(kind, **fields)


def protobuf_classes(packed: bool) -> dict[str, Any]:
    """The same messages, as protobuf builds them from a description."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name=f"xai_{packed}.proto", package="xai")
    todo: list[type[Any]] = [Event]
    for kind in todo:
        message = file.message_type.add(name=kind.__name__)
        for field in dataclasses.fields(kind):
            of, is_list = field.metadata["kind"], field.default_factory is list
            made = message.field.add(
                name=field.name, number=field.metadata["number"], label=3 if is_list else 1
            )
            if isinstance(of, str):
                made.type = TYPES[of]
                made.options.packed = packed and is_list and of != "string"
            else:
                made.type, made.type_name = 11, f".xai.{of.__name__}"
                todo += [of] if of not in todo else []
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        kind.__name__: message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"xai.{kind.__name__}")
        )
        for kind in todo
    }


@pytest.fixture(scope="module", params=[False, True], ids=["unpacked", "packed"])
def peers(request: pytest.FixtureRequest) -> dict[str, Any]:
    return protobuf_classes(request.param)


def fill(peer: Any, message: Any) -> Any:
    """Give protobuf's message the values of ours."""
    for field in dataclasses.fields(message):
        value = getattr(message, field.name)
        if isinstance(value, list):
            for one in value:
                if dataclasses.is_dataclass(one):
                    fill(getattr(peer, field.name).add(), one)
                else:
                    getattr(peer, field.name).append(one)
        elif dataclasses.is_dataclass(value):
            getattr(peer, field.name).SetInParent()
            fill(getattr(peer, field.name), value)
        elif value is not None:
            setattr(peer, field.name, value)
    return peer


@pytest.mark.mindspore
@settings(deadline=None)
@given(message=strategy(Event))
def test_protobuf_agrees(peers: dict[str, Any], message: Event) -> None:
    expected = fill(peers["Event"](), message)
    assert peers["Event"].FromString(encode(message)) == expected
    assert decode(Event, expected.SerializeToString()) == message


@settings(deadline=None)
@given(message=strategy(Event))
def test_there_and_back(message: Event) -> None:
    assert decode(Event, encode(message)) == message


def test_nan_is_carried() -> None:
    (value,) = decode(Benchmark, encode(Benchmark(label_score=[float("nan")]))).label_score
    assert value != value


def test_unknown_fields_are_passed_over() -> None:
    unknown = b"\x98\x06\x05" + b"\xa2\x06\x03abc" + b"\xad\x06abcd" + b"\xb1\x06abcdefgh"
    event = Event(1.5, 1, None, Explain(sample_id=3))
    assert decode(Event, unknown + encode(event) + unknown) == event


def test_the_last_of_repeated_values_counts() -> None:
    assert decode(Explanation, b"\x10\x01\x10\x02").label == 2


def test_numbers_keep_their_sign() -> None:
    assert decode(Hoc, encode(Hoc(label=-5))).label == -5


@pytest.mark.parametrize(
    "data",
    [
        b"\x08",  # a key without a value
        b"\x10" + b"\xff" * 11,  # a number that does not end
        b"\x0a\x05ab",  # a string that is cut off
        b"\x0a\x02\xff\xfe",  # no UTF-8
        b"\x13\x14",  # groups are not of this format
        b"\x0d\x00\x00",  # a fixed number that is cut off
        b"\x00\x00",  # no field has number 0
        b"\x11" + bytes(8),  # a double where an int is expected
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message differs from case to case
        decode(Explanation, data)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_a_message_or_a_value_error(data: bytes) -> None:
    try:
        decode(Event, data)
    except ValueError:
        pass


def test_a_packed_list_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ValueError, match="cut off"):
        decode(Inference, b"\x0a\x05" + struct.pack("<f", 1) + b"\x00")
