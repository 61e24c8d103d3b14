"""Mentions and identities: every record of a subject in one scan, and which ids are one person."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ledger.domain.channels import PartnerRead
from ledger.domain.ids import PersonId, new_person
from ledger.domain.kernel import Event, Office
from ledger.domain.unions import UnionKind
from ledger.journal import codec
from ledger.journal.database import Statement
from ledger.projections import two_times, worker_files
from ledger.projections.worker_files import mention
from tests.world import World, open_province


@pytest.fixture
def home(tmp_path: Path, ledger_url: str) -> Iterator[World]:
    world = open_province(tmp_path, url=ledger_url)
    yield world
    world.ledger.close()


@pytest.fixture
def host(tmp_path: Path, home: World) -> Iterator[World]:
    world = open_province(tmp_path, "44", time=home.time)
    yield world
    world.ledger.close()


def kinds(world: World, subject: str, known_on: date | None = None) -> list[str]:
    """The kinds of the records of one subject, in the order in which they became known."""
    with world.ledger.reading() as reader:
        found = worker_files.mentions(reader.conn, world.origin, [subject], known_on)
        facts = reader.facts_at([each.place for each in found])
    kind = {(one.origin, one.position): one.kind for one, _ in facts}
    return [kind[each.place] for each in found]


def identity(world: World, person: PersonId, known_on: date | None = None) -> set[PersonId]:
    with world.ledger.reading() as reader:
        return set(worker_files.identity(reader.conn, world.origin, person, known_on))


def test_every_record_of_a_person_a_membership_a_transfer_is_found(
    home: World, host: World
) -> None:
    village, factory = home.union("巴学村工会"), host.union("东江电子厂工会", UnionKind.GRASSROOTS)
    person = home.worker()
    home.worker()
    member = home.enrol(person, village)
    offer = home.offer(member, village, factory, host.origin, date(2026, 3, 31))
    host.read_from(home)
    host.accept(member, offer, factory)
    home.time.to(date(2026, 3, 9))
    home.read_from(host)

    assert kinds(home, person) == [
        "PersonRegistered", "MembershipApplied", "MemberEnrolled", "TransferOffered",
        "TransferAccepted",
    ]  # fmt: skip
    assert kinds(home, member) == kinds(home, person)[1:]
    assert kinds(home, offer) == ["TransferOffered", "TransferAccepted"]
    assert kinds(home, person, date(2026, 3, 8))[-1] == "TransferOffered"


def test_a_partners_fact_is_known_since_it_was_read_here(home: World, host: World) -> None:
    person = host.worker(on=date(2026, 2, 1))
    home.time.to(date(2026, 3, 9))
    read_at = home.read_from(host)

    with home.ledger.reading() as reader:
        (found,) = worker_files.mentions(reader.conn, home.origin, [person])
        ((_, fact),) = reader.facts_at([(home.origin, read_at)])

    assert (found.origin, found.seq) == (host.origin, read_at)
    assert isinstance(fact.event, PartnerRead)
    assert kinds(home, person, date(2026, 3, 8)) == []


def test_a_kind_that_we_do_not_know_yet_is_found_all_the_same(
    home: World, host: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = host.worker()
    host.enrol(person, host.union("东江电子厂工会"))
    monkeypatch.delitem(Event.kinds, "MemberEnrolled")
    codec.plan_of.cache_clear()
    try:
        home.read_from(host)
        assert kinds(home, person)[-1] == "MemberEnrolled"
    finally:
        codec.plan_of.cache_clear()


def test_neither_unions_nor_bystanders_are_indexed(home: World) -> None:
    one, other = home.worker(), home.worker()
    home.enrol(one, home.union("巴学村工会"))
    home.link(one, other)  # confirmed by a second person

    with home.ledger.reading() as reader:
        subjects = set(reader.conn.execute(mention.select()).scalars("subject"))
    second = home.officer(home.root, Office.REVIEWER)

    assert {subject[:3] for subject in subjects} == {"per", "mem", "lnk"}
    assert kinds(home, second) == ["OfficerAppointed"]


def test_a_person_alone_is_herself(home: World) -> None:
    person = new_person()

    assert identity(home, person) == {person}


def test_links_make_one_person_of_many_ids_and_unlinking_parts_them_again(home: World) -> None:
    a, b, c, d = (home.worker() for _ in range(4))
    home.time.to(date(2026, 3, 5))
    home.link(a, b)
    home.time.to(date(2026, 3, 7))
    middle = home.link(b, c)
    home.link(c, d)

    assert identity(home, a) == identity(home, d) == {a, b, c, d}
    assert identity(home, a, date(2026, 3, 6)) == {a, b}
    assert identity(home, a, date(2026, 3, 4)) == {a}

    home.time.to(date(2026, 3, 9))
    home.unlink(middle, b, c)
    assert (identity(home, a), identity(home, d)) == ({a, b}, {c, d})
    assert identity(home, a, date(2026, 3, 8)) == {a, b, c, d}


def test_the_partners_links_count_too(home: World, host: World) -> None:
    mine, theirs = home.worker(), host.worker()
    host.read_from(home)
    host.link(mine, theirs)
    home.read_from(host)

    assert identity(home, mine) == {mine, theirs}


def test_no_question_of_a_view_reads_the_whole_journal(home: World) -> None:
    if not home.ledger.database.is_sqlite:
        pytest.skip("the plan of a small table says nothing on PostgreSQL")
    values = {"origin": home.origin, "log": "x"}

    def plan(asked: Statement) -> str:
        sql, order, fixed = asked.for_dialect(home.ledger.database.engine.dialect)
        assert order is not None
        given = tuple({**fixed, **values, "key": "mem_x"}[name] for name in order)
        with home.ledger.reading() as reader:
            rows = reader.conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).all()
        return " ".join(row[-1] for row in rows)

    assert "(origin=? AND stream=?)" in plan(two_times.OURS.one)
    assert "(origin=? AND stream=?)" in plan(two_times.THEIRS.one)
    assert "(log=? AND origin=? AND position=?)" in plan(two_times.THEIRS.one)
