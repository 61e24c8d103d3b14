"""Two provinces that witness each other: cosigned after every exchange, and no way back."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from ledger.exchange.mirroring import keep_mirrored
from ledger.exchange.wire import WrongCertificate
from ledger.exchange.witnessing import (
    Attesting,
    HttpWitness,
    NotWitnessed,
    attest,
    introduce,
    offer,
)
from ledger.journal import checkpoints
from ledger.journal.keys import Role
from ledger.journal.merkle import Frontier, leaf_hash
from ledger.journal.notes import BadNote, Kind, Note, Proof, PublicKey, Signature, Unsigned
from ledger.journal.signing import LedgerBehind, LedgerRewritten
from ledger.journal.tables import checkpoint, contradiction, head, record, vouched
from ledger.journal.witness import MOST_BODY, Answer
from tests.pair import Pair, close, open_pair
from tests.world import World, open_province


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = open_pair(tmp_path)
    yield opened
    close(opened)


@pytest.fixture
def mixed(tmp_path: Path, ledger_url: str) -> Iterator[Pair]:
    """The home province on either database."""
    opened = open_pair(tmp_path, home_url=ledger_url)
    yield opened
    close(opened)


def newest(world: World) -> checkpoints.Kept:
    with world.ledger.database.reading() as conn:
        kept = checkpoints.last(conn, world.origin)
    assert kept is not None
    return kept


def size(world: World) -> int:
    return world.ledger.recorder.max_notification_id() or 0


def test_after_an_exchange_each_has_the_other_s_cosignature_on_all_it_holds(mixed: Pair) -> None:
    mixed.agree()

    for world, other in ((mixed.home, mixed.host), (mixed.host, mixed.home)):
        kept = newest(world)
        assert kept.size == size(world)
        verified = other.ledger.trust.policy.of_log(world.origin)
        assert verified == world.ledger.signer.keys.public(Role.LOG)
        names = {each.name for each in kept.note.signatures}
        assert names == {world.origin, f"{other.origin}/witness"}
        assert world.ledger.trust.policy.quorum == "partners"


def test_the_evidence_convinces_whoever_has_the_keys_and_nothing_else(pair: Pair) -> None:
    pair.agree()
    log = pair.home.ledger.signer.keys.public(Role.LOG)
    witness = pair.host.ledger.witness.keys

    with pair.home.ledger.database.reading() as conn:
        evidence = checkpoints.proof(conn, pair.home.origin, 2)
    assert evidence is not None
    read = Proof.parse(evidence.to_bytes())
    assert read.extra is not None
    proven = read.proves(leaf_hash(read.extra), [*log, *witness])

    assert [each.key for each in proven.by] == [*log, *witness]
    with pytest.raises(Unsigned):
        read.proves(leaf_hash(read.extra), witness)


def test_both_see_the_same_fact_witnessed_at_the_same_time(pair: Pair) -> None:
    pair.agree()

    with pair.home.ledger.database.reading() as conn:
        own = checkpoints.states(conn, pair.home.origin, [1])[1]
    with pair.host.ledger.database.reading() as conn:
        theirs = checkpoints.states(conn, pair.home.origin, [1])[1]

    assert own == theirs
    assert own.signed
    assert [each.name for each in own.witnessed] == [f"{pair.host.origin}/witness"]


def test_a_journal_rewritten_with_its_own_key_is_refused_and_kept_as_proof(pair: Pair) -> None:
    """The keeper changes an old record, every hash above it, and the signer's own memory."""
    pair.agree()
    home = pair.home.ledger
    with home.database.writing() as conn:
        rows = conn.execute(
            select(record.c.leaf).where(record.c.origin == home.origin).order_by(record.c.position)
        )
        leaves = [bytes(row[0]) for row in rows]
        leaves[0] = leaf_hash(b"another beginning")
        whole = record.c.origin == home.origin
        conn.execute(update(record).where(whole, record.c.position == 1).values(leaf=leaves[0]))
        tree = Frontier().extend(leaves)
        conn.execute(update(head).where(head.c.log == home.origin).values(frontier=tree.to_bytes()))
        conn.execute(delete(vouched).where(vouched.c.log == home.origin))
        conn.execute(delete(checkpoint).where(checkpoint.c.log == home.origin))
    home.signer._write(tree)
    home.recorder._head = None
    pair.home.union("改写之后的工会")

    with pytest.raises(LedgerRewritten):
        attest(home, [pair.host.ledger.witness])

    assert isinstance(home.signer.bar, LedgerRewritten)
    with pair.host.ledger.database.reading() as conn:
        assert len(list(conn.execute(select(contradiction)))) == 1


def snapshot_restored(pair: Pair, tmp_path: Path) -> World:
    """A backup was restored whole, with the signer's memory of its day."""
    pair.agree()
    keys = pair.home.ledger.vault.keyring.folder
    file = Path(str(pair.home.ledger.database.url.database))
    with pair.home.ledger.database.engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(file, tmp_path / "backup")
    shutil.copy(keys / "signed", tmp_path / "signed")
    pair.home.union("之后的工会")
    pair.sync()
    pair.home.ledger.close()
    for each in tmp_path.glob("guangxi.sqlite*"):
        each.unlink()
    shutil.copy(tmp_path / "backup", file)
    shutil.copy(tmp_path / "signed", keys / "signed")
    restored = open_province(tmp_path, "45", time=pair.home.time, begun=pair.home)
    assert restored.ledger.signer.bar is None
    return restored


