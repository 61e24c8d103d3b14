"""查重与关联: pairs that look like one person, beside each other; linked, told apart, undone.

The members of one's unions are looked through a part at a time, by their search tokens: nothing is
opened until two records are laid beside each other.
"""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from api.console.fitting import Offer, offered
from api.console.pages import page, signed_in
from api.console.workers import union_names
from api.problems import Problem
from api.showing import check_sight, check_union, looking, may_see
from ledger.book import Reader
from ledger.desk import Visitor
from ledger.domain import divisions
from ledger.domain.ids import PersonId, is_id
from ledger.domain.persons import Person, PersonsLinked, PersonsToldApart, PersonsUnlinked
from ledger.projections import rosters
from ledger.replay import people, word
from ledger.replay.duplicates import Decided, Pair, pair, pairs
from ledger.replay.told import masked

router = APIRouter(include_in_schema=False)

STEP, MOST = 100, 100
"""Members that are looked through at once, and on one page."""
PAIRS = 40
WORDS = {Decided.OPEN: "待核对", Decided.LINKED: "已关联", Decided.APART: "非同一人"}
TONES = {Decided.OPEN: "todo", Decided.LINKED: "done", Decided.APART: "closed"}
BY = {"number": "同号", "birth": "同名同生日", "": "人工核对"}


@dataclass(frozen=True)
class Beside:
    """One field of two records; `same` tells whether they agree, None where one says nothing."""

    name: str
    one: str
    other: str
    same: bool | None


@router.get("/duplicates")
def duplicates(request: Request) -> Response:
    """疑似重复：左边列出，右边并排."""
    who = signed_in(request)
    asked = request.query_params
    one, other = asked.get("one", ""), asked.get("other", "")
    if (one or other) and not (is_id(one) and is_id(other) and one != other):
        raise Problem(400, "parameter", "Name two records.", "请指明两份档案。")
    at, _, last = asked.get("after", "").partition("~")
    with looking(who, "duplicates", "correction") as reader:
        found, following, looked = _found(reader, who, (at, last) if last else None)
        chosen = _beside(reader, who, PersonId(one), PersonId(other)) if one else None
        names = people(reader, {p for each in found for p in (each.one, each.other)}, mask=True)
    done = sum(each.decided is not Decided.OPEN for each in found)
    return page(
        request, "duplicates.html", who=who, pairs=found, names=names, words=WORDS, tones=TONES,
        by=BY, chosen=chosen, following="~".join(following) if following else None, done=done,
        looked=looked, one=one, other=other,
    )  # fmt: skip


def _found(
    reader: Reader, who: Visitor, after: tuple[str, str] | None
) -> tuple[list[Pair], tuple[str, str] | None, int]:
    """The pairs of a part of the roster that this visitor may see, where to go on, and how many
    members were looked through."""
    conn, origin = reader.conn, reader.ledger.origin
    union = check_union(reader, who, None) or who.union
    every = frozenset(rosters.Standing)
    found: list[Pair] = []
    looked = 0
    while True:
        part = rosters.members(
            conn, origin, rosters.Sought(union=union, states=every), limit=STEP, after=after
        )
        looked, after = looked + len(part.rows), part.next
        known = {(each.one, each.other) for each in found}
        found += [
            each
            for each in pairs(reader, [row.person for row in part.rows])
            if (each.one, each.other) not in known
            and may_see(reader, who, each.one)
            and may_see(reader, who, each.other)
        ]
        if after is None or looked >= MOST or len(found) >= PAIRS:
            return found, after, looked


def _beside(reader: Reader, who: Visitor, one: PersonId, other: PersonId) -> dict[str, Any]:
    """Two records beside each other, what was decided of them, and what can be."""
    for each in (one, other):
        check_sight(reader, who, each)
    told = {each: Person.of(reader.opened(reader.records(each))) for each in (one, other)}
    standing = rosters.of_persons(reader.conn, reader.ledger.origin, [one, other])
    unions = union_names(reader, {row.union for rows in standing.values() for row in rows})

    def membership(each: PersonId) -> str:
        rows = standing.get(each, [])
        return "、".join(f"{unions.get(row.union, '')}（{word(row.state)}）" for row in rows)

    a, b = told[one], told[other]
    rows = [
        _row("姓名", a.name, b.name),
        _row("证件类型", word(a.document), word(b.document)),
        _row("证件号码", a.number, b.number, "" if who.sees_numbers else "number"),
        _row("性别", a.sex, b.sex),
        _row("民族", a.ethnic, b.ethnic),
        _row("出生日期", a.birth, b.birth),
        _row("户籍", divisions.name_of(a.division[:6]), divisions.name_of(b.division[:6])),
        _row("户籍地址", a.residence, b.residence),
        _row("电话", a.phone, b.phone, "" if who.sees_numbers else "phone"),
        _row("现住址", a.address, b.address),
        _row("会籍", membership(one), membership(other)),
    ]
    now = pair(reader, one, other)
    both = {"person": str(one), "other": str(other)}
    offers: list[Offer] = []
    if now.decided is Decided.LINKED:
        offers = offered(who, "persons/unlink", "撤销关联", PersonsUnlinked, link=now.link, **both)
    else:
        offers += offered(who, "persons/link", "是同一人：关联", PersonsLinked, **both)
        if now.decided is Decided.OPEN:
            offers += offered(who, "persons/tell_apart", "不是同一人", PersonsToldApart, **both)
    return {"rows": rows, "now": now, "offers": offers, "names": (a.name, b.name)}


def _row(name: str, one: str, other: str, mask: str = "") -> Beside:
    same = one == other if one and other else None
    shown = [masked(mask, each) if mask else str(each) for each in (one, other)]
    return Beside(name, shown[0], shown[1], same)
