"""Officers: who holds what on a day, union by union, a page at a time; and who holds two that clash."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ledger.domain.ids import PersonId, UnionId, officer_of
from ledger.domain.kernel import Office
from ledger.domain.offices import Offices
from ledger.projections import officers
from ledger.projections.officers import Clash, Holding, Place
from tests.world import World, open_province

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)


@pytest.fixture
def home(tmp_path: Path, ledger_url: str) -> Iterator[World]:
    world = open_province(tmp_path, url=ledger_url)
    yield world
    world.ledger.close()


def appoint(
    home: World, person: PersonId, union: UnionId, office: Office, since: date,
    until: date | None = None,
) -> None:  # fmt: skip
    with home.procedure(union, since) as entry:
        held = entry.look_up(Offices, officer_of(person))
        entry.write(
            held.appoint(entry.act, person, union, office, line=[], since=since, until=until)
        )


def relieve(home: World, person: PersonId, union: UnionId, office: Office, on: date) -> None:
    with home.procedure(union, on) as entry:
        held = entry.read(Offices, officer_of(person))
        entry.write(held.relieve(entry.act, person, union, office, line=[]))


def held(home: World, on: date, union: UnionId | None = None) -> list[Holding]:
    with home.ledger.reading() as reader:
        return officers.listing(reader.conn, home.origin, on, union=union).rows


def clashing(home: World, on: date) -> list[Clash]:
    with home.ledger.reading() as reader:
        return officers.clashes(reader.conn, home.origin, on)


def test_an_office_is_listed_from_its_first_day_until_the_day_it_ends(home: World) -> None:
    village, person = home.union("纳合村工会"), home.worker()

    appoint(home, person, village, Office.CLERK, MARCH)
    relieve(home, person, village, Office.CLERK, MAY)

    assert held(home, date(2026, 2, 28), village) == []
    assert held(home, MARCH, village) == [
        Holding(person, village, Office.CLERK, MARCH, MAY, False, False, None)
    ]
    assert held(home, MAY, village) == []


def test_a_page_goes_on_where_the_last_one_ended_and_no_row_is_twice_on_them(home: World) -> None:
    villages = [home.union(f"第{number}村工会") for number in range(3)]
    for village in villages:
        for office in (Office.CHAIR, Office.CLERK, Office.CLERK):
            appoint(home, home.worker(), village, office, MARCH)

    rows: list[Holding] = []
    after: Place | None = None
    with home.ledger.reading() as reader:
        while True:
            found = officers.listing(reader.conn, home.origin, APRIL, limit=2, after=after)
            assert len(found.rows) <= 2
            rows += found.rows
            after = found.next
            if after is None:
                break

    assert rows == held(home, APRIL)
    assert len({(row.person, row.union, row.office) for row in rows}) == len(rows)
    assert {row.union for row in rows} >= set(villages)


def test_two_offices_that_want_two_persons_clash_on_the_days_on_which_both_are_held(
    home: World,
) -> None:
    village, person = home.union("纳合村工会"), home.worker()

    appoint(home, person, village, Office.CLERK, MARCH)
    appoint(home, person, village, Office.APPROVER, APRIL, MAY)

    assert clashing(home, MARCH) == []
    assert clashing(home, APRIL) == [Clash(person, village, (Office.APPROVER, Office.CLERK))]
    assert clashing(home, MAY) == []


def test_the_same_two_offices_for_two_unions_are_no_clash(home: World) -> None:
    one, other, person = home.union("纳合村工会"), home.union("巴学村工会"), home.worker()

    appoint(home, person, one, Office.CLERK, MARCH)
    appoint(home, person, other, Office.APPROVER, MARCH)

    assert clashing(home, APRIL) == []
