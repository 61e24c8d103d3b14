"""Nodes (节点): where a ledger is reached, and how two of them know each other.

A node shows a certificate of its own, and asks for the partner's: nobody else is answered, and no
authority in between is believed. What a partner is known by stands in the agreement that both have
signed, and in what it has announced in its own journal since. Before there is an agreement its
keeper hands over a card, on paper; a card that is admitted later, by hand, counts until the journal
says something newer.

In the province's folder of keys `node-1.key` is private and its owner's alone, `node-1.crt` is the
certificate, `node-address` says where partners find us. A node goes on showing its older
certificate until that one is retired: by then its partners have read of the next.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Self, cast
from unicodedata import is_normalized

import orjson
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy import Connection, select

from ledger.book import Entry, Ledger, Reader
from ledger.domain.ids import PartnershipId, UnionId, is_id
from ledger.domain.kernel import Code
from ledger.domain.partnerships import (
    CardAdmitted,
    Cards,
    Node,
    Partnership,
    Party,
    Pinned,
)
from ledger.domain.unions import Union
from ledger.exchange.mirroring import held_by
from ledger.journal.keys import BadKey, Role, check_owner_only
from ledger.journal.notes import BadNote, Kind, Malformed, PublicKey, is_name
from ledger.journal.recorder import read_head
from ledger.journal.tables import channel_leaf
from ledger.projections.channels import agreements_with, partners
from ledger.projections.posting import channel_name

CARD = "liangdi-node-1"
MOST_CARD = 1 << 16
MOST_CODES = 16
"""How many certificates, or keys, a node has at most."""

VALID = timedelta(days=3650)
"""How long a certificate lasts. It ends by being followed by another, not by a date nobody minds."""


class BadCard(ValueError):
    """What was handed over is no card of a node; the message says why, `zh` in Chinese."""

    def __init__(self, why: str, zh: str) -> None:
        super().__init__(why)
        self.zh = zh


def fingerprint(certificate: bytes) -> str:
    """The SHA-256 of a certificate, as it is compared over the telephone."""
    return sha256(certificate).hexdigest()


def spoken(digest: str) -> str:
    """A fingerprint in groups of four, to be read out: `4f2a 91c0 …`."""
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


# ── our own ──────────────────────────────────────────────────────────────────────────────────


class Shown(NamedTuple):
    """A certificate of ours with its private key."""

    number: int
    certificate: Path
    key: Path

    @property
    def der(self) -> bytes:
        try:
            pem = self.certificate.read_bytes()
            return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
        except ValueError as fault:
            raise BadKey(
                f"{self.certificate} is no certificate: {fault}; restore it from the key backup"
            ) from None


class OwnNode:
    """The certificates of our own node, in the folder of the province's keys. Raises: BadKey."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._folder = ledger.signer.keys.folder

    @property
    def made(self) -> bool:
        return bool(self._numbers()) and self._address.exists()

    @property
    def address(self) -> str:
        return self._address.read_text("ascii").strip()

    def make(self, address: str, at: datetime) -> None:
        """Makes key and certificate where there are none, and says where we are reached."""
        if not address.startswith("https://") or len(address) > 200 or not address.isascii():
            raise BadKey(f"{address!r} is no address of a node: https://name:port")
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._numbers():
            self._make(1, at)
        _write(self._address, address.rstrip("/").encode() + b"\n", 0o644)

    def rotate(self, at: datetime) -> bytes:
        """Makes the next certificate, shown once the one before it is retired."""
        number = max(self._numbers(), default=0) + 1
        self._make(number, at)
        return self._shown(number).der

    def retire(self) -> bytes:
        """Destroys the key of the oldest certificate, which another has followed; returns it."""
        held = self.held()
        if len(held) < 2:
            raise BadKey("this is the node's only certificate: make the next one first")
        oldest = held[0]
        gone = oldest.der
        oldest.key.unlink()
        oldest.certificate.unlink()
        return gone

    def held(self) -> list[Shown]:
        """Our certificates, the one that is shown first."""
        found = [self._shown(number) for number in self._numbers()]
        for each in found:
            check_owner_only(each.key)
        return found

    def shown(self) -> Shown:
        """The certificate that we show now. Raises: BadKey."""
        held = self.held()
        if not held:
            raise BadKey(f"{self._folder} has no certificate of a node: liangdi node make")
        return held[0]

    def node(self) -> Node:
        """What partners need to know of us."""
        keys = self._ledger.signer.keys
        active = [keys.signing(role) for role in Role]
        return Node(
            Code(self.address),
            tuple(Code(b64encode(each.der).decode()) for each in self.held()),
            tuple(Code(str(key.public)) for some in active for key in some),
        )

    @property
    def _address(self) -> Path:
        return self._folder / "node-address"

    def _numbers(self) -> list[int]:
        names = [path.name for path in self._folder.glob("node-*.key")]
        numbers = [name.removeprefix("node-").removesuffix(".key") for name in names]
        return sorted(int(each) for each in numbers if each.isdecimal())

    def _shown(self, number: int) -> Shown:
        stem = self._folder / f"node-{number}"
        return Shown(number, stem.with_suffix(".crt"), stem.with_suffix(".key"))

    def _make(self, number: int, at: datetime) -> None:
        private = Ed25519PrivateKey.generate()
        # The number keeps the names of two certificates apart, by which OpenSSL looks them up.
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, self._ledger.origin[:64]),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, str(number)),
            ]
        )
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - timedelta(days=1))
            .not_valid_after(at + VALID)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .sign(private, None)
        )
        shown = self._shown(number)
        _write(shown.certificate, certificate.public_bytes(Encoding.PEM), 0o644)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write(shown.key, pem, 0o600)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Writes a file whole: who reads it meanwhile sees the old one, or none."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    made = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(made, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


