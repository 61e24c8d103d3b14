"""fsck: whatever is changed behind the book's back, it names the record, its kind and its day."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent
from sqlalchemy import Connection, delete, insert, select, update

from ledger.clock import Clock
from ledger.domain.forgetting import Ground, PersonShredded
from ledger.domain.ids import MembershipId, PersonId, UnionId
from ledger.domain.persons import Person
from ledger.journal import canonical, checkpoints, codec, fsck
from ledger.journal.database import Database
from ledger.journal.fsck import hashes
from ledger.journal.keys import Role, SigningKeys
from ledger.journal.merkle import Frontier, leaf_hash, root_at
from ledger.journal.notes import Checkpoint, Note, PublicKey, Signature, sign
from ledger.journal.record import NEWLINE, Particulars
from ledger.journal.recorder import JournalRecorder, LogReader, Visit, make_head
from ledger.journal.signing import JournalSigner
from ledger.journal.tables import (
    at_rest,
    channel_leaf,
    checkpoint,
    claim,
    cosignature,
    head,
    parked,
    person_key,
    record,
    sealed,
    tile,
    token,
    vouched,
)
from ledger.journal.vault import Keyring, Vault
from tests import dossiers, postgres
from tests.forgetting import adopt_terms, restrict, sound
from tests.pair import Pair, close, open_pair
from tests.world import Time, World, open_province

ORIGIN = "liangdi.example/guangxi"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PLAIN = 600
"""Records that follow the told ones and fill two tiles."""


@dataclass
class Told:
    """A ledger with a history, and where in it things stand."""

    database: Database
    vault: Vault
    size: int
    registered: int  # the position of a person's registration, with sealed groups
    enrolled: int  # the position of an enrolment, which holds a claim
    person: PersonId
    membership: MembershipId

    def check(self, **options: Any) -> fsck.Report:
        return fsck.check(self.database, ORIGIN, **options)


def tell(folder: Path, url: str) -> tuple[World, UnionId, PersonId, MembershipId]:
    """Some people, some members, and 600 plain records after them."""
    world = open_province(folder, url=url, time=Time(date(2026, 3, 2)))
    village = world.union("纳合村工会")
    person = world.worker("韦秀英", phone="13800000001")
    membership = world.enrol(person, village)
    for name in ("蒙·古丽", "单一"):
        world.enrol(world.worker(name), village)
    noted = [StoredEvent(f"s{n % 7}", n // 7 + 1, "Noted", b'{"n":%d}' % n) for n in range(PLAIN)]
    world.ledger.recorder.insert_events(noted)
    world.ledger.recorder.insert_events([StoredEvent("last", 1, "Noted", b"{}")])
    return world, village, person, membership


@pytest.fixture(scope="module")
def histories(
    tmp_path_factory: pytest.TempPathFactory, postgres_databases: postgres.Databases
) -> dict[str, tuple[str, Path, PersonId, MembershipId]]:
    """The same history told once on each kind of database, to be copied for every test."""
    made: dict[str, tuple[str, Path, PersonId, MembershipId]] = {}
    for kind in ("sqlite", "postgresql"):
        folder = tmp_path_factory.mktemp(kind)
        url = f"sqlite:///{folder / 'told.sqlite'}"
        if kind == "postgresql":
            url = postgres_databases.database()
        world, _, person, membership = tell(folder, url)
        world.ledger.close()
        made[kind] = (url, folder, person, membership)
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def told(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    histories: dict[str, tuple[str, Path, PersonId, MembershipId]],
    postgres_databases: postgres.Databases,
) -> Iterator[Told]:
    url, folder, person, membership = histories[request.param]
    if request.param == "sqlite":
        shutil.copyfile(folder / "told.sqlite", tmp_path / "copy.sqlite")
        copy = f"sqlite:///{tmp_path / 'copy.sqlite'}"
    else:
        copy = postgres_databases.database(url)
    database = Database(copy)
    with database.reading() as conn:
        rows = conn.execute(
            select(record.c.kind, record.c.position).where(
                record.c.stream.in_([person, membership])
            )
        )
        where = {row.kind: row.position for row in rows}
        size = conn.execute(select(head.c.size).where(head.c.log == ORIGIN)).scalar_one()
    keys = Keyring(folder / "guangxi-keys")
    yield Told(
        database, Vault(keys), size, where["PersonRegistered"], where["MemberEnrolled"], person,
        membership,
    )  # fmt: skip
    database.close()
    if request.param == "postgresql":
        postgres_databases.drop(copy)


def flipped(data: bytes, at: int = -1) -> bytes:
    """The same bytes, one of them another."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def change(conn: Connection, at: int, **values: Any) -> None:
    mine = (record.c.origin == ORIGIN) & (record.c.position == at)
    conn.execute(update(record).where(mine).values(values))


def held(conn: Connection, position: int, name: str) -> bytes:
    column = record.c[name]
    return bytes(
        conn.execute(
            select(column).where(record.c.origin == ORIGIN, record.c.position == position)
        ).scalar_one()
    )


# ── nothing changed ──────────────────────────────────────────────────────────────────────────


def test_a_journal_as_it_was_written_is_sound(told: Told) -> None:
    seen: list[fsck.Progress] = []

    report = told.check(vault=told.vault, tell=seen.append)

    assert report.faults == []
    assert [each.name for each in report.passes] == ["hashes", "contents"]
    assert all(each.records == told.size for each in report.passes)
    assert [each.done for each in seen][-1] == told.size


