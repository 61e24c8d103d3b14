"""Grants and their fund together: money is conserved, and duties stay apart, whoever tries what."""

import types
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, timedelta
from enum import Enum
from typing import Annotated, Any, NewType, Union, cast, get_args, get_origin, get_type_hints

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ledger.domain.aid import (
    AidGrant,
    AidList,
    Failure,
    Lifted,
    PayeeKind,
    PaymentState,
    Signed,
    Stage,
    TakenBackFor,
    facts,
)
from ledger.domain.aiding import Cap, CapPer, KindRules, PayMode, Step
from ledger.domain.funds import BackCause, Fund, FundCredited, FundOpened, Source
from ledger.domain.ids import GrantId, PersonId, new_grant, new_person
from ledger.domain.kernel import Act, Code, Decision, Event, Fact, Fen, Refused
from tests.aid_cases import (
    APPROVER,
    CASHIER,
    CLERK,
    COUNTY,
    FUND,
    HERE,
    HURRIED,
    REVIEWER,
    TODAY,
    WARMTH,
    WEI,
    WITNESS,
    Case,
    act,
)

APPLICANTS = [WEI, new_person()]
OFFICERS = [CLERK, REVIEWER, APPROVER, CASHIER, WITNESS, APPLICANTS[1]]
RULES = [
    replace(WARMTH, caps=(Cap(per=CapPer.APPLICATION, most=Fen(900)),)),
    replace(HURRIED, later=()),
]
WHO = st.sampled_from(OFFICERS)
STAND_IN = st.none() | WHO
GRANT = st.integers(0, 1)
AMOUNT = st.integers(1, 1000)
PAYMENT = st.integers(1, 4)


