"""Offices as facts (任职委托): who may record what, for which union, from when until when.

Appointed, relieved, delegated and entrusted by the union itself or by its superior. All offices
of one person stand in one stream, so that one reading answers "may she?". Every act is judged
by the offices held on its day; accounts and passwords are no matter of the law.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ledger.domain.ids import OfficerId, PersonId, UnionId, officer_of
from ledger.domain.kernel import (
    Act,
    Aggregate,
    Code,
    Event,
    Fact,
    Office,
    Refused,
    Scope,
)

GROWN_UP = 18
"""From this birthday on one speaks for oneself (民法典 art. 17)."""


class NotYourOffice(
    Refused,
    zh="您在该工会没有办理此事的任职。",
    article="rules (d); F1",
    instead="请由有任职的人办理，或由该工会（上级工会）先作任命、委托。",
):
    """Only who holds the office for the union on that day may decide or enter this."""


class DeciderHeldNoOffice(
    Refused,
    zh="纸面决定人在决定当日没有相应任职。",
    article="rules (d) 11",
    instead="核对决定人、决定日期；如任职未登记，先补登任命。",
):
    """A decision on paper counts only if its decider held the office on that day."""


class NotAboveIt(
    Refused,
    zh="任免、委托由本工会或其上级工会作出。",
    article="L1 art. 10, 12; F1",
    instead="请由该工会或其上级工会的主席办理。",
):
    """Offices are given by the union itself or by a union above it."""


class NotYourOwn(
    Refused,
    zh="本人只能办理自己的事，或自己所监护子女的事。",
    article="L2 art. 31, 44; P6",
    instead="请本人登录办理，或到工会由经办人员代办。",
):
    """By herself a worker acts for herself, and for a child as whose guardian she is named."""


class GuardianshipEnded(
    Refused,
    zh="此人已满十八周岁，监护已经终止，由本人决定。",
    article="民法典 art. 17, 27, 34",
    instead="请本人办理；依法另有监护人的成年人，凭法院文书登记法律依据。",
):
    """Parents and guardians speak for a child until the eighteenth birthday."""


class NotAnOffice(
    Refused,
    zh="“本人”和“系统程序”不是任职，不能任命。",
    article="design: offices",
    instead="选择一个岗位。",
):
    """Nobody is appointed to act for herself, or as a procedure."""


class IncompatibleOffices(
    Refused,
    zh="经审人员不得兼任经办、审批或财务岗位。",
    article="L1 art. 45; rules (d) 9",
    instead="另选人员，或先解除原任职。",
):
    """An auditor holds no operating office in the same union."""


class NoSuchPost(
    Refused,
    zh="此人在该工会没有这一任职。",
    article="design: on record",
    instead="核对任职记录。",
):
    """Only an office that is held can be relieved or delegated."""


class OfficerAppointed(Event, by=(Office.CHAIR, Office.PROCEDURE), scope=Scope.NEVER, ahead=True):
    """任命: a person holds an office for a union from `since` until `until` (excluded)."""

    holder: OfficerId
    person: PersonId
    union: UnionId
    office: Office
    since: date
    until: date | None = None
    paper: Code | None = None


class OfficerRelieved(Event, by=(Office.CHAIR, Office.PROCEDURE), scope=Scope.NEVER, ahead=True):
    """免职: the office ends on the day the fact takes effect."""

    holder: OfficerId
    person: PersonId
    union: UnionId
    office: Office
    paper: Code | None = None


class OfficeDelegated(Event, by=Office.CHAIR, scope=Scope.NEVER, ahead=True):
    """授权代行: the holder acts in another's office for a time, and is shown as acting."""

    holder: OfficerId
    person: PersonId
    union: UnionId
    office: Office
    instead_of: PersonId
    since: date
    until: date


class EntryEntrusted(Event, by=Office.CHAIR, scope=Scope.NEVER, ahead=True):
    """代录委托: the holder may enter what a union (and, if so said, those below) decided."""

    holder: OfficerId
    person: PersonId
    union: UnionId
    below: bool
    since: date
    until: date | None = None


@dataclass(frozen=True)
class Post:
    """One office held: for which union, from when until when (excluded), and how."""

    union: UnionId
    office: Office
    since: date
    until: date | None
    entrusted: bool = False
    below: bool = False
    instead_of: PersonId | None = None

    def holds(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on < self.until)

    def within(self, since: date, until: date | None) -> "Post | None":
        """The same, for the part of that term in which it is held; None where there is none."""
        first = max(self.since, since)
        ends = [each for each in (self.until, until) if each is not None]
        last = min(ends, default=None)
        return replace(self, since=first, until=last) if last is None or first < last else None