# ── what was signed ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
def signing(told: Told, tmp_path: Path) -> SigningKeys:
    """The keys of a signer that has signed a shorter journal, and this one; one cosigned."""
    keys = SigningKeys(tmp_path / "keys", ORIGIN)
    made = JournalSigner(told.database, ORIGIN, keys, tmp_path / "signed").sign(NOW)
    assert made is not None
    with told.database.writing() as conn:
        line = sign(made.text, keys.one(Role.WITNESS), 7)
        checkpoints.keep_cosignature(conn, ORIGIN, made.size, 7, line)
        early = Checkpoint(ORIGIN, 300, root_at(LogReader(conn, ORIGIN), 300))
        note = Note(early.text, (sign(early.text, keys.one(Role.LOG)),))
        checkpoints.keep(conn, ORIGIN, 300, note, "")
    return keys


def test_what_was_signed_is_what_stands_here(told: Told, signing: SigningKeys) -> None:
    assert told.check(keys=signing.public(Role.LOG)).faults == []
    assert told.check().faults == []


def test_a_signed_checkpoint_that_was_touched_is_named(told: Told, signing: SigningKeys) -> None:
    """Each kind of change, and what is said of it."""
    other = Checkpoint(ORIGIN, 300, bytes(32)).text
    lie = Note(other, (sign(other, signing.one(Role.LOG)),)).to_bytes()
    early = checkpoint.c.size == 300
    for table, where, values, said in (
        (checkpoint, early, {"note": lie}, "another root was signed"),
        (checkpoint, early, {"note": b"none"}, "its checkpoint is none"),
        (checkpoint, early, {"size": 299}, "its checkpoint is of"),
        (checkpoint, early, {"note": lie.replace(b"AAAA", b"BAAA", 1)}, "is not signed"),
        (cosignature, cosignature.c.size > 0, {"time": 8}, "does not fit"),
        (cosignature, cosignature.c.size > 0, {"size": 5}, "there is no such checkpoint"),
        (cosignature, cosignature.c.size > 0, {"line": "hello"}, "does not fit"),
        (vouched, vouched.c.size > 0, {"size": 300}, "the last checkpoint is missing"),
    ):
        with told.database.writing() as conn:
            before = [row._asdict() for row in conn.execute(select(table))]
            conn.execute(update(table).where(where).values(values))

        report = told.check(keys=signing.public(Role.LOG), deep=False)

        assert any(said in str(fault) for fault in report.faults), said
        with told.database.writing() as conn:
            conn.execute(delete(table))
            conn.execute(insert(table), before)
    assert told.check(keys=signing.public(Role.LOG), deep=False).sound


def test_a_checkpoint_beyond_the_head_shows_that_records_are_gone(
    told: Told, signing: SigningKeys
) -> None:
    beyond = Checkpoint(ORIGIN, told.size + 5, bytes(32)).text
    note = Note(beyond, (sign(beyond, signing.one(Role.LOG)),))
    with told.database.writing() as conn:
        checkpoints.keep(conn, ORIGIN, told.size + 5, note, "")

    faults = [str(fault) for fault in told.check(deep=False).faults]

    assert any("was signed, and the journal ends" in fault for fault in faults)


def test_without_the_keys_it_is_as_sound(told: Told) -> None:
    report = told.check()

    assert report.sound
    assert report.first is None


def test_an_empty_journal_is_sound(database: Database) -> None:
    with database.writing() as conn:
        make_head(conn, ORIGIN)

    assert fsck.check(database, ORIGIN).sound


def test_a_forgotten_person_leaves_a_sound_journal(told: Told) -> None:
    recorder = JournalRecorder(told.database, ORIGIN, Clock())
    shredding = codec.encode(PersonShredded(told.person, Ground.ASKED)).body
    freed = Particulars(frees=[("NumberTaken", None)])
    recorder.insert_events(
        [StoredEvent(told.person, 2, "PersonShredded", canonical.encode(shredding))],
        visit=Visit([freed], datetime.now(UTC), "ent_shredded"),
    )
    with told.database.writing() as conn:
        told.vault.forget(conn, told.person)

    assert told.check(vault=told.vault).faults == []
    assert told.check().faults == []


def test_several_processes_hash_what_one_does(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashes, "CHUNK", 256)
    with told.database.writing() as conn:
        change(conn, 300, body=flipped(held(conn, 300, "body"), 2))

    report = told.check(processes=2, deep=False)

    assert [each.position for each in report.faults] == [300]


# ── one byte ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("column", ["header", "body", "leaf"])
@pytest.mark.parametrize("position", [1, 100, 255, 256, 257, 400, "last"])
def test_one_byte_of_a_record(told: Told, column: str, position: int | str) -> None:
    at = told.size if position == "last" else int(position)
    with told.database.writing() as conn:
        change(conn, at, **{column: flipped(held(conn, at, column), 5 if column != "body" else 1)})

    quick, deep = told.check(deep=False).first, told.check().first

    for found in (quick, deep):
        assert found is not None
        assert found.position == at
        assert found.kind
    assert quick is not None
    assert quick.what == "does not match its leaf hash"


def test_it_names_the_kind_and_the_day(told: Told) -> None:
    with told.database.writing() as conn:
        change(conn, told.enrolled, body=flipped(held(conn, told.enrolled, "body"), 3))

    found = told.check().first

    assert found is not None
    assert (found.kind, found.day) == ("MemberEnrolled", "2026-03-02")
    assert str(found).startswith(f"{ORIGIN} {told.enrolled} (MemberEnrolled 2026-03-02): ")


@pytest.mark.parametrize(
    ("column", "value"), [("stream", "s99"), ("version", 999), ("kind", "Forged")]
)
def test_a_column_that_is_no_longer_a_copy(told: Told, column: str, value: object) -> None:
    with told.database.writing() as conn:
        change(conn, 444, **{column: value})

    found = told.check().first

    assert found is not None
    assert (found.position, found.what) == (444, f"column {column} is not what the header says")


