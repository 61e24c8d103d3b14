"""Rights cases: who claims what, who leads, what came to whom, and how it may be closed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.domain.ids import CaseId, PersonId, StepId, UnionId
from ledger.domain.kernel import Act, Claim, Code, Decision, Event, Fact, Fen, Office
from ledger.domain.rights import (
    CLOCKS,
    AlreadyInTheCase,
    AmountBelowZero,
    CaseClosed,
    CaseIsClosed,
    CaseIsOpen,
    CaseKind,
    CaseNumberTaken,
    CaseOpened,
    CaseParty,
    CaseState,
    ClaimantAlready,
    Claiming,
    ClaimMade,
    ClaimUnchanged,
    ClockInterrupted,
    ClockKind,
    ClockNotPaused,
    ClockNotRunning,
    ClockPaused,
    ClockRanOut,
    ClockResumed,
    ClockRunsAlready,
    ClockState,
    Doing,
    DueBeforeItBegins,
    Ending,
    EndingNotExplained,
    Handover,
    HandoverEnd,
    HelpKind,
    Instalment,
    Intake,
    Interruption,
    LeadNotOfferedToYou,
    LeadOfferAnswered,
    LeadOfferOpen,
    LeadOutcomeGiven,
    LeadReleased,
    LeadReturned,
    LeadToItself,
    LetterKind,
    Means,
    Money,
    MoreThanOwed,
    NoClaimant,
    NoEmployerNamed,
    NoExtension,
    NoHelp,
    NoLeadOffer,
    NoSuchParty,
    NoSuchShare,
    NoSuchStep,
    NotAClaimant,
    NotAskedToHelp,
    NotCalledBack,
    NothingDisputed,
    NothingPaid,
    NotInterruptible,
    NotInTheCase,
    NotPausable,
    NotTheLead,
    Objection,
    OpinionStillAwaited,
    Outcome,
    OutcomeNotBorneOut,
    Outside,
    OwnClosure,
    PartsDoNotSum,
    PartyRole,
    Pause,
    Payer,
    Proof,
    ReceiptKnown,
    RecorderConfirms,
    RecoveryAfterClosure,
    RecoveryKnown,
    RecoveryRecorded,
    Reopening,
    Reply,
    Result,
    Revision,
    RightsCase,
    Route,
    Said,
    StepAnswered,
    TextNeedsClaimant,
    TooFewToBeRepresented,
    TriedTooFewTimes,
    Unit,
    by_plan,
    shared_out,
    summed,
)

CASE, OTHER_CASE = CaseId("cas_1"), CaseId("cas_2")
STATION, HOST, STRANGER = (UnionId(f"uni_{n}") for n in ("station", "host", "stranger"))
GX, GD = "gx.example/liangdi", "gd.example/liangdi"
WEI, LAN, TAN = (PersonId(f"per_{n}") for n in ("wei", "lan", "tan"))
CLERK, SECOND, ACTING = (PersonId(f"per_{n}") for n in ("clerk", "second", "acting"))
MONDAY, TUESDAY, NEXT_WEEK = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 9)
EMPLOYER = CaseParty(PartyRole.EMPLOYER, "荣光物流有限公司", Code("91440606MA4UQ1XX2A"))


class Weekdays:
    """A calendar without holidays."""

    def after(self, day: date, count: int) -> date:
        while count:
            day += timedelta(days=1)
            count -= day.weekday() < 5
        return day

    def between(self, start: date, end: date) -> int:
        days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
        return sum(day.weekday() < 5 for day in days)


CALENDAR = Weekdays()


def step(name: str | int) -> StepId:
    return StepId(f"stp_{name}")


def yuan(wages: int, compensation: int = 0) -> Money:
    return Money(Fen(wages * 100), Fen(compensation * 100))


def act(union: UnionId = STATION, on: date = MONDAY, officer: PersonId = CLERK, **more: Any) -> Act:
    return Act(officer, union, Office.STATION, on, max(on, more.pop("today", on)), **more)


def then(
    case: RightsCase, events: Event | Iterable[Event] | None, on: date = MONDAY, origin: str = GX,
    officer: PersonId = CLERK, **more: Any,
) -> RightsCase:  # fmt: skip
    assert events is not None
    for event in [events] if isinstance(events, Event) else events:
        case.after(Fact(event, on, origin, officer=officer, **more))
    return case


def claiming(*persons: PersonId, asked: Money | None = None) -> list[Claiming]:
    return [Claiming(person, asked or yuan(1000)) for person in persons]


def opening(
    claims: list[Claiming] | None = None, parties: tuple[CaseParty, ...] = (EMPLOYER,),
) -> list[Event]:  # fmt: skip
    return RightsCase.open(
        act(), CASE, Code("桂维〔2026〕0012号"), CaseKind.ARREARS, Intake.STATION, Code("440606"),
        parties, claiming(WEI, LAN) if claims is None else claims,
    )  # fmt: skip


def opened(claims: list[Claiming] | None = None) -> RightsCase:
    return then(RightsCase(), opening(claims))


def joint() -> RightsCase:
    """The host union has joined."""
    case = opened()
    then(
        case, case.ask_help(act(), step("help"), HelpKind.JOIN, HOST, Code(GD), NEXT_WEEK)
    )  # fmt: skip
    return then(case, case.join(act(HOST)), origin=GD)


def paid(
    case: RightsCase, shares: Mapping[PersonId, Money], name: str = "first", on: date = MONDAY,
    officer: PersonId = CLERK, **more: Any,
) -> RightsCase:  # fmt: skip
    events = case.recover(act(on=on, officer=officer), step(name), shares, Payer.EMPLOYER, **more)
    return then(case, events, on, officer=officer)


def called(case: RightsCase, *persons: PersonId) -> RightsCase:
    for person in persons or (WEI, LAN):
        then(case, case.call_back(act(), person, reached=True, said=Said.SATISFIED))
    return case


def closed(case: RightsCase, outcome: Outcome = Outcome.NOT_RECOVERED) -> RightsCase:
    called(case, *[claim.person for claim in case.active])
    return then(case, case.close(act(), step("closure"), outcome, Ending.GONE))


# ── opening ──


def test_a_case_is_opened_with_a_head_and_a_record_for_each_claimant():
    head, *claims = opening()

    assert isinstance(head, CaseOpened)
    assert (head.claimants, head.wages, head.compensation) == (2, 200_000, 0)
    assert [type(each) for each in claims] == [ClaimMade, ClaimMade]
    assert list(head.takes()) == [Claim(CaseNumberTaken, "桂维〔2026〕0012号")]
    case = opened()
    assert case.lead is not None
    assert (case.lead.union, case.lead.origin) == (STATION, GX)
    assert (case.state, case.claimed, case.unknown) == (CaseState.OPEN, yuan(2000), 0)


def test_a_case_names_a_claimant_and_an_employer():
    with pytest.raises(NoClaimant):
        opening([])
    with pytest.raises(NoEmployerNamed):
        opening(parties=())
    with pytest.raises(NoEmployerNamed):
        opening(parties=(CaseParty(PartyRole.DEVELOPER, "某地产"),))
    with pytest.raises(NoEmployerNamed):
        opened().name_party(act(), CaseParty(PartyRole.CONTRACTOR, " "))
    with pytest.raises(NoSuchParty):
        opening([Claiming(WEI, yuan(1), against=2)])


def test_a_person_claims_once_and_never_below_zero():
    with pytest.raises(ClaimantAlready):
        opening(claiming(WEI, WEI))
    with pytest.raises(ClaimantAlready):
        opened().add(act(), claiming(LAN))
    with pytest.raises(AmountBelowZero):
        opening([Claiming(WEI, Money(Fen(-1)))])
    with pytest.raises(AmountBelowZero):
        opened().revise(act(), WEI, Money(Fen(0), Fen(-1)), Revision.EVIDENCE)


def test_a_claim_is_revised_withdrawn_and_made_again_as_facts():
    case = opened()
    then(case, case.revise(act(), WEI, yuan(1200, 300), Revision.EMPLOYERS_BOOKS))
    then(case, case.withdraw_claim(act(), LAN))

    assert case.claimed == yuan(1200, 300)
    with pytest.raises(ClaimUnchanged):
        case.revise(act(), WEI, yuan(1200, 300), Revision.CLAIMANT)
    with pytest.raises(NotAClaimant):
        case.revise(act(), LAN, yuan(5), Revision.CLAIMANT)
    then(case, case.add(act(), claiming(LAN, TAN)))
    assert {claim.person for claim in case.active} == {WEI, LAN, TAN}
    assert case.unknown == 0


def test_a_party_is_named_later_under_the_next_number():
    case = opened()

    then(case, case.name_party(act(), CaseParty(PartyRole.CONTRACTOR, "建工集团")))

    assert case.parties[2].role is PartyRole.CONTRACTOR


def test_ten_claimants_or_more_may_be_represented():
    many = [PersonId(f"per_{n}") for n in range(10)]
    case = opened(claiming(*many))
    then(case, case.choose(act(), many[3]))

    assert case.not_called == [many[3]]
    with pytest.raises(TooFewToBeRepresented):
        opened().choose(act(), WEI)


# ── leading and helping ──


def test_a_union_joins_when_it_was_asked_and_records_its_steps():
    case = joint()

    assert case.takes_part(HOST)
    assert case.origins == {GX, GD}
    assert case.take_step(act(HOST), Doing.TALKED, WEI, "老板答应月底前支付").person == WEI
    then(case, case.leave(act(HOST)), origin=GD)
    with pytest.raises(NotInTheCase):
        case.take_step(act(HOST), Doing.TALKED)
    with pytest.raises(NotAskedToHelp):
        case.leave(act(HOST))


def test_only_who_was_asked_answers_and_once():
    case = opened()
    with pytest.raises(NotAskedToHelp):
        case.join(act(HOST))
    then(case, case.ask_help(act(), step("help"), HelpKind.INQUIRY, HOST, Code(GD), NEXT_WEEK))
    with pytest.raises(AlreadyInTheCase):
        case.ask_help(act(), step("again"), HelpKind.JOIN, HOST, Code(GD), NEXT_WEEK)
    with pytest.raises(DueBeforeItBegins):
        case.ask_help(act(on=NEXT_WEEK), step("late"), HelpKind.JOIN, STRANGER, Code(GD), MONDAY)
    then(case, case.decline_help(act(HOST), NoHelp.NOT_HERE), origin=GD)
    with pytest.raises(NotAskedToHelp):
        case.join(act(HOST))


def offered(case: RightsCase) -> RightsCase:
    event = case.offer_lead(act(), step("lead"), HOST, Code(GD), Handover.EMPLOYER_THERE, NEXT_WEEK)
    return then(case, event)


def test_the_lead_moves_by_offer_acceptance_and_release():
    case = offered(opened())
    then(case, case.accept_lead(act(HOST), step("lead")), origin=GD)
    assert case.lead is not None
    assert case.lead.union == STATION
    assert case.conclude_lead(step("lead"), GD) is None  # only the lead's own record moves it

    released = case.conclude_lead(step("lead"), GX)
    then(case, released, origin=GX)

    assert isinstance(released, LeadReleased)
    assert case.lead is not None
    assert (case.lead.union, case.lead.origin, case.turn) == (HOST, GD, 1)
    assert case.takes_part(STATION)
    assert case.conclude_lead(step("lead"), GX) is None
    with pytest.raises(NotTheLead):
        case.name_party(act(), EMPLOYER)


def test_a_declined_lead_is_returned_an_unanswered_one_lapses_a_withdrawn_one_ends():
    declined = offered(opened())
    then(declined, declined.decline_lead(act(HOST), step("lead"), NoHelp.NO_POWER), origin=GD)
    returned = declined.conclude_lead(step("lead"), GX)
    late = offered(opened())
    withdrawn = offered(opened())
    then(withdrawn, withdrawn.withdraw_lead(act(), step("lead")))

    assert isinstance(returned, LeadReturned)
    assert late.lapse_lead(step("lead"), GX, NEXT_WEEK) is None
    assert late.lapse_lead(step("lead"), GD, NEXT_WEEK + timedelta(1)) is None
    then(late, late.lapse_lead(step("lead"), GX, NEXT_WEEK + timedelta(1)))
    assert late.offers[step("lead")].end is HandoverEnd.LAPSED
    assert withdrawn.offer is None
    for case in (then(declined, returned), late, withdrawn):
        assert case.turn == 0
        with pytest.raises(NoLeadOffer):
            case.accept_lead(act(HOST), step("lead"))


def test_an_acceptance_that_meets_a_lapse_moves_nothing():
    case = offered(opened())
    then(case, case.lapse_lead(step("lead"), GX, NEXT_WEEK + timedelta(1)))
    behind = offered(opened())
    then(case, behind.accept_lead(act(HOST), step("lead")), origin=GD)

    assert case.conclude_lead(step("lead"), GX) is None
    assert case.lead is not None
    assert case.lead.union == STATION


def test_the_lead_is_offered_once_at_a_time_to_another_and_answered_by_it():
    case = offered(opened())

    with pytest.raises(LeadOfferOpen):
        case.offer_lead(act(), step("two"), STRANGER, Code(GD), Handover.AGREED, NEXT_WEEK)
    with pytest.raises(LeadNotOfferedToYou):
        case.accept_lead(act(STRANGER), step("lead"))
    accepted = case.accept_lead(act(HOST), step("lead"))
    assert list(accepted.takes()) == [Claim(LeadOfferAnswered, step("lead"))]
    then(case, accepted, origin=GD)
    with pytest.raises(LeadOfferAnswered):
        case.decline_lead(act(HOST), step("lead"), NoHelp.OTHER)
    with pytest.raises(LeadOfferAnswered):
        case.withdraw_lead(act(), step("lead"))
    outcome = case.conclude_lead(step("lead"), GX)
    assert outcome is not None
    assert list(outcome.takes()) == [Claim(LeadOutcomeGiven, step("lead"))]
    with pytest.raises(LeadToItself):
        opened().offer_lead(act(), step("x"), STATION, Code(GX), Handover.AGREED, NEXT_WEEK)
    with pytest.raises(DueBeforeItBegins):
        opened().offer_lead(act(on=NEXT_WEEK), step("x"), HOST, Code(GD), Handover.AGREED, MONDAY)


def test_only_the_lead_settles_recovers_and_closes():
    case = joint()

    for attempt in (
        lambda: case.settle(act(HOST), step("s"), Route.AGREED, {WEI: ()}),
        lambda: case.recover(act(HOST), step("r"), {WEI: yuan(1)}, Payer.EMPLOYER),
        lambda: case.close(act(HOST), step("c"), Outcome.NOT_RECOVERED, Ending.GONE),
    ):
        with pytest.raises(NotTheLead):
            attempt()


# ── clocks ──


def running(kind: ClockKind, since: date = MONDAY) -> RightsCase:
    case = opened()
    return then(case, case.start_clock(act(), step("clock"), kind, since, CALENDAR))


def due(case: RightsCase) -> date | None:
    return case.clocks[step("clock")].due


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (ClockKind.MEDIATION, date(2026, 3, 17)),
        (ClockKind.ARBITRATION_LIMIT, date(2027, 3, 2)),
        (ClockKind.AWARD, date(2026, 4, 16)),
        (ClockKind.INSPECTION, date(2026, 5, 25)),
        (ClockKind.INSPECTION_LIMIT, date(2028, 3, 2)),
        (ClockKind.INJURY_EMPLOYER, date(2026, 4, 1)),
        (ClockKind.LEGAL_AID_ASSIGNMENT, date(2026, 3, 5)),
        (ClockKind.WAGE_LEDGER, date(2029, 3, 2)),
    ],
)
def test_a_clock_ends_as_its_law_says(kind: ClockKind, end: date):
    assert due(running(kind)) == end


def test_a_year_from_a_leap_day_ends_on_the_last_of_february():
    assert due(running(ClockKind.ARBITRATION_LIMIT, date(2028, 2, 29))) == date(2029, 2, 28)


def test_every_kind_has_its_rule_and_article():
    assert set(CLOCKS) == set(ClockKind)
    assert all(rule.article and rule.length > 0 and rule.begins for rule in CLOCKS.values())
    assert {k for k, rule in CLOCKS.items() if rule.unit is Unit.WORKING_DAYS} == {
        ClockKind.INSPECTION
    }


def test_a_limitation_runs_anew_from_a_claim_a_complaint_or_a_promise():
    case = running(ClockKind.ARBITRATION_LIMIT, date(2025, 4, 1))

    event = case.interrupt(act(), step("clock"), Interruption.PROMISED, CALENDAR)

    assert due(then(case, event)) == date(2027, 3, 2)
    with pytest.raises(NotInterruptible):
        running(ClockKind.AWARD).interrupt(act(), step("clock"), Interruption.CLAIMED, CALENDAR)


def test_nothing_revives_a_limit_that_is_over():
    case = running(ClockKind.ARBITRATION_LIMIT, date(2024, 1, 10))
    clock = case.clocks[step("clock")]
    assert clock.late(MONDAY)

    with pytest.raises(ClockRanOut):
        case.interrupt(act(), step("clock"), Interruption.CLAIMED, CALENDAR)
    with pytest.raises(ClockRanOut):
        case.pause(act(), step("clock"), Pause.OTHER, CALENDAR)
    then(
        case,
        ClockInterrupted(CASE, step("clock"), Interruption.CLAIMED, date(2027, 3, 2)),
    )
    then(case, ClockPaused(CASE, step("clock"), Pause.OTHER, 0))
    then(case, ClockResumed(CASE, step("clock"), date(2027, 3, 2)))

    assert case.clocks[step("clock")] == clock
    before = act(on=date(2025, 1, 10))  # the last day of it, typed up later
    event = case.interrupt(before, step("clock"), Interruption.CLAIMED, CALENDAR)
    assert due(then(case, event, before.on)) == date(2026, 1, 10)


def test_the_latest_interruption_counts_in_whatever_order_they_are_typed_up():
    case = running(ClockKind.ARBITRATION_LIMIT, date(2025, 4, 1))
    for on in (date(2026, 2, 20), date(2025, 6, 1)):
        event = case.interrupt(act(on=on), step("clock"), Interruption.CLAIMED, CALENDAR)
        then(case, event, on)

    assert due(case) == date(2027, 2, 20)


def test_a_paused_clock_keeps_what_is_left():
    case = running(ClockKind.AWARD)
    then(case, case.pause(act(on=NEXT_WEEK), step("clock"), Pause.APPRAISAL, CALENDAR), NEXT_WEEK)
    assert (due(case), case.clocks[step("clock")].state) == (None, ClockState.PAUSED)

    on = date(2026, 4, 1)
    then(case, case.resume(act(on=on), step("clock"), CALENDAR), on)

    assert due(case) == on + timedelta(38)
    with pytest.raises(ClockNotPaused):
        case.resume(act(on=on), step("clock"), CALENDAR)
    with pytest.raises(NotPausable):
        running(ClockKind.SUIT).pause(act(), step("clock"), Pause.OTHER, CALENDAR)


def test_a_clock_is_extended_once_where_its_law_allows_it():
    case = running(ClockKind.INSPECTION)

    then(case, case.extend(act(), step("clock"), CALENDAR, Code("粤人社监〔2026〕3号")))

    assert due(case) == CALENDAR.after(date(2026, 5, 25), 30)
    with pytest.raises(NoExtension):
        case.extend(act(), step("clock"), CALENDAR)
    with pytest.raises(NoExtension):
        running(ClockKind.MEDIATION).extend(act(), step("clock"), CALENDAR)


def test_a_clock_that_was_met_runs_no_longer_and_may_be_late():
    case = running(ClockKind.LEGAL_AID_DECISION)
    after = MONDAY + timedelta(8)

    assert case.clocks[step("clock")].late(after)
    then(case, case.meet(act(on=NEXT_WEEK), step("clock")), NEXT_WEEK)

    assert not case.clocks[step("clock")].late(after)
    with pytest.raises(ClockNotRunning):
        case.meet(act(), step("clock"))
    with pytest.raises(ClockNotRunning):
        case.interrupt(act(), step("clock"), Interruption.CLAIMED, CALENDAR)
    with pytest.raises(NoSuchStep):
        case.meet(act(), step("other"))


def test_one_clock_of_a_kind_runs_for_the_case_and_one_for_each_claimant():
    case = running(ClockKind.INJURY_WORKER)

    with pytest.raises(ClockRunsAlready):
        case.start_clock(act(), step("b"), ClockKind.INJURY_WORKER, MONDAY, CALENDAR)
    assert case.start_clock(act(), step("b"), ClockKind.INJURY_WORKER, MONDAY, CALENDAR, WEI)
    with pytest.raises(NotAClaimant):
        case.start_clock(act(), step("b"), ClockKind.INJURY_WORKER, MONDAY, CALENDAR, TAN)


# ── work ──


def test_free_text_belongs_to_a_claimant():
    with pytest.raises(TextNeedsClaimant):
        opened().take_step(act(), Doing.VISIT, remark="工棚里还有三人")


def letter(case: RightsCase, kind: LetterKind, name: str, on: date = MONDAY) -> RightsCase:
    ends = CALENDAR.after(on, 15) if kind is LetterKind.OPINION else None
    event = case.send_letter(
        act(on=on), step(name), kind, EMPLOYER.name, Code(f"{name}号"), 1, ends
    )
    return then(case, event, on)


def test_a_proposal_follows_an_opinion_that_was_refused_or_not_answered_in_time():
    case = letter(opened(), LetterKind.OPINION, "opinion")

    with pytest.raises(OpinionStillAwaited):
        letter(case, LetterKind.PROPOSAL, "early")
    after = CALENDAR.after(MONDAY, 16)
    assert letter(case, LetterKind.PROPOSAL, "later", after).letters[step("later")]
    refused = letter(opened(), LetterKind.OPINION, "opinion")
    then(refused, refused.answer_letter(act(), step("opinion"), Reply.REJECTED))
    assert letter(refused, LetterKind.PROPOSAL, "proposal").letters[step("proposal")]


def test_a_letter_is_answered_once():
    case = letter(opened(), LetterKind.NOTICE, "notice")
    then(case, case.answer_letter(act(), step("notice"), Reply.ADOPTED))

    with pytest.raises(StepAnswered):
        case.answer_letter(act(), step("notice"), Reply.ADOPTED)
    with pytest.raises(NoSuchStep):
        case.answer_letter(act(), step("none"), Reply.ADOPTED)
    with pytest.raises(DueBeforeItBegins):
        case.send_letter(
            act(on=NEXT_WEEK), step("x"), LetterKind.OFFICIAL, "某区人社局", Code("1"), due=MONDAY
        )
    with pytest.raises(NoSuchParty):
        case.send_letter(act(), step("x"), LetterKind.OFFICIAL, "某公司", Code("1"), 7)


def test_what_is_brought_before_another_body_keeps_its_number_and_its_answer():
    case = opened()
    then(case, case.bring_before(act(), step("arb"), Outside.ARBITRATION, "顺德区仲裁委"))
    then(case, case.number_outside(act(), step("arb"), Code("顺劳人仲案〔2026〕318号")))
    then(case, case.answer_outside(act(), step("arb"), Result.TAKEN_UP))
    then(case, case.answer_outside(act(), step("arb"), Result.SUPPORTED))

    before = case.outside[step("arb")]
    assert (before.number, before.result) == ("顺劳人仲案〔2026〕318号", Result.SUPPORTED)
    with pytest.raises(StepAnswered):
        case.number_outside(act(), step("arb"), Code("2"))
    with pytest.raises(StepAnswered):
        case.answer_outside(act(), step("arb"), Result.REJECTED)
    with pytest.raises(NoSuchStep):
        case.answer_outside(act(), step("no"), Result.REJECTED)


# ── settlement ──


def half(wages: int, compensation: int = 0) -> list[Instalment]:
    first = Instalment(1, MONDAY, Fen(wages * 50), Fen(compensation * 50))
    return [first, replace(first, number=2, due=NEXT_WEEK)]


def test_a_settlement_has_a_head_and_a_schedule_for_each_claimant():
    case = opened()

    head, *shares = case.settle(
        act(), step("s"), Route.MEDIATED, {WEI: half(800, 100), LAN: half(1000)},
        total=yuan(1800, 100),
    )  # fmt: skip
    then(case, [head, *shares])

    assert case.state is CaseState.SETTLED
    assert case.claims[WEI].due == yuan(800, 100)
    assert case.agreed == yuan(1800, 100)
    assert getattr(head, "instalments")[0].wages == 90_000  # noqa: B009
    then(case, case.settle(act(), step("t"), Route.JUDGED, {WEI: half(900)}))
    assert (case.claims[WEI].due, case.claims[LAN].due) == (yuan(900), yuan(1000))


def awaited(case: RightsCase) -> list[tuple[StepId, int, int]]:
    """(settlement, instalment, yuan) of what is still to come."""
    return [(step_, part.number, part.money.total // 100) for step_, part in case.outstanding]


def test_what_a_newer_settlement_does_not_speak_of_stays_due():
    case = opened()
    first, second = step("s"), step("t")
    then(case, case.settle(act(), first, Route.MEDIATED, {WEI: half(800), LAN: half(1000)}))
    then(case, case.settle(act(), second, Route.JUDGED, {WEI: half(900)}))

    assert [agreed.settlement for agreed in case.in_force] == [first, second]
    assert awaited(case) == [(first, 1, 500), (first, 2, 500), (second, 1, 450), (second, 2, 450)]

    paid(case, {LAN: yuan(500), WEI: yuan(449)})
    assert awaited(case) == [(first, 2, 500), (second, 1, 450), (second, 2, 450)]
    then(case, case.withdraw_claim(act(), LAN))
    then(case, case.settle(act(), step("u"), Route.AGREED, {WEI: half(449)}))

    assert awaited(case) == []
    assert [agreed.settlement for agreed in case.in_force] == [step("u")]


def test_compensation_that_came_meets_no_instalment_of_wages():
    case = opened([Claiming(WEI, yuan(1000, 500))])
    then(case, case.settle(act(), step("s"), Route.AGREED, {WEI: half(1000, 500)}))

    paid(case, {WEI: yuan(500, 500)})

    assert awaited(case) == [(step("s"), 2, 750)]


def test_where_not_every_claimant_is_known_a_payment_meets_the_instalment_of_its_number():
    case = opened()
    head, *shares = case.settle(act(), step("s"), Route.AGREED, {WEI: half(800), LAN: half(1000)})
    then(case, [head, shares[0]])
    assert awaited(case) == [(step("s"), 1, 900), (step("s"), 2, 900)]

    paid(case, {WEI: yuan(400)}, instalment=1)

    assert awaited(case) == [(step("s"), 2, 900)]


def test_the_parts_of_a_settlement_sum_to_its_total():
    case = opened()

    with pytest.raises(PartsDoNotSum):
        case.settle(act(), step("s"), Route.AGREED, {WEI: half(800)}, total=yuan(801))
    with pytest.raises(PartsDoNotSum):
        case.settle(act(), step("s"), Route.AGREED, {WEI: [half(8)[0], half(8)[0]]})
    other = [replace(part, due=part.due + timedelta(1)) for part in half(8)]
    with pytest.raises(PartsDoNotSum):
        case.settle(act(), step("s"), Route.AGREED, {WEI: half(8), LAN: other})
    with pytest.raises(AmountBelowZero):
        case.settle(act(), step("s"), Route.AGREED, {WEI: half(-8)})
    with pytest.raises(NotAClaimant):
        case.settle(act(), step("s"), Route.AGREED, {TAN: half(8)})
    with pytest.raises(NoClaimant):
        case.settle(act(), step("s"), Route.AGREED, {})


def test_a_plan_is_shared_out_so_that_each_instalment_and_each_claimant_sums_to_the_fen():
    asked = {PersonId(f"per_{n:02}"): Money(Fen(1000 + n), Fen(n)) for n in range(7)}
    plan = [Instalment(n, date(2026, n, 1), Fen(1000), Fen(10)) for n in (1, 2, 3)]

    shares = by_plan(plan, asked)

    for at, one in enumerate(plan):
        assert summed(parts[at].money for parts in shares.values()) == one.money
        assert {(parts[at].number, parts[at].due) for parts in shares.values()} == {
            (one.number, one.due)
        }
    wages = shared_out(Fen(3000), {each: money.wages for each, money in asked.items()})
    assert {each: summed(p.money for p in parts).wages for each, parts in shares.items()} == wages


# ── recovery ──


def test_19_000_000_fen_are_split_over_39_claimants_to_the_fen():
    people = [PersonId(f"per_{n:02}") for n in range(39)]

    even = shared_out(Fen(19_000_000), dict.fromkeys(people, Fen(1)))
    by_claim = shared_out(Fen(19_000_000), {p: Fen(400_000 + 7 * n) for n, p in enumerate(people)})

    assert sum(even.values()) == sum(by_claim.values()) == 19_000_000
    assert sorted(set(even.values())) == [487_179, 487_180]
    assert list(even.values()).count(Fen(487_180)) == 19
    assert by_claim[people[0]] < by_claim[people[38]]


def test_a_recovery_is_split_to_each_claimant_and_counted_by_who_leads():
    case = opened()
    paid(case, {WEI: yuan(400, 50), LAN: yuan(600)}, total=yuan(1000, 50), means=Means.CASH)

    assert case.state is CaseState.RECOVERING
    assert (case.recovered(WEI), case.all_recovered) == (yuan(400, 50), yuan(1000, 50))
    assert case.open_of(WEI) == yuan(600)
    assert case.next_instalment() == 2


def test_a_case_whose_whole_money_came_in_is_closed_so_and_may_be_reopened():
    case = opened()
    paid(case, {WEI: yuan(1000, 50), LAN: yuan(1000)}, total=yuan(2000, 50), means=Means.CASH)
    assert case.state is CaseState.RECOVERING

    case = closed(case, Outcome.RECOVERED_IN_FULL)
    assert case.state is CaseState.CLOSED

    then(case, case.reopen(act(), Reopening.STILL_OWED))
    assert case.state is CaseState.RECOVERING
    assert case.unbalanced == []


def test_compensation_that_came_is_not_wages_that_are_owed():
    case = opened([Claiming(WEI, yuan(1000, 500))])
    paid(case, {WEI: yuan(0, 1500)})

    assert case.open_of(WEI) == yuan(1000)
    assert not case.bears_out(Outcome.RECOVERED_IN_FULL)


def test_what_is_paid_is_more_than_nothing_is_owed_to_a_claimant_and_sums_up():
    case = opened()

    with pytest.raises(NothingPaid):
        paid(case, {WEI: yuan(0)})
    with pytest.raises(PartsDoNotSum):
        paid(case, {WEI: yuan(400)}, total=yuan(401))
    with pytest.raises(NotAClaimant):
        paid(case, {TAN: yuan(400)})
    with pytest.raises(AmountBelowZero):
        paid(case, {WEI: yuan(500), LAN: yuan(-100)})
    with pytest.raises(NoSuchParty):
        paid(case, {WEI: yuan(400)}, party=3)


def test_a_payment_is_recorded_once_unless_each_has_its_own_slip():
    case = opened()
    paid(case, {WEI: yuan(100)}, reference=Code("回单1"))

    with pytest.raises(RecoveryKnown):
        paid(case, {WEI: yuan(300)}, "second", TUESDAY, reference=Code("回单1"))
    with pytest.raises(RecoveryKnown):
        paid(case, {WEI: yuan(100)}, "second")
    paid(case, {WEI: yuan(100)}, "second", reference=Code("回单2"))
    assert case.all_recovered == yuan(200)


def test_more_than_is_owed_is_recorded_and_found():
    case = opened()

    head = case.recover(act(), step("r"), {WEI: yuan(1001)}, Payer.EMPLOYER)[0]

    assert isinstance(head, RecoveryRecorded)
    assert head.findings == (MoreThanOwed.__name__,)


def test_money_that_comes_after_the_closure_is_recorded_and_found():
    case = closed(opened())

    head = case.recover(act(on=TUESDAY), step("r"), {WEI: yuan(1)}, Payer.DEPOSIT)[0]

    assert isinstance(head, RecoveryRecorded)
    assert head.findings == (RecoveryAfterClosure.__name__,)


def reported(case: RightsCase, on: date = MONDAY, money: Money | None = None) -> RightsCase:
    events = case.report(
        act(HOST, on), step("report"), {WEI: money or yuan(400)}, Payer.EMPLOYER, Means.CASH
    )
    return then(case, events, on, GD)


def test_a_payment_entered_by_both_sides_is_matched_and_counted_once():
    case = reported(joint())
    assert (case.all_recovered, len(case.unmatched)) == (Money(), 1)

    paid(case, {WEI: yuan(400)})

    assert (case.all_recovered, case.unmatched) == (yuan(400), [])
    with pytest.raises(RecoveryKnown):
        case.report(act(HOST), step("again"), {WEI: yuan(400)}, Payer.EMPLOYER)


def test_what_looks_otherwise_is_matched_by_the_lead():
    case = reported(joint())
    paid(case, {WEI: yuan(400)}, on=TUESDAY)
    assert [each.id for each in case.unmatched] == [step("report")]

    then(case, case.match(act(), step("first"), step("report")))

    assert (case.unmatched, case.all_recovered) == ([], yuan(400))
    with pytest.raises(NoSuchStep):
        case.match(act(), step("report"), step("report"))
    with pytest.raises(NoSuchStep):
        case.match(act(), step("first"), step("first"))


def test_the_lead_takes_a_report_over():
    case = reported(joint())

    paid(case, {WEI: yuan(400)}, on=TUESDAY, report=step("report"))

    assert case.unmatched == []
    with pytest.raises(NoSuchStep):
        paid(case, {WEI: yuan(1)}, "x", report=step("first"))


def test_who_is_not_in_the_case_reports_nothing():
    with pytest.raises(NotInTheCase):
        reported(opened())


# ── receipts ──


def test_the_receipt_is_confirmed_by_another_than_who_recorded_the_recovery():
    case = paid(opened(), {WEI: yuan(400)})

    with pytest.raises(RecorderConfirms):
        case.receive(act(), step("first"), WEI, Proof.CALL)
    with pytest.raises(RecorderConfirms):
        case.receive(act(), step("first"), WEI, Proof.SIGNED)
    assert case.receive(act(officer=SECOND), step("first"), WEI, Proof.CALL)
    assert case.receive(act(evidence=("ab" * 32,)), step("first"), WEI, Proof.SIGNED)


def test_neither_on_paper_nor_by_delegation_does_the_recorder_confirm():
    case = paid(opened(), {WEI: yuan(400)}, officer=SECOND)
    on_paper = act(decided_by=Decision(SECOND, Office.STATION))

    with pytest.raises(RecorderConfirms):
        case.receive(on_paper, step("first"), WEI, Proof.BANK_SLIP)
    with pytest.raises(RecorderConfirms):
        case.receive(act(officer=ACTING), step("first"), WEI, Proof.CALL, hands=[SECOND])
    with pytest.raises(RecorderConfirms):
        case.receive(act(officer=ACTING), step("first"), WEI, Proof.CALL, recorders=[ACTING])


def test_a_receipt_is_for_a_share_and_given_once():
    case = paid(opened(), {WEI: yuan(400)})
    second = act(officer=SECOND)
    then(case, case.receive(second, step("first"), WEI, Proof.MESSAGE))

    with pytest.raises(ReceiptKnown):
        case.receive(second, step("first"), WEI, Proof.MESSAGE)
    with pytest.raises(NoSuchShare):
        case.receive(second, step("first"), LAN, Proof.MESSAGE)
    with pytest.raises(NoSuchShare):
        case.deny(second, step("first"), LAN)
    with pytest.raises(NoSuchStep):
        case.receive(second, step("other"), WEI, Proof.MESSAGE)


def test_who_never_got_the_money_bars_a_full_recovery_until_it_came():
    case = paid(opened(), {WEI: yuan(1000), LAN: yuan(1000)})
    then(case, case.deny(act(), step("first"), WEI, "卡里没有到账"))
    assert not case.bears_out(Outcome.RECOVERED_IN_FULL)
    assert case.bears_out(Outcome.PARTLY_RECOVERED)

    then(case, case.receive(act(officer=SECOND), step("first"), WEI, Proof.BANK_SLIP))

    assert case.bears_out(Outcome.RECOVERED_IN_FULL)


# ── closing ──


def test_recovered_in_full_means_every_claimant_and_not_the_sum():
    case = called(paid(opened(), {WEI: yuan(1500), LAN: yuan(500)}))

    with pytest.raises(OutcomeNotBorneOut) as refused:
        case.close(act(), step("c"), Outcome.RECOVERED_IN_FULL)
    assert refused.value.facts["open"] == 50_000
    paid(case, {LAN: yuan(500)}, "second", TUESDAY)
    event = case.close(act(), step("c"), Outcome.RECOVERED_IN_FULL)
    assert (event.wages_due, event.wages_recovered, event.wages_open) == (200_000, 250_000, 0)


def test_each_outcome_is_what_the_accounts_say():
    none, some = opened(), paid(opened(), {WEI: yuan(1)})
    no_money = opened([Claiming(WEI)])
    left = opened(claiming(WEI))
    then(left, left.withdraw_claim(act(), WEI))

    assert {o for o in Outcome if none.bears_out(o)} == {Outcome.NOT_RECOVERED, Outcome.MERGED}
    assert {o for o in Outcome if some.bears_out(o)} == {Outcome.PARTLY_RECOVERED, Outcome.MERGED}
    assert {o for o in Outcome if no_money.bears_out(o)} == {Outcome.RESOLVED, Outcome.MERGED}
    assert {o for o in Outcome if left.bears_out(o)} == {Outcome.WITHDRAWN, Outcome.MERGED}
    with pytest.raises(OutcomeNotBorneOut):
        called(none).close(act(), step("c"), Outcome.MERGED, Ending.SAME_MATTER)
    assert none.close(
        act(), step("c"), Outcome.MERGED, Ending.SAME_MATTER, into=OTHER_CASE
    ).into == OTHER_CASE  # fmt: skip


def test_a_case_goes_to_court_under_the_number_that_it_has_there():
    case = called(opened())
    then(case, case.bring_before(act(), step("court"), Outside.COURT, "顺德区法院"))
    with pytest.raises(OutcomeNotBorneOut):
        case.close(act(), step("c"), Outcome.TRANSFERRED_TO_COURT, Ending.OTHER_ROUTE)

    then(case, case.number_outside(act(), step("court"), Code("（2026）粤0606民初12号")))

    assert case.close(act(), step("c"), Outcome.TRANSFERRED_TO_COURT, Ending.OTHER_ROUTE)


def test_what_was_not_all_recovered_is_explained():
    with pytest.raises(EndingNotExplained):
        called(opened()).close(act(), step("c"), Outcome.NOT_RECOVERED)


def test_a_case_is_closed_after_the_claimants_were_called_back_or_not_reached():
    case = called(opened(), WEI)
    with pytest.raises(NotCalledBack):
        case.close(act(), step("c"), Outcome.NOT_RECOVERED, Ending.GONE)
    with pytest.raises(TriedTooFewTimes):
        case.call_back(act(), LAN, reached=False, tries=2)

    with pytest.raises(TriedTooFewTimes):
        case.call_back(act(), LAN, reached=False, tries=3, needed=5)

    event = case.call_back(act(), LAN, reached=False, tries=3, said=Said.SATISFIED)

    assert event.said is None
    assert then(case, event).close(act(), step("c"), Outcome.NOT_RECOVERED, Ending.GONE)
    with pytest.raises(NotAClaimant):
        case.call_back(act(), TAN, reached=True)


def test_nothing_more_is_done_in_a_closed_case():
    case = closed(opened())

    assert case.state is CaseState.CLOSED
    for attempt in (
        lambda: case.take_step(act(), Doing.TALKED),
        lambda: case.add(act(), claiming(TAN)),
        lambda: case.settle(act(), step("s"), Route.AGREED, {WEI: half(8)}),
        lambda: case.close(act(), step("d"), Outcome.NOT_RECOVERED, Ending.GONE),
        lambda: case.ask_help(act(), step("h"), HelpKind.JOIN, HOST, Code(GD), NEXT_WEEK),
    ):
        with pytest.raises(CaseIsClosed):
            attempt()


def test_the_other_side_disputes_a_closure_and_the_lead_answers():
    case = closed(joint())
    with pytest.raises(OwnClosure):
        case.dispute(act(), Objection.OTHER)
    then(case, case.dispute(act(HOST), Objection.LEFT_OUT), origin=GD)
    assert case.state is CaseState.DISPUTED

    then(case, case.uphold(act()))

    assert case.state is CaseState.CLOSED
    with pytest.raises(NothingDisputed):
        case.uphold(act())
    with pytest.raises(CaseIsOpen):
        joint().dispute(act(HOST), Objection.LEFT_OUT)


def test_one_claimant_reopens_the_case_and_is_called_back_again():
    case = closed(opened())

    then(case, case.reopen(act(on=TUESDAY), Reopening.STILL_OWED, WEI, "还差三百"), TUESDAY)

    assert case.state is CaseState.OPEN
    assert case.not_called == [WEI]
    with pytest.raises(CaseIsOpen):
        case.reopen(act(), Reopening.STILL_OWED)
    called(case, WEI)
    event = case.close(act(), step("again"), Outcome.NOT_RECOVERED, Ending.GONE)
    assert isinstance(event, CaseClosed)
    assert then(case, event, NEXT_WEEK).state is CaseState.CLOSED


def test_a_share_that_was_corrected_alone_shows_in_the_balance():
    case = paid(opened(), {WEI: yuan(400), LAN: yuan(600)})

    case.shares[step("first")][WEI] = yuan(300)

    assert case.unbalanced == [step("first")]
    assert summed(case.shares[step("first")].values()) == yuan(900)
