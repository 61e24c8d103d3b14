"""Whatever comes from outside: read, and written back to the same bytes, or refused in our words.

`READERS` are all that turn outside bytes into something: each with good ones to spoil, and with
the errors that it may answer with. Any other error is a bug, and so is a second way to write what
has one. What comes over HTTP is fuzzed in `api/test_fuzzing.py`, workbooks in `imports`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.backups import BackupDamaged
from ledger.backups.envelope import MAGIC, SealedReader, SealedWriter, read_header
from ledger.domain import divisions, identity, money
from ledger.domain.kernel import Refused
from ledger.exchange import letters
from ledger.exchange.wire import Line, Opening, Owed, Page, Unproven, read_line
from ledger.imports.limits import UnreadableRoster
from ledger.imports.reading import judge
from ledger.journal import canonical, shredded, vouchers
from ledger.journal.canonical import NotCanonical
from ledger.journal.database import Database
from ledger.journal.keys import PRIVATE, BadKey, FileKey, SigningKeys
from ledger.journal.merkle import Frontier, leaf_hash, node_hash
from ledger.journal.notes import (
    BadNote,
    Checkpoint,
    Kind,
    Note,
    Proof,
    PublicKey,
    Signature,
    base64,
    sign,
)
from ledger.journal.policy import Policy
from ledger.journal.signing import JournalSigner, SignedLost
from ledger.journal.tables import metadata
from ledger.journal.tiles import Asked
from ledger.journal.vault import Keyring, commitment
from ledger.journal.witness import Request
from ledger.settings import BadSetting, Settings
from tests.journal import test_vouchers

ORIGIN = "liangdi.example/guangxi"
CHANNEL = f"{ORIGIN}/to/liangdi.example/guangdong"
TODAY = date(2026, 11, 22)


@dataclass(frozen=True)
class Reader:
    """One way in: good bytes, what reading and writing back makes of them, and its own errors."""

    name: str
    good: Sequence[bytes]
    back: Callable[[bytes, Path], bytes | None]  # None: what was read has no one form
    errors: tuple[type[Exception], ...]

    def __str__(self) -> str:
        return self.name

    def holds(self, data: bytes, folder: Path) -> None:
        """Reads or refuses; what was read is written as it came."""
        with suppress(*self.errors):
            written = self.back(data, folder)
            assert written is None or written == data


# ── good bytes to begin with ─────────────────────────────────────────────────────────────────


def _key(name: str, kind: Kind, seed: bytes) -> FileKey:
    private = Ed25519PrivateKey.from_private_bytes(seed * 32)
    return FileKey(PublicKey(name, kind, private.public_key().public_bytes_raw()), private)


LOG = _key(ORIGIN, Kind.LOG, b"1")
WITNESS = _key("liangdi.example/guangdong/witness", Kind.COSIGNER, b"2")
LEAVES = [leaf_hash(bytes([number])) for number in range(2)]
HEAD = Checkpoint(ORIGIN, 2, node_hash(*LEAVES))
NOTE = Note(HEAD.text, (sign(HEAD.text, LOG), sign(HEAD.text, WITNESS, 1_770_000_000)))
PROOF = Proof(0, (LEAVES[1],), NOTE.to_bytes(), b"record")
_SECRET = base64(b"\x01" + b"1" * 32)
PRIVATE_KEY = f"{PRIVATE}{LOG.public.name}+{LOG.public.id.hex()}+{_SECRET}\n"
POLICY = (
    f"log {LOG.public}\nwitness 广东 {WITNESS.public} https://w.example\n"
    "group both all 广东\nquorum both\n"
)
SALT, TEXTS = b"\1" * 32, canonical.encode({"name": "韦秀英", "number": "452728198808015587"})
HEADER = {
    "origin": ORIGIN, "position": 7, "stream": "per_a", "version": 1, "kind": "PersonRegistered",
    "at": "2026-03-02T01:00:00.000000Z", "on": "2026-03-02", "officer": "per_b", "union": "uni_c",
    "office": "clerk", "entry": "ent_d", "part": [1, 1],
    "decided_by": {"who": "uni_c", "office": "approver", "paper": "桂工发〔2026〕12号"},
}  # fmt: skip
BODY = {
    "person": "per_a", "document": "citizen_number", "origin": None, "guardian": None,
    "sealed": {"per_a": {"identity": commitment(SALT, TEXTS)}},
}  # fmt: skip
CHANNEL_HEADER = {"channel": CHANNEL, "number": 3, "cause": 7, "under": "lnk_e"}
RECORD = canonical.encode(HEADER) + b"\n" + canonical.encode(BODY)
SIGNED = orjson.dumps(
    {
        "origin": ORIGIN, "size": 2, "root": base64(HEAD.root),
        "frontier": Frontier().extend(LEAVES).to_bytes().hex(),
    }
)  # fmt: skip
ROSTER = "姓名,性别,公民身份号码,联系电话\n韦秀英,女,452728198808015587,13800000000\n".encode()
PROVINCE = '{"code": "45", "origin": "x", "name": "广西", "short": "桂"}'.encode()


# ── ways in ──────────────────────────────────────────────────────────────────────────────────


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _vkey(data: bytes, _: Path) -> bytes:
    return str(PublicKey.parse(data.decode("utf-8", "surrogateescape"))).encode(
        "utf-8", "surrogateescape"
    )


def _signature(data: bytes, _: Path) -> bytes:
    return Signature.parse(data.decode("utf-8", "surrogateescape")).line.encode()[:-1]


def _checkpoint(data: bytes, _: Path) -> bytes:
    note = Note.parse(data)
    return note._replace(text=Checkpoint.parse(note.text).text).to_bytes()


def _voucher(data: bytes, _: Path) -> None:
    """Blanks and small letters are no part of it; what it says is."""
    signed = vouchers.of_text(data.decode("utf-8", "replace"))
    assert vouchers.of_text(vouchers.to_text(signed)) == signed


def _policy(data: bytes, _: Path) -> None:
    """Comments and spaces are no part of it; what it says is."""
    policy = Policy.parse(data)
    assert Policy.parse(str(policy).encode("utf-8", "surrogateescape")) == policy


def _proof(data: bytes, _: Path) -> bytes:
    proof = Proof.parse(data)
    with suppress(BadNote):
        proof.proves(LEAVES[0], [LOG.public, WITNESS.public])
    return proof.to_bytes()


def _line(header: bytes, record: bytes, openings: Sequence[Opening] = ()) -> bytes:
    return read_line(Line(header, record, openings), ORIGIN, CHANNEL, 3).record.bytes


def _opening(payload: bytes, _: Path) -> None:
    held = {**BODY, "sealed": {"per_a": {"identity": commitment(SALT, payload)}}}
    record = canonical.encode(HEADER) + b"\n" + canonical.encode(held)
    _line(canonical.encode(CHANNEL_HEADER), record, [Opening("per_a", "identity", SALT, payload)])


def _in_folder(folder: Path, name: str, data: bytes, mode: int = 0o600) -> Path:
    path = folder / name
    path.unlink(missing_ok=True)
    path.touch(mode)
    path.write_bytes(data)
    return path


def _private_key(data: bytes, folder: Path) -> None:
    _in_folder(folder, "log-1", data)
    (folder / "log-1.vkey").unlink(missing_ok=True)
    SigningKeys(folder, ORIGIN)


def _public_key(data: bytes, folder: Path) -> None:
    _in_folder(folder, "log-1", PRIVATE_KEY.encode())
    _in_folder(folder, "log-1.vkey", data)
    SigningKeys(folder, ORIGIN)


def _wrapping_key(data: bytes, folder: Path) -> bytes:
    (folder / "ring").mkdir(exist_ok=True, mode=0o700)
    _in_folder(folder / "ring", "wrap-1", data)
    return Keyring(folder / "ring").wraps[1]


def _signed_file(data: bytes, folder: Path) -> None:
    """The signer's own file: an empty journal is behind whatever it says, or it says nothing."""
    database = Database(f"sqlite:///{folder / 'signed.sqlite'}")
    if not (folder / "signed.sqlite").exists():
        metadata.create_all(database.engine)
    path = _in_folder(folder, "signed", data)
    _in_folder(folder, "log-1", PRIVATE_KEY.encode())
    (folder / "log-1.vkey").unlink(missing_ok=True)
    signer = JournalSigner(database, ORIGIN, SigningKeys(folder, ORIGIN), path)
    database.close()
    assert signer.bar is not None or Frontier.from_bytes(bytes(8)) == Frontier()