NO_OFFICES = frozenset({Office.SELF, Office.PROCEDURE})
"""As whom one may act without having been appointed: nobody can be."""
OPERATING = {Office.CLERK, Office.REVIEWER, Office.APPROVER, Office.ACCOUNTANT, Office.CASHIER}
APART = (
    frozenset({Office.CLERK, Office.REVIEWER}), frozenset({Office.CLERK, Office.APPROVER}),
    frozenset({Office.REVIEWER, Office.APPROVER}), frozenset({Office.ACCOUNTANT, Office.CASHIER}),
    frozenset({Office.APPROVER, Office.CASHIER}),
)  # fmt: skip
"""Offices that one person should not hold for one union: on one thing she may act in one only."""


class Offices(Aggregate):
    """All offices of one person, past and present (stream `off_…`)."""

    def __init__(self) -> None:
        self.posts: list[Post] = []

    # ── decisions ──

    def appoint(
        self,
        act: Act,
        person: PersonId,
        union: UnionId,
        office: Office,
        *,
        line: Sequence[UnionId],
        since: date | None = None,
        until: date | None = None,
        paper: Code | None = None,
    ) -> OfficerAppointed:
        """Gives an office. `line`: the union and those above it, up to the top.

        Raises: NotAnOffice, NotAboveIt, IncompatibleOffices.
        """
        if office in NO_OFFICES:
            raise NotAnOffice(office=office)
        if act.office is not Office.PROCEDURE and act.union not in line:
            raise NotAboveIt(union=union)
        first = since or act.on
        self._compatible(union, office, first, until)
        return OfficerAppointed(officer_of(person), person, union, office, first, until, paper)

    def relieve(
        self,
        act: Act,
        person: PersonId,
        union: UnionId,
        office: Office,
        *,
        line: Sequence[UnionId],
        paper: Code | None = None,
    ) -> OfficerRelieved:
        """Ends an office from `act.on`. Raises: NotAboveIt, NoSuchPost."""
        if act.office is not Office.PROCEDURE and act.union not in line:
            raise NotAboveIt(union=union)
        if not self.holds(union, office, act.on):
            raise NoSuchPost(union=union, office=office, on=act.on.isoformat())
        return OfficerRelieved(officer_of(person), person, union, office, paper)

    def delegate(
        self, act: Act, person: PersonId, giver: "Offices", giver_person: PersonId,
        union: UnionId, office: Office, since: date, until: date, *, line: Sequence[UnionId],
    ) -> OfficeDelegated:  # fmt: skip
        """Lets a person act in another's office, no longer than the other holds it (`in_force`).

        Raises: NotAboveIt, NoSuchPost, IncompatibleOffices.
        """
        if act.union not in line:
            raise NotAboveIt(union=union)
        if not giver.holds(union, office, since):
            raise NoSuchPost(union=union, office=office, on=since.isoformat())
        self._compatible(union, office, since, until)
        return OfficeDelegated(
            officer_of(person), person, union, office, giver_person, since, until
        )

    def entrust(
        self, act: Act, person: PersonId, union: UnionId, *, line: Sequence[UnionId],
        below: bool = False, since: date | None = None, until: date | None = None,
    ) -> EntryEntrusted:  # fmt: skip
        """Lets a person of another union enter what this one decided.

        Raises: NotAboveIt, IncompatibleOffices.
        """
        if act.union not in line:
            raise NotAboveIt(union=union)
        self._compatible(union, Office.CLERK, since or act.on, until)
        return EntryEntrusted(officer_of(person), person, union, below, since or act.on, until)

    def _compatible(self, union: UnionId, office: Office, since: date, until: date | None) -> None:
        """Refuses an office beside what is held at any time of its term. Raises: IncompatibleOffices."""
        others = {p.office for p in self.posts if p.union == union and p.within(since, until)}
        clash = office is Office.AUDITOR and others & OPERATING
        if clash or (office in OPERATING and Office.AUDITOR in others):
            raise IncompatibleOffices(union=union, held=sorted(others), office=office)

    # ── questions ──

    def holds(self, union: UnionId, office: Office, on: date) -> bool:
        """Whether the office itself (no entrustment) is held for this union on that day."""
        return any(
            p.union == union and p.office is office and not p.entrusted and p.holds(on)
            for p in self.posts
        )

    def may_enter(self, line: Sequence[UnionId], on: date) -> bool:
        """Whether this person may type in what the first union of the line decided."""
        return any(
            p.holds(on)
            and (
                (p.entrusted and (p.union == line[0] or (p.below and p.union in line)))
                or (not p.entrusted and p.union == line[0] and p.office is Office.CLERK)
            )
            for p in self.posts
        )

    def on(self, day: date) -> list[Post]:
        return [p for p in self.posts if p.holds(day)]

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case OfficerAppointed() as e:
                self.posts.append(Post(e.union, e.office, e.since, e.until))
            case OfficerRelieved() as e:
                self.posts = [self._ended(p, e.union, e.office, fact.on) for p in self.posts]
            case OfficeDelegated() as e:
                self.posts.append(
                    Post(e.union, e.office, e.since, e.until, instead_of=e.instead_of)
                )
            case EntryEntrusted() as e:
                self.posts.append(
                    Post(e.union, Office.CLERK, e.since, e.until, entrusted=True, below=e.below)
                )
            case _:
                pass

    @staticmethod
    def _ended(post: Post, union: UnionId, office: Office, on: date) -> Post:
        ends = post.union == union and post.office is office and not post.entrusted
        if not ends or post.since > on or (post.until is not None and post.until <= on):
            return post
        return Post(post.union, post.office, post.since, on, instead_of=post.instead_of)


