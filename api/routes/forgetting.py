"""Forgetting a person (限制与删除): how she stands, restricted, lifted, shredded; and the terms."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import Field

from api.asking import (
    Acting,
    Body,
    Day,
    Name,
    Part,
    PersonRef,
    Room,
    Seen,
    SignedIn,
    Word,
    answer,
)
from api.showing import (
    Listing,
    Page,
    check_sight,
    check_union,
    own_unions,
    turned,
    version_of,
)
from ledger import procedures
from ledger.book import Entry
from ledger.domain.forgetting import Ground, LiftCause, Need
from ledger.domain.retention import USUAL, Counted, Holding, Kept, Retention, Term
from ledger.projections import forgetting
from ledger.projections.forgetting import RequestRow, Rest, RestRow

ROUTER = Room("/persons", "限制与删除")
LISTS = Room("/forgetting", "限制与删除")
TERMS = Room("/retention-terms", "保存期限")


# ── how somebody stands ──────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class RestShape:
    """How far a person is forgotten, what still needs her, and what keeps her until when."""

    person: str
    persons: list[str]
    rest: RestRow | None
    needs: list[Need]
    holdings: list[Holding]
    until: date | None
    requests: list[RequestRow]


@ROUTER.view("/{person}/rest", "限制与删除的情况：未了事项、保存期限、对方省回执", RestShape)
def rest(person: PersonRef, who: SignedIn) -> Response:
    with who.ledger.reading() as reader:
        check_sight(reader, who, person)
        told = procedures.standing_of(reader, person)
        rows = forgetting.get(reader.conn, who.ledger.origin, told.persons)
        requests = forgetting.requests(reader.conn, who.ledger.origin, told.persons)
        version = version_of(reader, person)
    shape = RestShape(
        person, list(told.persons), rows.get(person), list(told.needs), list(told.holdings),
        told.until if told.holdings else None, requests,
    )  # fmt: skip
    return answer(shape, version=version)


class RestsSought(Listing):
    """Which of those at rest: in one state, or those who may be shredded now."""

    state: Rest | None = Field(None, description="状态")
    due: bool = Field(False, description="只看保存期已满、待销毁的")


@LISTS.view(
    "",
    "已限制、已删除的人员，期满的在前；省级工会看全部，经审看本级及下级限制的，其他看本工会限制的",
    Page[RestRow],
)
def rests(who: SignedIn, asked: Annotated[RestsSought, Query()]) -> Response:
    turn = turned(who, "forgetting", asked)
    ask = turn.asked
    with who.ledger.reading() as reader:
        page = forgetting.listing(
            reader.conn, who.ledger.origin, state=ask.state,
            due=who.today if ask.due else None, unions=own_unions(reader, who), limit=ask.limit,
            after=turn.pair,
        )  # fmt: skip
    return turn.answer(page.rows, page.next)


@LISTS.view("/requests", "对方省尚未答复的删除请求", list[RequestRow])
def unanswered(who: SignedIn) -> Response:
    with who.ledger.reading() as reader:
        check_union(reader, who, reader.ledger.root)
        return answer(forgetting.unanswered(reader.conn, who.ledger.origin))


# ── acts ─────────────────────────────────────────────────────────────────────────────────────


class Restricting(Body):
    """Why a person is to be forgotten, and how she asked for it."""

    ground: Ground = Field(description="删除缘由")
    paper: Word | None = Field(None, description="申请编号")


@ROUTER.act("/{person}/restriction", "限制处理")
def restrict(person: PersonRef, body: Restricting, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        check_sight(entry, asked.who, person)
        event = procedures.restrict(entry, person, body.ground, body.paper)
        return {"person": person, "until": event.until.isoformat()}

    return asked.record(body, decide, {person: seen}, lock=True)


class Lifting(Body):
    """Why the restriction ends without shredding."""

    why: LiftCause = Field(description="解除原因")
    paper: Word | None = Field(None, description="依据文号")


@ROUTER.act("/{person}/restriction-lifting", "解除限制")
def lift(person: PersonRef, body: Lifting, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        check_sight(entry, asked.who, person)
        procedures.lift(entry, person, body.why, body.paper)

    return asked.record(body, decide, {person: seen}, lock=True)


class Shredding(Body):
    """The paper on which it was decided."""

    paper: Word | None = Field(None, description="决定文号")


@ROUTER.act("/{person}/shredding", "销毁密钥（第二人办理，不能恢复）")
def shred(
    person: PersonRef, body: Shredding, asked: Acting, seen: Seen, request: Request
) -> Response:
    def decide(entry: Entry) -> None:
        check_sight(entry, asked.who, person)
        procedures.shred(entry, person, body.paper)

    made = asked.record(body, decide, {person: seen}, lock=True)
    request.app.state.uploads.tidy()  # a roster that waits there may name her
    return made


# ── terms ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class TermsShape:
    """All editions, the newest first, and the usual terms to begin with."""

    editions: list[object]
    usual: list[Term]


@TERMS.view("", "保存期限规定：历次版本和参考", TermsShape)
def terms(who: SignedIn) -> Response:
    with who.ledger.reading() as reader:
        told = reader.get(Retention, procedures.retention_stream(reader))
    return answer(TermsShape(list(told.adopted), list(USUAL)))


class TermSaid(Part):
    """For how many years facts of one kind are kept."""

    kept: Kept = Field(description="类别")
    years: int = Field(ge=0, le=100, description="年数")
    counted: Counted = Field(Counted.LAST_FACT, description="起算")
    source: Name = Field(min_length=1, description="依据")


class Adopting(Body):
    """An edition; without terms the usual ones are adopted."""

    edition: Word = Field(description="版本（文号）")
    since: Day | None = Field(None, description="自哪一天起，默认业务日期")
    terms: list[TermSaid] = Field(
        default_factory=list[TermSaid], max_length=20, description="各类期限，不填用参考期限"
    )
    paper: Word | None = Field(None, description="会议纪要文号")


@TERMS.act("", "通过保存期限规定")
def adopt(body: Adopting, asked: Acting) -> Response:
    said = [Term(one.kept, one.years, one.counted, one.source) for one in body.terms]

    def decide(entry: Entry) -> dict[str, str]:
        adopted = procedures.adopt_terms(
            entry, body.edition, said or USUAL, since=body.since, paper=body.paper
        )
        return {"retention": adopted.retention, "edition": adopted.edition}

    return asked.record(body, decide)
