"""What a node does with whatever comes over the network: strangers, garbage, too much, too slowly.

Real sockets and real certificates; the partner's part is played by a small server that says
exactly what a test wants, or by our own exchange in a thread.
"""

import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.exchange import AT_ONCE, WithCertificate, create_exchange
from ledger.book import Ledger
from ledger.domain.kernel import Code, Office
from ledger.domain.partnerships import Node, Partnership
from ledger.exchange import letters
from ledger.exchange.letters import PREFIX
from ledger.exchange.listening import Listening
from ledger.exchange.mirroring import Mirroring
from ledger.exchange.nodes import BadCard, Card, Directory, OwnNode, certificates_of
from ledger.exchange.reading import Reading
from ledger.exchange.remote import PartnerAway, PartnerBusy, Patience, Remote
from ledger.exchange.running import Exchanger, drain, standings
from ledger.exchange.signals import signals
from ledger.exchange.tls import for_client, for_server
from ledger.exchange.wire import (
    Checkpoint,
    Line,
    NoLetter,
    NotInJournal,
    NotSigned,
    Opening,
    Owed,
    Page,
    Unproven,
    WrongCertificate,
)
from ledger.exchange.witnessing import attest
from ledger.journal import canonical, notes
from ledger.journal.keys import BadKey, Role
from ledger.journal.notes import Kind, PublicKey
from ledger.journal.recorder import read_head
from ledger.journal.signing import LedgerBehind
from ledger.journal.tables import contradiction
from ledger.journal.tiles import Asked
from ledger.projections.channels import leaf_of
from tests.pair import Pair, close, open_pair
from tests.test_exchange import link, own_kinds, rows
from tests.world import World, open_province

HURRIED = Patience(connect=1, silence=0.3, whole=0.8)


class Side(NamedTuple):
    """One province with a node, listening in a thread of this process."""

    world: World
    own: OwnNode
    directory: Directory
    listening: Listening

    @property
    def ledger(self) -> Ledger:
        return self.world.ledger


def listen(world: World) -> Side:
    own, directory = OwnNode(world.ledger), Directory(world.ledger)
    now = world.ledger.clock.now()
    own.make("https://127.0.0.1:1", now)
    door = create_exchange(world.ledger, directory)
    listening = Listening(door, WithCertificate, directory, own, "127.0.0.1", 0)
    listening.start()
    own.make(f"https://127.0.0.1:{listening.port}", now)
    return Side(world, own, directory, listening)


class Neighbours(NamedTuple):
    """Two provinces that know each other by their cards."""

    pair: Pair
    home: Side
    host: Side
    lines: list[Remote]

    def remote(self, patience: Patience | None = None) -> Remote:
        """How the host asks the home node."""
        made = Remote(
            self.host.directory, self.host.own, self.pair.home.origin, self.pair.host.origin,
            patience,
        )  # fmt: skip
        self.lines.append(made)
        return made

    def stop(self) -> None:
        for each in self.lines:
            each.close()
        for side in (self.home, self.host):
            side.listening.stop()
        close(self.pair)

    def instead(self, port: int) -> None:
        """Somebody else listens at the home node's address, with its key and certificate."""
        self.home.own.make(f"https://127.0.0.1:{port}", self.pair.home.ledger.clock.now())
        self.host.directory.admit(self.home.directory.card())


@pytest.fixture
def sides(tmp_path: Path) -> Iterator[Neighbours]:
    pair = open_pair(tmp_path)
    home, host = listen(pair.home), listen(pair.host)
    home.directory.admit(host.directory.card())
    host.directory.admit(home.directory.card())
    home.listening.look_again()
    host.listening.look_again()
    made = Neighbours(pair, home, host, [])
    yield made
    made.stop()


# ── who is who ───────────────────────────────────────────────────────────────────────────────


def test_a_partner_is_read_as_within_one_process(sides: Neighbours) -> None:
    pair = sides.pair
    pair.agree()
    person, _ = pair.member("韦秀英", "13800000000")
    link(pair, person)

    read = drain(Reading(pair.host.ledger, sides.remote()), limit=3)

    assert read > 0
    with pair.host.ledger.reading() as reader:
        assert pair.host.ledger.vault.find(reader.conn, name="韦秀英") == [person]


