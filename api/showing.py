"""What a visitor may see: whose file, with which fields, a page at a time; every look is logged.

A person's file is for the officers of the unions that it concerns, and of those above them: an
auditor sees her own union and those below it, the province's federation sees all. Where the partner
holds the worker, a purpose is asked for and kept in the read log. Lists go on by a cursor that is
signed and has its filters inside.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

import orjson
import segno
from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from sqlalchemy import func, select

from api.asking import Day, answer
from api.problems import Problem
from ledger import procedures, replay
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain.aid import AidGrant, AidList
from ledger.domain.ids import (
    AidListId,
    CaseId,
    FundId,
    GrantId,
    PersonId,
    QuestionId,
    UnionId,
)
from ledger.domain.kernel import Office
from ledger.domain.membership import Membership
from ledger.domain.questions import SampleDrawn
from ledger.exchange.signals import Signal, signals
from ledger.journal.tables import reading, record
from ledger.projections import (
    case_boards,
    fund_statements,
    grants,
    help_requests,
    questions,
    rosters,
    transfers,
    union_tree,
    worker_files,
)
from ledger.projections.fund_statements import FundRow, OfferRow
from ledger.projections.transfers import TransferState
from ledger.replay import Shown
from ledger.replay.told import masked_name

# ── purposes ─────────────────────────────────────────────────────────────────────────────────

Purpose = Annotated[
    str,
    StringConstraints(
        pattern=r"^(membership|transfer|case|grant|service|correction|dispute|audit)"
        r"(:[a-z]{3}_[a-z2-7]{26})?$"
    ),
]
"""Why somebody looks: a word, or a word and the thing that it is about. Never free text: an
address ends up in logs."""


class Look(BaseModel):
    """How a thing is looked at: as at a date, as known on a date, and why."""

    model_config = ConfigDict(extra="forbid")

    as_of: Day | None = Field(None, description="截至哪一天的情况")
    known_on: Day | None = Field(None, description="按哪一天已登记的情况")
    purpose: Purpose | None = Field(
        None, description="查阅目的，查阅对方省会员时必填", examples=["transfer"]
    )


Looking = Annotated[Look, Query()]


STRANGER = "not-your-worker"
"""Of somebody who is on record, and whose file is not for this visitor."""
MOST_FOUND = 300
"""Of a name that many bear so many are looked at; one then says more of her."""


# ── whose file ───────────────────────────────────────────────────────────────────────────────


def concerned(reader: Reader, persons: Iterable[PersonId]) -> set[UnionId]:
    """The unions that a person's file concerns: held, applied to, offered, registered by, asked for help.

    Who only asks for a membership is shown nothing: what the holder's union set going concerns the
    receiver, until it is turned back. What a partner asks is compared with her by the union asked.
    """
    conn, origin = reader.conn, reader.ledger.origin
    found: set[UnionId | None] = set()
    for person in persons:
        found |= {span.union for span in rosters.spans_of(conn, origin, person)}
        sought = transfers.Sought(reader.ledger.today, person=person)
        for line in transfers.listing(conn, origin, sought, limit=200).rows:
            if line.going(reader.ledger.today):
                found |= {line.from_union, line.to_union, line.receiver}
            elif line.state is TransferState.REQUESTED and line.to_origin != origin:
                found.add(line.from_union)
        found |= {fact.union for fact in reader.history(person)[:1]}
        found |= {line.union for line in help_requests.of_person(conn, origin, [person])}
    return {union for union in found if union}


def oversees(reader: Reader, who: Visitor) -> bool:
    """Whether this visitor is of the province's federation, an auditor or else: below it nobody,
    auditors neither, sees more than a union and those below it."""
    return any(post.union == reader.ledger.root for post in who.posts)


def signals_for(reader: Reader, who: Visitor) -> list[Signal]:
    """What stands and this visitor may act upon: signals are for the province's federation."""
    return signals(reader) if oversees(reader, who) else []


def may_see(reader: Reader, who: Visitor, person: PersonId) -> bool:
    """Whether this visitor's offices of today let her see this person's file."""
    if oversees(reader, who):
        return True
    persons = worker_files.identity(reader.conn, reader.ledger.origin, person)
    return stands_over(reader, who, concerned(reader, persons)) or (
        procedures.sees_through(reader, who.person, person) is not None
    )


