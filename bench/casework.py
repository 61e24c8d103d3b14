"""A case of five thousand claimants measured, who are paid in twelve instalments.

A union of each province works on it, so that every record of the home side is for the partner
too. Everything goes through the book.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, select

from bench.aid import people_of
from bench.doors import Door, beside, milliseconds
from bench.provinces import pair
from bench.rows import Places, Row
from ledger.domain.ids import CaseId, PersonId
from ledger.domain.kernel import Basis, Code, Fen, Office
from ledger.domain.rights import (
    CaseKind,
    CaseParty,
    Claiming,
    Doing,
    HelpKind,
    Instalment,
    Intake,
    Money,
    PartyRole,
    Payer,
    Route,
)
from ledger.journal.database import load
from ledger.journal.tables import record
from ledger.procedures import casework
from ledger.projections import arrears
from ledger.projections.posting import live
from tests.pair import Pair
from tests.test_casework import RIGHTS

CLAIMANTS = 5_000
INSTALMENTS = 12
EACH = Fen(1_000_00)
FIRST = date(2026, 3, 10)
EMPLOYER = CaseParty(PartyRole.EMPLOYER, "荣光物流有限公司", Code("91440606MA4UQ1XX2A"))
THERE = Code("440606")


@dataclass(frozen=True)
class _Lived:
    """A case that all its instalments but the last were paid in, and how long each entry took."""

    case: CaseId
    people: Sequence[PersonId]
    paid: list[float]  # seconds


def large_case(place: Places) -> list[Row]:
    """Seconds to settle and to pay; milliseconds of its page and of the API, now and as at a day."""
    rows: list[Row] = []
    for name in ("sqlite", "postgresql"):
        with pair(place, name, RIGHTS) as provinces:
            lived = _lived(place, name, provinces)
            what = f"a case of {len(lived.people):,} claimants, {INSTALMENTS} instalments"
            alone = _alone(provinces, lived.case)
            rows += [
                Row(f"{what}: one recorded", name, max(lived.paid), "s", "its rows alone", None,
                    5, "lower"),
                Row(f"{what}: one recorded: its rows alone", name, alone, "s", better="lower"),
                *_small(place, name, what, provinces, lived.case),
                *_asked(place, name, what, provinces, lived),
            ]  # fmt: skip
    return rows


def _lived(place: Places, name: str, provinces: Pair) -> _Lived:
    home, village = provinces.home, provinces.village
    people = people_of(home, place.size(CLAIMANTS, 50))
    asked = Money(Fen(EACH * INSTALMENTS))
    with home.ledger.entry(home.act(village, Office.STATION), lock=True) as entry:
        case = casework.open_case(
            entry, CaseKind.ARREARS, Intake.STATION, THERE, [EMPLOYER],
            [Claiming(person, asked) for person in people], basis=Basis.STATUTORY_DUTY,
        )  # fmt: skip
    with home.entry(village, Office.LIAISON) as entry:
        casework.ask_help(entry, case, HelpKind.JOIN, provinces.street)
    provinces.sync()
    with provinces.host.entry(provinces.street, Office.LIAISON) as entry:
        casework.record(entry, case, lambda told: told.join(entry.act))
    provinces.sync()
    schedule = [Instalment(number, _due(number), EACH) for number in range(1, INSTALMENTS + 1)]
    with home.entry(village, Office.STATION) as entry:
        casework.settle(entry, case, Route.MEDIATED, dict.fromkeys(people, schedule))
    paid: list[float] = []
    for number in range(1, INSTALMENTS + 1):
        home.time.to(_due(number))
        act = home.act(village, Office.STATION)
        begun = time.perf_counter()
        with home.ledger.entry(act) as entry:
            casework.recover(
                entry, case, None, Payer.EMPLOYER, total=Money(Fen(EACH * len(people)))
            )
        paid.append(time.perf_counter() - begun)
    place.tell(f"{name}: instalments of {len(people):,}: {', '.join(f'{s:.1f}' for s in paid)} s")
    return _Lived(case, people, paid)


def _due(number: int) -> date:
    return FIRST + timedelta(days=14 * (number - 1))


def _alone(provinces: Pair, case: CaseId) -> float:
    """Seconds to read the rows of the last instalment and to write them again, as rows and no more."""
    ledger = provinces.home.ledger
    with ledger.database.reading() as conn:
        newest = conn.execute(
            select(record).where(record.c.origin == ledger.origin, record.c.stream == case)
            .order_by(record.c.version.desc()).limit(CLAIMANTS + 1)
        ).all()  # fmt: skip
    rows = [("raw.example", *row[1:]) for row in newest if row[4] == "ShareRecovered"]
    begun = time.perf_counter()
    with ledger.database.writing() as conn:
        load(conn, record, rows)
    spent = time.perf_counter() - begun
    with ledger.database.writing() as conn:
        conn.execute(delete(record).where(record.c.origin == "raw.example"))
    return spent


def _small(place: Places, name: str, what: str, provinces: Pair, case: CaseId) -> list[Row]:
    """A step taken and nothing else: beside it, the same in a case of one claimant."""
    home, village = provinces.home, provinces.village
    [person] = people_of(home, 1)
    with home.ledger.entry(home.act(village, Office.STATION), lock=True) as entry:
        other = casework.open_case(
            entry, CaseKind.ARREARS, Intake.STATION, THERE, [EMPLOYER], [Claiming(person)]
        )

    def step(case: CaseId) -> None:
        with home.entry(village, Office.LEGAL) as entry:
            casework.record(entry, case, lambda told: told.take_step(entry.act, Doing.TALKED))

    many = place.size(100, 5)
    times = milliseconds(many, lambda _: step(case))
    raw = milliseconds(many, lambda _: step(other))
    return beside(f"{what}: a step taken", name, times, "of one claimant", raw, 300)


def _asked(
    place: Places, name: str, what: str, provinces: Pair, lived: _Lived
) -> list[Row]:  # fmt: skip
    home, path = provinces.home, f"/cases/{lived.case}"
    door = Door(home, provinces.village, Office.CLERK)
    many, few = place.size(200, 5), place.size(10, 2)
    people = sorted(lived.people)
    as_of = _due(INSTALMENTS // 2).isoformat()

    def after(turn: int) -> str:
        return people[turn * 97 % len(people)]

    raw = milliseconds(many, lambda turn: _sheet(provinces, lived.case, after(turn)))
    page = milliseconds(many, lambda turn: door.page(path, after=after(turn)))
    api = milliseconds(many, lambda _: door.ask(path))
    sheet = milliseconds(many, lambda _: door.ask(f"{path}/claimants"))
    then = milliseconds(few, lambda _: door.page(path, as_of=as_of))
    then_api = milliseconds(few, lambda _: door.ask(path, as_of=as_of))
    records = milliseconds(few, lambda _: _records(provinces, lived.case))
    return [
        *beside(f"{what}: page", name, page, "its rows alone", raw),
        *beside(f"{what}: API", name, api, "its rows alone", raw),
        *beside(f"{what}: API, claimants", name, sheet, "its rows alone", raw),
        *beside(f"{what}: page as at a day", name, then, "its records alone", records, 2_000),
        *beside(f"{what}: API as at a day", name, then_api, "its records alone", records, 2_000),
    ]


def _sheet(provinces: Pair, case: CaseId, after: str) -> None:
    """A hundred rows of the sheet, as they stand."""
    home, table = provinces.home, arrears.arrear
    with home.ledger.database.reading() as conn:
        conn.execute(
            select(table)
            .where(
                table.c.generation == live(conn, home.origin, arrears.NAME),
                table.c.case == case, table.c.person > after,
            )
            .order_by(table.c.person)
            .limit(100)
        ).all()  # fmt: skip


def _records(provinces: Pair, case: CaseId) -> None:
    with provinces.home.ledger.reading() as reader:
        reader.records_of([case])