def test_who_shows_no_certificate_or_a_strangers_is_not_answered(
    sides: Neighbours, tmp_path: Path
) -> None:
    stranger = open_province(tmp_path, "43")
    own = OwnNode(stranger.ledger)
    own.make("https://127.0.0.1:1", stranger.ledger.clock.now())
    url = f"https://127.0.0.1:{sides.home.listening.port}{PREFIX}/checkpoint?read=0"
    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bare.check_hostname = False
    bare.load_verify_locations(cadata=sides.home.own.shown().der)

    for context in (bare, for_client(own.shown(), [sides.home.own.shown().der])):
        client = httpx.Client(verify=context, trust_env=False)
        with client, pytest.raises(httpx.TransportError):
            client.get(url)

    directory = Directory(stranger.ledger)
    directory.admit(sides.home.directory.card())
    remote = Remote(directory, own, sides.pair.home.origin, stranger.origin)
    with pytest.raises(PartnerAway, match="certificate"):
        remote.checkpoint(0)
    remote.close()
    stranger.ledger.close()


def test_who_is_known_no_more_is_refused_by_name(sides: Neighbours) -> None:
    sides.remote().checkpoint(0)
    old = sides.host.own.shown().der
    sides.host.own.rotate(sides.pair.host.ledger.clock.now())
    remote = sides.remote()
    with httpx.Client(
        verify=for_client(sides.host.own.shown(), [sides.home.own.shown().der]), trust_env=False
    ) as client:
        sides.host.own.retire()
        sides.home.directory.admit(sides.host.directory.card())

        answer = client.get(
            f"https://127.0.0.1:{sides.home.listening.port}{PREFIX}/checkpoint?read=0"
        )

    assert sides.home.directory.whose(old) is None
    assert answer.status_code == 403
    sides.home.listening.look_again()
    assert remote.checkpoint(0).size == 0  # with the new one it is


def test_another_certificate_at_the_partners_address_is_an_alarm(
    sides: Neighbours, tmp_path: Path
) -> None:
    impostor = open_province(tmp_path, "43")
    other = listen(impostor)
    sides.instead(other.listening.port)
    reading = Reading(sides.pair.host.ledger, sides.remote())

    with pytest.raises(WrongCertificate):
        reading.once()

    (standing,) = standings(sides.pair.host.ledger)
    assert standing.fault == "WrongCertificate"
    other.listening.stop()
    impostor.ledger.close()


def test_each_partner_is_given_its_own_channel_alone(sides: Neighbours, tmp_path: Path) -> None:
    sides.pair.agree()
    third = open_province(tmp_path, "43")
    own, directory = OwnNode(third.ledger), Directory(third.ledger)
    own.make("https://127.0.0.1:1", third.ledger.clock.now())
    directory.admit(sides.home.directory.card())
    sides.home.directory.admit(directory.card())
    sides.home.listening.look_again()

    remote = Remote(directory, own, sides.pair.home.origin, third.origin)
    said = remote.checkpoint(0)
    remote.close()

    assert said.size == 0
    assert b"/to/liangdi.example/hunan\n0\n" in said.note
    third.ledger.close()


def one_key_twice(node: Node, origin: str) -> Node:
    """A key of the hardware that signs as witness and as mirror."""
    others = [each for each in node.keys if "/witness" not in each and "/mirror" not in each]
    raw = fresh()
    cosigners = [
        PublicKey(f"{origin}/{role}", Kind.COSIGNER, raw) for role in ("witness", "mirror")
    ]
    return replace(node, keys=(*others, *(Code(str(each)) for each in cosigners)))


def too_many_keys(node: Node, origin: str) -> Node:
    more = [PublicKey(f"{origin}/witness", Kind.COSIGNER, fresh()) for _ in range(65)]
    return replace(node, keys=(*node.keys, *(Code(str(each)) for each in more)))


def fresh() -> bytes:
    return Ed25519PrivateKey.generate().public_key().public_bytes_raw()


