"""The second pass (内容): what records say, and what is kept beside them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from ledger.journal import canonical
from ledger.journal.database import Statement
from ledger.journal.epochs import restored
from ledger.journal.fsck.beside import Beside, Place
from ledger.journal.fsck.claims import Claims
from ledger.journal.fsck.reading import End, streamed
from ledger.journal.fsck.report import MOST, Fault, Progress, Tell
from ledger.journal.fsck.rest import Rest
from ledger.journal.tables import claim, record
from ledger.journal.vault import Vault

RECORDS = Statement(
    select(record)
    .where(
        record.c.origin == bindparam("origin"),
        record.c.position > bindparam("after"),
        record.c.position <= bindparam("last"),
    )
    .order_by(record.c.position)
)
CLAIMS = Statement(
    select(claim.c.rule, claim.c.key, claim.c.position, claim.c.holder)
    .where(claim.c.origin == bindparam("origin"))
    .order_by(claim.c.rule, claim.c.key)
)


class Parsed(NamedTuple):
    """A record as its row has it, and what its header and its body say."""

    row: Any
    header: Mapping[str, Any]
    body: Mapping[str, Any]


_COLUMNS = ("origin", "position", "stream", "version", "kind")


class Contents:
    """The second pass over our own journal: what the records say, and what is kept beside them."""

    def __init__(
        self, conn: Connection, origin: str, end: End, vault: Vault | None, rest: Rest, tell: Tell
    ) -> None:
        self._conn, self._origin, self._size, self._at = conn, origin, end.size, end.at
        self._vault, self._tell = vault, tell
        self._restored = restored(conn, origin)
        self._claims = Claims(origin, vault, self._came_back)
        self._rest = rest
        self._beside = Beside(conn, origin, origin, vault, rest, self._due)

    def faults(self) -> Iterator[Fault]:
        at = ""
        for page in self._pages():
            parsed: list[Parsed] = []
            for row in page:
                position, kind = row[1], row[4]
                try:
                    header = read(row[5])
                    yield from copies(self._origin, position, row, header)
                    body = read(row[6]) if kind.isidentifier() else {}
                except canonical.NotCanonical as fault:
                    yield Fault(self._origin, position, f"is not canonical: {fault}")
                    continue
                recorded = str(header.get("at", ""))
                if recorded < at:
                    yield Fault(self._origin, position, "was recorded before the one before it")
                at = max(at, recorded)
                parsed.append(Parsed(row, header, body))
            places = [
                Place(row[1], row[1], row[2], row[3], row[4], header.get("corrects"), body)
                for row, header, body in parsed
            ]
            texts = yield from self._beside.page(places)
            for row, header, body in parsed:
                self._rest.follow(row[1], row[2], row[4])
                yield from self._claims.follow(row, header, body, texts.get(row[1]))
        if self._at is not None and at != self._at:
            yield Fault(self._origin, self._size, "the head has another time")
        yield from self._versions()
        yield from self._claims.compare(streamed(self._conn, CLAIMS, origin=self._origin))
        yield from self._beside.faults()
        yield from self._rest.faults()

    def _pages(self) -> Iterator[list[Any]]:
        rows = streamed(self._conn, RECORDS, origin=self._origin, after=0, last=self._size)
        done = 0
        while page := list(islice(rows, 1000)):
            yield page
            done += len(page)
            self._tell(Progress("contents", done, self._size))

    def _versions(self) -> Iterator[Fault]:
        """Versions of a stream are 1, 2, 3 … in the order of positions."""
        r = record.c
        place = func.row_number().over(partition_by=r.stream, order_by=r.version)
        before = func.lag(r.position).over(partition_by=r.stream, order_by=r.version)
        placed = (
            select(r.position, r.version, place.label("place"), before.label("before"))
            .where(r.origin == self._origin)
            .subquery()
        ).c
        rows = self._conn.execute(
            select(placed.position, placed.version)
            .where((placed.version != placed.place) | (placed.before > placed.position))
            .order_by(placed.position)
            .limit(MOST)
        )
        for position, version in rows:
            yield Fault(self._origin, position, f"version {version} of its stream is out of turn")

    # ── sealed groups ──

    def _due(self, one: Place, person: str, group: str) -> str | None:
        """Each group that a record of ours has committed to is here, unless the record was lost."""
        return None if self._came_back(one.position) else ""

    def _came_back(self, position: int) -> bool:
        """Whether a record was lost and given back, with as much as its giver could open."""
        return any(position in span for span in self._restored)


def read(data: object) -> dict[str, Any]:
    """A header or a body, which is an object in canonical form. Raises: NotCanonical."""
    value = canonical.parse(data) if isinstance(data, bytes) else None
    if not isinstance(value, dict):
        raise canonical.NotCanonical("no object")
    return value  # pyright: ignore[reportUnknownVariableType]


def copies(log: str, position: int, row: Sequence[Any], header: Mapping[str, Any]) -> list[Fault]:
    """The columns that are copies of header fields, where they differ."""
    return [
        Fault(log, position, f"column {name} is not what the header says")
        for name, held in zip(_COLUMNS, row, strict=False)
        if header.get(name) != held
    ]
