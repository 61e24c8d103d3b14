"""经审工作台: findings with their records, samples, payments derived again, who read whom, exports."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from api.console.at_hand import kind_text
from api.console.pages import (
    code_in,
    day_in,
    id_in,
    page,
    signed_in,
    size_in,
    tab_in,
)
from api.console.pickers import choices
from api.console.records import cites
from api.problems import Problem
from api.showing import check_sample, check_union, names_of, oversees, samples_for
from ledger import procedures
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain.aiding import AidKind
from ledger.domain.auditing import Finding
from ledger.domain.ids import PersonId, SampleId, UnionId, is_id
from ledger.domain.kernel import Office
from ledger.domain.money import yuan
from ledger.domain.questions import Sample
from ledger.projections import disbursement_audit as view
from ledger.projections import questions
from ledger.projections.disbursement_audit import FindingState
from ledger.replay import ReadsSought, derive, reads, word

router = APIRouter(include_in_schema=False)
TABS = {"": "审计发现", "samples": "抽样", "payments": "发放重算", "reads": "查阅记录"}
PAGES = {"grt": "/grants/", "lis": "/aid-lists/", "fnd": "/funds/"}
"""Where a subject has a page of its own."""
VIEWS = {
    "act": "办理业务", "case": "维权案件", "claimants": "案件名单", "question": "疑点", "roster": "名册",
    "transfers": "接转列表", "transfer": "接转", "worker": "职工档案", "workers": "查找职工",
    "search": "查找职工", "person": "职工档案", "aid-list": "发放名单", "grant": "救助",
    "grants": "救助列表", "hardship_file": "困难档案", "hardship_files": "困难档案列表",
    "household": "家庭", "households": "家庭", "membership": "会籍", "notice": "公示",
    "notices": "公示列表", "replay": "回放", "between": "前后对照", "changes": "前后对照",
    "steps": "逐笔回放", "responsibility": "归谁负责", "services": "服务", "trip": "行程",
    "station": "站点", "consents": "授权与共享", "audit": "经审", "forgetting": "限制与删除",
    "glass": "紧急查阅", "glasses": "紧急查阅",
}  # fmt: skip
"""What the pages of the read log are called."""
PURPOSES = {
    "membership": "会籍", "transfer": "接转", "case": "维权", "grant": "帮扶", "service": "服务",
    "correction": "更正", "dispute": "争议", "audit": "经审", "office": "办公",
}  # fmt: skip


@router.get("/audit")
def audit(request: Request) -> Response:
    """审计发现、抽样、发放重算、查阅记录."""
    who, tab = signed_in(request), tab_in(request, TABS)
    shown = {"": _findings, "samples": _samples, "payments": _payments, "reads": _reads}[tab]
    with who.ledger.reading() as reader:
        told = shown(request, reader, who)
    return page(
        request, "audit.html", who=who, tab=tab, tabs=TABS, own=who.ledger.origin, today=who.today,
        auditor=_audits(who), kinds=Finding.kinds, pages=PAGES, called=VIEWS, kind_text=kind_text,
        for_what=PURPOSES, **told,
    )  # fmt: skip


def _audits(who: Visitor) -> bool:
    return any(post.office is Office.AUDITOR for post in who.posts)


# ── findings ─────────────────────────────────────────────────────────────────────────────────


def _place(request: Request) -> tuple[str, str] | None:
    """Where the next page of findings begins: a day and a key. 400 where it is none."""
    text = request.query_params.get("after", "")
    since, _, key = text.partition(" ")
    if text and not key:
        raise Problem(400, "parameter", "No such page.", "翻页标记有误，请从第一页重新打开。")
    return (since, key) if text else None


def _sought(request: Request, reader: Reader, who: Visitor) -> view.Sought:
    """The findings that the address asks for. 400 for what does not exist, 403 for another's."""
    rule, union = request.query_params.get("rule", ""), id_in(request, "union", "uni")
    if rule and rule not in Finding.kinds:
        raise Problem(400, "parameter", "No such rule of the audit.", f"没有审计规则“{rule}”。")
    return view.Sought(
        day_in(request, "today") or who.today, rule=rule or None,
        state=code_in(request, "state", FindingState), kind=code_in(request, "kind", AidKind),
        union=check_union(reader, who, UnionId(union) if union else None),
        since=day_in(request, "since"), until=day_in(request, "until"),
    )  # fmt: skip


