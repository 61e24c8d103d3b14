"""The witness and the tree over HTTP: the specifications' own answers, and records for few."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from eventsourcing.persistence import StoredEvent
from fastapi.testclient import TestClient

from api.app import create_app
from ledger.desk import Desk
from ledger.domain.ids import new_person
from ledger.domain.kernel import Office
from ledger.exchange.witnessing import attest, introduce
from ledger.journal import checkpoints
from ledger.journal.keys import Role
from ledger.journal.merkle import Frontier, leaf_hash
from ledger.journal.notes import Checkpoint, Note, Proof, Signature, verify
from ledger.journal.signing import LedgerBehind
from ledger.journal.witness import MOST_BODY, Request
from tests.pair import Pair, close, open_pair
from tests.world import World


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = open_pair(tmp_path)
    introduce(opened.home.ledger, opened.host.ledger)
    yield opened
    close(opened)


def served(*worlds: World) -> TestClient:
    desk = Desk({each.ledger.province.code: each.ledger for each in worlds})
    return TestClient(create_app(desk), raise_server_exceptions=False)


def token(world: World, office: Office = Office.AUDITOR) -> dict[str, str]:
    """Somebody of an office, with a machine's token."""
    desk = Desk({world.ledger.province.code: world.ledger})
    union = world.root if office is Office.AUDITOR else world.union("纳合村工会")
    name = f"{office}-{union[-4:]}"
    desk.open_account(
        world.ledger, name, world.officer(union, office), "a long enough password", ""
    )
    return {"Authorization": f"Bearer {desk.make_token(world.ledger, name, 'test')}"}


def asked(world: World, old: int = 0) -> bytes:
    world.ledger.signer.sign(world.ledger.clock.now())
    with world.ledger.database.reading() as conn:
        kept = checkpoints.last(conn, world.origin)
        assert kept is not None
        proof = checkpoints.grown(conn, world.origin, old, kept.size) if old else []
    return Request(old, tuple(proof), kept.note).to_bytes()


def test_a_partner_s_checkpoint_is_cosigned(pair: Pair) -> None:
    http = served(pair.host)

    answer = http.post("/witness/add-checkpoint", content=asked(pair.home))

    assert answer.status_code == 200
    text = Checkpoint.parse(Request.parse(asked(pair.home)).note.text).text
    lines = tuple(Signature.parse(line) for line in answer.text.splitlines())
    assert verify(Note(text, lines), pair.host.ledger.witness.keys)
    digest = sha256(pair.home.origin.encode()).hexdigest()
    assert http.get(f"/witness/{digest}/checkpoint").text.startswith(text)
    assert http.get(f"/witness/{'0' * 64}/checkpoint").status_code == 404


def test_every_refusal_has_the_status_of_the_specification(pair: Pair) -> None:
    http = served(pair.host, pair.home)
    good = asked(pair.home)

    def answer(body: bytes, code: str = "44") -> tuple[int, str]:
        said = http.post(f"/witness/{code}/add-checkpoint", content=body)
        return said.status_code, said.headers["content-type"]

    assert answer(b"hello")[0] == 400
    assert answer(good, "45")[0] == 404  # nobody witnesses herself
    assert answer(good.replace(b"old 0", b"old 1")) == (409, "text/x.tlog.size")
    assert answer(good)[0] == 200
    assert answer(good.replace(b"\n\n", b"\n" + b"A" * 43 + b"=\n\n", 1)) == (
        409,
        "text/x.tlog.size",
    )
    assert answer(b"x" * (MOST_BODY + 1))[0] == 413
    assert http.post("/witness/add-checkpoint", content=good).status_code == 404  # of which?
    assert http.post("/witness/99/add-checkpoint", content=good).status_code == 404
    assert http.get("/witness/add-checkpoint").status_code in {404, 405}


