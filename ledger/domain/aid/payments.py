"""What is paid on a grant (发放): instructed, made, failed, returned, signed for, taken back.

To instruct is an office's decision and may be refused. That money left, came back or was put
into somebody's hand has happened: it is recorded as long as it is about a payment that there is.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from ledger.domain.aid.duties import broken, judged, named
from ledger.domain.aid.facts import (
    GrantClosed,
    MoneyTakenBack,
    PastAidRecorded,
    PayeeNamed,
    PaymentFailed,
    PaymentInstructed,
    PaymentMade,
    PaymentReturned,
    ReceiptSigned,
    TakeBackOrdered,
)
from ledger.domain.aid.grants import Examined
from ledger.domain.aid.limits import goods_listed, in_mode
from ledger.domain.aid.rules import (
    BeyondTheGrant,
    GrantOver,
    MoneyOutstanding,
    NoPayee,
    NoSuchPayment,
    NotApproved,
    NothingAsked,
    NothingToTakeBack,
    OneDutyEach,
    OwnOrKin,
    PayeeWithoutPaper,
    StepMissing,
)
from ledger.domain.aid.words import (
    Duty,
    Failure,
    Goods,
    Outcome,
    Signed,
    Stage,
    TakenBackFor,
)
from ledger.domain.aiding import AidKind, KindRules, PayMode, Step
from ledger.domain.ids import FundId, GrantId, PersonId
from ledger.domain.kernel import Act, Code, Fact, Fen, Refused


class PaymentState(StrEnum):
    """Where a payment stands (付款状态)."""

    INSTRUCTED = "instructed"  # 已送付
    MADE = "made"  # 已支付
    FAILED = "failed"  # 失败
    RETURNED = "returned"  # 退汇
    SIGNED = "signed"  # 已签收


ARRIVED = (PaymentState.MADE, PaymentState.SIGNED)


@dataclass(frozen=True)
class Payment:
    """One payment of a grant (一笔付款), `amount` in fen."""

    number: int
    amount: Fen
    mode: PayMode
    state: PaymentState
    on: date
    ref: str
    payee: int = 0
    instead_of: int | None = None
    signed: Signed | None = None
    signed_on: date | None = None
    collector: PersonId | None = None

    @property
    def arrived(self) -> bool:
        return self.state in ARRIVED


class AidGrant(Examined):
    """One grant with its payments (stream `grt_…`)."""

    def __init__(self) -> None:
        super().__init__()
        self.payments: dict[int, Payment] = {}
        self.to_take_back = Fen(0)
        self.taken_back = Fen(0)
        self.reissued: set[int] = set()

    # ── decisions ──

    def instruct(
        self, act: Act, amount: Fen, mode: PayMode, *, rules: KindRules,
        goods: tuple[Goods, ...] = (), kin: Collection[str] = (),
        acting_for: PersonId | None = None,
    ) -> PaymentInstructed:  # fmt: skip
        """Sends money, or goods, on their way; in place of a failed payment where there is one.

        Raises: GrantOver, ListDecides, HeldAsDouble, NotApproved, NothingAsked, BeyondTheGrant,
        NoPayee, ModeBarred, GoodsUnlisted, OneDutyEach, OwnOrKin, ObjectionStopsPayment.
        """
        grant, person = self._open()
        self._alone()
        self._not_held()
        if self.approval is None or self.approval.content != self.content:
            raise NotApproved(grant=grant, voided=self.voided)
        if self.approval.amount != self.amount:
            raise NotApproved(grant=grant, approved=self.approval.amount, amount=self.amount)
        self._amount_fits(amount, self.approval.amount)
        if mode in (PayMode.BANK, PayMode.INSTITUTION) and self.payee is None:
            raise NoPayee(grant=grant)
        findings = judged(
            act,
            *self._apart(Duty.PAYER, act, acting_for, kin),
            self.free_of_objections,
            lambda: in_mode(rules, mode, self.payee),
            lambda: goods_listed(mode, amount, goods),
        )
        return PaymentInstructed(
            grant, person, self.next_payment, amount, mode,
            self.payee.number if self.payee else 0, self.lost_payment, goods, acting_for, findings,
        )  # fmt: skip

    def made(
        self, act: Act, payment: int, voucher: Code, *, kin: Collection[str] = (),
        acting_for: PersonId | None = None,
    ) -> PaymentMade:  # fmt: skip
        """The bank has paid, or the goods were handed over.

        Who paid it wrongly, and an objection that came in between, are findings.

        Raises: NoSuchPayment.
        """
        grant, person, one = self._payment(payment, PaymentState.INSTRUCTED)
        wrong = broken(*self._apart(Duty.PAYER, act, acting_for, kin), self.free_of_objections)
        return PaymentMade(
            grant, person, payment, one.amount, one.mode, voucher, acting_for=acting_for,
            findings=named(wrong),
        )  # fmt: skip

    def failed(self, act: Act, payment: int, why: Failure) -> PaymentFailed:
        """The money never left. Raises: NoSuchPayment."""
        grant, person, _ = self._payment(payment, PaymentState.INSTRUCTED)
        return PaymentFailed(grant, person, payment, why)

    def returned(self, act: Act, payment: int, why: Failure, voucher: Code) -> PaymentReturned:
        """The money came back. Raises: NoSuchPayment, NothingToTakeBack."""
        grant, person, one = self._payment(payment, *ARRIVED)
        if self.paid - one.amount < self.taken_back:
            raise NothingToTakeBack(amount=one.amount, taken_back=self.taken_back)
        return PaymentReturned(grant, person, payment, one.amount, why, voucher)

    def sign(
        self, act: Act, payment: int, how: Signed, *, collector: PersonId | None = None,
        paper: Code | None = None, kin: Collection[str] = (),
        acting_for: PersonId | None = None, remark: str = "",
    ) -> ReceiptSigned:  # fmt: skip
        """It is known that it was received: from her, or by someone who had no part in it.

        Who collected it for her had no part in it either.

        Raises: ListDecides, NoSuchPayment, PayeeWithoutPaper, OneDutyEach, OwnOrKin.
        """
        self._alone()
        grant, person, _ = self._payment(payment, PaymentState.MADE)
        if how is not Signed.SELF and not paper:
            raise PayeeWithoutPaper(how=how)
        findings = judged(
            act,
            *self._apart(Duty.WITNESS, act, acting_for, kin),
            lambda: self.collected_by_another(collector),
        )
        return ReceiptSigned(
            grant, person, payment, how, collector, paper, None, acting_for, findings, remark
        )

    def order_back(
        self, act: Act, amount: Fen, why: TakenBackFor, opinion: str = "", *,
        kin: Collection[str] = (), acting_for: PersonId | None = None,
    ) -> TakeBackOrdered:  # fmt: skip
        """Decides that money is to come back. Raises: NothingToTakeBack, OwnOrKin."""
        grant, person = self._there()
        if amount <= 0 or amount > self.paid - self.taken_back - self.to_take_back:
            raise NothingToTakeBack(amount=amount, paid=self.paid - self.taken_back)
        self._step_back(act, acting_for, kin)
        return TakeBackOrdered(grant, person, amount, why, acting_for, opinion)

    def took_back(self, act: Act, amount: Fen, voucher: Code) -> MoneyTakenBack:
        """It came back. Raises: NothingToTakeBack."""
        grant, person = self._there()
        if amount <= 0 or amount > self.to_take_back:
            raise NothingToTakeBack(amount=amount, ordered=self.to_take_back)
        return MoneyTakenBack(grant, person, amount, voucher)

    def close(
        self, act: Act, rules: KindRules | None = None, *, uncollected: bool = False
    ) -> GrantClosed:
        """Nothing is open; `uncollected`: what did not arrive is not sent again.

        `rules` tell which steps may follow the payment: they are done by now.

        Raises: GrantOver, NotApproved, MoneyOutstanding, StepMissing.
        """
        grant, person = self._open()
        if not self.payments:
            raise NotApproved(grant=grant)
        lost = self.lost_payment
        still = [number for number, each in self.payments.items() if self._unsettled(each)]
        if still or self.to_take_back or (lost and not uncollected):
            raise MoneyOutstanding(payments=still, lost=lost, to_take_back=self.to_take_back)
        later = self.missing_later(rules) if rules else [Step.REVIEW] if self.review_due else []
        if later:
            raise StepMissing(missing=later)
        if not self.paid:
            return GrantClosed(grant, person, Outcome.NOT_COLLECTED)
        back = self.taken_back >= self.paid
        return GrantClosed(grant, person, Outcome.TAKEN_BACK if back else Outcome.RECEIVED)

    # ── decisions: of the past ──

    @classmethod
    def record_past(
        cls, act: Act, grant: GrantId, person: PersonId, *, kind: AidKind, amount: Fen,
        need: Code, mode: PayMode, voucher: Code, fund: FundId,
        beneficiary: PersonId | None = None, handler: PersonId | None = None,
        approver: PersonId | None = None, signed: bool = False, kin: Collection[str] = (),
        remark: str = "",
    ) -> PastAidRecorded:  # fmt: skip
        """Records what was paid before there was this book; what was wrong about it is found.

        Raises: NothingAsked.
        """
        if amount <= 0:
            raise NothingAsked(amount=amount)
        aided, findings = beneficiary or person, list[Refused]()
        if {handler, approver} & {person, aided, *kin}:
            findings.append(OwnOrKin())
        if handler is not None and handler == approver:
            findings.append(OneDutyEach())
        return PastAidRecorded(
            grant, person, act.union, kind, amount, aided, need, mode, voucher, fund, handler,
            approver, signed, named(findings), remark,
        )  # fmt: skip

    # ── questions ──

    @property
    def stage(self) -> Stage:
        """Where it stands; a notice that runs is told by its days (`on_notice`)."""
        if self.ended is not None and not self.to_take_back:
            return self.ended
        if self.to_take_back:
            return Stage.TAKING_BACK
        paying = self._paying()
        if paying is not None:
            return paying
        if self.held:
            return Stage.HELD
        if self.paid and not self.voided:
            return Stage.RECEIVED
        if self.open_objections():
            return Stage.OBJECTED
        return Stage.APPROVED if self.approval is not None else Stage.APPLIED

    def on_notice(self, on: date) -> bool:
        return any(each.runs(on) for each in self.notices)

    @property
    def paid(self) -> Fen:
        """What has arrived, in fen; what was taken back later is in it."""
        return Fen(sum(p.amount for p in self.payments.values() if p.arrived))

    @property
    def under_way(self) -> Fen:
        return Fen(
            sum(p.amount for p in self.payments.values() if p.state is PaymentState.INSTRUCTED)
        )

    @property
    def granted(self) -> Fen:
        """What counts towards caps, in fen: approved, paid, or put on a list; less what came back."""
        counted = self.amount if self.aid_list else self.approval.amount if self.approval else 0
        if self.ended in (Stage.DECLINED, Stage.WITHDRAWN):
            return Fen(0)
        if self.outcome is Outcome.NOT_COLLECTED:
            return Fen(0)
        return Fen(max(0, max(counted, self.paid) - self.taken_back))

    def unsigned(self) -> list[Payment]:
        return [each for each in self.payments.values() if each.state is PaymentState.MADE]

    @property
    def next_payment(self) -> int:
        """The number of the next payment."""
        return max(self.payments, default=0) + 1

    @property
    def lost_payment(self) -> int | None:
        """The first payment that did not arrive and waits to be sent again."""
        if self.paid + self.under_way >= self.due or self.voided:
            return None
        return next((number for number, each in self.payments.items() if self._lost(each)), None)

    # ── checks ──

    def collected_by_another(self, collector: PersonId | None) -> None:
        """Refuses a collector who had a part in the grant. Raises: OneDutyEach."""
        if collector is not None and self.duties.has_part(collector):
            raise OneDutyEach(duty=Duty.WITNESS, person=collector)

    def _there(self) -> tuple[GrantId, PersonId]:
        if self.id is None or self.person is None:
            raise GrantOver()
        return self.id, self.person

    def _payment(self, number: int, *states: PaymentState) -> tuple[GrantId, PersonId, Payment]:
        grant, person = self._there()
        one = self.payments.get(number)
        if one is None or one.state not in states:
            raise NoSuchPayment(payment=number, state=one.state if one else None)
        return grant, person, one

    def _amount_fits(self, amount: Fen, approved: Fen) -> None:
        if amount <= 0:
            raise NothingAsked(amount=amount)
        if self.paid + self.under_way + amount > approved:
            raise BeyondTheGrant(
                amount=amount, approved=approved, paid=self.paid, under_way=self.under_way
            )

    def _lost(self, one: Payment) -> bool:
        gone = one.state in (PaymentState.FAILED, PaymentState.RETURNED)
        return gone and one.number not in self.reissued

    def _unsettled(self, one: Payment) -> bool:
        """Under way; or arrived and not signed for, unless all of it was taken back."""
        if one.state is PaymentState.MADE:
            return self.taken_back < self.paid
        return one.state is PaymentState.INSTRUCTED

    def _paying(self) -> Stage | None:
        """Where its money stands; None where none is open."""
        if self.lost_payment is not None:
            return Stage.FAILED
        if self.under_way:
            return Stage.INSTRUCTED
        open_ones = any(self._unsettled(each) for each in self.payments.values())
        return Stage.PAID if open_ones else None

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case PayeeNamed():
                super().after(fact)
                self.renamed = self.aid_list is not None and bool(self.payments)
            case PaymentInstructed() as e:
                self.payments[e.payment] = Payment(
                    e.payment, e.amount, e.mode, PaymentState.INSTRUCTED, fact.on, fact.ref,
                    e.payee, e.instead_of,
                )  # fmt: skip
                if e.instead_of is not None:
                    self.reissued.add(e.instead_of)
                self._note(Duty.PAYER, fact, e.acting_for)
            case PaymentMade() as e:
                before = self.payments.get(e.payment)
                self.payments[e.payment] = Payment(
                    e.payment, e.amount, e.mode, PaymentState.MADE, fact.on, fact.ref,
                    before.payee if before else 0,
                    before.instead_of if before else e.instead_of,
                )  # fmt: skip
                if e.instead_of is not None:
                    self.reissued.add(e.instead_of)
                self._note(Duty.PAYER, fact, e.acting_for)
            case PaymentFailed() as e:
                self._moved(e.payment, PaymentState.FAILED, fact)
            case PaymentReturned() as e:
                self._moved(e.payment, PaymentState.RETURNED, fact)
                left = max(0, self.paid - self.taken_back)
                self.to_take_back = Fen(min(self.to_take_back, left))
            case ReceiptSigned() as e:
                before = self.payments.get(e.payment)
                if before is not None and before.state is PaymentState.MADE:
                    self.payments[e.payment] = replace(
                        before, state=PaymentState.SIGNED, signed=e.how, signed_on=fact.on,
                        collector=e.collector,
                    )  # fmt: skip
                self._note(Duty.WITNESS, fact, e.acting_for)
            case TakeBackOrdered() as e:
                self.to_take_back = Fen(self.to_take_back + e.amount)
            case MoneyTakenBack() as e:
                self.to_take_back = Fen(max(0, self.to_take_back - e.amount))
                self.taken_back = Fen(self.taken_back + e.amount)
            case PastAidRecorded() as e:
                super().after(fact)
                state = PaymentState.SIGNED if e.signed else PaymentState.MADE
                self.payments[1] = Payment(1, e.amount, e.mode, state, fact.on, fact.ref)
            case _:
                super().after(fact)

    def _moved(self, number: int, state: PaymentState, fact: Fact) -> None:
        before = self.payments.get(number)
        if before is not None:
            self.payments[number] = replace(before, state=state, on=fact.on, ref=fact.ref)
