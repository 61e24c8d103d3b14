"""Transfer (会籍接转): offered, accepted or declined, and one outcome for each offer.

Only the holder's own record moves a membership. The receiver's acceptance is an undertaking, and
it serves from then on; the origin gives exactly one outcome, and its release moves the membership.
What follows from the other side's record is written by procedure, with nobody's choice. So no
clock and no silent partner can make two holders or none.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from ledger.domain.ids import ImportId, MembershipId, PersonId, TransferId, UnionId
from ledger.domain.kernel import (
    Act,
    Claim,
    Code,
    EmployerText,
    Event,
    Fact,
    MembershipText,
    Office,
    Release,
    Scope,
)
from ledger.domain.membership.custody import (
    Custody,
    Holder,
    Offer,
)
from ledger.domain.membership.rules import (
    AcceptedBeforeOffered,
    AlreadyAMember,
    AnswerKnown,
    DeadlinePassed,
    DeadlineTooSoon,
    GroundNeedsReason,
    NoSuchOffer,
    NotAddressedToYou,
    NotAMember,
    NothingEscalated,
    OfferAnswered,
    OfferOpen,
    OfferToItself,
    OutcomeGiven,
)
from ledger.domain.membership.vouchers import VoucherIssued
from ledger.domain.membership.words import (
    Answer,
    EscalationCause,
    Ground,
    Outcome,
    Ruling,
    TransferReason,
    WithdrawReason,
)


class TransferOffered(Event, by=(Office.LIAISON, Office.CHAIR), scope=Scope.MEMBERSHIP):
    """转出: the holder offers the membership to another union, until the deadline."""

    membership: MembershipId
    offer: TransferId
    person: PersonId
    from_union: UnionId
    to_union: UnionId
    to_origin: Code
    deadline: date
    reason: TransferReason
    note: MembershipText = ""
    handover: ImportId | None = None


class TransferAccepted(Event, by=Office.LIAISON, scope=Scope.MEMBERSHIP):
    """接收: the receiver undertakes to take the member in, and serves from now on (T3)."""

    membership: MembershipId
    offer: TransferId
    person: PersonId
    union: UnionId
    from_union: UnionId
    employer: EmployerText = ""
    trade: MembershipText = ""
    note: MembershipText = ""

    def takes(self) -> Iterable[Claim]:
        yield Claim(OfferAnswered, self.offer)


class TransferDeclined(Event, by=Office.LIAISON, scope=Scope.MEMBERSHIP):
    """不予接收: on a ground of the closed list, with the day when it will be looked at again."""

    membership: MembershipId
    offer: TransferId
    person: PersonId
    union: UnionId
    from_union: UnionId
    ground: Ground
    opinion: MembershipText = ""
    follow_up: date | None = None

    def takes(self) -> Iterable[Claim]:
        yield Claim(OfferAnswered, self.offer)


class MembershipReleased(Event, by=Office.PROCEDURE, scope=Scope.MEMBERSHIP):
    """转出完成: the holder has read the acceptance; from here the receiver holds.

    It takes effect with the acceptance. `since` is the date of first enrolment, `moves` how often
    the membership has changed hands, this time counted.
    """

    membership: MembershipId
    offer: TransferId
    person: PersonId
    union: UnionId
    to_union: UnionId
    to_origin: Code
    since: date
    moves: int

    def frees(self) -> Iterable[Release]:
        yield Release(AlreadyAMember)

    def takes(self) -> Iterable[Claim]:
        yield Claim(OutcomeGiven, self.offer)


class TransferReturned(Event, by=Office.PROCEDURE, scope=Scope.MEMBERSHIP):
    """退回: the receiver declined; the membership stays."""

    membership: MembershipId
    offer: TransferId
    person: PersonId
    union: UnionId
    ground: Ground

    def takes(self) -> Iterable[Claim]:
        yield Claim(OutcomeGiven, self.offer)


class TransferLapsed(Event, by=Office.PROCEDURE, scope=Scope.MEMBERSHIP):
    """逾期失效: the deadline passed and no answer has been applied; the membership stays."""

    membership: MembershipId
    offer: TransferId
    person: PersonId
    union: UnionId

    def takes(self) -> Iterable[Claim]:
        yield Claim(OutcomeGiven, self.offer)


class TransferWithdrawn(
    Event,
    by=(Office.LIAISON, Office.CHAIR, Office.APPROVER, Office.CLERK, Office.PROCEDURE),
    scope=Scope.MEMBERSHIP,
):
    """撤回: the holder takes the offer back, no answer having been applied; the membership stays."""

    membership: MembershipId
    offer: TransferId
    person: PersonId
    union: UnionId
    reason: WithdrawReason
    note: MembershipText = ""

    def takes(self) -> Iterable[Claim]:
        yield Claim(OutcomeGiven, self.offer)


class MembershipReceived(Event, by=Office.PROCEDURE, scope=Scope.MEMBERSHIP):
    """转入完成: the receiver has read the release, and holds.

    `beside` is another membership that the person already has here: both are kept on record, and
    found, until they are settled.
    """

    membership: MembershipId
    offer: TransferId
    person: PersonId
    union: UnionId
    from_union: UnionId
    since: date
    moves: int
    beside: MembershipId | None = None
    findings: tuple[Code, ...] = ()

    def takes(self) -> Iterable[Claim]:
        if self.beside is None:
            yield Claim(AlreadyAMember, self.person)


class AcceptanceVoided(Event, by=Office.PROCEDURE, scope=Scope.MEMBERSHIP):
    """接收无效: the acceptance met a lapse or a withdrawal; the worker is the origin's member."""

    membership: MembershipId
    offer: TransferId
    person: PersonId
    union: UnionId
    outcome: Outcome