def test_a_record_rewritten_with_its_leaf_is_named_by_its_tile(told: Told) -> None:
    with told.database.writing() as conn:
        header, body = held(conn, 200, "header"), b'{"n":1000000}'
        change(conn, 200, body=body, leaf=leaf_hash(header + b"\n" + body))

    found = told.check(deep=False).first

    assert found is not None
    assert (found.position, found.what) == (200, "tile 0/0 has another hash")


def test_a_record_rewritten_behind_the_last_tile_is_told_by_the_head(told: Told) -> None:
    with told.database.writing() as conn:
        header, body = held(conn, told.size, "header"), b'{"n":1000000}'
        change(conn, told.size, body=body, leaf=leaf_hash(header + b"\n" + body))

    found = told.check(deep=False).first

    assert found is not None
    assert (found.position, found.what) == (told.size, "the head has another frontier")


def test_text_where_bytes_belong(told: Told) -> None:
    if not told.database.is_sqlite:
        pytest.skip("PostgreSQL lets nobody do that")
    with told.database.writing() as conn:
        conn.exec_driver_sql("UPDATE record SET body = '{}', leaf = 'x' WHERE position = 77")

    found = told.check().first

    assert found is not None
    assert found.position == 77


# ── tiles and head ───────────────────────────────────────────────────────────────────────────


def tampered_tile(conn: Connection, number: int, column: str, at: int) -> None:
    mine = (tile.c.log == ORIGIN) & (tile.c.level == 0) & (tile.c.number == number)
    data = bytes(conn.execute(select(tile.c[column]).where(mine)).scalar_one())
    conn.execute(update(tile).where(mine).values({column: flipped(data, at)}))


def test_one_byte_of_a_tile(told: Told) -> None:
    with told.database.writing() as conn:
        tampered_tile(conn, 1, "hashes", 32 * 44 + 7)

    found = told.check(deep=False).first

    assert found is not None
    assert (found.position, found.what) == (256 + 45, "tile 0/1 has another hash")


def test_one_byte_of_a_tiles_root(told: Told) -> None:
    with told.database.writing() as conn:
        tampered_tile(conn, 1, "root", 0)

    found = told.check(deep=False).first

    assert found is not None
    assert (found.position, found.what) == (257, "the root of tile 0/1 is another one")


def test_a_missing_tile(told: Told) -> None:
    with told.database.writing() as conn:
        conn.execute(delete(tile).where(tile.c.number == 1))

    found = told.check(deep=False).first

    assert found is not None
    assert (found.position, found.what) == (257, "tile 0/1 is missing")


def test_a_tile_too_many(told: Told) -> None:
    with told.database.writing() as conn:
        conn.execute(
            insert(tile).values(log=ORIGIN, level=0, number=2, hashes=bytes(8192), root=bytes(32))
        )

    found = told.check(deep=False).first

    assert found is not None
    assert (found.position, found.what) == (told.size, "tile 0/2 stands beyond the head")


def test_one_byte_of_the_frontier(told: Told) -> None:
    with told.database.writing() as conn:
        frontier = bytes(conn.execute(select(head.c.frontier)).scalar_one())
        conn.execute(update(head).values(frontier=flipped(frontier)))

    found = told.check(deep=False).first

    assert found is not None
    assert (found.position, found.what) == (told.size, "the head has another frontier")


@pytest.mark.parametrize(
    ("values", "position", "what"),
    [
        ({"frontier": b"nothing"}, 0, "the head has no frontier that can be read"),
        ({"at": "2027-01-01T00:00:00.000000Z"}, 0, "the head has another time"),
        ({"size": 100}, 101, "stands beyond the head, which ends at 100"),
        ({"size": 2**60}, 1, "is missing"),
    ],
)
def test_a_head_that_says_something_else(
    told: Told, values: dict[str, object], position: int, what: str
) -> None:
    with told.database.writing() as conn:
        conn.execute(update(head).values(values))

    faults = told.check().faults

    wanted = told.size + position if position < 2 else position
    assert any(f.position == wanted and f.what.startswith(what) for f in faults), faults


def test_a_journal_without_its_head(told: Told) -> None:
    with told.database.writing() as conn:
        conn.execute(delete(head))

    found = told.check(deep=False).first

    assert found is not None
    assert (found.position, found.what) == (told.size, "has no head")


# ── whole rows ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("position", [1, 150, 256, "last"])
def test_a_row_that_was_deleted(told: Told, position: int | str) -> None:
    at = told.size if position == "last" else int(position)
    with told.database.writing() as conn:
        conn.execute(delete(record).where(record.c.position == at))

    for found in (told.check(deep=False).first, told.check().first):
        assert found is not None
        assert (found.position, found.what) == (at, "is missing")


def test_many_rows_that_were_deleted_are_one_fault(told: Told) -> None:
    with told.database.writing() as conn:
        conn.execute(delete(record).where(record.c.position.between(200, 500)))

    faults = [each for each in told.check(deep=False).faults if "missing" in each.what]

    assert [(each.position, each.what) for each in faults] == [
        (200, "is missing, and 300 after it")
    ]


def copied(conn: Connection, source: int, **values: object) -> None:
    row = conn.execute(select(record).where(record.c.position == source)).mappings().one()
    conn.execute(insert(record).values({**row, **values}))


@pytest.mark.parametrize("beyond", [1, 1000])
def test_a_row_that_was_inserted_at_the_end(told: Told, beyond: int) -> None:
    with told.database.writing() as conn:
        copied(conn, told.size, position=told.size + beyond, version=2)

    found = told.check(deep=False).first

    assert found is not None
    assert found.position == told.size + 1
    assert "beyond the head" in found.what


