"""The witness: the exact answers of tlog-witness, one history for each log, and no race."""

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.clock import Clock
from ledger.journal.alarms import MOST, contradictions
from ledger.journal.database import Database
from ledger.journal.keys import SigningKeys
from ledger.journal.merkle import EMPTY_ROOT, Frontier, consistency_proof, leaf_hash
from ledger.journal.notes import Checkpoint, Note, PublicKey, Signature, sign, verify
from ledger.journal.witness import SIZE, Answer, Request, Witness
from tests.journal.test_merkle import Shelf
from tests.journal.test_notes import Key, key

LOG = key("example.com/log")
STRANGER = key("example.com/log", seed=b"9")


@dataclass
class Other:
    """Another log: its leaves, and what it asks of us."""

    shelf: Shelf = field(default_factory=Shelf)

    @classmethod
    def of(cls, *words: str) -> "Other":
        made = cls()
        made.shelf.append([leaf_hash(word.encode()) for word in words])
        return made

    def note(self, size: int, by: Key = LOG) -> Note:
        root = Frontier().extend(self.shelf.stored[:size]).root()
        text = Checkpoint(LOG.public.name, size, root).text
        return Note(text, (sign(text, by),))

    def asks(self, old: int, size: int, by: Key = LOG, **changed: object) -> bytes:
        proof = consistency_proof(self.shelf, old, size) if old <= size else []
        asked = Request(old, tuple(proof), self.note(size, by))
        return asked._replace(**changed).to_bytes()


@pytest.fixture
def witness(tmp_path: Path, database: Database) -> Witness:
    keys = SigningKeys(tmp_path / "keys", "liangdi.example/guangdong")
    known = {LOG.public.name: [LOG.public]}
    return Witness(database, Clock(), keys, lambda origin: known.get(origin, []))


LETTERS = "abcdefgh"
A = Other.of(*LETTERS)
FORKED = Other.of(*"abcxefgh")


def cosigned(witness: Witness, answer: Answer, note: Note) -> list[PublicKey]:
    """Whose cosignatures an answer brings, verified."""
    lines = answer.body.decode().splitlines()
    made = note._replace(signatures=tuple(Signature.parse(line) for line in lines))
    return [each.key for each in verify(made, witness.keys)]


def test_a_log_that_grows_is_cosigned_step_by_step(witness: Witness) -> None:
    for old, new in ((0, 3), (3, 3), (3, 7), (7, 8)):
        answer = witness.add_checkpoint(A.asks(old, new))

        assert answer.status == 200
        assert cosigned(witness, answer, A.note(new)) == [*witness.keys]


def test_the_newest_checkpoint_is_shown_with_both_signatures(witness: Witness) -> None:
    digest = sha256(LOG.public.name.encode()).hexdigest()
    assert witness.latest(LOG.public.name) is None

    witness.add_checkpoint(A.asks(0, 3))
    witness.add_checkpoint(A.asks(3, 5))

    held = witness.latest_by_hash(digest)
    assert held is not None
    assert len(verify(Note.parse(held), [LOG.public, *witness.keys])) == 2
    assert Checkpoint.parse(Note.parse(held).text).size == 5
    assert witness.latest_by_hash("00" * 32) is None


def test_an_old_size_that_is_not_ours_is_told_ours(witness: Witness) -> None:
    assert witness.add_checkpoint(A.asks(2, 3)) == Answer(409, b"0\n", SIZE)
    witness.add_checkpoint(A.asks(0, 5))

    assert witness.add_checkpoint(A.asks(0, 7)) == Answer(409, b"5\n", SIZE)
    assert witness.add_checkpoint(A.asks(4, 7)) == Answer(409, b"5\n", SIZE)
    assert witness.add_checkpoint(A.asks(0, 3)) == Answer(409, b"5\n", SIZE)


def test_an_old_size_beyond_the_checkpoint_is_malformed(witness: Witness) -> None:
    witness.add_checkpoint(A.asks(0, 5))

    assert witness.add_checkpoint(A.asks(5, 3)).status == 400


