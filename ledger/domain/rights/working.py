"""Working on a case (办理): steps taken, letters with their answers, and what goes to others.

The union's letters are the official letter and 一函两书; a case that is brought before the hotline,
the labour office, arbitration or a court keeps the number that it has there.
"""

from dataclasses import dataclass, replace
from datetime import date

from ledger.domain.ids import CaseId, PersonId, StepId, UnionId
from ledger.domain.kernel import Act, CaseText, Code, Event, Fact, PublicText, Scope
from ledger.domain.rights.clocks import Clocks
from ledger.domain.rights.opening import WORKERS
from ledger.domain.rights.rules import (
    DueBeforeItBegins,
    NoSuchStep,
    OpinionStillAwaited,
    StepAnswered,
    TextNeedsClaimant,
)
from ledger.domain.rights.words import Doing, LetterKind, Outside, Reply, Result


class CaseStepTaken(Event, by=WORKERS, scope=Scope.RIGHTS):
    """办理步骤: what a union did in the case; text is of one claimant only."""

    case: CaseId
    doing: Doing
    union: UnionId
    person: PersonId | None = None
    remark: CaseText = ""


class LetterSent(Event, by=WORKERS, scope=Scope.RIGHTS):
    """发函: an official letter, or one of 一函两书, to be answered by the day `due`.

    `answer_days`: the working days that the law where it is sent gives, where `due` is their last.
    """

    case: CaseId
    step: StepId
    kind: LetterKind
    union: UnionId
    addressee: PublicText
    paper: Code
    party: int | None = None
    due: date | None = None
    answer_days: int | None = None


class LetterAnswered(Event, by=WORKERS, scope=Scope.RIGHTS):
    """复函: how the letter was answered."""

    case: CaseId
    step: StepId
    reply: Reply
    paper: Code | None = None


class CaseBroughtBefore(Event, by=WORKERS, scope=Scope.RIGHTS):
    """移送外部: brought before another body, under its own number as soon as that is known."""

    case: CaseId
    step: StepId
    to: Outside
    union: UnionId
    body: PublicText
    number: Code | None = None


class OutsideNumberGiven(Event, by=WORKERS, scope=Scope.RIGHTS):
    """登记外部编号: under which number the other body has the matter."""

    case: CaseId
    step: StepId
    number: Code


class OutsideAnswered(Event, by=WORKERS, scope=Scope.RIGHTS):
    """外部办理结果: what the other body found."""

    case: CaseId
    step: StepId
    result: Result
    paper: Code | None = None


@dataclass(frozen=True)
class Letter:
    """One letter, as it stands (函件)."""

    id: StepId
    kind: LetterKind
    addressee: str
    paper: Code
    sent_on: date
    due: date | None
    answer_days: int | None = None
    reply: Reply | None = None
    answered_on: date | None = None

    def awaited(self, today: date) -> bool:
        """Whether an answer may still come in time."""
        return self.reply is None and self.due is not None and today <= self.due


@dataclass(frozen=True)
class Before:
    """A case before another body, as it stands (外部办理)."""

    id: StepId
    to: Outside
    body: str
    since: date
    number: Code | None = None
    result: Result | None = None


class Working(Clocks):
    """The part of a case that is the work on it."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: dict[StepId, Letter] = {}
        self.outside: dict[StepId, Before] = {}

    def take_step(
        self, act: Act, doing: Doing, person: PersonId | None = None, remark: str = ""
    ) -> CaseStepTaken:
        """Raises: NotInTheCase, CaseIsClosed, NotAClaimant, TextNeedsClaimant."""
        case = self._helped(act)
        if person is not None:
            self._claim(person)
        elif remark.strip():
            raise TextNeedsClaimant(doing=doing)
        return CaseStepTaken(case, doing, act.union, person, remark)

    def send_letter(
        self, act: Act, step: StepId, kind: LetterKind, addressee: str, paper: Code,
        party: int | None = None, due: date | None = None, answer_days: int | None = None,
    ) -> LetterSent:  # fmt: skip
        """Raises: NotInTheCase, CaseIsClosed, NoSuchParty, DueBeforeItBegins, OpinionStillAwaited."""
        case = self._helped(act)
        if due is not None and due < act.on:
            raise DueBeforeItBegins(due=due.isoformat())
        if kind is LetterKind.PROPOSAL:
            for other in self.letters.values():
                if other.kind is LetterKind.OPINION and other.awaited(act.on):
                    raise OpinionStillAwaited(letter=other.id, due=other.due)
        return LetterSent(
            case, step, kind, act.union, addressee, paper, self._party(party), due, answer_days
        )  # fmt: skip

    def answer_letter(
        self, act: Act, step: StepId, reply: Reply, paper: Code | None = None
    ) -> LetterAnswered:
        """Raises: NotInTheCase, NoSuchStep, StepAnswered."""
        case, letter = self._in(act), self.letters.get(step)
        if letter is None:
            raise NoSuchStep(step=step)
        if letter.reply is not None:
            raise StepAnswered(step=step, reply=letter.reply)
        return LetterAnswered(case, step, reply, paper)

    def bring_before(
        self, act: Act, step: StepId, to: Outside, body: str, number: Code | None = None
    ) -> CaseBroughtBefore:
        """Raises: NotInTheCase, CaseIsClosed."""
        return CaseBroughtBefore(self._helped(act), step, to, act.union, body, number)

    def number_outside(self, act: Act, step: StepId, number: Code) -> OutsideNumberGiven:
        """Raises: NotInTheCase, NoSuchStep, StepAnswered."""
        case, before = self._in(act), self._before(step)
        if before.number is not None:
            raise StepAnswered(step=step, number=before.number)
        return OutsideNumberGiven(case, step, number)

    def answer_outside(
        self, act: Act, step: StepId, result: Result, paper: Code | None = None
    ) -> OutsideAnswered:
        """What the other body found; taken up is no end. Raises: NotInTheCase, NoSuchStep, StepAnswered."""
        case, before = self._in(act), self._before(step)
        if before.result not in (None, Result.TAKEN_UP):
            raise StepAnswered(step=step, result=before.result)
        return OutsideAnswered(case, step, result, paper)

    def _before(self, step: StepId) -> Before:
        held = self.outside.get(step)
        if held is None:
            raise NoSuchStep(step=step)
        return held

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case LetterSent() as e:
                self.letters[e.step] = Letter(
                    e.step, e.kind, e.addressee, e.paper, fact.on, e.due, e.answer_days
                )
            case LetterAnswered() as e if e.step in self.letters:
                self.letters[e.step] = replace(
                    self.letters[e.step], reply=e.reply, answered_on=fact.on
                )
            case CaseBroughtBefore() as e:
                self.outside[e.step] = Before(e.step, e.to, e.body, fact.on, e.number)
            case OutsideNumberGiven() as e if e.step in self.outside:
                self.outside[e.step] = replace(self.outside[e.step], number=e.number)
            case OutsideAnswered() as e if e.step in self.outside:
                self.outside[e.step] = replace(self.outside[e.step], result=e.result)
            case _:
                super().after(fact)
