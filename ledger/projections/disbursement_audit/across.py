"""What only several grants together show (合并审查): one need, one year, one account, one life.

Linked persons count as one, whichever province they are in. Each question is put to the grants of
the persons whom a page has touched, so both sides find the same from the same facts.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from ledger.domain.aiding import CapPer
from ledger.domain.auditing import (
    AidedTwice,
    OneAccountForSeveral,
    PaidAboveCap,
    PaidAfterDeath,
    PaidAfterExit,
    TotalDiffers,
)
from ledger.domain.ids import PersonId
from ledger.journal.database import ByKey
from ledger.journal.tables import token
from ledger.projections import rosters, worker_files
from ledger.projections.disbursement_audit.tables import (
    Found,
    Subject,
    as_row,
    audited,
    departed,
    finding,
)
from ledger.projections.posting import live
from ledger.projections.two_times import UNCHANGED, rewrite

PARTS = ("own", "need", "child", "person", "household", "life", "account")
"""The parts of an evaluation of one grant, each of which owns what it finds."""


class Audited(NamedTuple):
    """A row of `audited`, in its table's order."""

    generation: int
    grant: str
    origin: str
    union: str
    person: str
    beneficiary: str
    household: str | None
    kind: str
    need: str
    year: int
    scheme: str | None
    file: str | None
    aid_list: str | None
    fund: str | None
    once: int | None
    caps: str
    lifted: str
    decided_on: str | None
    decided: str | None
    granted: int
    kept: int
    paid_on: str | None
    paid: str | None
    last_on: str | None
    last: str | None
    line: int
    by_sheet: int
    times: int
    payee_at: int | None

    @property
    def about(self) -> Subject:
        return Subject(
            self.grant, self.origin, self.union, self.kind, self.person, self.aid_list, self.fund
        )

    @property
    def compared(self) -> "Audited | None":
        """What of it is compared with other grants; nothing before it is decided or paid."""
        if self.decided_on is None and self.paid_on is None:
            return None
        return self._replace(line=0, by_sheet=0, times=0, payee_at=None)

    @property
    def on_its_list(self) -> tuple[Any, ...] | None:
        return (self.aid_list, self.line, self.by_sheet, self.times) if self.aid_list else None

    @property
    def paid_to(self) -> tuple[Any, ...] | None:
        """What of it is compared by account."""
        if self.payee_at is None or self.kept == 0:
            return None
        return (self.payee_at, self.kept, self.paid_on, *self.about)

    @property
    def order(self) -> tuple[str, str, int]:
        """In which order payments count: the same on both sides."""
        return self.paid_on or "9999", self.origin, _position(self.paid)

    @property
    def decision(self) -> tuple[str, str, int]:
        """In which order decisions count."""
        ref = self.decided or self.paid
        return self.decided_on or self.paid_on or "9999", self.origin, _position(ref)


def _position(ref: str | None) -> int:
    return int(ref.rpartition("#")[2]) if ref else 0


_BY = {
    column.name: ByKey(
        select(audited).where(audited.c.generation == bindparam("generation")), column
    )
    for column in (
        audited.c.grant_id, audited.c.person, audited.c.beneficiary, audited.c.household,
    )
}  # fmt: skip


def rows_by(
    conn: Connection, generation: int, column: str, keys: Iterable[str | None]
) -> list[Audited]:
    """The grants of which a column is one of these keys."""
    wanted = sorted({key for key in keys if key})
    return [Audited(*row) for row in _BY[column].rows(conn, wanted, generation=generation)]


class Circle:
    """Some persons with all ids that are the same as theirs, and who each of them is."""

    def __init__(self, conn: Connection, origin: str, persons: Iterable[str]) -> None:
        self.conn, self.origin = conn, origin
        self._root: dict[str, str] = {}
        self.take(persons)

    def take(self, persons: Iterable[str]) -> None:
        new = [PersonId(person) for person in set(persons) if person not in self._root]
        found = worker_files.identities(self.conn, self.origin, new)
        for every in found.values():
            root = min(every)
            self._root.update((each, root) for each in every)

    @property
    def persons(self) -> Collection[str]:
        return self._root.keys()

    def who(self, person: str) -> str:
        """One id for all that are the same person."""
        return self._root[person]


