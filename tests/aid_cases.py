"""One county's aid office, and grants and lists that are taken through their steps there."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.domain.aid import AidGrant, AidList, Goods, PayeeKind, Signed
from ledger.domain.aiding import AidKind, Cap, CapPer, Days, KindRules, Level, PayMode, Step
from ledger.domain.ids import (
    AidListId,
    GrantId,
    PersonId,
    new_aid_list,
    new_fund,
    new_grant,
    new_person,
    new_scheme,
    new_union,
)
from ledger.domain.kernel import (
    SYSTEM,
    Act,
    Basis,
    Code,
    Decision,
    Event,
    Fact,
    Fen,
    Office,
    Refused,
)

HERE, THERE = "liangdi.guangxi", "liangdi.guangdong"
TOWN, COUNTY, CITY = new_union(), new_union(), new_union()
WEI, CHILD, AUNT = new_person(), new_person(), new_person()
CLERK, REVIEWER, APPROVER, CASHIER, WITNESS, CHAIR = (new_person() for _ in range(6))
SCHEME, FUND = new_scheme(), new_fund()
TODAY = date(2026, 8, 20)
NEED, POSTED = Code("2026-2027学年"), Code("公示〔2026〕3号")
FOUR_THOUSAND, FOUR_HUNDRED = Fen(4_000_00), Fen(400_00)

STUDY = KindRules(
    kind=AidKind.STUDY,
    steps=(Step.FILE, Step.REVIEW, Step.NOTICE),
    caps=(
        Cap(per=CapPer.APPLICATION, most=Fen(6_000_00)),
        Cap(per=CapPer.CHILD_YEAR, most=Fen(7_100_00)),
    ),
    levels=(Level(above=Fen(5_000_00), approver=CITY),),
    minutes_above=Fen(5_500_00),
    notice_days=5,
    notice_in=Days.WORKING,
    modes=(PayMode.BANK, PayMode.INSTITUTION),
    funds=(FUND,),
    categories=(Code("severe"),),
    members_only=True,
)
HURRIED = KindRules(
    kind=AidKind.TEMPORARY,
    steps=(Step.REVIEW, Step.NOTICE),
    notice_days=5,
    later=(Step.VISIT,),
    modes=(PayMode.CASH, PayMode.GOODS),
    emergency=True,
    review_days=10,
)
WARMTH = KindRules(
    kind=AidKind.SENDING_WARMTH,
    steps=(Step.REVIEW,),
    caps=(Cap(per=CapPer.PERSON_YEAR, most=Fen(1_000_00)),),
    modes=(PayMode.CASH, PayMode.GOODS, PayMode.BANK),
)
COMMITTEE = Decision(COUNTY, Office.APPROVER, Code("县工〔2026〕12号"))


def act(who: PersonId = CLERK, office: Office = Office.CLERK, on: date = TODAY, **more: Any) -> Act:
    return Act(who, more.pop("union", COUNTY), office, on, on, **more)


def by_clerk(on: date = TODAY, **more: Any) -> Act:
    return act(CLERK, Office.CLERK, on, **more)


def by_reviewer(on: date = TODAY, **more: Any) -> Act:
    return act(REVIEWER, Office.REVIEWER, on, **more)


def by_approver(on: date = TODAY, **more: Any) -> Act:
    return act(APPROVER, Office.APPROVER, on, **more)


def by_cashier(on: date = TODAY, **more: Any) -> Act:
    return act(CASHIER, Office.CASHIER, on, **more)


def by_witness(on: date = TODAY, **more: Any) -> Act:
    return act(WITNESS, Office.CHAIR, on, **more)


def on_paper(one: Act, who: str, office: Office = Office.APPROVER) -> Act:
    """The same act, entered by a clerk after what somebody has decided on paper."""
    return replace(one, officer=CHAIR, decided_by=Decision(who, office, Code("县工〔2026〕9号")))


def goods(value: Fen, quantity: int = 1, invoice: str = "04501900") -> Goods:
    return Goods("棉被", quantity, Code("床"), value, Code(invoice))


def each_refused(rule: type[Refused], *steps: Callable[[], object]) -> None:
    """Every one of these is refused by the rule."""
    for step in steps:
        with pytest.raises(rule):
            step()


class Case:
    """One grant, and what has happened to it; each step says what it decides, and it is told."""

    def __init__(self, rules: KindRules = STUDY, aid_list: AidListId | None = None) -> None:
        self.rules = rules
        self.id: GrantId = new_grant()
        self.aid_list = aid_list
        self.grant = AidGrant()
        self.facts: list[Fact] = []

    def tell(self, event: Event, by: Act) -> None:
        fact = Fact(
            event, by.on, HERE, len(self.facts) + 1, None, by.officer, by.decided_by, by.union,
            by.office,
        )  # fmt: skip
        self.facts.append(fact)
        self.grant.after(fact)

    def apply(
        self, amount: Fen = FOUR_THOUSAND, by: Act | None = None, person: PersonId = WEI,
        **more: Any,
    ) -> "Case":  # fmt: skip
        by = by or by_clerk()
        terms: dict[str, Any] = {"category": Code("severe"), "need": NEED, **more}
        event = AidGrant.apply(
            by, self.id, person, scheme=SCHEME, version=1, rules=self.rules, amount=amount,
            aid_list=self.aid_list, **terms,
        )  # fmt: skip
        self.tell(event, by)
        return self

    def amend(self, amount: Fen, by: Act | None = None, **more: Any) -> "Case":
        by = by or by_clerk()
        self.tell(self.grant.amend(by, amount, **more), by)
        return self

    def name_payee(
        self, kind: PayeeKind = PayeeKind.APPLICANT, by: Act | None = None, **more: Any
    ) -> "Case":
        by = by or by_clerk()
        self.tell(self.grant.name_payee(by, kind, **more), by)
        return self

    def review(self, amount: Fen | None = None, by: Act | None = None, **more: Any) -> "Case":
        by = by or by_reviewer()
        self.tell(self.grant.review(by, amount, **more), by)
        return self

    def publicise(self, days: int = 7, by: Act | None = None, **more: Any) -> "Case":
        by = by or by_clerk()
        until = by.on + timedelta(days)
        terms: dict[str, Any] = {
            "earliest": until, "basis": Basis.SEPARATE_CONSENT, "place": "县总工会公示栏", **more,
        }  # fmt: skip
        paper: Code = terms.pop("paper", POSTED)
        event = self.grant.publicise(by, paper, by.on, until, **terms)
        self.tell(event, by)
        return self

    def take_down(self, on: date = TODAY) -> "Case":
        by = by_clerk(on)
        self.tell(self.grant.take_down(by, POSTED), by)
        return self

    def objected(self, by: Act | None = None) -> "Case":
        by = by or by_reviewer()
        self.tell(self.grant.object(by, "其家有两处房产"), by)
        return self

    def answer(
        self, upheld: bool = False, by: Act | None = None, objection: int = 1, **more: Any
    ) -> "Case":
        by = by or by_reviewer()
        event = self.grant.answer(by, objection, upheld, "房产为父母所有", **more)
        self.tell(event, by)
        return self

    def approve(self, by: Act | None = None, **more: Any) -> "Case":
        by = by or by_approver(TODAY + timedelta(10))
        terms: dict[str, Any] = {
            "rules": self.rules, "fund": FUND, "already": {}, "category": Code("severe"), **more,
        }  # fmt: skip
        content: str = terms.pop("content", self.grant.content)
        self.tell(self.grant.approve(by, content, **terms), by)
        return self

    def instruct(
        self, amount: Fen | None = None, mode: PayMode | None = None, by: Act | None = None,
        **more: Any,
    ) -> "Case":  # fmt: skip
        by = by or by_cashier(TODAY + timedelta(11))
        paid = self.grant.amount if amount is None else amount
        event = self.grant.instruct(
            by, Fen(paid), mode or self.rules.modes[0], rules=self.rules, **more
        )
        self.tell(event, by)
        return self

    def made(self, payment: int = 1, by: Act | None = None, **more: Any) -> "Case":
        by = by or by_cashier(TODAY + timedelta(12))
        self.tell(self.grant.made(by, payment, Code("银付0012"), **more), by)
        return self

    def sign(
        self, payment: int = 1, how: Signed = Signed.SELF, by: Act | None = None, **more: Any
    ) -> "Case":
        by = by or by_witness(TODAY + timedelta(20))
        self.tell(self.grant.sign(by, payment, how, **more), by)
        return self

    def hold(self, other: GrantId) -> "Case":
        event = self.grant.hold(other)
        assert event is not None
        self.tell(event, act(SYSTEM, Office.PROCEDURE))
        return self

    # ── as far as ──

    def examined(self, amount: Fen = FOUR_THOUSAND) -> "Case":
        """Applied for, its payee named, reviewed and publicised."""
        return self.apply(amount).name_payee(account="6228480402564890018").review().publicise()

    def approved(self, amount: Fen = FOUR_THOUSAND) -> "Case":
        return self.examined(amount).approve()

    def paid(self, amount: Fen = FOUR_THOUSAND) -> "Case":
        return self.approved(amount).instruct().made()

    def signed(self, amount: Fen = FOUR_THOUSAND) -> "Case":
        return self.paid(amount).sign()


class ListCase:
    """A list of one amount, with the grants on it."""

    def __init__(
        self, rules: KindRules = WARMTH, each: Fen = FOUR_HUNDRED, mode: PayMode = PayMode.CASH
    ) -> None:
        self.rules = rules
        self.id: AidListId = new_aid_list()
        self.list = AidList()
        self.cases: list[Case] = []
        self._at = 0
        self.tell(
            AidList.draw_up(
                by_clerk(), self.id, "春节送温暖", scheme=SCHEME, version=1, rules=rules,
                each=each, mode=mode,
            ),
            by_clerk(),
        )  # fmt: skip

    def tell(self, event: Event, by: Act) -> None:
        self._at += 1
        self.list.after(
            Fact(event, by.on, HERE, self._at, None, by.officer, by.decided_by, by.union, by.office)
        )

    def put_on(self, *persons: PersonId, by: Act | None = None) -> "ListCase":
        for person in persons:
            self.list.admit(by or by_clerk(), self.rules, {})
            case = Case(self.rules, self.id)
            self.cases.append(case.apply(self.list.each, by or by_clerk(), person))
        return self

    @property
    def grants(self) -> list[AidGrant]:
        return [case.grant for case in self.cases]

    @property
    def ids(self) -> list[GrantId]:
        return [case.id for case in self.cases]

    def close(self, by: Act | None = None, **more: Any) -> "ListCase":
        by = by or by_clerk()
        self.tell(self.list.close(by, self.ids, **more), by)
        return self

    def review(self, by: Act | None = None, **more: Any) -> "ListCase":
        by = by or by_reviewer()
        terms: dict[str, Any] = {"concerned": (), **more}
        self.tell(self.list.review(by, **terms), by)
        return self

    def approve(self, by: Act | None = None, **more: Any) -> "ListCase":
        by = by or by_approver()
        terms: dict[str, Any] = {"rules": self.rules, "fund": FUND, "concerned": (), **more}
        content: str = terms.pop("content", self.list.content)
        self.tell(self.list.approve(by, content, **terms), by)
        return self

    def pay(self, *which: int, by: Act | None = None, **more: Any) -> "ListCase":
        """Hands out to these, or to all."""
        by = by or by_cashier()
        some = [self.cases[at] for at in which] or self.cases
        sheet, made = self.list.pay_sheet(by, [case.grant for case in some], Code("现付7"), **more)
        self.tell(sheet, by)
        for case, event in zip(some, made, strict=True):
            case.tell(event, by)
        return self

    def sign(
        self, *which: int, how: Signed = Signed.SELF, by: Act | None = None, **more: Any
    ) -> "ListCase":
        by = by or by_witness()
        some = [self.cases[at] for at in which] or self.cases
        signed = self.list.sign_sheet(by, [case.grant for case in some], how, **more)
        for case, event in zip(some, signed, strict=True):
            case.tell(event, by)
        return self

    def approved(self, *persons: PersonId) -> "ListCase":
        return self.put_on(*persons).close().review().approve()
