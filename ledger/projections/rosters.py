"""Rosters (会员名册): who belongs where on a day, as known on a day, and how many they are.

A membership has a row for each time in which it was held so: applied for, a member, retained. Its
rows are folded from all its facts, both provinces', whenever one of them arrives; a correction, an
annulment, a release read late move them of themselves.

Home county (户籍) and employer (用人单位) are personal and stand in no view: who is asked for by them
is found by search tokens, of the record that tells them now.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias, cast, overload

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    func,
    or_,
    select,
    text,
    tuple_,
    union_all,
)

from ledger.domain import divisions
from ledger.domain.ids import MembershipId, PersonId, UnionId
from ledger.domain.kernel import Fact, standing
from ledger.domain.membership import (
    ApplicationDeclined,
    ApplicationExamined,
    ApplicationWithdrawn,
    Channel,
    EmploymentChanged,
    MemberEnrolled,
    Membership,
    MembershipApplied,
    MembershipLoaded,
    MembershipResumed,
    MembershipTakenIn,
    TransferAccepted,
)
from ledger.domain.partnerships import CountedBy
from ledger.domain.persons import PersonRegistered, ResidenceMoved
from ledger.domain.unions import UnionKind
from ledger.journal.database import ByKey
from ledger.journal.tables import metadata, record, token
from ledger.journal.vault import Vault
from ledger.projections import union_tree, worker_files
from ledger.projections.filters import read, yes_or_no
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, live, put
from ledger.projections.two_times import (
    CHUNK,
    STILL,
    UNCHANGED,
    chronicle,
    histories,
    holds,
    knew,
    partners_of,
    rewrite,
    two_times,
    until,
)

NAME = "rosters"

# Written out: a partial index serves only what is asked for in its own words.
_NOW = text(f"until = '{STILL}' AND known_to = '{UNCHANGED}'")

belonging = Table(
    "belonging",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("membership", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("since", Text, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("union", Text, nullable=False),
    Column("origin", Text, nullable=False),  # the journal of the province that holds it
    Column("channel", Text),
    *two_times(),
    # Of an application: fit, unfit; empty where nobody has examined it yet.
    Column("fit", Text, nullable=False, server_default=""),
    Index("belonging_union", "generation", "union", "membership"),
    # What holds now, by state: few who apply are found among many who are members.
    Index(
        "belonging_now",
        "generation",
        "state",
        "union",
        "membership",
        "channel",
        "origin",
        sqlite_where=_NOW,
        postgresql_where=_NOW,
    ),
    # The few that a partner holds, among all of ours.
    Index(
        "belonging_origin",
        "generation",
        "origin",
        "union",
        "membership",
        sqlite_where=_NOW,
        postgresql_where=_NOW,
    ),
    Index("belonging_person", "generation", "person"),
)

# Persons who have, or once were thought to have, more than one membership under one id.
doubled = Table(
    "doubled",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("person", Text, primary_key=True),
)


class Standing(StrEnum):
    """How somebody stands on a roster (名册状态)."""

    APPLIED = "applied"  # 已申请，待批准
    MEMBER = "member"  # 在册
    RETAINED = "retained"  # 保留会籍


class Examined(StrEnum):
    """What was found of an application (入会审核结果)."""

    NOT_YET = ""  # 待审核
    FIT = "fit"  # 符合，待批准
    UNFIT = "unfit"  # 不符


# ── posting ──────────────────────────────────────────────────────────────────────────────────


class Span(NamedTuple):
    """One time in which a membership stood so."""

    since: str
    until: str
    state: str
    person: str
    union: str
    origin: str
    channel: str | None
    fit: str = Examined.NOT_YET


class _View:
    name, zh = NAME, "会员名册"
    tables: Sequence[Table] = (belonging, doubled)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        streams = {p.record.stream for p in page if p.record.stream.startswith("mem_")}
        if not streams:
            return
        rows: list[Sequence[Any]] = []
        persons: dict[str, str] = {}
        for stream, history in histories(conn, page, streams).items():
            for held in chronicle(history, spans):
                span: Span = held.what
                persons[stream] = span.person
                rows.append(
                    (generation, stream, held.seq, span.since, *span[2:-1], span.until,
                     held.known_from, held.known_to, span.fit)
                )  # fmt: skip
        had = rewrite(conn, belonging, generation, "membership", streams, rows)
        begun = {person for stream, person in persons.items() if stream not in had}
        if begun:
            _note_doubles(conn, generation, list(begun))


VIEW: Projection = _View()


def _note_doubles(conn: Connection, generation: int, persons: Sequence[str]) -> None:
    found = _DOUBLES.rows(conn, persons, generation=generation)
    put(conn, doubled, [{"generation": generation, "person": row[0]} for row in found])


_DOUBLES = ByKey(
    select(belonging.c.person)
    .where(belonging.c.generation == bindparam("generation"))
    .group_by(belonging.c.person)
    .having(func.min(belonging.c.membership) < func.max(belonging.c.membership)),
    belonging.c.person,
)


def spans(facts: Sequence[Fact]) -> list[Span]:
    """How one membership stood over time, as it follows from its facts."""
    membership = Membership.of(facts)
    if membership.person is None:
        return []
    person, channel = membership.person, membership.channel
    found = list(_applications(facts))
    days = {held.since for held in membership.holdings}
    if membership.first is not None:
        days.add(membership.first)
    if membership.ended is not None:
        days.add(membership.ended[1])
    for on in sorted(days):
        held = membership.holding_on(on)
        start = on.isoformat()
        now = held and Span(
            start, STILL, Standing.RETAINED if held.retained else Standing.MEMBER, person,
            held.holder.union, held.holder.origin, channel,
        )  # fmt: skip
        last = found[-1] if found and found[-1].state != Standing.APPLIED else None
        if last is not None and last.until == STILL:
            if now and now[2:] == last[2:]:
                continue
            found[-1] = last._replace(until=start)
        if now:
            found.append(now)
    return found


def _applications(facts: Sequence[Fact]) -> Iterable[Span]:
    asked: Span | None = None
    for fact in standing(facts):
        match fact.event:
            case ApplicationExamined() as e if asked is not None:
                end = fact.on
                fit = Examined.FIT if e.fit else Examined.UNFIT
                began = asked._replace(since=max(asked.since, end.isoformat()), fit=fit)
            case MembershipApplied() as e:
                end, began = fact.on, Span(
                    fact.on.isoformat(), STILL, Standing.APPLIED, e.person, e.union, fact.origin,
                    e.channel,
                )  # fmt: skip
            case (
                MemberEnrolled()
                | ApplicationDeclined()
                | ApplicationWithdrawn()
                | MembershipLoaded()
                | MembershipTakenIn()
            ):
                end, began = fact.on, None
            case _:
                continue
        if asked is not None and asked.since < end.isoformat():
            yield asked._replace(until=end.isoformat())
        asked = began
    if asked is not None:
        yield asked


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Sought:
    """What one asks of a roster. List and counts read the same question.

    `on` None: how it stands by all that is known. `counted_by` counts a person once across the
    partnership (T13), by the host or by the home province, and no retained membership: of two
    memberships of one person that which began later is the host's.
    """

    union: str | None = None
    below: bool = True
    on: date | None = None
    known_on: date | datetime | None = None
    states: frozenset[Standing] = field(
        default_factory=lambda: frozenset({Standing.MEMBER, Standing.RETAINED})
    )
    channel: Channel | None = None
    own: bool | None = None  # held in our own journal, or in a partner's
    counted_by: CountedBy | None = None
    fit: Examined | None = None  # of those who apply
    persons: frozenset[PersonId] | None = None  # among these only
    home: frozenset[bytes] | None = None  # whose home county is one of these, by their tokens
    employer: bytes | None = None  # who works for whom, by its token

    @classmethod
    def of(cls, given: Mapping[str, str], vault: Vault, province: str) -> "Sought":
        """From the words of a URL or a command line; `province` tells one's own counties from
        others of their name. Raises: UnknownFilter.
        """

        def home(text: str) -> frozenset[bytes]:
            return vault.homes(divisions.within(home_code(text, province)))

        by_token: _Filters = {"home": ("home", home), "employer": ("employer", vault.employer)}
        return cls(**read(given, {**_FILTERS, **by_token}))


def home_code(text: str, province: str) -> str:
    """The division that a home is asked for by: its code, the first digits of it, or its name.

    Raises: ValueError where there is none.
    """
    code = text if text.isdecimal() else divisions.find(text, province)
    if code is None or len(code) not in {2, 4, 6} or not divisions.within(code):
        raise ValueError(text)
    return code.ljust(6, "0")


def _states(text: str) -> frozenset[Standing]:
    return frozenset(Standing(each) for each in text.split(","))


_Filters: TypeAlias = Mapping[str, tuple[str, Callable[[str], Any]]]
_FILTERS: _Filters = {
    "union": ("union", str),
    "below": ("below", yes_or_no),
    "as_of": ("on", date.fromisoformat),
    "known_on": ("known_on", date.fromisoformat),
    "state": ("states", _states),
    "channel": ("channel", Channel),
    "own": ("own", yes_or_no),
    "counted_by": ("counted_by", CountedBy),
    "fit": ("fit", Examined),
}


@dataclass(frozen=True, slots=True)
class Member:
    """One line of a roster: no name stands here (`replay.people` opens those that are shown)."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    origin: str
    state: Standing
    channel: Channel | None
    since: date
    until: date | None


