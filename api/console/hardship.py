"""困难档案: open files by when their review is due, one file with its household, and the paper form."""

from dataclasses import dataclass
from datetime import date, timedelta

from fastapi import APIRouter, Request, Response

from api.console.fitting import GRAVE, MAIN, Offer, may, offered
from api.console.grants import TONES
from api.console.pages import (
    Moment,
    code_in,
    day_in,
    earlier_in,
    id_in,
    page,
    pair_in,
    place_of,
    signed_in,
    size_in,
    tab_in,
)
from api.console.seeking import people_sought
from api.showing import (
    check_purpose,
    check_sight,
    check_union,
    looking,
    mark_of,
    mentioned,
    names_of,
    people,
)
from ledger import replay
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain import divisions
from ledger.domain.hardship import (
    Assessment,
    Category,
    HardshipFile,
    HardshipFileClosed,
    HardshipFileOpened,
    HardshipFileReviewed,
)
from ledger.domain.ids import HouseholdId, UnionId
from ledger.domain.persons import Household, HouseholdMemberJoined, HouseholdOpened, Relation
from ledger.projections import grants as aid
from ledger.projections import hardship_files as view
from ledger.projections import rosters
from ledger.replay import Shown, word

router = APIRouter(include_in_schema=False)

TABS = {"": "在档", "due": "应复核", "soon": "30 日内到期"}


# ── the list ─────────────────────────────────────────────────────────────────────────────────


@router.get("/hardship-files")
def hardship_files(request: Request) -> Response:
    """未结的困难档案，先到期的在前；可按类别、工会、截至日期筛选."""
    who = signed_in(request)
    tab, category, size = (
        tab_in(request, TABS),
        code_in(request, "category", Category),
        size_in(request),
    )
    on, today = day_in(request, "as_of"), who.today
    due = {"": None, "due": on or today, "soon": (on or today) + timedelta(30)}[tab]
    with looking(who, "hardship_files", "困难档案") as reader:
        conn, origin = reader.conn, who.ledger.origin
        union = check_union(reader, who, UnionId(id_in(request, "union", "uni")) or None)
        sought = view.Sought(union=union, on=on, category=category, due=due)
        found = view.listing(conn, origin, sought, limit=size, after=pair_in(request))
        shown = people(reader, who, [r.person for r in found.rows if r.origin == origin])
        top = check_union(reader, who, None)
        every = view.unions(conn, origin, view.Sought(union=top, on=on))
        names = names_of(reader, {*every, *(row.union for row in found.rows)}, on)
    return page(
        request, "hardship_files.html", who=who, rows=found.rows, people=shown, names=names,
        tab=tab, tabs=TABS, categories=[(each.value, word(each)) for each in Category],
        category=category, as_of=on, day=on or today, own=origin, next=place_of(found.next),
        union=request.query_params.get("union", ""), size=size,
        unions=sorted((union, names.get(union, "—")) for union in every),
        opens=may(who, HardshipFileOpened), reviews=may(who, HardshipFileReviewed),
    )  # fmt: skip


# ── opening one ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Living:
    """One person of a household."""

    person: Shown | None
    relation: Relation
    since: date
    guardian: str | None


@router.get("/hardship-files/new")
def hardship_new(request: Request) -> Response:
    """建档：先找职工，再核对家庭，最后填表."""
    who = signed_in(request)
    with looking(who, "hardship_new", "建档") as reader:
        sought = people_sought(request, reader, who)
        found = list(sought.people)
        conn, origin = reader.conn, who.ledger.origin
        homes = {
            one: [
                (HouseholdId(each), living)
                for each in mentioned(reader, one, "hou")
                if (living := _living(reader, who, each))
            ]
            for one in found
        }
        open_ = view.open_of(conn, origin, found, [h for hs in homes.values() for h, _ in hs])
    return page(
        request, "hardship_new.html", who=who, q=sought.text, people=sought.people, homes=homes,
        open=open_, opens=may(who, HardshipFileOpened), founds=may(who, HouseholdOpened),
        joins=may(who, HouseholdMemberJoined),
    )  # fmt: skip


