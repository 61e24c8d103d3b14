"""The second pass (内容): what records say, and what is kept beside them."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from ledger.journal import canonical
from ledger.journal.database import Statement
from ledger.journal.epochs import restored
from ledger.journal.fsck.claims import Claims, Texts, commitments
from ledger.journal.fsck.reading import End, streamed
from ledger.journal.fsck.report import MOST, Fault, Progress, Tell
from ledger.journal.tables import claim, person_key, record, sealed
from ledger.journal.vault import Damaged, Vault, texts_of

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
        self, conn: Connection, origin: str, end: End, vault: Vault | None, tell: Tell
    ) -> None:
        self._conn, self._origin, self._size, self._at = conn, origin, end.size, end.at
        self._vault, self._tell = vault, tell
        self._restored = restored(conn, origin)
        self._claims = Claims(origin, vault, self._came_back)
        self._forgotten: dict[str, bool] = {}

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
            texts = yield from self._sealed(page, parsed)
            for row, header, body in parsed:
                yield from self._claims.follow(row, header, body, texts.get(row[1]))
        if self._at is not None and at != self._at:
            yield Fault(self._origin, self._size, "the head has another time")
        yield from self._versions()
        yield from self._claims.compare(streamed(self._conn, CLAIMS, origin=self._origin))

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

    def _sealed(
        self, page: Sequence[Any], parsed: Sequence[Parsed]
    ) -> Generator[Fault, None, dict[int, Texts]]:
        """Compares boxes with commitments; returns, by position, the texts that the vault opened."""
        boxes: dict[int, dict[tuple[str, str], bytes]] = {}
        rows = self._conn.execute(
            select(sealed.c.position, sealed.c.subject, sealed.c.grp, sealed.c.box).where(
                sealed.c.origin == self._origin,
                sealed.c.position >= page[0][1],
                sealed.c.position <= page[-1][1],
            )
        )
        for position, subject, group, box in rows:
            boxes.setdefault(position, {})[subject, group] = bytes(box)
        opened: dict[int, Texts] = {}
        for row, _, body in parsed:
            position = row[1]
            here = boxes.pop(position, {})
            for subject, group, committed in commitments(body):
                box = here.pop((subject, group), None)
                if box is None:
                    if not (self._is_forgotten(subject) or self._came_back(position)):
                        yield Fault(self._origin, position, f"its sealed group {group} is missing")
                    continue
                if self._vault is None:
                    continue
                try:
                    found = self._vault.open(
                        self._conn, self._origin, row[2], row[3], subject, group, box, committed
                    )
                except Damaged:
                    yield Fault(self._origin, position, f"its sealed group {group} is damaged")
                    continue
                if found is not None:
                    opened.setdefault(position, {})[group] = texts_of(found[1])
            for _, group in here:
                yield Fault(self._origin, position, f"a sealed group {group} that it does not have")
        return opened

    def _came_back(self, position: int) -> bool:
        """Whether a record was lost and given back, with as much as its giver could open."""
        return any(position in span for span in self._restored)

    def _is_forgotten(self, person: str) -> bool:
        found = self._forgotten.get(person)
        if found is None:
            row = self._conn.execute(
                select(person_key.c.person).where(person_key.c.person == person)
            ).first()
            found = self._forgotten[person] = row is None
        return found


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
