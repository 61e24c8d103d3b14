"""Breaking the glass (紧急查阅): broken with a reason in the body, listed until reviewed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from api.asking import Acting, Body, GlassRef, PersonRef, Room, Seen, SignedIn, Text, answer
from api.showing import (
    Listing,
    Page,
    answers_for_privacy,
    check_glass,
    check_sight,
    looking,
    turned,
)
from ledger import procedures
from ledger.book import Entry, NotFound, Reader
from ledger.domain.glass import HOURS, Emergency, Glass, GlassFinding
from ledger.domain.ids import GlassId
from ledger.projections import glasses
from ledger.projections.glasses import GlassRow

ROUTER = Room("/glasses", "紧急查阅")


class GlassesSought(Listing):
    """Which emergencies: those not reviewed yet, those of one person, or all."""

    reviewed: bool | None = Field(None, description="是否已复核")
    person: PersonRef | None = Field(None, description="被查阅的人")


@ROUTER.view("", "紧急查阅，待复核的在前", Page[GlassRow])
def listing(who: SignedIn, asked: Annotated[GlassesSought, Query()]) -> Response:
    turn = turned(who, "glasses", asked)
    ask = turn.asked
    with who.ledger.reading() as reader:
        if ask.person is not None:
            check_sight(reader, who, ask.person)
        # Whoever answers for data protection, or audits, sees her unions'; others see their own.
        unions = answers_for_privacy(reader, who)
        every = ask.person is not None or unions is None
        page = glasses.listing(
            reader.conn, who.ledger.origin, reviewed=ask.reviewed, person=ask.person,
            officer=None if every else who.person, unions=unions or (), limit=ask.limit,
            after=turn.place(str, str, str),
        )  # fmt: skip
    return turn.answer(page.rows, page.next)


@dataclass(frozen=True)
class GlassShape:
    """One emergency, with what was said."""

    glass: str
    person: str
    officer: str | None
    situation: Emergency
    reason: str
    at: datetime | None
    until: datetime | None
    review_by: str
    found: GlassFinding | None
    opinion: str


@ROUTER.view("/{glass}", "一次紧急查阅：理由与复核", GlassShape)
def one(glass: GlassRef, who: SignedIn) -> Response:
    with looking(who, "glass", "audit") as reader:
        told, row = Glass.of(reader.opened(reader.records(glass))), _row(reader, glass)
        e = told.broken
        if e is None:
            raise NotFound(glass)
        check_glass(reader, who, row.person, row.officer, row.union)
        version = reader.get(Glass, glass).version
    review = told.reviewed
    shape = GlassShape(
        glass, e.person, told.by, e.situation, e.reason, told.at, told.until,
        e.review_by.isoformat(), review.found if review else None,
        review.opinion if review else "",
    )  # fmt: skip
    return answer(shape, version=version)


def _row(reader: Reader, glass: GlassId) -> GlassRow:
    found = glasses.get(reader.conn, reader.ledger.origin, [glass]).get(glass)
    if found is None:
        raise NotFound(glass)
    return found


class Breaking(Body):
    """Whose file, in which emergency, and why; never in an address."""

    person: PersonRef = Field(description="人员")
    situation: Emergency = Field(description="紧急情形")
    reason: Text = Field(description="理由，不少于10个字")
    hours: int = Field(HOURS, ge=1, le=24, description="开放几小时")


@ROUTER.act("", "紧急查阅（记入日志，告知本人和负责人）")
def smash(body: Breaking, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        broken = procedures.break_glass(entry, body.person, body.situation, body.reason, body.hours)
        return {"glass": broken.glass, "person": body.person, "review_by": str(broken.review_by)}

    return asked.record(body, decide)


class Reviewing(Body):
    """What is to be thought of it."""

    found: GlassFinding = Field(description="复核结论")
    opinion: Text = Field("", description="意见")


@ROUTER.act("/{glass}/review", "复核紧急查阅")
def review(glass: GlassRef, body: Reviewing, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        row = _row(entry, glass)
        check_glass(entry, asked.who, row.person, row.officer, row.union)
        procedures.review_glass(entry, glass, body.found, body.opinion)

    return asked.record(body, decide, {glass: seen})
