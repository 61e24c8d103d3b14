"""Settling and recovering (协议与到账): what was agreed and what came, to each claimant, to the fen.

A head says the total, a record for each claimant her part; the parts sum to the total. Only what
the lead records is counted. What another side reports is matched with it, so that one payment
entered by both is one payment.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from ledger.domain.ids import CaseId, PersonId, StepId
from ledger.domain.kernel import Act, CaseText, Code, Event, Fact, Fen, Office, Scope
from ledger.domain.rights.money import ZERO, Money, shared_out, summed
from ledger.domain.rights.opening import WORKERS
from ledger.domain.rights.rules import (
    AmountBelowZero,
    MoreThanOwed,
    NoClaimant,
    NoSuchShare,
    NoSuchStep,
    NotAClaimant,
    NothingPaid,
    PartsDoNotSum,
    ReceiptKnown,
    RecorderConfirms,
    RecoveryAfterClosure,
    RecoveryKnown,
    broken,
)
from ledger.domain.rights.standing import Recovery
from ledger.domain.rights.words import THE_CLAIMANTS_OWN, Means, Payer, Proof, Route
from ledger.domain.rights.working import Working


@dataclass(frozen=True)
class Instalment:
    """What all claimants together, or one of them, are to get by a day (分期)."""

    number: int
    due: date
    wages: Fen
    compensation: Fen = ZERO

    @property
    def money(self) -> Money:
        return Money(self.wages, self.compensation)


def by_plan(
    plan: Sequence[Instalment], asked: Mapping[PersonId, Money]
) -> dict[PersonId, list[Instalment]]:
    """The instalments of the whole, shared out to the fen in proportion to what each asks for.

    Wages and the rest apart. What a claimant is cut by rounding in one comes to her in the next.
    """
    found: dict[PersonId, list[Instalment]] = {person: [] for person in asked}
    before = dict.fromkeys(asked, Money())
    whole = Money()
    for one in plan:
        whole += one.money
        wages = shared_out(whole.wages, {each: money.wages for each, money in asked.items()})
        rest = shared_out(
            whole.compensation, {each: money.compensation for each, money in asked.items()}
        )
        for person, parts in found.items():
            part = before[person].short_of(Money(wages[person], rest[person]))
            before[person] += part
            parts.append(Instalment(one.number, one.due, part.wages, part.compensation))
    return found


# ── events ───────────────────────────────────────────────────────────────────────────────────


class SettlementAgreed(Event, by=WORKERS, scope=Scope.RIGHTS):
    """达成协议: how much in all, by which instalments; for these claimants in place of an earlier one."""

    case: CaseId
    settlement: StepId
    route: Route
    claimants: int
    wages: Fen
    compensation: Fen
    instalments: tuple[Instalment, ...]
    paper: Code | None = None


class ShareAgreed(Event, by=WORKERS, scope=Scope.RIGHTS):
    """个人应得: one claimant's part of a settlement, by instalments."""

    case: CaseId
    settlement: StepId
    person: PersonId
    wages: Fen
    compensation: Fen
    instalments: tuple[Instalment, ...]


class RecoveryRecorded(Event, by=(*WORKERS, Office.ACCOUNTANT), scope=Scope.RIGHTS):
    """到账: the `instalment`-th payment, by whom, how much in all; it took effect when it was paid."""

    case: CaseId
    recovery: StepId
    instalment: int
    payer: Payer
    means: Means
    claimants: int
    wages: Fen
    compensation: Fen
    party: int | None = None
    reference: Code | None = None
    report: StepId | None = None  # that it takes over
    findings: tuple[Code, ...] = ()


class RecoveryReported(Event, by=(*WORKERS, Office.ACCOUNTANT), scope=Scope.RIGHTS):
    """到账通报: a union that helps tells the lead of a payment; matched, and never counted twice."""

    case: CaseId
    recovery: StepId
    instalment: int
    payer: Payer
    means: Means
    claimants: int
    wages: Fen
    compensation: Fen
    party: int | None = None
    reference: Code | None = None


class RecoveryMatched(Event, by=(*WORKERS, Office.ACCOUNTANT), scope=Scope.RIGHTS):
    """到账核对: what was reported is this payment; both are one."""

    case: CaseId
    recovery: StepId
    report: StepId


class ShareRecovered(Event, by=(*WORKERS, Office.ACCOUNTANT), scope=Scope.RIGHTS):
    """个人到账: one claimant's part of a payment."""

    case: CaseId
    recovery: StepId
    person: PersonId
    wages: Fen
    compensation: Fen