class AidOffice(RuleBasedStateMachine):
    """Two grants out of one fund; anybody tries anything, herself, for another or on paper."""

    @initialize(far=st.tuples(st.integers(0, 7), st.integers(0, 7)), amount=AMOUNT)
    def begin(self, far: tuple[int, int], amount: int) -> None:
        """Both have gone some way already."""
        self.fund = Fund()
        self.credited = 0
        self._at = 0
        self.kept(FundOpened(FUND, COUNTY, "县总工会帮扶资金", Source.OWN))
        self.credit(2000)
        self.over: list[Case] = []
        self.cases = [Case(rules) for rules in RULES]
        self.most = Counter[GrantId]()  # the highest amount ever approved
        for at, steps in enumerate(far):
            for _ in range(steps):
                self.goes_on(at, amount)

    @property
    def every(self) -> list[Case]:
        return self.over + self.cases

    def kept(self, event: Event) -> None:
        self._at += 1
        self.fund.after(Fact(event, TODAY, HERE, self._at))

    def does(self, at: int, step: Callable[[], object]) -> None:
        """Tries a step; where it is not refused, the fund follows in the same entry."""
        case = self.cases[at]
        known = len(case.facts)
        try:
            step()
        except Refused:
            assert len(case.facts) == known
            return
        if case.grant.approval is None or case.grant.ended is not None:
            self.release(case)

    def release(self, case: Case) -> None:
        left = self.fund.reserved_for(case.id)
        if left:
            self.kept(self.fund.release(act(), case.id, left))

    @rule(at=GRANT, amount=AMOUNT)
    def goes_on(self, at: int, amount: int) -> None:
        """The next step, by whose turn it is: so that histories get somewhere."""
        grant = self.cases[at].grant
        open_one = max(grant.payments, default=1)
        match grant.stage:
            case Stage.APPLIED if grant.id is None:
                self.apply(at, CLERK, amount, at == 1, None)
            case Stage.APPLIED if Step.REVIEW not in grant.steps:
                self.review(at, REVIEWER, None, None, None)
            case Stage.APPLIED:
                self.approve(at, APPROVER, None, None)
            case Stage.APPROVED | Stage.FAILED:
                rest = max(1, grant.due - grant.paid)
                self.instruct(at, CASHIER, Fen(min(amount, rest)), PayMode.CASH, None, None)
            case Stage.INSTRUCTED:
                self.made(at, CASHIER, open_one)
            case Stage.PAID:
                self.sign(at, WITNESS, open_one, Signed.SELF, None, None, None)
            case Stage.TAKING_BACK:
                self.take_back(at, CASHIER, min(amount, grant.to_take_back))
            case _:
                self.close(at, CLERK, True)

    # ── up to the decision ──

    @rule(amount=AMOUNT)
    def credit(self, amount: int) -> None:
        self.kept(FundCredited(FUND, Fen(amount), Source.OWN))
        self.credited += amount

    @rule(at=GRANT, who=WHO, amount=AMOUNT, emergency=st.booleans(), stands_in=STAND_IN)
    def apply(
        self, at: int, who: PersonId, amount: int, emergency: bool, stands_in: PersonId | None
    ) -> None:
        case = self.cases[at]
        if case.grant.ended is not None:
            self.over.append(case)
            case = self.cases[at] = Case(RULES[at])
        if case.grant.id is None:
            self.does(at, lambda: case.apply(
                Fen(amount), act(who), APPLICANTS[at], emergency=emergency, reason="住房倒塌",
                acting_for=stands_in,
            ))  # fmt: skip

    @rule(at=GRANT, who=WHO, amount=AMOUNT, stands_in=STAND_IN)
    def amend(self, at: int, who: PersonId, amount: int, stands_in: PersonId | None) -> None:
        case = self.cases[at]
        self.does(at, lambda: case.amend(Fen(amount), act(who), acting_for=stands_in))

    @rule(at=GRANT, who=WHO, kind=st.sampled_from(PayeeKind), payee=WHO)
    def name_payee(self, at: int, who: PersonId, kind: PayeeKind, payee: PersonId) -> None:
        case, paper = self.cases[at], Code("委托书")
        self.does(at, lambda: case.name_payee(kind, act(who), payee=payee, paper=paper))

    @rule(
        at=GRANT, who=WHO, amount=st.none() | AMOUNT, stands_in=STAND_IN, paper=st.none() | WHO
    )  # fmt: skip
    def review(
        self, at: int, who: PersonId, amount: Fen | None, stands_in: PersonId | None,
        paper: PersonId | None,
    ) -> None:  # fmt: skip
        case, by = self.cases[at], by_paper(act(who), paper)
        self.does(at, lambda: case.review(amount, by, acting_for=stands_in))

    @rule(at=GRANT, who=WHO)
    def publicise(self, at: int, who: PersonId) -> None:
        case, by = self.cases[at], act(who, on=TODAY - timedelta(9))
        self.does(at, lambda: case.publicise(5, by))

    @rule(at=GRANT, who=WHO, upheld=st.booleans())
    def object_and_answer(self, at: int, who: PersonId, upheld: bool) -> None:
        case = self.cases[at]
        self.does(at, lambda: case.objected(act(who)))
        last = len(case.grant.objections)
        self.does(at, lambda: case.answer(upheld, act(who), last))

    @rule(at=GRANT, who=WHO, stands_in=STAND_IN, paper=st.none() | WHO)
    def approve(
        self, at: int, who: PersonId, stands_in: PersonId | None, paper: PersonId | None
    ) -> None:
        """Together with its reservation, or not at all."""
        case, by = self.cases[at], by_paper(act(who), paper)

        def both() -> None:
            grant = case.grant
            event = grant.approve(
                by, grant.content, rules=case.rules, fund=FUND, already={}, acting_for=stands_in
            )
            self.kept(self.fund.reserve(by, case.id, Fen(event.amount - grant.paid)))
            case.tell(event, by)
            self.most[case.id] = max(self.most[case.id], event.amount)

        self.does(at, both)

    @rule(at=GRANT, who=WHO, how=st.sampled_from(["not at all", "withdraw", "decline"]))
    def give_up(self, at: int, who: PersonId, how: str) -> None:
        case, by = self.cases[at], act(who)
        if how == "withdraw":
            self.does(at, lambda: case.tell(case.grant.withdraw(by), by))
        elif how == "decline":
            self.does(at, lambda: case.tell(case.grant.decline(by, "不符合条件"), by))

    @rule(at=GRANT, who=WHO)
    def hold_and_lift(self, at: int, who: PersonId) -> None:
        case, other = self.cases[at], new_grant()
        if case.grant.hold(other) is not None:
            case.hold(other)
            reviewer = act(who)
            self.does(at, lambda: case.tell(
                case.grant.lift(reviewer, other, Lifted.ANOTHER_NEED), reviewer
            ))  # fmt: skip

    @rule(at=GRANT, who=WHO, upheld=st.booleans())
    def review_emergency(self, at: int, who: PersonId, upheld: bool) -> None:
        case, by = self.cases[at], act(who)
        self.does(at, lambda: case.tell(case.grant.review_emergency(by, upheld), by))

    # ── money ──

    @rule(
        at=GRANT, who=WHO, amount=st.none() | AMOUNT, mode=st.sampled_from(PayMode),
        stands_in=STAND_IN, paper=st.none() | WHO,
    )  # fmt: skip
    def instruct(
        self, at: int, who: PersonId, amount: Fen | None, mode: PayMode,
        stands_in: PersonId | None, paper: PersonId | None,
    ) -> None:  # fmt: skip
        case, by = self.cases[at], by_paper(act(who), paper)
        self.does(at, lambda: case.instruct(amount, mode, by, acting_for=stands_in))

    @rule(at=GRANT, who=WHO, payment=PAYMENT)
    def made(self, at: int, who: PersonId, payment: int) -> None:
        """What was sent was reserved: the fund never says no to a payment that was made."""
        case = self.cases[at]

        def both() -> None:
            case.made(payment, act(who))
            one = case.grant.payments[payment]
            self.kept(self.sure(lambda: self.fund.draw(act(), case.id, payment, one.amount)))

        self.does(at, both)

    @rule(at=GRANT, who=WHO, payment=PAYMENT)
    def failed(self, at: int, who: PersonId, payment: int) -> None:
        case = self.cases[at]
        self.does(at, lambda: case.tell(
            case.grant.failed(act(who), payment, Failure.OTHER), act(who)
        ))  # fmt: skip

    @rule(at=GRANT, who=WHO, payment=PAYMENT)
    def returned(self, at: int, who: PersonId, payment: int) -> None:
        case = self.cases[at]

        def both() -> None:
            event = case.grant.returned(act(who), payment, Failure.OTHER, Code("退1"))
            case.tell(event, act(who))
            self.give_back(case, payment, event.amount, BackCause.RETURNED_BY_BANK)

        self.does(at, both)

    @rule(
        at=GRANT, who=WHO, payment=PAYMENT, how=st.sampled_from(Signed), collector=STAND_IN,
        stands_in=STAND_IN, paper=st.none() | WHO,
    )  # fmt: skip
    def sign(
        self, at: int, who: PersonId, payment: int, how: Signed, collector: PersonId | None,
        stands_in: PersonId | None, paper: PersonId | None,
    ) -> None:  # fmt: skip
        case, by = self.cases[at], by_paper(act(who), paper)
        self.does(at, lambda: case.sign(
            payment, how, by, collector=collector, paper=Code("签领表"), acting_for=stands_in
        ))  # fmt: skip

    @rule(at=GRANT, who=WHO, amount=AMOUNT)
    def order_back(self, at: int, who: PersonId, amount: int) -> None:
        case, by = self.cases[at], act(who)
        self.does(at, lambda: case.tell(
            case.grant.order_back(by, Fen(amount), TakenBackFor.TWICE), by
        ))  # fmt: skip

    @rule(at=GRANT, who=WHO, amount=AMOUNT)
    def take_back(self, at: int, who: PersonId, amount: int) -> None:
        case = self.cases[at]

        def both() -> None:
            event = case.grant.took_back(act(who), Fen(amount), Code("收1"))
            before = case.grant.taken_back
            case.tell(event, act(who))
            self.spread(case, before, event.amount)

        self.does(at, both)

    def spread(self, case: Case, before: int, amount: int) -> None:
        """What comes back is of the first payments that arrived and have not all come back."""
        for one in case.grant.payments.values():
            if one.state in (PaymentState.MADE, PaymentState.SIGNED):
                gone = min(before, one.amount)
                before -= gone
                part = min(amount, one.amount - gone)
                amount -= part
                if part:
                    self.give_back(case, one.number, Fen(part), BackCause.TAKEN_BACK)
        assert amount == 0

    def give_back(self, case: Case, payment: int, amount: Fen, cause: BackCause) -> None:
        self.kept(self.sure(lambda: self.fund.give_back(act(), case.id, payment, amount, cause)))

    @rule(at=GRANT, who=WHO, uncollected=st.booleans())
    def close(self, at: int, who: PersonId, uncollected: bool) -> None:
        case = self.cases[at]
        self.does(at, lambda: case.tell(
            case.grant.close(act(who), case.rules, uncollected=uncollected), act(who)
        ))  # fmt: skip

    @staticmethod
    def sure(step: Callable[[], Event]) -> Event:
        """What follows from what has happened is never refused."""
        try:
            return step()
        except Refused as rule:
            raise AssertionError(f"{type(rule).__name__} {rule.facts}") from rule

    # ── what always holds ──

    @invariant()
    def money_is_conserved(self) -> None:
        fund = self.fund
        out = sum(case.grant.paid - case.grant.taken_back for case in self.every)

        assert fund.balance + fund.reserved + out == self.credited
        assert fund.drawn - fund.returned == out
        assert fund.unfunded == 0

    @invariant()
    def what_is_reserved_is_what_may_still_be_paid(self) -> None:
        for case in self.every:
            grant = case.grant
            live = grant.approval is not None and grant.ended is None
            assert self.fund.reserved_for(case.id) == (grant.due - grant.paid if live else 0)

    @invariant()
    def nothing_is_paid_beyond_its_approval_or_below_zero(self) -> None:
        for case in self.every:
            grant = case.grant
            assert 0 <= grant.taken_back <= grant.paid
            assert 0 <= grant.to_take_back <= grant.paid - grant.taken_back
            assert grant.paid + grant.under_way <= self.most[case.id]
            assert grant.granted >= 0
            if grant.approval is not None:
                assert grant.paid + grant.under_way <= grant.approval.amount

    @invariant()
    def duties_stay_apart_or_the_record_says_so(self) -> None:
        for case in self.every:
            broken = {
                name for fact in case.facts for name in fact.event.__dict__.get("findings", ())
            }
            if case.grant.duties.merged:
                assert "OneDutyEach" in broken
            for held in case.grant.duties.held.values():
                if case.grant.person in held:
                    assert "OwnOrKin" in broken

    @invariant()
    def it_folds_the_same_from_its_facts(self) -> None:
        for case in self.every:
            again = AidGrant.of(case.facts)
            assert (again.stage, again.payments) == (case.grant.stage, case.grant.payments)