def holds(reader: Reader, who: Visitor, person: PersonId) -> bool:
    """Whether the visitor's union, or one below it, has her as a member or an applicant today.

    Who has moved to the partner province comes home to the union that had her last.
    """
    conn, origin = reader.conn, reader.ledger.origin
    held = rosters.of_persons(conn, origin, worker_files.identity(conn, origin, person))
    rows = [row for each in held.values() for row in each]
    unions = {row.union for row in rows}
    for row in rows:
        if row.origin != origin:
            told = reader.get(Membership, row.membership).holdings
            ours = [each for each in told if each.holder.origin == origin]
            if ours:
                unions.add(max(ours, key=lambda each: each.place).holder.union)
    return stands_over(reader, who, unions)


def check_held(reader: Reader, who: Visitor, person: PersonId) -> None:
    """403 for whom she is neither member nor applicant: whoever has a code to her phone acts as
    she, and that takes more than being allowed to read of her."""
    check_sight(reader, who, person)
    if not holds(reader, who, person):
        raise Problem(
            403, "not-your-member", "A code is given by the union that has her as a member.",
            "登录码由职工会籍所在工会、申请入会的工会，或转往对方省之前的工会当面给本人。",
            instead="请本人到会籍所在工会领取，或先办理入会、接转。",
        )  # fmt: skip


def check_sight(reader: Reader, who: Visitor, person: PersonId) -> None:
    """403 with how to ask, where this visitor may not see the person; 404 where there is none."""
    if not worker_files.mentions(reader.conn, reader.ledger.origin, [person]):
        raise NotFound(person)
    if not may_see(reader, who, person):
        raise Problem(
            403, STRANGER, "This file is for the unions that it concerns.",
            "此人的档案由相关工会及其上级查阅。",
            instead="请会籍所在工会或其上级办理；其在您处务工的，先商请接转。",
        )  # fmt: skip


def check_transfer(reader: Reader, who: Visitor, line: transfers.Line) -> None:
    """403 for whom neither the transfer is, as one of its sides or above them, nor the file.

    Whoever asks, and whoever was turned back, follows what becomes of the transfer, not the person.
    """
    if not has_part(reader, who, line):
        check_sight(reader, who, line.person)


def has_part(reader: Reader, who: Visitor, line: transfers.Line) -> bool:
    """Whether a side of the transfer is the visitor's union, or below it."""
    sides = (line.from_union, line.to_union, line.receiver, line.escalated_to)
    return stands_over(reader, who, sides)


def stands_over(reader: Reader, who: Visitor, unions: Iterable[UnionId | None]) -> bool:
    """Whether one of these unions is the visitor's, or below it."""
    mine = {post.union for post in who.posts}
    return any(
        row.union in mine
        for union in unions
        if union is not None
        for row in union_tree.line(reader.conn, reader.ledger.origin, union)
    )


def glimpse(
    reader: Reader, who: Visitor, lines: Iterable[transfers.Line], *, mask: bool = True
) -> dict[PersonId, Shown]:
    """Who the transfers of a visitor's own list are about; of whom she may not see, the masked name."""
    lines = list(lines)
    # What is going concerns both its sides; only of the others is it asked one by one.
    sides = {line.person for line in lines if line.going(who.today) and not line.escalated_to}
    shown = replay.people(reader, {line.person for line in lines}, mask=mask)
    return {
        person: one
        if person in sides or may_see(reader, who, person)
        else Shown(person, masked_name(one.name), "", "", "", "", "", one.document, one.closed)
        for person, one in shown.items()
    }


def held_by_partner(reader: Reader, person: PersonId) -> bool:
    """Whether a partner holds this worker now: to read her file is to read across the border."""
    conn, origin = reader.conn, reader.ledger.origin
    persons = worker_files.identity(conn, origin, person)
    held = rosters.of_persons(conn, origin, persons, reader.ledger.today).values()
    origins = {member.origin for members in held for member in members}
    if origins:
        return origin not in origins
    return not any(fact.origin == origin for one in persons for fact in reader.history(one))


def check_purpose(reader: Reader, person: PersonId, purpose: str | None) -> None:
    """400 where a worker of the partner's is read without saying what for."""
    if purpose is None and held_by_partner(reader, person):
        raise Problem(
            400, "purpose", "Say what for: the partner province holds this worker.",
            "此人会籍在对方省，请在 purpose 中写明查阅目的。",
        )  # fmt: skip


