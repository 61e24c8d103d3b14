"""One worker (职工档案): the whole file as at a date, as known on a date, from both provinces.

A file is folded from its records when somebody asks for it; nothing but the index of mentions is
kept. Who answered for her on each day, what each record made of it, and what changed between two
moments are asked of the same records.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from ledger.book import NotFound, Reader
from ledger.clock import beijing
from ledger.domain import divisions
from ledger.domain.identity import DocumentKind
from ledger.domain.ids import PersonId
from ledger.domain.kernel import Redacted
from ledger.domain.membership import Membership, State
from ledger.domain.persons import Person, PersonRegistered
from ledger.journal.record import instant
from ledger.projections import worker_files
from ledger.replay.alerts import Alert, Open, alerts
from ledger.replay.moments import Difference, differences
from ledger.replay.states import (
    Identity,
    Interval,
    MembershipState,
    WorkerState,
    memberships,
    turns,
    union_since,
)
from ledger.replay.told import (
    KnownOn,
    Lane,
    Line,
    Names,
    Told,
    effective,
    gather,
    lines,
    masked,
    stand,
)
from ledger.replay.words import word

# ── what a file shows ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class WorkerFile:
    """One worker's file as at a date, as known on a date."""

    identity: Identity
    as_of: date | None
    known_on: KnownOn
    day: date  # the day that the state is of: `as_of`, or today
    lanes: tuple[Lane, ...]  # the home province first
    lines: tuple[Line, ...]
    state: WorkerState
    responsible: tuple[Interval, ...]
    warnings: tuple[Alert, ...]

    @property
    def historical(self) -> bool:
        """Whether this is how it was: the page says so and cannot be edited."""
        return self.as_of is not None or self.known_on is not None

    @property
    def current(self) -> MembershipState | None:
        return self.state.current

    @property
    def hidden(self) -> int:
        """How many records a partner holds and did not share."""
        return sum(line.hidden for line in self.lines)

    def responsible_on(self, on: date) -> list[Interval]:
        return [interval for interval in self.responsible if interval.covers(on)]


class Step(NamedTuple):
    """One record, and how the worker stood after it."""

    line: Line
    state: WorkerState


@dataclass(frozen=True)
class Between:
    """What changed between two moments."""

    before: WorkerFile
    after: WorkerFile
    lines: tuple[Difference, ...]
    changes: tuple[tuple[str, str, str], ...]  # what, then, now


# ── asking ───────────────────────────────────────────────────────────────────────────────────


def worker(
    reader: Reader, person: str, *, as_of: date | None = None, known_on: KnownOn = None,
    mask: bool = True,
) -> WorkerFile:  # fmt: skip
    """A worker's file. Texts are open where the reader was opened by `Ledger.looking`.

    Raises: NotFound.
    """
    return _Case(reader, person, known_on).file(as_of, mask=mask)


def steps(
    reader: Reader, person: str, *, as_of: date | None = None, known_on: KnownOn = None,
    as_known: bool = False, mask: bool = True,
) -> list[Step]:  # fmt: skip
    """The file record by record, with the state after each: in the order in which the facts took
    effect, or (`as_known`) in that in which they became known here. Raises: NotFound.
    """
    case = _Case(reader, person, known_on)
    by_ref = {line.ref: line for line in case.lines(as_of, mask=mask)}
    found: list[Step] = []
    if as_known:
        for at, each in enumerate(case.told, 1):
            line = by_ref.get(each.ref)
            if line is not None:
                day = as_of or beijing(instant(each.known)).date()
                found.append(Step(line, case.state(effective(case.told[:at], day), day)))
        return found
    standing = effective(case.told, as_of)
    for at, each in enumerate(standing, 1):
        line = by_ref.get(each.ref)
        if line is not None:
            found.append(Step(line, case.state(standing[:at], each.fact.on)))
    return found


def responsible(reader: Reader, person: str, *, known_on: KnownOn = None) -> list[Interval]:
    """Who answered for the worker on each day, as known on a day. Opens nothing.

    Raises: NotFound.
    """
    return _Case(reader, person, known_on).intervals()


