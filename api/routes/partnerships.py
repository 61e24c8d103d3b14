"""Partnerships (合作协议): proposed, signed, amended by annexes, ended; what is in force today."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from api.asking import (
    Acting,
    Body,
    Day,
    Name,
    Part,
    PartnershipRef,
    Room,
    Seen,
    SignedIn,
    Text,
    UnionRef,
    Word,
    answer,
)
from api.problems import Problem
from api.routes.system import check_overseer
from api.showing import Listing, Page, streams, turned
from ledger.book import Entry, NotFound
from ledger.domain.ids import PartnershipId, new_partnership
from ledger.domain.kernel import Group, Office, Scope
from ledger.domain.partnerships import (
    USUAL_GROUPS,
    Annex,
    AtEnd,
    CountedBy,
    Liaison,
    Partnership,
    Party,
    ThirdParty,
    ThirdPartyRole,
    Unanswered,
)
from ledger.exchange import nodes
from ledger.exchange.running import Standing, standings

ROUTER = Room("/partnerships", "合作协议")


# ── views ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class AnnexShape:
    """Terms with their number, and in force since when until when; waiting: who has not signed."""

    version: int
    since: date
    until: date | None
    proposal: str
    annex: Annex
    waiting: list[str]


@dataclass(frozen=True)
class Agreement:
    """One agreement as it stands on a day."""

    partnership: str
    title: str
    parties: tuple[Party, ...]
    third_parties: tuple[ThirdParty, ...]
    umbrella: str | None
    live: bool
    concluded: bool
    declined: list[str]
    waiting: list[str]
    since: date | None
    ends: date | None
    terms: Annex | None
    annexes: list[AnnexShape]


class AgreementsSought(Listing):
    """Which agreements: those in force on a day, or all."""

    live: bool | None = Field(None, description="是否有效")
    party: UnionRef | None = Field(None, description="协议方")
    as_of: Day | None = Field(None, description="在哪一天，默认今天")


@ROUTER.view("", "协议列表", Page[Agreement])
def partnerships(who: SignedIn, asked: Annotated[AgreementsSought, Query()]) -> Response:
    turn = turned(who, "partnerships", asked)
    ask, on = turn.asked, turn.asked.as_of or who.today
    with who.ledger.reading() as reader:
        found = [_told(reader.get(Partnership, one), one, on) for one in streams(reader, "par")]
    rows = [
        each
        for each in found
        if ask.live in (None, each.live)
        and (ask.party is None or any(party.union == ask.party for party in each.parties))
    ]
    return turn.answer(*turn.cut(rows, lambda row: (row.partnership,)))


@ROUTER.view("/standings", "与各对方省的交换：最近一次联系、已读多少、有无故障", list[Standing])
def exchange(who: SignedIn) -> Response:
    return answer(standings(who.ledger))


# ── cards of nodes ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class KeyShape:
    """One public key of a node: whose, and its SHA-256."""

    key: str
    fingerprint: str


@dataclass(frozen=True)
class CardShape:
    """A card: who hands it over, where its node is reached, and by what it is known."""

    card: str
    """The card itself, as it is handed over."""
    fingerprint: str
    """The SHA-256 of all of it: what the two sides read to each other."""
    origin: str
    province: str
    name: str
    union: str
    address: str
    certificates: list[str]
    """Their SHA-256."""
    keys: list[KeyShape]


@dataclass(frozen=True)
class CardReadShape(CardShape):
    """A partner's card beside what is known of its node."""

    own: bool
    by: str
    """By what that node is known: a record as `origin#position`, or `card`; empty: it is not."""
    changes: list[nodes.Change]


@ROUTER.view("/card", "本省的节点名片：地址、证书、公钥和指纹", CardShape)
def card(who: SignedIn) -> Response:
    check_overseer(who)
    if not nodes.OwnNode(who.ledger).made:
        raise NotFound("node")
    return answer(CardShape(**_card(nodes.Directory(who.ledger).card())))


def _card(told: nodes.Card) -> dict[str, Any]:
    return {
        "card": told.to_bytes().decode(), "fingerprint": told.fingerprint, "origin": told.origin,
        "province": told.province, "name": told.name, "union": told.union,
        "address": told.node.address,
        "certificates": [nodes.fingerprint(each) for each in nodes.certificates_of(told.node)],
        "keys": [KeyShape(key, nodes.fingerprint(key.encode())) for key in told.node.keys],
    }  # fmt: skip


CardText = Annotated[str, Field(min_length=1, max_length=nodes.MOST_CARD)]


class Reading(Part):
    """A card as it was handed over."""

    card: CardText = Field(description="对方名片的全文")


@ROUTER.look("/cards/reading", "看一张名片说了什么，与现在所知有何不同；不登记", CardReadShape)
def read_card(body: Reading, who: SignedIn) -> Response:
    check_overseer(who)
    with _no_card():
        read = nodes.read_card(who.ledger, body.card.encode())
    return answer(
        CardReadShape(**_card(read.card), own=read.own, by=read.by, changes=list(read.changes))
    )