def test_an_auditor_rebuilds_the_root_from_tiles_and_hashes_the_records_again(pair: Pair) -> None:
    home = pair.home
    home.ledger.recorder.insert_events(
        [StoredEvent(new_person(), 1, "SomethingNew", b"{}") for _ in range(300)]
    )
    attest(home.ledger, [pair.host.ledger.witness])
    http = served(home)
    note = Note.parse(http.get("/tiles/checkpoint").content)
    checkpoint = Checkpoint.parse(note.text)
    auditor = token(home)

    leaves = b""
    records: list[bytes] = []
    for number in range(-(-checkpoint.size // 256)):
        width = min(256, checkpoint.size - number * 256)
        path = f"{number:03}" + ("" if width == 256 else f".p/{width}")
        leaves += http.get(f"/tiles/tile/0/{path}").content
        data = http.get(f"/tiles/tile/entries/{path}", headers=auditor).content
        while data:
            size = int.from_bytes(data[:2], "big")
            records.append(data[2 : 2 + size])
            data = data[2 + size :]

    hashes = [leaves[at : at + 32] for at in range(0, len(leaves), 32)]
    assert Frontier().extend(hashes).root() == checkpoint.root
    assert [leaf_hash(each) for each in records] == hashes
    assert checkpoint.size > 256
    above = http.get("/tiles/tile/1/000.p/1")
    assert above.content == Frontier().extend(hashes[:256]).root()
    assert "immutable" in above.headers["cache-control"]
    part = http.get("/tiles/45/tile/0/000.p/7")
    assert part.content == leaves[: 7 * 32]
    keys = [*home.ledger.signer.keys.public(Role.LOG), *pair.host.ledger.witness.keys]
    assert len(verify(note, keys)) == 2


def test_what_no_checkpoint_covers_is_not_shown(pair: Pair) -> None:
    http = served(pair.home)
    assert http.get("/tiles/checkpoint").status_code == 404
    made = pair.home.ledger.signer.sign(pair.home.ledger.clock.now())
    assert made is not None
    pair.home.union("之后的工会")

    assert http.get(f"/tiles/tile/0/000.p/{made.size}").status_code == 200
    for path in (
        f"0/000.p/{made.size + 1}", "0/000", "0/001", "1/000.p/1", "0/000.p/0", "0/000.p/256",
        "0/0", "0/x000/000.p/1", "0/000.p/01", "00/000.p/1", "64/000.p/1", "-1/000.p/1", "0/x/000",
        "0/" + "x001/" * 20 + "000", "a/000", "0/000.p/1/2",
    ):  # fmt: skip
        assert http.get(f"/tiles/tile/{path}").status_code == 404, path


def test_records_are_for_those_who_may_read_them_all(pair: Pair) -> None:
    home = pair.home
    clerk, other = token(home, Office.CLERK), token(pair.host)
    auditor = token(home)
    home.ledger.signer.sign(home.ledger.clock.now())
    http = served(home, pair.host)

    def status(headers: dict[str, str]) -> int:
        return http.get("/tiles/45/tile/entries/000.p/1", headers=headers).status_code

    assert [status({}), status(clerk), status(other), status(auditor)] == [401, 403, 403, 200]


def test_a_record_says_how_far_it_is_proven_and_gives_its_evidence(pair: Pair) -> None:
    pair.agree()
    auditor = token(pair.home)
    http = served(pair.home)

    shown = http.get("/api/v1/records/1", headers=auditor).json()["proof"]
    evidence = http.get("/api/v1/records/1/proof", headers=auditor)
    later = http.get("/api/v1/records", headers=auditor).json()

    assert shown["stage"] == "witnessed"
    assert shown["by"][0]["witness"] == f"{pair.host.origin}/witness"
    read = Proof.parse(evidence.content)
    assert read.extra is not None
    keys = [*pair.home.ledger.signer.keys.public(Role.LOG), *pair.host.ledger.witness.keys]
    assert len(read.proves(leaf_hash(read.extra), keys).by) == 2
    assert later["size"] > 1
    unsigned = pair.home.ledger.recorder.max_notification_id()
    assert http.get(f"/api/v1/records/{unsigned}/proof", headers=auditor).status_code == 404


def test_a_ledger_behind_its_signature_is_read_and_not_written(pair: Pair) -> None:
    home = pair.home
    auditor, clerk = token(home), token(home, Office.CLERK)
    home.ledger.signer.bar = LedgerBehind(home.origin, signed=9, held=3)
    http = served(home)

    refused = http.post(
        "/api/v1/persons", headers={**clerk, "Idempotency-Key": "test-key-1"},
        json={"name": "阿", "document": "none_yet", "number_owed": "lost",
              "number_due": "2026-06-01"},
    )  # fmt: skip
    said = refused.json()

    assert (refused.status_code, said["type"]) == (503, "/problems/read-only")
    assert said["why"] == "LedgerBehind"
    assert "只读" in said["title_zh"]
    assert http.get("/api/v1/records", headers=auditor).status_code == 200