def _findings(request: Request, reader: Reader, who: Visitor) -> Mapping[str, Any]:
    conn, origin = reader.conn, who.ledger.origin
    sought = _sought(request, reader, who)
    found = view.listing(conn, origin, sought, limit=size_in(request), after=_place(request))
    here = sought.union
    return {
        "counts": view.count(conn, origin, sought), "rows": found.rows, "rule": sought.rule or "",
        "day": sought.today, "states": list(FindingState), "aid": list(AidKind),
        "names": names_of(reader, {row.union for row in found.rows} | ({here} if here else set[UnionId]())),
        "within": here, "things": cites(reader, {ref for row in found.rows for ref in row.cites}),
        "following": " ".join(found.next) if found.next else "",
        "unions": choices(reader, who, "uni", ()) if oversees(reader, who) else (),
    }  # fmt: skip


@router.get("/audit/findings.csv")
def findings_file(request: Request) -> Response:
    """导出：正好是所列的审计发现；不含姓名."""
    who = signed_in(request)
    with who.ledger.reading() as reader:
        sought = _sought(request, reader, who)

    def rows() -> Iterator[Sequence[object]]:
        yield ("规则", "说明", "对象", "金额（元）", "自", "工会", "所涉记录", "办理", "疑点")
        with who.ledger.reading() as reader:
            conn, origin = reader.conn, who.ledger.origin
            names: dict[str, str] = {}
            for row in view.each(conn, origin, sought):
                if row.union not in names:
                    names |= {str(k): v for k, v in names_of(reader, [row.union]).items()}
                yield (
                    row.rule, Finding.kinds[row.rule].zh, row.subject, yuan(row.amount), row.since,
                    names.get(row.union, row.union), " ".join(row.cites), word(row.state),
                    row.question or "",
                )  # fmt: skip

    return _csv(rows(), f"审计发现-{sought.today}.csv")


def _csv(rows: Iterable[Sequence[object]], name: str) -> Response:
    """A file for a spreadsheet: UTF-8 with its mark, nothing in it read as a formula."""

    def lines() -> Iterator[str]:
        yield "\ufeff"
        for row in rows:
            held = io.StringIO()
            csv.writer(held).writerow([_cell(str(each)) for each in row])
            yield held.getvalue()

    said = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return StreamingResponse(lines(), 200, said, media_type="text/csv; charset=utf-8")


def _cell(text: str) -> str:
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t"} else text


# ── samples ──────────────────────────────────────────────────────────────────────────────────


def _samples(request: Request, reader: Reader, who: Visitor) -> Mapping[str, Any]:
    rows = samples_for(reader, who)
    return {
        "rows": rows, "names": names_of(reader, [row.union for row in rows]),
        "origins": _origins(reader),
    }  # fmt: skip


def _origins(reader: Reader) -> dict[str, str]:
    """The journals, each by its province."""
    ledger = reader.ledger
    return {ledger.origin: ledger.province.short, **dict.fromkeys(reader.partners, "对方省")}


@router.get("/audit/samples/{sample}")
def sample(request: Request, sample: str) -> Response:
    """一次抽样：种子、总体、所抽记录，按种子重抽是否一致，由它提出的疑点."""
    who = signed_in(request)
    if not is_id(sample) or not sample.startswith("sam_"):
        raise NotFound(sample)
    with who.ledger.reading() as reader:
        drawn = reader.find(Sample, sample).drawn
        if drawn is None:
            raise NotFound(sample)
        check_sample(reader, who, drawn)
        again = procedures.drawn_again(reader, SampleId(sample))
        refs = [str(each) for each in drawn.drawn]
        things = cites(reader, refs)
        sought = questions.Sought(who.today, sample=sample)
        asked = questions.listing(reader.conn, who.ledger.origin, sought, limit=500).rows
        places = [(whose, int(at)) for whose, _, at in (ref.rpartition("#") for ref in refs)]
        about = questions.of_records(reader.conn, who.ledger.origin, places)
        names = names_of(reader, [drawn.union])
        origins = _origins(reader)
    by_ref = {f"{whose}#{at}": found for (whose, at), found in about.items()}
    return page(
        request, "sample.html", who=who, sample=sample, drawn=drawn, again=again, things=things,
        asked=asked, names=names, origins=origins, about=by_ref, kind_text=kind_text,
        auditor=_audits(who),
    )  # fmt: skip