@contextmanager
def _no_card() -> Generator[None]:
    """422 where what was given is no card."""
    try:
        yield
    except nodes.BadCard as fault:
        raise Problem(
            422, "bad-card", f"This is no card of a node: {fault}.", f"这不是节点名片：{fault.zh}",
            instead="请对方重新导出名片，原样发来，不要改动。",
        ) from None  # fmt: skip


class AsOf(Part):
    """As it stood on a day."""

    as_of: Day | None = Field(None, description="在哪一天，默认今天")


@ROUTER.view("/{partnership}", "一份协议", Agreement)
def partnership(
    partnership: PartnershipRef, who: SignedIn, when: Annotated[AsOf, Query()]
) -> Response:
    with who.ledger.reading() as reader:
        held = reader.find(Partnership, partnership)
    told = _told(held, partnership, when.as_of or who.today)
    return answer(told, version=held.version)


def _told(held: Partnership, partnership: str, on: date) -> Agreement:
    proposed = held.proposed
    signed = [
        AnnexShape(each.number, each.since, each.until, each.ref, each.annex, [])
        for each in held.versions()
    ]
    waiting = [
        AnnexShape(e.version, e.since, e.until, ref, e.annex, [party.union for party in parties])
        for ref, (e, parties) in held.waiting_annexes().items()
    ]
    return Agreement(
        partnership, proposed.title if proposed else "", held.parties,
        proposed.third_parties if proposed else (), held.umbrella, held.live(on), held.concluded,
        sorted(held.declined), [party.union for party in held.waiting()],
        proposed.since if proposed else None, held.ends(), held.terms(on), signed + waiting,
    )  # fmt: skip


# ── acts ─────────────────────────────────────────────────────────────────────────────────────

_Days = Annotated[int, Field(ge=0, le=3650)]
_Hours = Annotated[int, Field(ge=1, le=8760)]


class PartyTold(Part):
    """A federation that makes the agreement, and the journal that it records in."""

    union: UnionRef = Field(description="协议方工会")
    origin: Word = Field(description="所用总账", examples=["liangdi.example/guangxi"])
    province: Annotated[Word, Field(pattern=r"^[0-9]{2}$")] = Field(description="省份代码前两位")
    name: Name = Field(description="名称", examples=["广西壮族自治区总工会"])
    contact: Name = Field("", description="对外公布的联系方式")

    def party(self) -> Party:
        return Party(self.union, self.origin, self.province, self.name, self.contact)


class ThirdPartyTold(Part):
    """A body that takes part and signs nothing here."""

    name: Name = Field(description="名称")
    role: ThirdPartyRole = Field(description="角色")


class LiaisonTold(Part):
    """Which office of which union answers for a party."""

    party: UnionRef = Field(description="协议方")
    union: UnionRef = Field(description="答复工会")
    office: Office = Field(Office.LIAISON, description="岗位")


class AnnexTold(Part):
    """One version of the terms."""

    scopes: list[Scope] = Field(max_length=10, description="共享哪些事实")
    groups: list[Group] = Field(
        default_factory=lambda: list(USUAL_GROUPS), max_length=10, description="共享哪些数据组"
    )
    answer_days: _Days = Field(description="接转答复期限（工作日）", examples=[10])
    unanswered: Unanswered = Field(description="逾期未答复")
    request_days: _Days = Field(description="商请答复期限（工作日）", examples=[10])
    counted_by: CountedBy = Field(description="统计口径")
    late_after_days: _Days = Field(description="超过多少日登记须说明原因", examples=[30])
    notice_days: _Days = Field(description="单方终止须提前通知的日数", examples=[90])
    at_end: AtEnd = Field(description="终止时未结事项")
    liaisons: list[LiaisonTold] = Field(
        default_factory=list[LiaisonTold], max_length=20, description="联络员"
    )
    fund: Word | None = Field(None, description="共管资金代号")
    fund_keeper: UnionRef | None = Field(None, description="管账方")
    purpose: Text = Field("", description="处理目的、方式、各方责任")
    case_days: _Days = Field(10, description="维权商请协作、移交主办的答复期限（工作日）")
    call_back_tries: int = Field(3, ge=1, le=99, description="回访几次未联系上方可记为未联系上")
    heard_hours: _Hours = Field(24, description="对方多少小时没有消息即提示")
    witnessed_hours: _Hours = Field(24, description="一笔登记最久多少小时须由对方见证")

    def annex(self) -> Annex:
        told: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        told["scopes"], told["groups"] = tuple(self.scopes), tuple(self.groups)
        told["liaisons"] = tuple(
            Liaison(each.party, each.union, each.office) for each in self.liaisons
        )
        return Annex(**told)


class Proposing(Body):
    """An agreement with its first annex."""

    title: Name = Field(description="协议名称", examples=["桂粤工会跨省服务合作协议"])
    parties: list[PartyTold] = Field(max_length=24, description="协议方")
    annex: AnnexTold = Field(description="附件")
    since: Day | None = Field(None, description="自哪一天，默认业务日期")
    until: Day | None = Field(None, description="至哪一天（不含）")
    umbrella: PartnershipRef | None = Field(None, description="上位协议")
    third_parties: list[ThirdPartyTold] = Field(
        default_factory=list[ThirdPartyTold], max_length=10, description="第三方"
    )