@pytest.mark.parametrize("spoilt", [one_key_twice, too_many_keys])
def test_keys_that_cannot_be_taken_in_are_one_partners_alone(
    sides: Neighbours, tmp_path: Path, spoilt: Callable[[Node, str], Node]
) -> None:
    pair, home = sides.pair, sides.home
    pair.agree()
    third = open_province(tmp_path, "43")
    own = OwnNode(third.ledger)
    own.make("https://127.0.0.1:1", third.ledger.clock.now())

    def announced(node: Node) -> None:
        with pair.host.entry(pair.host.root, Office.CHAIR) as entry:
            held = entry.read(Partnership, pair.partnership)
            entry.write(held.announce(entry.act, node, origin=pair.host.origin))
        pair.home_reads()

    announced(spoilt(sides.host.own.node(), pair.host.origin))
    home.directory.admit(Directory(third.ledger).card())

    assert set(home.directory.nodes()) == {pair.host.origin, third.origin}
    assert home.directory.whose(sides.host.own.shown().der) == pair.host.origin
    assert home.ledger.trust.of_log(third.origin)
    with home.ledger.reading() as reader:
        (doubted,) = [each for each in signals(reader) if each.kind == "ChannelUnproven"]
    assert (doubted.about, doubted.grave) == (pair.host.origin, False)

    announced(sides.host.own.node())
    home.directory.nodes()
    with home.ledger.reading() as reader:
        assert "ChannelUnproven" not in [each.kind for each in signals(reader)]
    third.ledger.close()


def test_a_certificate_that_cannot_be_read_keeps_its_own_partner_out_and_nobody_else(
    sides: Neighbours,
) -> None:
    """Of another version of X.509, and one whose name OpenSSL does not read."""
    good = sides.host.own.shown().der
    at = good.index(bytes.fromhex("a003020102")) + 4
    version = good[:at] + b"\x01" + good[at + 1 :]
    name = good.index(bytes.fromhex("0603550403")) + 5
    unread = good[:name] + b"\x00" + good[name + 1 :]
    codes = [Code(b64encode(each).decode()) for each in (version, unread, good)]
    node = replace(sides.host.own.node(), certificates=tuple(codes))

    found = certificates_of(node)
    context = for_server(sides.home.own.shown(), found)

    assert found == [unread, good]
    assert context.cert_store_stats()["x509"] == 1


def test_what_is_no_card_is_not_admitted(sides: Neighbours) -> None:
    card = sides.home.directory.card().to_bytes()
    assert Card.parse(card) == sides.home.directory.card()

    for bad in (
        b"{}", b"\xff", card[:-20], card + b" " * (1 << 17), card.replace(b"https://", b"http://"),
        card.replace(b"MII", b"???"), card.replace(b"guangxi+", b"hunan+"),
        card.replace(b'"uni_', b'"per_'), card.replace("总工会".encode(), b"\\u0000"),
        card.replace("总工会".encode(), "e\u0301".encode()),
    ):  # fmt: skip
        with pytest.raises(BadCard):
            Card.parse(bad)
    with pytest.raises(BadCard, match="our own"):
        sides.home.directory.admit(sides.home.directory.card())


def test_a_node_is_nobodys_with_a_key_that_others_may_read(sides: Neighbours) -> None:
    key = sides.home.own.shown().key
    key.chmod(0o644)

    with pytest.raises(BadKey, match="can be read by others"):
        sides.home.own.shown()
    key.chmod(0o600)


# ── whatever it says ─────────────────────────────────────────────────────────────────────────

Talk = Callable[[ssl.SSLSocket], None]


class Mouth:
    """Listens with the home node's own certificate, and says what it is told to."""

    def __init__(self, sides: Neighbours, talk: Talk) -> None:
        self._talk = talk
        partner = sides.host.own.shown().der
        self._context = for_server(sides.home.own.shown(), [partner])
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            with suppress(OSError), self._context.wrap_socket(plain, server_side=True) as spoken:
                spoken.recv(65536)
                self._talk(spoken)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