# ── payments derived again ───────────────────────────────────────────────────────────────────


def _check_oversees(reader: Reader, who: Visitor) -> None:
    """403 below the federation: they are derived in the order of the journal, whoever's they are."""
    if not oversees(reader, who):
        raise Problem(
            403, "not-your-office", "This is for the province's federation and its auditors.",
            "全省发放重算由省级工会及其经审查阅。",
            instead="本级及下级的疑点见“审计发现”；重算请省级工会的经审人员查询。",
        )  # fmt: skip


def _payments(request: Request, reader: Reader, who: Visitor) -> Mapping[str, Any]:
    _check_oversees(reader, who)
    after = request.query_params.get("after", "0")
    if not after.isdecimal() or len(after) > 15:
        raise Problem(400, "parameter", "No such page.", "翻页标记有误，请从第一页重新打开。")
    size = size_in(request)
    rows = list(islice(derive(reader, after=int(after), step=size + 1), size + 1))
    more = len(rows) > size
    rows = rows[:size]
    last = max((int(row.ref.rpartition("#")[2]) for row in rows), default=0)
    return {
        "rows": rows, "names": names_of(reader, [row.union for row in rows]),
        "following": str(last) if more else "",
        "differing": sum(not row.matches for row in rows),
    }  # fmt: skip


@router.get("/audit/payments.csv")
def payments_file(request: Request) -> Response:
    """导出：每一笔发放的重算结果；不含姓名."""
    who = signed_in(request)
    with who.ledger.reading() as reader:
        _check_oversees(reader, who)

    def rows() -> Iterator[Sequence[object]]:
        yield (
            "记录",
            "对象",
            "笔次",
            "日期",
            "已付（元）",
            "应付（元）",
            "列支（元）",
            "相符",
            "原因",
        )
        with who.ledger.reading() as reader:
            for one in derive(reader):
                why = [*(word(each) for each in one.why), *one.rules]
                yield (
                    one.ref, one.subject, one.number, one.on, yuan(one.paid), yuan(one.due),
                    "" if one.drawn is None else yuan(one.drawn), "是" if one.matches else "否",
                    "；".join(why),
                )  # fmt: skip

    return _csv(rows(), f"发放重算-{who.today}.csv")


# ── who read whom ────────────────────────────────────────────────────────────────────────────


def _reads(request: Request, reader: Reader, who: Visitor) -> Mapping[str, Any]:
    root = reader.ledger.root
    if all((post.office, post.union) != (Office.AUDITOR, root) for post in who.posts):
        raise Problem(
            403, "not-your-log", "The province's read log is for its federation's auditors.",
            "全省查阅记录只由省级工会的经审人员查看；一名职工的查阅记录在“授权与共享”。",
            instead="请省级工会的经审人员查询。",
        )  # fmt: skip
    viewed = request.query_params.get("view", "")
    if viewed and viewed not in VIEWS:
        raise Problem(400, "parameter", "No such view.", f"没有“{viewed}”这一页面。")
    place = request.query_params.get("after", "").split(" ")
    if place != [""] and len(place) != 3:
        raise Problem(400, "parameter", "No such page.", "翻页标记有误，请从第一页重新打开。")
    person, officer = id_in(request, "person", "per"), id_in(request, "officer", "per")
    sought = ReadsSought(
        persons=[person] if person else None, officer=officer or None, view=viewed or None,
        since=day_in(request, "since"), until=day_in(request, "until"),
    )  # fmt: skip
    found = reads(
        reader, sought, limit=size_in(request),
        after=(place[0], place[1], place[2]) if len(place) == 3 else None,
    )  # fmt: skip
    return {
        "rows": found.rows, "names": names_of(reader, [row.union for row in found.rows]),
        "officers": officers(request, who), "following": " ".join(found.next or ()),
    }  # fmt: skip


def officers(request: Request, who: Visitor) -> dict[PersonId, str]:
    """Who works here, by office as the accounts call it: no name is opened for the read log."""
    return {
        person: shown or name for name, person, shown in request.app.state.desk.accounts(who.ledger)
    }