def by_paper(by: Act, who: PersonId | None) -> Act:
    return replace(by, decided_by=Decision(who, by.office)) if who else by


AidOffice.TestCase.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
TestGrantsAndFund = AidOffice.TestCase


# ── any facts in any order ───────────────────────────────────────────────────────────────────

KINDS = sorted(
    (cls for cls in Event.kinds.values() if cls.__module__ == facts.__name__),
    key=lambda cls: cls.__name__,
)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Few values of each type, so that facts speak of the same things."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return st.just("")
    if origin in (types.UnionType, Union):
        return st.one_of(*(values(each) for each in inner))
    if origin is tuple:
        return st.just(())
    if isinstance(hint, NewType):
        if hint.__supertype__ is int:
            return st.integers(0, 500).map(Fen)
        return st.sampled_from([f"{hint.__name__}{n}" for n in (1, 2)])
    if hint is type(None):
        return st.none()
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    simple: dict[type, st.SearchStrategy[Any]] = {
        int: st.integers(1, 3), bool: st.booleans(), date: st.sampled_from([TODAY, date(2026, 9, 1)]),
    }  # fmt: skip
    return simple[cast(type, hint)]


def events(cls: type[Event]) -> st.SearchStrategy[Event]:
    hints = get_type_hints(cls, include_extras=True)
    names = [f.name for f in fields(cls)]  # pyright: ignore[reportArgumentType]
    return st.builds(cls, **{name: values(hints[name]) for name in names})


HISTORY = st.lists(st.one_of(*(events(cls) for cls in KINDS)), max_size=25)


@given(HISTORY)
def test_no_history_is_refused_in_whatever_order_it_is_read(told: list[Event]) -> None:
    grant, one = AidGrant.told(*told), AidList.told(*told)
    rules: KindRules = HURRIED

    asked = [
        grant.stage, grant.content, grant.missing(rules), grant.missing_later(rules),
        grant.unsigned(), grant.on_notice(TODAY), grant.review_due, grant.lost_payment, one.open,
    ]  # fmt: skip
    assert asked
    assert min(grant.granted, grant.paid, grant.under_way, grant.to_take_back, one.paid) >= 0
    assert all(len(duties) > 1 for _, duties in grant.duties.merged + one.duties.merged)
