"""Canonical JSON: one value, one sequence of bytes, so that two provinces hash the same thing.

The domain is small: strings in Unicode NFC, whole numbers below 2^53 either side of zero, true,
false, null, lists, and objects whose keys are ASCII. Money is counted in fen, so there is no float.
Inside this domain orjson's sorted output is RFC 8785 (JCS) to the byte: ASCII keys sort alike by
code point and by UTF-16 unit, and whole numbers are written in one way only. orjson itself accepts
more (floats, enums, UUIDs, text that is not NFC), so every value is walked before it is written.

    encode        a value to its bytes
    encode_own    the same, much faster, for a value whose types are right by construction
    decode        bytes that we wrote, to their value; trusted and fast
    parse         bytes from outside, and what fsck re-reads: refused unless they are canonical
"""

from collections.abc import Iterable
from typing import Any, cast
from unicodedata import is_normalized

import orjson

MAX_BYTES = 65_535
"""The length of the longest record, and so of anything in one."""

MAX_DEPTH = 32
"""How many lists and objects may stand inside one another; a record needs about six."""

INTEGER_LIMIT = 2**53
"""The first whole number that a reader with IEEE doubles can no longer tell from the next."""

_OPTIONS = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


class NotCanonical(ValueError):
    """A value or a text is outside the canonical domain: `where` it is, and `what` is wrong."""

    # Neither ever quotes the value: it may be personal, and messages end up in logs.
    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.path: list[str | int] = []

    @property
    def where(self) -> str:
        """The way to the value: `$.sealed[2].x`; a key that is no plain word stands in quotes."""
        steps = (
            f".{step}" if isinstance(step, str) and step.isidentifier() else f"[{step!r}]"
            for step in self.path
        )
        return "".join(("$", *steps))

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def encode(value: object) -> bytes:
    """Return the canonical bytes of a value (RFC 8785 3.2, on the domain above)."""
    _check(value, 0)
    data = orjson.dumps(value, option=_OPTIONS)
    if len(data) > MAX_BYTES:
        raise NotCanonical(f"longer than {MAX_BYTES} bytes")
    return data


def encode_own(value: object) -> bytes:
    """Return what `encode` returns, for strings, whole numbers, lists and objects of our making.

    The names in the objects are ours, and in ASCII. orjson itself refuses what is not UTF-8 and
    numbers that are too big. Where the whole is in NFC every text in it is, for no quotation mark
    and no escape melts into a letter beside it; where it is not, the walk finds out what is wrong.
    """
    try:
        data = orjson.dumps(value, option=_OPTIONS)
    except orjson.JSONEncodeError:
        return encode(value)  # which says where and what
    if len(data) <= MAX_BYTES and (data.isascii() or is_normalized("NFC", data.decode())):
        return data
    return encode(value)


def decode(data: bytes) -> Any:
    """Return the value of bytes that `encode` once gave. They are trusted: nothing is checked."""
    return orjson.loads(data)


def parse(data: bytes) -> Any:
    """Return the value of bytes from outside; refuse them unless `encode` would give the same.

    That comparison is what refuses spaces, unsorted or repeated keys, needless escapes and every
    second way to write a number (RFC 8785 3.2; repeated keys: RFC 8259 4).
    """
    if len(data) > MAX_BYTES:
        raise NotCanonical(f"longer than {MAX_BYTES} bytes")
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as fault:
        # `fault` in words tells what and at which character, and does not quote the text.
        raise NotCanonical(f"not JSON: {fault}") from None
    if _is_sound(value, data):
        return value
    written = encode(value)  # which says where and what
    if written != data:
        raise NotCanonical(f"written in another way from byte {_parting(written, data)}")
    return value


def _is_sound(value: object, data: bytes) -> bool:
    """Whether `data`, of which orjson read `value`, is plainly canonical; False is no verdict.

    What orjson writes has no number that is too big and no half of a surrogate pair, and texts
    are in NFC where the whole is, as in `encode_own`. That leaves floats, depth and keys.
    """
    try:
        if orjson.dumps(value, option=_OPTIONS) != data:
            return False
    except orjson.JSONEncodeError:
        return False
    in_ascii = data.isascii()
    if not in_ascii and not is_normalized("NFC", data.decode()):
        return False
    return _is_plain(value, 0, in_ascii)


_ATOMS = frozenset({str, int, bool, type(None)})
"""What JSON has that holds nothing, but for floats."""


def _is_plain(value: object, depth: int, in_ascii: bool) -> bool:
    """Whether nothing here is a float or too deep, and all keys are in ASCII."""
    kind = type(value)
    if kind in _ATOMS:
        return True
    if kind is float or depth == MAX_DEPTH:
        return False
    held: Any = value
    if kind is dict and not in_ascii and not all(map(str.isascii, held)):
        return False
    items: Iterable[object] = held.values() if kind is dict else held
    if not _ATOMS.issuperset(map(type, items)):
        for item in items:
            if type(item) not in _ATOMS and not _is_plain(item, depth + 1, in_ascii):
                return False
    return True


def _check(value: object, depth: int) -> None:
    """Refuse a value, or anything inside it, that is outside the domain."""
    # Exact types: orjson would write an IntEnum, and a reader would get back something else.
    kind = type(value)
    if kind is str:
        text = cast(str, value)
        if not text.isascii():
            _check_text(text)
    elif kind is int:
        if not -INTEGER_LIMIT < cast(int, value) < INTEGER_LIMIT:
            raise NotCanonical("a whole number of 2^53 or more, either side of zero")
    elif kind is dict:
        members = cast(dict[object, object], value)
        for key in members:
            if type(key) is not str or not key.isascii():
                raise NotCanonical("a key that is not an ASCII string")
        _check_inside(cast(dict[str, object], value).items(), depth)
    elif kind is list or kind is tuple:
        _check_inside(enumerate(cast(list[object], value)), depth)
    elif kind is not bool and value is not None:
        raise NotCanonical(f"a value of type {kind.__name__}")


def _check_inside(items: Iterable[tuple[str | int, object]], depth: int) -> None:
    if depth == MAX_DEPTH:
        raise NotCanonical(f"more than {MAX_DEPTH} lists and objects inside one another")
    for step, item in items:
        if (type(item) is str and item.isascii()) or type(item) is bool or item is None:
            continue  # nearly all of a record: not worth a call
        try:
            _check(item, depth + 1)
        except NotCanonical as fault:
            # The path is put together on the way out, so that a sound value does not pay for it.
            fault.path.insert(0, step)
            raise


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotCanonical("text with half a surrogate pair") from None
    if not is_normalized("NFC", text):
        raise NotCanonical("text that is not in Unicode NFC")


def _parting(one: bytes, other: bytes) -> int:
    """Return the first place where two texts differ."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
