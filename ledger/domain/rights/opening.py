"""Opening (立案与诉求): who claims what of whom, each claimant apart, revised as facts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.domain.ids import CaseId, MembershipId, PersonId, StationId, UnionId
from ledger.domain.kernel import (
    Act,
    CaseText,
    Claim,
    Code,
    Event,
    Fact,
    Fen,
    Office,
    Scope,
)
from ledger.domain.rights.money import NOTHING, Money, summed
from ledger.domain.rights.rules import (
    AmountBelowZero,
    CaseNumberTaken,
    ClaimantAlready,
    ClaimUnchanged,
    NoClaimant,
    NoEmployerNamed,
    NoSuchParty,
    TooFewToBeRepresented,
)
from ledger.domain.rights.standing import CaseParty, Lead, Standing
from ledger.domain.rights.words import CaseKind, Intake, PartyRole, Priority, Revision

WORKERS = (Office.CLERK, Office.STATION, Office.LEGAL, Office.LIAISON)
"""The offices that work on a case."""

REPRESENTED_FROM = 10
"""From so many claimants on they may choose representatives (L5 art. 7)."""


@dataclass(frozen=True)
class Claiming:
    """What one claimant asks for, as it is taken down."""

    person: PersonId
    asked: Money = NOTHING
    against: int = 1
    since: date | None = None
    until: date | None = None
    membership: MembershipId | None = None
    story: str = ""


# ── events ───────────────────────────────────────────────────────────────────────────────────


class CaseOpened(Event, by=WORKERS, scope=Scope.RIGHTS):
    """立案: taken in for so many claimants who ask for so much in all; who opens it leads."""

    case: CaseId
    number: Code
    kind: CaseKind
    union: UnionId
    channel: Intake
    priority: Priority
    place: Code  # division where the work was done
    parties: tuple[CaseParty, ...]
    claimants: int
    wages: Fen
    compensation: Fen
    station: StationId | None = None
    paper: Code | None = None

    def takes(self) -> Iterable[Claim]:
        yield Claim(CaseNumberTaken, self.number)


class ClaimantsAdded(Event, by=WORKERS, scope=Scope.RIGHTS):
    """增加职工: further claimants join the case, with so much in all."""

    case: CaseId
    union: UnionId
    claimants: int
    wages: Fen
    compensation: Fen


class ClaimMade(Event, by=WORKERS, scope=Scope.RIGHTS):
    """提出诉求: what one claimant asks for, of which party (from 1), owed since when."""

    case: CaseId
    person: PersonId
    wages: Fen
    compensation: Fen
    against: int = 1
    since: date | None = None
    until: date | None = None
    membership: MembershipId | None = None
    story: CaseText = ""


class ClaimRevised(Event, by=WORKERS, scope=Scope.RIGHTS):
    """变更诉求: the claimant asks for so much from this day on, in place of the last amount."""

    case: CaseId
    person: PersonId
    wages: Fen
    compensation: Fen
    why: Revision
    remark: CaseText = ""


class ClaimWithdrawn(Event, by=WORKERS, scope=Scope.RIGHTS):
    """撤回诉求: this claimant asks for nothing more; the others go on."""

    case: CaseId
    person: PersonId
    remark: CaseText = ""


class RepresentativeChosen(Event, by=WORKERS, scope=Scope.RIGHTS):
    """推举代表: this claimant speaks for the others."""

    case: CaseId
    person: PersonId


class PartyNamed(Event, by=WORKERS, scope=Scope.RIGHTS):
    """追加当事人: one more to be called to account, under its number."""

    case: CaseId
    number: int
    party: CaseParty


# ── decisions and folding ────────────────────────────────────────────────────────────────────


class Opening(Standing):
    """The part of a case that is who claims what of whom."""

    @classmethod
    def open(
        cls, act: Act, case: CaseId, number: Code, kind: CaseKind, channel: Intake, place: Code,
        parties: Sequence[CaseParty], claims: Sequence[Claiming], *,
        priority: Priority = Priority.ORDINARY, station: StationId | None = None,
        paper: Code | None = None,
    ) -> list[Event]:  # fmt: skip
        """Takes a case in: the head, and a record for each claimant.

        Raises: NoClaimant, NoEmployerNamed, NoSuchParty, ClaimantAlready, AmountBelowZero.
        """
        _check_parties(parties)
        _check_claims(claims, len(parties), ())
        asked = summed(claim.asked for claim in claims)
        head = CaseOpened(
            case, number, kind, act.union, channel, priority, place, tuple(parties), len(claims),
            asked.wages, asked.compensation, station, paper,
        )  # fmt: skip
        return [head, *(_made(case, claim) for claim in claims)]

    def add(self, act: Act, claims: Sequence[Claiming]) -> list[Event]:
        """Takes in further claimants.

        Raises: NotInTheCase, CaseIsClosed, NoClaimant, NoSuchParty, ClaimantAlready,
        AmountBelowZero.
        """
        case = self._helped(act)
        _check_claims(claims, max(self.parties, default=0), [claim.person for claim in self.active])
        asked = summed(claim.asked for claim in claims)
        head = ClaimantsAdded(case, act.union, len(claims), asked.wages, asked.compensation)
        return [head, *(_made(case, claim) for claim in claims)]

    def revise(
        self, act: Act, person: PersonId, asked: Money, why: Revision, remark: str = ""
    ) -> ClaimRevised:
        """Raises: NotInTheCase, CaseIsClosed, NotAClaimant, AmountBelowZero, ClaimUnchanged."""
        case, claim = self._helped(act), self._claim(person)
        if asked.negative:
            raise AmountBelowZero(person=person)
        if asked == claim.asked:
            raise ClaimUnchanged(person=person)
        return ClaimRevised(case, person, asked.wages, asked.compensation, why, remark)

    def withdraw_claim(self, act: Act, person: PersonId, remark: str = "") -> ClaimWithdrawn:
        """Raises: NotInTheCase, CaseIsClosed, NotAClaimant."""
        case = self._helped(act)
        return ClaimWithdrawn(case, self._claim(person).person, remark)

    def choose(self, act: Act, person: PersonId) -> RepresentativeChosen:
        """Raises: NotInTheCase, CaseIsClosed, NotAClaimant, TooFewToBeRepresented."""
        case, claim = self._helped(act), self._claim(person)
        claimants = len(self.active) + self.unknown
        if claimants < REPRESENTED_FROM:
            raise TooFewToBeRepresented(claimants=claimants)
        return RepresentativeChosen(case, claim.person)

    def name_party(self, act: Act, party: CaseParty) -> PartyNamed:
        """Raises: NotTheLead, CaseIsClosed, NoEmployerNamed."""
        case = self._led(act)
        if not party.name.strip():
            raise NoEmployerNamed()
        return PartyNamed(case, max(self.parties, default=0) + 1, party)

    def _party(self, number: int | None) -> int | None:
        """Raises: NoSuchParty."""
        if number is not None and number not in self.parties:
            raise NoSuchParty(party=number)
        return number

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case CaseOpened() as e:
                self.id, self.number, self.kind, self.opened_on = e.case, e.number, e.kind, fact.on
                self.parties.update(enumerate(e.parties, 1))
                self.declared += e.claimants
                self.leads[0] = Lead(0, e.union, fact.origin, fact.on)
            case ClaimantsAdded() as e:
                self.declared += e.claimants
            case ClaimMade() as e:
                self.made += 1
                claim = self._know_claim(e.person)
                claim.asked, claim.against = Money(e.wages, e.compensation), e.against
                claim.since, claim.membership = e.since, e.membership
                claim.made_on, claim.withdrawn_on, claim.called = fact.on, None, False
            case ClaimRevised() as e:
                self._know_claim(e.person).asked = Money(e.wages, e.compensation)
            case ClaimWithdrawn() as e:
                self._know_claim(e.person).withdrawn_on = fact.on
            case RepresentativeChosen() as e:
                self._know_claim(e.person).represents = True
            case PartyNamed() as e:
                self.parties[e.number] = e.party
            case _:
                super().after(fact)


def _check_parties(parties: Sequence[CaseParty]) -> None:
    bound = {PartyRole.EMPLOYER, PartyRole.LABOUR_COMPANY}
    named = all(party.name.strip() for party in parties)
    if not named or not any(party.role in bound for party in parties):
        raise NoEmployerNamed(parties=len(parties))


def _check_claims(claims: Sequence[Claiming], parties: int, already: Collection[PersonId]) -> None:
    if not claims:
        raise NoClaimant()
    seen = set(already)
    for claim in claims:
        if claim.person in seen:
            raise ClaimantAlready(person=claim.person)
        if claim.asked.negative:
            raise AmountBelowZero(person=claim.person)
        if not 1 <= claim.against <= parties:
            raise NoSuchParty(party=claim.against)
        seen.add(claim.person)


def _made(case: CaseId, claim: Claiming) -> ClaimMade:
    return ClaimMade(
        case, claim.person, claim.asked.wages, claim.asked.compensation, claim.against,
        claim.since, claim.until, claim.membership, claim.story,
    )  # fmt: skip