# ── cards ────────────────────────────────────────────────────────────────────────────────────


class Card(NamedTuple):
    """What one keeper hands to another before anything is signed."""

    origin: str
    province: str
    name: str
    union: str
    node: Node

    def to_bytes(self) -> bytes:
        told = {
            "card": CARD, "origin": self.origin, "province": self.province, "name": self.name,
            "union": self.union, "address": self.node.address,
            "certificates": list(self.node.certificates), "keys": list(self.node.keys),
        }  # fmt: skip
        return orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n"

    @classmethod
    def of(cls, party: Party) -> Self:
        """The card by which a party was admitted."""
        assert party.node is not None
        return cls(party.origin, party.province, party.name, party.union, party.node)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises: BadCard."""
        if len(data) > MOST_CARD:
            raise BadCard(f"more than {MOST_CARD} bytes", f"超过 {MOST_CARD >> 10} KB。")
        try:
            said: Any = orjson.loads(data)
        except orjson.JSONDecodeError as fault:
            raise BadCard(f"not JSON: {fault.msg}", "不是 JSON 文本，或没有复制完整。") from None
        if not isinstance(said, dict) or cast("dict[str, Any]", said).get("card") != CARD:
            raise BadCard("not a card of a node", f"没有 {CARD} 的标记。")
        told = cast("dict[str, Any]", said)
        texts = [told.get(name) for name in ("origin", "province", "name", "union", "address")]
        if not all(isinstance(each, str) and 0 < len(each) <= 200 for each in texts):
            raise BadCard(
                "origin, province, name, union and address are short texts",
                "总账、省份、名称、工会、地址须齐全，各不超过 200 字。",
            )
        origin, province, name, union, address = cast("list[str]", texts)
        _check_plain(name, address, province)
        certificates, keys = (_codes(told, each) for each in ("certificates", "keys"))
        made = cls(origin, province, name, union, Node(Code(address), certificates, keys))
        made.check()
        return made

    def check(self) -> None:
        """Raises: BadCard where nobody could be reached, or recognised, by it."""
        if not is_name(self.origin) or not self.node.address.startswith("https://"):
            raise BadCard("a node has an origin and an https address", "须有总账和 https 地址。")
        if not is_id(self.union) or not self.union.startswith("uni_"):
            raise BadCard("a node is a union's", "工会编号不对。")
        if not certificates_of(self.node) or not keys_of(self.node, Kind.LOG, self.origin):
            raise BadCard(
                "a node has a certificate, and a key of its journal", "须有证书和其总账的公钥。"
            )

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of all that it says, certificates and keys too: one thing to read out."""
        return sha256(self.to_bytes()).hexdigest()

    @property
    def party(self) -> Party:
        """As an agreement names it."""
        return Party(
            UnionId(self.union), Code(self.origin), Code(self.province), self.name, node=self.node
        )


