"""职工档案: one worker across both provinces: who she is, where she stands, all that happened.

Two lanes or one timeline, as at a date, as known then or now; two moments beside each other; and
the acts that make sense as she stands. Reading somebody whom the partner holds asks what for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from api.console.fitting import Offer, may, offered, on_paper
from api.console.pages import day_in, page, signed_in, tab_in, time_text
from api.console.privacy import enters
from api.console.purposes import PURPOSES, purpose_in, purpose_text
from api.console.workers import lanes_by_day, union_names
from api.problems import Problem
from api.showing import check_case, check_sight, held_by_partner, holds, looks_at, mentioned
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain.aid import AidApplied, Stage
from ledger.domain.aiding import AidKind
from ledger.domain.consents import Consent, ConsentGiven
from ledger.domain.hardship import HardshipFileClosed, HardshipFileOpened, HardshipFileReviewed
from ledger.domain.ids import CaseId, PersonId, UnionId, is_id
from ledger.domain.kernel import Event
from ledger.domain.membership import (
    ApplicationDeclined,
    ApplicationExamined,
    ApplicationWithdrawn,
    EmploymentChanged,
    ManagementEntrusted,
    MemberDeemedLeft,
    MemberEnrolled,
    MemberExpelled,
    MemberLeft,
    Membership,
    MembershipApplied,
    MembershipHandedOut,
    MembershipLoaded,
    MembershipReinstated,
    MembershipResumed,
    MembershipRetained,
    MembershipTakenIn,
    MemberUrged,
    State,
    TransferOffered,
    TransferRequested,
)
from ledger.domain.persons import (
    ContactChanged,
    Household,
    HouseholdMemberJoined,
    HouseholdMemberLeft,
    HouseholdOpened,
    NumberCorrected,
    PersonDied,
    PersonIdentified,
    PersonRenamed,
    PersonsLinked,
    ResidenceMoved,
)
from ledger.domain.questions import QuestionRaised
from ledger.domain.rights import CaseOpened
from ledger.domain.services import ServiceGiven
from ledger.procedures import open_around
from ledger.projections import case_boards, channels, grants, transfers, worker_files
from ledger.replay import (
    AlertKind,
    Line,
    MembershipState,
    WorkerFile,
    between,
    people,
    word,
    worker,
)

router = APIRouter(include_in_schema=False)

TABS = {
    "": "经历", "basic": "基本信息", "membership": "会籍", "home": "家庭与困难", "aid": "帮扶",
    "cases": "案件", "services": "服务", "consents": "授权", "reads": "谁看过",
    "compare": "两个时点",
}  # fmt: skip
VIEWS = {"": "两省两栏", "line": "一条时间轴"}
ABOUT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "person": ("基本情况", ("persons",)),
    "membership": ("会籍与接转", ("membership",)),
    "home": ("家庭与困难", ("households", "hardship")),
    "aid": ("帮扶", ("aid", "aiding")),
    "cases": ("维权", ("rights",)),
    "services": ("服务", ("services",)),
    "consents": ("授权与共享", ("consents", "channels")),
    "corrections": ("更正与争议", ("corrections", "questions")),
}
"""By what a timeline can be narrowed: the rooms of the law that its facts are of."""

READS = 50
_AT_REST = frozenset({AlertKind.STOPPED, AlertKind.FORGOTTEN})
"""Of whom nothing more is recorded but what ends it."""


@dataclass(frozen=True)
class Moment:
    """The moment that the page is of: as at a date, as known on a date."""

    as_of: date | None
    known_on: date | None
    then: bool


@router.get("/workers/{person}")
def life(request: Request, person: str) -> Response:
    """职工档案：两省经历、基本信息、会籍、家庭、帮扶、案件、服务、授权、查阅记录、两个时点比较."""
    who = signed_in(request)
    tab, purpose, moment = tab_in(request, TABS), purpose_in(request), _moment(request)
    view, about = _word(request, "view", VIEWS), _word(request, "about", ABOUT)
    if not is_id(person) or not person.startswith("per_"):
        raise NotFound(person)
    someone = PersonId(person)
    with who.ledger.looking(who.look("worker", _why(purpose, moment))) as reader:
        check_sight(reader, who, someone)
        if purpose is None and held_by_partner(reader, someone):
            return page(request, "purpose.html", who=who, purposes=PURPOSES, back="/workers")
        file = worker(
            reader, person, as_of=moment.as_of, known_on=moment.known_on,
            mask=not who.sees_numbers,
        )  # fmt: skip
        told = _Telling(reader, who, file)
        found = told.tab(request, tab)
        resting = any(alert.kind in _AT_REST for alert in file.warnings)
        offers = {} if file.historical or resting else told.offers()
        held = [] if file.historical else told.held_grants()
        lets_in = not file.historical and not resting and holds(reader, who, someone)
    lines = [line for line in file.lines if not about or _about(line, about)]
    lanes = list(file.lanes)
    return page(
        request, "worker.html", who=who, file=file, person=person, tab=tab, tabs=TABS, view=view,
        views=VIEWS, about=about, abouts=[(key, name) for key, (name, _) in ABOUT.items()],
        home=lanes[0] if lanes else None, host=lanes[1] if len(lanes) > 1 else None,
        as_of=moment.as_of, then=moment.then, known_on=moment.known_on, today=who.today,
        day=file.day, lines=lines, steps=lanes_by_day(tuple(lines)), spans=file.responsible,
        own=who.ledger.origin, offers=offers, held=held, purpose=purpose,
        can=_can(offers), resting=resting, lets_in=lets_in, forgets=enters(who, "/forgetting"),
        glasses=enters(who, "/glasses"), **found,
    )  # fmt: skip


def _moment(request: Request) -> Moment:
    as_of = day_in(request, "as_of")
    then = request.query_params.get("known", "now") == "then"
    known_on = (day_in(request, "known_on") or as_of) if then else None
    return Moment(as_of, known_on, then)


def _why(purpose: str | None, moment: Moment) -> str:
    """How the look stands in the reading log."""
    words = [purpose or "office"]
    if moment.as_of:
        words.append(f"截至{moment.as_of}")
    if moment.known_on:
        words.append(f"按{moment.known_on}所知")
    return " ".join(words)


def _word(request: Request, name: str, words: Mapping[str, object]) -> str:
    text = request.query_params.get(name, "")
    if text and text not in words:
        raise Problem(400, "parameter", f"No such {name}.", f"没有“{text}”这一项。")
    return text


def _about(line: Line, about: str) -> bool:
    """Whether a line is of these rooms; what is not shown belongs everywhere."""
    if line.hidden:
        return True
    kind = Event.kinds.get(line.kind)
    room = kind.__module__.split(".")[2:] if kind else []
    if "households" in room:
        return about == "home"
    return bool(set(room) & set(ABOUT[about][1]))


def _can(offers: Mapping[str, Sequence[Offer]]) -> Mapping[str, Offer]:
    """Each act that can be done now, by its name: for the place where it belongs."""
    return {each.deed: each for group in offers.values() for each in group}


# ── what the tabs tell ───────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class ConsentRow:
    """One consent or legal basis of hers, and what of it stands today."""

    consent: str
    held: Consent
    groups: tuple[str, ...]


class _Telling:
    """What the file of one worker shows besides her timeline; reads only what its tab asks for."""

    def __init__(self, reader: Reader, who: Visitor, file: WorkerFile) -> None:
        self._reader, self._who, self._file = reader, who, file
        self._conn, self._origin = reader.conn, reader.ledger.origin
        self._person = file.identity.person
        self._ids = frozenset({self._person, *file.identity.others})

    def tab(self, request: Request, tab: str) -> dict[str, Any]:
        match tab:
            case "membership":
                return self._transfers()
            case "home":
                return self._home()
            case "aid":
                return {"grants": self._grants()}
            case "cases":
                return self._cases()
            case "services":
                kinds = [each for each in self._file.lines if _about(each, "services")]
                return {"given": [each for each in kinds if not each.hidden]}
            case "consents":
                return self._consents()
            case "reads":
                return self._reads(request)
            case "compare":
                return self._compare(request)
            case _:
                return {}

    def _transfers(self) -> dict[str, Any]:
        sought = transfers.Sought(self._who.today, person=self._person)
        rows = transfers.listing(self._conn, self._origin, sought, limit=50).rows
        unions = {u for row in rows for u in (row.from_union, row.to_union) if u}
        return {"moves": rows, "names": union_names(self._reader, unions)}

    def _homes(self) -> dict[str, Household]:
        streams = worker_files.streams_of(self._conn, self._origin, self._ids, "hou")
        held = {each: self._reader.get(Household, each) for each in streams}
        return {
            name: one
            for name, one in held.items()
            if any(living.person in self._ids for living in one.living)
        }

    def _home(self) -> dict[str, Any]:
        """The households she lives or lived in, and their hardship files."""
        homes, day = self._homes(), self._file.day
        every = {living.person for one in homes.values() for living in one.living}
        shown = people(self._reader, every, mask=not self._who.sees_numbers)
        # What is open now is shown on the page of now, and on none of the past.
        rows = [] if self._file.historical else open_around(self._reader, list(self._ids))
        return {
            "homes": [
                {
                    "id": name, "living": sorted(one.living, key=lambda each: each.since),
                    "guardians": {p: one.guardian(p, day) for p in one.members(day)},
                    "now": any(p in self._ids for p in one.members(day)),
                }
                for name, one in homes.items()
            ],
            "shown": shown,
            "files": rows,
            "names": union_names(self._reader, {row.union for row in rows}),
        }  # fmt: skip

    def _grants(self) -> list[dict[str, Any]]:
        sought = grants.Sought(person=self._person, today=self._who.today)
        rows = grants.listed(self._conn, self._origin, sought, limit=100).rows
        names = union_names(self._reader, {row["union_id"] for row in rows})
        return [
            {
                **row, "union_name": names.get(row["union_id"], ""),
                "kind_word": word(AidKind(row["kind"])), "stage_word": word(Stage(row["stage"])),
            }
            for row in rows
        ]  # fmt: skip

    def held_grants(self) -> list[dict[str, Any]]:
        """Aid that waits, for the same need may have been met already."""
        return [row for row in self._grants() if row["held_for"] is not None]

    def _cases(self) -> dict[str, Any]:
        streams = worker_files.streams_of(self._conn, self._origin, self._ids, "cas")
        board = case_boards.get(self._conn, self._origin, streams)
        rows: list[case_boards.Line] = []
        elsewhere = 0
        for case in streams:
            try:
                check_case(self._reader, self._who, CaseId(case))
            except (Problem, NotFound):
                elsewhere += 1
            else:
                rows.append(board[CaseId(case)])
        return {
            "cases": sorted(rows, key=lambda row: row.opened_on, reverse=True),
            "elsewhere": elsewhere,
            "names": union_names(self._reader, {row.lead for row in rows}),
        }

    def _consents(self) -> dict[str, Any]:
        found: list[ConsentRow] = []
        for name in mentioned(self._reader, self._person, "con"):
            held = self._reader.get(Consent, name)
            given = held.given
            if given is not None and given.person in self._ids:
                receiver = given.receiver.partner or given.receiver.union or ""
                standing = held.groups(receiver, self._file.day)
                found.append(ConsentRow(name, held, tuple(sorted(standing))))
        open_ = channels.links_of(self._conn, self._origin, sorted(self._ids))
        links = [channels.as_linked(row) for rows in open_.values() for row in rows if row["open"]]
        return {"consents": found, "links": links, "given": ConsentGiven}

    def _reads(self, request: Request) -> dict[str, Any]:
        after = request.query_params.get("after", "")
        at, _, visit = after.partition("~")
        rows, following = looks_at(
            self._reader, self._person, limit=READS, after=(at, visit) if visit else None
        )
        names = union_names(self._reader, {row.union for row in rows})
        reads = [
            {
                "at": time_text(datetime.fromisoformat(row.at)), "union": names.get(row.union, ""), "view": row.view,
                "purpose": purpose_text(row.purpose), "mine": row.officer == self._who.person,
            }
            for row in rows
        ]  # fmt: skip
        return {"reads": reads, "following": "~".join(following) if following else None}

    def _compare(self, request: Request) -> dict[str, Any]:
        days = {name: day_in(request, name) for name in ("a_of", "a_known", "b_of", "b_known")}
        told = None
        if any(days.values()):
            told = between(
                self._reader, self._person, (days["a_of"], days["a_known"]),
                (days["b_of"], days["b_known"]), mask=not self._who.sees_numbers,
            )  # fmt: skip
        return {"days": days, "between": told}

    # ── what can be done now ──

    def offers(self) -> dict[str, list[Offer]]:
        """The acts that make sense as she stands, in groups; none where she has died."""
        if self._file.identity.died_on is not None:
            return {}
        groups = {
            "会籍": [*self._membership_offers()],
            "本人": [*self._person_offers()],
            "家庭与困难": [*self._home_offers()],
            "帮扶、维权与服务": [*self._help_offers()],
            "授权与争议": [*self._consent_offers()],
        }
        return {name: offers for name, offers in groups.items() if offers}

    def _membership_offers(self) -> Iterator[Offer]:
        states = self._file.state.memberships
        live = [one for one in states if one.state not in _OVER]
        for one in live:
            yield from self._of_membership(one)
        if not live:
            yield from self._beginnings()
        for one in states:
            if one.state is State.ENDED and not self._file.state.held:
                held = self._reader.get(Membership, one.membership)
                last = held.holding.holder.union if held.holding else None
                yield from offered(
                    self._who, "membership/reinstate", "恢复会籍", MembershipReinstated,
                    self._unions_up(last), membership=one.membership,
                )  # fmt: skip

    def _beginnings(self) -> Iterator[Offer]:
        for deed, text, kind in (
            ("membership/apply", "入会申请", MembershipApplied),
            ("membership/take_in", "凭证转入", MembershipTakenIn),
            ("membership/load", "历史会籍装入", MembershipLoaded),
        ):
            yield from offered(self._who, deed, text, kind, person=self._person)

    def _of_membership(self, one: MembershipState) -> Iterator[Offer]:
        who, name = self._who, one.membership
        if one.state is State.APPLIED:
            yield from application_offers(self._reader, who, name)
            return
        if one.lane is not None and one.lane.origin != self._origin:
            if one.offer is None and not self._asked_for():
                yield from offered(
                    who, "transfers/request", "商请接转", TransferRequested,
                    person=self._person, from_union=one.union, membership=name,
                )  # fmt: skip
            return
        here = {one.union, one.managing}
        if one.offer is None:
            yield from offered(
                who, "transfers/offer", "转出", TransferOffered, {one.union}, membership=name
            )
        yield from offered(
            who, "membership/change_employment", "变更单位", EmploymentChanged,
            {*here, one.serving}, membership=name,
        )  # fmt: skip
        if one.retained:
            yield from offered(
                who, "membership/resume", "恢复缴费会籍", MembershipResumed, here, membership=name
            )
        elif one.offer is None:
            yield from offered(
                who, "membership/retain", "保留会籍", MembershipRetained, here, membership=name
            )
        if one.managing is None:
            yield from offered(
                who, "membership/entrust", "委托管理", ManagementEntrusted, here, membership=name
            )
        if one.offer is None:
            for deed, text, kind in _LEAVING:
                yield from offered(who, deed, text, kind, here, membership=name)

    def _asked_for(self) -> bool:
        """Whether a request for her is open already."""
        sought = transfers.Sought(self._who.today, person=self._person, tab=transfers.Tab.WAITING)
        return bool(transfers.listing(self._conn, self._origin, sought, limit=1).rows)

    def _unions_up(self, union: UnionId | None) -> set[str | None]:
        return set(self._reader.line(union)) if union else set()

    def _person_offers(self) -> Iterator[Offer]:
        owed = self._file.identity.number_owed is not None
        number = self._file.identity.number
        for wanted, deed, text, kind in (
            (True, "persons/change_contact", "变更联系方式", ContactChanged),
            (owed, "persons/identify", "补登号码", PersonIdentified),
            (not owed and number, "persons/correct_number", "更正号码", NumberCorrected),
            (True, "persons/rename", "更名", PersonRenamed),
            (True, "persons/move", "户籍迁移", ResidenceMoved),
            (True, "persons/link", "关联另一份档案", PersonsLinked),
            (True, "persons/die", "登记死亡", PersonDied),
        ):
            if wanted:
                yield from offered(self._who, deed, text, kind, person=self._person)

    def _home_offers(self) -> Iterator[Offer]:
        day, person = self._file.day, self._person
        homes = [
            name
            for name, one in self._homes().items()
            if not self._ids.isdisjoint(one.members(day))
        ]
        if not homes:
            yield from offered(self._who, "households/open", "立户", HouseholdOpened, person=person)
            return
        yield from offered(
            self._who, "households/join", "增加家庭成员", HouseholdMemberJoined, household=homes[0]
        )
        yield from offered(
            self._who, "households/leave", "成员离户", HouseholdMemberLeft, household=homes[0]
        )
        files = open_around(self._reader, list(self._ids))
        if not files:
            yield from offered(
                self._who, "hardship/open", "建立困难档案", HardshipFileOpened, household=homes[0],
                person=person,
            )  # fmt: skip
        for row in files:
            if row.origin == self._origin:
                up = self._unions_up(row.union)
                yield from offered(
                    self._who, "hardship/review", "复核困难档案", HardshipFileReviewed, up,
                    file=row.file,
                )  # fmt: skip
                yield from offered(
                    self._who, "hardship/close", "困难档案结案", HardshipFileClosed, up,
                    file=row.file,
                )  # fmt: skip

    def _help_offers(self) -> Iterator[Offer]:
        person = self._person
        yield from offered(self._who, "aid/apply", "申请救助", AidApplied, person=person)
        yield from offered(
            self._who, "cases/open", "立案维权", CaseOpened, claims__0__person=person
        )
        yield from offered(self._who, "services/give", "登记服务", ServiceGiven, persons=person)

    def _consent_offers(self) -> Iterator[Offer]:
        person = self._person
        yield from offered(self._who, "consents/give", "登记同意", ConsentGiven, person=person)
        yield from offered(
            self._who, "questions/raise_question", "提出异议", QuestionRaised, person=person
        )


_OVER = frozenset({State.UNKNOWN, State.REFUSED, State.WITHDRAWN, State.ENDED})
_LEAVING: tuple[tuple[str, str, type[Event]], ...] = (
    ("membership/leave", "退会", MemberLeft),
    ("membership/hand_out", "凭证转出", MembershipHandedOut),
    ("membership/urge", "催告", MemberUrged),
    ("membership/deem_left", "自动退会", MemberDeemedLeft),
    ("membership/expel", "开除会籍", MemberExpelled),
)


def application_offers(reader: Reader, who: Visitor, membership: str) -> list[Offer]:
    """What can be done with an application now: by its step, for the union that was asked.

    A union without an approver of its own has its committee's decision entered from paper.
    """
    held = reader.get(Membership, membership)
    if held.state is not State.APPLIED or held.applied_to is None:
        return []
    here = {held.applied_to}
    found: list[Offer] = []
    for wanted, deed, text, kind in (
        (held.fit is None, "membership/examine", "审核", ApplicationExamined),
        (held.fit is not False, "membership/approve", "批准入会", MemberEnrolled),
        (True, "membership/decline", "不予批准", ApplicationDeclined),
        (True, "membership/withdraw_application", "撤回申请", ApplicationWithdrawn),
    ):
        if wanted:
            found += offered(who, deed, text, kind, here, membership=membership)
    if held.fit and not may(who, MemberEnrolled, here):
        found += on_paper(
            who, "membership/approve", "录入委员会的批准", held.applied_to, membership=membership
        )
    return found
