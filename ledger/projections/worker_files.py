"""Workers' files (职工档案): where every record of a subject stands, and which ids are one person.

No name and no number stands here. A file is folded from its records when somebody asks for it;
this view says in one index scan which records these are, and since when they are known here.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    and_,
    or_,
    select,
)

from ledger.domain.ids import BYSTANDERS, PersonId, ids_in, is_id
from ledger.domain.kernel import Fact
from ledger.domain.persons import PersonLink, one_person
from ledger.journal.database import load
from ledger.journal.record import written
from ledger.journal.tables import metadata, record
from ledger.projections.posting import Posting, Projection, live
from ledger.projections.two_times import (
    CHUNK,
    UNCHANGED,
    chronicle,
    histories,
    knew,
    known_before,
    rewrite,
)

NAME = "worker_files"

SUBJECTS = frozenset(
    {
        "per",
        "mem",
        "trf",
        "hou",
        "par",
        "lnk",
        "con",
        "hrd",
        "cas",
        "grt",
        "fnd",
        "que",
        "tri",
        "hlp",
    }
)
"""What one asks for by its records. Of unions, entries and imports nearly every record speaks."""

mention = Table(
    "mention",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("subject", Text, primary_key=True),
    Column("origin", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),  # of the record of ours that made it known
    Column("known", Text, nullable=False),  # and the instant of that
    sqlite_with_rowid=False,
)

# Two records of persons that were decided to be one person, while that was known.
person_link = Table(
    "person_link",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("link", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("person", Text, nullable=False),
    Column("other", Text, nullable=False),
    Column("known_from", Text, nullable=False),
    Column("known_to", Text, nullable=False),
    Index("person_link_person", "generation", "person"),
    Index("person_link_other", "generation", "other"),
)

# Everybody who is one person with another one, however long the chain of links.
same_person = Table(
    "same_person",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("person", Text, primary_key=True),
    Column("other", Text, primary_key=True),
    Column("known_from", Text, primary_key=True),
    Column("known_to", Text, nullable=False),
)


# ── posting ──────────────────────────────────────────────────────────────────────────────────


class _View:
    name, zh = NAME, "职工档案"
    tables: Sequence[Table] = (mention, person_link, same_person)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        rows: list[Sequence[Any]] = []
        links: set[str] = set()
        for posting in page:
            known: str = posting.header["at"] if posting.own else written(posting.known)
            at = (posting.record.origin, posting.record.position, posting.seq, known)
            rows.extend((generation, subject, *at) for subject in subjects_of(posting))
            if posting.record.stream.startswith("lnk_") and posting.record.kind not in _SHARING:
                links.add(posting.record.stream)
        load(conn, mention, rows)
        if links:
            _link(conn, generation, page, links)


VIEW: Projection = _View()

_SHARING = frozenset({"LinkOpened", "LinkNarrowed", "LinkClosed", "GroupsRestricted"})
"""Links to a partner, which say nothing of who is one person."""


def subjects_of(posting: Posting) -> set[str]:
    """The ids that a record concerns: its stream, and every id in its body but the bystanders'."""
    stream = posting.record.stream
    found = {stream} if stream[:3] in SUBJECTS else set[str]()
    for field, value in posting.body.items():
        if not value or field in BYSTANDERS:
            continue
        if type(value) is str:
            # What has neither the length nor the beginning of a subject's id is not looked at.
            if len(value) == 30 and value[:3] in SUBJECTS and is_id(value):
                found.add(value)
        elif field == "sealed":
            found.update(value)  # the persons to whom its texts are sealed
        elif type(value) is not int:
            found.update(each for each in ids_in(value) if each[:3] in SUBJECTS)
    return found


def _link(conn: Connection, generation: int, page: Sequence[Posting], links: set[str]) -> None:
    """Rewrites these links, and who is one person with whom wherever they reach."""
    rows = [
        (generation, link, held.seq, *held.what, held.known_from, held.known_to)
        for link, history in histories(conn, page, links).items()
        for held in chronicle(history, _pairs)
    ]
    touched = {str(person) for row in rows for person in row[3:5]}
    touched |= {row.person for row in _links(conn, generation, person_link.c.link.in_(links))}
    rewrite(conn, person_link, generation, "link", links, rows)

    known: dict[tuple[str, str, str], Any] = {}
    ahead = reached = touched
    while ahead:
        found: list[Any] = []
        for some in _chunks(ahead):
            part = or_(person_link.c.person.in_(some), person_link.c.other.in_(some))
            found += _links(conn, generation, part)
        known.update({(row.link, row.person, row.known_from): row for row in found})
        ahead = {person for row in found for person in (row.person, row.other)} - reached
        reached = reached | ahead
    same = [(generation, *row) for row in _closed(list(known.values()))]
    rewrite(conn, same_person, generation, "person", reached, same)


