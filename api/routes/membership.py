"""Membership (会籍): applied, examined, approved alone or by list, kept, entrusted, ended; rosters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from api.asking import (
    Acting,
    Asking,
    Body,
    Day,
    MembershipRef,
    Name,
    PersonRef,
    Room,
    Seen,
    SignedIn,
    StationRef,
    Text,
    UnionRef,
    Word,
    answer,
)
from api.showing import (
    Listing,
    Looking,
    Page,
    Purpose,
    check_purpose,
    check_sight,
    check_union,
    looking,
    names_of,
    people,
    turned,
)
from ledger import procedures, replay
from ledger.book import Entry, Ledger, NotFound, Reader
from ledger.domain.ids import MembershipId, PersonId, UnionId, new_membership
from ledger.domain.kernel import Code, Refused
from ledger.domain.membership import (
    Card,
    Channel,
    Confirmed,
    DeclineGround,
    ManagementEnding,
    Means,
    Membership,
    Proof,
    Reinstatement,
    Retention,
)
from ledger.domain.partnerships import CountedBy
from ledger.domain.unions import Union
from ledger.imports.rows import LEAST_AGE
from ledger.projections import rosters
from ledger.replay import Interval, Line, MembershipState, Shown

ROUTER = Room("/memberships", "会籍")


# ── rosters ──────────────────────────────────────────────────────────────────────────────────


class RosterSought(Listing):
    """Which members: of a union and those below it, on a day, as known on a day."""

    union: UnionRef | None = Field(None, description="工会，默认本工会")
    below: bool | None = Field(None, description="是否包括下级工会，默认包括")
    as_of: Day | None = Field(None, description="截至哪一天")
    known_on: Day | None = Field(None, description="按哪一天已登记的情况")
    state: str | None = Field(
        None, pattern=r"^(applied|member|retained)(,(applied|member|retained)){0,2}$",
        description="名册状态，可用逗号并列；默认在册和保留", examples=["member,retained"],
    )  # fmt: skip
    channel: Channel | None = Field(None, description="入会渠道")
    home: Name | None = Field(
        None, description="户籍：区划代码（或其前两位、四位），或省、市、县名", examples=["451224"]
    )
    employer: Name | None = Field(None, min_length=1, description="用人单位全称")
    own: bool | None = Field(None, description="仅本省（true）或仅对方省（false）所属会籍")
    counted_by: CountedBy | None = Field(None, description="统计口径：两省合计一人只计一次")
    count: bool | None = Field(None, description="是否给出合计")
    purpose: Purpose | None = Field(None, description="查阅目的；不填则对方省会员不显示姓名")

    def sought(self, ledger: Ledger, union: UnionId | None) -> rosters.Sought:
        """The question to the roster. Raises: UnknownFilter."""
        words = self.words()
        for aside in ("count", "purpose"):
            words.pop(aside, None)
        given = {**words, **({"union": union} if union else {})}
        return rosters.Sought.of(given, ledger.vault, ledger.province.code)


@dataclass(frozen=True)
class MemberLine:
    """One line of a roster; a partner's member has a name only where a purpose is given."""

    membership: str
    person: Shown | None
    person_id: str
    union: str
    union_name: str
    origin: str
    state: rosters.Standing
    channel: Channel | None
    since: date
    until: date | None


@ROUTER.view("", "会员名册：某日、按某日已登记", Page[MemberLine])
def roster(who: SignedIn, asked: Annotated[RosterSought, Query()]) -> Response:
    turn = turned(who, "roster", asked)
    ask, origin = turn.asked, who.ledger.origin
    with looking(who, "roster", ask.purpose) as reader:
        sought = ask.sought(who.ledger, check_union(reader, who, ask.union))
        page = rosters.members(reader.conn, origin, sought, limit=ask.limit, after=turn.pair)
        counts = rosters.count(reader.conn, origin, sought) if ask.count else None
        open_ = [row.person for row in page.rows if row.origin == origin or ask.purpose]
        shown = people(reader, who, open_)
        names = names_of(reader, [row.union for row in page.rows], ask.as_of)
    lines = [
        MemberLine(
            row.membership, shown.get(row.person), row.person, row.union,
            names.get(row.union, ""), row.origin, row.state, row.channel, row.since, row.until,
        )
        for row in page.rows
    ]  # fmt: skip
    return turn.answer(lines, page.next, **({"counts": counts} if counts else {}))