def between(
    reader: Reader, person: str, before: tuple[date | None, KnownOn],
    after: tuple[date | None, KnownOn], *, mask: bool = True,
) -> Between:  # fmt: skip
    """What changed between two moments, each (as at, as known on). Raises: NotFound."""
    then = worker(reader, person, as_of=before[0], known_on=before[1], mask=mask)
    now = worker(reader, person, as_of=after[0], known_on=after[1], mask=mask)
    return Between(then, now, tuple(differences(then, now)), tuple(_changes(then, now)))


# ── folding ──────────────────────────────────────────────────────────────────────────────────


class _Case:
    """All that is known of one worker, and what is asked of it."""

    def __init__(self, reader: Reader, person: str, known_on: KnownOn) -> None:
        ledger = reader.ledger
        self._reader, self._known_on = reader, known_on
        self._person = PersonId(person)
        conn, origin = reader.conn, ledger.origin
        self._ids = worker_files.identity(conn, origin, person, known_on)
        self.told = gather(reader, self._ids, known_on)
        if not self.told and not worker_files.mentions(conn, origin, [person]):
            raise NotFound(person)
        self._names = Names(reader, self.told, known_on)

    def file(self, as_of: date | None, *, mask: bool) -> WorkerFile:
        day = as_of or self._reader.ledger.today
        standing = effective(self.told, as_of)
        # When she came on record says nothing of since when she is who she is.
        later = [
            each
            for each in effective(self.told, None)
            if isinstance(each.fact.event, PersonRegistered) and each not in standing
        ]
        full = self._identity([*later, *standing])
        shown = self.lines(as_of, mask=mask)
        state = self.state(standing, day)
        identity = full
        if mask:
            identity = replace(
                full, number=masked("number", full.number), phone=masked("phone", full.phone)
            )
        return WorkerFile(
            identity, as_of, self._known_on, day, self._lanes(full), tuple(shown), state,
            tuple(i for i in self.intervals() if as_of is None or i.since <= as_of),
            alerts(
                Open(
                    self._reader, self.told, standing, self._names, full, state, shown,
                    self._known_on,
                )
            ),
        )  # fmt: skip

    def lines(self, as_of: date | None, *, mask: bool) -> list[Line]:
        own = self._reader.ledger.origin
        return lines(self.told, self._names, own, as_of, mask=mask)

    # ── memberships ──

    def state(self, standing: Sequence[Told], day: date) -> WorkerState:
        """How she stands after these facts, on that day."""
        found = [self._membership(membership, day) for membership in memberships(standing).values()]
        died = [self._person_of(standing, each).died_on for each in self._ids]
        return WorkerState(
            day, tuple(found), min((on for on in died if on is not None), default=None)
        )

    def _membership(self, told: Membership, day: date) -> MembershipState:
        assert told.id is not None
        assert told.person is not None
        held = told.holding_on(day)
        union = held.holder.union if held else None
        managing = told.managing(day)
        serving = told.serving(day)
        offer = told.offer
        shown = union or told.applied_to
        return MembershipState(
            told.id, told.person, told.state, told.ending, union,
            self._names.union(shown, day), self._names.lane(held.holder.origin) if held else None,
            told.since, union_since(told, day), bool(held and held.retained),
            managing if managing != union else None,
            serving if serving not in (union, managing) else None,
            offer.id if offer else None, offer.deadline if offer else None,
            word(told.channel), told.employer, told.trade,
        )  # fmt: skip

    def intervals(self) -> list[Interval]:
        """Who answered for her, in intervals, by all that is known."""
        standing = stand(self.told).told
        found: list[Interval] = []
        for told in memberships(standing).values():
            days = sorted(turns(told))
            for since, until in pairwise([*days, None]):
                assert since is not None
                made = self._interval(told, since, until)
                if made is None:
                    continue
                last = found[-1] if found else None
                if last and replace(last, since=since, until=until) == made and last.until == since:
                    found[-1] = replace(last, until=until)
                else:
                    found.append(made)
        return sorted(found, key=lambda each: (each.since, each.membership))

    def _interval(self, told: Membership, since: date, until: date | None) -> Interval | None:
        held = told.holding_on(since)
        if held is None or told.id is None:
            return None
        union = held.holder.union
        managing, serving = told.managing(since), told.serving(since)
        serves = serving if serving not in (union, managing) else None
        pending = [
            offer.id
            for offer in told.offers.values()
            if offer.offered_on is not None
            and offer.offered_on <= since
            and (offer.outcome_on is None or since < offer.outcome_on)
            and not (offer.outcome is None and offer.received)
        ]
        return Interval(
            since, until, union, self._names.union(union, since),
            self._names.lane(held.holder.origin), told.id, held.retained,
            managing if managing != union else None, serves,
            self._names.union(serves, since) if serves else "", pending[-1] if pending else None,
        )  # fmt: skip

    # ── who she is ──

    def _person_of(self, standing: Sequence[Told], person: PersonId) -> Person:
        return Person.of(each.fact for each in standing if each.record.stream == person)

    def _identity(self, standing: Sequence[Told]) -> Identity:
        main = self._person_of(standing, self._person)
        others = tuple(sorted(self._ids - {self._person}))
        told = [main, *(self._person_of(standing, other) for other in others)]
        named = [each for each in told if each.known]

        def first(field: str) -> str:
            return next((text for each in named if (text := getattr(each, field))), "")

        names = list(dict.fromkeys(name for each in reversed(named) for name in each.names))
        name = first("name")
        identified = next(
            (each for each in named if each.document is not DocumentKind.NONE_YET), main
        )
        division = first("division")
        died = [each.died_on for each in named if each.died_on is not None]
        closed = main.number.why if isinstance(main.number, Redacted) else ""
        return Identity(
            self._person, others, name, tuple(each for each in names if each != name),
            identified.document, first("number"), identified.number_owed, identified.number_due,
            first("sex"), first("ethnic"), first("birth"), division,
            divisions.name_of(division[:6]) if division else "", first("residence"),
            first("phone"), first("address"), min(died, default=None), closed if not name else "",
        )  # fmt: skip

    def _lanes(self, identity: Identity) -> tuple[Lane, ...]:
        """The home province first: of her registered residence, or else of the first record."""
        used = {each.record.origin for each in self.told}
        lanes = [lane for lane in self._names.lanes if lane.origin in used]
        home = next(
            (
                lane
                for lane in lanes
                if identity.division and lane.province == identity.division[:2]
            ),
            None,
        )
        if home is None and self.told:
            first = min(self.told, key=lambda each: (each.fact.on, each.order))
            home = self._names.lane(first.record.origin)
        return tuple(
            sorted(
                (replace(lane, home=home is not None and lane.origin == home.origin) for lane in lanes),
                key=lambda lane: (not lane.home, lane.province, lane.origin),
            )
        )  # fmt: skip


# ── between two moments ──────────────────────────────────────────────────────────────────────


def _changes(then: WorkerFile, now: WorkerFile) -> Iterator[tuple[str, str, str]]:
    told: Sequence[tuple[str, str, str]] = [
        ("姓名", then.identity.name, now.identity.name),
        ("证件号码", then.identity.number, now.identity.number),
        ("电话", then.identity.phone, now.identity.phone),
        ("会籍状态", _state(then), _state(now)),
        ("会籍所在工会", _union(then), _union(now)),
        ("入会日期", _since(then), _since(now)),
        ("负责工会", _answering(then), _answering(now)),
        ("去世", str(then.state.died_on or ""), str(now.state.died_on or "")),
    ]
    yield from (change for change in told if change[1] != change[2])


def _state(file: WorkerFile) -> str:
    return word(file.current.state) if file.current else word(State.UNKNOWN)


def _union(file: WorkerFile) -> str:
    return file.current.union_name if file.current and file.current.union else ""


def _since(file: WorkerFile) -> str:
    return str(file.current.since or "") if file.current else ""


def _answering(file: WorkerFile) -> str:
    return "、".join(each.union_name for each in file.responsible_on(file.day))
