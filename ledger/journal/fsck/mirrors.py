"""What our own journal says of a partner's channel (镜像): how it was read, and what it gave us.

Of each page that was read stands a record of ours, with the root that the channel had then. So the
mirror is compared with our own word, never with the partner's: where the two differ, our copy was
changed here.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, or_, select

from ledger.domain.kernel import Event, Scope
from ledger.journal import canonical
from ledger.journal.database import Statement
from ledger.journal.epochs import restored
from ledger.journal.fsck.beside import Place
from ledger.journal.fsck.reading import streamed
from ledger.journal.tables import channel_leaf, contact, parked, record, wanted

_OUR_WORD = Statement(
    select(record.c.position, record.c.kind, record.c.body)
    .where(
        record.c.origin == bindparam("origin"),
        record.c.stream == bindparam("stream"),
        or_(record.c.kind == "PartnerRead", record.c.kind == "RecordParked"),
    )
    .order_by(record.c.version)
)
_LINKS = Statement(
    select(channel_leaf.c.number, channel_leaf.c.read_at, record.c.kind, record.c.body)
    .join_from(
        channel_leaf, record,
        (channel_leaf.c.origin == record.c.origin)
        & (channel_leaf.c.position == record.c.position),
    )
    .where(
        channel_leaf.c.log == bindparam("log"),
        or_(
            record.c.kind == "LinkOpened", record.c.kind == "LinkNarrowed",
            record.c.kind == "LinkClosed",
        ),
    )
    .order_by(channel_leaf.c.number)
)  # fmt: skip


class Root(NamedTuple):
    """The root that a channel had at a size, and who says so."""

    size: int
    root: bytes
    said: str


class _Page(NamedTuple):
    first: int
    last: int
    at: int  # the position of the record of ours that read it


class Reads:
    """How a channel was read: page by page, and what waited, once more; asked in its order."""

    def __init__(self, conn: Connection, own: str, partner: str, log: str) -> None:
        self._conn, self._own, self._log = conn, own, log
        self.roots: list[Root] = []
        self._pages: list[_Page] = []
        self._again: dict[int, int] = {}  # number → the record of ours that read what had waited
        self._named: dict[int, set[int]] = {}  # the record that read a page → what was parked of it
        self._at = -1  # the page at hand
        self._waiting: dict[int, str] = {}  # number → stream
        self._streams: set[str] = set()
        for position, kind, data in streamed(conn, _OUR_WORD, origin=own, stream=partner):
            try:
                self._take(position, kind, canonical.parse(data))
            except (canonical.NotCanonical, KeyError, TypeError, ValueError):
                continue  # the second pass names it

    def _take(self, position: int, kind: str, body: Any) -> None:
        if kind == "RecordParked":
            if self._pages:
                self._named.setdefault(self._pages[-1].at, set()).add(body["index"])
            return
        first, last = int(body["first"]), int(body["last"])
        said = f"PartnerRead {self._own}#{position}"
        self.roots.append(Root(last, bytes.fromhex(body["root"]), said))
        if first > self.size:
            self._pages.append(_Page(first, last, position))
        elif first == last:
            self._again[first] = position

    @property
    def size(self) -> int:
        """How far the channel was read."""
        return self._pages[-1].last if self._pages else 0

    def follow(self, number: int, stream: str, read_at: int | None) -> str | None:
        """What is wrong with the next leaf's word on which record of ours has read it."""
        while self._at < len(self._pages) and (self._at < 0 or self._pages[self._at].last < number):
            self._at += 1
            self._begin()
        if self._at >= len(self._pages) or self._pages[self._at].first > number:
            return "was read by no record of ours"
        page = self._pages[self._at]
        expected: int | None = page.at
        if stream in self._streams or number in self._named.get(page.at, ()):
            self._waiting[number] = stream
            self._streams.add(stream)
            expected = self._again.get(number)
        if read_at == expected:
            return None
        return f"{_read(self._own, expected)}, and its row says that it {_read(self._own, read_at)}"

    def _begin(self) -> None:
        """What still waits when a page begins."""
        if self._at < len(self._pages):
            at = self._pages[self._at].at
            self._waiting = {
                number: stream
                for number, stream in self._waiting.items()
                if self._again.get(number, at) >= at
            }
            self._streams = set(self._waiting.values())

    def rest(self) -> Iterator[tuple[int, str]]:
        """(number, what) where the rows of what waits are not what waits."""
        rows = self._conn.execute(select(parked.c.number).where(parked.c.log == self._log))
        held = {row[0] for row in rows}
        waits = {number for number in self._waiting if number not in self._again}
        for number in sorted(held ^ waits):
            yield (
                number,
                "stands as parked, and was read" if number in held else "waits, and is not parked",
            )


def _read(own: str, at: int | None) -> str:
    return "waits" if at is None else f"was read by {own}#{at}"


# ── what was given ───────────────────────────────────────────────────────────────────────────


class _Link(NamedTuple):
    number: int  # in the channel, of the record that opened it
    link: str
    groups: frozenset[str]
    scopes: frozenset[str]


class Gifts:
    """What a partner's open links give us of a person, by its own records as we have read them."""

    def __init__(self, conn: Connection, own: str, partner: str, log: str, size: int) -> None:
        self._own, self._came_back = own, restored(conn, partner)
        self._links: dict[str, _Link | None] = {}  # None: changed since, in whatever way
        owed = conn.execute(select(wanted.c.link).where(wanted.c.log == log))
        self._owed = {row[0] for row in owed}
        # A partner gives by its links as they are at that moment: what we have not read yet may
        # have closed them. So this is asked only where we have read as much as we had heard of.
        heard = conn.execute(select(contact.c.size).where(contact.c.log == log)).scalar()
        if heard is None or heard > size:
            return
        for number, read_at, kind, data in streamed(conn, _LINKS, log=log):
            try:
                self._follow(number, read_at, kind, canonical.parse(data))
            except (canonical.NotCanonical, KeyError, TypeError):
                continue  # named where the records are

    def _follow(self, number: int, read_at: int | None, kind: str, body: Any) -> None:
        person = body["person"]
        if kind != "LinkOpened" or person in self._links:
            # By which of its links something was given, or given back, nobody can tell any more.
            self._links[person] = None
        elif body["partner"] == self._own and read_at is not None:
            groups, scopes = frozenset(body["groups"]), frozenset(body["scopes"])
            self._links[person] = _Link(number, body["link"], groups, scopes)

    def due(self, one: Place, person: str, group: str) -> str | None:
        """By what a group was given to us and has to be here; None where it need not be."""
        link, kind = self._links.get(person), Event.kinds.get(one.kind)
        if link is None or kind is None or group not in link.groups:
            return None
        if any(one.position in span for span in self._came_back):
            return None
        scope = kind.scope
        given = scope in link.scopes
        if one.number > link.number:
            given = given or scope is Scope.ALWAYS
        elif link.link in self._owed or scope in (Scope.ALWAYS, Scope.ORGANISATION):
            given = False
        return f", which {link.link} gives us" if given else None