@dataclass(frozen=True)
class MembershipFile:
    """One membership as it stood on a day, with its records and who answered for the member."""

    membership: MembershipState | None
    lines: list[Line]
    responsible: list[Interval]


@ROUTER.view("/{membership}", "一份会籍：截至某日、按某日已登记", MembershipFile)
def membership(membership: MembershipRef, who: SignedIn, asked: Looking) -> Response:
    with looking(who, "membership", asked.purpose) as reader:
        held = reader.find(Membership, membership)
        person = _person(held, membership)
        check_sight(reader, who, person)
        check_purpose(reader, person, asked.purpose)
        file = replay.worker(
            reader, person, as_of=asked.as_of, known_on=asked.known_on, mask=not who.sees_numbers
        )
        refs = _refs(reader, membership)
    states = [each for each in file.state.memberships if each.membership == membership]
    told = MembershipFile(
        states[0] if states else None, [line for line in file.lines if line.ref in refs],
        [each for each in file.responsible if each.membership == membership],
    )  # fmt: skip
    return answer(told, version=held.version)


def _refs(reader: Reader, membership: str) -> set[str]:
    return {one.ref for one in reader.records(membership)}


def _person(held: Membership, membership: str) -> PersonId:
    """Whose membership it is. Raises: NotFound where all of it was annulled."""
    if held.person is None:
        raise NotFound(membership)
    return held.person


# ── joining ──────────────────────────────────────────────────────────────────────────────────


class Work(Body):
    """Where somebody works, and as what."""

    employer: Name = Field("", description="工作单位", examples=["东江电子厂"])
    trade: Name = Field("", description="工种", examples=["装配工"])


class Applying(Work):
    """A worker asks to join; `of_age` counts only where no birth date is on record."""

    person: PersonRef = Field(description="职工")
    union: UnionRef = Field(description="申请加入的工会")
    channel: Channel = Field(Channel.PLAIN, description="入会渠道")
    confirmed: Confirmed = Field(description="本人确认方式")
    of_age: bool = Field(False, description="已看证件，满十六周岁（未登记出生日期时）")
    remark: Text = Field("", description="备注")
    station: StationRef | None = Field(None, description="受理站点")
    campaign: Word | None = Field(None, description="集中行动代号")
    collector: PersonRef | None = Field(None, description="收表人")


@ROUTER.act("", "入会申请")
def apply(body: Applying, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        check_sight(entry, asked.who, body.person)
        made, union = new_membership(), entry.read(Union, body.union)
        procedures.may_join(entry, body.person, body.union)
        entry.write(
            Membership.apply(
                entry.act, made, body.person, body.union, body.channel,
                kind=Code(union.kind) if union.kind else None, of_age=_of_age(entry, body),
                confirmed=body.confirmed, employer=body.employer, trade=body.trade,
                remark=body.remark, station=body.station, campaign=body.campaign,
                collector=body.collector, held=procedures.membership_held(entry, body.person),
            )
        )  # fmt: skip
        return {"membership": made}

    return asked.record(body, decide)


def _of_age(entry: Entry, body: Applying) -> bool:
    birth = procedures.born(entry, body.person)
    if birth is None:
        return body.of_age
    on = entry.act.on
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day)) >= LEAST_AGE


class Examining(Body):
    """Whether the applicant is fit."""

    fit: bool = Field(description="是否符合条件")
    opinion: Text = Field("", description="审核意见")


