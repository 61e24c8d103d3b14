"""Schemes (帮扶办法): adopted in versions, in force where and when, and what judges an application."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from api.asking import (
    Acting,
    Amount,
    Body,
    Day,
    Division,
    FundRef,
    Name,
    Part,
    Room,
    SchemeRef,
    Seen,
    SignedIn,
    UnionRef,
    Word,
    answer,
)
from api.showing import Listing, Page, names_of, turned
from ledger import procedures
from ledger.book import Entry, NotFound
from ledger.domain import divisions
from ledger.domain.aiding import AidKind, Cap, CapPer, Days, KindRules, Level, PayMode, Step
from ledger.domain.hardship import Category
from ledger.domain.ids import SchemeId, new_scheme
from ledger.domain.kernel import Code
from ledger.domain.schemes import Scheme, SchemeAdopted, Transition
from ledger.projections import schemes as view

ROUTER = Room("/schemes", "帮扶办法")


# ── views ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class SchemeLine:
    """One version of a scheme, in force from a day until another."""

    scheme: str
    version: int
    title: str
    union: str
    union_name: str
    origin: str
    place: str
    place_name: str
    kinds: tuple[AidKind, ...]
    since: date
    until: date | None


class SchemesSought(Listing):
    """Which versions: in force on a day, in a place, for a kind of aid."""

    place: Division | None = Field(None, description="适用于该地的（含上级区划的）")
    kind: AidKind | None = Field(None, description="帮扶类别")
    union: UnionRef | None = Field(None, description="制定工会")
    coming: bool | None = Field(None, description="是否包括尚未施行的")
    as_of: Day | None = Field(None, description="在哪一天，默认今天")
    known_on: Day | None = Field(None, description="按哪一天已登记的情况")


@ROUTER.view("", "施行中的帮扶办法", Page[SchemeLine])
def schemes(who: SignedIn, asked: Annotated[SchemesSought, Query()]) -> Response:
    turn = turned(who, "schemes", asked)
    ask, on = turn.asked, turn.asked.as_of or who.today
    with who.ledger.reading() as reader:
        found = view.listing(
            reader.conn, who.ledger.origin, on, known_on=ask.known_on, place=ask.place,
            kind=ask.kind, union=ask.union, coming=bool(ask.coming),
        )  # fmt: skip
        names = names_of(reader, [row.union for row in found], on)
    # The nearest place first: its order is the page's.
    rows = [
        (f"{at:06}", SchemeLine(
            row.scheme, row.version, row.title, row.union, names.get(row.union, ""), row.origin,
            row.place, divisions.name_of(row.place[:6], on), row.kinds, row.since, row.until,
        ))
        for at, row in enumerate(found)
    ]  # fmt: skip
    page, following = turn.cut(rows, lambda row: (row[0],))
    return turn.answer([line for _, line in page], following)


@dataclass(frozen=True)
class VersionShape:
    """One version with its whole terms."""

    version: int
    title: str
    since: date
    place: str
    place_name: str
    transition: Transition
    paper: str | None
    rules: tuple[KindRules, ...]


@dataclass(frozen=True)
class SchemeShape:
    """One scheme with all its versions, and which of them is in force on a day."""

    scheme: str
    union: str
    union_name: str
    until: date | None
    in_force: int | None
    versions: list[VersionShape]


class OnDay(Part):
    """On which day."""

    as_of: Day | None = Field(None, description="在哪一天，默认今天")


@ROUTER.view("/{scheme}", "一个帮扶办法及其各版本", SchemeShape)
def scheme(scheme: SchemeRef, who: SignedIn, asked: Annotated[OnDay, Query()]) -> Response:
    on = asked.as_of or who.today
    with who.ledger.reading() as reader:
        held = reader.find(Scheme, scheme)
        latest = _latest(held, scheme)
        names = names_of(reader, [latest.union])
    now = held.judging(on, on)
    told = SchemeShape(
        scheme, latest.union, names.get(latest.union, ""), held.until,
        now.version if now else None,
        [
            VersionShape(
                each.version, each.title, each.since, each.place,
                divisions.name_of(each.place[:6], each.since), each.transition, each.paper,
                each.rules,
            )
            for each in held.versions
        ],
    )  # fmt: skip
    return answer(told, version=held.version)


@dataclass(frozen=True)
class Judging:
    """The version that judges an application, and its rules for this kind of aid."""

    version: int
    rules: KindRules


class JudgingSought(Part):
    """What was applied for, and when."""

    kind: AidKind = Field(description="帮扶类别")
    applied_on: Day | None = Field(None, description="申请日期，默认今天")
    as_of: Day | None = Field(None, description="在哪一天办理，默认今天")


@ROUTER.view("/{scheme}/rules", "某日申请的某类帮扶按哪一版、哪些规定", Judging)
def judging(scheme: SchemeRef, who: SignedIn, asked: Annotated[JudgingSought, Query()]) -> Response:
    on = asked.as_of or who.today
    with who.ledger.reading() as reader:
        held = reader.find(Scheme, scheme)
    return answer(Judging(*held.rules(asked.kind, asked.applied_on or on, on)))


# ── acts ─────────────────────────────────────────────────────────────────────────────────────

_Days = Annotated[int, Field(ge=0, le=3650)]


class CapTold(Part):
    """The most that is paid."""

    per: CapPer = Field(description="限额口径")
    most: Amount = Field(description="最高金额（分）")
    category: Category | None = Field(None, description="仅限该类困难档案")


class LevelTold(Part):
    """From which amount on whose approval is asked for."""

    above: Amount = Field(description="超过此数（分）")
    approver: UnionRef = Field(description="由该工会或其上级审批")


class KindTold(Part):
    """The rules of one kind of aid; what is left out is not asked for."""

    kind: AidKind = Field(description="帮扶类别")
    steps: list[Step] = Field(max_length=6, description="审批前的程序")
    later: list[Step] = Field(
        default_factory=list[Step], max_length=6, description="可在发放后补办的程序"
    )
    caps: list[CapTold] = Field(default_factory=list[CapTold], max_length=40, description="限额")
    levels: list[LevelTold] = Field(
        default_factory=list[LevelTold], max_length=10, description="审批权限，由低到高"
    )
    minutes_above: Amount | None = Field(None, description="超过此数须集体研究（分）")
    notice_days: _Days = Field(0, description="公示天数", examples=[5])
    notice_in: Days = Field(Days.WORKING, description="公示计日")
    modes: list[PayMode] = Field(max_length=5, description="发放方式")
    funds: list[FundRef] = Field(
        default_factory=list[FundRef], max_length=50, description="限用资金；不填则不限"
    )
    categories: list[Category] = Field(
        default_factory=list[Category], max_length=10, description="限哪些困难类别；不填则不限"
    )
    members_only: bool = Field(False, description="限会员")
    once_per_need: bool = Field(True, description="同一事由不重复救助")
    emergency: bool = Field(False, description="紧急时可由一人审批")
    review_days: _Days = Field(0, description="紧急审批后几日内复核")
    receipt_days: _Days = Field(30, description="发放后几日内签收")

    def rules(self) -> KindRules:
        return KindRules(
            kind=self.kind, steps=tuple(self.steps), later=tuple(self.later),
            caps=tuple(
                Cap(per=c.per, most=c.most, category=Code(c.category.value) if c.category else None)
                for c in self.caps
            ),
            levels=tuple(Level(above=one.above, approver=one.approver) for one in self.levels),
            minutes_above=self.minutes_above, notice_days=self.notice_days,
            notice_in=self.notice_in, modes=tuple(self.modes), funds=tuple(self.funds),
            categories=tuple(Code(each.value) for each in self.categories), members_only=self.members_only,
            once_per_need=self.once_per_need, emergency=self.emergency,
            review_days=self.review_days, receipt_days=self.receipt_days,
        )  # fmt: skip


class Adopting(Body):
    """A scheme's first version, whole."""

    title: Name = Field(description="名称", examples=["困难职工帮扶办法"])
    since: Day = Field(description="施行日期，可在以后")
    place: Division = Field(description="适用地区的区划代码", examples=["450000"])
    rules: list[KindTold] = Field(max_length=20, description="各类帮扶的规定")
    transition: Transition = Field(
        Transition.APPLICATION_DATE, description="施行时尚未办结的申请按哪些规定"
    )
    paper: Word | None = Field(None, description="文号")

    def adopt(self, entry: Entry, held: Scheme, scheme: SchemeId, version: int) -> None:
        kinds = [each.rules() for each in self.rules]
        entry.write(
            held.adopt(
                entry.act, scheme, self.title, version, self.since, kinds, self.place,
                self.transition, self.paper, procedures.agreements_of(entry, kinds),
            )
        )  # fmt: skip


