"""Leading and helping (主办与协办): one lead, any number of unions that take part.

The lead moves as custody of a membership does: offered, accepted, released. Only the lead's own
record moves it, so no clock and no silent partner makes two leads or none.
"""

from collections.abc import Iterable
from datetime import date

from ledger.domain.ids import CaseId, StepId, UnionId
from ledger.domain.kernel import Act, Claim, Code, Event, Fact, Office, Scope
from ledger.domain.rights.opening import Opening
from ledger.domain.rights.rules import (
    AlreadyInTheCase,
    DueBeforeItBegins,
    LeadNotOfferedToYou,
    LeadOfferAnswered,
    LeadOfferOpen,
    LeadOutcomeGiven,
    LeadToItself,
    NoLeadOffer,
    NotAskedToHelp,
)
from ledger.domain.rights.standing import Lead, LeadOffer, Side
from ledger.domain.rights.words import Handover, HandoverEnd, HelpKind, NoHelp

_SPEAKERS = (Office.LIAISON, Office.STATION, Office.LEGAL, Office.CLERK)


class HelpAsked(Event, by=_SPEAKERS, scope=Scope.RIGHTS):
    """商请协作: another union is asked to handle jointly, to act for us, or to look into it."""

    case: CaseId
    step: StepId
    kind: HelpKind
    union: UnionId
    to_union: UnionId
    to_origin: Code
    due: date


class CaseJoined(Event, by=_SPEAKERS, scope=Scope.RIGHTS):
    """参与办理: the union that was asked takes part from this day on."""

    case: CaseId
    step: StepId
    union: UnionId


class HelpDeclined(Event, by=_SPEAKERS, scope=Scope.RIGHTS):
    """不予协作: the union that was asked does not take part, on a ground."""

    case: CaseId
    step: StepId
    union: UnionId
    ground: NoHelp


class CaseLeft(Event, by=_SPEAKERS, scope=Scope.RIGHTS):
    """退出协办: the union takes part no longer."""

    case: CaseId
    union: UnionId


class LeadOffered(Event, by=_SPEAKERS, scope=Scope.RIGHTS):
    """移交主办: offered to another union, to be answered by the deadline; until then we lead."""

    case: CaseId
    step: StepId
    union: UnionId
    to_union: UnionId
    to_origin: Code
    reason: Handover
    deadline: date


class LeadAccepted(Event, by=_SPEAKERS, scope=Scope.RIGHTS):
    """同意接办: an undertaking; the lead moves when the other side releases it."""

    case: CaseId
    step: StepId
    union: UnionId

    def takes(self) -> Iterable[Claim]:
        yield Claim(LeadOfferAnswered, self.step)


class LeadDeclined(Event, by=_SPEAKERS, scope=Scope.RIGHTS):
    """不予接办: on a ground."""

    case: CaseId
    step: StepId
    union: UnionId
    ground: NoHelp

    def takes(self) -> Iterable[Claim]:
        yield Claim(LeadOfferAnswered, self.step)


class LeadReleased(Event, by=Office.PROCEDURE, scope=Scope.RIGHTS):
    """主办移出: the lead is the other union's, by its `turn`-th hand-over."""

    case: CaseId
    step: StepId
    union: UnionId
    to_union: UnionId
    to_origin: Code
    turn: int

    def takes(self) -> Iterable[Claim]:
        yield Claim(LeadOutcomeGiven, self.step)


class LeadReturned(Event, by=Office.PROCEDURE, scope=Scope.RIGHTS):
    """移交退回: it was declined; we go on leading."""

    case: CaseId
    step: StepId
    union: UnionId
    ground: NoHelp

    def takes(self) -> Iterable[Claim]:
        yield Claim(LeadOutcomeGiven, self.step)


class LeadLapsed(Event, by=Office.PROCEDURE, scope=Scope.RIGHTS):
    """移交逾期失效: no answer came in time; we go on leading."""

    case: CaseId
    step: StepId
    union: UnionId

    def takes(self) -> Iterable[Claim]:
        yield Claim(LeadOutcomeGiven, self.step)


