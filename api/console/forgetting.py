"""限制与删除: who is at rest, and one person's way there, from what keeps her to the partner's receipt.

Restricted by one, shredded by another. The page says what the rules would say to the next step: what
is not finished, which terms run until when, and whose hand it must not be. Also the terms themselves.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request, Response

from api.console.acts import PAGES
from api.console.audit import officers
from api.console.fitting import GRAVE, MAIN, Offer, may, offered
from api.console.pages import page, pair_in, place_of, signed_in, size_in, tab_in
from api.console.pickers import called
from api.console.privacy import check_room, rooms
from api.console.workers import union_names
from api.showing import check_sight, looking, oversees, own_unions, partners, people
from ledger import procedures
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain.channels import ShredAnswered, ShredRequested
from ledger.domain.forgetting import (
    Need,
    Needed,
    PersonRestricted,
    PersonShredded,
    RestrictionLifted,
    StillNeeded,
    TermsStillRun,
    TwoOfficers,
)
from ledger.domain.ids import PersonId, is_id
from ledger.domain.kernel import Refused
from ledger.domain.retention import Holding, NoTermsInForce, Retention, RetentionAdopted, Term
from ledger.procedures.forgetting import Standing
from ledger.projections import forgetting as view
from ledger.projections.forgetting import RequestRow, Rest, RestRow
from ledger.replay import Line, keepers, word
from ledger.replay.told import Names, gather_streams, lines

router = APIRouter(include_in_schema=False)

TABS = {
    "": "待销毁", "kept": "期限未满", "shredded": "已删除", "all": "全部", "ended": "期满未办",
}  # fmt: skip
MOST_ENDED = 20
_OWN = frozenset(
    kind.__name__
    for kind in (PersonRestricted, RestrictionLifted, PersonShredded, ShredRequested, ShredAnswered)
)


# ── the list ─────────────────────────────────────────────────────────────────────────────────


@router.get("/forgetting")
def rests(request: Request) -> Response:
    """限制与删除：待销毁的在前，期限未满的、已删除的；期限全满而未办的."""
    who = signed_in(request)
    check_room(who, "/forgetting")
    with who.ledger.reading() as reader:
        conn, origin, today = reader.conn, who.ledger.origin, who.today
        leads = oversees(reader, who)  # whose terms are over is told of the whole province
        tabs = TABS if leads else {name: text for name, text in TABS.items() if name != "ended"}
        tab, unions = tab_in(request, tabs), own_unions(reader, who)
        over: list[PersonId] = []
        in_force = _in_force(reader)
        if tab == "ended":
            rows, following = [], ""
            if in_force is not None:
                after = request.query_params.get("after", "")
                over, following = procedures.ended(
                    reader, MOST_ENDED, after if is_id(after) else ""
                )
        else:
            found = view.listing(
                conn, origin, state=Rest.SHREDDED if tab == "shredded" else None,
                due=today if tab == "" else None, kept=today if tab == "kept" else None,
                unions=unions, limit=size_in(request), after=pair_in(request),
            )  # fmt: skip
            rows, following = found.rows, place_of(found.next)
        counts = view.count(conn, origin, today, unions)
        names = union_names(reader, {row.union for row in rows if row.union})
        asked = view.unanswered(conn, origin) if leads else []
        provinces = dict(partners(reader))
    return page(
        request, "rests.html", who=who, rows=rows, tab=tab, tabs=tabs, names=names, today=today,
        counts={"": counts["due"], "kept": counts["kept"], "shredded": counts["shredded"]},
        following=following, over=over, asked=asked, called=provinces, kept=keepers,
        shreds=may(who, PersonShredded), rooms=rooms(who), in_force=in_force,
    )  # fmt: skip


def _in_force(reader: Reader) -> RetentionAdopted | None:
    try:
        return procedures.terms_in_force(reader, reader.ledger.today)
    except NoTermsInForce:
        return None


# ── one person ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Step:
    """One step on the way: what it is, what is said of it, how far it is."""

    name: str
    said: str
    tone: str


@dataclass(frozen=True)
class Stop:
    """A rule that stands in the way of the next step, and what it turns on."""

    rule: type[Refused]
    about: str = ""


@dataclass(frozen=True)
class Waits:
    """Something that still needs her: what it is, and where it is finished."""

    kind: Needed
    said: str
    href: str


@dataclass(frozen=True)
class Held:
    """A kind of fact that keeps her: how long after what, until when, and by which provision."""

    holding: Holding
    term: Term
    runs: bool


@router.get("/forgetting/{person}")
def rest(request: Request, person: str) -> Response:
    """一个人的限制与删除：未了事项、保存期限、去什么留什么、两人办理、对方省回执."""
    who = signed_in(request)
    check_room(who, "/forgetting")
    if not is_id(person) or not person.startswith("per_"):
        raise NotFound(person)
    someone = PersonId(person)
    with looking(who, "forgetting", "office") as reader:
        check_sight(reader, who, someone)
        conn, origin, today = reader.conn, who.ledger.origin, who.today
        terms = _in_force(reader)
        told = procedures.standing_of(reader, someone) if terms else None
        ids = told.persons if told else (someone,)
        row = view.get(conn, origin, ids).get(someone)
        requests = view.requests(conn, origin, ids)
        reach = procedures.reach_of(reader, ids)
        stops = list(_stops(who, someone, told, row, today))
        waits = list(_waits(reader, who, someone, told.needs if told else ()))
        history = _history(reader, someone)
        provinces = {**dict(partners(reader)), origin: who.ledger.province.name}
        names = union_names(reader, {row.union} if row and row.union else set())
        shown = people(reader, who, [someone]).get(someone)
    return page(
        request, "rest.html", who=who, person=someone, one=shown, row=row,
        told=told, terms=terms, held=_held(told, terms, today), waits=waits, stops=stops,
        reach=reach, requests=requests, answered=_answered, called=provinces, names=names, today=today,
        steps=_steps(row, told, [one for one in requests if one.origin == origin], today), offers=_offers(who, someone, row, stops),
        history=history, officers=officers(request, who), rooms=rooms(who), own=origin,
        kept=keepers, asked="、".join(provinces.get(each, each) for each in reach.partners),
    )  # fmt: skip


def _stops(
    who: Visitor, person: PersonId, told: Standing | None, row: RestRow | None, today: date
) -> Iterator[Stop]:
    """What the rules would say to the next step, taken by this visitor."""
    if row is not None and row.state is Rest.SHREDDED:
        return
    if told is None:
        yield Stop(NoTermsInForce)
        return
    if told.needs:
        kinds = dict.fromkeys(word(need.kind) for need in told.needs)
        yield Stop(StillNeeded, "、".join(kinds))
    if row is not None and told.until > today:
        yield Stop(TermsStillRun, f"保存至 {told.until}")
    if who.person == person or (row is not None and row.first == who.person):
        yield Stop(TwoOfficers, "限制是您办的" if row is not None else "这是您本人的档案")


def _offers(
    who: Visitor, person: PersonId, row: RestRow | None, stops: Sequence[Stop]
) -> list[Offer]:
    """The next step, where nothing stands in its way; and the way back."""
    clear = not stops
    if row is None:
        return (
            offered(
                who, "forgetting/restrict", "限制处理", PersonRestricted, look=MAIN, person=person
            )
            if clear
            else []
        )
    if row.state is Rest.SHREDDED:
        return []
    shred = "forgetting/shred", "销毁密钥", PersonShredded
    return [
        *(offered(who, *shred, look=GRAVE, person=person) if clear else []),
        *offered(who, "forgetting/lift", "解除限制", RestrictionLifted, person=person),
    ]


def _waits(
    reader: Reader, who: Visitor, person: PersonId, needs: Iterable[Need]
) -> Iterator[Waits]:
    """Each thing that is not finished, with the page on which it is."""
    needs = list(needs)
    names = called(reader, who, [need.thing for need in needs])
    for need in needs:
        href = {
            Needed.MEMBERSHIP: f"/workers/{person}?tab=membership", Needed.OFFICE: "/officers",
        }.get(need.kind) or PAGES.get(need.thing[:3], "/").format(need.thing)  # fmt: skip
        yield Waits(need.kind, names.get(need.thing, ""), href)


def _held(told: Standing | None, terms: RetentionAdopted | None, today: date) -> list[Held]:
    if told is None or terms is None:
        return []
    by_kind = {term.kept: term for term in terms.terms}
    return [Held(one, by_kind[one.kept], one.until > today) for one in told.holdings]


def _answered(one: RequestRow) -> tuple[str, str]:
    """What a partner said, and how far that is."""
    if one.answer is None:
        return "尚未答复", "todo"
    return word(one.answer), "done" if one.answer.value == "shredded" else "doing"


def _steps(
    row: RestRow | None, told: Standing | None, asked: Sequence[RequestRow], today: date
) -> list[Step]:
    """The line of steps on top of the page; `asked`: what we asked of partners."""
    if row is None:
        return [
            Step("限制处理", "", "todo"), Step("保存期限届满", "", "closed"),
            Step("第二人销毁密钥", "", "closed"), Step("对方省回执", "", "closed"),
        ]  # fmt: skip
    gone, until = row.shredded_on, told.until if told and told.holdings else row.until
    over = gone is not None or until <= today
    waits = any(one.answer is None for one in asked)
    receipt = ("等候答复" if waits else "已收到") if asked else ("未曾提供" if gone else "")
    return [
        Step("限制处理", str(row.since), "done"),
        Step("保存期限届满", str(until) if row.kept else "无须保存", "done" if over else "doing"),
        Step("第二人销毁密钥", str(gone or ""), "done" if gone else ("todo" if over else "closed")),
        Step("对方省回执", receipt, ("todo" if waits else "done") if gone else "closed"),
    ]  # fmt: skip


def _history(reader: Reader, person: PersonId) -> list[Line]:
    """What was decided about her being forgotten, here and by the partners."""
    told = gather_streams(reader, [person], None, lambda _: False)
    shown = lines(told, Names(reader, told, None), reader.ledger.origin, None, mask=True)
    return [line for line in shown if line.kind in _OWN]


# ── the terms ────────────────────────────────────────────────────────────────────────────────


@router.get("/retention-terms")
def terms(request: Request) -> Response:
    """保存期限规定：现行的、以前的、依据；由主席通过."""
    who = signed_in(request)
    with who.ledger.reading() as reader:
        told = reader.get(Retention, procedures.retention_stream(reader))
        in_force = _in_force(reader)
        root = {reader.ledger.root}
    offers = offered(who, "forgetting/adopt", "通过保存期限规定", RetentionAdopted, root, look=MAIN)
    return page(
        request, "retention_terms.html", who=who, editions=told.adopted, in_force=in_force,
        offers=offers, rooms=rooms(who), today=who.today,
    )  # fmt: skip
