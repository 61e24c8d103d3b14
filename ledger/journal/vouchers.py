"""Vouchers as bytes (接转凭证的格式): one record of a journal, signed for a worker to carry.

COSE_Sign1 with Ed25519 (RFC 9052, 9053) over the claims of a CWT (RFC 8392), in deterministic CBOR
(RFC 8949 4.2.1), as text in base 32 behind `LD1:`, so that a QR code keeps it in its alphanumeric
mode and a hand can still copy it. One shape, and one way to write each voucher: whatever else comes
in is a `BadNote`. Which key is believed is said in `policy`; on which day it counts, by the law.
"""

import re
from base64 import b32decode, b32encode
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from ledger.domain.ids import PersonId, TransferId, UnionId, is_id
from ledger.domain.kernel import Code
from ledger.domain.membership import Voucher
from ledger.journal.merkle import HASH_SIZE
from ledger.journal.notes import (
    Forged,
    Malformed,
    PublicKey,
    SigningKey,
    Unsigned,
    is_name,
)

PREFIX = "LD1:"
CHECKED_AT = "/V/"
"""Where on a site of ours a voucher is checked."""
MOST_BYTES = 512
MOST_TEXT = 4096
"""The longest text that is looked at: blanks and line feeds of a printer included."""
MOST_NAME = 128
SUFFIX = "/voucher"
"""What the name of a voucher's key has behind the journal's origin."""

_HEAD = b"\xd2\x84"  # COSE_Sign1, an array of four: protected, unprotected, payload, signature
_ALGORITHM = b"\xa2\x01\x27\x04"  # {1: -8 (EdDSA), 4: the key's id}
_NOTHING = b"\xa0"
_UINT, _NEGATIVE, _BYTES, _TEXT, _MAP = 0, 1, 2, 3, 5

ISSUER, SUBJECT, AUDIENCE, EXPIRES, NOT_BEFORE, TOKEN = 1, 2, 3, 4, 5, 7
INDEX, LEAF, UNION = -65537, -65538, -65539
"""Claims of our own, in the range that RFC 8392 leaves to private use."""

_EPOCH = date(1970, 1, 1).toordinal()
_DAY, _BEIJING = 86_400, 8 * 3_600


# ── what is signed ───────────────────────────────────────────────────────────────────────────


def encode(voucher: Voucher) -> bytes:
    """The claims, in the order of their keys."""
    return _head(_MAP, 9) + b"".join(
        _int(key) + value
        for key, value in (
            (ISSUER, _text(voucher.issuer)),
            (SUBJECT, _text(voucher.person)),
            (AUDIENCE, _text(voucher.audience)),
            (EXPIRES, _int(_begins(voucher.until) + _DAY)),
            (NOT_BEFORE, _int(_begins(voucher.since))),
            (TOKEN, _bytes(voucher.offer.encode())),
            (INDEX, _int(voucher.index)),
            (LEAF, _bytes(bytes.fromhex(voucher.leaf))),
            (UNION, _text(voucher.union)),
        )
    )


def decode(data: bytes) -> Voucher:
    """Reads the claims. Raises: Malformed."""
    read = _Reader(data)
    read.expect(_head(_MAP, 9))
    issuer = _origin(read.claim(ISSUER).text())
    person = _named("per", read.claim(SUBJECT).text())
    audience = _origin(read.claim(AUDIENCE).text())
    until = _day(read.claim(EXPIRES).uint() - _DAY)
    since = _day(read.claim(NOT_BEFORE).uint())
    offer = _named("trf", _ascii(read.claim(TOKEN).data()))
    index = read.claim(INDEX).uint()
    leaf = read.claim(LEAF).data()
    union = _named("uni", read.claim(UNION).text())
    read.end()
    if len(leaf) != HASH_SIZE or index >= 1 << 53 or until < since:
        raise Malformed("a voucher names a record by its index and hash, and a term")
    return Voucher(
        issuer, PersonId(person), audience, since, until, TransferId(offer), UnionId(union), index,
        Code(leaf.hex()),
    )  # fmt: skip


def _begins(day: date) -> int:
    """The first second of a day in Beijing, since 1970."""
    return (day.toordinal() - _EPOCH) * _DAY - _BEIJING


def _day(moment: int) -> date:
    days, rest = divmod(moment + _BEIJING, _DAY)
    if rest or not _EPOCH < days + _EPOCH < date.max.toordinal():
        raise Malformed("a term is of whole days in Beijing")
    return date.fromordinal(days + _EPOCH)


def _origin(text: str) -> Code:
    if not is_name(text) or len(text) > MOST_NAME:
        raise Malformed("a journal is named without spaces and plus")
    return Code(text)


def _named(prefix: str, text: str) -> str:
    if not is_id(text) or text[:3] != prefix:
        raise Malformed(f"an id of the kind {prefix}_ belongs here")
    return text


def _ascii(data: bytes) -> str:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise Malformed("a voucher is written in ASCII") from None


# ── signatures ───────────────────────────────────────────────────────────────────────────────


