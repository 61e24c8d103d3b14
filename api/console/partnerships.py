"""合作协议: the agreements, their terms version by version, who signed, and how the exchange stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from secrets import token_urlsafe
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from api.console.pages import check_form, day_in, page, signed_in
from api.console.within import ask
from api.problems import Problem
from api.showing import names_of, oversees, signals_for, streams
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain.ids import PartnershipId, UnionId, is_id
from ledger.domain.kernel import Fact, Office
from ledger.domain.partnerships import (
    Annex,
    AnnexSigned,
    Partnership,
    PartnershipEndAgreed,
    PartnershipNoticeGiven,
    PartnershipProposed,
    PartnershipSigned,
)
from ledger.exchange.nodes import MOST_CARD, spoken
from ledger.exchange.running import standings
from ledger.replay import word
from ledger.replay.proofs import WITNESS

router = APIRouter(include_in_schema=False)
TABS = {"": "全部", "live": "有效", "waiting": "待签署", "over": "已终止"}


@router.get("/partnerships")
def partnerships(request: Request) -> Response:
    """协议列表与各方的交换状况."""
    who = signed_in(request)
    tab = request.query_params.get("tab", "")
    if tab not in TABS:
        raise Problem(400, "parameter", "No such tab.", f"没有“{tab}”这一栏。")
    today = who.today
    with who.ledger.reading() as reader:
        cards = oversees(reader, who)
        held = [(each, reader.get(Partnership, each)) for each in streams(reader, "par")]
        found = [each for each in signals_for(reader, who) if each.about]
    rows = [(name, one, _state(one, today)) for name, one in held if one.proposed is not None]
    return page(
        request, "partnerships.html", who=who, tab=tab, tabs=TABS, today=today,
        rows=[row for row in rows if tab in ("", row[2])],
        cards=cards, counts={key: sum(row[2] == key for row in rows) for key in TABS if key},
        standings=standings(who.ledger), signals=found, own=who.ledger.origin, states=_STATES, proposes=_holds(
            who, None, Office.CHAIR, Office.LIAISON
        ), partners={
            str(party.origin): party.name for _, one, _ in rows for party in one.parties
        },
    )  # fmt: skip


_STATES = {"live": ("有效", "done"), "waiting": ("待签署", "todo"), "over": ("已终止", "closed")}


def _state(held: Partnership, on: date) -> str:
    if held.live(on):
        return "live"
    if held.declined or (held.concluded and not _to_come(held, on)):
        return "over"
    return "waiting"


def _to_come(held: Partnership, on: date) -> bool:
    """Signed by all, and not begun yet."""
    return held.concluded and held.versions()[0].since > on


# ── cards of nodes ───────────────────────────────────────────────────────────────────────────


@router.get("/partnerships/card")
async def card(request: Request) -> Response:
    """节点名片：本省的给对方，对方的收下."""
    who = await run_in_threadpool(signed_in, request)
    return await _card(request, who)


@router.post("/partnerships/card")
async def read(request: Request) -> Response:
    """看对方的名片说了什么."""
    who = await run_in_threadpool(signed_in, request)
    async with request.form() as form:
        csrf = str(form.get("csrf", ""))
        check_form(request, csrf)
        file, text = form.get("file"), str(form.get("card", ""))
        if isinstance(file, UploadFile) and file.filename:
            text = (await file.read(MOST_CARD + 1)).decode("utf-8", "replace")
    if not text.strip():
        said = {"title_zh": "请先选择名片文件，或粘贴名片全文。"}
        return await _card(request, who, 422, said)
    if len(text.encode()) > MOST_CARD:
        told = {
            "title_zh": f"这不是节点名片：超过 {MOST_CARD >> 10} KB。",
            "instead": "请对方重新导出名片，原样发来，不要改动。",
        }
        return await _card(request, who, 422, told, text="")
    found = await ask(
        request, "POST", "/partnerships/cards/reading", orjson.dumps({"card": text}),
        headers={"x-csrf-token": csrf},
    )  # fmt: skip
    if found.status != 200:
        return await _card(request, who, found.status, found.body, text)
    return await _card(request, who, text=text, theirs=found.body)


async def _card(
    request: Request, who: Visitor, status: int = 200, said: Mapping[str, Any] | None = None,
    text: str = "", theirs: Mapping[str, Any] | None = None,
) -> Response:  # fmt: skip
    own = await ask(request, "GET", "/partnerships/card")
    if own.status not in (200, 404):
        raise Problem(
            own.status, "not-your-office", str(own.body["title"]), str(own.body["title_zh"]),
            instead=own.body.get("instead", ""),
        )  # fmt: skip
    admits = _holds(who, who.ledger.root, Office.CHAIR)
    return await run_in_threadpool(
        page, request, "node_card.html", status=status, who=who, said=said, text=text,
        theirs=theirs, own=own.body if own.status == 200 else None, admits=admits,
        command=token_urlsafe(18), spoken=spoken, roles=_ROLES,
    )  # fmt: skip


_ROLES = {"": "总账", "witness": "见证", "mirror": "镜像", "voucher": "凭证"}
"""What a key of a node signs, by the end of its name."""


@router.get("/partnerships/card/file")
async def card_file(request: Request) -> Response:
    """本省的名片，下载."""
    who = await run_in_threadpool(signed_in, request)
    own = await ask(request, "GET", "/partnerships/card")
    if own.status != 200:
        raise NotFound("node")
    name = f'attachment; filename="{who.ledger.province.code}.card"'
    return Response(
        str(own.body["card"]), headers={"Content-Disposition": name, "Cache-Control": "no-store"},
        media_type="application/json",
    )  # fmt: skip


@dataclass(frozen=True)
class Signature:
    """One party's word on one version: since when, and by which paper; none: not yet."""

    party: str
    on: date | None
    paper: str