@ROUTER.act("", "制定帮扶办法")
def adopt(body: Adopting, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made = new_scheme()
        body.adopt(entry, Scheme(), made, 1)
        return {"scheme": made}

    return asked.record(body, decide)


class Amending(Adopting):
    """The next version, whole."""

    version: int = Field(ge=1, le=10_000, description="版本号", examples=[2])


@ROUTER.act("/{scheme}/versions", "修订帮扶办法：新的版本")
def amend(scheme: SchemeRef, body: Amending, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        body.adopt(entry, entry.read(Scheme, scheme), scheme, body.version)

    return asked.record(body, decide, {scheme: seen})


class Repealing(Body):
    """From which day on nothing is applied for under it."""

    since: Day | None = Field(None, description="自哪一天起废止，默认业务日期")
    paper: Word | None = Field(None, description="文号")


@ROUTER.act("/{scheme}/repeal", "废止帮扶办法")
def repeal(scheme: SchemeRef, body: Repealing, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = entry.read(Scheme, scheme)
        _latest(held, scheme)
        entry.write(held.repeal(entry.act, body.since, body.paper))

    return asked.record(body, decide, {scheme: seen})


def _latest(held: Scheme, scheme: SchemeId) -> SchemeAdopted:
    """The version adopted last. Raises: NotFound where all of it was annulled."""
    if held.latest is None:
        raise NotFound(scheme)
    return held.latest