class TransferEscalated(Event, by=(Office.LIAISON, Office.PROCEDURE), scope=Scope.MEMBERSHIP):
    """报上级: a transfer that is stuck goes to the superior union."""

    membership: MembershipId
    offer: TransferId
    person: PersonId
    union: UnionId
    superior: UnionId
    cause: EscalationCause
    note: MembershipText = ""


class EscalationAnswered(
    Event, by=(Office.LIAISON, Office.APPROVER, Office.CHAIR), scope=Scope.MEMBERSHIP
):
    """上级答复: what the superior finds; the two unions act on it."""

    membership: MembershipId
    offer: TransferId
    person: PersonId
    union: UnionId
    ruling: Ruling
    opinion: MembershipText = ""


# ── decisions and folding ────────────────────────────────────────────────────────────────────


class Transfer(Custody):
    """The part of a membership that is its moving."""

    # ── the origin's side ──

    def offer_to(
        self, act: Act, offer: TransferId, to_union: UnionId, to_origin: Code, deadline: date,
        reason: TransferReason, note: str = "", handover: ImportId | None = None,
    ) -> TransferOffered:  # fmt: skip
        """The holder offers. Raises: NotAMember, NotTheHolder, OfferOpen, OfferToItself,
        DeadlineTooSoon, NoSuchOffer.
        """
        membership, person, holder = self._held(act)
        if self.offer is not None:
            raise OfferOpen(offer=self.offer.id, to=self.offer.to_union)
        if offer in self.offers:
            raise NoSuchOffer(offer=offer)
        if to_union == holder.union:
            raise OfferToItself(union=to_union)
        if deadline <= act.on or (deadline < act.today and act.decided_by is None):
            raise DeadlineTooSoon(deadline=deadline.isoformat())
        return TransferOffered(
            membership, offer, person, holder.union, to_union, to_origin, deadline, reason, note,
            handover,
        )  # fmt: skip

    def issue_voucher(self, act: Act, offer: TransferId) -> VoucherIssued:
        """The holder, or the worker herself, has the offer in her hand until its deadline.

        Raises: NotAMember, NotTheHolder, NoSuchOffer, OfferAnswered, DeadlinePassed.
        """
        membership, person, holder = self._held(act)
        told = self._open_offer(offer)
        if told.answer is not None:
            raise OfferAnswered(offer=offer, answer=told.answer)
        assert told.to_union is not None
        assert told.deadline is not None
        if act.today > told.deadline:
            raise DeadlinePassed(deadline=told.deadline.isoformat())
        return VoucherIssued(
            offer, membership, person, holder.union, told.to_union, Code(told.to_origin),
            told.deadline,
        )  # fmt: skip

    def withdraw(
        self, act: Act, offer: TransferId, reason: WithdrawReason, note: str = ""
    ) -> TransferWithdrawn:
        """The holder takes an offer back. Raises: NotAMember, NotTheHolder, NoSuchOffer, AnswerKnown."""
        membership, person, holder = self._held(act)
        open_ = self._open_offer(offer)
        if open_.answer is not None:
            raise AnswerKnown(offer=offer, answer=open_.answer)
        return TransferWithdrawn(membership, offer, person, holder.union, reason, note)

    def conclude(
        self, offer: TransferId, here: str
    ) -> MembershipReleased | TransferReturned | TransferWithdrawn | None:
        """What follows, at the holder, from the receiver's answer; None where nothing does.

        `here` is the journal that asks: only the offer's own gives its outcome.

        Written by procedure, with no officer's choice. The release takes effect on
        `offers[offer].answered_on`. Where the membership was annulled meanwhile, there is nothing
        to release, and the offer is withdrawn.
        """
        told = self.offers.get(offer)
        if told is None or not told.open or told.answer is None or told.from_origin != here:
            return None
        assert self.id is not None
        assert self.person is not None
        assert told.from_union is not None
        union = self.union or told.from_union
        if told.answer is Answer.DECLINED:
            ground = Ground(told.ground or Ground.OTHER)
            return TransferReturned(self.id, offer, self.person, union, ground)
        if self.holder is None or self.first is None or told.receiver is None:
            return TransferWithdrawn(self.id, offer, self.person, union, WithdrawReason.ANNULLED)
        return MembershipReleased(
            self.id, offer, self.person, union, told.receiver, Code(told.to_origin), self.first,
            self.moves + 1,
        )  # fmt: skip

    def lapse(self, offer: TransferId, here: str, today: date) -> TransferLapsed | None:
        """The deadline has passed by the holder's own clock and no answer has been applied."""
        told = self.offers.get(offer)
        if told is None or not told.overdue(today) or told.from_origin != here:
            return None
        assert self.id is not None
        assert self.person is not None
        assert told.from_union is not None
        return TransferLapsed(self.id, offer, self.person, self.union or told.from_union)

    # ── the receiver's side ──

    def accept(
        self, act: Act, offer: TransferId, union: UnionId, *, line: Sequence[UnionId] = (),
        employer: str = "", trade: str = "", note: str = "",
    ) -> TransferAccepted:  # fmt: skip
        """The receiver undertakes to take in. `line`: the receiving union and those above it.

        Raises: NoSuchOffer, OfferAnswered, NotAddressedToYou, DeadlinePassed,
        AcceptedBeforeOffered.
        """
        told = self._to_answer(act, offer, union, line)
        if told.deadline is not None and act.on > told.deadline:
            raise DeadlinePassed(deadline=told.deadline.isoformat())
        if told.offered_on is not None and act.on < told.offered_on:
            raise AcceptedBeforeOffered(offered=told.offered_on.isoformat())
        assert self.id is not None
        assert self.person is not None
        assert told.from_union is not None
        return TransferAccepted(
            self.id, offer, self.person, union, told.from_union, employer, trade, note
        )

    def decline_offer(
        self, act: Act, offer: TransferId, union: UnionId, ground: Ground, opinion: str = "",
        *, line: Sequence[UnionId] = (), follow_up: date | None = None,
    ) -> TransferDeclined:  # fmt: skip
        """Not taken in, on a ground of the list.

        Raises: NoSuchOffer, OfferAnswered, NotAddressedToYou, GroundNeedsReason.
        """
        told = self._to_answer(act, offer, union, line)
        if ground is Ground.OTHER and not opinion.strip():
            raise GroundNeedsReason(offer=offer)
        assert self.id is not None
        assert self.person is not None
        assert told.from_union is not None
        return TransferDeclined(
            self.id, offer, self.person, union, told.from_union, ground, opinion, follow_up
        )

    def receive(
        self, offer: TransferId, here: str, beside: MembershipId | None = None
    ) -> MembershipReceived | None:
        """What follows, at the receiver, from the release: it holds, even if it has lost its own
        acceptance. `beside`: another membership of the person here. None where nothing follows.
        """
        told = self.offers.get(offer)
        if told is None or told.outcome is not Outcome.RELEASED or told.received:
            return None
        if told.to_origin != here or told.receiver is None or self.first is None:
            return None
        assert self.id is not None
        assert self.person is not None
        assert told.from_union is not None
        double = beside if beside != self.id else None
        return MembershipReceived(
            self.id, offer, self.person, told.receiver, told.from_union, self.first, told.moves,
            double, (Code(AlreadyAMember.__name__),) if double else (),
        )  # fmt: skip

    def void(self, offer: TransferId, here: str) -> AcceptanceVoided | None:
        """What follows, at the receiver, where its acceptance met a lapse or a withdrawal."""
        told = self.offers.get(offer)
        if told is None or told.voided or told.answer is not Answer.ACCEPTED:
            return None
        if told.answered_at != here:
            return None
        if told.outcome is None or told.outcome is Outcome.RELEASED or told.receiver is None:
            return None
        assert self.id is not None
        assert self.person is not None
        return AcceptanceVoided(self.id, offer, self.person, told.receiver, told.outcome)

    # ── the superior ──

    def escalate(
        self, act: Act, offer: TransferId, superior: UnionId, cause: EscalationCause,
        note: str = "",
    ) -> TransferEscalated:  # fmt: skip
        """A transfer that is stuck, or declined otherwise, goes up. Raises: NoSuchOffer."""
        if self.id is None or self.person is None or offer not in self.offers:
            raise NoSuchOffer(offer=offer)
        return TransferEscalated(self.id, offer, self.person, act.union, superior, cause, note)

    def rule(
        self, act: Act, offer: TransferId, ruling: Ruling, opinion: str = ""
    ) -> EscalationAnswered:
        """The superior answers. Raises: NoSuchOffer, NothingEscalated."""
        if self.id is None or self.person is None or offer not in self.offers:
            raise NoSuchOffer(offer=offer)
        if self.offers[offer].escalated_to != act.union:
            raise NothingEscalated(offer=offer, to=self.offers[offer].escalated_to)
        return EscalationAnswered(self.id, offer, self.person, act.union, ruling, opinion)

    # ── what the decisions have in common ──

    def _open_offer(self, offer: TransferId) -> Offer:
        told = self.offers.get(offer)
        if told is None or not told.open or told.to_union is None:
            raise NoSuchOffer(offer=offer, state=told.state if told else None)
        return told

    def _to_answer(
        self, act: Act, offer: TransferId, union: UnionId, line: Sequence[UnionId]
    ) -> Offer:
        """The offer, if this union may answer it now."""
        if self.id is None or self.person is None:
            raise NotAMember(offer=offer)
        told = self._open_offer(offer)
        if told.answer is not None:
            raise OfferAnswered(offer=offer, answer=told.answer)
        if told.to_union not in {union, *line} or act.union not in {union, told.to_union}:
            raise NotAddressedToYou(to=told.to_union, union=union)
        return told

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case TransferOffered() as e:
                self._know(e.membership, e.person)
                self._note(
                    e.offer, from_union=e.from_union, from_origin=fact.origin, to_union=e.to_union,
                    to_origin=e.to_origin, offered_on=fact.on, deadline=e.deadline,
                )  # fmt: skip
            case TransferAccepted() as e:
                self._know(e.membership, e.person)
                self._note(
                    e.offer, from_union=e.from_union, answer=Answer.ACCEPTED, receiver=e.union,
                    answered_on=fact.on, answered_at=fact.origin, employer=e.employer, trade=e.trade,
                )  # fmt: skip
            case TransferDeclined() as e:
                self._know(e.membership, e.person)
                self._note(
                    e.offer, from_union=e.from_union, answer=Answer.DECLINED, receiver=e.union,
                    answered_on=fact.on, answered_at=fact.origin, ground=e.ground, follow_up=e.follow_up,
                )  # fmt: skip
            case MembershipReleased() as e:
                self._know(e.membership, e.person)
                self._note(
                    e.offer, from_union=e.union, receiver=e.to_union, to_origin=e.to_origin,
                    outcome=Outcome.RELEASED, outcome_on=fact.on, moves=e.moves,
                )  # fmt: skip
                self._move(fact, e.moves, Holder(e.to_union, e.to_origin), e.since)
            case MembershipReceived() as e:
                self._know(e.membership, e.person)
                self._note(
                    e.offer, from_union=e.from_union, receiver=e.union, moves=e.moves,
                    received=True,
                )  # fmt: skip
                self._move(fact, e.moves, Holder(e.union, fact.origin), e.since)
                here = self.offers[e.offer]
                self.employer, self.trade = here.employer, here.trade
            case TransferReturned() as e:
                self._note(e.offer, outcome=Outcome.RETURNED, outcome_on=fact.on)
            case TransferLapsed() as e:
                self._note(e.offer, outcome=Outcome.LAPSED, outcome_on=fact.on)
            case TransferWithdrawn() as e:
                self._note(e.offer, outcome=Outcome.WITHDRAWN, outcome_on=fact.on)
            case AcceptanceVoided() as e:
                self._note(e.offer, voided=True)
            case TransferEscalated() as e:
                self._note(e.offer, escalated_to=e.superior)
            case EscalationAnswered() as e:
                self._note(e.offer, ruling=e.ruling)
            case _:
                super().after(fact)
