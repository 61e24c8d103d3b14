"""入会审核: applications by step, each with what can be checked before anybody signs.

Identity, another file of the same person, a membership elsewhere, the employer: each is compared
with what is on record here. The page says what it found; who examines decides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from fastapi import APIRouter, Request, Response

from api.console.fitting import Offer, post_for
from api.console.pages import page, signed_in, tab_in
from api.console.worker import application_offers
from api.console.workers import union_names
from api.showing import check_sight, check_union, looking
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain import divisions
from ledger.domain.identity import DocumentKind, problems
from ledger.domain.ids import MembershipId, PersonId, UnionId, is_id
from ledger.domain.membership import (
    MemberEnrolled,
    Membership,
    MembershipApplied,
)
from ledger.domain.persons import Person
from ledger.domain.unions import Union
from ledger.projections import rosters, worker_files
from ledger.projections.rosters import Examined
from ledger.replay import Shown, people, word
from ledger.replay.duplicates import Decided, pairs
from ledger.replay.people import memberships

router = APIRouter(include_in_schema=False)

SHOWN = 20
TABS = {"": "待审核", "examined": "已审核，待批准", "unfit": "审核不符", "all": "全部"}


@dataclass(frozen=True)
class Check:
    """One thing that was compared: how it turned out (`done`, `back`, `doing`), and how."""

    name: str
    tone: str
    text: str
    others: tuple[PersonId, ...] = ()


@dataclass(frozen=True)
class Applicant:
    """One application as it is listed."""

    membership: MembershipId
    person: PersonId
    shown: Shown | None
    union: UnionId
    union_name: str
    applied_on: date
    channel: str
    employer: str
    trade: str
    fit: bool | None
    checks: tuple[Check, ...]
    below: bool = False
    """Whether a union below the visitor's was asked: that union examines and approves."""

    @property
    def step(self) -> str:
        return {None: "待审核", True: "已审核", False: "审核不符"}[self.fit]

    @property
    def tone(self) -> str:
        return "closed" if self.below else {None: "todo", True: "doing", False: "back"}[self.fit]


@router.get("/enrolments")
def enrolments(request: Request) -> Response:
    """入会申请：待审核、待批准、审核不符."""
    who, tab = signed_in(request), tab_in(request, TABS)
    union, _, last = request.query_params.get("after", "").partition("~")
    with looking(who, "enrolments", None) as reader:
        found, following = applicants(
            reader, who, tab, limit=SHOWN, after=(union, last) if last else None
        )
    post = post_for(who, MemberEnrolled)
    return page(
        request, "enrolments.html", who=who, rows=found, tab=tab, tabs=TABS,
        following="~".join(following) if following else None,
        post=post, picks=[
            row.membership for row in found
            if post and row.union == post.union and row.fit is not False
        ],
        takes=post_for(who, MembershipApplied) is not None,
    )  # fmt: skip


def applicants(
    reader: Reader, who: Visitor, tab: str, *, union: UnionId | None = None, limit: int,
    after: tuple[str, str] | None = None, checked: bool = True,
) -> tuple[list[Applicant], tuple[str, str] | None]:  # fmt: skip
    """Applications at one step, of the visitor's unions and those below, and where to go on;
    `union`: to this one alone.
    """
    conn, origin = reader.conn, reader.ledger.origin
    sought = rosters.Sought(
        union=union or check_union(reader, who, None) or who.union, below=union is None,
        states=frozenset({rosters.Standing.APPLIED}), own=True, fit=_STEPS[tab],
    )  # fmt: skip
    part = rosters.members(conn, origin, sought, limit=limit, after=after)
    told = memberships(reader, [row.membership for row in part.rows])
    found = [_applicant(row, told[row.membership]) for row in part.rows]
    mine = {post.union for post in who.posts}
    found = [replace(row, below=row.union not in mine) for row in found]
    return list(_told(reader, who, found, checked=checked)), part.next


_STEPS = {
    "": Examined.NOT_YET, "examined": Examined.FIT, "unfit": Examined.UNFIT, "all": None,
}  # fmt: skip


def _applicant(row: rosters.Member, told: Membership) -> Applicant:
    return Applicant(
        row.membership, row.person, None, row.union, "", row.since, word(row.channel),
        told.employer, told.trade, told.fit, (),
    )  # fmt: skip