def compare(
    conn: Connection, origin: str, generation: int, persons: Iterable[str],
    households: Iterable[str],
) -> None:  # fmt: skip
    """Evaluates anew what the grants of these persons and households show together."""
    circle = Circle(conn, origin, persons)
    aided = rows_by(conn, generation, "beneficiary", circle.persons)
    asking = rows_by(conn, generation, "person", circle.persons)
    at_home = rows_by(conn, generation, "household", households)
    circle.take({p for row in (*aided, *asking) for p in (row.person, row.beneficiary)})
    told: list[tuple[str, Audited, Found]] = []
    told += _each("need", twice(aided, circle))
    told += _each(
        "child", above_cap(aided, CapPer.CHILD_YEAR, lambda row: circle.who(row.beneficiary))
    )
    told += _each(
        "person", above_cap(asking, CapPer.PERSON_YEAR, lambda row: circle.who(row.person))
    )
    told += _each(
        "household", above_cap(at_home, CapPer.HOUSEHOLD_YEAR, lambda row: row.household or "")
    )
    every = {row.grant: row for row in (*aided, *asking)}
    told += _each("life", _after_the_end(conn, origin, generation, every.values(), circle))
    owners = {f"{part} {row.grant}" for part in ("need", "child") for row in aided}
    owners |= {f"person {row.grant}" for row in asking} | {f"life {grant}" for grant in every}
    owners |= {f"household {row.grant}" for row in at_home}
    put_findings(conn, generation, owners, told)


_Told = Iterator[tuple[Audited, Found]]


def _each(part: str, told: _Told) -> Iterator[tuple[str, Audited, Found]]:
    return ((f"{part} {row.grant}", row, found) for row, found in told)


def put_findings(
    conn: Connection, generation: int, owners: Collection[str],
    told: Iterable[tuple[str, Audited, Found]],
) -> None:  # fmt: skip
    """Puts these in the place of all that these owners had found."""
    rows = [as_row(generation, owner, row.about, found) for owner, row, found in told]
    replace(conn, generation, owners, rows)


