"""Unions (工会组织): the tree, founding, renaming, moving, and how a union ends."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from api.asking import (
    Acting,
    Body,
    Day,
    Division,
    MembershipRef,
    Name,
    Part,
    Room,
    Seen,
    SignedIn,
    UnionRef,
    Word,
    answer,
)
from api.showing import Listing, Page, turned
from ledger import procedures
from ledger.book import Entry, NotFound
from ledger.domain.ids import new_union
from ledger.domain.membership import Card
from ledger.domain.unions import DissolutionReason, Employer, Union, UnionKind
from ledger.projections import union_tree
from ledger.projections.union_tree import UnionRow

ROUTER = Room("/unions", "工会组织")


# ── views ────────────────────────────────────────────────────────────────────────────────────


class UnionsSought(Listing):
    """Which unions: those right below one (without it the roots), or those that a text finds."""

    superior: UnionRef | None = Field(None, description="上级工会；不填为各省总工会")
    text: Name | None = Field(
        None, description="名称的一部分、统一社会信用代码、区划代码或编号", examples=["纳合村"]
    )
    own: bool | None = Field(None, description="仅本省（true）或仅对方省（false）")
    as_of: Day | None = Field(None, description="截至哪一天")
    known_on: Day | None = Field(None, description="按哪一天已登记的情况")


@ROUTER.view("", "工会名录：下级工会或查找", Page[UnionRow])
def unions(who: SignedIn, asked: Annotated[UnionsSought, Query()]) -> Response:
    turn = turned(who, "unions", asked)
    ask, origin = turn.asked, who.ledger.origin
    with who.ledger.reading() as reader:
        conn, when = reader.conn, (ask.as_of, ask.known_on)
        if ask.text is not None:
            found = union_tree.find(
                conn, origin, ask.text, on=when[0], known_on=when[1], limit=1000
            )
        elif ask.superior is not None:
            found = union_tree.children(conn, origin, ask.superior, *when)
        else:
            found = union_tree.roots(conn, origin, *when)
    rows = sorted((row for row in found if _wanted(row, ask, origin)), key=_place)
    return turn.answer(*turn.cut(rows, _place))


def _wanted(row: UnionRow, ask: UnionsSought, origin: str) -> bool:
    return (ask.own is None or (row.origin == origin) is ask.own) and (
        ask.superior is None or row.superior == ask.superior
    )


def _place(row: UnionRow) -> tuple[str, ...]:
    return row.division or "~", row.name, row.union


@dataclass(frozen=True)
class UnionFile:
    """One union, with those above it, its employers, and how many are on its roster."""

    union: UnionRow
    open: bool
    line: list[UnionRow]
    employers: list[Employer]
    successor: str | None
    stations: int
    below: int


class When(Part):
    """As at a date, as known on a date."""

    as_of: Day | None = Field(None, description="截至哪一天")
    known_on: Day | None = Field(None, description="按哪一天已登记的情况")


@ROUTER.view("/{union}", "一个工会", UnionFile)
def union(union: UnionRef, who: SignedIn, when: Annotated[When, Query()]) -> Response:
    origin, on = who.ledger.origin, when.as_of or who.today
    with who.ledger.reading() as reader:
        conn, known = reader.conn, when.known_on
        row = union_tree.get(conn, origin, [union], on, known).get(union)
        if row is None:
            raise NotFound(union)
        held = reader.get(Union, union)
        told = UnionFile(
            row, row.holds(on), union_tree.line(conn, origin, union, on, known)[1:],
            list(held.employers(on)), held.successor,
            len(union_tree.stations_of(conn, origin, owner=union, on=on, known_on=known)),
            len(union_tree.children(conn, origin, union, on, known)),
        )  # fmt: skip
    return answer(told, version=held.version)


# ── acts ─────────────────────────────────────────────────────────────────────────────────────


class EmployerTold(Part):
    """An employer whose workers the union organises."""

    name: Name = Field(description="单位名称", examples=["东江电子厂"])
    credit_code: Word | None = Field(None, description="统一社会信用代码")

    def employer(self) -> Employer:
        return Employer(self.name, self.credit_code)


class Founding(Body):
    """A union to be founded, under its superior."""

    name: Name = Field(examples=["南丹县吾隘镇纳合村工会"], description="名称")
    kind: UnionKind = Field(description="工会类型")
    superior: UnionRef = Field(description="上级工会")
    short_name: Name = Field("", description="简称")
    division: Division | None = Field(None, description="行政区划代码", examples=["451221"])
    location: Division | None = Field(None, description="驻地：外出工会委员会的务工地")
    employers: list[EmployerTold] = Field(
        default_factory=list[EmployerTold], max_length=60, description="用人单位"
    )
    credit_code: Word | None = Field(None, description="统一社会信用代码")
    paper: Word | None = Field(None, description="批复文号")


@ROUTER.act("", "建会（上级批准）")
def found(body: Founding, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made, superior = new_union(), entry.read(Union, body.superior)
        entry.write(
            Union.found(
                entry.act, made, body.name, body.kind, superior, line=entry.line(body.superior),
                short_name=body.short_name, division=body.division, location=body.location,
                employers=[each.employer() for each in body.employers],
                credit_code=body.credit_code, paper=body.paper,
            )
        )  # fmt: skip
        return {"union": made}

    return asked.record(body, decide)


class Renaming(Body):
    """A new name, and the short one."""

    name: Name = Field(description="新名称")
    short_name: Name = Field("", description="新简称")
    paper: Word | None = Field(None, description="文号")


@ROUTER.act("/{union}/name", "更名")
def rename(union: UnionRef, body: Renaming, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, line = entry.read(Union, union), entry.line(union)
        entry.write(held.rename(entry.act, body.name, body.short_name, line=line, paper=body.paper))

    return asked.record(body, decide, {union: seen})


class Moving(Body):
    """Another superior."""

    superior: UnionRef = Field(description="新的上级工会")
    paper: Word | None = Field(None, description="批复文号")


@ROUTER.act("/{union}/superior", "变更隶属")
def move(union: UnionRef, body: Moving, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, above = entry.read(Union, union), entry.read(Union, body.superior)
        entry.write(
            held.move(
                entry.act, above, line=entry.line(union),
                superior_line=entry.line(body.superior), paper=body.paper,
            )
        )  # fmt: skip

    return asked.record(body, decide, {union: seen})


class Reorganising(Body):
    """Another division code for the same union."""

    division: Division = Field(description="新的区划代码")
    paper: Word | None = Field(None, description="文号")


@ROUTER.act("/{union}/division", "区划调整")
def reorganise(union: UnionRef, body: Reorganising, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, line = entry.read(Union, union), entry.line(union)
        entry.write(held.reorganise_division(entry.act, body.division, line=line, paper=body.paper))

    return asked.record(body, decide, {union: seen})


class ListingEmployers(Body):
    """All employers from now on, in place of the last list."""

    employers: list[EmployerTold] = Field(max_length=60, description="用人单位")


@ROUTER.act("/{union}/employers", "登记用人单位")
def list_employers(union: UnionRef, body: ListingEmployers, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, line = entry.read(Union, union), entry.line(union)
        employers = [each.employer() for each in body.employers]
        entry.write(held.list_employers(entry.act, employers, line=line))

    return asked.record(body, decide, {union: seen})


class RecordingCode(Body):
    """The unified social credit code of a union that is a legal person."""

    credit_code: Word = Field(description="统一社会信用代码")
    certificate: Word | None = Field(None, description="法人资格证书号")


@ROUTER.act("/{union}/credit-code", "登记统一社会信用代码")
def record_code(union: UnionRef, body: RecordingCode, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, line = entry.read(Union, union), entry.line(union)
        entry.write(
            held.record_credit_code(entry.act, body.credit_code, body.certificate, line=line)
        )

    return asked.record(body, decide, {union: seen})


class Ending(Body):
    """Why the union ends, and who keeps its members: the superior, or those named."""

    reason: DissolutionReason = Field(description="撤销原因")
    keepers: dict[MembershipRef, UnionRef] = Field(
        default_factory=dict[MembershipRef, UnionRef], max_length=5000,
        description="由居住地工会保留的会员（会籍 → 工会），其余由上级工会保留",
    )  # fmt: skip
    card: Card = Field(Card.KEPT, description="会员证处理")
    paper: Word | None = Field(None, description="批复文号")


@ROUTER.act("/{union}/dissolution", "撤销：会员逐人落实去向")
def dissolve(union: UnionRef, body: Ending, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> dict[str, int]:
        for keeper in set(body.keepers.values()):
            entry.read(Union, keeper)
        ended = procedures.close_union(
            entry, union, body.reason, keepers=body.keepers, card=body.card, paper=body.paper
        )
        return {"members": ended.members}

    return asked.record(body, decide, {union: seen}, lock=True)


class Merging(Body):
    """In which union it goes on, with its members."""

    into: UnionRef = Field(description="并入哪个工会")
    card: Card = Field(Card.KEPT, description="会员证处理")
    paper: Word | None = Field(None, description="批复文号")


@ROUTER.act("/{union}/merger", "合并：会员随之转入")
def merge(union: UnionRef, body: Merging, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> dict[str, int]:
        ended = procedures.close_union(
            entry, union, DissolutionReason.REORGANISED, into=body.into, card=body.card,
            paper=body.paper,
        )  # fmt: skip
        return {"members": ended.members}

    return asked.record(body, decide, {union: seen}, lock=True)