def check_part(reader: Reader, who: Visitor, question: QuestionId) -> questions.Line:
    """403 where this visitor's unions have no part in it; 404 where there is none.

    A question that concerns a person is for whoever may see that person's file.
    """
    row = questions.get(reader.conn, reader.ledger.origin, [question]).get(question)
    if row is None:
        raise NotFound(question)
    if row.person is not None:
        check_sight(reader, who, row.person)
        return row
    mine = {post.union for post in who.posts}
    sides = [union for union in (row.union, row.asked, row.judge) if union is not None]
    line = {
        each.union
        for union in sides
        for each in union_tree.line(reader.conn, reader.ledger.origin, union)
    }
    if not oversees(reader, who) and mine.isdisjoint(line):
        raise Problem(
            403, "not-your-question", "This question is for the unions that have a part in it.",
            "疑点与争议由提出、被问、裁定的工会及其上级查阅。",
            instead="请有关工会或其上级办理。",
        )  # fmt: skip
    return row


def ours(onward: str) -> str:
    """An address of ours to go on to, or none: a path, as a browser reads it (WHATWG URL: it takes
    tabs and line breaks out, and a backslash for a slash)."""
    plain = onward.isprintable() and onward.startswith("/") and onward[1:2] not in {"/", "\\"}
    return onward if plain else ""


def qr_of(address: str) -> str:
    """An address as a QR code (ISO/IEC 18004, level M): the source of an `<img>`."""
    return segno.make(address, error="m").svg_data_uri(omitsize=True)


LEAF_SHOWN = 24
"""So many characters of a record's hash stand in a code: enough that nobody guesses them."""


def check_address(base: object, ref: str, leaf: str = "") -> str:
    """Where anybody can check a receipt or a notice: a page of the site that printed it."""
    said = {"ref": ref, "leaf": leaf[:LEAF_SHOWN]} if leaf else {"ref": ref}
    return f"{base}check?{urlencode(said, safe='/')}"


def mark_of(base: object, reader: Reader, stream: str, position: int | None = None) -> str:
    """The code at the foot of a print: this record of ours on a thing, or the newest, is in the
    journal. It tells of nobody; empty where there is none.
    """
    query = select(record.c.origin, record.c.position, record.c.leaf).where(
        record.c.origin == reader.ledger.origin, record.c.stream == stream
    )
    if position is not None:
        query = query.where(record.c.position == position)
    # By version, which the stream's own index has; by position a whole journal would be gone through.
    row = reader.conn.execute(query.order_by(record.c.version.desc()).limit(1)).first()
    if row is None:
        return ""
    return qr_of(check_address(base, f"{row.origin}#{row.position}", bytes(row.leaf).hex()))


def check_union(reader: Reader, who: Visitor, union: UnionId | None) -> UnionId | None:
    """The union whose lists are asked for, or without one the visitor's own: hers, or below.

    The province's federation sees every list, and all of them at once.
    """
    if oversees(reader, who):
        return union
    mine = {post.union for post in who.posts}
    asked = union or who.union
    line = union_tree.line(reader.conn, reader.ledger.origin, asked) if asked else []
    if mine.isdisjoint(row.union for row in line):
        raise Problem(
            403, "not-your-union", "Lists are for the union itself and those above it.",
            "名单由本工会及其上级查阅。", instead="请该工会或其上级办理。",
        )  # fmt: skip
    return asked


def unions_under(reader: Reader, who: Visitor, *offices: Office) -> frozenset[UnionId]:
    """The unions of which this visitor holds one of these offices, and those below them."""
    conn, origin = reader.conn, reader.ledger.origin
    tops = {post.union for post in who.posts if post.office in offices}
    return frozenset(each for union in tops for each in union_tree.subtree(conn, origin, union))


def answers_for_privacy(reader: Reader, who: Visitor) -> frozenset[UnionId] | None:
    """The unions whose emergencies a visitor sees, as their data protection lead or their auditor;
    None is all of them, for who oversees."""
    if oversees(reader, who):
        return None
    return unions_under(reader, who, Office.PRIVACY, Office.AUDITOR)


def check_glass(
    reader: Reader, who: Visitor, person: PersonId, by: PersonId | None, union: str
) -> None:
    """403 for whom an emergency is not: others than who looked, who answers for data protection
    in the union that looked, and who may see the file."""
    answers = answers_for_privacy(reader, who)
    if by != who.person and answers is not None and union not in answers:
        check_sight(reader, who, person)


