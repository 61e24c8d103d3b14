"""Closing (回访与结案): called back, closed as the arithmetic allows, disputed, opened again."""

from collections.abc import Mapping, Sequence

from ledger.domain.ids import CaseId, PersonId, StepId, UnionId
from ledger.domain.kernel import Act, CaseText, Event, Fact, Fen, Office, Scope
from ledger.domain.rights.opening import WORKERS
from ledger.domain.rights.rules import (
    CaseIsOpen,
    EndingNotExplained,
    NotCalledBack,
    NothingDisputed,
    OutcomeNotBorneOut,
    OwnClosure,
    TriedTooFewTimes,
)
from ledger.domain.rights.settling import Settling
from ledger.domain.rights.standing import Closure
from ledger.domain.rights.words import (
    CaseState,
    Ending,
    Objection,
    Outcome,
    Outside,
    Reopening,
    Said,
)

_CLOSERS = (*WORKERS, Office.REVIEWER, Office.APPROVER, Office.CHAIR)
_OUTSIDE: Mapping[Outcome, Outside] = {
    Outcome.TRANSFERRED_TO_LABOUR_OFFICE: Outside.LABOUR_OFFICE,
    Outcome.TRANSFERRED_TO_ARBITRATION: Outside.ARBITRATION,
    Outcome.TRANSFERRED_TO_COURT: Outside.COURT,
}
_EXPLAINED = frozenset(Outcome) - {Outcome.RECOVERED_IN_FULL, Outcome.RESOLVED}


# ── events ───────────────────────────────────────────────────────────────────────────────────


class CalledBack(Event, by=(*WORKERS, Office.REVIEWER), scope=Scope.RIGHTS):
    """回访: what the claimant says of it, or that after so many tries nobody was reached."""

    case: CaseId
    person: PersonId
    reached: bool
    tries: int
    said: Said | None = None
    remark: CaseText = ""


class CaseClosed(Event, by=_CLOSERS, scope=Scope.RIGHTS):
    """结案: with the outcome that the arithmetic bears out; the sums are those of that day."""

    case: CaseId
    closure: StepId
    union: UnionId
    turn: int
    outcome: Outcome
    claimants: int
    wages_due: Fen
    compensation_due: Fen
    wages_recovered: Fen
    compensation_recovered: Fen
    wages_open: Fen
    compensation_open: Fen
    why: Ending | None = None
    into: CaseId | None = None


class ClosureDisputed(Event, by=_CLOSERS, scope=Scope.RIGHTS):
    """结案异议: a union of the other side does not agree that the case is closed so."""

    case: CaseId
    closure: StepId
    union: UnionId
    ground: Objection
    person: PersonId | None = None
    remark: CaseText = ""


class ClosureUpheld(Event, by=_CLOSERS, scope=Scope.RIGHTS):
    """维持结案: the lead has looked into the dispute, and the closure stands."""

    case: CaseId
    closure: StepId
    union: UnionId


class CaseReopened(Event, by=_CLOSERS, scope=Scope.RIGHTS):
    """重启: the case is open again, for one claimant or as a whole."""

    case: CaseId
    closure: StepId
    union: UnionId
    why: Reopening
    person: PersonId | None = None
    remark: CaseText = ""


# ── decisions and folding ────────────────────────────────────────────────────────────────────