_LISTS = {"certificates": "证书", "keys": "公钥"}


def _codes(told: dict[str, Any], name: str) -> tuple[Code, ...]:
    found: Any = told.get(name)
    if not isinstance(found, list) or len(cast("list[Any]", found)) > MOST_CODES:
        raise BadCard(f"{name}: a short list", f"{_LISTS[name]}须为不超过 16 项的列表。")
    if not all(isinstance(each, str) for each in cast("list[Any]", found)):
        raise BadCard(f"{name}: texts", f"{_LISTS[name]}须为文本。")
    _check_plain(*cast("list[str]", found))
    return tuple(Code(each) for each in cast("list[str]", found))


def _check_plain(*texts: str) -> None:
    """Raises: BadCard where a text is not as a record could hold it."""
    if not all(each.isprintable() and is_normalized("NFC", each) for each in texts):
        raise BadCard("no control characters", "不得有控制字符或不规范的字符。")


def certificates_of(node: Node) -> list[bytes]:
    """The certificates of a node, DER; what is none of them is passed over."""
    found: list[bytes] = []
    for each in node.certificates:
        try:
            der = b64decode(each, validate=True)
            x509.load_der_x509_certificate(der)
        except (ValueError, x509.InvalidVersion):
            continue
        found.append(der)
    return found


def keys_of(node: Node, kind: Kind, name: str) -> list[PublicKey]:
    """The keys of one kind and name; what is no key is passed over."""
    found: list[PublicKey] = []
    for each in node.keys:
        try:
            key = PublicKey.parse(each)
        except BadNote:
            continue
        if key.kind is kind and key.name == name:
            found.append(key)
    return found


# ── those we know ────────────────────────────────────────────────────────────────────────────


