"""Notices (公示): names masked while they run; afterwards only the proof that they were posted."""

from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import Field

from api.asking import Part, Room, SignedIn, UnionRef, answer
from api.showing import Listing, Page, looking, turned
from ledger.book import NotFound
from ledger.projections import notices as view
from ledger.replay import Posted, posted

ROUTER = Room("/notices", "公示")


class NoticesSought(Listing):
    """Which notices: of which union, running or not."""

    union: UnionRef | None = Field(None, description="公示工会及其下级，默认全部")
    running: bool | None = Field(None, description="仅在公示期内（true）或仅期外（false）")


@ROUTER.view("", "公示列表：期内姓名脱敏，期满只留公示证明", Page[Posted])
def notices(who: SignedIn, asked: Annotated[NoticesSought, Query()]) -> Response:
    turn = turned(who, "notices", asked)
    ask, origin, today = turn.asked, who.ledger.origin, who.today
    after = turn.after
    with looking(who, "notices", "notice") as reader:
        page = view.listing(
            reader.conn, origin, today, union=ask.union, running=ask.running, limit=ask.limit,
            after=(after[0], after[1], after[2]) if after else None,
        )  # fmt: skip
        told = posted(reader, page.rows, today)
    return turn.answer(told, page.next)


class OfUnion(Part):
    """Which union's, where several have one of that number."""

    union: UnionRef | None = Field(None, description="公示工会")


@ROUTER.view("/{number:path}", "某一编号的公示", list[Posted])
def notice(
    number: Annotated[str, Path(max_length=80)], who: SignedIn, asked: Annotated[OfUnion, Query()]
) -> Response:
    with looking(who, "notice", "notice") as reader:
        found = view.of_number(reader.conn, who.ledger.origin, number, who.today, asked.union)
        if not found:
            raise NotFound(number)
        told = posted(reader, found, who.today)
    return answer(told)
