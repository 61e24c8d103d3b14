"""紧急查阅: who opened whose file in an emergency, what was opened, and what the review found.

The file of somebody who is not hers is looked for by what an officer knows of her, and told by a
masked name, so that the right one is opened and no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from api.console.audit import VIEWS, officers
from api.console.fitting import MAIN, Offer, offered
from api.console.pages import id_in, page, signed_in, size_in, tab_in
from api.console.privacy import check_room, rooms
from api.console.workers import union_names
from api.problems import Problem
from api.showing import answers_for_privacy, check_glass, looking, may_see
from ledger.book import NotFound, Reader
from ledger.clock import beijing
from ledger.desk import Visitor
from ledger.domain.glass import HOURS, REVIEW_DAYS, Glass, GlassBroken, GlassReviewed, OwnGlass
from ledger.domain.ids import GlassId, PersonId, is_id
from ledger.domain.kernel import Redacted
from ledger.projections import glasses as view
from ledger.projections import rosters, worker_files
from ledger.projections.glasses import GlassRow
from ledger.replay import Read, ReadsSought, people, reads
from ledger.replay.finding import meant
from ledger.replay.told import masked_name

router = APIRouter(include_in_schema=False)

TABS = {"": "待复核", "reviewed": "已复核"}
MOST_FOUND = 10
MOST_READS = 200


@router.get("/glasses")
def listed(request: Request) -> Response:
    """紧急查阅：待复核的按期限，已复核的."""
    who, tab = signed_in(request), tab_in(request, TABS)
    check_room(who, "/glasses")
    with who.ledger.reading() as reader:
        conn, origin = reader.conn, who.ledger.origin
        unions = answers_for_privacy(reader, who)
        officer = None if unions is None else who.person
        found = view.listing(
            conn, origin, reviewed=tab == "reviewed", officer=officer, unions=unions or (),
            limit=size_in(request), after=_place(request),
        )  # fmt: skip
        waiting, reviewed = view.count(conn, origin, officer, unions or ())
        names = union_names(reader, {row.union for row in found.rows})
    return page(
        request, "glasses.html", who=who, rows=found.rows, tab=tab, tabs=TABS,
        counts={"": waiting, "reviewed": reviewed}, following="~".join(found.next or ()),
        names=names, officers=officers(request, who), today=who.today,
        rooms=rooms(who), breaks=bool(_smashes(who, "")), now=who.ledger.clock.now(),
        days=REVIEW_DAYS, hours=HOURS,
    )  # fmt: skip


def _place(request: Request) -> tuple[str, str, str] | None:
    """Where the next page begins. 400 where it is none."""
    text = request.query_params.get("after", "")
    parts = text.split("~")
    if text and (len(parts) != 3 or not is_id(parts[2])):
        raise Problem(400, "parameter", "No such page.", "翻页标记有误，请从第一页重新打开。")
    return (parts[0], parts[1], parts[2]) if text else None


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Candidate:
    """Somebody whom what was typed may mean: enough of her to be sure, and no more."""

    person: PersonId
    name: str
    number: str
    unions: str
    hers: bool
    """Whether this officer may open the file without breaking anything."""


@router.get("/glasses/new")
def new(request: Request) -> Response:
    """紧急查阅：找到是哪一个人，再写明理由."""
    who = signed_in(request)
    check_room(who, "/glasses")
    text, person = request.query_params.get("q", "").strip(), id_in(request, "person", "per")
    breaks = bool(_smashes(who, ""))
    with looking(who, "glasses", "紧急查阅前核对") as reader:
        if person and not worker_files.mentions(reader.conn, who.ledger.origin, [person]):
            raise NotFound(person)
        named = [person] if person else meant(reader, text) if text else []
        found = sorted(map(PersonId, named)) if breaks else []
        few = _candidates(reader, who, found) if len(found) <= MOST_FOUND else []
    return page(
        request, "glass_new.html", who=who, q=text, found=few, number=len(found), most=MOST_FOUND,
        asked=bool(text or person), breaks=breaks,
        offers={one.person: _smashes(who, one.person) for one in few},
    )  # fmt: skip


def _smashes(who: Visitor, person: str) -> list[Offer]:
    return offered(
        who, "glasses/smash", "紧急查阅此人", GlassBroken, look="btn btn-sm btn-outline-danger",
        person=person,
    )  # fmt: skip


def _candidates(reader: Reader, who: Visitor, persons: Sequence[PersonId]) -> list[Candidate]:
    shown = people(reader, persons)  # masked, whatever the office
    held = rosters.of_persons(reader.conn, who.ledger.origin, persons)
    names = union_names(reader, {row.union for rows in held.values() for row in rows})
    return [
        Candidate(
            each, masked_name(one.name), one.number,
            "、".join(names.get(row.union, "") for row in held.get(each, ())),
            may_see(reader, who, each),
        )
        for each in persons
        if (one := shown.get(each)) is not None
    ]  # fmt: skip


# ── one ──────────────────────────────────────────────────────────────────────────────────────


@router.get("/glasses/{name}")
def one(request: Request, name: str) -> Response:
    """一次紧急查阅：理由、开放多久、看了什么、谁在何时之前复核、结论."""
    who = signed_in(request)
    check_room(who, "/glasses")
    if not is_id(name) or not name.startswith("brk_"):
        raise NotFound(name)
    with looking(who, "glass", "audit") as reader:
        conn, origin = reader.conn, who.ledger.origin
        row = view.get(conn, origin, [name]).get(GlassId(name))
        if row is None:
            raise NotFound(name)
        check_glass(reader, who, row.person, row.officer, row.union)
        told = Glass.of(reader.opened(reader.records(name)))
        sees = may_see(reader, who, row.person)
        shown = people(reader, [row.person]).get(row.person) if sees else None
        opened = _opened(reader, row)
        names = union_names(reader, {row.union})
    reason = told.broken.reason if told.broken else ""
    return page(
        request, "glass.html", who=who, row=row, one=shown, sees=sees,
        reason=_said(reason), opinion=_said(told.reviewed.opinion if told.reviewed else ""),
        reads=opened, most=MOST_READS, views=VIEWS, names=names, officers=officers(request, who),
        today=who.today, open=row.until > who.ledger.clock.now(),
        offers=_offers(who, row), own=OwnGlass if _reviews_own(who, row) else None,
    )  # fmt: skip


def _said(text: str) -> str:
    """What was typed; of somebody who was forgotten, that it is gone."""
    return "（已随此人删除）" if isinstance(text, Redacted) else text


def _opened(reader: Reader, row: GlassRow) -> list[Read]:
    """What the officer saw of her while the file was open, the first look first."""
    ids = worker_files.identity(reader.conn, reader.ledger.origin, row.person)
    sought = ReadsSought(
        persons=ids,
        officer=row.officer,
        since=beijing(row.at).date(),
        until=beijing(row.until).date(),
    )
    found = reads(reader, sought, limit=MOST_READS).rows
    return [each for each in reversed(found) if row.at <= each.at <= row.until]


def _reviews_own(who: Visitor, row: GlassRow) -> bool:
    """Whether this is a reviewer whose hand it must not be."""
    mine = who.person in {row.officer, row.person}
    return row.finding is None and mine and any(p.office in GlassReviewed.by for p in who.posts)


def _offers(who: Visitor, row: GlassRow) -> list[Offer]:
    if row.finding is not None or who.person in {row.officer, row.person}:
        return []
    return offered(who, "glasses/review", "复核", GlassReviewed, look=MAIN, glass=row.glass)
