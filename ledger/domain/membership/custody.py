"""Who holds a membership (会籍归属), and who did on any day.

One enrolment is one stream, in the journal of each province that holds or held it. The facts of
all sides are folded together in whatever order they were learned. What makes that safe is one
number: `moves`, how often the membership has changed hands. Only its holder's own record moves a
membership, so each number is given once, and the release with the highest one says who holds it.
"""

from dataclasses import dataclass, replace
from datetime import date

from ledger.domain.ids import MembershipId, PersonId, TransferId, UnionId
from ledger.domain.kernel import Act, Aggregate, Fact, Office
from ledger.domain.membership.rules import (
    NotAMember,
    NotTheHolder,
)
from ledger.domain.membership.words import (
    Answer,
    Ending,
    OfferState,
    Outcome,
    Ruling,
)


@dataclass(frozen=True)
class Holder:
    """A union, and the journal that it stands in."""

    union: UnionId
    origin: str


@dataclass(frozen=True)
class Holding:
    """From `since`, a membership is held so; until a later one, or a further move, says else."""

    moves: int
    since: date
    order: int
    holder: Holder
    retained: bool = False

    @property
    def place(self) -> tuple[int, date, int]:
        return self.moves, self.since, self.order


@dataclass(frozen=True)
class Management:
    """Another union manages the member by entrustment, from `since` until `until` (excluded)."""

    moves: int
    union: UnionId
    since: date
    until: date | None = None

    def holds(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on < self.until)

    def cut(self, union: UnionId, on: date) -> "Management":
        """The same, ended on that day if it is this union's and still ran."""
        runs = self.union == union and (self.until is None or on < self.until)
        return replace(self, until=on) if runs else self


@dataclass(frozen=True)
class Offer:
    """One offer of transfer with what both sides did about it, as far as is known here."""

    id: TransferId
    from_union: UnionId | None = None
    from_origin: str = ""
    to_union: UnionId | None = None
    to_origin: str = ""
    offered_on: date | None = None
    deadline: date | None = None
    answer: Answer | None = None
    answered_on: date | None = None
    answered_at: str = ""  # the journal of the answer
    receiver: UnionId | None = None
    employer: str = ""
    trade: str = ""
    ground: str | None = None
    follow_up: date | None = None
    outcome: Outcome | None = None
    outcome_on: date | None = None
    moves: int = 0
    received: bool = False
    voided: bool = False
    escalated_to: UnionId | None = None
    ruling: Ruling | None = None

    @property
    def state(self) -> OfferState:
        if self.received:
            return OfferState.RECEIVED
        if self.outcome is not None:
            return OfferState(self.outcome)
        return OfferState(self.answer) if self.answer is not None else OfferState.OPEN

    @property
    def open(self) -> bool:
        """No outcome is known, so the membership is still where it was."""
        return self.outcome is None and not self.received

    def serves(self, on: date) -> bool:
        """Whether the receiver serves by its acceptance alone, before custody or without it."""
        if self.answer is not Answer.ACCEPTED or self.answered_on is None or on < self.answered_on:
            return False
        if self.outcome is Outcome.RELEASED or self.received:
            return False
        return self.outcome_on is None or on < self.outcome_on

    def overdue(self, today: date) -> bool:
        return self.open and self.answer is None and bool(self.deadline and today > self.deadline)