def members(
    conn: Connection, origin: str, sought: Sought, *, limit: int = 50,
    after: tuple[str, str] | None = None,
) -> Page[Member, tuple[str, str]]:  # fmt: skip
    """A page of a roster, by union and membership; `after` is the last page's `next`."""
    few = _of_few(conn, origin, sought)
    if few is not None:
        ahead = (row for row in few if after is None or _place(row) > after)
        return _page(sorted(ahead, key=_place), limit)
    query = (
        select(belonging)
        .where(*_where(conn, origin, sought))
        .order_by(belonging.c.union, belonging.c.membership)
        .limit(limit + 1)
    )
    place = tuple_(belonging.c.union, belonging.c.membership)
    if sought.union is None:
        if after is not None:
            query = query.where(place > tuple_(*after))
        return _page(_by_state(conn, query, sought), limit)
    found: list[Member] = []
    here = sorted(_scope(conn, origin, sought))
    if after is not None:
        here = [union for union in here if union >= after[0]]
    start, width = 0, 1
    while start < len(here) and len(found) <= limit:
        # A few unions at first, for one may fill the page; more where they have few members.
        some = here[start : start + width]
        part = query.where(belonging.c.union.in_(some))
        if after is not None and after[0] in some:
            part = part.where(place > tuple_(*after))
        found += _by_state(conn, part, sought)
        start, width = start + width, min(width * 4, CHUNK)
    return _page(found[: limit + 1], limit)