def test_a_row_that_was_inserted_before_the_first(told: Told) -> None:
    with told.database.writing() as conn:
        copied(conn, 1, position=0, version=77)

    found = told.check(deep=False).first

    assert found is not None
    assert (found.position, found.what) == (0, "stands before the first")


def test_two_rows_that_were_swapped(told: Told) -> None:
    with told.database.writing() as conn:
        change(conn, 300, position=10**6)
        change(conn, 301, position=300)
        change(conn, 10**6, position=301)

    for found in (told.check(deep=False).first, told.check().first):
        assert found is not None
        assert found.position == 300


def test_a_file_that_cannot_be_read(told: Told, tmp_path: Path) -> None:
    if not told.database.is_sqlite:
        pytest.skip("a page of a file of ours")
    told.database.close()
    path = tmp_path / "copy.sqlite"
    data = bytearray(path.read_bytes())
    page = data.index(b'{"n":300}') // 4096 * 4096
    data[page : page + 8] = b"\xff" * 8
    path.write_bytes(data)

    database = Database(f"sqlite:///{path}")
    found = fsck.check(database, ORIGIN).first
    database.close()

    assert found is not None
    assert "unreadable" in found.what
    assert 290 < found.position < 330


# ── what a record says, where its hashes were made anew ──────────────────────────────────────


def rewritten(conn: Connection, position: int, header: bytes, body: bytes) -> None:
    change(conn, position, header=header, body=body, leaf=leaf_hash(header + b"\n" + body))


def whats(report: fsck.Report, position: int) -> set[str]:
    return {each.what for each in report.faults if each.position == position}


def test_a_header_that_is_not_canonical(told: Told) -> None:
    with told.database.writing() as conn:
        header = held(conn, 500, "header").replace(b'"at":', b'"at": ')
        rewritten(conn, 500, header, held(conn, 500, "body"))

    assert any(what.startswith("is not canonical") for what in whats(told.check(), 500))


def test_a_body_that_is_not_canonical(told: Told) -> None:
    with told.database.writing() as conn:
        rewritten(conn, 500, held(conn, 500, "header"), b'{"n":1.0}')

    assert any(what.startswith("is not canonical") for what in whats(told.check(), 500))


def test_a_record_that_was_dated_back(told: Told) -> None:
    with told.database.writing() as conn:
        header = canonical.decode(held(conn, 500, "header"))
        header["at"] = "2020-01-01T00:00:00.000000Z"
        rewritten(conn, 500, canonical.encode(header), held(conn, 500, "body"))

    assert "was recorded before the one before it" in whats(told.check(), 500)


def test_a_version_out_of_turn(told: Told) -> None:
    with told.database.writing() as conn:
        header = canonical.decode(held(conn, told.size, "header"))
        header["version"] = 3
        rewritten(conn, told.size, canonical.encode(header), held(conn, told.size, "body"))
        change(conn, told.size, version=3)

    assert "version 3 of its stream is out of turn" in whats(told.check(), told.size)


# ── claims ───────────────────────────────────────────────────────────────────────────────────


def of_member(told: Told) -> Any:
    return (claim.c.rule == "AlreadyAMember") & (claim.c.key == told.person)


Claims = Callable[[Connection, Told], object]


@pytest.mark.parametrize(
    ("tamper", "what"),
    [
        (
            lambda conn, told: conn.execute(delete(claim).where(of_member(told))),
            "its claim AlreadyAMember is missing",
        ),
        (
            lambda conn, told: conn.execute(
                update(claim).where(of_member(told)).values(holder="mem_other")
            ),
            "its claim AlreadyAMember stands under another",
        ),
        (
            lambda conn, told: conn.execute(
                update(claim).where(of_member(told)).values(key="per_other")
            ),
            "holds a claim AlreadyAMember that it did not take",
        ),
    ],
    ids=["deleted", "given to another", "of another person"],
)
def test_a_claim_that_was_tampered_with(told: Told, tamper: Claims, what: str) -> None:
    with told.database.writing() as conn:
        tamper(conn, told)

    found = told.check().first

    assert found is not None
    assert (found.position, found.what) == (told.enrolled, what)


def test_a_claim_that_nobody_took(told: Told) -> None:
    with told.database.writing() as conn:
        conn.execute(
            insert(claim).values(
                origin=ORIGIN, rule="AlreadyAMember", key="per_x", position=300, holder="s1"
            )
        )

    found = told.check().first

    assert found is not None
    assert (found.position, found.what) == (
        300,
        "holds a claim AlreadyAMember that it did not take",
    )


def test_a_personal_claim_is_compared_exactly_where_there_are_keys(told: Told) -> None:
    with told.database.writing() as conn:
        mine = (claim.c.rule == "NumberTaken") & (claim.c.holder == told.person)
        conn.execute(update(claim).where(mine).values(key="00" * 16))

    without, exactly = told.check(), told.check(vault=told.vault)

    assert without.sound  # the key means nothing without the province's own
    assert whats(exactly, told.registered) == {
        "holds a claim NumberTaken that it did not take",
        "its claim NumberTaken is missing",
    }


def test_a_personal_claim_of_somebody_else_is_found_without_keys(told: Told) -> None:
    with told.database.writing() as conn:
        mine = (claim.c.rule == "NumberTaken") & (claim.c.holder == told.person)
        conn.execute(update(claim).where(mine).values(holder="per_other"))

    found = told.check().first

    assert found is not None
    assert (found.position, found.what) == (
        told.registered,
        "holds a claim NumberTaken that it did not take",
    )