class Directory:
    """The partners of one ledger and their nodes, as journal and cards have them now."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._folder = ledger.trust.path.parent / "partners"
        self._lock = Lock()
        self._mark: object = None
        self._nodes: dict[str, Node] = {}

    def known(self, origin: str) -> Node | None:
        """The node of a partner, as it is to be reached and recognised now."""
        return self.nodes().get(origin)

    def whose(self, certificate: bytes) -> str | None:
        """The partner that shows this certificate; None where nobody does."""
        found = (o for o, node in self.nodes().items() if certificate in certificates_of(node))
        return next(found, None)

    def certificates(self) -> list[bytes]:
        return [each for node in self.nodes().values() for each in certificates_of(node)]

    def nodes(self) -> dict[str, Node]:
        """Every partner that can be reached, by origin."""
        with self._ledger.reading() as reader:
            mark = read_head(reader.conn, self._ledger.origin).frontier.size, self._cards_mark()
            with self._lock:
                if mark != self._mark:
                    self._nodes, self._mark = self._looked_up(reader), mark
                    self._believe()
                return dict(self._nodes)

    def doubted(self) -> dict[str, Malformed]:
        """The partners whose newest keys are not taken in, and why. Changes nothing.

        Raises: BadCard; Malformed where our own policy cannot be read.
        """
        policy, found = self._ledger.trust.policy, dict[str, Malformed]()
        with self._ledger.reading() as reader:
            nodes = self._looked_up(reader)
        for origin, node in nodes.items():
            try:
                policy.grown(*believable(origin, node))
            except Malformed as fault:
                found[origin] = fault
        return found

    def card(self) -> Card:
        """Our own card, for a partner."""
        with self._ledger.reading() as reader:
            return own_card(reader)

    def admit(self, card: Card) -> None:
        """Believes a card from now on, until the journal says something newer. Raises: BadCard."""
        card.check()
        if card.origin == self._ledger.origin:
            raise BadCard("this is our own card", "这是本省自己的名片。")
        with self._ledger.reading() as reader:
            pinned = pin_of(reader, card.origin)
            size = read_head(reader.conn, self._ledger.origin).frontier.size
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        after = pinned.ref if pinned else ""
        told = {"after": after, "size": size, **orjson.loads(card.to_bytes())}
        _write(self._file(card.origin), orjson.dumps(told, option=orjson.OPT_INDENT_2), 0o644)

    def cards(self) -> dict[str, tuple[Card, str]]:
        """The cards that were admitted, and after which record of the journal each was."""
        with self._ledger.reading() as reader:
            return self._cards(reader)

    def _cards(self, reader: Reader) -> dict[str, tuple[Card, str]]:
        """Of one that an officer admitted and one that the keeper did, the later one."""
        begun = read_head(reader.conn, self._ledger.origin).frontier.size > 0
        taken = reader.get(Cards, self._ledger.root).admitted if begun else {}
        found = {
            origin: (each.position, Card.of(each.party), each.after)
            for origin, each in taken.items()
        }
        for path in sorted(self._folder.glob("*.json")):
            data = path.read_bytes()
            try:
                card = Card.parse(data)
            except BadCard as fault:
                raise BadCard(f"{path}: {fault}", fault.zh) from None
            said = orjson.loads(data)
            size = int(said.get("size", 0))
            if card.origin not in found or found[card.origin][0] <= size:
                found[card.origin] = size, card, str(said.get("after", ""))
        return {origin: (card, after) for origin, (_, card, after) in found.items()}

    def _file(self, origin: str) -> Path:
        return self._folder / f"{sha256(origin.encode()).hexdigest()[:16]}.json"

    def _cards_mark(self) -> object:
        return [
            (path.name, path.stat().st_mtime_ns) for path in sorted(self._folder.glob("*.json"))
        ]

    def _looked_up(self, reader: Reader) -> dict[str, Node]:
        cards = self._cards(reader)
        found: dict[str, Node] = {}
        for origin in sorted({*partners(reader.conn), *cards} - {self._ledger.origin}):
            pinned, (card, after) = pin_of(reader, origin), cards.get(origin, (None, ""))
            if card is not None and after == (pinned.ref if pinned else ""):
                found[origin] = card.node
            elif pinned is not None:
                found[origin] = pinned.node
        return found

    def _believe(self) -> None:
        for origin, node in self._nodes.items():
            # Who announces what cannot be taken in is read on, and can announce something else.
            with suppress(Malformed):
                self._ledger.trust.trust(*believable(origin, node))


def believable(origin: str, node: Node) -> list[PublicKey]:
    """The keys of a partner's node that we take in: we witness its journal, and believe its
    cosignatures and vouchers; what it signed before stays proven. Raises: Malformed.
    """
    if len(node.keys) > MOST_CODES:
        raise Malformed(f"more than {MOST_CODES} keys")
    keys = keys_of(node, Kind.LOG, origin)
    for role in (Role.WITNESS, Role.MIRROR):
        keys += keys_of(node, Kind.COSIGNER, f"{origin}/{role}")
    return keys + keys_of(node, Kind.VOUCHER, f"{origin}/{Role.VOUCHER}")


def pin_of(reader: Reader, origin: str) -> Pinned | None:
    """The newest word of the journal on a partner's node, whichever agreement it stands in."""
    pinned = (
        reader.get(Partnership, each).node(origin) for each in agreements_with(reader.conn, origin)
    )
    return max((each for each in pinned if each is not None), key=lambda e: e[:2], default=None)


def own_card(reader: Reader) -> Card:
    """Our own card. Raises: BadKey where no node has been made."""
    ledger = reader.ledger
    own, root = OwnNode(ledger), ledger.root
    own.shown()
    name = reader.get(Union, root).name() or ledger.province.name
    return Card(ledger.origin, ledger.province.code, name, root, own.node())


def with_nodes(ledger: Ledger, parties: Sequence[Party]) -> Iterator[Party]:
    """The parties of an agreement that is proposed, each with its node as far as it is known."""
    directory, own = Directory(ledger), OwnNode(ledger)
    for each in parties:
        node = directory.known(each.origin)
        if each.origin == ledger.origin:
            node = own.node() if own.made else None
        yield (
            each
            if node is None
            else Party(each.union, each.origin, each.province, each.name, each.contact, node)
        )


