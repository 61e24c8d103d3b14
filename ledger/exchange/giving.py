"""Our channel as a partner reads it (提供): checkpoint, pages, and the groups that are given.

Openings are made when they are asked for, never stored: from the links as they are at that
moment, and never of a person who has been forgotten. What is given is written down first, with
the link and its legal basis, in the transaction that opens it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, select

from ledger.book import Ledger, Reader
from ledger.domain.channels import LinkOpened
from ledger.domain.ids import new
from ledger.domain.kernel import Event, Group, Scope
from ledger.exchange.mirroring import keep_mirrored, sign_channel
from ledger.exchange.wire import Checkpoint, Line, Opening, Owed, Page
from ledger.journal import canonical, tiles
from ledger.journal.database import ByKey, Statement
from ledger.journal.merkle import consistency_proof
from ledger.journal.notes import Note
from ledger.journal.record import Record, written
from ledger.journal.recorder import LogReader, read_head
from ledger.journal.signing import ReadOnly
from ledger.journal.tables import channel_leaf, record, sealed, sharing
from ledger.journal.tiles import Asked
from ledger.procedures.sharing import grounded
from ledger.projections.channels import links_of, scopes_in, shareable
from ledger.projections.posting import as_record, channel_name

PAGE = 1000
BYTES = 8 * 2**20
"""The most records, and about the most bytes, that one page carries."""


class Giving:
    """What we give to one partner: the `Partner` that it talks to."""

    def __init__(self, ledger: Ledger, to: str) -> None:
        self.ledger, self._to = ledger, to
        self.log = channel_name(ledger.origin, to)
        self._signed = Checkpoint(-1, b"")

    @property
    def origin(self) -> str:
        return self.ledger.origin

    def checkpoint(self, read: int) -> Checkpoint:
        """Where the channel ends; signed, unless our ledger is read-only or its keys are away."""
        with self.ledger.database.reading() as conn:
            frontier = read_head(conn, self.log).frontier
        said = Checkpoint(frontier.size, frontier.root())
        if self._signed[:2] != said[:2]:
            try:
                self._signed = said._replace(note=sign_channel(self.ledger, self.log, frontier))
            except (ReadOnly, OSError):
                return said
        return self._signed

    def tile(self, asked: Asked) -> bytes:
        """Raises: LookupError where our journal does not have as many hashes."""
        with self.ledger.database.reading() as conn:
            return tiles.read(conn, self.ledger.origin, asked)

    def mirrored(self, note: bytes) -> None:
        """Keeps the partner's signature under a checkpoint of ours. Raises: BadNote."""
        keep_mirrored(self.ledger, self.log, self._to, Note.parse(note))

    def page(self, first: int, limit: int, size: int) -> Page:
        with self.ledger.database.writing() as conn:
            lines = self._lines(conn, first, min(limit, PAGE, size - first + 1))
            last = first + len(lines) - 1
            given = self._give(conn, [one for _, _, one in lines], first, last)
            proof = consistency_proof(LogReader(conn, self.log, channel=True), last, size)
        return Page(
            [Line(header, one.bytes, given.get(one.position, ())) for _, header, one in lines],
            proof,
        )

    def owed(self, links: Sequence[str]) -> Sequence[Owed]:
        with self.ledger.database.writing() as conn:
            earlier = self._earlier(conn, links)
            if not earlier:
                return []
            numbers = [number for number, _ in earlier]
            given = self._give(conn, [one for _, one in earlier], min(numbers), max(numbers))
        return [
            Owed(number, given[one.position]) for number, one in earlier if one.position in given
        ]

    def _lines(self, conn: Connection, first: int, limit: int) -> list[tuple[int, bytes, Record]]:
        lines: list[tuple[int, bytes, Record]] = []
        room = BYTES
        rows = _LINES.drive(conn, log=self.log, first=first, stop=first + limit)
        for *row, number, header in rows:
            one = as_record(row)
            room -= len(one.header) + len(one.body)
            if room < 0 and lines:
                break
            lines.append((number, header, one))
        return lines

    def _earlier(self, conn: Connection, links: Sequence[str]) -> list[tuple[int, Record]]:
        """What concerns the persons of these links and entered the channel before them."""
        # Joined from outside, what is asked for comes first: a planner that may choose would
        # rather walk the whole channel.
        ours = and_(_STANDS, channel_leaf.c.log == self.log)
        begun: dict[str, int] = {}
        for some in _parts(links):
            rows = conn.execute(
                select(record.c.body, channel_leaf.c.number)
                .outerjoin(channel_leaf, ours)
                .where(
                    record.c.origin == self.origin,
                    record.c.stream.in_(some),
                    record.c.kind == LinkOpened.__name__,
                )
            )
            begun.update((canonical.decode(bytes(body))["person"], at or 0) for body, at in rows)
        numbers: dict[int, int] = {}
        for some in _parts(list(begun)):
            rows = conn.execute(
                select(shareable.c.subject, shareable.c.position, channel_leaf.c.number)
                .outerjoin(
                    channel_leaf,
                    and_(
                        channel_leaf.c.log == self.log,
                        channel_leaf.c.origin == self.origin,
                        channel_leaf.c.position == shareable.c.position,
                    ),
                )
                .where(shareable.c.subject.in_(some))
            )
            numbers.update(
                (at, number)
                for person, at, number in rows
                if number is not None and number < begun[person]
            )
        found: list[tuple[int, Record]] = []
        for some in _parts(list(numbers)):
            rows = conn.execute(
                select(record).where(record.c.origin == self.origin, record.c.position.in_(some))
            )
            found += [(numbers[row[1]], as_record(row)) for row in rows]
        return sorted(found, key=lambda each: each[0])

    # ── openings ──

    def _give(
        self, conn: Connection, records: Sequence[Record], first: int, last: int
    ) -> dict[int, list[Opening]]:
        """Opens what the links give of these records, and writes down that it was given."""
        committed = [(one, groups) for one in records if (groups := _committed(one))]
        persons = list(dict.fromkeys(p for _, groups in committed for p in groups))
        links = self._links(conn, persons)
        if not links:
            return {}
        boxes = self._boxes(
            conn, [o.position for o, groups in committed if not links.keys().isdisjoint(groups)]
        )
        vault = self.ledger.vault
        vault.ciphers(conn, list(links))  # of all of them in one question
        given: dict[int, list[Opening]] = {}
        told: dict[str, set[str]] = {}
        for one, by_person in committed:
            scope = Event.kinds[one.kind].scope
            for person, groups in by_person.items():
                link = links.get(person)
                if link is None or not (scope is Scope.ALWAYS or scope in link.scopes):
                    continue
                for group in sorted(link.groups.intersection(groups)):
                    box = boxes.get((one.position, person, group))
                    if box is None:
                        continue
                    opened = vault.open(
                        conn, one.origin, one.stream, one.version, person, group, box,
                        groups[group],
                    )  # fmt: skip
                    if opened is not None:
                        given.setdefault(one.position, []).append(Opening(person, group, *opened))
                        told.setdefault(person, set()).add(group)
        self._write_down(conn, told, links, first, last)
        return given

    def _links(self, conn: Connection, persons: Sequence[str]) -> dict[str, "_Link"]:
        """What may be opened to the partner, of those of these persons who are linked to it now.

        Nothing of that goes beyond what has a ground today, though the link be narrowed later.
        """
        resting = self.ledger.vault.at_rest(conn, persons)
        found = links_of(conn, self.origin, persons)
        rows = [row for each in found.values() for row in each if row["partner"] == self._to]
        stands = grounded(Reader(self.ledger, conn), rows, self.ledger.today)
        return {
            row["person"]: _Link(
                row["link"], row["basis"], frozenset(scopes_in(row["scopes"])),
                stands.get((row["person"], self._to), frozenset(Group)).intersection(
                    row["groups"].split()
                ),
            )
            for row in rows
            if row["open"] and row["person"] not in resting
        }  # fmt: skip

    def _boxes(
        self, conn: Connection, positions: Sequence[int]
    ) -> dict[tuple[int, str, str], bytes]:
        rows = _BOXES.rows(conn, positions, origin=self.origin)
        return {(position, subject, group): box for position, subject, group, box in rows}

    def _write_down(
        self,
        conn: Connection,
        told: Mapping[str, set[str]],
        links: Mapping[str, "_Link"],
        first: int,
        last: int,
    ) -> None:
        if not told:
            return
        visit, at = new("ent"), written(self.ledger.clock.now())
        conn.execute(
            sharing.insert(),
            [
                {
                    "id": visit, "person": person, "log": self.log, "first": first, "last": last,
                    "link": links[person].id, "basis": links[person].basis,
                    "groups": " ".join(sorted(groups)), "at": at,
                }
                for person, groups in told.items()
            ],
        )  # fmt: skip


class _Link(NamedTuple):
    """An open link of a person to the partner: on what ground, and what it lets us give."""

    id: str
    basis: str
    scopes: frozenset[Scope]
    groups: frozenset[str]


_STANDS = and_(
    channel_leaf.c.origin == record.c.origin, channel_leaf.c.position == record.c.position
)

_LINES = Statement(
    select(record, channel_leaf.c.number, channel_leaf.c.header)
    .join(channel_leaf, _STANDS)
    .where(
        channel_leaf.c.log == bindparam("log"),
        channel_leaf.c.number >= bindparam("first"),
        channel_leaf.c.number < bindparam("stop"),
    )
    .order_by(channel_leaf.c.number)
)
_BOXES = ByKey(
    select(sealed.c.position, sealed.c.subject, sealed.c.grp, sealed.c.box).where(
        sealed.c.origin == bindparam("origin")
    ),
    sealed.c.position,
)


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """What one question asks about at most."""
    for start in range(0, len(items), 500):
        yield items[start : start + 500]


def _committed(one: Record) -> Mapping[str, Mapping[str, str]]:
    """The commitments of a record of ours, by person and group."""
    if b'"sealed":' not in one.body:
        return {}
    return canonical.decode(one.body).get("sealed", {})