# ── sealed groups ────────────────────────────────────────────────────────────────────────────


def of_registration(told: Told, group: str) -> Any:
    return (
        (sealed.c.origin == ORIGIN)
        & (sealed.c.position == told.registered)
        & (sealed.c.grp == group)
    )


def test_a_sealed_group_that_was_deleted(told: Told) -> None:
    with told.database.writing() as conn:
        conn.execute(delete(sealed).where(of_registration(told, "contact")))

    found = told.check().first

    assert found is not None
    assert (found.position, found.what) == (told.registered, "its sealed group contact is missing")


@pytest.mark.parametrize("at", [0, 20, -1])
def test_one_byte_of_a_sealed_group(told: Told, at: int) -> None:
    with told.database.writing() as conn:
        mine = of_registration(told, "identity")
        box = bytes(conn.execute(select(sealed.c.box).where(mine)).scalar_one())
        conn.execute(update(sealed).where(mine).values(box=flipped(box, at)))

    found = told.check(vault=told.vault).first

    assert found is not None
    assert (found.position, found.what) == (told.registered, "its sealed group identity is damaged")


def test_a_sealed_group_that_no_record_has(told: Told) -> None:
    with told.database.writing() as conn:
        conn.execute(
            insert(sealed).values(
                origin=ORIGIN, position=300, subject=told.person, grp="bank", box=b"box"
            )
        )

    found = told.check().first

    assert found is not None
    assert (found.position, found.what) == (300, "a sealed group bank that it does not have")


# ── keys, search tokens, and who is at rest ──────────────────────────────────────────────────


def test_a_persons_key_that_was_deleted(told: Told) -> None:
    with told.database.writing() as conn:
        conn.execute(delete(person_key).where(person_key.c.person == told.person))

    for report in (told.check(), told.check(vault=told.vault)):
        assert report.first is not None
        assert report.first.position == told.registered
        assert report.first.what == f"the key of {told.person} is missing, who was not forgotten"


def test_a_deleted_key_does_not_excuse_a_deleted_group(told: Told) -> None:
    with told.database.writing() as conn:
        conn.execute(delete(person_key).where(person_key.c.person == told.person))
        conn.execute(delete(sealed).where(of_registration(told, "identity")))

    assert "its sealed group identity is missing" in whats(told.check(), told.registered)


def test_one_byte_of_a_persons_key(told: Told) -> None:
    with told.database.writing() as conn:
        mine = person_key.c.person == told.person
        wrapped = bytes(conn.execute(select(person_key.c.wrapped).where(mine)).scalar_one())
        conn.execute(update(person_key).where(mine).values(wrapped=flipped(wrapped)))

    found = told.check(vault=told.vault).first

    assert found is not None
    assert (found.position, found.what) == (
        told.registered,
        f"the key of {told.person} does not open: InvalidUnwrap",
    )


@pytest.mark.parametrize("kind", ["number", "name", "phone"])
def test_a_search_token_that_was_deleted(told: Told, kind: str) -> None:
    with told.database.writing() as conn:
        mine = (token.c.person == told.person) & (token.c.kind == kind)
        conn.execute(delete(token).where(mine))

    found = told.check(vault=told.vault).first

    assert found is not None
    assert (found.position, found.what) == (
        told.registered,
        f"its search tokens, which find {told.person}, are missing",
    )
    assert told.check().sound  # a token means nothing without the province's own key


def test_a_search_token_under_which_somebody_else_would_be_found(told: Told) -> None:
    with told.database.writing() as conn:
        conn.execute(
            insert(token).values(
                kind="number", token=told.vault.number_token("450000199001010000"),
                person=told.person, origin=ORIGIN, position=told.registered,
            )
        )  # fmt: skip

    found = told.check(vault=told.vault).first

    assert found is not None
    assert (found.position, found.what) == (
        told.registered,
        "a search token that its texts do not give",
    )


@pytest.mark.parametrize("state", ["restricted", "shredded"])
def test_somebody_put_at_rest_without_a_record(told: Told, state: str) -> None:
    with told.database.writing() as conn:
        conn.execute(insert(at_rest).values(person=told.person, state=state, at="2026"))

    found = told.check(vault=told.vault).first

    assert found is not None
    assert (found.position, found.what) == (
        told.registered,
        f"{told.person} stands as {state} at rest, and by the records is not at rest",
    )


@pytest.mark.parametrize("instead", [None, "shredded"])
def test_somebody_restricted_by_a_record_stays_so(
    tmp_path: Path, database_url: str, instead: str | None
) -> None:
    world = open_province(tmp_path, url=database_url)
    adopt_terms(world)
    person = world.worker("韦秀英")
    restrict(world, person)
    with world.ledger.reading() as reader:
        position = [fact.position for fact in reader.history(person)][-1]
    assert sound(world)
    with world.ledger.database.writing() as conn:
        conn.execute(delete(at_rest))
        if instead is not None:
            conn.execute(insert(at_rest).values(person=person, state=instead, at="2026"))

    found = fsck.check(world.ledger.database, world.origin, vault=world.ledger.vault).first
    world.ledger.close()

    assert found is not None
    assert (found.position, found.kind, found.what) == (
        position,
        "PersonRestricted",
        f"{person} stands as {instead or 'not'} at rest, and by the records is restricted",
    )


# ── a big tree ───────────────────────────────────────────────────────────────────────────────