def test_a_witness_that_shows_our_own_later_signature_stops_us(pair: Pair, tmp_path: Path) -> None:
    restored = snapshot_restored(pair, tmp_path)
    with restored.ledger.database.writing() as conn:  # it forgets the cosignature of that day too
        conn.execute(delete(checkpoints.cosignature))

    with pytest.raises(LedgerBehind):
        offer(restored.ledger, pair.host.ledger.witness)

    with pytest.raises(LedgerBehind), restored.ledger.entry(restored.act(restored.root)):
        pass
    restored.ledger.close()


def test_who_went_on_from_a_snapshot_beyond_what_was_cosigned_is_stopped_too(
    pair: Pair, tmp_path: Path
) -> None:
    """Its checkpoint is longer than what was cosigned, and another: 422, and not 409."""
    restored = snapshot_restored(pair, tmp_path)
    for number in range(4):
        restored.union(f"另一历史之{number}")
    restored.ledger.signer.sign(restored.ledger.clock.now())

    with pytest.raises(LedgerRewritten):
        offer(restored.ledger, pair.host.ledger.witness)

    with pytest.raises(LedgerRewritten), restored.ledger.entry(restored.act(restored.root)):
        pass
    restored.ledger.close()


class Lying:
    """A witness that answers whatever a test wants."""

    def __init__(
        self, keys: Sequence[PublicKey], *answers: Answer, held: bytes | None = None
    ) -> None:
        self.keys, self._answers, self._held = keys, list(answers), held

    def add_checkpoint(self, body: bytes) -> Answer:
        return self._answers.pop(0)

    def latest(self, origin: str) -> bytes | None:
        return self._held


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b""),
        Answer(200, b"\xff\n"),
        Answer(200, "— somebody AAAAAAAAAAAA\n".encode()),
        Answer(409, b"many\n"),
        Answer(409, b"1" * 200),
        Answer(500, b"<html>"),
        Answer(409, b"999999\n"),
    ],
)
def test_whatever_a_witness_answers_stops_no_local_work(pair: Pair, answer: Answer) -> None:
    home = pair.home.ledger
    home.signer.sign(home.clock.now())
    witness = Lying(pair.host.ledger.witness.keys, answer)

    with pytest.raises((NotWitnessed, BadNote)):
        offer(home, witness)

    pair.home.union("照常办理的工会")
    assert home.signer.bar is None


def test_a_cosignature_of_another_witness_is_not_taken(pair: Pair) -> None:
    home, host = pair.home.ledger, pair.host.ledger
    introduce(home, host)
    home.signer.sign(home.clock.now())

    class Elsewhere(Lying):
        def add_checkpoint(self, body: bytes) -> Answer:
            return host.witness.add_checkpoint(body)

    with pytest.raises(Unsigned):
        offer(home, Elsewhere(home.witness.keys))
    assert len(newest(pair.home).note.signatures) == 1


def in_the_name_of(name: str, line: Signature) -> Signature:
    """A signature that was never made, under an id that is known: of another name's key."""
    return Signature(name, line.id, line.body[:8] + bytes(64))


def test_a_witness_cannot_sign_in_the_name_of_another(pair: Pair) -> None:
    home, behind = pair.home.ledger, pair.host.ledger.witness
    introduce(home, pair.host.ledger)
    home.signer.sign(home.clock.now())

    class Also(Lying):
        def add_checkpoint(self, body: bytes) -> Answer:
            answer = behind.add_checkpoint(body)
            own = Signature.parse(answer.body.decode().splitlines()[0])
            return answer._replace(body=answer.body + in_the_name_of(AUDITOR, own).line.encode())

    assert offer(home, Also(behind.keys))

    names = {each.name for each in newest(pair.home).note.signatures}
    assert names == {home.origin, f"{pair.host.origin}/witness"}
    auditor = PublicKey(AUDITOR, Kind.COSIGNER, behind.keys[0].raw)
    with pytest.raises(IndexError):  # it is asked, for it has not signed
        offer(home, Lying([auditor]))


AUDITOR = "auditor.example/witness"


def test_a_mirror_cannot_sign_in_the_name_of_another(pair: Pair) -> None:
    pair.agree()
    log = pair.to_host.log
    with pair.host.ledger.database.reading() as conn:
        kept = checkpoints.last(conn, log)
    assert kept is not None
    own = next(s for s in kept.note.signatures if s.name == f"{pair.host.origin}/mirror")
    note = Note(kept.note.text, (own, in_the_name_of("liangdi.example/hunan/mirror", own)))

    keep_mirrored(pair.home.ledger, log, pair.host.origin, note)

    with pair.home.ledger.database.reading() as conn:
        kept = checkpoints.last(conn, log)
    assert kept is not None
    assert "liangdi.example/hunan/mirror" not in {each.name for each in kept.note.signatures}