def own_unions(reader: Reader, who: Visitor) -> frozenset[UnionId] | None:
    """The unions whose lists of persons at rest a visitor sees: her own, an auditor those below
    too; None is all of them."""
    if oversees(reader, who):
        return None
    audited = unions_under(reader, who, Office.AUDITOR)
    return audited | {post.union for post in who.posts}


def sight_of(reader: Reader, who: Visitor, person: PersonId, purpose: str | None) -> str | None:
    """Why a person who was found is not shown: another's worker, or no purpose; None: she is."""
    if not may_see(reader, who, person):
        return STRANGER
    return "purpose" if purpose is None and held_by_partner(reader, person) else None


def check_case(reader: Reader, who: Visitor, case: CaseId) -> None:
    """403 where no union of the visitor's, nor one below it, has to do with the case; 404 where
    there is no such case here."""
    conn, origin = reader.conn, reader.ledger.origin
    if not case_boards.get(conn, origin, [case]):
        raise NotFound(case)
    mine = {post.union for post in who.posts}
    if oversees(reader, who) or any(
        row.union in mine
        for union in case_boards.sides(conn, origin, case)
        for row in union_tree.line(conn, origin, union)
    ):
        return
    raise Problem(
        403, "not-your-case", "This case is for the unions that work on it.",
        "此案由主办、协办工会及其上级查阅。", instead="请主办工会商请协作，或请其上级办理。",
    )  # fmt: skip


def version_of(reader: Reader, stream: str) -> int:
    """How many records of ours a thing has, without reading them."""
    found = reader.conn.execute(
        select(func.max(record.c.version)).where(
            record.c.origin == reader.ledger.origin, record.c.stream == stream
        )
    ).scalar()
    return found or 0


def samples_for(reader: Reader, who: Visitor) -> list[questions.SampleLine]:
    """The samples that auditors of the visitor's union drew, or of those below. 403 for no auditor."""
    if not oversees(reader, who) and all(post.office is not Office.AUDITOR for post in who.posts):
        raise _not_your_sample()
    rows = questions.samples(reader.conn, reader.ledger.origin)
    return [row for row in rows if _audits(reader, who, row.union)]


def check_sample(reader: Reader, who: Visitor, drawn: SampleDrawn) -> None:
    """403 for others than the auditors of the union that drew it, and those above."""
    if not _audits(reader, who, drawn.union):
        raise _not_your_sample()


def _audits(reader: Reader, who: Visitor, union: UnionId) -> bool:
    audited = [post for post in who.posts if post.office is Office.AUDITOR]
    return oversees(reader, who) or stands_over(reader, replace(who, posts=tuple(audited)), [union])


def _not_your_sample() -> Problem:
    return Problem(
        403, "not-your-sample", "A sample is for the auditors of the union that drew it, or above.",
        "抽样由抽取工会及其上级的经审人员、省级工会查阅。",
        instead="请该工会或省级工会的经审人员查询。",
    )  # fmt: skip


def check_grant_sight(reader: Reader, who: Visitor, grant: AidGrant) -> None:
    """403 for whom neither the grant's union nor the applicant's file is.

    A union's grants are for its officers and those above them, wherever the worker went since.
    """
    mine = {post.union for post in who.posts}
    line = union_tree.line(reader.conn, reader.ledger.origin, grant.union) if grant.union else []
    if oversees(reader, who) or not mine.isdisjoint(row.union for row in line):
        return
    if grant.person is None:
        raise NotFound("grant")
    check_sight(reader, who, grant.person)


def check_grant(reader: Reader, who: Visitor, grant: GrantId, purpose: str | None) -> AidGrant:
    """A grant that this visitor may read; a partner's for a purpose. NotFound, 403, 400."""
    one = reader.find(AidGrant, grant)
    check_grant_sight(reader, who, one)
    if one.person is not None and one.origin != reader.ledger.origin:
        check_purpose(reader, one.person, purpose)
    return one


def check_list(reader: Reader, who: Visitor, aid_list: AidListId) -> tuple[AidList, grants.Row]:
    """A list and its row, for its union and those above it. 403 for others, or NotFound."""
    held = reader.find(AidList, aid_list)
    row = grants.get_list(reader.conn, reader.ledger.origin, aid_list)
    if row is None:
        raise NotFound(aid_list)
    check_union(reader, who, row["union_id"])
    return held, row


