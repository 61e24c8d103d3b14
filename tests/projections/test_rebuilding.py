"""Every view alike: dropped and replayed it is the same; rebuilt while clerks work it misses nothing."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select

from ledger import procedures, projections
from ledger.domain.aid import Failure
from ledger.domain.aiding import AidKind, KindRules, PayMode
from ledger.domain.alarms import Explanation
from ledger.domain.corrections import Why
from ledger.domain.funds import Fund, ShareOffered, Source
from ledger.domain.glass import Emergency, GlassFinding
from ledger.domain.hardship import Category, FileBasis, HardshipCause, HardshipFile
from ledger.domain.help import HelpOutcome, Want
from ledger.domain.ids import (
    PersonId,
    UnionId,
    new_allotment,
    new_file,
    new_fund,
    new_grant,
    new_household,
    new_scheme,
    new_step,
)
from ledger.domain.kernel import Basis, Code, Fen, Office
from ledger.domain.membership import Card, Membership
from ledger.domain.persons import Household
from ledger.domain.questions import Cited, Population, QuestionKind
from ledger.domain.rights import (
    CaseKind,
    CaseParty,
    Claiming,
    ClockKind,
    Ending,
    Instalment,
    Intake,
    Money,
    Outcome,
    PartyRole,
    Payer,
    Proof,
    Reopening,
    Route,
)
from ledger.domain.schemes import Scheme
from ledger.domain.services import Eligibility, ServiceKind, Unit
from ledger.domain.unions import Union, UnionKind
from ledger.journal import alarms
from ledger.journal.record import written
from ledger.procedures import aiding, casework
from ledger.projections import VIEWS, Differs, Progress, catch_up, rebuild, rosters
from ledger.projections.posting import Posting, Projection, bookmark, live
from tests.aid import AidOffice
from tests.forgetting import adopt_terms, restrict, shred
from tests.world import World, open_province

REBUILT = [view for view in VIEWS if view.tables]
"""All but the channels: a log keeps what has entered, and is never rebuilt."""

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def home(tmp_path: Path, ledger_url: str) -> Iterator[World]:
    world = open_province(tmp_path, url=ledger_url)
    yield world
    world.ledger.close()


def lived(home: World, folder: Path) -> World:
    """A little of everything: both provinces, transfers, links, ends."""
    host = open_province(folder, "44", time=home.time)
    village, factory = home.union("巴学村工会"), host.union("东江电子厂工会", UnionKind.GRASSROOTS)
    host.read_from(home)
    people = [home.worker() for _ in range(6)]
    members = [home.enrol(person, village, date(2026, 2, 1)) for person in people[:5]]
    home.apply(people[5], village)
    offers = [
        home.offer(member, village, factory, host.origin, date(2026, 3, 31))
        for member in members[:3]
    ]
    host.read_from(home)
    for member, offer in zip(members[:2], offers, strict=False):
        host.accept(member, offer, factory)
    stranger = host.worker()
    host.enrol(stranger, factory)
    home.time.to(date(2026, 3, 9))
    home.read_from(host)
    home.conclude(members[0], offers[0], village)
    host.read_from(home)
    host.receive(members[0], offers[0], factory)
    home.read_from(host)
    spend(home)
    link = home.link(people[3], stranger)
    home.link(people[4], people[5])
    home.unlink(link, people[3], stranger)
    with home.entry(village, Office.APPROVER) as entry:
        entry.write(*entry.read(Membership, members[4]).leave(entry.act, Card.TAKEN_BACK))
    with home.entry(village, Office.CHAIR) as entry:
        union = entry.read(Union, village)
        entry.write(union.rename(entry.act, "巴学社区工会", line=[village, home.root]))
    hardship(home, village, people[0])
    _open_a_case(home, village, people[3], people[5])
    aid(home, people)
    served_and_questioned(home, village, people[0])
    helped(home, village, people[0])
    served_and_questioned(host, factory, stranger)
    forgotten(home, people[0])
    alarmed(home, host)
    home.read_from(host)
    return host


def alarmed(home: World, host: World) -> None:
    """Two pieces of evidence settled; of one the settlement is annulled."""
    with home.ledger.database.writing() as conn:
        for shown in (b"old 3\n", b"old 4\n"):
            at = written(home.ledger.clock.now())
            alarms.keep(conn, host.origin, "refused", shown, at)
        digests = [each.digest for each in alarms.contradictions(conn)]
    with home.entry(home.root, Office.CHAIR) as entry:
        procedures.settle_alarms(entry, digests, Explanation.TEST, "已电话核实，是对方测试机误发")
    with home.entry(home.root, Office.CHAIR) as entry:
        last = home.ledger.recorder.max_notification_id() or 0
        procedures.annul(entry, last, Why.NOT_SO, "不是测试机")


def forgotten(home: World, looked_at: PersonId) -> None:
    """One person restricted and one forgotten, and a file that was seen in an emergency."""
    adopt_terms(home)
    restrict(home, home.worker())
    gone = home.worker()
    restrict(home, gone)
    shred(home, gone)
    with home.entry(home.root, Office.LEGAL) as entry:
        why = "工地事故，须立即联系家属"
        glass = procedures.break_glass(entry, looked_at, Emergency.LIFE, why).glass
    with home.entry(home.root, Office.PRIVACY) as entry:
        procedures.review_glass(entry, glass, GlassFinding.JUSTIFIED)


def hardship(home: World, village: UnionId, person: PersonId) -> None:
    """A scheme, and a file that is reviewed."""
    file, household, until = new_file(), new_household(), date(2027, 3, 9)
    with home.entry(home.root, Office.CHAIR) as entry:
        rules = KindRules(kind=AidKind.LIVING, steps=(), modes=(PayMode.BANK,))
        entry.write(
            Scheme().adopt(
                entry.act, new_scheme(), "帮扶办法", 1, home.today, [rules], Code("450000")
            )
        )
    with home.entry(village) as entry:
        entry.write(*Household.open(entry.act, household, person))
        entry.write(
            HardshipFile.open_for(
                entry.act, file, household, person, Category.SUDDEN, HardshipCause.ACCIDENT, (),
                FileBasis.PAPERS, until, Code("困1"),
            )
        )  # fmt: skip
    with home.entry(village, Office.REVIEWER) as entry:
        held = entry.read(HardshipFile, file)
        entry.write(held.review(entry.act, Category.SEVERE, until, line=[village]))


def aid(home: World, people: Sequence[PersonId]) -> None:
    """A grant whose payment comes back, a list with its sheet, and a grant whose notice runs."""
    office = AidOffice(home)
    grant = office.apply(people[0])
    office.examined(grant)
    office.approve(grant)
    payment = office.pay(grant)
    with office.entry(Office.CASHIER, home.root) as entry:
        aiding.returned(entry, grant, payment, Failure.ACCOUNT_CLOSED, Code("退1"))
    listed = office.list_of(list(people[2:4]))
    office.approve_list(listed)
    with office.entry(Office.CASHIER, home.root) as entry:
        aiding.hand_out(entry, listed, Code("签领表1"))
    noticed = office.apply(people[1])
    with office.entry(Office.CLERK) as entry:
        aiding.publicise(entry, noticed, Code("公示1号"), Basis.LAW, "公开栏")


def spend(home: World) -> None:
    """A fund from which a grant is paid, a credit of which is corrected, and an offer of money."""
    with home.entry(home.root, Office.CHAIR) as entry:
        fund = procedures.open_fund(entry, home.root, "帮扶资金", Source.OWN)
    with home.entry(home.root, Office.ACCOUNTANT) as entry:
        procedures.credit(entry, fund, Fen(800_00))
    assert entry.receipt is not None
    credited, grant = entry.receipt.positions[0], new_grant()
    with home.ledger.entry(home.ledger.procedure(home.root)) as entry:
        held = entry.read(Fund, fund)
        entry.write(held.reserve(entry.act, grant, Fen(300_00)))
        entry.write(held.draw(entry.act, grant, 1, Fen(300_00)))
    home.time.to(home.today + timedelta(1))
    with home.entry(home.root, Office.ACCOUNTANT) as entry:
        second = home.officer(home.root, Office.CHAIR)
        procedures.correct(
            entry, credited, {"amount": Fen(900_00)}, Why.MISTYPED, "少记", confirmed_by=second
        )
    offered = ShareOffered(
        fund, new_allotment(), new_fund(), Code("x"), Fen(1_00), date(2026, 4, 1)
    )
    home.write(offered, home.root, Office.CHAIR)


def _open_a_case(home: World, village: UnionId, first: PersonId, second: PersonId) -> None:
    """A wage case: something paid, a share corrected, one claimant called back, closed, reopened."""
    employer = CaseParty(PartyRole.EMPLOYER, "荣光物流有限公司")
    claims = [Claiming(first, Money(Fen(500_00))), Claiming(second, Money(Fen(300_00)))]
    with home.ledger.entry(home.act(village, Office.STATION), lock=True) as entry:
        case = casework.open_case(
            entry, CaseKind.ARREARS, Intake.STATION, Code("440606"), [employer], claims
        )
        casework.start_clock(entry, case, ClockKind.MEDIATION, home.today, first)
    with home.entry(village, Office.STATION) as entry:
        recovery = casework.recover(entry, case, None, Payer.EMPLOYER, total=Money(Fen(400_00)))
        part = {first: [Instalment(1, home.today, Fen(500_00))]}
        casework.settle(entry, case, Route.MEDIATED, part)
    with home.entry(village) as entry:
        casework.receive(entry, case, recovery, [first], Proof.CALL)
        casework.record(entry, case, lambda told: told.deny(entry.act, recovery, second))
    with home.ledger.reading() as reader:
        share = next(one.position for one in reader.records(case) if one.kind == "ShareRecovered")
    checker = home.officer(village, Office.REVIEWER)
    with home.entry(village) as entry:
        procedures.correct(
            entry, share, {"wages": Fen(240_00)}, Why.MISTYPED, "少录十元",
            confirmed_by=checker,
        )  # fmt: skip
    with home.entry(village, Office.LEGAL) as entry:
        for person in (first, second):
            casework.record(
                entry, case,
                lambda told, who=person: told.call_back(entry.act, who, reached=False, tries=3),
            )  # fmt: skip
        casework.record(
            entry, case,
            lambda told: told.close(entry.act, new_step(), Outcome.PARTLY_RECOVERED, Ending.GONE),
        )  # fmt: skip
        casework.record(
            entry, case, lambda told: told.reopen(entry.act, Reopening.NOT_RECEIVED, second)
        )


def served_and_questioned(world: World, union: UnionId, person: PersonId) -> None:
    """Counts, seats, costs, a correction; a sample and what was asked about it."""
    with world.entry(union) as entry:
        procedures.give(entry, [person], ServiceKind.HEALTH)
        tally = procedures.count(entry, ServiceKind.ROADSIDE, 200, Unit.PERSON_TIMES)
        procedures.add_cost(entry, tally, Fen(700), bearer=union)
        grounds = [Eligibility.HARDSHIP]
        trip = procedures.announce_trip(
            entry, "温暖回家路", ServiceKind.TRAVEL, 600, grounds, date(2026, 3, 20)
        )
        procedures.take_seats(entry, trip, [procedures.Passenger(person, grounds[0])])
        procedures.depart(entry, trip, [person])
    assert entry.receipt is not None
    counted = entry.receipt.positions[1]
    population = Population(Code(world.origin), (Code("ServicesTallied"),))
    with world.ledger.entry(world.act(union, Office.AUDITOR), lock=True) as entry:
        sample = procedures.draw_sample(entry, population, 1, "0316").sample
    with world.entry(union, Office.AUDITOR) as entry:
        procedures.raise_question(
            entry, QuestionKind.AUDIT_QUERY, [Cited(Code(world.origin), counted)], "少签一页",
            answer_days=10, ruling_days=10, sample=sample,
        )  # fmt: skip
    with world.entry(union) as entry:
        procedures.correct(entry, counted, {"count": 190}, Why.MISTYPED, "录错")


def helped(world: World, union: UnionId, person: PersonId) -> None:
    """One request that is settled, one that is passed on, one that waits."""
    with world.entry(union) as entry:
        first, second, _ = (
            procedures.ask_for_help(entry, person, union, want)
            for want in (Want.WAGES, Want.SCHOOL, Want.MOVED)
        )
    with world.entry(union) as entry:
        procedures.take_up(entry, first)
        procedures.settle_help(entry, first, HelpOutcome.ANSWERED)
        procedures.pass_on(entry, second, world.root)


def rows_of(world: World, view: Projection) -> Rows:
    """What the live generation of a view holds, without its number."""
    with world.ledger.reading() as reader:
        conn = reader.conn
        generation = live(conn, world.origin, view.name)
        return {
            table.name: sorted(
                (
                    tuple(row)
                    for row in conn.execute(
                        select(*[c for c in table.c if c.name != "generation"]).where(
                            table.c.generation == generation
                        )
                    )
                ),
                key=repr,
            )
            for table in view.tables
        }


def replayed(world: World, view: Projection) -> Rows:
    """The view after it was dropped and caught up from the first record."""
    with world.ledger.database.writing() as conn:
        for table in view.tables:
            conn.execute(delete(table))
        conn.execute(delete(bookmark).where(bookmark.c.view == view.name))
        catch_up(conn, world.origin)
    return rows_of(world, view)


@pytest.mark.parametrize("size", [1000, 3])
def test_dropped_and_replayed_each_view_is_the_same_whatever_the_page(
    home: World, tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(home, tmp_path).ledger.close()
    monkeypatch.setattr(projections, "PAGE", size)

    for view in REBUILT:
        before = rows_of(home, view)
        assert any(before.values()), view.name
        assert replayed(home, view) == before, view.name


def test_rebuilt_each_view_is_the_same_under_the_next_generation(
    home: World, tmp_path: Path
) -> None:
    lived(home, tmp_path).ledger.close()

    for view in REBUILT:
        before, told = rows_of(home, view), list[Progress]()
        made = rebuild(home.ledger.database, home.origin, view, tell=told.append)
        assert made == 2
        assert rows_of(home, view) == before
        assert told[-1].position == told[-1].size > 0
        assert [step.position for step in told] == sorted(step.position for step in told)


def test_a_rebuild_loses_nothing_of_what_clerks_write_meanwhile(
    home: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    village = home.union("巴学村工会")
    for _ in range(10):
        home.enrol(home.worker(), village)
    monkeypatch.setattr(projections, "PAGE", 5)
    done = Signal()

    def clerk() -> None:
        while not done.is_set():
            home.enrol(home.worker(), village)

    working = Thread(target=clerk)
    working.start()
    try:
        for view in REBUILT:
            rebuild(home.ledger.database, home.origin, view)
    finally:
        done.set()
        working.join()

    for view in REBUILT:
        assert rows_of(home, view) == replayed(home, view), view.name
    with home.ledger.reading() as reader:
        counted = rosters.count(reader.conn, home.origin, rosters.Sought())
        enrolled = reader.conn.exec_driver_sql(
            "SELECT count(*) FROM record WHERE kind = 'MemberEnrolled'"
        ).scalar_one()
    assert counted.total == enrolled > 10


class Changed:
    """The rosters, by a fold that forgets what happened in a union."""

    name, zh = rosters.VIEW.name, rosters.VIEW.zh
    tables = rosters.VIEW.tables

    def __init__(self, forgotten: str) -> None:
        self._forgotten = forgotten

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        kept = [p for p in page if p.own and p.fact.union != self._forgotten]
        rosters.VIEW.post(conn, generation, kept)


def test_a_changed_fold_is_an_alarm_and_no_swap_until_it_is_accepted(home: World) -> None:
    kept, forgotten = home.union("甲村工会"), home.union("乙村工会")
    for union in (kept, forgotten):
        home.enrol(home.worker(), union, date(2026, 2, 1))
    before, changed = rows_of(home, rosters.VIEW), Changed(forgotten)

    with pytest.raises(Differs) as alarm:
        rebuild(home.ledger.database, home.origin, changed)

    # One member, known in two steps: an application that was open, then closed; then a member.
    assert set(alarm.value.rows) == {"belonging"}
    assert rows_of(home, rosters.VIEW) == before
    rebuild(home.ledger.database, home.origin, changed, accept=True)
    assert {row[5] for row in rows_of(home, rosters.VIEW)["belonging"]} == {kept}
    rebuild(home.ledger.database, home.origin, rosters.VIEW, accept=True)
    assert rows_of(home, rosters.VIEW) == before
