"""帮扶办法: which rules of aid are in force, whose, for which place; each version, and what it changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request, Response

from api.console.fitting import may
from api.console.pages import code_in, page, signed_in, tab_in
from api.showing import names_of, streams
from ledger.book import NotFound, Reader
from ledger.domain import divisions
from ledger.domain.aiding import AidKind, KindRules, Step
from ledger.domain.hardship import Category
from ledger.domain.money import yuan
from ledger.domain.schemes import Scheme, SchemeAdopted
from ledger.projections import fund_statements
from ledger.projections import schemes as view
from ledger.replay import word

router = APIRouter(include_in_schema=False)

TABS = {"": "施行中", "coming": "将施行", "over": "已废止"}


@dataclass(frozen=True)
class Row:
    """One version in the list."""

    scheme: str
    title: str
    version: int
    union: str
    origin: str
    place: str
    kinds: Sequence[AidKind]
    since: date
    until: date | None


@router.get("/schemes")
def schemes(request: Request) -> Response:
    """帮扶办法：施行中、将施行、已废止的，可按帮扶类别和地区筛选."""
    who = signed_in(request)
    tab, kind = tab_in(request, TABS), code_in(request, "kind", AidKind)
    place = request.query_params.get("place", "")
    with who.ledger.reading() as reader:
        conn, origin, today = reader.conn, who.ledger.origin, who.today
        if tab == "over":
            every = _repealed(reader, today)
        else:
            found = view.listing(conn, origin, today, coming=tab == "coming")
            every = [
                Row(
                    row.scheme, row.title, row.version, row.union, row.origin, row.place,
                    row.kinds, row.since, row.until,
                )
                for row in found
                if (row.since > today) == (tab == "coming")
            ]  # fmt: skip
        names = names_of(reader, [row.union for row in every])
    places = {row.place: divisions.name_of(row.place[:6]) for row in every}
    rows = [
        row
        for row in every
        if (kind is None or kind in row.kinds) and (not place or row.place == place)
    ]
    return page(
        request, "schemes.html", who=who, rows=rows, names=names, places=places, tab=tab,
        tabs=TABS, kinds=[(each.value, word(each)) for each in AidKind], kind=kind, place=place,
        own=who.ledger.origin, adopts=may(who, SchemeAdopted),
    )  # fmt: skip


def _repealed(reader: Reader, today: date) -> list[Row]:
    """The last version of each scheme under which nothing is applied for any more."""
    found: list[Row] = []
    for name in streams(reader, "sch"):
        held = reader.get(Scheme, name)
        last = held.latest
        if last is not None and held.until is not None and held.until <= today:
            kinds = [each.kind for each in last.rules]
            found.append(
                Row(
                    name, last.title, last.version, last.union,
                    reader.history(name)[0].origin, last.place, kinds, last.since, held.until,
                )
            )  # fmt: skip
    return sorted(found, key=lambda row: (row.until or today, row.title), reverse=True)


@router.get("/schemes/{scheme}")
def scheme(request: Request, scheme: str) -> Response:
    """一个帮扶办法的各版本，新的在前，每一版与前一版的不同."""
    who = signed_in(request)
    with who.ledger.reading() as reader:
        held = reader.find(Scheme, scheme)
        latest = held.latest
        if latest is None:
            raise NotFound(scheme)
        named = Named.of(reader, held.versions)
        origin = reader.history(scheme)[0].origin
    versions = sorted(held.versions, key=lambda each: each.version, reverse=True)
    asked = request.query_params.get("version", "")
    chosen = next((each for each in versions if str(each.version) == asked), None)
    if asked and chosen is None:
        raise NotFound(f"{scheme} {asked}")
    now = held.judging(who.today, who.today)
    shown = chosen or now or latest
    before = next((each for each in versions if each.version == shown.version - 1), None)
    ours = origin == who.ledger.origin and held.until is None and may(who, SchemeAdopted)
    return page(
        request, "scheme.html", who=who, scheme=scheme, held=held, latest=latest, shown=shown,
        versions=versions, named=named, now=now, today=who.today, ours=ours,
        place=divisions.name_of(shown.place[:6]), before=before,
        changes=changes(before, shown, named) if before else (),
        terms={rules.kind: terms(rules, named) for rules in shown.rules},
    )  # fmt: skip


@dataclass(frozen=True)
class Named:
    """What the unions and funds of a scheme are called."""

    unions: Mapping[str, str]
    funds: Mapping[str, str]

    @classmethod
    def of(cls, reader: Reader, versions: Iterable[SchemeAdopted]) -> "Named":
        every = [rules for each in versions for rules in each.rules]
        unions = {each.union for each in versions}
        unions |= {level.approver for rules in every for level in rules.levels}
        funds = {fund for rules in every for fund in rules.funds}
        known = fund_statements.get(reader.conn, reader.ledger.origin, funds)
        return cls(
            {str(key): name for key, name in names_of(reader, unions).items()},
            {str(key): row.name for key, row in known.items()},
        )


# ── what a version says, in words ────────────────────────────────────────────────────────────


def terms(rules: KindRules, named: Named) -> dict[str, str]:
    """The rules of one kind of aid, heading by heading; what is not asked for is left out."""
    told = {
        "适用对象": "；".join(_whom(rules)),
        "审批前程序": " → ".join(_step(rules, each) for each in rules.steps) or "—",
        "可后补程序": "、".join(_step(rules, each) for each in rules.later),
        "限额": "；".join(
            f"{word(cap.per)} {yuan(cap.most)} 元"
            + (f"（{_category(cap.category)}）" if cap.category else "")
            for cap in rules.caps
        ) or "不限",
        "审批权限": "；".join(
            f"超过 {yuan(each.above)} 元由{named.unions.get(each.approver, '—')}或其上级审批"
            for each in rules.levels
        ) or "受理工会审批",
        "集体研究": "每笔" if Step.MINUTES in rules.steps
        else "" if rules.minutes_above is None else f"超过 {yuan(rules.minutes_above)} 元",
        "紧急办理": f"可由一人审批，{rules.review_days} 日内补审" if rules.emergency else "",
        "发放方式": "、".join(map(word, rules.modes)),
        "签收": f"发放后 {rules.receipt_days} 日内",
        "限用资金": "、".join(named.funds.get(each, "—") for each in rules.funds),
    }  # fmt: skip
    return {heading: text for heading, text in told.items() if text}


def _whom(rules: KindRules) -> Iterable[str]:
    if rules.categories:
        yield "有困难档案：" + "、".join(map(_category, rules.categories))
    if rules.members_only:
        yield "限会员"
    yield "同一事由不重复" if rules.once_per_need else "同一事由可多次"


def _step(rules: KindRules, step: Step) -> str:
    days = f" {rules.notice_days} 个{word(rules.notice_in)}" if step is Step.NOTICE else ""
    return f"{word(step)}{days}"


def _category(code: str) -> str:
    return word(Category(code)) if code in set(Category) else code


def changes(then: SchemeAdopted, now: SchemeAdopted, named: Named) -> list[tuple[str, ...]]:
    """What one version changed in another: (which kind, what, then, now)."""
    found = [
        ("办法", heading, before, after)
        for heading, before, after in (
            ("名称", then.title, now.title),
            ("适用地区", divisions.name_of(then.place[:6]), divisions.name_of(now.place[:6])),
        )
        if before != after
    ]
    old = {each.kind: terms(each, named) for each in then.rules}
    new = {each.kind: terms(each, named) for each in now.rules}
    for kind in dict.fromkeys([*old, *new]):
        if kind not in new:
            found.append((word(kind), "整类", "有规定", "不再规定"))
        elif kind not in old:
            found.append((word(kind), "整类", "未规定", "新增"))
        else:
            one, other = old[kind], new[kind]
            found += [
                (word(kind), heading, one.get(heading, "不要求"), other.get(heading, "不要求"))
                for heading in dict.fromkeys([*one, *other])
                if one.get(heading) != other.get(heading)
            ]
    return found