def _living(reader: Reader, who: Visitor, household: str) -> list[Living]:
    living = [one for one in reader.get(Household, household).living if one.holds(who.today)]
    shown = people(reader, who, [one.person for one in living])
    held = reader.get(Household, household)
    return [
        Living(shown.get(one.person), one.relation, one.since, held.guardian(one.person, who.today))
        for one in living
    ]


# ── one file ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Told:
    """All that the page of a file and its paper form show."""

    file: replay.FileTold
    person: Shown | None
    living: list[Living]
    found: list[Assessment]
    grants: list[replay.GrantLine]
    union: str
    member: str
    version: int
    compared: replay.Compared | None


@router.get("/hardship-files/{name}")
def hardship_file(request: Request, name: str) -> Response:
    """一份困难档案：认定、家庭、救助、经过，可看截至某日."""
    who = signed_in(request)
    as_of = day_in(request, "as_of")
    then = request.query_params.get("known", "now") == "then"
    known_on = (day_in(request, "known_on") or as_of) if then else None
    earlier = earlier_in(request)
    told = _told(request, who, name, as_of, known_on, earlier)
    file = told.file
    offers: list[Offer] = []
    historical = as_of is not None or known_on is not None
    if file.open and not historical and file.lane and file.lane.origin == who.ledger.origin:
        offers += offered(
            who, "hardship/review", "复核", HardshipFileReviewed, look=MAIN, file=name
        )
        if file.household:
            offers += offered(
                who, "households/join", "家庭成员加入", HouseholdMemberJoined,
                household=file.household,
            )  # fmt: skip
        offers += offered(who, "hardship/close", "结案", HardshipFileClosed, look=GRAVE, file=name)
    return page(
        request, "hardship_file.html", who=who, told=told, file=file, as_of=as_of, then=then,
        known_on=known_on, today=who.today, offers=offers, historical=historical, tones=TONES,
        name=name, own=who.ledger.origin, earlier=earlier,
    )  # fmt: skip


@router.get("/hardship-files/{name}/sheet")
def hardship_sheet(request: Request, name: str) -> Response:
    """困难职工登记表：A4，按纸面表格."""
    who = signed_in(request)
    told = _told(request, who, name, None, None)
    place = divisions.name_of(told.person.division[:6]) if told.person else ""
    with who.ledger.reading() as reader:
        mark = mark_of(request.base_url, reader, name)
    return page(
        request, "hardship_sheet.html", mark=mark, who=who, told=told, file=told.file, name=name, place=place,
        at=who.ledger.clock.now(), now=told.found[-1] if told.found else None,
    )  # fmt: skip


def _told(
    request: Request, who: Visitor, name: str, as_of: date | None, known_on: date | None,
    earlier: Moment | None = None,
) -> Told:  # fmt: skip
    """Reads a file for who may see it. NotFound, 403, 400 where no purpose is given."""
    purpose = request.query_params.get("purpose") or None
    with looking(who, "hardship_file", purpose) as reader:
        if not name.startswith("hrd_"):
            raise NotFound(name)
        held = reader.find(HardshipFile, name)
        if held.opened is None:
            raise NotFound(name)
        person = held.opened.person
        check_sight(reader, who, person)
        check_purpose(reader, person, purpose)
        conn, origin = reader.conn, who.ledger.origin
        file = replay.hardship_file(
            reader, name, as_of=as_of, known_on=known_on, mask=not who.sees_numbers
        )
        compared = earlier and replay.hardship_between(
            reader, name, earlier, (as_of, known_on), mask=not who.sees_numbers
        )
        listed = aid.listed(conn, origin, aid.Sought(person=person, today=who.today), limit=20)
        members = rosters.of_persons(conn, origin, [person]).get(person, [])
        names = names_of(reader, [member.union for member in members])
        return Told(
            file, people(reader, who, [person]).get(person),
            _living(reader, who, held.opened.household), list(held.assessments),
            replay.grant_lines(reader, listed.rows, ()), file.union_name,
            "、".join(names.get(member.union, "—") for member in members), held.version, compared,
        )  # fmt: skip
