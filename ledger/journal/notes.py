"""Signed notes (签名文本): checkpoints, cosignatures and proofs as strangers read and write them.

C2SP's formats, byte for byte: signed-note, tlog-checkpoint, tlog-cosignature (`cosignature/v1`,
Ed25519) and tlog-proof. Whatever bytes come in, the answer is a value or a `BadNote`. Arithmetic
only: where keys are kept is said in `keys`, whom we believe in `policy`.
"""

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import NamedTuple, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.journal.merkle import HASH_SIZE, leaf_hash, verify_inclusion

MOST_BYTES = 1 << 17
"""The longest note: sixteen of the longest signatures that are in use, and some text."""

MOST_SIGNATURES = 16
MOST_HASHES = 63
"""The longest proof: a tree of 2^63 leaves."""

MOST_PROOF = 1 << 18
"""The longest tlog-proof: a record of 65,535 bytes in base64, and a note."""

BEGINS = "c2sp.org/tlog-proof@v1"


class BadNote(ValueError):
    """Bytes that prove nothing; each kind says why."""


class Malformed(BadNote):
    """Not of the form that the specification gives."""


class Forged(BadNote):
    """A signature in the name of a key that we know, and not by it: the whole note is refused."""


class Unsigned(BadNote):
    """No key that we know has signed."""


class Misplaced(BadNote):
    """The leaf does not stand at that index of the tree that was signed."""


# ── words ────────────────────────────────────────────────────────────────────────────────────

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def decimal(text: str) -> int:
    """A number as the formats write it: ASCII digits, no leading zero, below 2^63.

    Raises: Malformed.
    """
    if not _DECIMAL.fullmatch(text) or int(text) >= 1 << 63:
        raise Malformed("a number is written in digits, without leading zeroes")
    return int(text)


def unbase64(text: str) -> bytes:
    """Base64 in its one strict form: padded, nothing left over (RFC 4648 4). Raises: Malformed."""
    try:
        data = a2b_base64(text)
    except ValueError:  # binascii.Error is one; so is what is said of text beyond ASCII
        raise Malformed("not base64") from None
    if base64(data) != text:  # it passes over what does not belong there
        raise Malformed("not the one way to write these bytes in base64")
    return data


def base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode()


def one_hash(text: str) -> bytes:
    """A hash in base64. Raises: Malformed."""
    data = unbase64(text)
    if len(data) != HASH_SIZE:
        raise Malformed("a hash has 32 bytes")
    return data


def plain(data: bytes, most: int) -> str:
    """Text of at most so many bytes, in UTF-8 and with no control characters but line feeds.

    Raises: Malformed.
    """
    if len(data) > most:
        raise Malformed(f"more than {most} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    if any(letter < " " and letter != "\n" for letter in text):
        raise Malformed("a control character")
    return text


def is_name(text: str) -> bool:
    """Whether this may name a key: not empty, no space of any kind, no plus."""
    return bool(text) and not any(
        letter <= " " or letter == "+" or letter.isspace() or "\ud800" <= letter <= "\udfff"
        for letter in text
    )


# ── keys ─────────────────────────────────────────────────────────────────────────────────────


class Kind(IntEnum):
    """What a key signs, as its first byte says."""

    LOG = 0x01  # a note's text
    COSIGNER = 0x04  # `cosignature/v1`: a checkpoint, at a time
    VOUCHER = 0xFF  # no note at all: COSE, in `vouchers`


_P = 2**255 - 19
_Y8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL = {0, 1, _P - 1, _Y8, _P - _Y8}
"""The second coordinates of the eight points of small order: under such a key anything verifies."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that others know us by, or we them: name, kind, and 32 bytes of Ed25519.

    Raises: Malformed where it is none, or one under which signatures mean nothing.
    """

    name: str
    kind: Kind
    raw: bytes

    def __post_init__(self) -> None:
        if not is_name(self.name):
            raise Malformed("a key's name has no spaces and no plus")
        if len(self.raw) != 32:
            raise Malformed("an Ed25519 key has 32 bytes")
        y = int.from_bytes(self.raw, "little") & ((1 << 255) - 1)
        if y >= _P or y in _SMALL:
            raise Malformed("a key of small order, or not in its one form")

    @property
    def id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ kind ‖ key), its first four bytes."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.raw).digest()[:4]

    def __str__(self) -> str:
        """The vkey: `<name>+<hex id>+<base64(kind ‖ key)>`."""
        return f"{self.name}+{self.id.hex()}+{base64(bytes([self.kind]) + self.raw)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads a vkey; base64 may hold a plus, so the first two part it. Raises: Malformed."""
        name, _, rest = text.partition("+")
        id_, _, encoded = rest.partition("+")
        data = unbase64(encoded)
        if not data or data[0] not in {*Kind}:
            raise Malformed("a key of a kind that is not known here")
        key = cls(name, Kind(data[0]), data[1:])
        if id_ != key.id.hex():
            raise Malformed("the key's id is another one")
        return key

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether this key made that Ed25519 signature (RFC 8032)."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey(Protocol):
    """What signs: a file's key, or a command's."""

    @property
    def public(self) -> PublicKey:
        """How others know it."""
        ...

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519. Raises: OSError where the key cannot be used now."""
        ...


# ── notes ────────────────────────────────────────────────────────────────────────────────────


class Signature(NamedTuple):
    """One line below a note: whose it says it is, and what stands behind the id."""

    name: str
    id: bytes
    body: bytes

    @property
    def line(self) -> str:
        return f"— {self.name} {base64(self.id + self.body)}\n"

    @classmethod
    def parse(cls, line: str) -> Self:
        """Reads a line without its line feed. Raises: Malformed."""
        name, space, encoded = line.removeprefix("— ").partition(" ")
        if not line.startswith("— ") or not space or not is_name(name):
            raise Malformed("a signature is written: dash, name, base64")
        data = unbase64(encoded)
        if len(data) < 5:
            raise Malformed("a signature has more than its key's id")
        return cls(name, data[:4], data[4:])


class Note(NamedTuple):
    """A text, and who signed it."""

    text: str
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        return (self.text + "\n" + "".join(each.line for each in self.signatures)).encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Reads a signed note; whether it is to be believed says `verify`. Raises: Malformed."""
        text, blank, below = plain(data, MOST_BYTES).rpartition("\n\n")
        if not blank or not below.endswith("\n"):
            raise Malformed("a note is a text, an empty line, and signatures")
        lines = below[:-1].split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise Malformed(f"more than {MOST_SIGNATURES} signatures")
        return cls(text + "\n", tuple(Signature.parse(line) for line in lines))