class LeadWithdrawn(Event, by=_SPEAKERS, scope=Scope.RIGHTS):
    """撤回移交: before an answer is known; we go on leading."""

    case: CaseId
    step: StepId
    union: UnionId

    def takes(self) -> Iterable[Claim]:
        yield Claim(LeadOutcomeGiven, self.step)


class Leading(Opening):
    """The part of a case that is who leads it and who takes part."""

    # ── helping ──

    def ask_help(
        self, act: Act, step: StepId, kind: HelpKind, to_union: UnionId, to_origin: Code, due: date
    ) -> HelpAsked:
        """Raises: NotTheLead, CaseIsClosed, AlreadyInTheCase, DueBeforeItBegins."""
        case = self._led(act)
        side = self.sides.get(to_union)
        if self.takes_part(to_union) or (side is not None and side.waiting):
            raise AlreadyInTheCase(union=to_union)
        if due < act.on:
            raise DueBeforeItBegins(due=due.isoformat())
        return HelpAsked(case, step, kind, act.union, to_union, to_origin, due)

    def join(self, act: Act) -> CaseJoined:
        """Raises: CaseIsClosed, NotAskedToHelp."""
        return CaseJoined(self._opened(), self._asked(act.union), act.union)

    def decline_help(self, act: Act, ground: NoHelp) -> HelpDeclined:
        """Raises: NotAskedToHelp."""
        return HelpDeclined(self._case(), self._asked(act.union), act.union, ground)

    def leave(self, act: Act) -> CaseLeft:
        """Raises: NotAskedToHelp."""
        side = self.sides.get(act.union)
        if side is None or not side.takes_part:
            raise NotAskedToHelp(union=act.union)
        return CaseLeft(self._case(), act.union)

    def _asked(self, union: UnionId) -> StepId:
        side = self.sides.get(union)
        if side is None or not side.waiting or side.step is None:
            raise NotAskedToHelp(union=union)
        return side.step

    # ── the lead's side of a hand-over ──

    def offer_lead(
        self, act: Act, step: StepId, to_union: UnionId, to_origin: Code, reason: Handover,
        deadline: date,
    ) -> LeadOffered:  # fmt: skip
        """Raises: NotTheLead, CaseIsClosed, LeadOfferOpen, LeadToItself, DueBeforeItBegins."""
        case = self._led(act)
        if self.offer is not None:
            raise LeadOfferOpen(step=self.offer.id, to=self.offer.to_union)
        if to_union == act.union:
            raise LeadToItself(union=to_union)
        if deadline < act.on:
            raise DueBeforeItBegins(due=deadline.isoformat())
        return LeadOffered(case, step, act.union, to_union, to_origin, reason, deadline)

    def withdraw_lead(self, act: Act, step: StepId) -> LeadWithdrawn:
        """Raises: NotTheLead, NoLeadOffer, LeadOfferAnswered."""
        case, offer = self._led(act, open_=False), self._open_offer(step)
        if offer.accepted is not None:
            raise LeadOfferAnswered(step=step)
        return LeadWithdrawn(case, step, act.union)

    def conclude_lead(self, step: StepId, here: str) -> LeadReleased | LeadReturned | None:
        """What follows, at the lead, from the other side's answer; None where nothing does.

        `here` is the journal that asks: only the offer's own gives its outcome. Written by
        procedure, with no officer's choice, to take effect on the day of the answer.
        """
        offer = self.offers.get(step)
        if offer is None or not offer.open or offer.accepted is None or offer.from_origin != here:
            return None
        assert offer.from_union is not None
        assert offer.to_union is not None
        if not offer.accepted:
            ground = offer.ground or NoHelp.OTHER
            return LeadReturned(self._case(), step, offer.from_union, ground)
        return LeadReleased(
            self._case(), step, offer.from_union, offer.to_union, Code(offer.to_origin),
            self.turn + 1,
        )  # fmt: skip

    def lapse_lead(self, step: StepId, here: str, today: date) -> LeadLapsed | None:
        """The deadline has passed by the lead's own clock, and no answer has been applied."""
        offer = self.offers.get(step)
        if offer is None or not offer.overdue(today) or offer.from_origin != here:
            return None
        assert offer.from_union is not None
        return LeadLapsed(self._case(), step, offer.from_union)

    # ── the other side of it ──

    def accept_lead(self, act: Act, step: StepId) -> LeadAccepted:
        """Raises: NoLeadOffer, LeadOfferAnswered, LeadNotOfferedToYou."""
        self._to_answer(act, step)
        return LeadAccepted(self._case(), step, act.union)

    def decline_lead(self, act: Act, step: StepId, ground: NoHelp) -> LeadDeclined:
        """Raises: NoLeadOffer, LeadOfferAnswered, LeadNotOfferedToYou."""
        self._to_answer(act, step)
        return LeadDeclined(self._case(), step, act.union, ground)

    def _to_answer(self, act: Act, step: StepId) -> None:
        offer = self._open_offer(step)
        if offer.accepted is not None:
            raise LeadOfferAnswered(step=step)
        if offer.to_union != act.union:
            raise LeadNotOfferedToYou(to=offer.to_union, union=act.union)

    def _open_offer(self, step: StepId) -> LeadOffer:
        offer = self.offers.get(step)
        if offer is None or not offer.open or offer.to_union is None:
            raise NoLeadOffer(step=step, end=offer.end if offer else None)
        return offer

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case HelpAsked() as e:
                self.sides[e.to_union] = Side(
                    e.to_union, e.to_origin, e.step, e.kind, fact.on, e.due
                )
            case CaseJoined() as e:
                side = self.sides.setdefault(e.union, Side(e.union))
                side.origin, side.step = fact.origin or side.origin, e.step
                side.joined_on, side.left_on = fact.on, None
            case HelpDeclined() as e:
                self.sides.setdefault(e.union, Side(e.union, step=e.step)).declined = e.ground
            case CaseLeft() as e:
                self.sides.setdefault(e.union, Side(e.union)).left_on = fact.on
            case LeadOffered() as e:
                offer = self._offer(e.step)
                offer.from_union, offer.from_origin = e.union, fact.origin
                offer.to_union, offer.to_origin = e.to_union, e.to_origin
                offer.reason, offer.offered_on, offer.deadline = e.reason, fact.on, e.deadline
            case LeadAccepted() as e:
                self._answered(e.step, fact.on, accepted=True)
            case LeadDeclined() as e:
                self._answered(e.step, fact.on, accepted=False)
                self.offers[e.step].ground = e.ground
            case LeadReleased() as e:
                self._offer(e.step).end = HandoverEnd.RELEASED
                self.leads[e.turn] = Lead(e.turn, e.to_union, e.to_origin, fact.on)
                self._goes_on_helping(e.union, fact)
            case LeadReturned() as e:
                self._offer(e.step).end = HandoverEnd.RETURNED
            case LeadLapsed() as e:
                self._offer(e.step).end = HandoverEnd.LAPSED
            case LeadWithdrawn() as e:
                self._offer(e.step).end = HandoverEnd.WITHDRAWN
            case _:
                super().after(fact)

    def _offer(self, step: StepId) -> LeadOffer:
        return self.offers.setdefault(step, LeadOffer(step))

    def _answered(self, step: StepId, on: date, *, accepted: bool) -> None:
        offer = self._offer(step)
        offer.accepted, offer.answered_on = accepted, on

    def _goes_on_helping(self, union: UnionId, fact: Fact) -> None:
        """Who has handed the lead over takes part from then on."""
        side = self.sides.setdefault(union, Side(union))
        side.origin, side.joined_on, side.left_on = fact.origin, fact.on, None