def test_a_tile_of_the_second_level(sqlite_ledger: str) -> None:
    database = Database(sqlite_ledger)
    with database.writing() as conn:
        make_head(conn, ORIGIN)
    recorder = JournalRecorder(database, ORIGIN, Clock())
    count = 65_536 + 300
    for start in range(0, count, 10_000):
        stop = min(start + 10_000, count)
        recorder.insert_events([StoredEvent("s", n + 1, "N", b"{}") for n in range(start, stop)])
    assert fsck.check(database, ORIGIN, deep=False).sound

    with database.writing() as conn:
        mine = (tile.c.level == 1) & (tile.c.number == 0)
        hashes = bytes(conn.execute(select(tile.c.hashes).where(mine)).scalar_one())
        conn.execute(update(tile).where(mine).values(hashes=flipped(hashes, 32 * 5)))
    found = fsck.check(database, ORIGIN, deep=False).first
    database.close()

    assert found is not None
    assert (found.position, found.what) == (5 * 256 + 1, "tile 1/0 has another hash")


# ── channels ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Two provinces that have read each other."""
    made = open_pair(tmp_path).agree()
    yield made
    close(made)


def test_what_is_shared_and_mirrored_is_checked_too(pair: Pair) -> None:
    for world in (pair.home, pair.host):
        report = fsck.check(world.ledger.database, world.origin, vault=world.ledger.vault)
        assert report.faults == []
        assert len(report.passes) == 4  # hashes, contents, and a channel each way


@pytest.mark.parametrize("column", ["header", "leaf"])
def test_one_byte_of_a_channel(pair: Pair, column: str) -> None:
    database, log = pair.home.ledger.database, f"{pair.home.origin}/to/{pair.host.origin}"
    with database.writing() as conn:
        mine = (channel_leaf.c.log == log) & (channel_leaf.c.number == 2)
        data = bytes(conn.execute(select(channel_leaf.c[column]).where(mine)).scalar_one())
        conn.execute(update(channel_leaf).where(mine).values({column: flipped(data, 4)}))

    found = fsck.check(database, pair.home.origin).first

    assert found is not None
    assert (found.log, found.position) == (log, 2)
    assert found.kind


def test_one_byte_of_a_mirrored_record(pair: Pair) -> None:
    database, log = pair.host.ledger.database, f"{pair.home.origin}/to/{pair.host.origin}"
    with database.writing() as conn:
        mine = (channel_leaf.c.log == log) & (channel_leaf.c.number == 2)
        position = conn.execute(select(channel_leaf.c.position).where(mine)).scalar_one()
        theirs = (record.c.origin == pair.home.origin) & (record.c.position == position)
        body = bytes(conn.execute(select(record.c.body).where(theirs)).scalar_one())
        conn.execute(update(record).where(theirs).values(body=flipped(body, 3)))

    found = fsck.check(database, pair.host.origin).first

    assert found is not None
    assert (found.log, found.position) == (log, 2)


# ── a partner's channel, and what our own journal says of it ─────────────────────────────────


@dataclass
class Mirror:
    """A ledger that has read a partner's channel: a worker came over from there."""

    database: Database
    vault: Vault
    keys: list[PublicKey]
    believed: list[PublicKey]
    person: str
    origin: str = "liangdi.example/guangdong"
    partner: str = "liangdi.example/guangxi"

    @property
    def log(self) -> str:
        return f"{self.partner}/to/{self.origin}"

    @property
    def innocent(self) -> str:
        return f" (changed here; {self.partner} is not to blame)"

    def check(self, **options: Any) -> fsck.Report:
        return fsck.check(
            self.database, self.origin, vault=self.vault, keys=self.keys, believed=self.believed,
            **options,
        )  # fmt: skip

    def first(self) -> tuple[str, int, str, str]:
        """The log, the number, the kind and the words of what is named first."""
        found = self.check().first
        assert found is not None
        return found.log, found.position, found.kind, found.what

    def number_of(self, kind: str) -> int:
        """Where the newest record of a kind stands in the channel."""
        with self.database.reading() as conn:
            rows = conn.execute(
                select(channel_leaf.c.number)
                .join(
                    record,
                    (channel_leaf.c.origin == record.c.origin)
                    & (channel_leaf.c.position == record.c.position),
                )
                .where(channel_leaf.c.log == self.log, record.c.kind == kind)
                .order_by(channel_leaf.c.number)
            )
            return [number for (number,) in rows][-1]

    def read_at(self, number: int) -> int:
        """The position of the record of ours that has read a number of the channel."""
        with self.database.reading() as conn:
            return conn.execute(
                select(channel_leaf.c.read_at).where(
                    channel_leaf.c.log == self.log, channel_leaf.c.number == number
                )
            ).scalar_one()


@pytest.fixture(scope="module")
def mirrors(
    tmp_path_factory: pytest.TempPathFactory, postgres_databases: postgres.Databases
) -> dict[str, tuple[str, Mirror]]:
    """The same exchange on each kind of database, to be copied for every test."""
    made: dict[str, tuple[str, Mirror]] = {}
    for kind in ("sqlite", "postgresql"):
        folder = tmp_path_factory.mktemp(kind)
        url = f"sqlite:///{folder / 'host.sqlite'}"
        if kind == "postgresql":
            url = postgres_databases.database()
        pair = open_pair(folder, host_url=url).agree()
        person, _, _ = dossiers.moved(pair)
        ledger = pair.host.ledger
        keys = list(ledger.signer.keys.public(Role.LOG))
        mirror = Mirror(ledger.database, ledger.vault, keys, ledger.believed, person)
        made[kind] = url, mirror
        close(pair)
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def mirror(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    mirrors: dict[str, tuple[str, Mirror]],
    postgres_databases: postgres.Databases,
) -> Iterator[Mirror]:
    url, made = mirrors[request.param]
    if request.param == "sqlite":
        shutil.copyfile(url.removeprefix("sqlite:///"), tmp_path / "copy.sqlite")
        copy = f"sqlite:///{tmp_path / 'copy.sqlite'}"
    else:
        copy = postgres_databases.database(url)
    database = Database(copy)
    yield replace(made, database=database)
    database.close()
    if request.param == "postgresql":
        postgres_databases.drop(copy)