def answer(body: bytes, head: str = "200 OK", more: str = "") -> Talk:
    def talk(spoken: ssl.SSLSocket) -> None:
        said = f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        spoken.sendall(said.encode() + body)

    return talk


def raw(data: bytes) -> Talk:
    return lambda spoken: spoken.sendall(data)


def drip(spoken: ssl.SSLSocket) -> None:
    """A byte now and then, never silent for long, and never done."""
    spoken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(100):
        spoken.sendall(b"{")
        time.sleep(0.05)


def drip_headers(spoken: ssl.SSLSocket) -> None:
    spoken.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(100):
        spoken.sendall(f"X-{number}: 1\r\n".encode())
        time.sleep(0.05)


def silence(spoken: ssl.SSLSocket) -> None:
    time.sleep(1)


def endless(spoken: ssl.SSLSocket) -> None:
    spoken.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(10_000):
        spoken.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")


KEPT = Path(__file__).parent / "data" / "wire"
CHECKPOINTS: dict[str, tuple[Talk, type[Exception]]] = {
    "nothing": (raw(b""), PartnerAway),
    "garbage": (raw(b"\x00\xff" * 200), NoLetter),
    "not HTTP": (raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), NoLetter),
    "silence": (silence, PartnerAway),
    "a byte now and then": (drip, PartnerAway),
    "a header now and then": (drip_headers, PartnerAway),
    "no end": (endless, NoLetter),
    "a length that is a lie": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx"), Exception),
    "a huge length": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"), NoLetter),
    "compressed": (answer(b"x", more="Content-Encoding: gzip\r\n"), NoLetter),
    "no note": (answer(b"<html>"), NotSigned),
    "not UTF-8": (answer(b"\xff\xfe\n\n\xe2\x80\x94"), NotSigned),
    "elsewhere": (answer(b"", "302 Found", "Location: https://example.org/\r\n"), NoLetter),
    "an error of its own": (answer(b"oh", "500 Oh"), PartnerAway),
    "not there": (answer(b"no", "404 No"), PartnerAway),
    "busy": (answer(b"later", "429 Busy", "Retry-After: 7\r\n"), PartnerBusy),
}  # fmt: skip


def test_whatever_is_said_instead_of_a_checkpoint_ends_in_time_and_imports_nothing(
    sides: Neighbours,
) -> None:
    before = own_kinds(sides.pair.host)
    for what, (talk, kind) in CHECKPOINTS.items():
        mouth = Mouth(sides, talk)
        sides.instead(mouth.port)
        started = time.monotonic()

        with pytest.raises((Unproven, OSError)) as fault:
            Reading(sides.pair.host.ledger, sides.remote(HURRIED)).once()

        assert isinstance(fault.value, kind), (what, fault.value)
        assert time.monotonic() - started < 10, what
        mouth.close()
    assert own_kinds(sides.pair.host) == before


def test_every_release_is_heard_when_it_asks_to_wait(sides: Neighbours) -> None:
    """What each release says when it is busy, or read-only, byte for byte as it stood on the wire."""
    kept = {path: path.read_bytes() for path in sorted(KEPT.glob("*/answer-*"))}
    waits: dict[str, set[float]] = {}
    for path, said in kept.items():
        mouth = Mouth(sides, raw(said))
        sides.instead(mouth.port)
        with pytest.raises(PartnerBusy) as busy:
            sides.remote(HURRIED).checkpoint(0)
        mouth.close()
        waits.setdefault(path.name, set()).add(busy.value.seconds)

    assert waits == {"answer-busy": {1}, "answer-read-only": {60}}