def in_force(
    person: PersonId, read: Callable[[PersonId], Offices], but: frozenset[PersonId] = frozenset()
) -> Offices:
    """Somebody's offices; in another's stead only while that one holds the office herself.

    `read` gives the offices of a person as recorded; nobody stands in for herself by way of others.
    """
    held = read(person)
    if all(post.instead_of is None for post in held.posts):
        return held
    made = Offices()
    made.posts = list(dict.fromkeys(_given(held, read, but | {person})))
    return made


def _given(
    held: Offices, read: Callable[[PersonId], Offices], but: frozenset[PersonId]
) -> Iterator[Post]:
    for post in held.posts:
        if post.instead_of is None:
            yield post
        elif post.instead_of not in but:
            for own in in_force(post.instead_of, read, but).posts:
                same = own.union == post.union and own.office is post.office and not own.entrusted
                part = post.within(own.since, own.until) if same else None
                if part is not None:
                    yield part


def authorise(
    event: Event,
    act: Act,
    offices: Offices,
    *,
    line: Sequence[UnionId],
    decider: Offices | None = None,
) -> None:
    """Refuses an act that its officer may not do. `line`: the acting union and those above it.

    Who signs in holds a deciding office today, or enters (as clerk, or by entrustment) what was
    decided on paper; the person on the paper held the office on the day it took effect.

    Raises: NotYourOffice, NotYourOwn, DeciderHeldNoOffice.
    """
    if act.office in NO_OFFICES:
        if act.office not in event.by:
            raise NotYourOffice(event=type(event).__name__, office=act.office)
        if act.office is Office.SELF:
            _own(event, act)
        return
    if act.deciding_office not in event.by:
        raise NotYourOffice(
            event=type(event).__name__, office=act.deciding_office, may=list(event.by)
        )
    if act.decided_by is None:
        if not offices.holds(act.union, act.office, act.today) and not (
            act.office is Office.CLERK and offices.may_enter(line, act.today)
        ):
            raise NotYourOffice(union=act.union, office=act.office, on=act.today.isoformat())
        return
    if not (offices.holds(act.union, act.office, act.today) or offices.may_enter(line, act.today)):
        raise NotYourOffice(union=act.union, office=act.office, on=act.today.isoformat())
    if decider is not None and not decider.holds(act.union, act.deciding_office, act.on):
        raise DeciderHeldNoOffice(who=act.decider, office=act.deciding_office)


def is_minor(born: date | None, on: date) -> bool | None:
    """Whether a person born on that day is under age; None where the birth date is not known."""
    if born is None:
        return None
    birthday_to_come = (on.month, on.day) < (born.month, born.day)
    return on.year - born.year - birthday_to_come < GROWN_UP


def check_minor(person: PersonId, born: date | None, on: date) -> None:
    """That a guardian can speak for this person; where no birth date is on record, the officer
    who sees the papers answers for it. Raises: GuardianshipEnded.
    """
    if is_minor(born, on) is False:
        raise GuardianshipEnded(person=person)


def _own(event: Event, act: Act) -> None:
    """Refuses what is somebody else's: the event names whom it concerns, and a guardian."""
    concerned = {event.__dict__.get("person"), event.__dict__.get("guardian")}
    if act.officer not in concerned or act.decided_by is not None:
        raise NotYourOwn(event=type(event).__name__)