def _forgotten(data: bytes, folder: Path) -> None:
    _in_folder(folder, shredded.NAME, data)
    shredded.read(folder)


def _province(data: bytes, folder: Path) -> None:
    (folder / "45").mkdir(exist_ok=True)
    _in_folder(folder / "45", "province.json", data)
    Settings.from_environment({"LIANGDI_DATA": str(folder)}).provinces()


def _backup_header(data: bytes, folder: Path) -> None:
    read_header(_in_folder(folder, "backup", data))


def _backup(data: bytes, folder: Path) -> bytes | None:
    path = _in_folder(folder, "backup", data)
    with closing(SealedReader(path, b"k" * 32)) as reader:
        read = reader.readall()
        assert read == b"a ledger"
    return None


def _roster(data: bytes, folder: Path) -> None:
    list(judge(_in_folder(folder, "花名册.csv", data), TODAY))


def _amount(data: bytes, _: Path) -> None:
    fen = money.fen_of(_text(data))
    assert money.fen_of(money.yuan(fen)) == fen


def _words(data: bytes, _: Path) -> None:
    """What people type: there is always an answer, and no error at all."""
    text = _text(data)
    plain = identity.normalise(text)
    identity.problems(identity.kind_of(plain), plain, TODAY)
    identity.problems_of_name(identity.normalise_name(text))
    identity.problems_of_phone(identity.normalise_phone(text))
    identity.problems_of_credit_code(plain)
    divisions.find(text)
    divisions.name_of(text[:12])