def test_a_page_that_is_no_page_is_refused_whole() -> None:
    for body in (
        b"", b"\xff", b"[]", b"{}", b"null", b'{"lines":{}}', b'{"lines":[1],"proof":[]}',
        b'{"lines":[{"header":1,"record":"","openings":[]}],"proof":[]}',
        b'{"lines":[{"header":"","record":""}],"proof":[]}',
        b'{"lines":[],"proof":["AA=="]}', b'{"lines":[],"proof":["' + b"A" * 44 + b'"]}',
        b'{"lines":[],"proof":[' + b",".join([b'""'] * 100) + b"]}",
        b"[" * 100_000, b'{"lines":[' + b"{}," * 2000 + b"{}" + b'],"proof":[]}',
        b'{"lines":[{"header":"\\ud800","record":"","openings":[]}],"proof":[]}',
        b'{"lines":[{"header":"","record":"' + b"x" * 70_000 + b'","openings":[]}],"proof":[]}',
    ):  # fmt: skip
        with pytest.raises(letters.Garbled):
            letters.page_of(body)


def test_letters_are_read_as_they_were_written() -> None:
    opening = Opening("per_x", "identity", b"\1" * 32, '{"name":"韦秀英"}'.encode())
    page = Page([Line(b'{"number":1}', b'{"a":1}\n{"b":"\xe9\x9f\xa6"}', [opening])], [b"\2" * 32])
    owed = [Owed(7, [opening])]

    assert letters.page_of(letters.page_to_bytes(page)) == page
    assert letters.owed_of(letters.owed_to_bytes(owed)) == owed
    assert letters.links_of(letters.links_to_bytes(["lnk_a"])) == ["lnk_a"]
    for bad in (b"{}", b'{"links":"x"}', b'{"links":[1]}', b'{"links":' + b'["x"]' * 2 + b"}"):
        with pytest.raises(letters.Garbled):
            letters.links_of(bad)
    for bad in (b'{"owed":[{"number":0,"openings":[]}]}', b'{"owed":[{"number":true}]}', b"7"):
        with pytest.raises(letters.Garbled):
            letters.owed_of(bad)


# ── how much, and how often ──────────────────────────────────────────────────────────────────


def test_what_our_node_does_not_answer_it_refuses_with_a_status(sides: Neighbours) -> None:
    context = for_client(sides.host.own.shown(), [sides.home.own.shown().der])
    address = f"https://127.0.0.1:{sides.home.listening.port}{PREFIX}"
    asked: list[tuple[str, str, bytes | None, int]] = [
        ("GET", "checkpoint", None, 400),
        ("GET", "checkpoint?read=-1", None, 400),
        ("GET", "page?first=0&limit=1&size=1", None, 400),
        ("GET", "page?first=1&limit=1001&size=1", None, 400),
        ("GET", "page?first=1&limit=1&size=999", None, 400),
        ("GET", "tile/0/x000/000", None, 404),
        ("GET", "tile/0/999", None, 404),
        ("GET", "tile/nine/000", None, 404),
        ("POST", "owed", b"{}", 400),
        ("POST", "owed", b"x" * 70_000, 413),
        ("POST", "mirrored", b"no note", 400),
        ("POST", "witness/add-checkpoint", b"no", 400),
        ("GET", f"witness/{'0' * 64}/checkpoint", None, 404),
        ("POST", "checkpoint", b"", 405),
        ("GET", "elsewhere", None, 404),
    ]

    with httpx.Client(verify=context, trust_env=False) as client:
        said = [
            client.request(method, f"{address}/{path}", content=body)
            for method, path, body, _ in asked
        ]

    assert [each.status_code for each in said] == [status for *_, status in asked]


