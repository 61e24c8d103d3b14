"""The fund (资金): what there is, and what may be promised, drawn and moved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from ledger.domain.funds.facts import (
    AllotmentReceived,
    CostDrawn,
    FundAllotted,
    FundClosed,
    FundCredited,
    FundOpened,
    MoneyDrawn,
    MoneyReserved,
    MoneyReturned,
    PastPaymentNoted,
    ReservationReleased,
    ShareAcceptanceVoided,
    ShareAccepted,
    ShareDeclined,
    ShareLapsed,
    ShareOffered,
    ShareReceived,
    ShareReleased,
    ShareReturned,
    ShareWithdrawn,
    UnfundedCovered,
)
from ledger.domain.funds.rules import (
    AllottedAside,
    FundExhausted,
    FundNotEmpty,
    FundNotOpen,
    FundUnnamed,
    NoSuchShareOffer,
    NotDrawn,
    NothingUnfunded,
    NotOfOneFund,
    NotReserved,
    NotTheKeeper,
    PaymentDrawn,
    SameFund,
    ShareAnswerKnown,
    ShareDeadlinePassed,
    ShareGroundMissing,
    SourceKept,
    UnfundedFirst,
)
from ledger.domain.funds.words import BackCause, ShareAnswer, ShareOutcome, Source
from ledger.domain.ids import AllotmentId, FundId, GrantId, PartnershipId, UnionId, new_allotment
from ledger.domain.kernel import Act, Aggregate, Code, Fact, Fen, Office, StreamId
from ledger.domain.money import positive


@dataclass(frozen=True)
class Outgoing:
    """Money offered to a share of another journal, as its giver knows it."""

    offer: AllotmentId
    to: FundId
    to_origin: str
    amount: Fen
    offered_on: date
    deadline: date
    outcome: ShareOutcome | None = None
    outcome_on: date | None = None


@dataclass(frozen=True)
class Incoming:
    """Money offered by a share of another journal, as its receiver has answered it."""

    offer: AllotmentId
    giver: FundId
    amount: Fen
    answer: ShareAnswer
    answered_on: date
    received: bool = False
    voided: bool = False

    @property
    def awaited(self) -> bool:
        """Accepted, and neither received nor void yet."""
        return self.answer is ShareAnswer.ACCEPTED and not self.received and not self.voided


class Fund(Aggregate):
    """One fund, or one share of a joint fund (stream `fnd_…`). All amounts are `Fen`.

    What is free follows from what came in and what it was used for, so it is right after any
    correction too. Where a correction leaves less than was promised, nothing is free and the
    shortfall stands among the unfunded.
    """

    grows_long = True  # a hundred thousand lines are not folded anew for the next

    def __init__(self) -> None:
        self.opened: FundOpened | None = None
        self.origin = ""  # the journal that it is kept in; only that one's facts count
        self.closed_on: date | None = None
        self.drawn = Fen(0)  # all that was ever paid out of it
        self.returned = Fen(0)  # all of that which came back
        self.outgoing: dict[AllotmentId, Outgoing] = {}
        self.incoming: dict[AllotmentId, Incoming] = {}
        self._came_in = self._went_out = 0
        self._reservations: dict[GrantId, int] = {}
        self._reserved = 0
        self._paid: dict[tuple[str, int], int] = {}  # what has not come back
        self._unfunded = 0

    # ── what there is ──

    @property
    def balance(self) -> Fen:
        """What is free (可用余额)."""
        return Fen(max(0, self._free))

    @property
    def reserved(self) -> Fen:
        """What is kept for grants that are not paid yet (已留用)."""
        return Fen(self._reserved)

    def reserved_for(self, grant: GrantId) -> Fen:
        """What is kept for one grant."""
        return Fen(max(0, self._reservations.get(grant, 0)))

    def paid_for(self, grant: GrantId, payment: int) -> Fen:
        """What was drawn for one payment and has not come back."""
        return Fen(max(0, self._paid.get((grant, payment), 0)))

    @property
    def offered(self) -> Fen:
        """What is set aside for other shares, until they answer (在途)."""
        return Fen(sum(each.amount for each in self.outgoing.values() if each.outcome is None))

    @property
    def unfunded(self) -> Fen:
        """What was paid, or promised, and there is no money for (无资金来源)."""
        return Fen(max(0, self._unfunded) + max(0, -self._free))

    @property
    def keeper(self) -> UnionId | None:
        return self.opened.keeper if self.opened else None

    @property
    def in_use(self) -> bool:
        return self.opened is not None and self.closed_on is None

    def is_share_with(self, other: "Fund") -> bool:
        """Whether both are shares of one joint fund."""
        ours, theirs = self.opened, other.opened
        return (
            ours is not None
            and theirs is not None
            and ours.joint is not None
            and (ours.joint, ours.under) == (theirs.joint, theirs.under)
        )

    @property
    def _free(self) -> int:
        paid = self.drawn - self.returned - max(0, self._unfunded)
        return self._came_in - self._went_out - self.offered - self._reserved - paid

    # ── keeping it ──

    @classmethod
    def open(
        cls, act: Act, fund: FundId, keeper: UnionId, name: str, source: Source, *,
        annex: PartnershipId | None = None, joint: Code | None = None, contributor: str = "",
        year: int | None = None, line: Sequence[UnionId] = (),
    ) -> FundOpened:  # fmt: skip
        """Sets up a fund, or a share of the joint fund `joint`. `line`: the unions above the keeper.

        Raises: NotTheKeeper, FundUnnamed.
        """
        _acts_for(act, keeper, line)
        if not name.strip() or (joint is not None and not contributor.strip()):
            raise FundUnnamed(joint=joint)
        return FundOpened(fund, keeper, name, source, joint, contributor, year, annex)

    def contribute(
        self, act: Act, amount: Fen, source: Source | None = None, contributor: str = "",
        paper: Code | None = None, *, line: Sequence[UnionId] = (),
    ) -> FundCredited:  # fmt: skip
        """Money comes in from outside; `source` is the fund's own where none is given.

        Raises: FundNotOpen, NotTheKeeper, AmountNotPositive, SourceKept.
        """
        opened = self._kept(act, line)
        came_from = source or opened.source
        _same_purse(came_from, opened.source)
        return FundCredited(
            opened.fund, positive(amount), came_from, contributor, paper, opened.under
        )

    def allot(
        self, act: Act, to: FundId, amount: Fen, paper: Code | None = None, *,
        allotment: AllotmentId | None = None, line: Sequence[UnionId] = (),
    ) -> FundAllotted:  # fmt: skip
        """Money goes to another fund of this journal, which `receive`s it in the same entry.

        Also out of a closed fund, for what came back after its end.

        Raises: FundNotOpen, NotTheKeeper, SameFund, AmountNotPositive, UnfundedFirst,
        FundExhausted.
        """
        opened = self._kept(act, line, closed=True)
        if to == opened.fund:
            raise SameFund(fund=to)
        self._has(positive(amount))
        return FundAllotted(
            opened.fund, allotment or new_allotment(), to, amount, paper, opened.under
        )

    def receive(
        self, allotted: FundAllotted, giver: "Fund", *, in_line: bool = True
    ) -> AllotmentReceived:
        """The other end of an allotment. `in_line`: one keeper is, or is above, the other.

        Raises: FundNotOpen, AllottedAside, SourceKept.
        """
        opened, given = self._in_use(), giver._opened()
        if not in_line and not self.is_share_with(giver):
            raise AllottedAside(keeper=given.keeper, other=opened.keeper)
        _same_purse(given.source, opened.source)
        return AllotmentReceived(
            opened.fund, allotted.allotment, allotted.fund, allotted.amount, allotted.paper,
            opened.under,
        )  # fmt: skip

    def cover(self, act: Act, amount: Fen) -> UnfundedCovered:
        """Free money goes to past payments that had none.

        Raises: FundNotOpen, AmountNotPositive, NothingUnfunded, FundExhausted.
        """
        opened = self._opened()
        if positive(amount) > self._unfunded:
            raise NothingUnfunded(unfunded=max(0, self._unfunded), amount=amount)
        if amount > self.balance:
            raise FundExhausted(fund=opened.fund, balance=self.balance, amount=amount)
        return UnfundedCovered(opened.fund, amount, opened.under)

    def coverable(self) -> UnfundedCovered | None:
        """What follows, by nobody's choice, when money has come in: past payments come first."""
        amount = Fen(min(self._unfunded, self.balance))
        if amount <= 0:
            return None
        opened = self._opened()
        return UnfundedCovered(opened.fund, amount, opened.under)

    def close(self, act: Act, *, line: Sequence[UnionId] = ()) -> FundClosed:
        """Raises: FundNotOpen, NotTheKeeper, FundNotEmpty."""
        opened = self._kept(act, line)
        left = self.balance, self.reserved, self.offered, self.unfunded
        if any(left) or any(each.awaited for each in self.incoming.values()):
            raise FundNotEmpty(balance=left[0], reserved=left[1], offered=left[2], unfunded=left[3])
        return FundClosed(opened.fund, opened.under)

    # ── using it: who may is the grant's to say ──

    def reserve(self, act: Act, grant: GrantId, amount: Fen) -> MoneyReserved:
        """A grant was approved. Raises: FundNotOpen, AmountNotPositive, UnfundedFirst,
        FundExhausted.
        """
        opened = self._in_use()
        self._has(positive(amount))
        return MoneyReserved(opened.fund, grant, amount, opened.under)

    def release(self, act: Act, grant: GrantId, amount: Fen) -> ReservationReleased:
        """A grant will not need it. Raises: FundNotOpen, AmountNotPositive, NotReserved."""
        opened = self._opened()
        self._reserved_enough(grant, positive(amount))
        return ReservationReleased(opened.fund, grant, amount, opened.under)

    def draw(self, act: Act, grant: GrantId, payment: int, amount: Fen) -> MoneyDrawn:
        """A payment of a grant, out of its reservation; `payment` numbers the grant's payments.

        Raises: FundNotOpen, AmountNotPositive, PaymentDrawn, NotReserved.
        """
        opened = self._opened()
        self._undrawn(grant, payment)
        self._reserved_enough(grant, positive(amount))
        return MoneyDrawn(opened.fund, grant, payment, amount, opened.under)

    def spend(
        self, act: Act, activity: StreamId, cost: int, amount: Fen, *,
        line: Sequence[UnionId] = (),
    ) -> CostDrawn:  # fmt: skip
        """What a service cost, paid out of what is free; `cost` numbers the activity's lines.

        Raises: FundNotOpen, NotTheKeeper, AmountNotPositive, PaymentDrawn, UnfundedFirst,
        FundExhausted.
        """
        opened = self._kept(act, line)
        self._undrawn(activity, cost)
        self._has(positive(amount))
        return CostDrawn(opened.fund, activity, cost, amount, opened.under)

    def give_back(
        self, act: Act, grant: GrantId, payment: int, amount: Fen, cause: BackCause
    ) -> MoneyReturned:
        """Money that was paid is back: for the grant again (退汇), or free (追回).

        Raises: FundNotOpen, AmountNotPositive, NotDrawn.
        """
        opened = self._opened()
        if positive(amount) > self._paid.get((grant, payment), 0):
            raise NotDrawn(grant=grant, payment=payment, amount=amount)
        return MoneyReturned(opened.fund, grant, payment, amount, cause, opened.under)

    def draw_past(self, act: Act, grant: GrantId, payment: int, amount: Fen) -> PastPaymentNoted:
        """A payment that was made already: never refused for want of money, which stands unfunded.

        Raises: FundNotOpen, AmountNotPositive, PaymentDrawn.
        """
        opened = self._opened()
        self._undrawn(grant, payment)
        unfunded = Fen(max(0, positive(amount) - self.balance))
        return PastPaymentNoted(opened.fund, grant, payment, amount, unfunded, opened.under)

    # ── money between two journals: the giver's side ──

    def offer(
        self, act: Act, to: "Fund", amount: Fen, deadline: date, paper: Code | None = None, *,
        offer: AllotmentId | None = None, line: Sequence[UnionId] = (),
    ) -> ShareOffered:  # fmt: skip
        """Sets money aside for another share of the same joint fund, in another journal.

        Raises: FundNotOpen, NotTheKeeper, NotOfOneFund, ShareDeadlinePassed, AmountNotPositive,
        UnfundedFirst, FundExhausted.
        """
        opened = self._kept(act, line, closed=True)
        if not self.is_share_with(to) or to.origin == self.origin:
            raise NotOfOneFund(fund=opened.fund, joint=opened.joint)
        theirs = to._in_use()
        if deadline <= act.on:
            raise ShareDeadlinePassed(deadline=deadline.isoformat())
        self._has(positive(amount))
        return ShareOffered(
            opened.fund, offer or new_allotment(), theirs.fund, Code(to.origin), amount, deadline,
            paper, opened.under,
        )  # fmt: skip

    def withdraw(
        self, act: Act, offer: AllotmentId, receiver: "Fund", *, line: Sequence[UnionId] = ()
    ) -> ShareWithdrawn:
        """Takes an offer back. Raises: FundNotOpen, NotTheKeeper, NoSuchShareOffer,
        ShareAnswerKnown.
        """
        opened = self._kept(act, line, closed=True)
        told = self.outgoing.get(offer)
        if told is None or told.outcome is not None:
            raise NoSuchShareOffer(offer=offer)
        if offer in receiver.incoming:
            raise ShareAnswerKnown(offer=offer)
        return ShareWithdrawn(opened.fund, offer, told.amount, opened.under)

    def conclude(
        self, offer: AllotmentId, receiver: "Fund", here: str
    ) -> ShareReleased | ShareReturned | None:
        """What follows, at the giver, from the receiver's answer; None where nothing does.

        `here` is the journal that asks: only the share's own gives the outcome.
        """
        told, answer = self.outgoing.get(offer), receiver.incoming.get(offer)
        if told is None or told.outcome is not None or answer is None or self.origin != here:
            return None
        opened = self._opened()
        if receiver.opened is None or receiver.opened.fund != told.to:
            return None
        if answer.answer is ShareAnswer.ACCEPTED:
            return ShareReleased(opened.fund, offer, told.to, told.amount, opened.under)
        return ShareReturned(opened.fund, offer, told.amount, opened.under)

    def lapse(
        self, offer: AllotmentId, receiver: "Fund", here: str, today: date
    ) -> ShareLapsed | None:
        """The deadline has passed by the giver's own clock, and no answer was read."""
        told = self.outgoing.get(offer)
        if told is None or told.outcome is not None or self.origin != here:
            return None
        if today <= told.deadline or offer in receiver.incoming:
            return None
        opened = self._opened()
        return ShareLapsed(opened.fund, offer, told.amount, opened.under)

    # ── money between two journals: the receiver's side ──

    def accept(
        self, act: Act, offer: AllotmentId, giver: "Fund", *, line: Sequence[UnionId] = ()
    ) -> ShareAccepted:
        """Undertakes to take the money that a share of another journal has set aside for this one.

        Raises: FundNotOpen, NotTheKeeper, NoSuchShareOffer, NotOfOneFund, ShareDeadlinePassed.
        """
        opened = self._kept(act, line)
        told = self._offered_by(giver, offer)
        if not self.is_share_with(giver):
            raise NotOfOneFund(fund=opened.fund, joint=opened.joint)
        if act.on > told.deadline or act.on < told.offered_on:
            raise ShareDeadlinePassed(deadline=told.deadline.isoformat())
        return ShareAccepted(opened.fund, offer, giver._opened().fund, told.amount, opened.under)

    def decline(
        self, act: Act, offer: AllotmentId, giver: "Fund", ground: str, *,
        line: Sequence[UnionId] = (),
    ) -> ShareDeclined:  # fmt: skip
        """Raises: FundNotOpen, NotTheKeeper, NoSuchShareOffer, ShareGroundMissing."""
        opened = self._kept(act, line, closed=True)
        told = self._offered_by(giver, offer)
        if not ground.strip():
            raise ShareGroundMissing(offer=offer)
        return ShareDeclined(
            opened.fund, offer, giver._opened().fund, told.amount, ground, opened.under
        )

    def take(self, offer: AllotmentId, giver: "Fund", here: str) -> ShareReceived | None:
        """What follows, at the receiver, from the release: the money is here, whatever else is."""
        told = giver.outgoing.get(offer)
        if told is None or told.outcome is not ShareOutcome.RELEASED or self.origin != here:
            return None
        opened = self._opened()
        ours = self.incoming.get(offer)
        if told.to != opened.fund or not self.is_share_with(giver):
            return None
        if ours is not None and ours.received:
            return None
        return ShareReceived(opened.fund, offer, giver._opened().fund, told.amount, opened.under)

    def void(self, offer: AllotmentId, giver: "Fund", here: str) -> ShareAcceptanceVoided | None:
        """What follows, at the receiver, where its acceptance met a lapse or a withdrawal."""
        told, ours = giver.outgoing.get(offer), self.incoming.get(offer)
        if told is None or ours is None or not ours.awaited or self.origin != here:
            return None
        if told.outcome is None or told.outcome is ShareOutcome.RELEASED:
            return None
        opened = self._opened()
        return ShareAcceptanceVoided(opened.fund, offer, told.outcome, opened.under)

    # ── what the decisions have in common ──

    def _opened(self) -> FundOpened:
        if self.opened is None:
            raise FundNotOpen()
        return self.opened

    def _in_use(self) -> FundOpened:
        opened = self._opened()
        if self.closed_on is not None:
            raise FundNotOpen(fund=opened.fund, closed=self.closed_on.isoformat())
        return opened

    def _kept(self, act: Act, line: Sequence[UnionId], *, closed: bool = False) -> FundOpened:
        """The fund, if the act is its keeper's, or that of a union above the keeper."""
        opened = self._opened() if closed else self._in_use()
        _acts_for(act, opened.keeper, line)
        return opened

    def _has(self, amount: Fen) -> None:
        if self._unfunded > 0:
            raise UnfundedFirst(unfunded=self._unfunded)
        if amount > self.balance:
            assert self.opened is not None
            raise FundExhausted(fund=self.opened.fund, balance=self.balance, amount=amount)

    def _reserved_enough(self, grant: GrantId, amount: Fen) -> None:
        if amount > self.reserved_for(grant):
            raise NotReserved(grant=grant, reserved=self.reserved_for(grant), amount=amount)

    def _undrawn(self, grant: str, payment: int) -> None:
        if (grant, payment) in self._paid:
            raise PaymentDrawn(grant=grant, payment=payment)

    def _offered_by(self, giver: "Fund", offer: AllotmentId) -> Outgoing:
        told = giver.outgoing.get(offer)
        if told is None or told.outcome is not None or offer in self.incoming:
            raise NoSuchShareOffer(offer=offer)
        if self.opened is None or told.to != self.opened.fund:
            raise NoSuchShareOffer(offer=offer)
        return told

    # ── folding ──

    def after(self, fact: Fact) -> None:
        if isinstance(fact.event, FundOpened) and self.opened is None:
            self.origin = fact.origin
        elif fact.origin != self.origin:
            return  # only the journal that keeps it speaks of it
        match fact.event:
            case FundOpened() as e:
                self.opened = e
            case FundClosed():
                self.closed_on = fact.on
            case FundCredited() | AllotmentReceived() as e:
                self._came_in += e.amount
            case FundAllotted() as e:
                self._went_out += e.amount
            case MoneyReserved() as e:
                self._reserve(e.grant, e.amount)
            case ReservationReleased() as e:
                self._reserve(e.grant, -e.amount)
            case MoneyDrawn() as e:
                self._reserve(e.grant, -e.amount)
                self._pay(e.grant, e.payment, e.amount)
            case CostDrawn() as e:
                self._pay(e.activity, e.cost, e.amount)
            case PastPaymentNoted() as e:
                self._unfunded += e.unfunded
                self._pay(e.grant, e.payment, e.amount)
            case UnfundedCovered() as e:
                self._unfunded -= e.amount
            case MoneyReturned() as e:
                self._come_back(e)
            case _:
                self._between_shares(fact)

    def _between_shares(self, fact: Fact) -> None:
        match fact.event:
            case ShareOffered() as e:
                self.outgoing[e.offer] = Outgoing(
                    e.offer, e.to, e.to_origin, e.amount, fact.on, e.deadline
                )
            case ShareReleased() as e:
                self._went_out += e.amount
                self._outcome(e.offer, ShareOutcome.RELEASED, fact.on)
            case ShareReturned() as e:
                self._outcome(e.offer, ShareOutcome.RETURNED, fact.on)
            case ShareLapsed() as e:
                self._outcome(e.offer, ShareOutcome.LAPSED, fact.on)
            case ShareWithdrawn() as e:
                self._outcome(e.offer, ShareOutcome.WITHDRAWN, fact.on)
            case ShareAccepted() as e:
                self.incoming[e.offer] = Incoming(
                    e.offer, e.giver, e.amount, ShareAnswer.ACCEPTED, fact.on
                )
            case ShareDeclined() as e:
                self.incoming[e.offer] = Incoming(
                    e.offer, e.giver, e.amount, ShareAnswer.DECLINED, fact.on
                )
            case ShareReceived() as e:
                self._came_in += e.amount
                told = self.incoming.get(e.offer) or Incoming(
                    e.offer, e.giver, e.amount, ShareAnswer.ACCEPTED, fact.on
                )
                self.incoming[e.offer] = replace(told, received=True)
            case ShareAcceptanceVoided() as e:
                if e.offer in self.incoming:
                    self.incoming[e.offer] = replace(self.incoming[e.offer], voided=True)
            case _:
                pass

    def _reserve(self, grant: GrantId, amount: int) -> None:
        """Adds to a grant's reservation, or takes from it; a corrected one may owe, and counts as none."""
        before = self._reservations.get(grant, 0)
        after = before + amount
        self._reserved += max(0, after) - max(0, before)
        if after:
            self._reservations[grant] = after
        else:
            self._reservations.pop(grant, None)

    def _pay(self, grant: str, payment: int, amount: Fen) -> None:
        self.drawn = Fen(self.drawn + amount)
        self._paid[grant, payment] = self._paid.get((grant, payment), 0) + amount

    def _come_back(self, event: MoneyReturned) -> None:
        self.returned = Fen(self.returned + event.amount)
        key = event.grant, event.payment
        self._paid[key] = self._paid.get(key, 0) - event.amount
        if event.cause is BackCause.RETURNED_BY_BANK:
            self._reserve(event.grant, event.amount)

    def _outcome(self, offer: AllotmentId, outcome: ShareOutcome, on: date) -> None:
        if offer in self.outgoing:
            self.outgoing[offer] = replace(self.outgoing[offer], outcome=outcome, outcome_on=on)


def _acts_for(act: Act, keeper: UnionId, line: Sequence[UnionId]) -> None:
    if act.office is not Office.PROCEDURE and act.union not in (keeper, *line):
        raise NotTheKeeper(keeper=keeper, union=act.union)


def _same_purse(source: Source, other: Source) -> None:
    if source is not other and Source.CENTRAL in (source, other):
        raise SourceKept(source=source, other=other)