# ── a card that an officer takes in ──────────────────────────────────────────────────────────


class Change(NamedTuple):
    """One thing in which a card differs from what is known: before and after; empty: none."""

    what: str  # address · certificate · key
    then: str
    now: str


class CardRead(NamedTuple):
    """What a card says, beside what is known of that node."""

    card: Card
    own: bool
    known: Node | None
    by: str  # by what it is known: a record as `origin#position`, or `card`; empty: not known
    changes: tuple[Change, ...]


def read_card(ledger: Ledger, data: bytes) -> CardRead:
    """Looks at a card and takes in nothing. Raises: BadCard."""
    card, directory = Card.parse(data), Directory(ledger)
    known = directory.known(card.origin)
    with ledger.reading() as reader:
        pinned = pin_of(reader, card.origin)
    by = "" if known is None else (pinned.ref if pinned and pinned.node == known else "card")
    changes = () if known is None else tuple(_changes(known, card.node))
    return CardRead(card, card.origin == ledger.origin, known, by, changes)


def _changes(then: Node, now: Node) -> Iterator[Change]:
    if then.address != now.address:
        yield Change("address", then.address, now.address)
    for what, before, after in (
        ("certificate", _prints(then), _prints(now)), ("key", list(then.keys), list(now.keys)),
    ):  # fmt: skip
        yield from (Change(what, each, "") for each in before if each not in after)
        yield from (Change(what, "", each) for each in after if each not in before)


def _prints(node: Node) -> list[str]:
    return [fingerprint(each) for each in certificates_of(node)]


def admit_card(entry: Entry, data: bytes, *, compared: bool) -> CardAdmitted:
    """Takes in a partner's card, by an officer: it counts until the journal says something newer.

    Raises: BadCard, and what `Cards.admit` raises.
    """
    ledger, card = entry.ledger, Card.parse(data)
    pinned = pin_of(entry, card.origin)
    admitted = Cards.admit(
        entry.act, ledger.root, card.party, Directory(ledger).known(card.origin),
        origin=ledger.origin, after=pinned.ref if pinned else None, compared=compared,
    )  # fmt: skip
    entry.write(admitted)
    return admitted


# ── our own, told to the partners ────────────────────────────────────────────────────────────


def announce(entry: Entry) -> list[PartnershipId]:
    """Announces our node as it is now under every agreement that says otherwise.

    Raises: what `Partnership.announce` raises; BadKey where no node has been made.
    """
    ledger = entry.ledger
    node = OwnNode(ledger).node()
    told: list[PartnershipId] = []
    every = {each for other in partners(entry.conn) for each in agreements_with(entry.conn, other)}
    for each in sorted(every):
        held = entry.read(Partnership, each)
        pinned = held.node(ledger.origin)
        if held.concluded and held.live(entry.act.today) and (not pinned or pinned.node != node):
            entry.write(held.announce(entry.act, node, origin=ledger.origin))
            told.append(PartnershipId(each))
    return told


def unaware(reader: Reader) -> list[str]:
    """The partners that have not signed yet that they hold what our journal says of our node."""
    own = reader.ledger.origin
    found: list[str] = []
    for other in partners(reader.conn):
        pins = [
            pinned
            for each in agreements_with(reader.conn, other)
            if (pinned := reader.get(Partnership, each).node(own)) is not None
        ]
        newest = max(pins, key=lambda e: e[:2], default=None)
        if newest is not None and not _holds(reader.conn, own, other, newest):
            found.append(other)
    return found


def _holds(conn: Connection, own: str, partner: str, pinned: Pinned) -> bool:
    origin, _, position = pinned.ref.rpartition("#")
    if origin != own:
        return True  # it stands in the partner's own journal
    number = conn.execute(
        select(channel_leaf.c.number).where(
            channel_leaf.c.log == channel_name(own, partner),
            channel_leaf.c.origin == own,
            channel_leaf.c.position == int(position),
        )
    ).scalar()
    held = held_by(conn, own, partner)
    return number is not None and held is not None and held.size >= number