def _by_state(conn: Connection, query: Select[Any], sought: Sought) -> list[Member]:
    """The rows in order: state by state, for the index of what holds now has the state first."""
    found: list[Member] = []
    for state in sorted(_states_of(sought)):
        found += _rows(conn, query.where(belonging.c.state == state))
    return sorted(found, key=_place)


def _place(row: Member) -> tuple[str, str]:
    return row.union, row.membership


def _page(rows: list[Member], limit: int) -> Page[Member, tuple[str, str]]:
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], (last.union, last.membership))


@dataclass(frozen=True)
class Counts:
    """How many, in all and by union, channel, kind of union, state and journal."""

    total: int
    by_union: Mapping[UnionId, int]
    by_channel: Mapping[Channel | None, int]
    by_kind: Mapping[UnionKind | None, int]
    by_state: Mapping[Standing, int]
    by_origin: Mapping[str, int]


@overload
def count(conn: Connection, origin: str, sought: Sought) -> Counts: ...
@overload
def count(conn: Connection, origin: str, sought: Sought, *, most: int | None) -> Counts | None: ...
def count(
    conn: Connection, origin: str, sought: Sought, *, most: int | None = None
) -> Counts | None:
    """Counts the roster that `members` lists; `most`: None where there are more than so many."""
    if most is not None and _more_than(conn, origin, sought, most):
        return None
    rows = _counted(conn, origin, sought)
    found = union_tree.get(conn, origin, {row[0] for row in rows}, sought.on, sought.known_on)
    kinds = {union: row.kind for union, row in found.items()}
    sums: tuple[dict[Any, int], ...] = ({}, {}, {}, {}, {})
    total = 0
    for union, channel, state, held_in, number in rows:
        total += number
        keys = (
            UnionId(union), Channel(channel) if channel else None, kinds.get(UnionId(union)),
            Standing(state), held_in,
        )  # fmt: skip
        for key, into in zip(keys, sums, strict=True):
            into[key] = into.get(key, 0) + number
    return Counts(total, *sums)


