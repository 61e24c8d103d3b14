"""What is known of a case (案情): the ground on which every decision about it stands.

The facts of both provinces' journals are folded together in whatever order they were learned. Two
numbers make that safe: `turn`, how often the lead has moved, given once each because only the
lead's own record moves it; and the closure's own id, which a reopening names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Self

from ledger.domain.ids import CaseId, MembershipId, PersonId, StepId, UnionId
from ledger.domain.kernel import Act, Aggregate, Code, Fact, Fen, PublicText
from ledger.domain.rights.money import NOTHING, Money, summed
from ledger.domain.rights.rules import CaseIsClosed, NotAClaimant, NotInTheCase, NotTheLead
from ledger.domain.rights.words import (
    CaseKind,
    Handover,
    HandoverEnd,
    HelpKind,
    Means,
    NoHelp,
    Outcome,
    PartyRole,
    Payer,
    Proof,
)


@dataclass(frozen=True)
class CaseParty:
    """Who is called to account (对方当事人): an employer, and no natural person."""

    role: PartyRole
    name: PublicText
    credit_code: Code | None = None


@dataclass(frozen=True)
class Lead:
    """Who leads a case since its `turn`-th hand-over (主办), and the journal that it stands in."""

    turn: int
    union: UnionId
    origin: str
    since: date


@dataclass
class Side:
    """A union that was asked to take part (协办), and what it answered."""

    union: UnionId
    origin: str = ""
    step: StepId | None = None
    kind: HelpKind | None = None
    asked_on: date | None = None
    due: date | None = None
    joined_on: date | None = None
    declined: NoHelp | None = None
    left_on: date | None = None

    @property
    def takes_part(self) -> bool:
        return self.joined_on is not None and self.left_on is None

    @property
    def waiting(self) -> bool:
        return self.step is not None and self.joined_on is None and self.declined is None


@dataclass
class LeadOffer:
    """One offer of the lead (主办移交), with what both sides did about it."""

    id: StepId
    from_union: UnionId | None = None
    from_origin: str = ""
    to_union: UnionId | None = None
    to_origin: str = ""
    reason: Handover | None = None
    offered_on: date | None = None
    deadline: date | None = None
    accepted: bool | None = None
    answered_on: date | None = None
    ground: NoHelp | None = None
    end: HandoverEnd | None = None

    @property
    def open(self) -> bool:
        return self.end is None

    def overdue(self, today: date) -> bool:
        late = self.deadline is not None and today > self.deadline
        return self.open and self.accepted is None and late


@dataclass
class Claim:
    """What one claimant asks for (诉求), as it stands."""

    person: PersonId
    asked: Money = NOTHING
    against: int = 1  # which party, from 1
    since: date | None = None
    membership: MembershipId | None = None
    made_on: date | None = None
    withdrawn_on: date | None = None
    agreed: Money | None = None
    settlement: StepId | None = None
    represents: bool = False
    called: bool = False  # since the case, or this claim, was last opened
    receipts: dict[StepId, Proof | None] = field(default_factory=dict[StepId, "Proof | None"])

    def copy(self) -> "Claim":
        """The same claim, to be folded on apart."""
        made = Claim.__new__(Claim)  # of thousands: `replace` would take ten times as long
        made.__dict__ |= self.__dict__
        made.receipts = self.receipts.copy()
        return made

    @property
    def active(self) -> bool:
        return self.made_on is not None and self.withdrawn_on is None

    @property
    def due(self) -> Money:
        """What is owed: what was agreed, else what is asked for; nothing once withdrawn."""
        if not self.active:
            return NOTHING
        return self.asked if self.agreed is None else self.agreed

    @property
    def denied(self) -> bool:
        """The claimant says of some share that it never came."""
        return None in self.receipts.values()


@dataclass(frozen=True)
class Recovery:
    """One payment (到账): recorded by the lead, or reported by another side."""

    id: StepId
    instalment: int
    on: date
    payer: Payer
    means: Means
    amount: Money
    claimants: int
    counted: bool  # recorded by the lead; what others report is matched with it, never counted
    party: int | None = None
    reference: Code | None = None
    decider: str | None = None
    officer: PersonId | None = None
    union: UnionId | None = None
    office: str | None = None

    def is_one(
        self, reference: Code | None, on: date, payer: Payer, amount: Money, claimants: int
    ) -> bool:
        """Whether this is the payment: by the slip, else by day, payer, amount and claimants."""
        if self.reference is not None and reference is not None:
            return self.reference == reference
        return (self.on, self.payer, self.amount, self.claimants) == (on, payer, amount, claimants)


def matched(
    recoveries: Iterable[Recovery], told: Mapping[StepId, StepId] = MappingProxyType({})
) -> dict[StepId, StepId]:
    """Which report is which recorded recovery, in the order of their days.

    Several unions may report one payment, but each only once. `told`: what the lead has said to be
    one payment.
    """
    ordered = sorted(recoveries, key=lambda each: (each.on, each.id))
    found: dict[StepId, StepId] = {}
    taken: set[tuple[StepId, UnionId | None]] = set()
    for report in sorted(ordered, key=lambda each: each.id not in told):
        if report.counted:
            continue
        like = report.reference, report.on, report.payer, report.amount, report.claimants
        twins = (e.id for e in ordered if e.counted and e.is_one(*like))
        twin = told.get(report.id) or next(
            (each for each in twins if (each, report.union) not in taken), None
        )
        if twin is not None:
            found[report.id] = twin
            taken.add((twin, report.union))
    return found


@dataclass(frozen=True)
class Closure:
    """How a case was closed (结案), and what was said of it."""

    id: StepId
    on: date
    outcome: Outcome
    union: UnionId | None
    turn: int


class Standing(Aggregate):
    """One case, as far as its own facts tell; the parts of the law build on it."""

    grows_long = True  # five thousand claimants paid twelve times are not folded anew for a letter

    def __init__(self) -> None:
        self.id: CaseId | None = None
        self.number = Code("")
        self.kind: CaseKind | None = None
        self.opened_on: date | None = None
        self.parties: dict[int, CaseParty] = {}
        self.leads: dict[int, Lead] = {}
        self.sides: dict[UnionId, Side] = {}
        self.offers: dict[StepId, LeadOffer] = {}
        self.claims: dict[PersonId, Claim] = {}
        self.declared: int = 0  # how many claims the heads speak of
        self.made: int = 0  # and how many of them are known here
        self.recoveries: dict[StepId, Recovery] = {}
        self.shares: dict[StepId, dict[PersonId, Money]] = {}
        self.told_to_be: dict[StepId, StepId] = {}  # report → recovery, as the lead said
        self.closures: dict[StepId, Closure] = {}
        self.reopened: set[StepId] = set()
        self.disputed: dict[StepId, bool] = {}  # by closure: a dispute that waits for an answer

    def copy(self) -> Self:
        made = super().copy()
        made.claims = {person: claim.copy() for person, claim in self.claims.items()}
        made.sides = {union: replace(side) for union, side in self.sides.items()}
        made.offers = {step: replace(offer) for step, offer in self.offers.items()}
        made.shares = {step: parts.copy() for step, parts in self.shares.items()}
        return made

    # ── who ──

    @property
    def lead(self) -> Lead | None:
        """Who leads now, as far as is known here."""
        return self.leads[max(self.leads)] if self.leads else None

    @property
    def turn(self) -> int:
        return max(self.leads, default=0)

    @property
    def offer(self) -> LeadOffer | None:
        """The offer of the lead that is open."""
        return next((o for o in self.offers.values() if o.open and o.to_union is not None), None)

    def takes_part(self, union: UnionId) -> bool:
        """Whether it leads, or has joined and not left."""
        if self.lead is not None and self.lead.union == union:
            return True
        side = self.sides.get(union)
        return side is not None and side.takes_part

    @property
    def origins(self) -> set[str]:
        """The journals that record on this case, or were asked to."""
        asked = {offer.to_origin for offer in self.offers.values() if offer.open}
        sides = {each.origin for each in self.sides.values() if each.takes_part or each.waiting}
        led = {each.origin for each in self.leads.values()}
        return (asked | sides | led) - {""}

    # ── how much ──

    @property
    def active(self) -> list[Claim]:
        return [claim for claim in self.claims.values() if claim.active]

    @property
    def unknown(self) -> int:
        """Claimants of whom the heads speak and whose claims are not open here."""
        return max(0, self.declared - self.made)

    @property
    def counted(self) -> list[Recovery]:
        return [each for each in self.recoveries.values() if each.counted]

    @property
    def unmatched(self) -> list[Recovery]:
        """What others report and the lead has not recorded."""
        known = self.matched
        return [e for e in self.recoveries.values() if not e.counted and e.id not in known]

    @property
    def matched(self) -> dict[StepId, StepId]:
        """Which report is which payment that the lead has recorded."""
        return matched(self.recoveries.values(), self.told_to_be)

    def recovered(self, person: PersonId) -> Money:
        return summed(
            parts[person]
            for each in self.counted
            if person in (parts := self.shares.get(each.id, {}))
        )

    @property
    def recovered_by_all(self) -> dict[PersonId, Money]:
        """The same of every claimant, in one pass: of thousands one would be asked after the other."""
        sums: dict[PersonId, tuple[int, int]] = dict.fromkeys(self.claims, (0, 0))
        for each in self.counted:
            for person, part in self.shares.get(each.id, {}).items():
                wages, compensation = sums.get(person, (0, 0))
                sums[person] = wages + part.wages, compensation + part.compensation
        return {person: Money(Fen(w), Fen(c)) for person, (w, c) in sums.items()}

    def open_of(self, person: PersonId) -> Money:
        """What a claimant is still owed."""
        return self.recovered(person).short_of(self.claims[person].due)

    @property
    def all_recovered(self) -> Money:
        return summed(each.amount for each in self.counted)

    @property
    def claimed(self) -> Money:
        return summed(claim.asked for claim in self.active)

    @property
    def agreed(self) -> Money:
        return summed(claim.agreed for claim in self.active if claim.agreed is not None)

    @property
    def due(self) -> Money:
        return summed(claim.due for claim in self.active)

    @property
    def still_open(self) -> Money:
        recovered = self.recovered_by_all
        return summed(recovered[claim.person].short_of(claim.due) for claim in self.active)

    @property
    def unbalanced(self) -> list[StepId]:
        """Recoveries whose shares known here do not sum to their total: a share was corrected."""
        return [
            each.id
            for each in self.recoveries.values()
            if len(parts := self.shares.get(each.id, {})) == each.claimants
            and summed(parts.values()) != each.amount
        ]

    # ── where it stands ──

    @property
    def closure(self) -> Closure | None:
        """The closure that stands."""
        standing = [each for each in self.closures.values() if each.id not in self.reopened]
        return max(standing, key=lambda each: (each.turn, each.on, each.id), default=None)

    # ── what decisions ask first ──

    def _case(self) -> CaseId:
        assert self.id is not None
        return self.id

    def _led(self, act: Act, *, open_: bool = True) -> CaseId:
        """Raises: NotTheLead, CaseIsClosed."""
        lead = self.lead
        if lead is None or lead.union != act.union:
            raise NotTheLead(lead=lead.union if lead else None, union=act.union)
        return self._opened() if open_ else self._case()

    def _helped(self, act: Act) -> CaseId:
        """Raises: NotInTheCase, CaseIsClosed."""
        self._in(act)
        return self._opened()

    def _in(self, act: Act) -> CaseId:
        if not self.takes_part(act.union):
            raise NotInTheCase(union=act.union)
        return self._case()

    def _opened(self) -> CaseId:
        closure = self.closure
        if closure is not None:
            raise CaseIsClosed(on=closure.on.isoformat(), outcome=closure.outcome)
        return self._case()

    def _claim(self, person: PersonId) -> Claim:
        claim = self.claims.get(person)
        if claim is None or not claim.active:
            raise NotAClaimant(person=person)
        return claim

    def _know_claim(self, person: PersonId) -> Claim:
        return self.claims.setdefault(person, Claim(person))

    def after(self, fact: Fact) -> None:
        """The end of the chain of folds: a kind that nobody heeds."""