@dataclass(frozen=True)
class Terms:
    """One version of the terms in words, and what it changed."""

    number: int
    since: date
    until: date | None
    ref: str
    signed: bool
    lines: Sequence[tuple[str, str]]
    changes: Sequence[tuple[str, str, str]]
    signatures: Sequence[Signature]
    waits: frozenset[str]


@router.get("/partnerships/{name}")
def partnership(request: Request, name: str) -> Response:
    """一份协议：协议方、各版条款及差别、签署、交换状况."""
    who = signed_in(request)
    if not is_id(name) or not name.startswith("par_"):
        raise NotFound(name)
    on = day_in(request, "as_of") or who.today
    with who.ledger.reading() as reader:
        held = reader.find(Partnership, name)
        proposed = held.proposed
        if proposed is None:
            raise NotFound(name)
        facts = reader.history(PartnershipId(name))
        versions = _versions(reader, held, facts)
        umbrella = reader.get(Partnership, held.umbrella) if held.umbrella else None
        found, cards = signals_for(reader, who), oversees(reader, who)
    others = {str(party.origin) for party in held.parties} - {who.ledger.origin}
    endings = [
        (fact, fact.event)
        for fact in facts
        if isinstance(fact.event, PartnershipNoticeGiven | PartnershipEndAgreed)
    ]
    return page(
        request, "partnership.html", who=who, name=name, held=held, cards=cards, proposed=proposed, on=on,
        today=who.today, versions=list(reversed(versions)), state=_STATES[_state(held, on)],
        standings=[each for each in standings(who.ledger) if each.partner in others],
        signals=[each for each in found if each.about.removesuffix(WITNESS) in others],
        own=who.ledger.origin, acts=_acts(held, versions, who) if on == who.today else frozenset(),
        umbrella=umbrella.proposed if umbrella else None, endings=endings,
        named={party.union: party.name for party in held.parties},
        partners={str(party.origin): party.name for party in held.parties},
        current=next((v for v in reversed(versions) if v.signed and v.since <= on), None),
    )  # fmt: skip