def hashed_anew(conn: Connection, log: str) -> None:
    """Every hash of a channel of fewer records than fill a tile, made to fit what stands there."""
    rows = conn.execute(
        select(
            channel_leaf.c.number, channel_leaf.c.header, record.c.origin, record.c.position,
            record.c.header, record.c.body,
        )
        .join(
            record,
            (channel_leaf.c.origin == record.c.origin)
            & (channel_leaf.c.position == record.c.position),
        )
        .where(channel_leaf.c.log == log)
        .order_by(channel_leaf.c.number)
    ).all()  # fmt: skip
    leaves: list[bytes] = []
    for number, entered, origin, position, header, body in rows:
        data = bytes(header) + NEWLINE + bytes(body)
        leaves.append(leaf_hash(bytes(entered) + NEWLINE + data))
        theirs = (record.c.origin == origin) & (record.c.position == position)
        conn.execute(update(record).where(theirs).values(leaf=leaf_hash(data)))
        ours = (channel_leaf.c.log == log) & (channel_leaf.c.number == number)
        conn.execute(update(channel_leaf).where(ours).values(leaf=leaves[-1]))
    grown = Frontier().extend(leaves)
    at_head = update(head).where(head.c.log == log)
    conn.execute(at_head.values(size=grown.size, frontier=grown.to_bytes()))


def test_a_mirror_as_it_was_read_is_sound(mirror: Mirror) -> None:
    assert mirror.check().faults == []
    assert mirror.check(deep=False).faults == []
    assert fsck.check(mirror.database, mirror.origin).faults == []


def test_a_mirror_rewritten_with_all_its_hashes_goes_against_our_own_reading(
    mirror: Mirror,
) -> None:
    """Header, leaf, channel leaf and frontier: all fit, but for what we wrote down on reading."""
    number = mirror.number_of("MembershipReleased")
    at = mirror.read_at(number)
    with mirror.database.writing() as conn:
        conn.execute(delete(checkpoint).where(checkpoint.c.log == mirror.log))
        conn.execute(delete(cosignature).where(cosignature.c.log == mirror.log))
        position = conn.execute(
            select(channel_leaf.c.position).where(
                channel_leaf.c.log == mirror.log, channel_leaf.c.number == number
            )
        ).scalar_one()
        theirs = (record.c.origin == mirror.partner) & (record.c.position == position)
        header = bytes(conn.execute(select(record.c.header).where(theirs)).scalar_one())
        other = header.replace(b'"on":"2026', b'"on":"2025')
        assert other != header
        conn.execute(update(record).where(theirs).values(header=other))
        hashed_anew(conn, mirror.log)

    for found in (mirror.check().first, mirror.check(deep=False).first):
        assert found is not None
        assert (found.log, found.position) == (mirror.log, number)
        assert f"PartnerRead {mirror.origin}#{at} has another root" in found.what
        assert found.what.endswith(mirror.innocent)


def test_a_mirror_cut_off_with_its_head_goes_against_our_own_reading(mirror: Mirror) -> None:
    last = mirror.number_of("MembershipReleased")
    with mirror.database.writing() as conn:
        beyond = (channel_leaf.c.log == mirror.log) & (channel_leaf.c.number >= last)
        conn.execute(delete(channel_leaf).where(beyond))
        hashed_anew(conn, mirror.log)

    log, number, _, what = mirror.first()

    assert (log, number) == (mirror.log, last)
    assert what.startswith("was read, as far as ")


def test_a_channel_of_ours_rewritten_with_all_its_hashes_goes_against_our_signature(
    mirror: Mirror,
) -> None:
    log = f"{mirror.origin}/to/{mirror.partner}"
    with mirror.database.writing() as conn:
        mine = (channel_leaf.c.log == log) & (channel_leaf.c.number == 2)
        header = bytes(conn.execute(select(channel_leaf.c.header).where(mine)).scalar_one())
        said = canonical.decode(header)
        other = canonical.encode({**said, "under": "par_other"})
        conn.execute(update(channel_leaf).where(mine).values(header=other))
        hashed_anew(conn, log)

    found = mirror.check(deep=False).first

    assert found is not None
    assert found.log == log
    assert "not as it was: the signed checkpoint at" in found.what


@pytest.mark.parametrize("by", [None, -1])
def test_when_a_mirrored_record_was_read_stands_in_our_journal(
    mirror: Mirror, by: int | None
) -> None:
    number = mirror.number_of("MembershipReleased")
    at = mirror.read_at(number)
    with mirror.database.writing() as conn:
        mine = (channel_leaf.c.log == mirror.log) & (channel_leaf.c.number == number)
        other = None if by is None else at + by
        conn.execute(update(channel_leaf).where(mine).values(read_at=other))

    instead = "waits" if by is None else f"was read by {mirror.origin}#{other}"
    assert mirror.first() == (
        mirror.log, number, "MembershipReleased",
        f"was read by {mirror.origin}#{at}, and its row says that it {instead}" + mirror.innocent,
    )  # fmt: skip


def test_nothing_is_parked_that_no_record_of_ours_has_parked(mirror: Mirror) -> None:
    number = mirror.number_of("MembershipReleased")
    with mirror.database.writing() as conn:
        row = {"log": mirror.log, "number": number, "stream": "mem_x", "why": "body"}
        conn.execute(insert(parked).values(row))

    assert mirror.first() == (
        mirror.log, number, "MembershipReleased",
        "stands as parked, and was read" + mirror.innocent,
    )  # fmt: skip