def named(reader: Reader, purpose: str | None) -> set[str]:
    """The journals of whose workers a list shows the names: ours; the partners' for a purpose."""
    return {reader.ledger.origin, *(reader.partners if purpose else ())}


def looking(who: Visitor, view: str, purpose: str | None = None) -> AbstractContextManager[Reader]:
    """A reading in which personal texts may be opened; each person shown is on the read log."""
    return who.ledger.looking(who.look(view, purpose or "office"))


# ── whose fund ───────────────────────────────────────────────────────────────────────────────


def check_fund(reader: Reader, who: Visitor, fund: str) -> FundRow:
    """The fund, for its keeper and the unions above; a partner's share, for who keeps one beside it.

    403 where it is another union's, 404 where there is none.
    """
    conn, origin = reader.conn, reader.ledger.origin
    row = fund_statements.get(conn, origin, [fund]).get(FundId(fund))
    if row is None:
        raise NotFound(fund)
    if oversees(reader, who):
        return row
    beside = [row]
    if row.origin != origin and row.joint is not None:
        beside = fund_statements.listing(
            conn, origin, fund_statements.Sought(joint=row.joint), limit=200
        ).rows
    mine = {post.union for post in who.posts}
    for each in beside:
        if each.origin == origin and not mine.isdisjoint(
            above.union for above in union_tree.line(conn, origin, each.keeper)
        ):
            return row
    raise Problem(
        403, "not-your-fund", "A fund is for its keeper and the unions above it.",
        "资金由管账工会及其上级查阅。", instead="请管账工会或其上级办理。",
    )  # fmt: skip


def sees_offer(reader: Reader, who: Visitor, row: OfferRow) -> bool:
    """Whether this visitor sees one of the two shares between which money is offered."""
    for end in (row.giver, row.receiver):
        try:
            if end is not None and check_fund(reader, who, end):
                return True
        except (Problem, NotFound):
            continue
    return False


# ── which fields ─────────────────────────────────────────────────────────────────────────────


def people(reader: Reader, who: Visitor, persons: Iterable[PersonId]) -> dict[PersonId, Shown]:
    """These persons by name, and so on the read log; numbers as the visitor's office needs them."""
    return replay.people(reader, persons, mask=not who.sees_numbers)


# ── a page at a time ─────────────────────────────────────────────────────────────────────────

R = TypeVar("R")
T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """一页：`next` 交回即得下一页；为空即末页。"""

    items: list[T]
    next: str | None = None


