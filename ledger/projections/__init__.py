"""What people read (视图): posted from the journal, one module a view.

One path: a live view, a new one and a rebuilt one all run `catch_up`, which reads our own journal
forward from the bookmark; where it stands on `PartnerRead`, that page of the partner's records is
posted. A rebuild fills a new generation of rows in the same tables while clerks go on writing,
and the swap is one update under the head lock. Views decide nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update

from ledger.domain.channels import PartnerRead
from ledger.journal.database import Database, Statement
from ledger.journal.record import Record
from ledger.journal.recorder import read_head
from ledger.journal.tables import channel_leaf, record
from ledger.projections import (
    alarms,
    arrears,
    case_boards,
    channels,
    disbursement_audit,
    forgetting,
    fund_statements,
    glasses,
    grants,
    hardship_files,
    help_requests,
    notices,
    officers,
    questions,
    rosters,
    schemes,
    service_counts,
    transfers,
    union_tree,
    worker_files,
)
from ledger.projections.posting import (
    Posting,
    Projection,
    Told,
    as_record,
    bookmark,
    channel_name,
    fact_in,
    live,
)

VIEWS: tuple[Projection, ...] = (
    union_tree.VIEW,
    officers.VIEW,
    worker_files.VIEW,
    rosters.VIEW,
    transfers.VIEW,
    grants.VIEW,
    notices.VIEW,
    schemes.VIEW,
    hardship_files.VIEW,
    fund_statements.VIEW,
    disbursement_audit.VIEW,
    case_boards.VIEW,
    arrears.VIEW,
    service_counts.VIEW,
    questions.VIEW,
    help_requests.VIEW,
    forgetting.VIEW,
    glasses.VIEW,
    alarms.VIEW,
    channels.VIEW,
)
"""All views, in the order in which they are posted."""


def called(view: str) -> str:
    """What people call a view; one of another version by its own name."""
    return _CALLED.get(view, view)


_CALLED = {view.name: view.zh for view in VIEWS}

PAGE = 1000

Brought = Mapping[int, Sequence[Told]]
"""What was read of a partner, by the position of the record of ours that read it."""


_BOOKMARKS = Statement(
    select(bookmark.c.view, bookmark.c.generation, bookmark.c.position).where(
        bookmark.c.origin == bindparam("origin"), bookmark.c.state == bindparam("state")
    )
)
_MOVE = Statement(
    update(bookmark)
    .where(
        bookmark.c.origin == bindparam("the_origin"),
        bookmark.c.generation == bindparam("the_generation"),
        bookmark.c.state == "building",
    )
    .values(position=bindparam("position"))
)
_MOVE_LIVE = Statement(
    update(bookmark)
    .where(bookmark.c.origin == bindparam("the_origin"), bookmark.c.state == "live")
    .values(position=bindparam("position"))
)
_RECORDS = Statement(
    select(record)
    .where(record.c.origin == bindparam("origin"), record.c.position > bindparam("after"))
    .order_by(record.c.position)
    .limit(bindparam("most"))
)
_MIRRORED = Statement(
    select(record)
    .join(
        channel_leaf,
        and_(
            channel_leaf.c.origin == record.c.origin, channel_leaf.c.position == record.c.position
        ),
    )
    .where(
        channel_leaf.c.log == bindparam("log"),
        channel_leaf.c.number >= bindparam("first"),
        channel_leaf.c.number <= bindparam("last"),
        channel_leaf.c.read_at == bindparam("seq"),  # what is parked waits for its own page
    )
    .order_by(channel_leaf.c.number)
)


# ── reading the journal forward ──────────────────────────────────────────────────────────────


def postings(
    conn: Connection,
    origin: str,
    after: int,
    limit: int,
    fresh: Sequence[Record] = (),
    brought: Brought | None = None,
) -> tuple[list[Posting], int]:
    """The next page: own facts in order, a partner's where they were read; and how far it goes.

    `fresh` are the newest records, and `brought` what they have read of a partner, where they are
    at hand: what begins with them is not read again.
    """
    page: list[Posting] = []
    last = after
    if fresh and fresh[0].position == after + 1:
        records = fresh[:limit]
    else:
        rows = _RECORDS.rows(conn, origin=origin, after=after, most=limit)
        records = [as_record(row) for row in rows]
    for one in records:
        fact, header, body = fact_in(one)
        known = fact.at
        assert known is not None
        page.append(Posting(one.position, known, True, fact, one, header, body))
        last = one.position
        if isinstance(fact.event, PartnerRead):
            theirs = brought.get(one.position) if brought else None
            if theirs is None:
                theirs = _mirrored(conn, origin, fact.event, one.position)
            page += [Posting(one.position, known, False, *each) for each in theirs]
    return page, last


def _mirrored(conn: Connection, origin: str, read: PartnerRead, seq: int) -> Iterator[Told]:
    log = channel_name(read.partner, origin)
    for row in _MIRRORED.rows(conn, log=log, first=read.first, last=read.last, seq=seq):
        one = as_record(row)
        fact, header, body = fact_in(one)
        yield Told(fact, one, header, body)


def catch_up(
    conn: Connection,
    origin: str,
    posted: Sequence[Projection] = VIEWS,
    *,
    fresh: Sequence[Record] = (),
    brought: Brought | None = None,
) -> None:
    """Posts what the live views have not seen yet, within the transaction that wrote it.

    `fresh` are the records that were just written, the newest of this journal; `brought` what
    those of them that have read a partner's have brought.
    """
    chosen = {view.name: view for view in posted}
    there = {
        name: (generation, position)
        for name, generation, position in _BOOKMARKS.rows(conn, origin=origin, state="live")
    }
    marks = {name: there.get(name) or (1, 0) for name in chosen}  # one may ask an earlier one
    for name in chosen:
        if name not in there:
            conn.execute(
                insert(bookmark).values(
                    origin=origin, view=name, generation=1, position=0, state="live"
                )
            )
    behind = min((position for _, position in marks.values()), default=0)
    while True:
        page, last = postings(conn, origin, behind, PAGE, fresh, brought)
        if last == behind:
            return
        for name, (generation, position) in marks.items():
            if position >= last:
                continue
            new = page if position <= behind else [p for p in page if p.seq > position]
            chosen[name].post(conn, generation, new)
        _MOVE_LIVE.drive(conn, the_origin=origin, position=last)
        behind = last
        if len(page) < PAGE:
            return


# ── rebuilding beside the live rows ──────────────────────────────────────────────────────────


class Differs(Exception):
    """A rebuilt view is not what the live one shows: no swap. `rows` counts them by table."""

    def __init__(self, view: str, rows: Mapping[str, int]) -> None:
        super().__init__(f"view {view}: {dict(rows)} rows differ from the live ones")
        self.view, self.rows = view, dict(rows)


@dataclass(frozen=True)
class Progress:
    """How far a rebuild has come."""

    position: int
    size: int


def rebuild(
    database: Database,
    origin: str,
    *views: Projection,
    accept: bool = False,
    tell: Callable[[Progress], None] = lambda _: None,
) -> int:
    """Fills a new generation beside the live rows, compares, swaps; returns the generation.

    The journal is read once for all these views. Writers go on meanwhile: only the last page and
    the comparison hold the head. A difference means no swap, of none of them, unless the fold has
    changed and the differences are accepted (`accept`).

    Raises: Differs.
    """
    with database.writing() as conn:
        made = _begin(conn, origin, views)
    position = 0
    while True:
        with database.writing() as conn:
            size = read_head(conn, origin).frontier.size
            near = size - position <= PAGE
            if near:
                size = read_head(conn, origin, lock=True).frontier.size
            page, last = postings(conn, origin, position, PAGE)
            if page:
                for view in views:
                    view.post(conn, made, page)
                position = last
                _MOVE.drive(conn, the_origin=origin, the_generation=made, position=position)
            tell(Progress(position, size))
            if near and position == size:
                for view in views:
                    _swap(conn, origin, view, made, accept=accept)
                return made


def _begin(conn: Connection, origin: str, views: Sequence[Projection]) -> int:
    """A new generation with no rows yet; what an interrupted rebuild has left is cleared away."""
    ours = bookmark.c.origin == origin, bookmark.c.view.in_([view.name for view in views])
    newest = conn.execute(select(func.max(bookmark.c.generation)).where(*ours)).scalar() or 0
    conn.execute(delete(bookmark).where(*ours, bookmark.c.state == "building"))
    for view in views:
        _clear(conn, view, live(conn, origin, view.name))
        conn.execute(
            insert(bookmark).values(
                origin=origin, view=view.name, generation=newest + 1, position=0, state="building"
            )
        )
    return newest + 1


def _swap(conn: Connection, origin: str, view: Projection, made: int, *, accept: bool) -> None:
    old = live(conn, origin, view.name)
    rows = differences(conn, view, old, made)
    if rows and not accept:
        raise Differs(view.name, rows)
    ours = bookmark.c.origin == origin, bookmark.c.view == view.name
    conn.execute(delete(bookmark).where(*ours, bookmark.c.generation == old))
    conn.execute(update(bookmark).where(*ours).values(state="live"))
    _clear(conn, view, made)


def _clear(conn: Connection, view: Projection, keep: int) -> None:
    for table in view.tables:
        conn.execute(delete(table).where(table.c.generation != keep))


def differences(conn: Connection, view: Projection, one: int, other: int) -> dict[str, int]:
    """How many rows of each table stand in one generation and not in the other."""
    found: dict[str, int] = {}
    for table in view.tables:
        columns = [column for column in table.columns if column.name != "generation"]
        here = select(*columns).where(table.c.generation == one)
        there = select(*columns).where(table.c.generation == other)
        count = 0
        for a, b in ((here, there), (there, here)):
            count += len(conn.execute(a.except_(b).limit(1000)).all())
        if count:
            found[table.name] = count
    return found