def _tile_path(data: bytes, _: Path) -> bytes:
    tile = Asked.parse("0", _text(data))
    assert 0 < tile.width <= 256
    return tile.path.encode()


def _page(data: bytes, _: Path) -> None:
    page = letters.page_of(data)
    assert letters.page_of(letters.page_to_bytes(page)) == page


def _links(data: bytes, _: Path) -> None:
    links = letters.links_of(data)
    assert letters.links_of(letters.links_to_bytes(links)) == links


def _owed(data: bytes, _: Path) -> None:
    owed = letters.owed_of(data)
    assert letters.owed_of(letters.owed_to_bytes(owed)) == owed


def _sealed(folder: Path) -> bytes:
    path = folder / "good.backup"
    with SealedWriter(path, b"k" * 32, {"what": "data"}) as into:
        into.write(b"a ledger")
    return path.read_bytes()


def _readers(folder: Path) -> Iterator[Reader]:
    vkeys = [str(key.public).encode() for key in (LOG, WITNESS)]
    yield Reader("a vkey", vkeys, _vkey, (BadNote,))
    lines = [each.line.encode()[:-1] for each in NOTE.signatures]
    yield Reader("a signature", lines, _signature, (BadNote,))
    yield Reader(
        "a note", [NOTE.to_bytes()], lambda data, _: Note.parse(data).to_bytes(), (BadNote,)
    )
    yield Reader("a checkpoint", [NOTE.to_bytes()], _checkpoint, (BadNote,))
    yield Reader("a proof", [PROOF.to_bytes()], _proof, (BadNote,))
    carried = [vouchers.to_text(test_vouchers.SIGNED).encode()]
    yield Reader("a voucher's text", carried, _voucher, (BadNote,))
    yield Reader(
        "a voucher's bytes", [test_vouchers.BYTES],
        lambda data, _: vouchers.Signed.parse(data).to_bytes(), (BadNote,),
    )  # fmt: skip
    asked = Request(1, (LEAVES[1],), NOTE).to_bytes()
    yield Reader(
        "a witness's request", [asked], lambda data, _: Request.parse(data).to_bytes(), (BadNote,)
    )
    yield Reader("a policy", [POLICY.encode()], _policy, (BadNote,))
    yield Reader("a tile's path", [b"x001/x234/067", b"007.p/8"], _tile_path, (LookupError,))
    yield Reader(
        "canonical JSON", [canonical.encode(HEADER), canonical.encode(BODY), TEXTS],
        lambda data, _: canonical.encode(canonical.parse(data)), (NotCanonical,),
    )  # fmt: skip
    frontiers = [Frontier().extend(LEAVES[:size]).to_bytes() for size in range(3)]
    yield Reader(
        "a frontier", frontiers, lambda data, _: Frontier.from_bytes(data).to_bytes(),
        (ValueError,),
    )  # fmt: skip
    entered = canonical.encode(CHANNEL_HEADER)
    yield Reader(
        "a channel's header", [entered], lambda d, _: _line(d, RECORD) and None, (Unproven,)
    )
    yield Reader("a partner's record", [RECORD], lambda d, _: _line(entered, d), (Unproven,))
    opening = Opening("per_a", "identity", SALT, TEXTS)
    page = letters.page_to_bytes(Page([Line(entered, RECORD, [opening])], [LEAVES[0]]))
    yield Reader("a page", [page], _page, (letters.Garbled,))
    yield Reader("links", [letters.links_to_bytes(["lnk_" + "a" * 26])], _links, (letters.Garbled,))
    owed = letters.owed_to_bytes([Owed(3, [opening])])
    yield Reader("what is owed", [owed], _owed, (letters.Garbled,))
    yield Reader("an opening", [TEXTS], _opening, (Unproven, NotCanonical))
    yield Reader("a private key", [PRIVATE_KEY.encode()], _private_key, (BadKey,))
    yield Reader("a public key's file", vkeys[:1], _public_key, (BadKey,))
    yield Reader("a wrapping key", [b"w" * 32], _wrapping_key, (OSError,))
    yield Reader("the signer's file", [SIGNED], _signed_file, (SignedLost,))
    names = b"per_" + b"a" * 26 + b" 2026-03-02T01:00:00.000000Z\n"
    yield Reader("the list of the forgotten", [names], _forgotten, (shredded.ListDamaged,))
    yield Reader("a province's folder", [PROVINCE], _province, (BadSetting,))
    backup = _sealed(folder)
    yield Reader("a backup's header", [backup], _backup_header, (BackupDamaged,))
    yield Reader("a backup", [backup], _backup, (BackupDamaged,))
    yield Reader(
        "a roster", [ROSTER, ROSTER.decode().encode("gb18030")], _roster, (UnreadableRoster,)
    )
    yield Reader("an amount", [b"1,200.50", "１２".encode()], _amount, (Refused,))
    yield Reader("words", [b"452728198808015587", "古丽米热·艾比布力".encode()], _words, ())


