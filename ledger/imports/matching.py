"""Who a row is (查重比对): what the ledger knows of the people of a roster, a batch at a time.

A row is one person on record, or nobody, or it goes back: never the first of several. A number
that is known is the person; without one, the same name and birth date count only together with
the same telephone or residence. Persons who were linked as one are one. Everybody whose texts are
compared stands on the read log.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Integer,
    LargeBinary,
    Text,
    and_,
    bindparam,
    column,
    select,
    values,
)

from ledger.book import Reader
from ledger.domain.forgetting import ProcessingStopped
from ledger.domain.identity import DocumentKind
from ledger.domain.ids import PersonId
from ledger.domain.kernel import Redacted, Refused
from ledger.domain.membership import Membership
from ledger.domain.persons import Person
from ledger.imports.headings import Field
from ledger.imports.rows import Row
from ledger.journal.database import Statement
from ledger.journal.tables import token
from ledger.journal.vault import Vault, normal_name
from ledger.projections import rosters, worker_files
from ledger.projections.rosters import Member, Standing

# ── rules ────────────────────────────────────────────────────────────────────────────────────


class SeveralOnRecord(
    Refused,
    zh="档案中有两份以上与此相符。",
    article="design: one person an identity number",
    instead="先办理“查重与关联”，再上传。",
):
    """A row matches exactly one record, or none."""


class PerhapsOnRecord(
    Refused,
    zh="没有证件号码，而档案中有同名同生日的人，不能确定是否同一人。",
    article="E9; design: rosters",
    instead="补上证件号码，或与档案一致的电话、户籍地址，再上传。",
):
    """Without a number, a name and a birth date alone do not say who it is."""


class NameNotOnRecord(
    Refused,
    zh="该号码在档案中是另一姓名，没有当作同一人处理。",
    article="E9; design: one person an identity number",
    instead="对照证件：改过名的，先办理更名；号码填错的，改正后再上传。",
):
    """Who bears another name under the same number is not taken for the same person."""


class NumberNowGiven(
    Refused,
    zh="档案中号码待补，本行已有号码。",
    article="E9",
    instead="核对证件后，在其档案上“补登号码”；本次不改动档案。",
):
    """A number that was owed is given on the person's own record, with the card."""


class ParticularsChanged(
    Refused,
    zh="与档案所记不同。",
    article="design: rosters",
    instead="核对后在其档案上办理更正；本次不改动档案。",
):
    """A roster changes nothing of who is on record: a difference is offered as a correction."""


# ── what is known ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Known:
    """What the ledger has on a row: the one person that it is, how she stands, what differs."""

    person: PersonId | None = None
    against: type[Refused] | None = None  # why it cannot be said who it is
    member: Member | None = None
    applied: tuple[Member, ...] = ()
    differs: tuple[tuple[type[Refused], Field], ...] = ()
    dead: bool = False

    @property
    def misnamed(self) -> bool:
        return any(rule is NameNotOnRecord for rule, _ in self.differs)


NOBODY = Known()


def known(reader: Reader, rows: Sequence[Row]) -> dict[int, Known]:
    """What is known of each row, by its number in the file; rows of nobody are left out."""
    held = _by_number(reader, rows)
    alike = _by_words(reader, [row for row in rows if row.row not in held])
    if not held and not alike:
        return {}
    record = _Record(
        reader, {p for found in (held, alike) for each in found.values() for p in each}
    )
    return {
        row.row: found
        for row in rows
        if (found := record.of(row, held.get(row.row), alike.get(row.row, ()))) is not NOBODY
    }


@dataclass
class _Record:
    """The files of everybody who may be meant by a row of the batch."""

    reader: Reader
    persons: Collection[str]
    same: Mapping[PersonId, frozenset[PersonId]] = field(init=False)
    standing: Mapping[PersonId, list[Member]] = field(init=False)
    files: Mapping[str, Person] = field(init=False)
    memberships: Mapping[str, Membership] = field(init=False)
    resting: Collection[str] = field(init=False)

    def __post_init__(self) -> None:
        conn, origin = self.reader.conn, self.reader.ledger.origin
        self.same = worker_files.identities(conn, origin, self.persons)
        everybody = {one for ids in self.same.values() for one in ids}
        self.resting = self.reader.ledger.vault.at_rest(conn, sorted(everybody))
        self.standing = rosters.of_persons(conn, origin, everybody)
        held = {row.membership for rows in self.standing.values() for row in rows}
        opened = _opened(self.reader, [*sorted(everybody), *sorted(held)])
        self.files = {one: Person.of(opened[one]) for one in everybody if one in opened}
        self.memberships = {one: Membership.of(opened[one]) for one in held if one in opened}

    def of(self, row: Row, held: Iterable[str] | None, alike: Iterable[str]) -> Known:
        if held is None:
            found = [person for person in alike if self._is(row, PersonId(person))]
            if not found and not row.number and (row.born is not None and alike):
                return Known(against=PerhapsOnRecord)
        else:
            found = list(held)
        whole = {self.same[PersonId(person)] for person in found}
        if len(whole) > 1:
            return Known(against=SeveralOnRecord)
        return self._known(row, next(iter(whole)), found[0]) if whole else NOBODY

    def _is(self, row: Row, person: PersonId) -> bool:
        """Whether somebody of the same name (and birth date, where it is known) is this row."""
        told = self.files.get(person)
        if told is None or (row.number and told.document is not DocumentKind.NONE_YET):
            return False
        if row.born and told.birth and told.birth != row.born.isoformat():
            return False
        same_place = bool(row.residence) and row.residence == told.residence
        return (bool(row.phone) and row.phone == told.phone) or same_place

    def _known(self, row: Row, ids: frozenset[PersonId], person: str) -> Known:
        if not ids.isdisjoint(self.resting):
            return Known(against=ProcessingStopped)
        rows = [member for one in sorted(ids) for member in self.standing.get(one, ())]
        members = [member for member in rows if member.state is not Standing.APPLIED]
        files = [self.files[one] for one in sorted(ids) if one in self.files]
        holder = members[0].person if members else rows[0].person if rows else PersonId(person)
        return Known(
            holder,
            member=members[0] if members else None,
            applied=tuple(member for member in rows if member.state is Standing.APPLIED),
            differs=tuple(self._differs(row, files, (members or rows)[:1])),
            dead=any(told.died_on is not None for told in files),
        )

    def _differs(
        self, row: Row, files: Sequence[Person], held: Sequence[Member]
    ) -> Iterable[tuple[type[Refused], Field]]:
        names = {normal_name(name) for told in files for name in told.names}
        if normal_name(row.name) not in names:
            yield NameNotOnRecord, Field.NAME
        if row.number and all(told.document is DocumentKind.NONE_YET for told in files):
            yield NumberNowGiven, Field.NUMBER
        work = self.memberships.get(held[0].membership) if held else None
        for at, said, on_record in (
            (Field.SEX, row.sex, [told.sex for told in files]),
            (Field.ETHNICITY, row.ethnicity, [told.ethnic for told in files]),
            (Field.PHONE, row.phone, [told.phone for told in files]),
            (Field.RESIDENCE, row.residence, [told.residence for told in files]),
            (Field.EMPLOYER, row.employer, [work.employer] if work else [row.employer]),
            (Field.TRADE, row.trade, [work.trade] if work else [row.trade]),
        ):
            closed = any(isinstance(text, Redacted) for text in on_record)
            if said and said not in on_record and not closed:
                yield ParticularsChanged, at


