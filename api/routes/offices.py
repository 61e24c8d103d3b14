"""Offices (任职委托): appointed, relieved, delegated, entrusted; who holds what, on which day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from api.asking import Acting, Body, Day, PersonRef, Room, Seen, SignedIn, UnionRef, Word, answer
from api.routes.unions import When
from api.showing import Listing, Page, names_of, turned
from ledger.book import Entry
from ledger.domain.ids import UnionId, officer_of
from ledger.domain.kernel import Office
from ledger.domain.offices import Offices, Post
from ledger.domain.unions import Union
from ledger.projections import officers
from ledger.projections.officers import Holding

ROUTER = Room("/appointments", "任职委托")


# ── views ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Held:
    """One office held by one person for one union."""

    person: str
    union: str
    union_name: str
    office: Office
    since: date
    until: date | None
    entrusted: bool
    below: bool
    instead_of: str | None


class OfficesSought(Listing):
    """Who holds office: for a union, in an office, on a day."""

    union: UnionRef | None = Field(None, description="工会")
    office: Office | None = Field(None, description="岗位")
    as_of: Day | None = Field(None, description="在哪一天任职，默认今天")


@ROUTER.view("", "任职名单：按工会和日期", Page[Held])
def offices(who: SignedIn, asked: Annotated[OfficesSought, Query()]) -> Response:
    turn = turned(who, "offices", asked)
    ask, on = turn.asked, turn.asked.as_of or who.today
    with who.ledger.reading() as reader:
        found = officers.listing(
            reader.conn, who.ledger.origin, on, union=ask.union, office=ask.office,
            limit=ask.limit, after=turn.place(str, str, int, str),
        )  # fmt: skip
        names = names_of(reader, [post.union for post in found.rows], on)
    rows = [_held(post.person, post, names.get(post.union, "")) for post in found.rows]
    return turn.answer(rows, found.next)


@ROUTER.view("/{person}", "一个人的任职", list[Held])
def offices_of(person: PersonRef, who: SignedIn, when: Annotated[When, Query()]) -> Response:
    with who.ledger.reading() as reader:
        held = reader.find(Offices, officer_of(person))
        posts = held.posts if when.as_of is None else held.on(when.as_of)
        names = names_of(reader, [post.union for post in posts], when.as_of)
    told = [_held(person, post, names.get(post.union, "")) for post in posts]
    return answer(told, version=held.version)


def _held(person: str, post: Post | Holding, name: str) -> Held:
    return Held(
        person, post.union, name, post.office, post.since, post.until, post.entrusted, post.below,
        post.instead_of,
    )  # fmt: skip


# ── acts ─────────────────────────────────────────────────────────────────────────────────────


class Appointing(Body):
    """An office to be given."""

    person: PersonRef = Field(description="任职人员")
    union: UnionRef = Field(description="工会")
    office: Office = Field(description="岗位")
    since: Day | None = Field(None, description="自哪一天，默认业务日期")
    until: Day | None = Field(None, description="至哪一天（不含）")
    paper: Word | None = Field(None, description="任命文号")


@ROUTER.act("", "任命")
def appoint(body: Appointing, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        held = entry.look_up(Offices, officer_of(body.person))
        entry.write(
            held.appoint(
                entry.act, body.person, body.union, body.office, line=_line(entry, body.union),
                since=body.since, until=body.until, paper=body.paper,
            )
        )  # fmt: skip
        return {"person": body.person}

    return asked.record(body, decide)


class Relieving(Body):
    """The office that ends."""

    union: UnionRef = Field(description="工会")
    office: Office = Field(description="岗位")
    paper: Word | None = Field(None, description="免职文号")


@ROUTER.act("/{person}/relief", "免职")
def relieve(person: PersonRef, body: Relieving, asked: Acting, seen: Seen) -> Response:
    stream = officer_of(person)

    def decide(entry: Entry) -> None:
        held, line = entry.read(Offices, stream), _line(entry, body.union)
        entry.write(
            held.relieve(entry.act, person, body.union, body.office, line=line, paper=body.paper)
        )

    return asked.record(body, decide, {stream: seen})


class Delegating(Body):
    """Who acts in whose office, and how long."""

    person: PersonRef = Field(description="代行人")
    instead_of: PersonRef = Field(description="被代行人")
    union: UnionRef = Field(description="工会")
    office: Office = Field(description="岗位")
    since: Day = Field(description="自哪一天")
    until: Day = Field(description="至哪一天（不含）")


@ROUTER.act("/delegations", "授权代行")
def delegate(body: Delegating, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        giver = entry.read(Offices, officer_of(body.instead_of))
        held = entry.look_up(Offices, officer_of(body.person))
        entry.write(
            held.delegate(
                entry.act, body.person, giver, body.instead_of, body.union, body.office,
                body.since, body.until, line=_line(entry, body.union),
            )
        )  # fmt: skip
        return {"person": body.person}

    return asked.record(body, decide)


class Entrusting(Body):
    """Which union's decisions somebody may type in."""

    person: PersonRef = Field(description="受托人员")
    union: UnionRef = Field(description="委托工会")
    below: bool = Field(False, description="是否包括其下级工会")
    since: Day | None = Field(None, description="自哪一天，默认业务日期")
    until: Day | None = Field(None, description="至哪一天（不含）")


@ROUTER.act("/entrustments", "代录委托")
def entrust(body: Entrusting, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        held = entry.look_up(Offices, officer_of(body.person))
        entry.write(
            held.entrust(
                entry.act, body.person, body.union, line=_line(entry, body.union),
                below=body.below, since=body.since, until=body.until,
            )
        )  # fmt: skip
        return {"person": body.person}

    return asked.record(body, decide)


def _line(entry: Entry, union: UnionId) -> Sequence[UnionId]:
    entry.read(Union, union)
    return entry.line(union)
