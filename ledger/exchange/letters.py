"""The letters of the exchange (往来报文): what passes between two nodes, as bytes, read strictly.

JSON for pages and openings, C2SP's own forms for checkpoints, cosignatures and tiles. Records and
their headers are canonical JSON already, so they travel as text; hashes and salts in base64. A
member that is not known here is a newer release's, and passed over; one that is missing, of
another type or not in its one form refuses the whole letter.
"""

from collections.abc import Sequence
from typing import Any, cast

import orjson

from ledger.exchange.giving import PAGE
from ledger.exchange.wire import Line, Opening, Owed, Page
from ledger.journal.canonical import MAX_BYTES
from ledger.journal.merkle import HASH_SIZE
from ledger.journal.notes import MOST_HASHES, BadNote, base64, unbase64
from ledger.journal.vault import SALT

PREFIX = "/exchange/v1"
"""Where a node answers. What an older release would misread gets another number."""

JSON = "application/json"
NOTE = "text/plain; charset=utf-8"
HASHES = "application/octet-stream"

MOST = 32 << 20
"""The longest answer: a page of records, as much again in openings, and what JSON adds."""

MOST_LINKS = 200
MOST_OWED = 100_000


class Garbled(ValueError):
    """Bytes that are no letter of the exchange; the message says where."""


# ── pages ────────────────────────────────────────────────────────────────────────────────────


def page_to_bytes(page: Page) -> bytes:
    return orjson.dumps(
        {
            "lines": [
                {
                    "header": each.header.decode(),
                    "record": each.record.decode(),
                    "openings": _openings_told(each.openings),
                }
                for each in page.lines
            ],
            "proof": [base64(each) for each in page.proof],
        }
    )


def page_of(data: bytes) -> Page:
    """Reads a page. Raises: Garbled."""
    said = _object(_parsed(data), "page")
    lines = [
        Line(
            _text(each, "header", MAX_BYTES), _text(each, "record", MAX_BYTES),
            _openings(each, "openings"),
        )
        for each in _objects(said, "lines", PAGE)
    ]  # fmt: skip
    proof = _list(said, "proof", MOST_HASHES)
    return Page(lines, [_bytes(each, "proof", HASH_SIZE) for each in proof])


# ── openings ─────────────────────────────────────────────────────────────────────────────────


def links_to_bytes(links: Sequence[str]) -> bytes:
    return orjson.dumps({"links": list(links)})


def links_of(data: bytes) -> list[str]:
    """Reads which links are asked about. Raises: Garbled."""
    found = _list(_object(_parsed(data), "request"), "links", MOST_LINKS)
    if not all(isinstance(each, str) and 0 < len(each) <= 64 for each in found):
        raise Garbled("links: not the id of a link")
    return cast("list[str]", found)


def owed_to_bytes(owed: Sequence[Owed]) -> bytes:
    return orjson.dumps(
        {
            "owed": [
                {"number": each.number, "openings": _openings_told(each.openings)} for each in owed
            ]
        }
    )


def owed_of(data: bytes) -> list[Owed]:
    """Reads openings that were owed. Raises: Garbled."""
    said = _object(_parsed(data), "answer")
    found: list[Owed] = []
    for each in _objects(said, "owed", MOST_OWED):
        number = each.get("number")
        if type(number) is not int or not 0 < number < 1 << 53:
            raise Garbled("number: not a place in a channel")
        found.append(Owed(number, _openings(each, "openings")))
    return found


def _openings_told(openings: Sequence[Opening]) -> list[dict[str, str]]:
    return [
        {
            "person": each.person, "group": each.group, "salt": base64(each.salt),
            "payload": each.payload.decode(),
        }
        for each in openings
    ]  # fmt: skip


def _openings(of: dict[str, Any], name: str) -> list[Opening]:
    return [
        Opening(
            _word(each, "person"), _word(each, "group"),
            _bytes(each.get("salt"), "salt", SALT), _text(each, "payload", MAX_BYTES),
        )
        for each in _objects(of, name, 1000)
    ]  # fmt: skip


# ── strict reading ───────────────────────────────────────────────────────────────────────────


def _parsed(data: bytes) -> Any:
    if len(data) > MOST:
        raise Garbled(f"more than {MOST} bytes")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as fault:
        raise Garbled(f"not JSON: {fault.msg}") from None


def _object(value: Any, what: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise Garbled(f"{what}: not an object")
    return value  # pyright: ignore[reportUnknownVariableType]


def _list(of: dict[str, Any], name: str, most: int) -> list[Any]:
    value = of.get(name)
    if type(value) is not list or len(value) > most:  # pyright: ignore[reportUnknownArgumentType]
        raise Garbled(f"{name}: not a list of at most {most}")
    return value  # pyright: ignore[reportUnknownVariableType]


def _objects(of: dict[str, Any], name: str, most: int) -> list[dict[str, Any]]:
    return [_object(each, name) for each in _list(of, name, most)]


def _word(of: dict[str, Any], name: str, most: int = 64) -> str:
    value = of.get(name)
    if type(value) is not str or len(value) > most:
        raise Garbled(f"{name}: not a text of at most {most}")
    return value


def _text(of: dict[str, Any], name: str, most: int) -> bytes:
    data = _word(of, name, most).encode()
    if len(data) > most:
        raise Garbled(f"{name}: more than {most} bytes")
    return data


def _bytes(value: Any, name: str, length: int) -> bytes:
    if not isinstance(value, str):
        raise Garbled(f"{name}: not base64")
    try:
        data = unbase64(value)
    except BadNote as fault:
        raise Garbled(f"{name}: {fault}") from None
    if len(data) != length:
        raise Garbled(f"{name}: {length} bytes belong there")
    return data