class Signed(NamedTuple):
    """A voucher with a signature; whether it is to be believed says `verify`."""

    voucher: Voucher
    key_id: bytes
    payload: bytes
    signature: bytes

    def to_bytes(self) -> bytes:
        protected = _bytes(_ALGORITHM + _bytes(self.key_id))
        return _HEAD + protected + _NOTHING + _bytes(self.payload) + _bytes(self.signature)

    @classmethod
    def parse(cls, data: bytes) -> "Signed":
        """Raises: Malformed."""
        if len(data) > MOST_BYTES:
            raise Malformed(f"more than {MOST_BYTES} bytes")
        read = _Reader(data)
        read.expect(_HEAD)
        header = _Reader(read.data())
        read.expect(_NOTHING)
        payload, signature = read.data(), read.data()
        read.end()
        header.expect(_ALGORITHM)
        key_id = header.data()
        header.end()
        if len(key_id) != 4 or len(signature) != 64:
            raise Malformed("a key is named by four bytes, and signs with sixty-four")
        return cls(decode(payload), key_id, payload, signature)

    def verify(self, keys: Iterable[PublicKey]) -> PublicKey:
        """Which of these keys has signed, one that is the issuer's own for vouchers.

        Raises: Unsigned where it is none of them, Forged where it is one and the signature fails.
        """
        name = self.voucher.issuer + SUFFIX
        known = [key for key in keys if (key.name, key.id) == (name, self.key_id)]
        for key in known:
            if key.verifies(_signed(self.key_id, self.payload), self.signature):
                return key
        raise Forged(f"not signed by {name}") if known else Unsigned(f"{name} is not known")


def sign(voucher: Voucher, key: SigningKey) -> Signed:
    """Raises: OSError where the key cannot be used now."""
    payload, key_id = encode(voucher), key.public.id
    return Signed(voucher, key_id, payload, key.sign(_signed(key_id, payload)))


def _signed(key_id: bytes, payload: bytes) -> bytes:
    """What the signature is over: RFC 9052 4.4, with nothing from outside."""
    protected = _bytes(_ALGORITHM + _bytes(key_id))
    return b"\x84" + _text("Signature1") + protected + _bytes(b"") + _bytes(payload)


# ── as text ──────────────────────────────────────────────────────────────────────────────────


_CARRIED = re.compile(rf"(?:HTTPS?://[A-Z0-9.:\[\]-]+{CHECKED_AT})?{PREFIX}([A-Z2-7]+)", re.ASCII)


def to_text(signed: Signed) -> str:
    """As the worker carries it, in a QR code or a message."""
    return PREFIX + b32encode(signed.to_bytes()).decode().rstrip("=")


def to_address(text: str, base: str) -> str:
    """The same for a QR code that any telephone can follow: capitals, so that it stays small."""
    return f"{base.rstrip('/')}{CHECKED_AT}".upper() + text


def of_text(text: str) -> Signed:
    """Reads what was scanned, pasted or typed; blanks and small letters do not matter, and an
    address that leads to a page on which it is checked may stand before it.

    Raises: Malformed.
    """
    if len(text) > MOST_TEXT or not text.isascii():
        raise Malformed("no text of a voucher")
    found = _CARRIED.fullmatch("".join(text.split()).upper())
    if found is None:
        raise Malformed(f"a voucher begins with {PREFIX}, and goes on in base 32")
    letters = found[1]
    try:
        data = b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError:  # binascii.Error is one
        raise Malformed("no base 32 has so many letters") from None
    if b32encode(data).decode().rstrip("=") != letters:
        raise Malformed("not the one way to write these bytes")
    return Signed.parse(data)


# ── CBOR, as much as one shape needs ─────────────────────────────────────────────────────────


def _head(major: int, value: int) -> bytes:
    """The head of an item in its shortest form (RFC 8949 4.2.1)."""
    if value < 24:
        return bytes([major << 5 | value])
    at = next(at for at in range(4) if value < 1 << (8 << at))
    return bytes([major << 5 | 24 + at]) + value.to_bytes(1 << at, "big")


def _int(value: int) -> bytes:
    return _head(_UINT, value) if value >= 0 else _head(_NEGATIVE, -1 - value)


def _bytes(data: bytes) -> bytes:
    return _head(_BYTES, len(data)) + data


def _text(text: str) -> bytes:
    return _head(_TEXT, len(text.encode())) + text.encode()


class _Reader:
    """Reads items one after another, each of the kind that has to stand there."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def expect(self, said: bytes) -> None:
        if self._take(len(said)) != said:
            raise Malformed("something else stands here")

    def claim(self, key: int) -> "_Reader":
        self.expect(_int(key))
        return self

    def uint(self) -> int:
        return self._head(_UINT)

    def data(self) -> bytes:
        return self._take(self._head(_BYTES))

    def text(self) -> str:
        return _ascii(self._take(self._head(_TEXT)))

    def end(self) -> None:
        if self._at != len(self._data):
            raise Malformed("something is left over")

    def _head(self, major: int) -> int:
        start = self._at
        kind, low = divmod(self._take(1)[0], 32)
        if kind != major or low > 27:
            raise Malformed("an item of another kind, or without an end")
        value = low if low < 24 else int.from_bytes(self._take(1 << low - 24), "big")
        if self._data[start : self._at] != _head(major, value):
            raise Malformed("a number that is not in its shortest form")
        return value

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise Malformed("it ends too early")
        self._at += count
        return taken