class Custody(Aggregate):
    """What is known of one membership: the ground on which every decision about it stands."""

    def __init__(self) -> None:
        self.id: MembershipId | None = None
        self.person: PersonId | None = None
        self.first: date | None = None  # member since, over all unions
        self.holdings: list[Holding] = []
        self.managements: list[Management] = []
        self.offers: dict[TransferId, Offer] = {}
        self.employer = self.trade = ""
        self.ended: tuple[int, date, Ending] | None = None
        self._moves_at: dict[str, int] = {}  # by origin: the moves that its own latest fact knew

    # ── questions ──

    @property
    def moves(self) -> int:
        """How often the membership has changed hands, as far as is known here."""
        return max((held.moves for held in self.holdings), default=0)

    @property
    def holding(self) -> Holding | None:
        """How it is held now, as far as is known here."""
        return max(self.holdings, key=lambda held: held.place, default=None)

    @property
    def holder(self) -> Holder | None:
        """Who holds it now; None before enrolment and after the end."""
        held = self.holding
        return held.holder if held is not None and self.ending is None else None

    @property
    def union(self) -> UnionId | None:
        """The union that it belongs to now (会籍所在工会)."""
        return self.holder.union if self.holder else None

    @property
    def ending(self) -> Ending | None:
        """How it ended. What a side ends that it no longer held ends nothing."""
        return self.ended[2] if self.ended and self.ended[0] >= self.moves else None

    @property
    def retained(self) -> bool:
        return self.holder is not None and self.holding is not None and self.holding.retained

    @property
    def offer(self) -> Offer | None:
        """The offer that is open, if there is one."""
        return next((o for o in self.offers.values() if o.open and o.to_union is not None), None)

    @property
    def since(self) -> date | None:
        """Member since (会龄起算)."""
        return self.first

    def member_on(self, on: date) -> bool:
        """Whether the person was a member on that day; of some union, it does not matter which."""
        if self.first is None or on < self.first:
            return False
        return self.ending is None or self.ended is None or on < self.ended[1]

    def holding_on(self, on: date) -> Holding | None:
        """How it was held on that day, as far as is known here."""
        begun = [held for held in self.holdings if held.since <= on and self.member_on(on)]
        return max(begun, key=lambda held: held.place, default=None)

    def responsible(self, on: date) -> Holder | None:
        """Which union answered for the worker on that day.

        The origin until it released, and for dates the release takes effect with the acceptance.
        """
        held = self.holding_on(on)
        return held.holder if held else None

    def managing(self, on: date) -> UnionId | None:
        """Which union manages the member on that day: its own, or the one entrusted (T10)."""
        held = self.holding_on(on)
        if held is None:
            return None
        entrusted = [m.union for m in self.managements if m.moves == held.moves and m.holds(on)]
        return entrusted[-1] if entrusted else held.holder.union

    def serving(self, on: date) -> UnionId | None:
        """Which union serves the worker on that day: the receiver from its acceptance on."""
        accepted = [o.receiver for o in self.offers.values() if o.serves(on)]
        return accepted[-1] if accepted and self.member_on(on) else self.managing(on)

    # ── what the parts of the fold have in common ──

    def _know(self, membership: MembershipId, person: PersonId) -> None:
        self.id, self.person = membership, person

    def _begin(self, fact: Fact, union: UnionId, since: date, first: date) -> None:
        """Custody begins: enrolled, loaded, or taken in from outside; a member since `first`."""
        self.first = first if self.first is None else min(self.first, first)
        self._moves_at.setdefault(fact.origin, 0)
        self._hold(0, since, Holder(union, fact.origin))

    def _move(self, fact: Fact, moves: int, holder: Holder, first: date) -> None:
        """Custody moves: by the release, or by the receipt that proves one."""
        self.first = first if self.first is None else min(self.first, first)
        if holder.origin == fact.origin:
            self._moves_at[fact.origin] = moves
        if not any(held.moves == moves and held.holder == holder for held in self.holdings):
            self._hold(moves, fact.on, holder)

    def _keep(self, fact: Fact, union: UnionId, *, retained: bool) -> None:
        """The holder's journal says how it is held: retained or ordinary, and by which union.

        Nobody keeps what is not held yet: dated earlier, it holds from the day that custody began.
        """
        moves = self._known_to(fact)
        begun = next((each.since for each in self.holdings if each.moves == moves), fact.on)
        self._hold(moves, max(fact.on, begun), Holder(union, fact.origin), retained=retained)

    def _end(self, fact: Fact, ending: Ending) -> None:
        self.ended = (self._known_to(fact), fact.on, ending)

    def _known_to(self, fact: Fact) -> int:
        """How many moves the journal of a fact knew of when it was recorded."""
        return self._moves_at.get(fact.origin, self.moves)

    def _hold(self, moves: int, since: date, holder: Holder, *, retained: bool = False) -> None:
        order = len(self.holdings)
        self.holdings.append(Holding(moves, since, order, holder, retained))

    def _note(self, offer: TransferId, **known: object) -> None:
        """Adds to what is known of an offer, whichever side's fact arrives first."""
        before = self.offers.get(offer) or Offer(offer)
        self.offers[offer] = replace(before, **known)

    def after(self, fact: Fact) -> None:
        """Folds nothing: each part of the room folds its own facts, and passes the rest on."""

    # ── what the parts of the decisions have in common ──

    def _held(self, act: Act, *also: UnionId) -> tuple[MembershipId, PersonId, Holder]:
        """The membership as its holder has it; others of `also` may act beside the holder.

        A receiver decides once its receipt is on record: so each journal's facts tell by
        themselves after how many moves they were recorded.

        Raises: NotAMember, NotTheHolder.
        """
        if self.id is None or self.person is None or self.holder is None:
            raise NotAMember(ending=self.ending)
        if any(o.moves == self.moves and not o.received for o in self.offers.values() if o.moves):
            raise NotTheHolder(holder=self.holder.union, received=False)
        self._acts_for(act, self.holder, *also)
        return self.id, self.person, self.holder

    @staticmethod
    def _acts_for(act: Act, holder: Holder, *also: UnionId) -> None:
        if act.office is Office.PROCEDURE:
            return
        elsewhere = act.origin and act.origin != holder.origin
        if elsewhere or act.union not in (holder.union, *also):
            raise NotTheHolder(holder=holder.union)