def _versions(reader: Reader, held: Partnership, facts: Sequence[Fact]) -> list[Terms]:
    """Every version, the oldest first; those that wait for a signature last."""
    signed = [(v.number, v.since, v.until, v.ref, v.annex, True) for v in held.versions()]
    if not signed and held.proposed is not None:  # the agreement itself waits
        first = next((f for f in facts if isinstance(f.event, PartnershipProposed)), None)
        e = held.proposed
        signed.append((1, e.since, e.until, first.ref if first else "", e.annex, False))
    waiting = [
        (e.version, e.since, e.until, ref, e.annex, False)
        for ref, (e, _) in held.waiting_annexes().items()
    ]
    found: list[Terms] = []
    before: Sequence[tuple[str, str]] = ()
    for number, since, until, ref, annex, done in (*signed, *waiting):
        lines = _in_words(reader, annex)
        signatures = _signatures(held, facts, ref)
        found.append(
            Terms(
                number, since, until, ref, done, lines, _changes(before, lines), signatures,
                frozenset(
                    party.union
                    for party, each in zip(held.parties, signatures, strict=True)
                    if each.on is None
                ),
            )
        )  # fmt: skip
        before = lines if done else before
    return found


def _signatures(held: Partnership, facts: Sequence[Fact], ref: str) -> list[Signature]:
    """Who signed a version out of its own journal; the first word of each counts."""
    found: list[Signature] = []
    for party in held.parties:
        word_ = next(
            (
                (fact.on, fact.event.paper)
                for fact in facts
                if isinstance(fact.event, PartnershipSigned | AnnexSigned)
                and fact.event.proposal == ref
                and (fact.event.party, fact.origin) == (party.union, party.origin)
            ),
            None,
        )
        found.append(
            Signature(party.name, word_[0] if word_ else None, (word_[1] or "") if word_ else "")
        )
    return found


def _in_words(reader: Reader, annex: Annex) -> list[tuple[str, str]]:
    """The terms as one reads them on paper: what it is about, what was agreed."""
    unions: list[UnionId | None] = [each.union for each in annex.liaisons]
    names: Mapping[UnionId, str] = names_of(reader, [*unions, annex.fund_keeper])

    def named(union: UnionId | None) -> str:
        return names.get(union, "协议方") if union else ""

    liaisons = "；".join(f"{named(each.union)}{word(each.office)}" for each in annex.liaisons)
    fund = f"{annex.fund}，由{named(annex.fund_keeper)}管账" if annex.fund else "不设共管资金"
    return [
        ("目的和责任", annex.purpose or "未写"),
        ("共享哪些事实", "、".join(map(word, annex.scopes)) or "不共享"),
        ("开放哪些数据组", "、".join(map(word, annex.groups)) or "不开放"),
        ("接转答复期限", f"{annex.answer_days} 个工作日"),
        ("逾期未答复", word(annex.unanswered)),
        ("商请转出答复期限", f"{annex.request_days} 个工作日"),
        ("会员由谁统计", word(annex.counted_by)),
        ("超过多久登记须说明原因", f"{annex.late_after_days} 日"),
        ("单方终止提前通知", f"{annex.notice_days} 日"),
        ("多久没有消息即提示", f"{annex.heard_hours} 小时"),
        ("登记最久多久由对方见证", f"{annex.witnessed_hours} 小时"),
        ("终止时未结事项", word(annex.at_end)),
        ("联络员", liaisons or "各方联络岗位"),
        ("共管资金", fund),
    ]


def _changes(
    before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]
) -> list[tuple[str, str, str]]:
    then = dict(before)
    return [(name, then[name], now) for name, now in after if name in then and then[name] != now]


def _acts(held: Partnership, versions: Sequence[Terms], who: Visitor) -> frozenset[str]:
    """What this visitor can do about the agreement today."""
    origin, today = who.ledger.origin, who.today
    party = next((p for p in held.parties if p.origin == origin), None)
    if party is None or held.declined:
        return frozenset()
    chairs = _holds(who, party.union, Office.CHAIR)
    found: set[str] = set()
    if chairs and any(each.union == party.union for each in held.waiting()):
        found |= {"sign", "decline"}
    if held.concluded and _state(held, today) != "over":
        if _holds(who, party.union, Office.CHAIR, Office.LIAISON):
            found.add("annex")
        if chairs:
            found |= {"give_notice", "agree_end"}
            if any(not each.signed and party.union in each.waits for each in versions):
                found.add("sign_annex")
    return frozenset(found)


def _holds(who: Visitor, union: UnionId | None, *offices: Office) -> bool:
    return any(post.office in offices and union in (None, post.union) for post in who.posts)
