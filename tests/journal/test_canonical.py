"""Canonical JSON: one value has one text, and whatever has another text is refused."""

import json
from contextlib import suppress
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple
from unicodedata import normalize
from uuid import UUID

import orjson
import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.journal.canonical import (
    MAX_BYTES,
    MAX_DEPTH,
    NotCanonical,
    decode,
    encode,
    parse,
)

LIMIT = 2**53 - 1

texts = st.text().map(lambda text: normalize("NFC", text))
keys = st.text(st.characters(max_codepoint=0x7F))
scalars = st.none() | st.booleans() | st.integers(-LIMIT, LIMIT) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=30
)


# ── One value, one text ─────────────────────────────────────────────────────────────────────────


@given(value=values)
@example(value={"\x7f": "\x7f", "\x00": '\b\t\n\f\r\x1f"\\/', "B": 1, "a": 2, "": 3})
@example(value={"name": "桂林市总工会", "fen": -LIMIT, "gift": "🧧", "sep": "\u2028\u2029"})
def test_the_bytes_are_those_of_rfc_8785(value: Any) -> None:
    assert encode(value) == rfc8785.dumps(value)


@given(value=values)
def test_a_value_comes_back_from_its_bytes(value: Any) -> None:
    data = encode(value)

    assert decode(data) == value
    assert parse(data) == value


def test_the_order_in_which_an_object_was_built_leaves_no_trace() -> None:
    one = {"amount": 80_000, "grant": "G-1", "on": "2026-03-04"}
    other = dict(reversed(one.items()))

    assert encode(one) == encode(other) == b'{"amount":80000,"grant":"G-1","on":"2026-03-04"}'


def test_a_tuple_is_written_as_a_list() -> None:
    assert encode({"part": (1, 3)}) == b'{"part":[1,3]}'


# ── Values that have no place in a record ───────────────────────────────────────────────────────


class Office(StrEnum):
    CLERK = "clerk"


class Rank(IntEnum):
    FIRST = 1


class Part(NamedTuple):
    number: int


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (0.5, "a value of type float"),
        (1.0, "a value of type float"),
        (float("nan"), "a value of type float"),
        (Decimal(1), "a value of type Decimal"),
        (b"bytes", "a value of type bytes"),
        (date(2026, 3, 4), "a value of type date"),
        (UUID(int=1), "a value of type UUID"),
        (Office.CLERK, "a value of type Office"),
        (Rank.FIRST, "a value of type Rank"),
        (Part(1), "a value of type Part"),
        ({1, 2}, "a value of type set"),
        (orjson.Fragment(b"0.5"), "a value of type Fragment"),
        (2**53, "a whole number of 2^53 or more, either side of zero"),
        (-(2**53), "a whole number of 2^53 or more, either side of zero"),
        (10**400, "a whole number of 2^53 or more, either side of zero"),
        ("e\u0301", "text that is not in Unicode NFC"),
        ("\u212b", "text that is not in Unicode NFC"),
        ("\ud800", "text with half a surrogate pair"),
        ({1: "one"}, "a key that is not an ASCII string"),
        ({None: "none"}, "a key that is not an ASCII string"),
        ({Office.CLERK: "enum"}, "a key that is not an ASCII string"),
        ({"名": "key"}, "a key that is not an ASCII string"),
    ],
)
def test_what_is_outside_the_domain_is_refused_where_it_stands(value: object, what: str) -> None:
    with pytest.raises(NotCanonical) as refused:
        encode({"kept": True, "sealed": [1, "two", {"x": value}]})

    assert refused.value.where == "$.sealed[2].x"
    assert refused.value.what == what
    assert str(refused.value) == f"$.sealed[2].x: {what}"


def test_a_refusal_at_the_top_and_under_an_odd_key_is_named_too() -> None:
    with pytest.raises(NotCanonical, match=r"^\$: a value of type float$"):
        encode(0.5)
    with pytest.raises(NotCanonical, match=r"^\$\['a b'\]\[0\]: a value of type float$"):
        encode({"a b": [0.5]})


def test_a_refusal_never_quotes_what_may_be_personal() -> None:
    number = "45030519900307e\u0301"

    with pytest.raises(NotCanonical) as refused:
        encode({"number": number})
    with pytest.raises(NotCanonical) as unread:
        parse(b'{"number":"450305199003070011')

    assert "450305" not in str(refused.value)
    assert "450305" not in str(unread.value)


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


def test_depth_has_a_limit_and_a_circle_has_no_bytes() -> None:
    circle: list[Any] = []
    circle.append(circle)

    assert parse(encode(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    for value in (nested(MAX_DEPTH + 1), circle):
        with pytest.raises(NotCanonical, match="inside one another"):
            encode(value)


def test_what_is_too_long_to_be_read_is_not_written() -> None:
    longest = "x" * (MAX_BYTES - 2)

    assert parse(encode(longest)) == longest
    with pytest.raises(NotCanonical, match="longer than 65535 bytes"):
        encode(longest + "x")


# ── Texts from outside ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"a":1,"\\u0061":1}',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b' {"a":1}',
        b'"\\u0061"',
        b'"\\/"',
        b'"\\u001F"',
        b'"\\u6842"',
        b'"\\ud83e\\udde7"',
        b"-0",
    ],
)
def test_a_second_way_to_write_a_value_is_refused(data: bytes) -> None:
    json.loads(data)  # it is JSON, and that is not enough

    with pytest.raises(NotCanonical, match=r"^\$: written in another way from byte \d+$"):
        parse(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[1,]",
        b"{'a':1}",
        b"NaN",
        b"Infinity",
        b"01",
        b"+1",
        b"// note",
        b"1 2",
        b"\xef\xbb\xbf1",
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b'"\n"',
        b"[" * 60_000,
    ],
)
def test_what_is_not_json_is_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical, match=r"^\$: not JSON: "):
        parse(data)


@pytest.mark.parametrize("number", [b"1.0", b"1e3", b"0.1", b"-0.0", b"1E400", b"9" * 30])
def test_a_float_is_refused_in_every_dress(number: bytes) -> None:
    with pytest.raises(NotCanonical):
        parse(b'{"x":' + number + b"}")


def test_the_domain_holds_for_texts_from_outside() -> None:
    hostile = {
        b"[9007199254740992]": "$[0]: a whole number",
        '["e\u0301"]'.encode(): "$[0]: text that is not in Unicode NFC",
        '{"名":1}'.encode(): "$: a key that is not an ASCII string",
        b"[" * 200 + b"]" * 200: "inside one another",
        b'"' + b"x" * MAX_BYTES + b'"': "$: longer than 65535 bytes",
    }

    for data, what in hostile.items():
        with pytest.raises(NotCanonical) as refused:
            parse(data)
        assert what in str(refused.value)


@given(value=values, at=st.integers(0), byte=st.integers(0, 255))
def test_a_byte_changed_gives_another_value_or_none(value: Any, at: int, byte: int) -> None:
    data = bytearray(encode(value))
    data[at % len(data)] = byte

    try:
        read = parse(bytes(data))
    except NotCanonical:
        return

    assert encode(read) == data


@given(data=st.binary())
def test_noise_is_read_canonically_or_refused(data: bytes) -> None:
    with suppress(NotCanonical):
        assert encode(parse(data)) == data