def _more_than(conn: Connection, origin: str, sought: Sought, most: int) -> bool:
    """Whether a roster is longer than that: no further than that is looked."""
    left = most + 1
    states = belonging.c.state.in_(sorted(_states_of(sought)))
    query = select(belonging.c.membership).where(*_where(conn, origin, sought), states)
    scope = None if sought.union is None else sorted(_scope(conn, origin, sought))
    for start in range(0, 1 if scope is None else len(scope), CHUNK):
        part = query
        if scope is not None:
            part = query.where(belonging.c.union.in_(scope[start : start + CHUNK]))
        few = part.limit(left).subquery()
        left -= conn.execute(select(func.count()).select_from(few)).scalar_one()
        if left <= 0:
            return True
    return False


def _counted(conn: Connection, origin: str, sought: Sought) -> Sequence[Any]:
    """(union, channel, state, journal, how many)"""
    few = _of_few(conn, origin, sought)
    if few is not None:
        tally = Counter((row.union, row.channel, row.state, row.origin) for row in few)
        return [(*key, number) for key, number in tally.items()]
    where = [*_where(conn, origin, sought), belonging.c.state.in_(sorted(_states_of(sought)))]
    if sought.union is not None:
        where.append(belonging.c.union.in_(_below(conn, origin, sought)))
    grouped = (belonging.c.union, belonging.c.channel, belonging.c.state, belonging.c.origin)
    return conn.execute(select(*grouped, func.count()).where(*where).group_by(*grouped)).all()


def of_persons(
    conn: Connection, origin: str, persons: Iterable[str], on: date | None = None,
    known_on: date | datetime | None = None,
) -> dict[PersonId, list[Member]]:  # fmt: skip
    """How these persons stand on a day, whatever the union: a list's columns 工会 and 状态."""
    where = holds(belonging, live(conn, origin, NAME), on, known_on)
    found: dict[PersonId, list[Member]] = {}
    every = list(dict.fromkeys(persons))
    for start in range(0, len(every), CHUNK):
        some = every[start : start + CHUNK]
        query = (
            select(belonging)
            .where(where, belonging.c.person.in_(some))
            .order_by(belonging.c.person, belonging.c.since, belonging.c.membership)
        )
        for row in _rows(conn, query):
            found.setdefault(row.person, []).append(row)
    return found


