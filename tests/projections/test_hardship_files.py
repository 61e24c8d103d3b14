"""The view of hardship files: open ones by union, category and day of review, in both times."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ledger import procedures
from ledger.domain.hardship import Category, FileBasis, FileOutcome, HardshipCause, HardshipFile
from ledger.domain.ids import FileId, UnionId, new_file, new_household
from ledger.domain.kernel import Code, Office
from ledger.domain.persons import Household
from ledger.domain.unions import UnionKind
from ledger.projections import hardship_files, rebuild
from ledger.projections.filters import UnknownFilter
from ledger.projections.hardship_files import Sought
from tests.world import World, open_province

OPENED, REVIEWED, CLOSED = date(2026, 2, 10), date(2026, 3, 10), date(2026, 4, 10)


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[World]:
    world = open_province(tmp_path, url=database_url)
    yield world
    world.ledger.close()


def opened(
    world: World, union: UnionId, category: Category = Category.RELATIVE,
    valid_until: date = date(2027, 2, 10),
) -> FileId:  # fmt: skip
    person, household, file = world.worker(), new_household(), new_file()
    with world.entry(union, on=OPENED) as entry:
        entry.write(*Household.open(entry.act, household, person))
        entry.write(
            HardshipFile.open_for(
                entry.act, file, household, person, category, HardshipCause.OTHER, (),
                FileBasis.MEANS_CHECK, valid_until, Code(f"困{file[-4:]}"),
            )
        )  # fmt: skip
    return file


def listed(world: World, sought: Sought) -> list[FileId]:
    with world.ledger.reading() as reader:
        return [row.file for row in hardship_files.listing(reader.conn, world.origin, sought).rows]


def test_open_files_of_a_union_and_below_those_due_first(home: World) -> None:
    county = home.union("东兰县总工会", UnionKind.FEDERATION)
    village = home.union("纳合村工会", superior=county)
    late = opened(home, village, valid_until=date(2027, 2, 10))
    soon = opened(home, county, Category.SEVERE, date(2026, 5, 1))
    opened(home, home.union("巴学村工会"))

    with home.ledger.reading() as reader:
        conn, origin = reader.conn, home.origin
        first = hardship_files.listing(conn, origin, Sought(union=county), limit=1)
        second = hardship_files.listing(conn, origin, Sought(union=county), after=first.next)
        counts = hardship_files.count(conn, origin, Sought(union=county))

    assert [row.file for row in (*first.rows, *second.rows)] == [soon, late]
    assert second.next is None
    assert list(counts.values()) == [1, 1, 0]
    assert listed(home, Sought(union=county, below=False)) == [soon]
    assert listed(home, Sought(union=county, due=date(2026, 5, 1))) == [soon]
    assert listed(home, Sought(union=county, category=Category.RELATIVE)) == [late]
    assert listed(home, Sought(own=False)) == []


def test_a_review_and_a_close_move_a_file_in_both_times(home: World) -> None:
    village = home.union("纳合村工会")
    file = opened(home, village)
    home.time.to(REVIEWED)
    with home.entry(village, Office.REVIEWER) as entry:
        procedures.review_file(entry, file, Category.SEVERE, date(2028, 3, 10))
    known = home.today
    home.time.to(CLOSED)
    with home.entry(village, Office.REVIEWER) as entry:
        procedures.close_file(entry, file, FileOutcome.RECOVERED)

    severe, relative = (
        Sought(on=REVIEWED, category=Category.SEVERE),
        Sought(on=OPENED, category=Category.RELATIVE),
    )
    assert (listed(home, severe), listed(home, relative)) == ([file], [file])
    assert listed(home, Sought()) == listed(home, Sought(on=CLOSED)) == []
    assert listed(home, Sought(on=CLOSED, known_on=known)) == [file]
    assert listed(home, Sought(on=REVIEWED, known_on=OPENED)) == []
    rebuild(home.ledger.database, home.origin, hardship_files.VIEW)  # raises where a row differs


def test_a_filter_that_is_unknown_is_an_error(home: World) -> None:
    assert Sought.of({"category": "severe", "due": "2026-05-01"}).category is Category.SEVERE
    with pytest.raises(UnknownFilter):
        Sought.of({"household": "hou_1"})