def test_a_new_key_is_accepted_where_the_old_one_signs_beside_it(pair: Pair) -> None:
    pair.agree()
    keys = pair.home.ledger.signer.keys
    first = keys.one(Role.LOG).public
    before = newest(pair.home)

    second = keys.rotate(Role.LOG)
    pair.home.union("换钥之后的工会")
    attest(pair.home.ledger, [pair.host.ledger.witness])  # it knows the first one only
    pair.sync()
    keys.retire(first)
    pair.home.union("旧钥停用之后的工会")
    pair.sync()

    kept = newest(pair.home)
    assert {each.id for each in kept.note.signatures if each.name == pair.home.origin} == {
        second.id
    }
    assert len(kept.note.signatures) == 2
    trusted = pair.host.ledger.trust.of_log(pair.home.origin)
    assert trusted == [first, second]
    assert Note.parse(before.note.to_bytes()) == before.note


# ── on and on, and over HTTP ─────────────────────────────────────────────────────────────────


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[tuple[World, str]]:
    """A witness of somebody else's, behind plain HTTP."""
    world = open_pair_stranger(tmp_path)
    witness = world.ledger.witness

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = witness.add_checkpoint(
                self.rfile.read(min(int(self.headers["content-length"]), MOST_BODY))
            )
            self._say(answer.status, answer.body, answer.type)

        def do_GET(self) -> None:
            held = witness.latest_by_hash(self.path.split("/")[-2])
            self._say(404 if held is None else 200, held or b"", "text/plain")

        def _say(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield world, f"http://127.0.0.1:{server.server_port}/w"
    server.shutdown()
    server.server_close()
    thread.join()
    world.ledger.close()


def open_pair_stranger(folder: Path) -> World:
    return open_province(folder, "43")


def test_a_stranger_s_witness_is_asked_over_http(pair: Pair, stranger: tuple[World, str]) -> None:
    world, url = stranger
    home = pair.home.ledger
    world.ledger.trust.trust(*home.signer.keys.public(Role.LOG))
    home.signer.sign(home.clock.now())
    witness = HttpWitness(url, world.ledger.witness.keys)

    assert offer(home, witness)
    assert not offer(home, witness)
    pair.home.union("又一个工会")
    home.signer.sign(home.clock.now())
    assert offer(home, HttpWitness(url + "/", world.ledger.witness.keys))

    held = witness.latest(home.origin)
    assert held is not None
    assert Note.parse(held).text == newest(pair.home).note.text
    with pytest.raises(OSError, match="no address"):
        HttpWitness("file:///etc/passwd", ()).latest("x")


def test_while_a_ledger_is_served_its_checkpoints_are_signed_and_cosigned(
    pair: Pair, stranger: tuple[World, str]
) -> None:
    world, url = stranger
    home, host = pair.home.ledger, pair.host.ledger
    world.ledger.trust.trust(*home.signer.keys.public(Role.LOG))
    home.trust.trust(*world.ledger.witness.keys, url=url)
    attesting = Attesting([home, host], every=0.01)
    names = {home.origin, f"{host.origin}/witness", f"{world.origin}/witness"}

    attesting.start()
    try:
        waiting = threading.Event()
        for _ in range(500):
            with home.database.reading() as conn:
                kept = checkpoints.last(conn, home.origin)
            if kept is not None and {each.name for each in kept.note.signatures} == names:
                break
            waiting.wait(0.02)
    finally:
        attesting.stop()

    assert {each.name for each in newest(pair.home).note.signatures} == names


def test_a_witness_that_cannot_be_asked_stops_nobody_from_being_witnessed(pair: Pair) -> None:
    """One shows another certificate, one has no key at all, and one meets a fault of ours."""
    pair.agree()
    home, behind = pair.home.ledger, pair.host.ledger.witness
    pair.home.union("之后的工会")

    class Strange(Lying):
        def add_checkpoint(self, body: bytes) -> Answer:
            raise WrongCertificate("liangdi.example/hunan")

    class Broken(Lying):
        def add_checkpoint(self, body: bytes) -> Answer:
            raise ZeroDivisionError("nobody had foreseen this")

    names = [
        PublicKey(f"{each}.example/witness", Kind.COSIGNER, behind.keys[0].raw) for each in "ab"
    ]
    before = [Strange(names[:1]), Lying([]), Broken(names[1:]), behind]
    attesting = Attesting([home], every=0.01, partners=lambda _: before)

    attesting.start()
    waiting = threading.Event()
    for _ in range(500):
        with home.database.reading() as conn:
            if checkpoints.newest_by(conn, home.origin, behind.keys[0].name)[0] == size(pair.home):
                break
        waiting.wait(0.02)
    with pytest.raises(ZeroDivisionError):  # nothing is hidden
        attesting.stop()

    assert newest(pair.home).size == size(pair.home)
    with home.database.reading() as conn:
        assert checkpoints.newest_by(conn, home.origin, behind.keys[0].name)[0] == size(pair.home)