def replace(
    conn: Connection, generation: int, owners: Collection[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Puts rows in the place of these owners' (`part subject`); most of them never had any."""
    subjects = sorted({owner.partition(" ")[2] for owner in owners})
    had = {row[0] for row in _OWNERS.rows(conn, subjects, generation=generation)}
    rewrite(conn, finding, generation, "owner", had.intersection(owners), rows)


_OWNERS = ByKey(
    select(finding.c.owner).where(finding.c.generation == bindparam("generation")),
    finding.c.subject,
)


# ── one need, one year ───────────────────────────────────────────────────────────────────────


def twice(rows: Iterable[Audited], circle: Circle) -> _Told:
    """A need that was paid for more than once: one finding, on the payment that came last."""

    def need(row: Audited) -> tuple[str, str, str]:
        return circle.who(row.beneficiary), row.kind, row.need

    paid = sorted((row for row in rows if row.kept > 0), key=lambda row: (need(row), row.order))
    for _, group in groupby(paid, key=need):
        told = list(group)
        again = [row for at, row in enumerate(told) if any(_same(row, e) for e in told[:at])]
        if again and _once(told):
            last = again[-1]
            refs = tuple(row.paid or "" for row in told if any(_same(row, e) for e in told))
            yield last, Found(
                AidedTwice.__name__, last.paid or "", refs, sum(row.kept for row in again),
                again[0].paid_on or "", last.need,
            )  # fmt: skip


def _same(one: Audited, other: Audited) -> bool:
    """Whether nobody has decided that these two are for different needs."""
    return (
        one.grant != other.grant
        and one.grant not in other.lifted.split()
        and other.grant not in one.lifted.split()
    )


def _once(rows: Sequence[Audited]) -> bool:
    """Whether a scheme of theirs aids a need once; where none is known, it is one need too many."""
    said = {row.once for row in rows}
    return 1 in said or 0 not in said


def above_cap(rows: Iterable[Audited], per: CapPer, whose: Callable[[Audited], str]) -> _Told:
    """What went above a cap of the year, counted in the order of the decisions."""

    def year(row: Audited) -> tuple[str, str, int]:
        return whose(row), row.kind, row.year

    every = sorted(rows, key=lambda row: (year(row), row.decision))
    for _, group in groupby(every, key=year):
        before = 0
        for row in group:
            most = _most(row, per)
            over = before + row.granted - most if most is not None else 0
            ref, on = row.decided or row.paid, row.decided_on or row.paid_on
            if over > 0 and row.granted > 0 and ref and on:
                detail = f"{per} {most} {before}"
                yield row, Found(PaidAboveCap.__name__, ref, (), min(over, row.granted), on, detail)
            before += row.granted


def _most(row: Audited, per: CapPer) -> int | None:
    caps = [each.split(":") for each in row.caps.split()]
    return min((int(most) for name, most in caps if name == per), default=None)


# ── one life ─────────────────────────────────────────────────────────────────────────────────

_DEPARTED = ByKey(
    select(departed.c.person, departed.c.died_on, departed.c.ref).where(
        departed.c.generation == bindparam("generation")
    ),
    departed.c.person,
)
_MEMBERS = ByKey(
    select(
        rosters.belonging.c.person, rosters.belonging.c.since, rosters.belonging.c.until,
        rosters.belonging.c.seq,
    ).where(
        rosters.belonging.c.generation == bindparam("generation"),
        rosters.belonging.c.known_to == UNCHANGED,
        rosters.belonging.c.state != rosters.Standing.APPLIED.value,
    ),
    rosters.belonging.c.person,
)  # fmt: skip


def _after_the_end(
    conn: Connection, origin: str, generation: int, rows: Iterable[Audited], circle: Circle
) -> _Told:
    """What was paid after a death, or after the last membership had ended."""
    paid = sorted((row for row in rows if row.kept > 0 and row.last_on), key=lambda r: r.grant)
    whose = {circle.who(p) for row in paid for p in (row.person, row.beneficiary)}
    ids = sorted(person for person in circle.persons if circle.who(person) in whose)
    died: dict[str, tuple[str, str]] = {}
    for person, on, ref in _DEPARTED.rows(conn, ids, generation=generation):
        root = circle.who(person)
        died[root] = min(died.get(root, (on, ref)), (on, ref))
    members: dict[str, list[tuple[str, str, int]]] = {}
    current = live(conn, origin, rosters.NAME)
    for person, since, until, seq in _MEMBERS.rows(conn, ids, generation=current):
        members.setdefault(circle.who(person), []).append((since, until, seq))
    for row in paid:
        last_on, ref = row.last_on or "", row.last or ""
        deaths = {died[r] for p in (row.person, row.beneficiary) if (r := circle.who(p)) in died}
        dead = sorted(each for each in deaths if each[0] < last_on)
        if dead:
            cites = tuple(each[1] for each in dead)
            yield row, Found(PaidAfterDeath.__name__, ref, cites, row.kept, last_on, dead[0][0])
            continue
        ended = _ended(members.get(circle.who(row.person), ()), last_on)
        if ended is not None:
            until, seq = ended
            cites = (f"{origin}#{seq}",)
            yield row, Found(PaidAfterExit.__name__, ref, cites, row.kept, last_on, until)


def _ended(spans: Iterable[tuple[str, str, int]], on: str) -> tuple[str, int] | None:
    """When the last membership had ended by that day, and by which record; None: one held."""
    before = [(until, seq) for since, until, seq in spans if since <= on]
    last = max(before, default=None)
    return last if last is not None and last[0] <= on else None


# ── one account ──────────────────────────────────────────────────────────────────────────────

# Tokens find an account without its number standing anywhere. Only those of our own records: what
# a partner has opened to us may be taken back, and its account numbers are its own to compare.
_TOKENS = select(token.c.token, token.c.person, token.c.position).where(
    token.c.kind == "account", token.c.origin == bindparam("origin")
)
_OF_PERSON = ByKey(_TOKENS, token.c.person)
_OF_TOKEN = ByKey(_TOKENS, token.c.token)


def compare_accounts(
    conn: Connection, origin: str, generation: int, persons: Iterable[str], unnamed: Iterable[int]
) -> None:
    """Evaluates anew which of these persons were paid to one account with somebody else.

    `unnamed`: the positions of records that named a payee and no longer do.
    """
    theirs = _citing(conn, generation, {f"{origin}#{position}" for position in unnamed})
    circle = Circle(conn, origin, {*persons, *theirs})
    tokens = _OF_PERSON.rows(conn, sorted(circle.persons), origin=origin)
    asked = set(circle.persons)  # of these every account is looked at, of those met only one
    shared = _OF_TOKEN.rows(conn, sorted({row[0] for row in tokens}), origin=origin)
    circle.take(row[1] for row in shared)
    places = {row[2] for row in shared}
    rows = {
        row.payee_at: row
        for row in rows_by(conn, generation, "person", circle.persons)
        if row.payee_at in places or row.person in asked
    }
    accounts: dict[bytes, list[Audited]] = {}
    for value, _, position in shared:
        if position in rows and rows[position].kept > 0:
            accounts.setdefault(bytes(value), []).append(rows[position])
    told: list[tuple[str, Audited, Found]] = []
    for grants in accounts.values():
        if len({circle.who(row.person) for row in grants}) > 1:
            *_, last = every = sorted(grants, key=lambda row: row.order)
            refs = tuple(f"{origin}#{row.payee_at}" for row in every)
            amount, since = sum(row.kept for row in every), _second(every, circle)
            found = Found(OneAccountForSeveral.__name__, refs[-1], refs, amount, since)
            told.append((f"account {last.grant}", last, found))
    put_findings(conn, generation, {f"account {row.grant}" for row in rows.values()}, told)


def _citing(conn: Connection, generation: int, refs: Set[str]) -> set[str]:
    """The persons of findings that cite any of these records: few, so all are looked at."""
    if not refs:
        return set()
    rows = conn.execute(
        select(finding.c.person, finding.c.cites).where(
            finding.c.generation == generation,
            finding.c.rule == OneAccountForSeveral.__name__,
        )
    )
    return {person for person, cites in rows if not refs.isdisjoint(cites.split())}


def _second(grants: Sequence[Audited], circle: Circle) -> str:
    """When a second person was first paid to it."""
    first = circle.who(grants[0].person)
    return next(row.paid_on or "" for row in grants if circle.who(row.person) != first)


# ── lists and their lines ────────────────────────────────────────────────────────────────────

_LINES = ByKey(
    select(
        audited.c.aid_list,
        func.sum(audited.c.line),
        func.count().filter(audited.c.line > 0),
        func.sum(audited.c.by_sheet),
        func.sum(audited.c.times),
    )
    .where(audited.c.generation == bindparam("generation"))
    .group_by(audited.c.aid_list),
    audited.c.aid_list,
)


class Lines(NamedTuple):
    """What the lines of a list add up to: those on it, and those handed out by its sheets."""

    total: int = 0
    heads: int = 0
    paid: int = 0
    paid_heads: int = 0


def lines_of(conn: Connection, generation: int, lists: Iterable[str]) -> Mapping[str, Lines]:
    """The sums over the lines of these lists."""
    rows = _LINES.rows(conn, sorted(lists), generation=generation)
    return {row[0]: Lines(*map(int, row[1:])) for row in rows}


def differs(
    what: str, said: tuple[int, int], lines: tuple[int, int], ref: str, on: str
) -> Iterator[Found]:
    """A total, with its count, that is not that of its lines."""
    if said != lines:
        yield Found(
            TotalDiffers.__name__, ref, (), abs(said[0] - lines[0]), on,
            f"{what} {said[0]} {lines[0]} {said[1]} {lines[1]}",
        )  # fmt: skip