def get(conn: Connection, origin: str, memberships: Iterable[str]) -> dict[MembershipId, Member]:
    """How these memberships stand by all that is known; those on no roster are left out."""
    where = holds(belonging, live(conn, origin, NAME), None, None)
    every = list(dict.fromkeys(memberships))
    found: dict[MembershipId, Member] = {}
    for start in range(0, len(every), CHUNK):
        some = every[start : start + CHUNK]
        query = select(belonging).where(where, belonging.c.membership.in_(some))
        found |= {row.membership: row for row in _rows(conn, query.order_by(belonging.c.since))}
    return found


def spans_of(
    conn: Connection, origin: str, person: str, known_on: date | datetime | None = None
) -> list[Member]:
    """Every time in which this person stood on some roster, oldest first."""
    where = knew(belonging, live(conn, origin, NAME), known_on)
    return _rows(
        conn,
        select(belonging)
        .where(where, belonging.c.person == person)
        .order_by(belonging.c.since, belonging.c.membership),
    )


def members_left(conn: Connection, origin: str, union: str, on: date | None = None) -> int:
    """How many members of one union have no other outcome on that day (F2, J4)."""
    return count(conn, origin, Sought(union=union, below=False, on=on)).total


def _rows(conn: Connection, query: Select[Any]) -> list[Member]:
    return [
        Member(
            MembershipId(r["membership"]), PersonId(r["person"]), UnionId(r["union"]), r["origin"],
            Standing(r["state"]), Channel(r["channel"]) if r["channel"] else None,
            date.fromisoformat(r["since"]), until(r["until"]),
        )
        for r in conn.execute(query).mappings()
    ]  # fmt: skip


def _scope(conn: Connection, origin: str, sought: Sought) -> list[UnionId]:
    assert sought.union is not None
    if not sought.below:
        return [UnionId(sought.union)]
    return union_tree.subtree(conn, origin, sought.union, sought.on, sought.known_on)


def _below(conn: Connection, origin: str, sought: Sought) -> Any:
    assert sought.union is not None
    if not sought.below:
        return [sought.union]
    return union_tree.subtree_query(
        live(conn, origin, union_tree.NAME), sought.union, sought.on, sought.known_on
    )


def _where(
    conn: Connection, origin: str, sought: Sought, *, every: bool = True
) -> list[ColumnElement[bool]]:
    """The one question of list and counts, but for the unions and the states.

    `every`: whether all have to be looked through, in the index of what holds now where that helps.
    """
    generation = live(conn, origin, NAME)
    if every and sought.on is None and sought.known_on is None:
        where = [belonging.c.generation == generation, cast("ColumnElement[bool]", _NOW)]
    else:
        where = [holds(belonging, generation, sought.on, sought.known_on)]
    if sought.counted_by is not None:
        files = live(conn, origin, worker_files.NAME)
        where.append(belonging.c.membership.not_in(_counted_elsewhere(generation, files, sought)))
    if sought.channel is not None:
        where.append(belonging.c.channel == sought.channel)
    if sought.own is not None:
        # Theirs by name: an index leads to those, and from "not ours" it leads to nobody.
        whose = [origin] if sought.own else partners_of(conn, origin)
        where.append(belonging.c.origin.in_(whose))
    if sought.fit is not None:
        where.append(belonging.c.fit == sought.fit)
    if sought.home is not None:
        where.append(_tells("home", sought.home, belonging.c.person, _HOMES))
    if sought.employer is not None:
        works = _tells("employer", [sought.employer], belonging.c.membership, _EMPLOYMENTS)
        where.append(works)
    return where


def _states_of(sought: Sought) -> frozenset[Standing]:
    return sought.states - ({Standing.RETAINED} if sought.counted_by is not None else set())


# ── by what is sealed ────────────────────────────────────────────────────────────────────────

FEW = 5_000
"""Up to so many persons are looked up one by one; of more, the roster is read and they are met."""

