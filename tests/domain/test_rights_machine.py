"""Whatever two provinces do with one case: one lead, no payment twice, parts that sum, honest ends.

Both sides act by the real law on what they know; news travels late, and each journal in its own
order. What everybody knows in the end hangs on the facts alone, not on the order of learning.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ledger.domain.ids import CaseId, PersonId, StepId, UnionId
from ledger.domain.kernel import Act, Code, Event, Fact, Fen, Office, Refused
from ledger.domain.rights import (
    CaseClosed,
    CaseKind,
    CaseParty,
    Claiming,
    Ending,
    Handover,
    HelpKind,
    Instalment,
    Intake,
    LeadReleased,
    Means,
    Money,
    NoHelp,
    Outcome,
    PartyRole,
    Payer,
    Proof,
    RecoveryRecorded,
    Reopening,
    Revision,
    RightsCase,
    Route,
    summed,
)

CASE = CaseId("cas_1")
ORIGINS = ("gx.example/liangdi", "gd.example/liangdi")
UNIONS = (UnionId("uni_home"), UnionId("uni_host"))
PEOPLE = tuple(PersonId(f"per_{n}") for n in range(4))
OFFICERS = (PersonId("per_officer_home"), PersonId("per_officer_host"), PersonId("per_second"))
BEGIN = date(2026, 3, 2)
SLIPS = [Code(f"回单{n}") for n in range(4)]

SIDE = st.sampled_from([0, 1])
PERSON = st.sampled_from(PEOPLE)
FEN = st.integers(0, 300).map(Fen)
MONEY = st.builds(Money, FEN, FEN)
SHARES = st.dictionaries(PERSON, MONEY, min_size=1)


class OneCase(RuleBasedStateMachine):
    """One case between two journals."""

    def __init__(self) -> None:
        super().__init__()
        self.written: tuple[list[Fact], list[Fact]] = ([], [])
        self.known: list[list[Fact]] = [[], []]  # by side, in the order of learning
        self.read = [0, 0]  # how much of the other's journal a side has read
        self.steps = 0
        self.day = BEGIN

    # ── how they act ──

    def case(self, side: int) -> RightsCase:
        return RightsCase.of(self.known[side])

    def act(self, side: int, officer: PersonId | None = None) -> Act:
        who = officer or OFFICERS[side]
        return Act(who, UNIONS[side], Office.STATION, self.day, self.day)

    def step(self) -> StepId:
        self.steps += 1
        return StepId(f"stp_{self.steps:04}")

    def write(self, side: int, events: Event | Iterable[Event] | None) -> None:
        for event in [events] if isinstance(events, Event) else events or ():
            fact = Fact(
                event,
                self.day,
                ORIGINS[side],
                len(self.written[side]) + 1,
                officer=OFFICERS[side],
                union=UNIONS[side],
            )
            self.written[side].append(fact)
            self.known[side].append(fact)

    def attempt(self, side: int, decide: Callable[[RightsCase, Act], Any]) -> Any:
        """What is decided on what this side knows; a rule may say no."""
        try:
            events = decide(self.case(side), self.act(side))
        except Refused:
            return None
        self.write(side, events)
        return events

    def everything(self) -> RightsCase:
        return RightsCase.of([*self.written[0], *self.written[1]])

    @initialize(claims=st.lists(MONEY, min_size=2, max_size=4))
    def begin(self, claims: list[Money]) -> None:
        asked = [Claiming(PEOPLE[n], money) for n, money in enumerate(claims)]
        self.write(0, RightsCase.open(
            self.act(0), CASE, Code("桂维〔2026〕0001号"), CaseKind.ARREARS, Intake.STATION,
            Code("440606"), [CaseParty(PartyRole.EMPLOYER, "荣光物流")], asked,
        ))  # fmt: skip
        self.learn(1)
        help_ = self.attempt(0, lambda case, act: case.ask_help(
            act, self.step(), HelpKind.JOIN, UNIONS[1], Code(ORIGINS[1]), self.day
        ))  # fmt: skip
        assert help_ is not None
        self.learn(1)
        self.attempt(1, lambda case, act: case.join(act))

    # ── what happens ──

    @rule(side=SIDE)
    def learn(self, side: int) -> None:
        """News of the other journal, in its order; an answer is concluded where it is read."""
        other = self.written[1 - side]
        self.known[side] += other[self.read[side] :]
        self.read[side] = len(other)
        case = self.case(side)
        for offer in list(case.offers.values()):
            self.write(side, case.conclude_lead(offer.id, ORIGINS[side]))

    @rule(days=st.integers(1, 3))
    def time_passes(self, days: int) -> None:
        self.day += timedelta(days)

    @rule(side=SIDE, person=PERSON, money=MONEY)
    def claims(self, side: int, person: PersonId, money: Money) -> None:
        if self.attempt(side, lambda case, act: case.add(act, [Claiming(person, money)])) is None:
            self.attempt(side, lambda case, act: case.revise(act, person, money, Revision.EVIDENCE))

    @rule(side=SIDE, person=PERSON)
    def takes_a_claim_back(self, side: int, person: PersonId) -> None:
        self.attempt(side, lambda case, act: case.withdraw_claim(act, person))

    @rule(side=SIDE, shares=SHARES)
    def settles(self, side: int, shares: dict[PersonId, Money]) -> None:
        parts = {
            person: [Instalment(1, BEGIN, money.wages, money.compensation)]
            for person, money in shares.items()
        }
        self.attempt(side, lambda case, act: case.settle(act, self.step(), Route.AGREED, parts))

    @rule(side=SIDE, shares=SHARES, slip=st.sampled_from(SLIPS))
    def is_paid(self, side: int, shares: dict[PersonId, Money], slip: Code) -> None:
        self.attempt(side, lambda case, act: case.recover(
            act, self.step(), shares, Payer.EMPLOYER, Means.BANK, reference=slip
        ))  # fmt: skip

    @rule(side=SIDE, shares=SHARES, slip=st.sampled_from(SLIPS))
    def sees_a_payment(self, side: int, shares: dict[PersonId, Money], slip: Code) -> None:
        self.attempt(side, lambda case, act: case.report(
            act, self.step(), shares, Payer.EMPLOYER, Means.BANK, reference=slip
        ))  # fmt: skip

    @rule(side=SIDE, person=PERSON, came=st.booleans())
    def confirms(self, side: int, person: PersonId, came: bool) -> None:
        second = self.act(side, OFFICERS[2])
        for recovery in list(self.case(side).recoveries):
            self.attempt(side, lambda case, act, at=recovery: (
                case.receive(second, at, person, Proof.CALL) if came else case.deny(act, at, person)
            ))  # fmt: skip

    @rule(side=SIDE, person=PERSON)
    def calls_back(self, side: int, person: PersonId) -> None:
        self.attempt(side, lambda case, act: case.call_back(act, person, reached=True))

    @rule(side=SIDE, outcome=st.sampled_from(Outcome))
    def closes(self, side: int, outcome: Outcome) -> None:
        for person in PEOPLE:
            self.attempt(side, lambda case, act, who=person: case.call_back(act, who, reached=True))
        before = self.case(side)
        event = self.attempt(
            side, lambda case, act: case.close(act, self.step(), outcome, Ending.OTHER_ROUTE)
        )
        if isinstance(event, CaseClosed) and outcome is Outcome.RECOVERED_IN_FULL:
            assert all(
                not before.recovered(claim.person).short_of(claim.due) for claim in before.active
            )
            assert before.unknown == 0
        if isinstance(event, CaseClosed) and outcome is Outcome.NOT_RECOVERED:
            assert not before.all_recovered

    @rule(side=SIDE, person=PERSON)
    def reopens(self, side: int, person: PersonId) -> None:
        self.attempt(side, lambda case, act: case.reopen(act, Reopening.STILL_OWED, person))

    @rule(side=SIDE)
    def offers_the_lead(self, side: int) -> None:
        self.attempt(side, lambda case, act: case.offer_lead(
            act, self.step(), UNIONS[1 - side], Code(ORIGINS[1 - side]), Handover.AGREED, self.day
        ))  # fmt: skip

    @rule(side=SIDE, accepts=st.booleans())
    def answers_for_the_lead(self, side: int, accepts: bool) -> None:
        for step in list(self.case(side).offers):
            self.attempt(side, lambda case, act, at=step: (
                case.accept_lead(act, at) if accepts else case.decline_lead(act, at, NoHelp.OTHER)
            ))  # fmt: skip

    @rule(side=SIDE)
    def lapses(self, side: int) -> None:
        case = self.case(side)
        for step in list(case.offers):
            self.write(side, case.lapse_lead(step, ORIGINS[side], self.day))

    # ── what always holds ──

    @invariant()
    def a_payment_is_counted_once(self) -> None:
        slips = [f.event.reference for f in self.all() if isinstance(f.event, RecoveryRecorded)]

        assert len(slips) == len(set(slips))

    @invariant()
    def parts_sum_to_their_total(self) -> None:
        case = self.everything()

        assert case.unbalanced == []
        every = set(case.claims) | {p for parts in case.shares.values() for p in parts}
        assert summed(case.recovered(person) for person in every) == case.all_recovered
        recorded = [f.event for f in self.all() if isinstance(f.event, RecoveryRecorded)]
        assert case.all_recovered == summed(Money(e.wages, e.compensation) for e in recorded)

    @invariant()
    def one_side_leads_at_a_time(self) -> None:
        turns = [f.event.turn for f in self.all() if isinstance(f.event, LeadReleased)]

        assert len(turns) == len(set(turns))
        cases = [self.case(side) for side in (0, 1)]
        leads = [case.lead.origin for case in cases if case.lead is not None]
        own = [lead == origin for lead, origin in zip(leads, ORIGINS, strict=False)]
        assert sum(own) <= 1

    @invariant()
    def the_order_of_learning_tells_nothing(self) -> None:
        one, other = (
            RightsCase.of([*self.written[a], *self.written[b]]) for a, b in ((0, 1), (1, 0))
        )

        assert one.lead == other.lead
        assert one.all_recovered == other.all_recovered
        assert {each.id for each in one.unmatched} == {each.id for each in other.unmatched}

    def all(self) -> list[Fact]:
        return [*self.written[0], *self.written[1]]


TestOneCase = OneCase.TestCase
TestOneCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