class Listing(BaseModel):
    """What every list asks for beside its filters."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=200, description="每页行数")
    cursor: str | None = Field(None, max_length=4000, description="上一页给出的 next，筛选条件在内")

    def words(self) -> dict[str, str]:
        """The filters that were given, as the words of an address."""
        said = self.model_dump(exclude={"limit", "cursor"}, exclude_none=True, exclude_unset=True)
        return {name: _word(value) for name, value in said.items()}


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.value) if isinstance(value, Enum) else str(value)


L = TypeVar("L", bound=Listing)


@dataclass(frozen=True)
class Turn(Generic[L]):
    """A page that was asked for: its filters, where it begins, and how the next one is asked for."""

    who: Visitor
    view: str
    asked: L
    after: tuple[str, ...] | None

    def place(self, *kinds: Callable[[str], Any]) -> tuple[Any, ...] | None:
        """`after`, each part read as what it is: a place of texts and numbers."""
        if self.after is None:
            return None
        return tuple(kind(part) for kind, part in zip(kinds, self.after, strict=True))

    @property
    def pair(self) -> tuple[str, str] | None:
        """`after` as the views take it."""
        return None if self.after is None else (self.after[0], self.after[1])

    def answer(
        self, items: Sequence[Any], place: Sequence[str | int] | None, **more: Any
    ) -> Response:
        """The page, and where the next one begins; no place: these were the last."""
        following = None if place is None else self._cursor(place)
        return answer({"items": items, "next": following, **more})

    def cut(
        self, rows: Sequence[R], place: Callable[[R], tuple[str, ...]]
    ) -> tuple[Sequence[R], tuple[str, ...] | None]:
        """The page of a whole ordered list, and the next one's place; `place` tells a row's."""
        ahead = [row for row in rows if self.after is None or place(row) > self.after]
        page = ahead[: self.asked.limit]
        return page, place(page[-1]) if len(ahead) > len(page) else None

    def _cursor(self, place: Sequence[str | int]) -> str:
        said = orjson.dumps([self.view, self.asked.words(), list(place)])
        return urlsafe_b64encode(_mac(self.who, said) + said).decode().rstrip("=")


def turned(who: Visitor, view: str, asked: L) -> Turn[L]:
    """Reads the cursor: its filters hold. 400 where it is not ours, or other filters are given."""
    if asked.cursor is None:
        return Turn(who, view, asked, None)
    try:
        held = urlsafe_b64decode(asked.cursor + "=" * (-len(asked.cursor) % 4))
    except ValueError:
        held = b""
    mac, said = held[:16], held[16:]
    if not hmac.compare_digest(mac, _mac(who, said)):
        raise _unfit()
    of, words, place = orjson.loads(said)
    given = asked.words()
    if of != view or any(words.get(name) != value for name, value in given.items()):
        raise _unfit()
    try:
        then = type(asked).model_validate({**words, "limit": asked.limit})
    except ValidationError as newer:  # a cursor from before an upgrade
        raise _unfit() from newer
    return Turn(who, view, then, tuple(place))


def _mac(who: Visitor, said: bytes) -> bytes:
    return hmac.digest(who.ledger.vault.keyring.cursor, said, "sha256")[:16]


def _unfit() -> Problem:
    return Problem(
        400, "cursor", "This cursor was not made here for these filters.",
        "翻页标记与筛选条件不符，请从第一页重新查询。",
    )  # fmt: skip


# ── things without a view of their own ───────────────────────────────────────────────────────


def streams(reader: Reader, prefix: str) -> list[str]:
    """The things of one kind that are known here, ours and the partners': few, found by their key."""
    origins = [reader.ledger.origin, *reader.partners]
    found = reader.conn.execute(
        select(record.c.stream)
        .where(
            record.c.origin.in_(origins),
            record.c.stream >= f"{prefix}_",
            record.c.stream < f"{prefix}`",
        )
        .distinct()
    )
    return sorted(row[0] for row in found)


def newest(reader: Reader, prefix: str, limit: int) -> list[str]:
    """The things of one kind that were recorded here last, the newest first."""
    found = reader.conn.execute(
        select(record.c.stream)
        .where(
            record.c.origin == reader.ledger.origin,
            record.c.stream >= f"{prefix}_",
            record.c.stream < f"{prefix}`",
            record.c.version == 1,
        )
        .order_by(record.c.position.desc())
        .limit(limit)
    )
    return [row[0] for row in found]


def mentioned(reader: Reader, person: PersonId, prefix: str) -> list[str]:
    """The things of one kind that a person's records name: households, consents, links."""
    conn, origin = reader.conn, reader.ledger.origin
    persons = worker_files.identity(conn, origin, person)
    return worker_files.streams_of(conn, origin, persons, prefix)


def looks_at(
    reader: Reader, person: PersonId, *, limit: int, after: tuple[str, str] | None = None
) -> tuple[Sequence[Any], tuple[str, str] | None]:
    """Who looked at a person under any of her ids, the newest first; and where the next begin."""
    ids = worker_files.identity(reader.conn, reader.ledger.origin, person)
    query = select(reading).where(reading.c.person.in_(sorted(ids)))
    if after is not None:
        at, visit = after
        query = query.where((reading.c.at < at) | ((reading.c.at == at) & (reading.c.id < visit)))
    order = query.order_by(reading.c.at.desc(), reading.c.id.desc())
    rows = reader.conn.execute(order.limit(limit + 1)).all()
    page = rows[:limit]
    return page, (page[-1].at, page[-1].id) if len(rows) > limit else None


def names_of(
    reader: Reader, unions: Iterable[str | None], on: date | None = None
) -> Mapping[UnionId, str]:
    """The short names of unions, for beside their ids."""
    wanted = {union for union in unions if union}
    found = union_tree.get(reader.conn, reader.ledger.origin, wanted, on)
    return {union: row.short_name or row.name for union, row in found.items()}


def partners(reader: Reader) -> tuple[tuple[str, str], ...]:
    """The partners' journals, each by the name of its federation."""
    roots = union_tree.roots(reader.conn, reader.ledger.origin)
    names = {root.origin: root.name for root in roots if root.origin != reader.ledger.origin}
    known = dict.fromkeys([*names, *reader.partners])
    return tuple((each, names.get(each, each)) for each in known)