def test_what_waited_and_was_read_later_is_sound(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that cannot be read yet, one that waits behind it, and then both are read."""
    person, membership = pair.member("韦秀英")

    def strange(kind: str, body: Any) -> None:
        if kind == "PersonRegistered":
            raise codec.Misfit("a shape of tomorrow")

    def check() -> list[fsck.Fault]:
        ledger = pair.host.ledger
        return fsck.check(ledger.database, pair.host.origin, vault=ledger.vault).faults

    with monkeypatch.context() as older:
        older.setattr(codec, "check", strange)
        pair.offer(membership)
        pair.sync()
        with pair.home.entry(pair.village) as entry:
            entry.write(Person().rename(entry.act, person, "韦秀莲"))
        pair.sync()
    waiting = check()
    with pair.host.ledger.database.reading() as conn:
        waited = len(conn.execute(select(parked)).all())

    pair.at_host.unpark()
    pair.sync()

    assert waited == 2
    assert waiting == []
    assert check() == []


@pytest.mark.parametrize("group", ["identity", "contact"])
def test_what_a_partner_has_opened_to_us_was_deleted(mirror: Mirror, group: str) -> None:
    number = mirror.number_of("PersonRegistered")
    with mirror.database.writing() as conn:
        theirs = (sealed.c.origin == mirror.partner) & (sealed.c.grp == group)
        conn.execute(delete(sealed).where(theirs))

    log, at, kind, what = mirror.first()

    assert (log, at, kind) == (mirror.log, number, "PersonRegistered")
    assert what.startswith(f"its sealed group {group} is missing, which lnk_")
    assert what.endswith(" gives us" + mirror.innocent)


@pytest.mark.parametrize("at", [0, 20, -1])
def test_one_byte_of_what_a_partner_has_opened_to_us(mirror: Mirror, at: int) -> None:
    number = mirror.number_of("PersonRegistered")
    with mirror.database.writing() as conn:
        theirs = (sealed.c.origin == mirror.partner) & (sealed.c.grp == "contact")
        box = bytes(conn.execute(select(sealed.c.box).where(theirs)).scalar_one())
        conn.execute(update(sealed).where(theirs).values(box=flipped(box, at)))

    assert mirror.first() == (
        mirror.log, number, "PersonRegistered",
        "its sealed group contact is damaged" + mirror.innocent,
    )  # fmt: skip


def test_keys_and_search_tokens_of_a_partners_worker(mirror: Mirror) -> None:
    number = mirror.number_of("PersonRegistered")
    for table, said in (
        (person_key, f"the key of {mirror.person} is missing, who was not forgotten"),
        (token, f"its search tokens, which find {mirror.person}, are missing"),
    ):
        with mirror.database.writing() as conn:
            before = [row._asdict() for row in conn.execute(select(table))]
            conn.execute(delete(table).where(table.c.person == mirror.person))

        assert mirror.first() == (
            mirror.log, number, "PersonRegistered", said + mirror.innocent,
        )  # fmt: skip
        with mirror.database.writing() as conn:
            conn.execute(delete(table))
            conn.execute(insert(table), before)
    assert mirror.check().sound


def test_a_cosignature_that_nobody_made_is_named(mirror: Mirror) -> None:
    """One of a stranger, and one of the partner's that was dated back by a year."""
    with mirror.database.reading() as conn:
        mine = cosignature.c.log == mirror.origin
        made = conn.execute(select(cosignature).where(mine).order_by(cosignature.c.size)).first()
    assert made is not None
    back = made.time - 365 * 86_400
    dated = back.to_bytes(8, "big")
    stranger = Signature("somebody.example/witness", b"abcd", dated + bytes(64))
    theirs = Signature.parse(made.line[:-1])
    theirs = theirs._replace(body=dated + theirs.body[8:])
    for name, line, said in (
        (stranger.name, stranger.line, "no known key has signed"),
        (theirs.name, theirs.line, f"not signed by {theirs.name}+{theirs.id.hex()}"),
    ):
        row = {"log": made.log, "name": name, "size": made.size, "time": back, "line": line}
        with mirror.database.writing() as conn:
            there = (cosignature.c.size == made.size) & (cosignature.c.name == name)
            conn.execute(delete(cosignature).where(mine & there))
            conn.execute(insert(cosignature).values(row))

        found = mirror.check(deep=False).first

        assert found is not None
        assert (found.log, found.position) == (mirror.origin, made.size)
        assert found.what == f"the cosignature of {name} does not fit: {said}"
        with mirror.database.writing() as conn:
            conn.execute(delete(cosignature).where(mine & there))
            if name == made.name:
                conn.execute(insert(cosignature).values(made._asdict()))
    assert mirror.check(deep=False).sound


def test_a_partners_checkpoint_that_it_did_not_sign_is_named(mirror: Mirror) -> None:
    with mirror.database.writing() as conn:
        theirs = checkpoint.c.log == mirror.log
        kept = conn.execute(select(checkpoint).where(theirs)).first()
        assert kept is not None
        note = Note.parse(bytes(kept.note))
        line = note.signatures[0]
        forged = note._replace(signatures=(line._replace(body=flipped(line.body)),)).to_bytes()
        same = theirs & (checkpoint.c.size == kept.size)
        conn.execute(update(checkpoint).where(same).values(note=forged))

    found = mirror.check(deep=False).first

    assert found is not None
    assert (found.log, found.position) == (mirror.log, kept.size)
    assert found.what.startswith("its checkpoint is not signed")