# What tells where somebody comes from, and where somebody works: the newest of them counts.
_HOMES = [each.__name__ for each in (PersonRegistered, ResidenceMoved)]
_EMPLOYMENTS = [
    each.__name__
    for each in (
        MembershipApplied, MembershipLoaded, MembershipTakenIn, EmploymentChanged,
        MembershipResumed, TransferAccepted,
    )
]  # fmt: skip


def _tells(
    kind: str, tokens: Iterable[bytes], stream: ColumnElement[str], kinds: Sequence[str]
) -> ColumnElement[bool]:
    """Whether the newest of these records in a stream has one of the tokens: what an earlier one
    said holds no more. Each journal's records stand for themselves."""
    newest = (
        select(record.c.position)
        .where(
            record.c.origin == token.c.origin,
            record.c.stream == stream,
            record.c.kind.in_(kinds),
        )
        .order_by(record.c.version.desc())
        .limit(1)
        .correlate(token, belonging)
        .scalar_subquery()
    )
    return (
        select(token)
        .where(
            token.c.kind == kind, token.c.token.in_(sorted(tokens)),
            token.c.person == belonging.c.person, token.c.position == newest,
        )
        .correlate(belonging)
        .exists()
    )  # fmt: skip


def _few(conn: Connection, sought: Sought) -> list[str] | None:
    """Among whom to look, where that is few people; None: among all."""
    found: set[str] | None = None if sought.persons is None else set(sought.persons)
    for kind, tokens in (("home", sought.home), ("employer", sought.employer)):
        if tokens is None or (found is not None and len(found) <= FEW):
            continue
        marks = [tokens] if isinstance(tokens, bytes) else sorted(tokens)
        of = select(token.c.person).where(token.c.kind == kind, token.c.token.in_(marks))
        persons = conn.execute(of.limit(FEW + 1)).scalars().all()
        if len(persons) <= FEW:
            found = set(persons)
    return None if found is None else sorted(found)


def _of_few(conn: Connection, origin: str, sought: Sought) -> list[Member] | None:
    """The whole roster, in no order, where only few people can be on it; None: ask for a page."""
    persons = _few(conn, sought)
    if persons is None:
        return None
    states = belonging.c.state.in_(sorted(_states_of(sought)))
    where = [*_where(conn, origin, sought, every=False), states]
    found: list[Member] = []
    for start in range(0, len(persons), CHUNK):
        some = persons[start : start + CHUNK]
        found += _rows(conn, select(belonging).where(*where, belonging.c.person.in_(some)))
    if sought.union is None:
        return found
    scope = set(_scope(conn, origin, sought))
    return [row for row in found if row.union in scope]


def _counted_elsewhere(generation: int, files: int, sought: Sought) -> Select[tuple[str]]:
    """The memberships of persons who are counted by another one of theirs (T13)."""
    same = worker_files.same_person
    one, other = belonging.alias("one"), belonging.alias("other_one")
    linked = and_(knew(same, files, sought.known_on), same.c.person == one.c.person)
    beside = tuple_(other.c.since, other.c.membership)
    place = tuple_(one.c.since, one.c.membership)
    counted = and_(
        _in_force(other, generation, sought),
        beside > place if sought.counted_by is CountedBy.HOST else beside < place,
    )
    few = union_all(
        select(same.c.person).where(knew(same, files, sought.known_on)),
        select(doubled.c.person).where(doubled.c.generation == generation),
    )
    return select(one.c.membership).where(
        _in_force(one, generation, sought),
        one.c.person.in_(few),
        or_(
            select(other).where(other.c.person == one.c.person, counted).exists(),
            select(other)
            .join(same, same.c.other == other.c.person)
            .where(linked, counted)
            .exists(),
        ),
    )


def _in_force(table: Any, generation: int, sought: Sought) -> ColumnElement[bool]:
    when = holds(table, generation, sought.on, sought.known_on)
    return and_(when, table.c.state == Standing.MEMBER)