class Closing(Settling):
    """The part of a case that is its end, and its beginning again."""

    def call_back(
        self, act: Act, person: PersonId, *, reached: bool, tries: int = 1, needed: int = 3,
        said: Said | None = None, remark: str = "",
    ) -> CalledBack:  # fmt: skip
        """After `needed` tries a claimant counts as not reached.

        Raises: NotInTheCase, NotAClaimant, TriedTooFewTimes.
        """
        case = self._in(act)
        claim = self.claims.get(person) or self._claim(person)
        if not reached and tries < needed:
            raise TriedTooFewTimes(tries=tries, needed=needed)
        return CalledBack(case, claim.person, reached, tries, said if reached else None, remark)

    def close(
        self, act: Act, closure: StepId, outcome: Outcome, why: Ending | None = None, *,
        into: CaseId | None = None,
    ) -> CaseClosed:  # fmt: skip
        """Raises: NotTheLead, CaseIsClosed, OutcomeNotBorneOut, EndingNotExplained, NotCalledBack."""
        case = self._led(act)
        if not self.bears_out(outcome) or (outcome is Outcome.MERGED) != (into is not None):
            raise OutcomeNotBorneOut(
                outcome=outcome, due=self.due.total, recovered=self.all_recovered.total,
                open=self.still_open.total, denied=sum(claim.denied for claim in self.active),
            )  # fmt: skip
        if outcome in _EXPLAINED and why is None:
            raise EndingNotExplained(outcome=outcome)
        missing = self.not_called
        if missing and outcome is not Outcome.MERGED:
            raise NotCalledBack(claimants=len(missing))
        due, recovered, open_ = self.due, self.all_recovered, self.still_open
        return CaseClosed(
            case, closure, act.union, self.turn, outcome, len(self.active), due.wages,
            due.compensation, recovered.wages, recovered.compensation, open_.wages,
            open_.compensation, why if outcome in _EXPLAINED else None, into,
        )  # fmt: skip

    @property
    def state(self) -> CaseState:
        closure = self.closure
        if closure is not None:
            return CaseState.DISPUTED if self.disputed.get(closure.id) else CaseState.CLOSED
        if self.counted:
            return CaseState.RECOVERING
        return CaseState.OPEN if self.settlement is None else CaseState.SETTLED

    def bears_out(self, outcome: Outcome) -> bool:
        """Whether the accounts of the case allow it to be closed so."""
        whole = not self.still_open and not self.unknown
        paid = not any(claim.denied for claim in self.active)
        match outcome:
            case Outcome.RECOVERED_IN_FULL:
                return bool(self.due) and whole and paid
            case Outcome.PARTLY_RECOVERED:
                return bool(self.all_recovered) and not (bool(self.due) and whole and paid)
            case Outcome.NOT_RECOVERED:
                return bool(self.due) and not self.all_recovered
            case Outcome.WITHDRAWN:
                return not self.active and not self.unknown
            case Outcome.RESOLVED:
                return not self.due and not self.all_recovered and bool(self.active)
            case Outcome.MERGED:
                return True
            case _:
                numbers = [
                    each.number for each in self.outside.values() if each.to is _OUTSIDE[outcome]
                ]
                return any(number is not None for number in numbers)

    @property
    def not_called(self) -> Sequence[PersonId]:
        """Who is still to be called back: those who represent the others, where there are any."""
        every = self.active
        asked = [claim for claim in every if claim.represents] or every
        return [claim.person for claim in asked if not claim.called]

    def dispute(
        self, act: Act, ground: Objection, person: PersonId | None = None, remark: str = ""
    ) -> ClosureDisputed:
        """Raises: NotInTheCase, CaseIsOpen, OwnClosure, NotAClaimant."""
        case, closure = self._in(act), self._closed()
        if closure.union == act.union:
            raise OwnClosure(union=act.union)
        return ClosureDisputed(
            case, closure.id, act.union, ground, self._known(person), remark if person else ""
        )

    def uphold(self, act: Act) -> ClosureUpheld:
        """Raises: NotTheLead, CaseIsOpen, NothingDisputed."""
        case, closure = self._led(act, open_=False), self._closed()
        if not self.disputed.get(closure.id):
            raise NothingDisputed(closure=closure.id)
        return ClosureUpheld(case, closure.id, act.union)

    def reopen(
        self, act: Act, why: Reopening, person: PersonId | None = None, remark: str = ""
    ) -> CaseReopened:
        """Raises: NotInTheCase, CaseIsOpen, NotAClaimant."""
        case, closure = self._in(act), self._closed()
        return CaseReopened(
            case, closure.id, act.union, why, self._known(person), remark if person else ""
        )

    def _closed(self) -> Closure:
        closure = self.closure
        if closure is None:
            raise CaseIsOpen(state=self.state)
        return closure

    def _known(self, person: PersonId | None) -> PersonId | None:
        return None if person is None else self._claim(person).person

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case CalledBack() as e:
                self._know_claim(e.person).called = True
            case CaseClosed() as e:
                self.closures[e.closure] = Closure(e.closure, fact.on, e.outcome, e.union, e.turn)
            case ClosureDisputed() as e:
                self.disputed[e.closure] = True
            case ClosureUpheld() as e:
                self.disputed[e.closure] = False
            case CaseReopened() as e:
                self.reopened.add(e.closure)
                again = [self._know_claim(e.person)] if e.person else list(self.claims.values())
                for claim in again:
                    claim.called = False
            case _:
                super().after(fact)
