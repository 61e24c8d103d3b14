"""Clocks (法定期限): a table of data, and what starts, interrupts, pauses, extends and meets one.

A fact holds the day that followed when it was recorded; which days are working days is asked of a
calendar, and a calendar that is announced later changes no fact.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple, Protocol

from ledger.domain.ids import CaseId, PersonId, StepId
from ledger.domain.kernel import Act, Code, Event, Fact, Scope
from ledger.domain.rights.leading import Leading
from ledger.domain.rights.opening import WORKERS
from ledger.domain.rights.rules import (
    ClockNotPaused,
    ClockNotRunning,
    ClockRanOut,
    ClockRunsAlready,
    NoExtension,
    NoSuchStep,
    NotInterruptible,
    NotPausable,
)
from ledger.domain.rights.words import ClockKind, ClockState, Interruption, Pause, Unit


class Calendar(Protocol):
    """Which days are working days (工作日)."""

    def after(self, day: date, count: int) -> date:
        """The day on which a term of so many working days ends; the day itself does not count."""
        ...

    def between(self, start: date, end: date) -> int:
        """Working days after `start` up to and including `end`."""
        ...


class ClockRule(NamedTuple):
    """What the law says of one kind of clock."""

    length: int
    unit: Unit
    article: str
    extension: int = 0  # once, with approval
    interruptible: bool = False  # runs anew from a claim, a complaint, a promise
    pausable: bool = False
    begins: str = ""  # 起算


# "Days" of the arbitration law are counted as calendar days: the earlier end of the two readings.
CLOCKS: Mapping[ClockKind, ClockRule] = {
    ClockKind.ARBITRATION_LIMIT: ClockRule(
        1, Unit.YEARS, "L5 art. 27", interruptible=True, pausable=True,
        begins="知道或应当知道权利被侵害之日；拖欠工资的，在职期间不计，自劳动关系终止之日",
    ),
    ClockKind.MEDIATION: ClockRule(15, Unit.DAYS, "L5 art. 14", begins="收到调解申请之日"),
    ClockKind.ARBITRATION_ACCEPTANCE: ClockRule(
        5, Unit.DAYS, "L5 art. 29", begins="仲裁委员会收到申请之日"
    ),
    ClockKind.COPY_TO_RESPONDENT: ClockRule(5, Unit.DAYS, "L5 art. 30", begins="仲裁受理之日"),
    ClockKind.RESPONDENTS_REPLY: ClockRule(10, Unit.DAYS, "L5 art. 30", begins="收到副本之日"),
    ClockKind.AWARD: ClockRule(
        45, Unit.DAYS, "L5 art. 43", extension=15, pausable=True, begins="仲裁受理之日"
    ),
    ClockKind.SUIT: ClockRule(15, Unit.DAYS, "L5 art. 48, 50", begins="收到裁决书之日"),
    ClockKind.INSPECTION_LIMIT: ClockRule(
        2, Unit.YEARS, "L6 art. 20", begins="违法行为发生之日；连续的，自终了之日"
    ),
    ClockKind.INSPECTION: ClockRule(
        60, Unit.WORKING_DAYS, "L6 art. 17", extension=30, begins="劳动监察立案之日"
    ),
    ClockKind.INJURY_EMPLOYER: ClockRule(
        30, Unit.DAYS, "L8 art. 17", pausable=True, begins="事故发生或诊断之日"
    ),
    ClockKind.INJURY_WORKER: ClockRule(
        1, Unit.YEARS, "L8 art. 17", pausable=True, begins="事故发生或诊断之日"
    ),
    ClockKind.INJURY_RULING: ClockRule(
        60, Unit.DAYS, "L8 art. 20", pausable=True, begins="工伤认定受理之日"
    ),
    ClockKind.INJURY_RULING_CLEAR: ClockRule(
        15, Unit.DAYS, "L8 art. 20", pausable=True, begins="工伤认定受理之日"
    ),
    ClockKind.LEGAL_AID_DECISION: ClockRule(
        7, Unit.DAYS, "L7 art. 43", begins="法律援助机构收到申请之日"
    ),
    ClockKind.LEGAL_AID_ASSIGNMENT: ClockRule(3, Unit.DAYS, "L7 art. 43", begins="决定援助之日"),
    ClockKind.WAGE_LEDGER: ClockRule(3, Unit.YEARS, "L4 art. 15", begins="工资支付之日"),
}  # fmt: skip
"""The statutory clocks (C8–C11, C13)."""


def ends(rule: ClockRule, since: date, calendar: Calendar) -> date:
    """The last day of a clock that begins on that day, the day itself not counted."""
    return _after(since, rule.length, rule.unit, calendar)


def _after(day: date, count: int, unit: Unit, calendar: Calendar) -> date:
    if unit is Unit.WORKING_DAYS:
        return calendar.after(day, count)
    if unit is Unit.DAYS:
        return day + timedelta(days=count)
    try:
        return day.replace(year=day.year + count)
    except ValueError:  # 29 February
        return day.replace(year=day.year + count, day=28)


# ── events ───────────────────────────────────────────────────────────────────────────────────


class ClockStarted(Event, by=WORKERS, scope=Scope.RIGHTS):
    """期限起算: for the case, or for one claimant; it ends with the day `due`."""

    case: CaseId
    clock: StepId
    kind: ClockKind
    since: date
    due: date
    person: PersonId | None = None


class ClockInterrupted(Event, by=WORKERS, scope=Scope.RIGHTS):
    """期限中断: it runs anew from the day that this takes effect, until `due`."""

    case: CaseId
    clock: StepId
    why: Interruption
    due: date


class ClockPaused(Event, by=WORKERS, scope=Scope.RIGHTS):
    """期限中止: it stands still, with so many days left (in the unit of its kind)."""

    case: CaseId
    clock: StepId
    why: Pause
    left: int


class ClockResumed(Event, by=WORKERS, scope=Scope.RIGHTS):
    """期限恢复计算: what was left runs on, until `due`."""

    case: CaseId
    clock: StepId
    due: date


class ClockExtended(Event, by=WORKERS, scope=Scope.RIGHTS):
    """期限延长: once, with approval, until `due`."""

    case: CaseId
    clock: StepId
    due: date
    paper: Code | None = None


class ClockMet(Event, by=WORKERS, scope=Scope.RIGHTS):
    """期限内办结: what it asked for was done on this day, or is needed no more."""

    case: CaseId
    clock: StepId


# ── decisions and folding ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Running:
    """One clock of a case, as it stands (期限)."""

    id: StepId
    kind: ClockKind
    since: date
    due: date | None  # None while it is paused
    person: PersonId | None = None
    state: ClockState = ClockState.RUNNING
    left: int | None = None
    extended: bool = False
    met_on: date | None = None

    @property
    def rule(self) -> ClockRule:
        return CLOCKS[self.kind]

    def late(self, today: date) -> bool:
        """Whether its last day has passed, or was past when it was met."""
        end = self.met_on or today
        return self.due is not None and end > self.due


def _not_over(held: Running, on: date) -> None:
    """Raises: ClockRanOut."""
    if held.due is not None and on > held.due:
        raise ClockRanOut(clock=held.id, due=held.due.isoformat())


class Clocks(Leading):
    """The part of a case that is its time limits."""

    def __init__(self) -> None:
        super().__init__()
        self.clocks: dict[StepId, Running] = {}

    def start_clock(
        self, act: Act, clock: StepId, kind: ClockKind, since: date, calendar: Calendar,
        person: PersonId | None = None,
    ) -> ClockStarted:  # fmt: skip
        """Raises: NotInTheCase, CaseIsClosed, NotAClaimant, ClockRunsAlready."""
        case = self._helped(act)
        if person is not None:
            self._claim(person)
        for other in self.clocks.values():
            same = other.kind is kind and other.person == person
            if same and other.state is not ClockState.MET:
                raise ClockRunsAlready(kind=kind, clock=other.id)
        due = ends(CLOCKS[kind], since, calendar)
        return ClockStarted(case, clock, kind, since, due, person)

    def interrupt(
        self, act: Act, clock: StepId, why: Interruption, calendar: Calendar
    ) -> ClockInterrupted:
        """Runs anew from a day on which it still ran; what is over is not revived.

        Raises: NotInTheCase, CaseIsClosed, NoSuchStep, ClockNotRunning, NotInterruptible,
        ClockRanOut.
        """
        case, held = self._helped(act), self._runs(clock)
        if not held.rule.interruptible:
            raise NotInterruptible(kind=held.kind)
        _not_over(held, act.on)
        return ClockInterrupted(case, clock, why, ends(held.rule, act.on, calendar))

    def pause(self, act: Act, clock: StepId, why: Pause, calendar: Calendar) -> ClockPaused:
        """Raises: NotInTheCase, CaseIsClosed, NoSuchStep, ClockNotRunning, NotPausable, ClockRanOut."""
        case, held = self._helped(act), self._runs(clock)
        if not held.rule.pausable or held.due is None:
            raise NotPausable(kind=held.kind)
        _not_over(held, act.on)
        if held.rule.unit is Unit.WORKING_DAYS:
            left = calendar.between(act.on, held.due)
        else:
            left = (held.due - act.on).days
        return ClockPaused(case, clock, why, max(0, left))

    def resume(self, act: Act, clock: StepId, calendar: Calendar) -> ClockResumed:
        """Raises: NotInTheCase, CaseIsClosed, NoSuchStep, ClockNotPaused."""
        case, held = self._helped(act), self._clock(clock)
        if held.state is not ClockState.PAUSED or held.left is None:
            raise ClockNotPaused(clock=clock, state=held.state)
        unit = Unit.WORKING_DAYS if held.rule.unit is Unit.WORKING_DAYS else Unit.DAYS
        return ClockResumed(case, clock, _after(act.on, held.left, unit, calendar))

    def extend(
        self, act: Act, clock: StepId, calendar: Calendar, paper: Code | None = None
    ) -> ClockExtended:
        """Raises: NotInTheCase, CaseIsClosed, NoSuchStep, ClockNotRunning, NoExtension."""
        case, held = self._helped(act), self._runs(clock)
        if not held.rule.extension or held.extended or held.due is None:
            raise NoExtension(kind=held.kind)
        due = _after(held.due, held.rule.extension, held.rule.unit, calendar)
        return ClockExtended(case, clock, due, paper)

    def meet(self, act: Act, clock: StepId) -> ClockMet:
        """Raises: NotInTheCase, NoSuchStep, ClockNotRunning."""
        case = self._in(act)
        if self._clock(clock).state is ClockState.MET:
            raise ClockNotRunning(clock=clock)
        return ClockMet(case, clock)

    def _clock(self, clock: StepId) -> Running:
        held = self.clocks.get(clock)
        if held is None:
            raise NoSuchStep(step=clock)
        return held

    def _runs(self, clock: StepId) -> Running:
        held = self._clock(clock)
        if held.state is not ClockState.RUNNING:
            raise ClockNotRunning(clock=clock, state=held.state)
        return held

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case ClockStarted() as e:
                self.clocks[e.clock] = Running(e.clock, e.kind, e.since, e.due, e.person)
            case ClockInterrupted() as e if self._changes(e.clock, fact.on):
                if fact.on >= self.clocks[e.clock].since:  # the latest day counts
                    self._set(e.clock, since=fact.on, due=e.due)
            case ClockPaused() as e if self._changes(e.clock, fact.on):
                self._set(e.clock, state=ClockState.PAUSED, due=None, left=e.left)
            case ClockResumed() as e if self._changes(e.clock, fact.on):
                self._set(e.clock, state=ClockState.RUNNING, due=e.due, left=None)
            case ClockExtended() as e:
                self._set(e.clock, due=e.due, extended=True)
            case ClockMet() as e:
                self._set(e.clock, state=ClockState.MET, met_on=fact.on)
            case _:
                super().after(fact)

    def _changes(self, clock: StepId, on: date) -> bool:
        """Whether it is known here and was not over before that day: nothing revives what is."""
        held = self.clocks.get(clock)
        return held is not None and not (held.due is not None and on > held.due)

    def _set(self, clock: StepId, **known: Any) -> None:
        """A clock whose start is not known here yet changes nothing."""
        if clock in self.clocks:
            self.clocks[clock] = replace(self.clocks[clock], **known)
