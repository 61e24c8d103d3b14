"""The signer: it signs what it has read again, never less than before, and never something else."""

import json
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from ledger.book import Ledger, Province
from ledger.journal import checkpoints
from ledger.journal.database import Database
from ledger.journal.keys import Role
from ledger.journal.merkle import Frontier, leaf_hash, verify_consistency
from ledger.journal.notes import Checkpoint, Malformed, Note, Proof, sign, verify
from ledger.journal.recorder import read_head
from ledger.journal.signing import LedgerBehind, LedgerRewritten, ReadOnly, SignedLost
from ledger.journal.tables import checkpoint, cosignature, head, record, vouched
from ledger.journal.vault import Keyring
from tests.world import World, open_province

GUANGXI = Province("45", "liangdi.example/guangxi", "广西壮族自治区", "广西")


@pytest.fixture
def world(tmp_path: Path, ledger_url: str) -> Iterator[World]:
    made = open_province(tmp_path, url=ledger_url)
    yield made
    made.ledger.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[World]:
    made = open_province(tmp_path)
    yield made
    made.ledger.close()


Again = Callable[[World], Ledger]


@pytest.fixture
def again() -> Iterator[Again]:
    """The same ledger, opened by another process."""
    opened: list[Ledger] = []

    def once_more(world: World) -> Ledger:
        url = world.ledger.database.url.render_as_string(hide_password=False)
        keys = Keyring(world.ledger.vault.keyring.folder)
        opened.append(Ledger(GUANGXI, Database(url), keys, world.time.clock))
        return opened[-1]

    yield once_more
    for each in opened:
        each.close()


def signed(ledger: Ledger) -> Checkpoint | None:
    return ledger.signer.sign(ledger.clock.now())


def file_of(world: World) -> Path:
    return world.ledger.vault.keyring.folder / "signed"


# ── signing ──────────────────────────────────────────────────────────────────────────────────


def test_a_checkpoint_says_how_long_the_journal_is_and_its_root(world: World) -> None:
    made = signed(world.ledger)

    with world.ledger.database.reading() as conn:
        kept = checkpoints.last(conn, world.origin)
        frontier = read_head(conn, world.origin).frontier
    assert made is not None
    assert made == Checkpoint(world.origin, frontier.size, frontier.root())
    assert kept is not None
    assert kept.note.text == made.text
    assert verify(kept.note, world.ledger.signer.keys.public(Role.LOG))
    assert json.loads(file_of(world).read_text())["size"] == frontier.size


def test_nothing_is_signed_twice_and_every_checkpoint_begins_with_the_one_before(
    world: World,
) -> None:
    made = [signed(world.ledger)]
    assert signed(world.ledger) is None
    for number in range(3):
        world.union(f"第{number}村工会")
        made.append(signed(world.ledger))

    with world.ledger.database.reading() as conn:
        for old, new in pairwise(made):
            assert old is not None
            assert new is not None
            proof = checkpoints.grown(conn, world.origin, old.size, new.size)
            assert verify_consistency(old.size, old.root, new.size, new.root, proof)


def test_an_empty_journal_has_nothing_to_sign(tmp_path: Path, database: Database) -> None:
    ledger = Ledger(GUANGXI, database, Keyring(tmp_path / "keys"))

    assert ledger.signer.sign(ledger.clock.now()) is None
    assert not (tmp_path / "keys" / "signed").exists()


def test_any_record_is_proven_without_the_log(world: World) -> None:
    world.worker("韦秀英")
    made = signed(world.ledger)
    assert made is not None
    keys = world.ledger.signer.keys.public(Role.LOG)

    with world.ledger.database.reading() as conn:
        for position in range(1, made.size + 1):
            proof = checkpoints.proof(conn, world.origin, position)
            assert proof is not None
            read = Proof.parse(proof.to_bytes())
            assert read.extra is not None
            assert read.proves(leaf_hash(read.extra), keys).checkpoint == made
        with pytest.raises(LookupError):
            checkpoints.proof(conn, world.origin, made.size + 1)


def test_how_far_a_record_is_proven(world: World) -> None:
    first = signed(world.ledger)
    assert first is not None
    world.union("纳合村工会")
    with world.ledger.database.writing() as conn:
        witness = world.ledger.signer.keys.one(Role.WITNESS)
        for size, time in ((first.size - 1, 100), (first.size, 200)):
            line = sign(first.text, witness, time)
            checkpoints.keep_cosignature(conn, world.origin, size, time, line)

    with world.ledger.database.reading() as conn:
        at = [first.size - 1, first.size, first.size + 1]
        states = checkpoints.states(conn, world.origin, at)

    assert [states[each].signed for each in at] == [True, True, False]
    assert [[w.at.timestamp() for w in states[each].witnessed] for each in at] == [[100], [200], []]


def test_two_that_sign_at_once_make_one_checkpoint(world: World, again: Again) -> None:
    beside = again(world)
    signed(world.ledger)
    world.union("纳合村工会")

    made = [signed(beside), signed(world.ledger), signed(beside)]

    assert [each is None for each in made] == [False, True, True]