def _told(
    reader: Reader, who: Visitor, rows: Sequence[Applicant], *, checked: bool
) -> Iterator[Applicant]:
    """The lines with their names and, where asked for, with what was compared."""
    mask = not who.sees_numbers
    shown = people(reader, [row.person for row in rows], mask=mask)
    full = people(reader, [row.person for row in rows], mask=False) if checked else {}
    names = union_names(reader, {row.union for row in rows})
    for row in rows:
        checks = tuple(_checks(reader, row, full.get(row.person))) if checked else ()
        yield replace(
            row, shown=shown.get(row.person), union_name=names.get(row.union, ""), checks=checks
        )


# ── what is compared ─────────────────────────────────────────────────────────────────────────


def _checks(reader: Reader, row: Applicant, one: Shown | None) -> Iterator[Check]:
    yield _identity(reader.ledger.today, one)
    yield _duplicates(reader, row.person)
    yield _elsewhere(reader, row)
    yield _employer(reader, row)


def _identity(today: date, one: Shown | None) -> Check:
    name = "身份"
    if one is None or not one.name:
        return Check(name, "back", "姓名未提供")
    if one.document is DocumentKind.NONE_YET or not one.number:
        return Check(name, "doing", "证件号码待补")
    broken = problems(one.document, one.number, today)
    if broken:
        return Check(name, "back", broken[0].zh.rstrip("。"))
    return Check(name, "done", "号码符合规则")


def _duplicates(reader: Reader, person: PersonId) -> Check:
    alike = [each for each in pairs(reader, [person]) if each.decided is Decided.OPEN]
    if not alike:
        return Check("查重", "done", "没有同号或同名同生日")
    others = tuple(each.other if each.one == person else each.one for each in alike)
    return Check("查重", "back", f"另有 {len(alike)} 份相似档案", others)


def _elsewhere(reader: Reader, row: Applicant) -> Check:
    conn, origin = reader.conn, reader.ledger.origin
    ids = worker_files.identity(conn, origin, row.person)
    held = [
        member
        for rows in rosters.of_persons(conn, origin, ids).values()
        for member in rows
        if member.membership != row.membership and member.state is not rosters.Standing.APPLIED
    ]
    if not held:
        return Check("会籍", "done", "别处没有会籍")
    names = union_names(reader, {member.union for member in held})
    where = "、".join(names.get(member.union, "他处") for member in held)
    return Check("会籍", "back", f"已是{where}会员，应办接转")


def _employer(reader: Reader, row: Applicant) -> Check:
    listed = [each.name for each in reader.get(Union, row.union).employers()]
    if not row.employer:
        return Check("单位", "doing", "未填工作单位")
    if not listed:
        return Check("单位", "closed", "本工会不按单位组织")
    if any(row.employer.strip() == name for name in listed):
        return Check("单位", "done", "在本工会用人单位之列")
    return Check("单位", "doing", "不在本工会用人单位之列")


# ── one application ──────────────────────────────────────────────────────────────────────────


@router.get("/enrolments/{membership}")
def enrolment(request: Request, membership: str) -> Response:
    """一份入会申请：申请表与登记情况并排，核对结果，审核、批准."""
    who = signed_in(request)
    if not is_id(membership) or not membership.startswith("mem_"):
        raise NotFound(membership)
    with looking(who, "enrolment", None) as reader:
        facts = reader.opened(reader.records(membership))
        asked = next((fact for fact in facts if isinstance(fact.event, MembershipApplied)), None)
        told = Membership.of(facts)
        if asked is None or told.person is None or not isinstance(asked.event, MembershipApplied):
            raise NotFound(membership)
        check_sight(reader, who, told.person)
        form = asked.event
        row = Applicant(
            MembershipId(membership), told.person, None, form.union, "", asked.on,
            word(form.channel), told.employer, told.trade, told.fit, (),
        )  # fmt: skip
        row = replace(row, below=row.union not in {post.union for post in who.posts})
        (applicant,) = _told(reader, who, [row], checked=True)
        person = Person.of(reader.opened(reader.records(told.person)))
        offers: list[Offer] = application_offers(reader, who, membership)
    return page(
        request, "enrolment.html", who=who, row=applicant, form=form, told=told, offers=offers,
        person=person, home=divisions.name_of(person.division[:6]) if person.division else "",
        age=_age(person.birth, who.today),
    )  # fmt: skip


def _age(birth: str, today: date) -> int | None:
    try:
        born = date.fromisoformat(birth)
    except ValueError:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