class Signed(NamedTuple):
    """A key that has signed a note; a cosigner says when (seconds since 1970)."""

    key: PublicKey
    time: int | None


def sign(text: str, key: SigningKey, time: int | None = None) -> Signature:
    """Signs a text; a cosigner's key at a time. Raises: OSError."""
    public = key.public
    if public.kind is Kind.LOG:
        return Signature(public.name, public.id, key.sign(text.encode()))
    assert time is not None
    body = time.to_bytes(8, "big") + key.sign(_cosigned(time, text))
    return Signature(public.name, public.id, body)


def _cosigned(time: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def verify(note: Note, keys: Iterable[PublicKey]) -> list[Signed]:
    """Which of these keys signed; signatures of other keys are passed over.

    Raises: Forged where one of them fails, Unsigned where there is none of them, Malformed where
    two different keys of ours have one name and id.
    """
    known: dict[tuple[str, bytes], PublicKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.id), key) != key:
            raise Malformed(f"two keys are called {key.name}+{key.id.hex()}")
    found: dict[PublicKey, Signed] = {}
    for each in note.signatures:
        key = known.get((each.name, each.id))
        if key is not None:
            time = _checked(note.text, key, each.body)
            found.setdefault(key, Signed(key, time))
    if not found:
        raise Unsigned("no known key has signed")
    return list(found.values())


def _checked(text: str, key: PublicKey, body: bytes) -> int | None:
    if key.kind is Kind.LOG:
        time, message, signature = None, text.encode(), body
    else:
        time = int.from_bytes(body[:8], "big")
        message, signature = _cosigned(time, text), body[8:]
    if (time or 0) >= 1 << 63 or not key.verifies(message, signature):
        raise Forged(f"not signed by {key.name}+{key.id.hex()}")
    return time


# ── checkpoints ──────────────────────────────────────────────────────────────────────────────


class Checkpoint(NamedTuple):
    """How long a log is, and the root of its tree at that size. Ours never have extensions."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        lines = (self.origin, str(self.size), base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads a note's text. Raises: Malformed."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < 3 or not all(lines):
            raise Malformed("a checkpoint has an origin, a size and a root")
        return cls(lines[0], decimal(lines[1]), one_hash(lines[2]), tuple(lines[3:]))


# ── proofs ───────────────────────────────────────────────────────────────────────────────────


class Proven(NamedTuple):
    """What a proof shows: of which checkpoint, and who signed that."""

    checkpoint: Checkpoint
    by: Sequence[Signed]


@dataclass(frozen=True, slots=True)
class Proof:
    """That something stands at an index of a log, to be checked without the log (tlog-proof).

    `extra` is no part of what is proven; ours holds the record's bytes.
    """

    index: int
    path: tuple[bytes, ...]
    note: bytes  # the checkpoint, with its signatures
    extra: bytes | None = None

    def to_bytes(self) -> bytes:
        extra = "" if self.extra is None else f"extra {base64(self.extra)}\n"
        path = "".join(f"{base64(each)}\n" for each in self.path)
        return f"{BEGINS}\n{extra}index {self.index}\n{path}\n".encode() + self.note

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises: Malformed."""
        above, blank, note = plain(data, MOST_PROOF).partition("\n\n")
        lines = above.split("\n")
        if not blank or lines.pop(0) != BEGINS:
            raise Malformed(f"a proof begins with {BEGINS}")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = unbase64(lines.pop(0).removeprefix("extra "))
        if not lines or not lines[0].startswith("index "):
            raise Malformed("a proof names an index")
        index = decimal(lines.pop(0).removeprefix("index "))
        if len(lines) > MOST_HASHES:
            raise Malformed(f"more than {MOST_HASHES} hashes")
        return cls(index, tuple(one_hash(each) for each in lines), note.encode(), extra)

    def proves(self, leaf: bytes, keys: Iterable[PublicKey]) -> Proven:
        """That this leaf stands there, by one of these keys at least that is the log's own.

        Raises: BadNote.
        """
        note = Note.parse(self.note)
        checkpoint = Checkpoint.parse(note.text)
        by = verify(note, keys)
        if not any(each.key.kind is Kind.LOG and each.key.name == checkpoint.origin for each in by):
            raise Unsigned(f"{checkpoint.origin} has not signed")
        if not verify_inclusion(leaf, self.index, checkpoint.size, self.path, checkpoint.root):
            raise Misplaced(f"not leaf {self.index} of {checkpoint.origin}")
        return Proven(checkpoint, by)


def leaf_of(record: bytes) -> bytes:
    """The leaf of a record's bytes, as `Proof.proves` asks for it."""
    return leaf_hash(record)