@ROUTER.act("/{membership}/examination", "入会审核")
def examine(membership: MembershipRef, body: Examining, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        _read(entry, asked, membership)
        procedures.examine(entry, membership, body.fit, body.opinion)

    return asked.record(body, decide, {membership: seen})


class Approving(Body):
    """Under which minutes, with which card."""

    minutes: Word | None = Field(None, description="会议纪要文号")
    card: Word | None = Field(None, description="会员证号")


@ROUTER.act("/{membership}/approval", "批准入会")
def approve(membership: MembershipRef, body: Approving, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        _read(entry, asked, membership)
        procedures.approve(entry, membership, minutes=body.minutes, card=body.card)

    return asked.record(body, decide, {membership: seen})


class ApprovingList(Body):
    """A list approved by the committee, under one minutes."""

    memberships: list[MembershipRef] = Field(min_length=1, max_length=1000, description="申请")
    minutes: Word = Field(description="会议纪要文号", examples=["纳工委纪〔2026〕3号"])


@ROUTER.act("/approvals", "名单批准（附会议纪要），逐人给出结果")
def approve_list(body: ApprovingList, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, Any]:
        for each in body.memberships:
            _read(entry, asked, each)
        listed = procedures.approve_list(entry, body.memberships, body.minutes)
        return {"done": listed.done, "refused": refused(listed.refused)}

    return asked.record(body, decide)


def refused(found: Mapping[Any, Refused]) -> dict[str, dict[str, str]]:
    """Who could not be, each with the rule that says so."""
    return {
        name: {"type": f"/rules/{type(rule).__name__}", "title": rule.sentence(), "zh": rule.zh}
        for name, rule in found.items()
    }


class Declining(Body):
    """Why the application is not granted."""

    ground: DeclineGround = Field(description="不予批准理由")
    opinion: Text = Field("", description="说明")


@ROUTER.act("/{membership}/refusal", "不予批准")
def decline(membership: MembershipRef, body: Declining, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, membership)
        entry.write(held.decline(entry.act, body.ground, body.opinion))

    return asked.record(body, decide, {membership: seen})


@ROUTER.act("/{membership}/application-withdrawal", "撤回申请")
def withdraw_application(
    membership: MembershipRef, body: Body, asked: Acting, seen: Seen
) -> Response:
    def decide(entry: Entry) -> None:
        entry.write(_read(entry, asked, membership).withdraw_application(entry.act))

    return asked.record(body, decide, {membership: seen})


class Loading(Work):
    """A long-standing member, with the date of enrolment."""

    person: PersonRef = Field(description="职工")
    union: UnionRef = Field(description="会籍所在工会")
    since: Day = Field(description="入会日期", examples=["2009-05-01"])
    proof: Proof = Field(description="会籍凭证")
    remark: Text = Field("", description="备注")
    minutes: Word | None = Field(None, description="会议纪要文号")
    card: Word | None = Field(None, description="会员证号")


@ROUTER.act("/loads", "历史会籍装入")
def load(body: Loading, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made, held = _new(entry, asked, body.person, body.union)
        entry.write(
            Membership.load(
                entry.act, made, body.person, body.union, body.since, body.proof,
                employer=body.employer, trade=body.trade, remark=body.remark,
                minutes=body.minutes, card=body.card, held=held,
            )
        )  # fmt: skip
        return {"membership": made}

    return asked.record(body, decide)


class TakingIn(Work):
    """Somebody who comes from a union outside the ledger, on card or letter."""

    person: PersonRef = Field(description="职工")
    union: UnionRef = Field(description="接收工会")
    from_union: Name = Field(description="原工会名称")
    since: Day = Field(description="入会日期")
    proof: Proof = Field(description="会籍凭证")
    remark: Text = Field("", description="备注")
    paper: Word | None = Field(None, description="接转函文号")


@ROUTER.act("/take-ins", "凭证转入（系统外工会）")
def take_in(body: TakingIn, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made, held = _new(entry, asked, body.person, body.union)
        entry.write(
            Membership.take_in(
                entry.act, made, body.person, body.union, body.from_union, body.since, body.proof,
                employer=body.employer, trade=body.trade, remark=body.remark, paper=body.paper,
                held=held,
            )
        )  # fmt: skip
        return {"membership": made}

    return asked.record(body, decide)


def _new(
    entry: Entry, asked: Asking, person: PersonId, union: UnionId
) -> tuple[MembershipId, MembershipId | None]:
    """A new membership's id, and the one that the person has already."""
    check_sight(entry, asked.who, person)
    entry.read(Union, union)
    procedures.may_join(entry, person, union)
    return new_membership(), procedures.membership_held(entry, person)


# ── keeping ──────────────────────────────────────────────────────────────────────────────────


@ROUTER.act("/{membership}/employment", "工作单位变更")
def change_employment(membership: MembershipRef, body: Work, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, membership)
        entry.write(held.change_employment(entry.act, body.employer, body.trade))

    return asked.record(body, decide, {membership: seen})


class Retaining(Body):
    """Why it is kept without dues, and by which union."""

    reason: Retention = Field(description="保留原因")
    card: Card = Field(description="会员证处理")
    keeper: UnionRef | None = Field(None, description="由哪个工会保留，默认原工会")
    dues_until: Day | None = Field(None, description="会费交至")
    minutes: Word | None = Field(None, description="会议纪要文号")
    note: Text = Field("", description="说明")


@ROUTER.act("/{membership}/retention", "保留会籍")
def retain(membership: MembershipRef, body: Retaining, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, membership)
        if body.keeper is not None:
            entry.read(Union, body.keeper)
        entry.write(
            held.retain(
                entry.act, body.reason, body.card, body.keeper, line=_line(entry, held),
                dues_until=body.dues_until, minutes=body.minutes, note=body.note,
            )
        )  # fmt: skip

    return asked.record(body, decide, {membership: seen})


@ROUTER.act("/{membership}/resumption", "恢复会籍")
def resume(membership: MembershipRef, body: Work, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, membership)
        entry.write(held.resume(entry.act, body.employer, body.trade))

    return asked.record(body, decide, {membership: seen})


class Entrusting(Body):
    """Which union manages the member, and how long."""

    to_union: UnionRef = Field(description="受托工会")
    since: Day | None = Field(None, description="自哪一天，默认业务日期")
    until: Day | None = Field(None, description="至哪一天（不含）")
    agreement: Word | None = Field(None, description="委托协议文号")


@ROUTER.act("/{membership}/management", "委托管理")
def entrust(membership: MembershipRef, body: Entrusting, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, membership)
        origin = Code(procedures.origin_of(entry, body.to_union))
        entry.write(
            held.entrust_management(
                entry.act, body.to_union, origin, since=body.since, until=body.until,
                agreement=body.agreement,
            )
        )  # fmt: skip

    return asked.record(body, decide, {membership: seen})


class EndingManagement(Body):
    """Which entrustment ends, and why."""

    to_union: UnionRef = Field(description="受托工会")
    why: ManagementEnding = Field(description="终止原因")


@ROUTER.act("/{membership}/management-end", "委托管理终止")
def end_management(
    membership: MembershipRef, body: EndingManagement, asked: Acting, seen: Seen
) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, membership)
        entry.write(held.end_management(entry.act, body.to_union, body.why))

    return asked.record(body, decide, {membership: seen})


class Settling(Body):
    """Which of a person's two memberships ends; the one in the address is kept."""

    ended: MembershipRef = Field(description="终止的会籍")
    minutes: Word | None = Field(None, description="会议纪要文号")
    opinion: Text = Field("", description="说明")


@ROUTER.act("/{membership}/settlement", "重复会籍归并：保留此份，取较早日期")
def settle(membership: MembershipRef, body: Settling, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        _read(entry, asked, membership)
        _read(entry, asked, body.ended)
        procedures.settle_double(
            entry, membership, body.ended, minutes=body.minutes, opinion=body.opinion
        )

    return asked.record(body, decide, {membership: seen})


# ── ending ───────────────────────────────────────────────────────────────────────────────────


class Leaving(Body):
    """On written application; what became of the card."""

    card: Card = Field(description="会员证处理")
    dues_until: Day | None = Field(None, description="会费交至")
    reason: Text = Field("", description="退会理由")


@ROUTER.act("/{membership}/exit", "退会")
def leave(membership: MembershipRef, body: Leaving, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, card = _read(entry, asked, membership), body.card
        entry.write(*held.leave(entry.act, card, dues_until=body.dues_until, reason=body.reason))

    return asked.record(body, decide, {membership: seen})


class Urging(Body):
    """Since when nothing was heard, how the member was told, and what she said."""

    absent_since: Day = Field(description="自何时不交会费、不参加组织生活")
    means: Means = Field(description="催告方式")
    answer: Text = Field("", description="本人答复")


@ROUTER.act("/{membership}/urging", "催告")
def urge(membership: MembershipRef, body: Urging, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, membership)
        entry.write(held.urge(entry.act, body.absent_since, body.means, body.answer))

    return asked.record(body, decide, {membership: seen})


class DeemingLeft(Body):
    """After six months and after urging: decided that somebody has left."""

    absent_since: Day = Field(description="自何时不交会费、不参加组织生活")
    card: Card = Field(description="会员证处理")
    minutes: Word | None = Field(None, description="会议纪要文号")
    reason: Text = Field("", description="说明")


@ROUTER.act("/{membership}/deemed-exit", "自动退会（须先催告）")
def deem_left(membership: MembershipRef, body: DeemingLeft, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, membership)
        entry.write(
            *held.deem_left(
                entry.act, body.absent_since, body.card, minutes=body.minutes, reason=body.reason
            )
        )

    return asked.record(body, decide, {membership: seen})


class Expelling(Body):
    """Decided by the committee, with minutes."""

    card: Card = Field(description="会员证处理")
    minutes: Word | None = Field(None, description="会议纪要文号")
    judgment: Word | None = Field(None, description="判决书文号")
    reason: Text = Field("", description="事由")


@ROUTER.act("/{membership}/expulsion", "开除会籍")
def expel(membership: MembershipRef, body: Expelling, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, membership)
        entry.write(
            *held.expel(
                entry.act, body.card, minutes=body.minutes, judgment=body.judgment,
                reason=body.reason,
            )
        )  # fmt: skip

    return asked.record(body, decide, {membership: seen})


class HandingOut(Body):
    """To a union outside the ledger, on card or letter."""

    to_union: Name = Field(description="转往工会名称")
    proof: Proof = Field(description="凭证")
    paper: Word | None = Field(None, description="接转函文号")
    note: Text = Field("", description="说明")


@ROUTER.act("/{membership}/handing-out", "凭证转出（系统外工会）")
def hand_out(membership: MembershipRef, body: HandingOut, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, membership)
        entry.write(
            *held.hand_out(entry.act, body.to_union, body.proof, paper=body.paper, note=body.note)
        )

    return asked.record(body, decide, {membership: seen})


class Reinstating(Body):
    """Why what ended stands again."""

    why: Reinstatement = Field(description="恢复原因")
    minutes: Word | None = Field(None, description="会议纪要文号")


@ROUTER.act("/{membership}/reinstatement", "恢复被终止的会籍")
def reinstate(membership: MembershipRef, body: Reinstating, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, membership)
        entry.write(
            held.reinstate(entry.act, body.why, line=_line(entry, held), minutes=body.minutes)
        )

    return asked.record(body, decide, {membership: seen})


def _read(entry: Entry, asked: Asking, membership: MembershipId) -> Membership:
    """The membership of a person whom this visitor may see."""
    held = entry.read(Membership, membership)
    check_sight(entry, asked.who, _person(held, membership))
    return held


def _line(entry: Entry, held: Membership) -> list[UnionId]:
    """The union that holds it, or held it last, and those above."""
    return entry.line(held.holding.holder.union) if held.holding else []
