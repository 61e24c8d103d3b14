"""Cases as they are worked on: in one province and in two, with what each side reads of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger import procedures
from ledger.book import Entry, NotFound
from ledger.clock import working_days_after
from ledger.domain.channels import NoLegalBasis, NoLivePartnership
from ledger.domain.corrections import OthersRelyOnIt, SecondPersonConfirms, Why, dependents
from ledger.domain.ids import CaseId, PersonId, StepId, UnionId, new_person, new_step
from ledger.domain.kernel import Basis, Code, Event, Fen, Group, Office, Scope
from ledger.domain.offices import NotYourOffice, Offices
from ledger.domain.partnerships import AtEnd
from ledger.domain.rights import (
    CaseKind,
    CaseNumberTaken,
    CaseParty,
    CaseState,
    Claiming,
    ClaimMade,
    ClockKind,
    Ending,
    Handover,
    HelpKind,
    Instalment,
    Intake,
    LetterKind,
    Means,
    Money,
    NoHelp,
    NotTheLead,
    Objection,
    Outcome,
    PartyRole,
    Payer,
    Proof,
    RecorderConfirms,
    RecoveryKnown,
    Reopening,
    RightsCase,
    Route,
    ShareRecovered,
    TriedTooFewTimes,
)
from ledger.domain.unions import UnionKind
from ledger.procedures import casework
from ledger.projections import VIEWS, arrears, case_boards, rebuild
from ledger.projections.case_boards import DueKind, Role, Sought, Tab
from ledger.projections.channels import links_of
from ledger.settings import OwnTerms
from tests.pair import BASIS, SHARED, Pair, annex, close, open_pair
from tests.world import World, open_province

RIGHTS = annex(
    (*SHARED, Scope.RIGHTS),
    (Group.IDENTITY, Group.CONTACT, Group.MEMBERSHIP, Group.CASE),
    at_end=AtEnd.FINISH,
)
EMPLOYER = CaseParty(PartyRole.EMPLOYER, "荣光物流有限公司", Code("91440606MA4UQ1XX2A"))
THERE, HERE = Code("440606"), Code("451224")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[World]:
    opened = open_province(tmp_path)
    yield opened
    opened.ledger.close()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = open_pair(tmp_path).agree(RIGHTS)
    yield opened
    close(opened)


def yuan(wages: int, compensation: int = 0) -> Money:
    return Money(Fen(wages * 100), Fen(compensation * 100))


def opened(
    world: World, union: UnionId, persons: list[PersonId], *, place: Code = HERE,
    asked: Money | None = None, basis: Basis | None = None, story: str = "",
) -> CaseId:  # fmt: skip
    claims = [Claiming(person, asked or yuan(1000), story=story) for person in persons]
    with world.ledger.entry(world.act(union, Office.STATION), lock=True) as entry:
        return casework.open_case(
            entry, CaseKind.ARREARS, Intake.STATION, place, [EMPLOYER], claims, basis=basis
        )


def get(world: World, case: CaseId) -> RightsCase:
    with world.ledger.reading() as reader:
        return reader.get(RightsCase, case)


def paid(
    world: World, union: UnionId, case: CaseId, total: int, *, on: date | None = None,
    slip: str | None = None,
) -> StepId:  # fmt: skip
    with world.entry(union, Office.STATION, on) as entry:
        return casework.recover(
            entry, case, None, Payer.EMPLOYER, Means.CASH, total=yuan(total),
            reference=Code(slip) if slip else None,
        )  # fmt: skip


def rebuilt(*worlds: World) -> None:
    for world in worlds:
        for view in VIEWS:
            if view.tables:
                rebuild(world.ledger.database, world.origin, view)


# ── in one province ──────────────────────────────────────────────────────────────────────────


def test_each_case_has_the_next_number_of_its_year(home: World) -> None:
    village = home.union("纳合村工会")
    cases = [opened(home, village, [home.worker()]) for _ in range(2)]
    home.time.to(date(2027, 1, 4))
    cases.append(opened(home, village, [home.worker()]))

    with home.ledger.reading() as reader:
        lines = case_boards.get(reader.conn, home.origin, cases)
    assert [lines[case].number for case in cases] == [
        "桂维〔2026〕0001号", "桂维〔2026〕0002号", "桂维〔2027〕0001号"
    ]  # fmt: skip


def test_a_number_that_is_taken_is_not_given_again(home: World) -> None:
    village, person = home.union("纳合村工会"), home.worker()
    opened(home, village, [person])

    with pytest.raises(CaseNumberTaken), home.entry(village, Office.STATION) as entry:
        entry.start(
            RightsCase.open(
                entry.act, CaseId("cas_" + "a" * 26), Code("桂维〔2026〕0001号"), CaseKind.ARREARS,
                Intake.UNION, HERE, [EMPLOYER], [Claiming(person)],
            )[0]
        )  # fmt: skip


def test_39_claimants_are_paid_190_000_yuan_to_the_fen(home: World) -> None:
    village = home.union("纳合村工会")
    people = [home.worker() for _ in range(39)]
    asked = casework.shared_out(Fen(19_000_000), {p: Fen(4_000 + n) for n, p in enumerate(people)})
    claims = [Claiming(person, Money(money)) for person, money in asked.items()]
    with home.ledger.entry(home.act(village, Office.STATION), lock=True) as entry:
        case = casework.open_case(
            entry, CaseKind.ARREARS, Intake.AWAY_COMMITTEE, HERE, [EMPLOYER], claims
        )
    paid(home, village, case, 60_000)
    paid(home, village, case, 130_000)

    told = get(home, case)
    assert told.all_recovered == told.claimed == yuan(190_000)
    assert told.still_open == Money()
    assert all(told.recovered(person) == Money(money) for person, money in asked.items())
    with home.ledger.reading() as reader:
        totals = arrears.totals(reader.conn, home.origin, [case])[case]
        owing = arrears.by_employer(reader.conn, home.origin, open_only=False)
    assert (totals.claimants, totals.paid_in_full, totals.open) == (39, 39, Money())
    assert [(each.name, each.cases, each.totals.recovered) for each in owing] == [
        (EMPLOYER.name, 1, yuan(190_000))
    ]
    rebuilt(home)


def test_who_is_not_on_record_claims_nothing(home: World) -> None:
    with pytest.raises(NotFound):
        opened(home, home.union("纳合村工会"), [new_person()])


def test_the_offices_of_a_case(home: World) -> None:
    village = home.union("纳合村工会")
    case = opened(home, village, [person := home.worker()])
    recovery = paid(home, village, case, 10)

    with pytest.raises(NotYourOffice), home.entry(village, Office.LEGAL) as entry:
        casework.receive(entry, case, recovery, [person], Proof.CALL)
    with pytest.raises(NotYourOffice), home.entry(village, Office.AUDITOR) as entry:
        casework.record(entry, case, lambda told: told.withdraw_claim(entry.act, person))


def test_neither_the_recorder_nor_who_stands_in_for_her_confirms(home: World) -> None:
    village = home.union("纳合村工会")
    case = opened(home, village, [person := home.worker()])
    recovery = paid(home, village, case, 10)
    recorder, deputy = home.officer(village, Office.STATION), home.officer(village, Office.CLERK)
    with home.entry(village, Office.CHAIR) as entry:
        entry.write(
            Offices().delegate(
                entry.act, deputy, entry.offices_of(recorder), recorder, village, Office.STATION,
                home.today, home.today + timedelta(9), line=[village],
            )
        )  # fmt: skip

    def confirm(office: Office, who: PersonId) -> None:
        act = replace(home.act(village, office), officer=who)
        with home.ledger.entry(act) as entry:
            casework.receive(entry, case, recovery, [person], Proof.CALL)

    with pytest.raises(RecorderConfirms):
        confirm(Office.STATION, recorder)
    with pytest.raises(RecorderConfirms):
        confirm(Office.STATION, deputy)
    confirm(Office.CLERK, deputy)
    with home.ledger.reading() as reader:
        row = arrears.sheet(reader.conn, home.origin, case).rows[0]
    assert (row.shares, row.received, row.denied) == (1, 1, 0)


def test_what_is_due_stands_on_the_board_and_the_nearest_first(home: World) -> None:
    village = home.union("纳合村工会")
    case = opened(home, village, [person := home.worker()])
    with home.entry(village, Office.LEGAL) as entry:
        clock = casework.start_clock(entry, case, ClockKind.INSPECTION, home.today)
        casework.start_clock(entry, case, ClockKind.ARBITRATION_LIMIT, home.today, person)
        letter = casework.send_letter(entry, case, LetterKind.OPINION, EMPLOYER.name, Code("1号"))

    with home.ledger.reading() as reader:
        conn, origin = reader.conn, home.origin
        dues = case_boards.dues(conn, origin, Sought(home.today))
        soon = case_boards.dues(conn, origin, Sought(home.today, due_within=30))
        later = Sought(date(2026, 6, 30), Tab.LATE, union=village)
        late = case_boards.listing(conn, origin, later).rows
        counts = case_boards.count(conn, origin, later)
    assert [(due.kind, due.step) for due in dues][:2] == [
        (DueKind.LETTER, letter), (DueKind.CLOCK, clock)
    ]  # fmt: skip
    assert [due.due for due in dues[:2]] == [date(2026, 3, 23), date(2026, 5, 28)]
    assert [due.step for due in soon] == [letter]
    assert [line.case for line in late] == [case]
    assert counts == {Tab.OPEN: 1, Tab.LATE: 1, Tab.DISPUTED: 0, Tab.CLOSED: 0}
    with home.entry(village, Office.LEGAL) as entry:
        casework.record(entry, case, lambda told: told.meet(entry.act, clock))
    rebuilt(home)


def test_instalments_of_every_settlement_in_force_stand_on_the_board(home: World) -> None:
    village = home.union("纳合村工会")
    one, other = home.worker(), home.worker()
    case = opened(home, village, [one, other])

    def settled(person: PersonId, *days: date) -> StepId:
        parts = [Instalment(n, day, Fen(500_00)) for n, day in enumerate(days, 1)]
        with home.entry(village, Office.LEGAL) as entry:
            return casework.settle(entry, case, Route.MEDIATED, {person: parts})

    first = settled(one, date(2026, 4, 1), date(2026, 5, 1))
    second = settled(other, date(2026, 4, 15), date(2026, 5, 15))

    def due() -> list[tuple[StepId, date]]:
        with home.ledger.reading() as reader:
            rows = case_boards.dues(reader.conn, home.origin, Sought(home.today))
        return [(row.step, row.due) for row in rows if row.kind is DueKind.INSTALMENT]

    assert due() == [
        (first, date(2026, 4, 1)), (second, date(2026, 4, 15)),
        (first, date(2026, 5, 1)), (second, date(2026, 5, 15)),
    ]  # fmt: skip
    with home.entry(village) as entry:
        casework.recover(entry, case, {other: yuan(500)}, Payer.EMPLOYER)
    assert [step for step, _ in due()] == [first, first, second]
    rebuilt(home)


def test_how_long_one_waits_and_how_often_one_calls_is_what_the_province_has_set(
    home: World,
) -> None:
    home.ledger.terms = OwnTerms(case_days=4, call_back_tries=2, opinion_days=6)
    village, county = home.union("纳合村工会"), home.union("东兰县总工会")
    case = opened(home, village, [person := home.worker()])

    with home.entry(village) as entry:
        casework.ask_help(entry, case, HelpKind.JOIN, county)
    assert get(home, case).sides[county].due == working_days_after(home.today, 4)
    with pytest.raises(TriedTooFewTimes), home.entry(village) as entry:
        casework.call_back(entry, case, [person], reached=False, tries=1)
    with home.entry(village) as entry:
        casework.call_back(entry, case, [person], reached=False, tries=2)
    assert get(home, case).claims[person].called

    said = home.today + timedelta(days=3)
    with home.entry(village, Office.LEGAL) as entry:
        by_law = casework.send_letter(entry, case, LetterKind.OPINION, EMPLOYER.name, Code("1号"))
        sooner = casework.send_letter(
            entry, case, LetterKind.OPINION, EMPLOYER.name, Code("2号"), due=said
        )
        free = casework.send_letter(entry, case, LetterKind.NOTICE, EMPLOYER.name, Code("3号"))
    letters = get(home, case).letters
    asked = {each: (letters[each].answer_days, letters[each].due) for each in letters}
    assert asked == {
        by_law: (6, working_days_after(home.today, 6)), sooner: (None, said), free: (None, None)
    }  # fmt: skip


def test_between_two_provinces_it_is_what_they_have_agreed(tmp_path: Path) -> None:
    agreed = replace(RIGHTS, case_days=7, call_back_tries=5)
    pair = open_pair(tmp_path).agree(agreed)
    person, _ = pair.member()
    case = opened(pair.home, pair.village, [person], place=THERE, basis=BASIS)

    with pair.home.entry(pair.village) as entry:
        casework.ask_help(entry, case, HelpKind.ENTRUST, pair.street)
    side = get(pair.home, case).sides[pair.street]
    assert side.due == working_days_after(pair.home.today, 7)
    with pytest.raises(TriedTooFewTimes) as refused, pair.home.entry(pair.village) as entry:
        casework.call_back(entry, case, [person], reached=False, tries=4)
    assert refused.value.facts["needed"] == 5
    close(pair)


def test_a_corrected_share_moves_the_sheet_and_needs_a_second_person(home: World) -> None:
    village = home.union("纳合村工会")
    case = opened(home, village, [home.worker(), home.worker()])
    paid(home, village, case, 1000)
    with home.ledger.reading() as reader:
        share = next(one.position for one in reader.records(case) if one.kind == "ShareRecovered")

    with pytest.raises(SecondPersonConfirms), home.entry(village) as entry:
        procedures.correct(entry, share, {"wages": Fen(40_000)}, Why.MISTYPED, "少录一百")
    checker = home.officer(village, Office.REVIEWER)
    with home.entry(village) as entry:
        procedures.correct(
            entry, share, {"wages": Fen(40_000)}, Why.MISTYPED, "多录一百",
            confirmed_by=checker,
        )  # fmt: skip

    with home.ledger.reading() as reader:
        totals = arrears.totals(reader.conn, home.origin, [case])[case]
    assert totals.recovered == yuan(900)
    assert len(get(home, case).unbalanced) == 1
    rebuilt(home)


def test_a_recovery_that_was_annulled_counts_for_nobody(home: World) -> None:
    village = home.union("纳合村工会")
    case = opened(home, village, [home.worker(), home.worker()])
    paid(home, village, case, 1000)
    with home.ledger.reading() as reader:
        head = next(one.position for one in reader.records(case) if one.kind == "RecoveryRecorded")

    checker = home.officer(village, Office.REVIEWER)
    with home.entry(village) as entry:
        procedures.annul(entry, head, Why.TWICE, "重复登记", confirmed_by=checker)

    assert get(home, case).all_recovered == Money()
    with home.ledger.reading() as reader:
        assert arrears.totals(reader.conn, home.origin, [case])[case].recovered == Money()
    rebuilt(home)


def test_a_closure_rests_on_the_money_that_is_corrected_under_it(home: World) -> None:
    village = home.union("纳合村工会")
    case = opened(home, village, [person := home.worker()])
    paid(home, village, case, 1000)
    with home.entry(village, Office.LEGAL) as entry:
        casework.record(entry, case, lambda told: told.call_back(entry.act, person, reached=True))
        casework.record(
            entry, case,
            lambda told: told.close(entry.act, new_step(), Outcome.RECOVERED_IN_FULL),
        )  # fmt: skip
    with home.ledger.reading() as reader:
        facts = reader.history(case)
    share = next(fact for fact in facts if isinstance(fact.event, ShareRecovered))

    shaken = dependents(share, facts)

    assert [type(each.fact.event).__name__ for each in shaken] == ["CaseClosed"]
    assert "重启" in shaken[0].zh


# ── in two provinces ─────────────────────────────────────────────────────────────────────────


def joint(pair: Pair, claimants: int = 2) -> tuple[CaseId, list[PersonId]]:
    """The home station opens a case, the host union joins, and both have read each other."""
    people = [pair.member()[0] for _ in range(claimants)]
    case = opened(pair.home, pair.village, people, place=THERE, basis=BASIS, story="工资条三张")
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        casework.ask_help(entry, case, HelpKind.JOIN, pair.street)
    pair.sync()
    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        casework.record(entry, case, lambda told: told.join(entry.act))
    pair.sync()
    return case, people


def test_a_joint_case_is_one_case_in_both_ledgers(pair: Pair) -> None:
    case, people = joint(pair)

    for world in (pair.home, pair.host):
        told = get(world, case)
        assert told.takes_part(pair.street)
        assert told.origins == {pair.home.origin, pair.host.origin}
        assert (told.claimed, told.unknown) == (yuan(2000), 0)
        with world.ledger.reading() as reader:
            roles = case_boards.sides(reader.conn, world.origin, case)
            assert roles == {pair.village: Role.LEAD, pair.street: Role.HELPS}
            assert len(arrears.sheet(reader.conn, world.origin, case).rows) == len(people)
    rebuilt(pair.home, pair.host)


def test_the_claimants_story_is_open_to_the_other_side_and_nothing_more_than_the_case_needs(
    pair: Pair,
) -> None:
    case, _ = joint(pair)

    with pair.host.ledger.looking(pair.host.look(pair.street)) as reader:
        facts = reader.opened(reader.records(case))
    assert [f.event.story for f in facts if isinstance(f.event, ClaimMade)] == ["工资条三张"] * 2


def test_a_case_without_a_basis_stays_where_it_is(pair: Pair) -> None:
    person, _ = pair.member()
    case = opened(pair.home, pair.village, [person], place=THERE)
    pair.sync()

    assert get(pair.host, case).lead is None
    with pytest.raises(NoLegalBasis), pair.home.entry(pair.village, Office.LIAISON) as entry:
        casework.ask_help(entry, case, HelpKind.JOIN, pair.street)
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        casework.ask_help(entry, case, HelpKind.JOIN, pair.street, basis=BASIS)
    pair.sync()
    told = get(pair.host, case)
    assert told.lead is not None  # what was recorded before goes along
    assert told.claimed == yuan(1000)


def test_without_an_agreement_on_rights_no_case_crosses(tmp_path: Path) -> None:
    pair = open_pair(tmp_path).agree(annex())
    case = opened(pair.home, pair.village, [pair.member()[0]], place=THERE, basis=BASIS)

    with pytest.raises(NoLivePartnership), pair.home.entry(pair.village, Office.LIAISON) as entry:
        casework.ask_help(entry, case, HelpKind.JOIN, pair.street, basis=BASIS)
    pair.sync()
    assert get(pair.host, case).lead is None
    close(pair)


def test_a_payment_entered_by_both_sides_is_counted_once_in_both(pair: Pair) -> None:
    case, _ = joint(pair)
    report = paid(pair.host, pair.street, case, 600)
    assert not get(pair.host, case).recoveries[report].counted
    pair.sync()
    with pair.home.ledger.reading() as reader:
        assert case_boards.get(reader.conn, pair.home.origin, [case])[case].unmatched == 1

    paid(pair.home, pair.village, case, 600)
    pair.sync()

    for world in (pair.home, pair.host):
        told = get(world, case)
        assert (told.all_recovered, told.unmatched) == (yuan(600), [])
        with world.ledger.reading() as reader:
            assert case_boards.get(reader.conn, world.origin, [case])[case].unmatched == 0
            totals = arrears.totals(reader.conn, world.origin, [case])[case]
            assert totals.recovered == yuan(600)
    with pytest.raises(RecoveryKnown):
        paid(pair.home, pair.village, case, 600)
    rebuilt(pair.home, pair.host)


def test_the_lead_takes_over_what_the_other_side_has_split(pair: Pair) -> None:
    case, (first, _) = joint(pair)
    with pair.host.entry(pair.street, Office.STATION) as entry:
        report = casework.recover(entry, case, {first: yuan(300)}, Payer.CONTRACTOR)
    pair.sync()
    pair.home.time.to(date(2026, 3, 4))

    with pair.home.entry(pair.village, Office.STATION) as entry:
        casework.recover(entry, case, None, Payer.CONTRACTOR, report=report)

    told = get(pair.home, case)
    assert (told.recovered(first), told.unmatched) == (yuan(300), [])


@pytest.mark.parametrize("taken_over", [True, False])
def test_what_the_other_side_reported_is_counted_once_on_whichever_day_it_is_taken_over(
    pair: Pair, taken_over: bool
) -> None:
    case, (first, _) = joint(pair)
    with pair.host.entry(pair.street, Office.STATION) as entry:
        report = casework.recover(entry, case, {first: yuan(500)}, Payer.CONTRACTOR)
    pair.sync()
    with pair.home.entry(pair.village, Office.STATION) as entry:
        if taken_over:
            casework.recover(entry, case, None, Payer.CONTRACTOR, report=report)
        else:  # recorded by itself, and matched by its day
            casework.recover(entry, case, {first: yuan(500)}, Payer.CONTRACTOR)

    pair.home.time.to(date(2026, 3, 5))
    with (
        pytest.raises(RecoveryKnown),
        pair.home.entry(pair.village, Office.STATION) as entry,
    ):
        casework.recover(entry, case, None, Payer.CONTRACTOR, report=report)

    told = get(pair.home, case)
    assert (told.all_recovered, told.recovered(first)) == (yuan(500), yuan(500))


def test_a_report_whose_payment_was_annulled_is_taken_over_anew(pair: Pair) -> None:
    case, (first, _) = joint(pair)
    with pair.host.entry(pair.street, Office.STATION) as entry:
        report = casework.recover(entry, case, {first: yuan(500)}, Payer.CONTRACTOR)
    pair.sync()
    with pair.home.entry(pair.village, Office.STATION) as entry:
        recovery = casework.recover(entry, case, {first: yuan(400)}, Payer.CONTRACTOR)
    with pair.home.entry(pair.village, Office.STATION) as entry:
        casework.record(entry, case, lambda told: told.match(entry.act, recovery, report))
    with pair.home.ledger.reading() as reader:
        head = next(one.position for one in reader.records(case) if one.kind == "RecoveryRecorded")
    second = pair.home.officer(pair.village, Office.REVIEWER)
    with pair.home.entry(pair.village) as entry:
        procedures.annul(entry, head, Why.TWICE, "重复登记", confirmed_by=second)

    with pair.home.entry(pair.village, Office.STATION) as entry:
        casework.recover(entry, case, None, Payer.CONTRACTOR, report=report)

    assert get(pair.home, case).recovered(first) == yuan(500)


def test_a_receipt_that_the_other_side_confirms_is_known_to_the_lead(pair: Pair) -> None:
    case, (first, second) = joint(pair)
    recovery = paid(pair.home, pair.village, case, 500)
    pair.sync()

    with pair.host.entry(pair.street, Office.CLERK) as entry:
        casework.receive(entry, case, recovery, [first], Proof.CALL)
        casework.record(entry, case, lambda told: told.deny(entry.act, recovery, second, "没到"))
    pair.sync()

    with pair.home.ledger.reading() as reader:
        rows = {r.person: r for r in arrears.sheet(reader.conn, pair.home.origin, case).rows}
    assert (rows[first].received, rows[second].denied) == (1, 1)
    rebuilt(pair.home, pair.host)


def test_the_lead_is_handed_over_and_the_other_side_goes_on(pair: Pair) -> None:
    people = [pair.member()[0] for _ in range(2)]
    case = opened(pair.home, pair.village, people, place=THERE)
    paid(pair.home, pair.village, case, 200)
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        step = casework.offer_lead(entry, case, pair.street, Handover.EMPLOYER_THERE, basis=BASIS)
    pair.sync()
    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        casework.accept_lead(entry, case, step)
    assert get(pair.host, case).turn == 0
    pair.sync()

    for world in (pair.home, pair.host):
        lead = get(world, case).lead
        assert lead is not None
        assert (lead.union, lead.origin, lead.turn) == (pair.street, pair.host.origin, 1)
    with pytest.raises(NotTheLead), pair.home.entry(pair.village, Office.STATION) as entry:
        casework.record(
            entry, case, lambda told: told.close(
                entry.act, step, Outcome.PARTLY_RECOVERED, Ending.GONE
            ),
        )  # fmt: skip
    paid(pair.host, pair.street, case, 1800)
    pair.sync()
    assert get(pair.home, case).still_open == Money()
    rebuilt(pair.home, pair.host)


def test_an_offer_of_the_lead_lapses_and_a_late_acceptance_moves_nothing(pair: Pair) -> None:
    case = opened(pair.home, pair.village, [pair.member()[0]], place=THERE)
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        step = casework.offer_lead(entry, case, pair.street, Handover.AGREED, basis=BASIS)
    pair.sync()
    pair.home.time.to(date(2026, 4, 1))
    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        casework.accept_lead(entry, case, step)

    assert procedures.due(pair.home.ledger) == [step]
    pair.sync()

    for world in (pair.home, pair.host):
        lead = get(world, case).lead
        assert lead is not None
        assert lead.union == pair.village
    assert casework.lapse_leads(pair.home.ledger) == []


def test_a_declined_lead_is_returned_by_procedure(pair: Pair) -> None:
    case = opened(pair.home, pair.village, [pair.member()[0]], place=THERE)
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        step = casework.offer_lead(entry, case, pair.street, Handover.AGREED, basis=BASIS)
    pair.sync()
    with pair.host.entry(pair.street, Office.LIAISON) as entry:
        casework.record(
            entry, case, lambda told: told.decline_lead(entry.act, step, NoHelp.NO_POWER)
        )
    pair.sync()

    told = get(pair.home, case)
    assert told.offer is None
    assert told.offers[step].end == "returned"
    with pair.home.ledger.reading() as reader:
        moved = next(one.position for one in reader.records(case) if one.kind == "LeadOffered")
    with pytest.raises(OthersRelyOnIt), pair.home.entry(pair.village) as entry:
        procedures.annul(entry, moved, Why.TWICE, "重复")


def closed(pair: Pair, case: CaseId, people: list[PersonId]) -> None:
    paid(pair.home, pair.village, case, 2000)

    def call(entry: Entry, told: RightsCase) -> list[Event]:
        return [told.call_back(entry.act, person, reached=True) for person in people]

    with pair.home.entry(pair.village, Office.LEGAL) as entry:
        casework.record(entry, case, lambda told: call(entry, told))
        casework.record(
            entry, case, lambda told: told.close(
                entry.act, StepId("stp_" + "b" * 26), Outcome.RECOVERED_IN_FULL
            ),
        )  # fmt: skip


def test_the_other_side_disputes_the_closure_and_one_claimant_reopens(pair: Pair) -> None:
    case, people = joint(pair)
    closed(pair, case, people)
    pair.sync()
    assert get(pair.host, case).state is CaseState.CLOSED

    with pair.host.entry(pair.street, Office.LEGAL) as entry:
        casework.record(entry, case, lambda told: told.dispute(entry.act, Objection.LEFT_OUT))
    pair.sync()
    with pair.home.ledger.reading() as reader:
        disputed = Sought(pair.home.today, Tab.DISPUTED)
        assert len(case_boards.listing(reader.conn, pair.home.origin, disputed).rows) == 1
    with pair.home.entry(pair.village, Office.LEGAL) as entry:
        casework.record(
            entry, case,
            lambda told: told.reopen(entry.act, Reopening.STILL_OWED, people[0], "还差三百"),
        )  # fmt: skip
    pair.sync()

    for world in (pair.home, pair.host):
        assert get(world, case).state is CaseState.RECOVERING
        with world.ledger.reading() as reader:
            rows = {r.person: r for r in arrears.sheet(reader.conn, world.origin, case).rows}
        assert (rows[people[0]].called, rows[people[1]].called) == (False, True)
    rebuilt(pair.home, pair.host)


def test_when_the_agreement_ends_an_open_joint_case_is_finished(tmp_path: Path) -> None:
    pair = open_pair(tmp_path).agree(RIGHTS, until=date(2026, 4, 1))
    case, people = joint(pair)
    alone, _ = pair.member()
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.share(entry, alone, pair.host.origin, BASIS, casework.Cause.MATCH)
    pair.home.time.to(date(2026, 4, 2))

    procedures.due(pair.home.ledger)
    paid(pair.home, pair.village, case, 500)
    pair.sync()

    assert get(pair.host, case).all_recovered == yuan(500)
    with pair.home.ledger.reading() as reader:
        open_ = links_of(reader.conn, pair.home.origin, [*people, alone])
    assert [row["open"] for row in open_[alone]] == [0]
    assert all(row["open"] for person in people for row in open_[person])


def test_the_host_station_takes_in_workers_of_the_host_for_the_home_union(pair: Pair) -> None:
    away = pair.home.union("驻粤服务总站工会", UnionKind.AWAY_COMMITTEE, location="440106")
    stranger = pair.home.worker("未入会职工")
    case = opened(pair.home, away, [stranger], place=THERE, basis=BASIS)
    pair.sync()

    told = get(pair.host, case)
    assert told.lead is not None
    assert (told.lead.union, told.claims[stranger].membership) == (away, None)