def _opened(reader: Reader, streams: Sequence[str]) -> dict[str, list[Any]]:
    """The facts of these streams with their texts, in few questions; all are logged."""
    records = [one for each in reader.records_of(streams).values() for one in each]
    found: dict[str, list[Any]] = {}
    for one, fact in zip(records, reader.opened(records), strict=True):
        found.setdefault(one.stream, []).append(fact)
    return found


# ── by search tokens ─────────────────────────────────────────────────────────────────────────


def _by_number(reader: Reader, rows: Sequence[Row]) -> dict[int, list[str]]:
    """Who is on record under a row's number."""
    numbers = [row.number for row in rows if row.number]
    holders = reader.ledger.vault.holders(reader.conn, numbers)
    return {
        row.row: sorted(set(holders[row.number]))
        for row in rows
        if row.number and row.number in holders
    }


def _by_words(reader: Reader, rows: Sequence[Row]) -> dict[int, list[str]]:
    """Who on record bears a row's name, and its birth date (else its telephone) where it has one."""
    vault = reader.ledger.vault
    asked: dict[_Sought, list[int]] = {}
    for row in rows:
        name = vault.token("name", normal_name(row.name))
        asked.setdefault(_sought(vault, row, name), []).append(row.row)
    found: dict[int, list[str]] = {}
    every = list(asked)
    for start in range(0, len(every), AT_ONCE):
        for sought, person in sorted(_alike(reader.conn, every[start : start + AT_ONCE])):
            for number in asked[sought]:
                found.setdefault(number, []).append(person)
    return found


class _Sought(NamedTuple):
    """Somebody sought: of this name, and bearing a mark of this kind."""

    name: bytes
    kind: str
    mark: bytes


def _sought(vault: Vault, row: Row, name: bytes) -> _Sought:
    """What a person of the row's name must bear too; without more, the name is all there is."""
    if row.born is not None:
        return _Sought(name, "birth", vault.token("birth", row.born.isoformat()))
    if row.phone:
        return _Sought(name, "phone", vault.token("phone", row.phone))
    return _Sought(name, "name", name)


AT_ONCE = 100
"""How many are sought in one question; it has room for so many, and is compiled once."""


def _everybody_alike() -> Statement:
    """(place, person, position) for whoever bears the mark and the name that stand at a place.

    Joined from outside, each is looked up in turn: a planner that may choose walks all names. So
    there are rows of people who bear the mark alone, and no position in them.
    """
    one, other = token.alias("one"), token.alias("other")
    given = (
        column("place", Integer), column("name", LargeBinary), column("kind", Text),
        column("mark", LargeBinary),
    )  # fmt: skip
    rows = [
        tuple(bindparam(f"its_{each.name}_{place}", type_=each.type) for each in given)
        for place in range(AT_ONCE)
    ]
    sought = values(*given, name="given").data(rows).cte("sought")
    marked = and_(one.c.kind == sought.c.kind, one.c.token == sought.c.mark)
    named = and_(
        other.c.kind == "name", other.c.token == sought.c.name, other.c.person == one.c.person
    )
    return Statement(
        select(sought.c.place, one.c.person, other.c.position)
        .outerjoin(one, marked)
        .outerjoin(other, named)
    )


_ALIKE = _everybody_alike()


def _alike(conn: Connection, asked: Sequence[_Sought]) -> Iterator[tuple[_Sought, str]]:
    """Everybody who is as one of those sought: a person who bears the mark, and the name too."""
    given: dict[str, Any] = {}
    for place in range(AT_ONCE):
        each = asked[min(place, len(asked) - 1)]  # what is left of the room asks the last one again
        given |= {
            f"its_place_{place}": min(place, len(asked) - 1), f"its_name_{place}": each.name,
            f"its_kind_{place}": each.kind, f"its_mark_{place}": each.mark,
        }  # fmt: skip
    for place, person, at in set(_ALIKE.rows(conn, **given)):
        if at is not None:
            yield asked[place], person