class ShareConfirmed(
    Event, by=(Office.CLERK, Office.STATION, Office.LIAISON, Office.REVIEWER), scope=Scope.RIGHTS
):
    """确认收讫: the claimant has it, by the claimant's own word or an independent officer's."""

    case: CaseId
    recovery: StepId
    person: PersonId
    proof: Proof
    remark: CaseText = ""


class ShareDenied(
    Event,
    by=(Office.SELF, Office.CLERK, Office.STATION, Office.LIAISON, Office.LEGAL, Office.REVIEWER),
    scope=Scope.RIGHTS,
):
    """反映未收到: the claimant says that this part never came."""

    case: CaseId
    recovery: StepId
    person: PersonId
    remark: CaseText = ""


# ── decisions and folding ────────────────────────────────────────────────────────────────────


class _Paid(NamedTuple):
    """A payment that may be recorded: its number, its total, and who got how much."""

    instalment: int
    amount: Money
    shares: Mapping[PersonId, Money]


class Settling(Working):
    """The part of a case that is its money."""

    def __init__(self) -> None:
        super().__init__()
        self.settlement: SettlementAgreed | None = None  # the newest
        self.settlements: dict[StepId, SettlementAgreed] = {}
        self._schedules: dict[StepId, dict[PersonId, Sequence[Instalment]]] = {}

    def settle(
        self, act: Act, settlement: StepId, route: Route,
        shares: Mapping[PersonId, Sequence[Instalment]], *, total: Money | None = None,
        paper: Code | None = None,
    ) -> list[Event]:  # fmt: skip
        """The head and a record for each claimant; instalments of one number fall due on one day.

        Raises: NotTheLead, CaseIsClosed, NoClaimant, NotAClaimant, AmountBelowZero, PartsDoNotSum.
        """
        case = self._led(act)
        if not shares:
            raise NoClaimant()
        days: dict[int, date] = {}
        sums: dict[int, Money] = {}
        for person, parts in shares.items():
            self._claim(person)
            for part in parts:
                if part.money.negative:
                    raise AmountBelowZero(person=person)
                if days.setdefault(part.number, part.due) != part.due:
                    raise PartsDoNotSum(instalment=part.number, person=person)
                sums[part.number] = sums.get(part.number, Money()) + part.money
            if len({part.number for part in parts}) != len(parts):
                raise PartsDoNotSum(person=person)
        whole = summed(sums.values())
        if total is not None and total != whole:
            raise PartsDoNotSum(total=total.total, parts=whole.total)
        schedule = tuple(
            Instalment(number, days[number], money.wages, money.compensation)
            for number, money in sorted(sums.items())
        )
        head = SettlementAgreed(
            case, settlement, route, len(shares), whole.wages, whole.compensation, schedule, paper
        )
        return [head, *(_agreed(case, settlement, person, p) for person, p in shares.items())]

    @property
    def in_force(self) -> list[SettlementAgreed]:
        """The settlements that still hold for somebody: each for whom no newer one names."""
        found: list[SettlementAgreed] = []
        for step, agreed in self.settlements.items():
            known = self._schedules.get(step, {})
            if len(known) < agreed.claimants or any(self._held(p, step) for p in known):
                found.append(agreed)
        return found

    @property
    def outstanding(self) -> list[tuple[StepId, Instalment]]:
        """The instalments that some claimant still waits for, of every settlement in force.

        What came to her counts from her first instalment on. Where not every claimant of a
        settlement is known here, a payment of its number meets an instalment.
        """
        came = self._came()
        numbers = {each.instalment for each in self.counted}
        found: list[tuple[StepId, Instalment]] = []
        for agreed in self.in_force:
            step, known = agreed.settlement, self._schedules.get(agreed.settlement, {})
            if len(known) < agreed.claimants:
                found += [(step, p) for p in agreed.instalments if p.number not in numbers]
                continue
            waiting: dict[int, Money] = {}
            for person, parts in known.items():
                if self._held(person, step):
                    for part in _unmet(parts, came.get(person, Money())):
                        waiting[part.number] = waiting.get(part.number, Money()) + part.money
            found += [
                (step, replace(part, wages=money.wages, compensation=money.compensation))
                for part in agreed.instalments
                if (money := waiting.get(part.number)) is not None
            ]
        return found

    def _held(self, person: PersonId, settlement: StepId) -> bool:
        """Whether it is this settlement that a claimant's money is owed by."""
        claim = self.claims.get(person)
        return claim is not None and claim.active and claim.settlement == settlement

    def _came(self) -> dict[PersonId, Money]:
        """What has come to each claimant."""
        found: dict[PersonId, Money] = {}
        for each in self.counted:
            for person, money in self.shares.get(each.id, {}).items():
                found[person] = found.get(person, Money()) + money
        return found

    def recover(
        self, act: Act, recovery: StepId, shares: Mapping[PersonId, Money], payer: Payer,
        means: Means = Means.BANK, *, instalment: int | None = None, total: Money | None = None,
        party: int | None = None, reference: Code | None = None, report: StepId | None = None,
    ) -> list[Event]:  # fmt: skip
        """What has been paid, the head and a record for each claimant; the day is `act.on`.

        Money that came is recorded: too much, or after the closure, is a finding. A report is
        taken over once.

        Raises: NotTheLead, NoSuchParty, NotAClaimant, AmountBelowZero, NothingPaid,
        PartsDoNotSum, RecoveryKnown, NoSuchStep.
        """
        case = self._led(act, open_=False)
        if report is not None:
            self._reported(report)
            known = self.recoveries.get(self.matched.get(report, report))
            if known is not None and known.counted:
                raise RecoveryKnown(recovery=known.id, instalment=known.instalment)
        paid = self._paid(act, shares, payer, instalment, total, party, reference)
        more = any(
            (self.recovered(person) + money).beyond(self.claims[person].due)
            for person, money in paid.shares.items()
        )
        closed = self.closure
        head = RecoveryRecorded(
            case, recovery, paid.instalment, payer, means, len(paid.shares), paid.amount.wages,
            paid.amount.compensation, party, reference, report,
            broken(
                MoreThanOwed() if more else None,
                RecoveryAfterClosure(on=closed.on.isoformat()) if closed else None,
            ),
        )  # fmt: skip
        return [head, *_parts(case, recovery, paid.shares)]

    def report(
        self, act: Act, recovery: StepId, shares: Mapping[PersonId, Money], payer: Payer,
        means: Means = Means.BANK, *, instalment: int | None = None, total: Money | None = None,
        party: int | None = None, reference: Code | None = None,
    ) -> list[Event]:  # fmt: skip
        """What a union that helps has seen paid, for the lead to record.

        Raises: NotInTheCase, NoSuchParty, NotAClaimant, AmountBelowZero, NothingPaid,
        PartsDoNotSum, RecoveryKnown.
        """
        case = self._in(act)
        paid = self._paid(act, shares, payer, instalment, total, party, reference, counted=False)
        head = RecoveryReported(
            case, recovery, paid.instalment, payer, means, len(paid.shares), paid.amount.wages,
            paid.amount.compensation, party, reference,
        )  # fmt: skip
        return [head, *_parts(case, recovery, paid.shares)]

    def match(self, act: Act, recovery: StepId, report: StepId) -> RecoveryMatched:
        """What was reported is a payment that the lead has recorded, though it looks otherwise.

        Raises: NotTheLead, NoSuchStep.
        """
        case = self._led(act, open_=False)
        self._reported(report)
        if recovery not in self.recoveries or not self.recoveries[recovery].counted:
            raise NoSuchStep(step=recovery)
        return RecoveryMatched(case, recovery, report)

    def _reported(self, report: StepId) -> None:
        if report not in self.recoveries or self.recoveries[report].counted:
            raise NoSuchStep(step=report)

    def _paid(
        self, act: Act, shares: Mapping[PersonId, Money], payer: Payer, instalment: int | None,
        total: Money | None, party: int | None, reference: Code | None, *, counted: bool = True,
    ) -> "_Paid":  # fmt: skip
        """The payment as it would be known; the same one, entered so before, is refused."""
        self._party(party)
        for person, money in shares.items():
            if person not in self.claims or self.claims[person].made_on is None:
                raise NotAClaimant(person=person)
            if money.negative:
                raise AmountBelowZero(person=person)
        given = {person: money for person, money in shares.items() if money}
        whole = summed(given.values())
        if total is not None and total != whole:
            raise PartsDoNotSum(total=total.total, parts=whole.total)
        if not whole:
            raise NothingPaid()
        for other in self.recoveries.values():
            if other.counted is counted and other.is_one(
                reference, act.on, payer, whole, len(given)
            ):
                raise RecoveryKnown(recovery=other.id, instalment=other.instalment)
        return _Paid(instalment or self.next_instalment(counted=counted), whole, given)

    def next_instalment(self, *, counted: bool = True) -> int:
        """The number of the payment that comes next."""
        known = (e.instalment for e in self.recoveries.values() if e.counted is counted)
        return max(known, default=0) + 1

    def receive(
        self, act: Act, recovery: StepId, person: PersonId, proof: Proof, remark: str = "", *,
        hands: Collection[str] = (), recorders: Collection[str] = (),
    ) -> ShareConfirmed:  # fmt: skip
        """The claimant has the money. `hands`: for whom the officer acts by delegation;
        `recorders`: for whom the recorder acted.

        Raises: NotInTheCase, NoSuchStep, NoSuchShare, ReceiptKnown, RecorderConfirms.
        """
        case, recovered = self._in(act), self._share(recovery, person)
        if self._know_claim(person).receipts.get(recovery) is not None:
            raise ReceiptKnown(recovery=recovery, person=person)
        mine = {act.decider, *hands}
        theirs = {recovered.decider, *recorders}
        own_word = proof in THE_CLAIMANTS_OWN and bool(act.evidence)
        if mine & theirs and not own_word:
            raise RecorderConfirms(recovery=recovery)
        return ShareConfirmed(case, recovery, person, proof, remark)

    def deny(self, act: Act, recovery: StepId, person: PersonId, remark: str = "") -> ShareDenied:
        """Raises: NotInTheCase, NoSuchStep, NoSuchShare."""
        case = self._in(act)
        self._share(recovery, person)
        return ShareDenied(case, recovery, person, remark)

    def _share(self, recovery: StepId, person: PersonId) -> Recovery:
        held = self.recoveries.get(recovery)
        if held is None:
            raise NoSuchStep(step=recovery)
        if person not in self.shares.get(recovery, {}):
            raise NoSuchShare(recovery=recovery, person=person)
        return held

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case SettlementAgreed() as e:
                self.settlement = self.settlements[e.settlement] = e
            case ShareAgreed() as e:
                self._schedules.setdefault(e.settlement, {})[e.person] = e.instalments
                claim = self._know_claim(e.person)
                claim.agreed, claim.settlement = Money(e.wages, e.compensation), e.settlement
            case RecoveryRecorded() | RecoveryReported() as e:
                self.recoveries[e.recovery] = Recovery(
                    e.recovery, e.instalment, fact.on, e.payer, e.means,
                    Money(e.wages, e.compensation), e.claimants,
                    isinstance(e, RecoveryRecorded), e.party, e.reference, fact.decider,
                    fact.officer, fact.union, fact.office,
                )  # fmt: skip
                if isinstance(e, RecoveryRecorded) and e.report is not None:
                    self.told_to_be[e.report] = e.recovery
            case RecoveryMatched() as e:
                self.told_to_be[e.report] = e.recovery
            case ShareRecovered() as e:
                parts = self.shares.setdefault(e.recovery, {})
                parts[e.person] = Money(e.wages, e.compensation)
            case ShareConfirmed() as e:
                self._know_claim(e.person).receipts[e.recovery] = e.proof
            case ShareDenied() as e:
                self._know_claim(e.person).receipts[e.recovery] = None
            case _:
                super().after(fact)


def _unmet(parts: Sequence[Instalment], came: Money) -> Iterator[Instalment]:
    """The instalments that what came does not reach; compensation pays no wages."""
    wages, compensation = came.wages, came.compensation
    for part in parts:
        wages, compensation = Fen(wages - part.wages), Fen(compensation - part.compensation)
        if (part.wages and wages < 0) or (part.compensation and compensation < 0):
            yield part


def _agreed(
    case: CaseId, settlement: StepId, person: PersonId, parts: Sequence[Instalment]
) -> ShareAgreed:
    whole = summed(part.money for part in parts)
    ordered = tuple(sorted(parts, key=lambda part: part.number))
    return ShareAgreed(case, settlement, person, whole.wages, whole.compensation, ordered)


def _parts(
    case: CaseId, recovery: StepId, shares: Mapping[PersonId, Money]
) -> list[ShareRecovered]:
    return [
        ShareRecovered(case, recovery, person, money.wages, money.compensation)
        for person, money in shares.items()
    ]