def test_more_than_a_few_questions_at_once_are_asked_to_wait(
    sides: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides.pair.agree()
    going, held = threading.Barrier(AT_ONCE + 1), threading.Event()
    witness = sides.pair.home.ledger.witness

    def slow(digest: str) -> bytes | None:
        going.wait(10)
        held.wait(10)
        return None

    monkeypatch.setattr(witness, "latest_by_hash", slow)
    asking = [
        threading.Thread(target=sides.remote().latest, args=("x",), daemon=True)
        for _ in range(AT_ONCE)
    ]
    for each in asking:
        each.start()
    going.wait(10)

    with pytest.raises(PartnerBusy) as busy:
        sides.remote().checkpoint(0)
    held.set()
    for each in asking:
        each.join()

    assert busy.value.seconds == 1
    assert sides.remote().checkpoint(0).size > 0


def test_who_asks_for_a_pause_gets_it_and_nobody_waits_for_ever(sides: Neighbours) -> None:
    class Waiting(Exchanger):
        def after(self, pause: float, fault: Exception) -> float:
            return self._after(pause, fault)

    waiting = Waiting([], every=1, longest=60)

    assert 5 <= waiting.after(0, PartnerBusy("", 7)) <= 10
    assert waiting.after(0, PartnerBusy("", 1e9)) <= 60
    pauses = [waiting.after(8, PartnerAway("")) for _ in range(50)]
    assert all(12 <= each <= 20 for each in pauses)
    assert len(set(pauses)) > 10  # never in step
    assert waiting.after(1000, PartnerAway("")) <= 60


def test_a_read_only_partner_signs_nothing_and_is_asked_again(sides: Neighbours) -> None:
    sides.pair.agree()
    sides.pair.home.ledger.signer.bar = LedgerBehind(sides.pair.home.origin)

    with pytest.raises(PartnerBusy, match="read-only"):
        sides.remote().checkpoint(0)
    sides.pair.home.ledger.signer.bar = None


# ── one journal, not one for each reader ─────────────────────────────────────────────────────


class Other:
    """A partner that shows us another record than its journal has, and signs for the channel."""

    def __init__(self, pair: Pair) -> None:
        self.origin, self._honest = pair.home.origin, pair.to_host
        with pair.host.ledger.reading() as reader:
            mine = read_head(reader.conn, pair.at_host.log).frontier
        pair.home.union("真名村工会")
        [line] = pair.to_host.page(mine.size + 1, 1, mine.size + 1).lines
        self._line = line._replace(record=line.record.replace("真名".encode(), "假名".encode()))
        self.position = int(canonical.parse(line.record.partition(b"\n")[0])["position"])
        grown = mine.extend([leaf_of(line.header, self._line.record)])
        text = notes.Checkpoint(pair.at_host.log, grown.size, grown.root()).text
        key = pair.home.ledger.signer.keys.one(Role.LOG)
        note = notes.Note(text, (notes.sign(text, key),)).to_bytes()
        self._said = Checkpoint(grown.size, grown.root(), note)

    def checkpoint(self, read: int) -> Checkpoint:
        return self._said

    def page(self, first: int, limit: int, size: int) -> Page:
        return Page([self._line], [])

    def owed(self, links: Sequence[str]) -> Sequence[Owed]:
        return []

    def tile(self, asked: Asked) -> bytes:
        return self._honest.tile(asked)

    def mirrored(self, note: bytes) -> None:
        raise AssertionError("nobody signs for this")


def test_what_was_read_is_compared_with_the_journal_and_signed_for(sides: Neighbours) -> None:
    pair = sides.pair
    pair.agree()
    for number in range(300):
        pair.home.union(f"第{number}村工会")
    drain(Reading(pair.host.ledger, sides.remote()))
    mirroring = Mirroring(pair.host.ledger, sides.remote())
    assert Reading(pair.host.ledger, sides.remote()).once() == 0
    assert mirroring.once() == 0  # nobody has witnessed it yet

    home = Remote(sides.home.directory, sides.home.own, pair.host.origin, pair.home.origin)
    sides.lines.append(home)
    attest(pair.home.ledger, [home])

    assert mirroring.once() > 250
    assert mirroring.once() == 0


def test_different_records_under_one_position_are_found_though_the_partner_committed_to_both(
    sides: Neighbours,
) -> None:
    """The host is shown another record than the one that the journal has, in a channel that proves
    itself; but the journal was cosigned, and its tiles say what stands there."""
    pair = sides.pair
    pair.agree()
    forged = Other(pair)
    reading = Reading(pair.host.ledger, forged)
    assert reading.once() == 1  # it proves itself
    assert reading.once() == 0
    pair.home.union("真的村工会")
    attest(pair.home.ledger, [pair.host.ledger.witness])

    with pytest.raises(NotInJournal) as fault:
        Mirroring(pair.host.ledger, forged).once()

    assert fault.value.facts["position"] == forged.position
    assert rows(pair.host, contradiction) == 1