NAMES = (
    "a vkey", "a signature", "a note", "a checkpoint", "a proof", "a voucher's text", "a voucher's bytes",
    "a witness's request", "a policy", "a tile's path", "canonical JSON", "a frontier", "a channel's header",
    "a partner's record", "a page", "links", "what is owed", "an opening", "a private key", "a public key's file", "a wrapping key",
    "the signer's file", "the list of the forgotten", "a province's folder", "a backup's header",
    "a backup", "a roster", "an amount", "words",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outside")


@pytest.fixture(scope="module")
def readers(folder: Path) -> dict[str, Reader]:
    found = {each.name: each for each in _readers(folder)}
    assert tuple(found) == NAMES
    return found


@st.composite
def _changes(draw: st.DrawFn) -> list[tuple[float, int, bytes, bool]]:
    """Where bytes are taken out, doubled, or put in."""
    one = st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=8), st.booleans())
    return draw(st.lists(one, max_size=4))


def _spoilt(data: bytes, changes: Sequence[tuple[float, int, bytes, bool]]) -> bytes:
    for place, length, put, twice in changes:
        at = int(place * len(data))
        data = data[:at] + (data[at : at + length] * 2 if twice else put) + data[at + length :]
    return data


@pytest.mark.parametrize("name", NAMES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(number=st.integers(0, 5), changes=_changes(), noise=st.binary(max_size=60))
def test_outside_bytes_are_read_or_refused_in_our_words(
    readers: dict[str, Reader], folder: Path, name: str, number: int,
    changes: list[tuple[float, int, bytes, bool]], noise: bytes,
) -> None:  # fmt: skip
    reader = readers[name]
    good = reader.good[number % len(reader.good)]

    reader.back(good, folder)
    reader.holds(_spoilt(good, changes), folder)
    reader.holds(noise, folder)


HUGE = {
    "deep lists": b"[" * 60_000,
    "deep objects": b'{"a":' * 12_000,
    "a deep whole": b"[" * 4_000 + b"]" * 4_000,
    "many digits": b"9" * 100_000,
    "a long fraction": b"0." + b"0" * 60_000 + b"1",
    "an exponent": b"1e999999999",
    "many lines": b"\n" * 50_000,
    "many dashes": "— a b\n".encode() * 5_000,
    "many quotes": b'"' * 100_001,
    "many commas": b"," * 300_000,
    "nothing": b"",
    "zeroes": bytes(1_000_000),
    "half a surrogate": b"\xed\xa0\x80" * 1000,
    "marks that combine": b"e" + "́".encode() * 50_000,
    "an overlong slash": b"\xc0\xaf" * 1000,
    "a deep header": MAGIC + b"[" * 4_000 + b"\n",
    "keys that repeat": b'{"a":1,' + b'"a":1,' * 9_000 + b'"a":1}',
}


@pytest.mark.parametrize("name", NAMES)
def test_huge_and_deep_input_is_refused_in_no_time(
    readers: dict[str, Reader], folder: Path, name: str
) -> None:
    reader, good = readers[name], readers[name].good[0]
    middle = len(good) // 2

    for what, huge in HUGE.items():
        begun = time.process_time()
        for data in (huge, good + huge, good[:middle] + huge + good[middle:]):
            reader.holds(data, folder)
        assert time.process_time() - begun < 5, what