def test_an_unknown_log_and_an_unknown_hand_are_told_apart(witness: Witness) -> None:
    text = Checkpoint("example.com/other", 1, bytes(32)).text
    other = Request(0, (), Note(text, (sign(text, LOG),))).to_bytes()
    forged = A.note(3).signatures[0]._replace(body=bytes(64))

    assert witness.add_checkpoint(other).status == 404
    assert witness.add_checkpoint(A.asks(0, 3, STRANGER)).status == 403
    spoilt = A.asks(0, 3, note=A.note(3)._replace(signatures=(*A.note(3).signatures, forged)))
    assert witness.add_checkpoint(spoilt).status == 403
    also = (*A.note(3, STRANGER).signatures, *A.note(3).signatures)
    assert (
        witness.add_checkpoint(A.asks(0, 3, note=A.note(3)._replace(signatures=also))).status == 200
    )


def test_what_does_not_follow_is_refused_and_kept(witness: Witness, database: Database) -> None:
    witness.add_checkpoint(A.asks(0, 5))
    unproven = [
        FORKED.asks(5, 7),
        FORKED.asks(5, 5),
        A.asks(5, 7, proof=()),
        A.asks(5, 5, proof=(bytes(32),)),
        A.asks(5, 7, proof=(bytes(32),) * 63),
    ]

    for each in (*unproven, unproven[0]):
        assert witness.add_checkpoint(each).status == 422

    with database.reading() as conn:
        kept = contradictions(conn, LOG.public.name)
    assert {each.shown for each in kept} == set(unproven)
    assert {each.size for each in kept} == {5}
    assert witness.add_checkpoint(A.asks(5, 7)).status == 200


def test_so_many_are_kept_and_no_more(witness: Witness, database: Database) -> None:
    witness.add_checkpoint(A.asks(0, 5))

    for number in range(MOST + 5):
        witness.add_checkpoint(A.asks(5, 7, proof=(number.to_bytes(32, "big"),)))

    with database.reading() as conn:
        assert len(contradictions(conn, LOG.public.name)) == MOST


def test_an_empty_log_has_the_empty_root_and_needs_no_proof(witness: Witness) -> None:
    text = Checkpoint(LOG.public.name, 0, bytes(32)).text
    lie = Request(0, (), Note(text, (sign(text, LOG),))).to_bytes()

    assert witness.add_checkpoint(lie).status == 422
    assert witness.add_checkpoint(A.asks(0, 3, proof=(bytes(32),))).status == 422
    assert witness.add_checkpoint(A.asks(0, 0)).status == 200
    assert A.note(0).text.split("\n")[2] == b64encode(EMPTY_ROOT).decode()
    assert witness.add_checkpoint(A.asks(0, 3)).status == 200


def test_of_many_at_once_each_sees_what_the_others_left(witness: Witness) -> None:
    witness.add_checkpoint(A.asks(0, 2))
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(witness.add_checkpoint, [A.asks(2, n) for n in range(3, 9)] * 2))

    assert sorted(each.status for each in answers)[:2] == [200, 409]
    assert {each.status for each in answers} == {200, 409}
    assert sum(each.status == 200 for each in answers) == 1


MALFORMED = [
    b"",
    b"old 0\n",
    b"old -1\n\n",
    A.asks(0, 3).replace(b"old 0\n", b"old 00\n"),
    A.asks(0, 3).replace(b"old 0\n", b"old 0 \n"),
    A.asks(0, 3).replace(b"old 0\n", b"new 0\n"),
    A.asks(0, 3).replace(b"old 0\n", b"old 0\nAAAA\n"),
    A.asks(3, 7, proof=(bytes(32),) * 64),
    A.asks(0, 3)[:-1],
    A.asks(0, 3).replace(b"\n3\n", b"\n03\n"),
    b"old 0\n" + b"\n" * (1 << 18),
    b"\xff" + A.asks(0, 3),
]


@pytest.mark.parametrize("number", range(len(MALFORMED)))
def test_what_is_malformed_is_said_to_be(witness: Witness, number: int) -> None:
    assert witness.add_checkpoint(MALFORMED[number]).status == 400


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    data=st.binary(max_size=200) | st.integers(0, 360).map(lambda stop: A.asks(3, 7)[:stop]),
)
def test_whatever_comes_in_is_answered(witness: Witness, data: bytes) -> None:
    assert witness.add_checkpoint(data).status in {400, 403, 404, 409}
