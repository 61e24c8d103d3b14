"""Records (记录): what stands in our own journal, header by header, each with its leaf.

For the province's federation and its auditors; a single record also for the union that entered it
and those above. Personal texts are no part of a record: its body holds only commitments to them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Path, Query, Response
from pydantic import Field
from sqlalchemy import Connection, select

from api.asking import Room, SignedIn, answer
from api.problems import Problem
from api.showing import Listing, Page, oversees, turned
from ledger.book import NotFound, Reader
from ledger.domain.ids import UnionId
from ledger.journal import canonical, checkpoints
from ledger.journal.record import Record
from ledger.journal.recorder import read_head
from ledger.journal.tables import record as table
from ledger.journal.witness import PLAIN
from ledger.projections import union_tree
from ledger.projections.posting import as_record
from ledger.replay.proofs import Proof, proofs_of

ROUTER = Room("/records", "记录")


@dataclass(frozen=True)
class RecordShape:
    """A record's header as it was hashed, its leaf, and how far it is proven.

    `body` and `bytes` where one record is asked for.
    """

    position: int
    header: dict[str, Any]
    leaf: str
    proof: Proof
    body: dict[str, Any] | None = None
    bytes: str | None = None


class RecordsSought(Listing):
    """Which records: of a stream, of a kind, from a position on."""

    stream: str | None = Field(None, pattern=r"^[a-z]{3}_[a-z2-7]{26}$", description="对象编号")
    kind: str | None = Field(
        None, pattern=r"^[A-Z][A-Za-z]{2,60}$", description="事实种类", examples=["MemberEnrolled"]
    )
    since: int | None = Field(None, ge=1, le=2**53, description="自哪个位置")


@ROUTER.view("", "本省记录：抬头与叶哈希", Page[RecordShape])
def records(who: SignedIn, asked: Annotated[RecordsSought, Query()]) -> Response:
    turn = turned(who, "records", asked)
    origin = who.ledger.origin
    with who.ledger.reading() as reader:
        if not oversees(reader, who):
            raise _not_yours()
        size = read_head(reader.conn, origin).frontier.size
        after = int(turn.after[0]) if turn.after else (turn.asked.since or 1) - 1
        found = _page(reader.conn, origin, turn.asked, after)
        proofs = _proofs(reader, found)
    page = found[: turn.asked.limit]
    more = len(found) > len(page)
    return turn.answer(
        [_told(one, proofs) for one in page], [str(page[-1].position)] if more else None, size=size
    )


def _page(conn: Connection, origin: str, asked: RecordsSought, after: int) -> list[Record]:
    query = select(table).where(table.c.origin == origin, table.c.position > after)
    if asked.stream is not None:
        query = query.where(table.c.stream == asked.stream)
    if asked.kind is not None:
        query = query.where(table.c.kind == asked.kind)
    rows = conn.execute(query.order_by(table.c.position).limit(asked.limit + 1))
    return [as_record(row) for row in rows]


@ROUTER.view("/{position}", "一条记录及其叶哈希", RecordShape)
def record(position: Annotated[int, Path(ge=1, le=2**53)], who: SignedIn) -> Response:
    origin = who.ledger.origin
    with who.ledger.reading() as reader:
        row = reader.conn.execute(
            select(table).where(table.c.origin == origin, table.c.position == position)
        ).first()
        if row is None:
            raise NotFound(f"{origin}#{position}")
        one = as_record(row)
        entered = canonical.decode(one.header).get("union")
        line = union_tree.line(reader.conn, origin, entered) if entered else []
        mine: set[UnionId] = {post.union for post in who.posts}
        if not oversees(reader, who) and mine.isdisjoint(each.union for each in line):
            raise _not_yours()
        proofs = _proofs(reader, [one])
    return answer(_told(one, proofs, whole=True))


@ROUTER.view("/{position}/proof", "一条记录的证明文件（tlog-proof）")
def proof(position: Annotated[int, Path(ge=1, le=2**53)], who: SignedIn) -> Response:
    with who.ledger.reading() as reader:
        if not oversees(reader, who):
            raise _not_yours()
        try:
            found = checkpoints.proof(reader.conn, who.ledger.origin, position)
        except LookupError:
            raise NotFound(f"{who.ledger.origin}#{position}") from None
    if found is None:
        raise Problem(
            404,
            "not-signed",
            "No checkpoint covers this record yet: ask again in a moment.",
            "尚无校验点包含这条记录，请稍后再取。",
        )
    return Response(found.to_bytes(), media_type=PLAIN)


def _proofs(reader: Reader, records: Sequence[Record]) -> Mapping[tuple[str, int], Proof]:
    province = reader.ledger.province
    known = {reader.ledger.origin: province.short}
    places = [(one.origin, one.position) for one in records]
    return proofs_of(reader.conn, places, lambda origin: known.get(origin, origin))


def _told(
    one: Record, proofs: Mapping[tuple[str, int], Proof], *, whole: bool = False
) -> RecordShape:
    return RecordShape(
        one.position, canonical.decode(one.header), one.leaf.hex(),
        proofs[one.origin, one.position],
        canonical.decode(one.body) if whole else None,
        one.bytes.decode() if whole else None,
    )  # fmt: skip


def _not_yours() -> Problem:
    return Problem(
        403, "not-your-records", "Records are for the federation and the union that entered them.",
        "记录由省级工会及其经审、登记工会及其上级查阅。", instead="请省级工会的经审人员查询。",
    )  # fmt: skip