@ROUTER.act("", "提出协议")
def propose(body: Proposing, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made, parties = new_partnership(), [each.party() for each in body.parties]
        entry.write(
            Partnership.propose(
                entry.act, made, body.title, list(nodes.with_nodes(entry.ledger, parties)),
                body.annex.annex(), origin=entry.ledger.origin, since=body.since,
                until=body.until, umbrella=_umbrella(entry, body.umbrella),
                third_parties=[ThirdParty(each.name, each.role) for each in body.third_parties],
            )
        )  # fmt: skip
        return {"partnership": made}

    return asked.record(body, decide)


class Signing(Body):
    """One party's word; `proposal` (`origin#position`) names an annex."""

    paper: Word | None = Field(None, description="文号")


@ROUTER.act("/{partnership}/signature", "签署协议")
def sign(partnership: PartnershipRef, body: Signing, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = entry.read(Partnership, partnership)
        entry.write(held.sign(entry.act, origin=entry.ledger.origin, paper=body.paper))

    return asked.record(body, decide, {partnership: seen})


@ROUTER.act("/{partnership}/refusal", "不予签署")
def decline(partnership: PartnershipRef, body: Signing, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = entry.read(Partnership, partnership)
        entry.write(held.decline(entry.act, origin=entry.ledger.origin, paper=body.paper))

    return asked.record(body, decide, {partnership: seen})


class Annexing(Body):
    """New terms, and the agreement's end under them."""

    annex: AnnexTold = Field(description="新附件")
    since: Day | None = Field(None, description="自哪一天，默认业务日期")
    until: Day | None = Field(None, description="协议至哪一天（不含）；不填为长期")


@ROUTER.act("/{partnership}/annexes", "提出附件（修订、续签）")
def annex(partnership: PartnershipRef, body: Annexing, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = entry.read(Partnership, partnership)
        entry.write(
            held.propose_annex(
                entry.act, body.annex.annex(), origin=entry.ledger.origin, since=body.since,
                until=body.until, umbrella=_umbrella(entry, held.umbrella),
            )
        )  # fmt: skip

    return asked.record(body, decide, {partnership: seen})


class SigningAnnex(Signing):
    """Which proposed annex is signed."""

    proposal: Word = Field(
        description="所签附件的记录 origin#position", examples=["liangdi.example/guangxi#42"]
    )


@ROUTER.act("/{partnership}/annex-signature", "签署附件")
def sign_annex(
    partnership: PartnershipRef, body: SigningAnnex, asked: Acting, seen: Seen
) -> Response:
    def decide(entry: Entry) -> None:
        held, origin = entry.read(Partnership, partnership), entry.ledger.origin
        entry.write(held.sign_annex(entry.act, body.proposal, origin=origin, paper=body.paper))

    return asked.record(body, decide, {partnership: seen})


@ROUTER.act("/{partnership}/node", "公示本方节点（地址、证书、公钥）")
def announce(partnership: PartnershipRef, body: Body, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, origin = entry.read(Partnership, partnership), entry.ledger.origin
        own = nodes.OwnNode(entry.ledger)
        if not own.made:
            raise NotFound("node")
        entry.write(held.announce(entry.act, own.node(), origin=origin))

    return asked.record(body, decide, {partnership: seen})


class Admitting(Body):
    """A partner's card, and that its fingerprint was compared."""

    card: CardText = Field(description="对方名片的全文")
    compared: bool = Field(description="已用电话与对方核对名片指纹，逐组一致")


@ROUTER.act("/cards", "收下对方的节点名片：账上有更新的公示前，凭它往来")
def admit(body: Admitting, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        admitted = nodes.admit_card(entry, body.card.encode(), compared=body.compared)
        return {"origin": admitted.party.origin}

    with _no_card():
        return asked.record(body, decide)


class Ending(Signing):
    """The first day on which the agreement no longer holds."""

    ends: Day = Field(description="终止日期")


@ROUTER.act("/{partnership}/notice", "单方通知终止")
def give_notice(partnership: PartnershipRef, body: Ending, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, origin = entry.read(Partnership, partnership), entry.ledger.origin
        entry.write(held.give_notice(entry.act, body.ends, origin=origin, paper=body.paper))

    return asked.record(body, decide, {partnership: seen})


@ROUTER.act("/{partnership}/end", "协商终止")
def agree_end(partnership: PartnershipRef, body: Ending, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, origin = entry.read(Partnership, partnership), entry.ledger.origin
        entry.write(held.agree_end(entry.act, body.ends, origin=origin, paper=body.paper))

    return asked.record(body, decide, {partnership: seen})


def _umbrella(entry: Entry, umbrella: PartnershipId | None) -> Partnership | None:
    return entry.read(Partnership, umbrella) if umbrella else None