def _pairs(facts: Sequence[Fact]) -> list[tuple[PersonId, PersonId]]:
    link = PersonLink.of(facts)
    one, other = sorted(link.pair) if link.linked else ("", "")
    return [(PersonId(one), PersonId(other))] if link.linked else []


def _closed(links: Sequence[Any]) -> Iterator[tuple[str, str, str, str]]:
    """(person, other, known from, known to) over all chains of these links."""
    held: dict[tuple[str, str], str] = {}
    for at in sorted({row.known_from for row in links} | {row.known_to for row in links}):
        pairs = [
            (PersonId(row.person), PersonId(row.other))
            for row in links
            if row.known_from <= at < row.known_to
        ]
        now = {
            (person, other)
            for person in {each for pair in pairs for each in pair}
            for other in one_person(pairs, person)
            if other != person
        }
        for pair in [pair for pair in held if pair not in now]:
            yield (*pair, held.pop(pair), at)
        for pair in now:
            held.setdefault(pair, at)
    for pair, since in held.items():
        yield (*pair, since, UNCHANGED)


def _links(conn: Connection, generation: int, part: Any) -> Sequence[Any]:
    return conn.execute(
        select(person_link).where(person_link.c.generation == generation, part)
    ).all()


def _chunks(items: Iterable[str]) -> Iterator[list[str]]:
    every = list(items)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]


# ── asking ───────────────────────────────────────────────────────────────────────────────────


class Mention(NamedTuple):
    """Where a record of a subject stands, and when it became known here."""

    origin: str
    position: int
    seq: int
    known: str

    @property
    def place(self) -> tuple[str, int]:
        return self.origin, self.position


def mentions(
    conn: Connection, origin: str, subjects: Iterable[str],
    known_on: date | datetime | None = None,
) -> list[Mention]:  # fmt: skip
    """The records that concern any of these subjects, in the order in which they became known."""
    generation, before = live(conn, origin, NAME), known_before(known_on)
    found: set[Mention] = set()
    for some in _chunks(subjects):
        rows = conn.execute(
            select(mention.c.origin, mention.c.position, mention.c.seq, mention.c.known).where(
                mention.c.generation == generation,
                mention.c.subject.in_(some),
                mention.c.known < before,
            )
        )
        found.update(Mention(*row) for row in rows)
    # Within one reading of a partner's channel the partner's own order holds.
    return sorted(found, key=lambda one: (one.seq, one.origin, one.position))


def streams_of(conn: Connection, origin: str, subjects: Iterable[str], prefix: str) -> list[str]:
    """The things of one kind that these subjects' records are about: households, consents, links."""
    generation = live(conn, origin, NAME)
    found: set[str] = set()
    for some in _chunks(subjects):
        rows = conn.execute(
            select(record.c.stream)
            .join(
                mention,
                and_(mention.c.origin == record.c.origin, mention.c.position == record.c.position),
            )
            .where(
                mention.c.generation == generation,
                mention.c.subject.in_(some),
                record.c.stream.startswith(f"{prefix}_", autoescape=True),
            )
            .distinct()
        )
        found.update(rows.scalars())
    return sorted(found)


def identity(
    conn: Connection, origin: str, person: str, known_on: date | datetime | None = None
) -> frozenset[PersonId]:
    """All ids of one person, this one among them, as known on a day."""
    return identities(conn, origin, [person], known_on)[PersonId(person)]


def identities(
    conn: Connection, origin: str, persons: Iterable[str],
    known_on: date | datetime | None = None,
) -> dict[PersonId, frozenset[PersonId]]:  # fmt: skip
    """For each of these persons all ids that are the same one."""
    generation = live(conn, origin, NAME)
    every = [PersonId(person) for person in dict.fromkeys(persons)]
    found = {person: {person} for person in every}
    for some in _chunks(every):
        rows = conn.execute(
            select(same_person.c.person, same_person.c.other).where(
                knew(same_person, generation, known_on), same_person.c.person.in_(some)
            )
        )
        for person, other in rows:
            found[person].add(PersonId(other))
    return {person: frozenset(others) for person, others in found.items()}