def test_a_signer_elsewhere_goes_on_from_the_other_s_checkpoint(world: World, again: Again) -> None:
    """Two machines on one database, each with a file of its own."""
    signed(world.ledger)
    old = file_of(world).read_bytes()
    world.union("纳合村工会")
    signed(world.ledger)
    world.union("百旺村工会")

    file_of(world).write_bytes(old)

    made = signed(again(world))
    assert made is not None
    with world.ledger.database.reading() as conn:
        assert made.size == read_head(conn, world.origin).frontier.size


def test_killed_between_file_and_database_it_signs_the_same_again(
    world: World, again: Again
) -> None:
    signed(world.ledger)
    world.union("纳合村工会")
    made = signed(world.ledger)
    with world.ledger.database.writing() as conn:  # as if that had never been committed
        before = (
            conn.execute(select(checkpoint.c.size).order_by(checkpoint.c.size)).scalars().first()
        )
        note = conn.execute(
            select(checkpoint.c.note).where(checkpoint.c.size == before)
        ).scalar_one()
        first = Checkpoint.parse(Note.parse(bytes(note)).text)
        conn.execute(delete(checkpoint).where(checkpoint.c.size != before))
        conn.execute(update(vouched).values(size=first.size, root=first.root))

    assert signed(again(world)) == made


# ── what is not signed ───────────────────────────────────────────────────────────────────────


def test_a_changed_byte_in_a_new_record_is_not_signed_and_stops_writing(world: World) -> None:
    signed(world.ledger)
    world.union("纳合村工会")
    with world.ledger.database.writing() as conn:
        last = read_head(conn, world.origin).frontier.size
        conn.execute(
            update(record).where(record.c.position == last).values(body=b'{"changed":true}')
        )

    with pytest.raises(LedgerRewritten):
        signed(world.ledger)
    with pytest.raises(ReadOnly), world.ledger.entry(world.act(world.root)):
        pass
    with world.ledger.reading() as reader:
        assert reader.conn is not None


def test_a_history_rewritten_before_the_last_checkpoint_is_found_at_the_start(
    world: World, again: Again
) -> None:
    signed(world.ledger)
    with world.ledger.database.writing() as conn:
        rows = conn.execute(select(record.c.header, record.c.body).order_by(record.c.position))
        leaves = [leaf_hash(h + b"\n" + b) for h, b in rows]
        leaves[0] = leaf_hash(b"another beginning")
        conn.execute(update(record).where(record.c.position == 1).values(leaf=leaves[0]))
        conn.execute(update(head).values(frontier=Frontier().extend(leaves).to_bytes()))

    with pytest.raises(LedgerRewritten):
        signed(world.ledger)
    assert isinstance(again(world).signer.bar, LedgerRewritten)


def test_a_restored_older_backup_is_read_only(sqlite: World, tmp_path: Path, again: Again) -> None:
    signed(sqlite.ledger)
    url = Path(str(sqlite.ledger.database.url.database))
    with sqlite.ledger.database.engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(url, tmp_path / "backup")
    sqlite.union("纳合村工会")
    signed(sqlite.ledger)
    sqlite.ledger.close()
    for each in tmp_path.glob("guangxi.sqlite*"):
        each.unlink()
    shutil.copy(tmp_path / "backup", url)

    restored = again(sqlite)

    assert isinstance(restored.signer.bar, LedgerBehind)
    with pytest.raises(LedgerBehind), restored.entry(sqlite.act(sqlite.root)):
        pass
    with pytest.raises(LedgerBehind):
        signed(restored)
    with pytest.raises(LedgerBehind):  # and no partner's silence is a reason to go on
        restored.signer.resume([])
    assert isinstance(again(sqlite).signer.bar, LedgerBehind)


@pytest.mark.parametrize("text", [None, "", "{}", '{"origin": 1}', "\xff"])
def test_without_its_file_the_ledger_is_read_only_until_it_is_resumed(
    sqlite: World, text: str | None, again: Again
) -> None:
    made = signed(sqlite.ledger)
    file_of(sqlite).unlink()
    if text is not None:
        file_of(sqlite).write_text(text, "latin-1")
    found = again(sqlite)
    assert isinstance(found.signer.bar, SignedLost)

    resumed = found.signer.resume([])

    assert found.signer.bar is None
    assert resumed == made
    sqlite.ledger.close()
    with found.entry(sqlite.act(sqlite.root)):
        pass


def test_it_does_not_resume_behind_what_a_witness_holds(world: World, again: Again) -> None:
    signed(world.ledger)
    beyond = Checkpoint(world.origin, 10_000, bytes(32)).text
    keys = world.ledger.signer.keys
    held = Note(beyond, (sign(beyond, keys.one(Role.LOG)),))
    file_of(world).unlink()
    lost = again(world)

    with pytest.raises(LedgerBehind):
        lost.signer.resume([held])
    other = Checkpoint("elsewhere", 1, bytes(32)).text
    with pytest.raises(Malformed):
        lost.signer.resume([Note(other, (sign(other, keys.one(Role.LOG)),))])
    assert isinstance(lost.signer.bar, SignedLost)


def test_the_first_cosignature_of_a_witness_stays(world: World) -> None:
    made = signed(world.ledger)
    assert made is not None
    witness = world.ledger.signer.keys.one(Role.WITNESS)
    with world.ledger.database.writing() as conn:
        for time in (100, 200):
            line = sign(made.text, witness, time)
            checkpoints.keep_cosignature(conn, world.origin, made.size, time, line)

        times = list(conn.execute(select(cosignature.c.time)).scalars())

    assert times == [100]
