"""Corrections (更正): a fact of ours replaced or annulled; a partner's accepted, disputed, annotated."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Annotated, Any, get_type_hints

from fastapi import Query, Response
from pydantic import Field, TypeAdapter, ValidationError

from api.asking import (
    Acting,
    Asking,
    Body,
    Day,
    MembershipRef,
    Part,
    PersonRef,
    Room,
    SignedIn,
    Text,
    Word,
    answer,
    fit,
)
from api.problems import Problem, pointer
from api.routes.membership import refused
from api.showing import check_sight
from ledger import procedures
from ledger.book import Entry, NotFound, Reader
from ledger.domain import corrections
from ledger.domain.corrections import Dependent, Disagreement, Why
from ledger.domain.ids import ImportId
from ledger.domain.kernel import Event, Fact

ROUTER = Room("/corrections", "更正")

_LONGEST = 16_000  # bytes of changes; a record holds four times as much
_Position = Annotated[int, Field(ge=1, le=2**53, description="记录位置")]


# ── what rests on a fact ─────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class DependentShape:
    """A later fact that rests on the one asked about, with what to do about it next."""

    ref: str
    kind: str
    stream: str
    on: date
    next_zh: str
    next: str


class Resting(Part):
    """On which fact of ours."""

    position: _Position


@ROUTER.view("/dependents", "哪些事实以此为据，各应如何办理", list[DependentShape])
def dependents(who: SignedIn, asked: Annotated[Resting, Query()]) -> Response:
    with who.ledger.reading() as reader:
        fact = _fact(reader, who.ledger.origin, asked.position)
        person = corrections.person_of(fact.event)
        if person is not None:
            check_sight(reader, who, person)
        found = procedures.resting_on(reader, fact)
    return answer([_told(each) for each in found])


def _fact(reader: Reader, origin: str, position: int) -> Fact:
    found = reader.facts_at([(origin, position)])
    if not found:
        raise NotFound(f"{origin}#{position}")
    return found[0][1]


def _told(dependent: Dependent) -> DependentShape:
    fact = dependent.fact
    return DependentShape(
        fact.ref, corrections.kind_of(fact.event), corrections.stream_of(fact.event), fact.on,
        dependent.zh, dependent.en,
    )  # fmt: skip


# ── ours ─────────────────────────────────────────────────────────────────────────────────────


class Annulling(Body):
    """Which fact no longer stands, and why."""

    position: _Position
    why: Why = Field(description="原因")
    reason: Text = Field(description="理由：错在何处、依据是什么")
    confirmed_by: PersonRef | None = Field(
        None, description="第二确认人（涉及身份、银行卡、金额时）"
    )


class Correcting(Annulling):
    """What stands instead: these fields, and the date; all else stays as it is."""

    changes: dict[str, Any] = Field(
        max_length=40, description="更正的字段及新值", examples=[{"since": "2009-05-01"}]
    )
    on: Day | None = Field(None, description="更正后的业务日期，默认不变")


@ROUTER.act("", "更正我方登记的事实")
def correct(body: Correcting, asked: Acting) -> Response:
    def decide(entry: Entry) -> None:
        fact = _ours(entry, asked, body.position)
        procedures.correct(
            entry, body.position, _fields(type(fact.event), body.changes), body.why, body.reason,
            confirmed_by=body.confirmed_by, on=body.on,
        )  # fmt: skip

    return asked.record(body, decide)


@ROUTER.act("/annulments", "作废我方登记的事实")
def annul(body: Annulling, asked: Acting) -> Response:
    def decide(entry: Entry) -> None:
        _ours(entry, asked, body.position)
        procedures.annul(
            entry, body.position, body.why, body.reason, confirmed_by=body.confirmed_by
        )

    return asked.record(body, decide)


class AnnullingRoster(Body):
    """Which memberships a roster brought that is taken back, a record each."""

    memberships: list[MembershipRef] = Field(min_length=1, max_length=1000, description="会籍")
    why: Why = Field(description="原因")
    reason: Text = Field(description="理由")
    source: Annotated[ImportId, Field(pattern=r"^imp_[a-z2-7]{26}$")] | None = Field(
        None, description="哪次导入"
    )
    confirmed_by: PersonRef | None = Field(None, description="第二确认人")


@ROUTER.act("/rosters", "整份名单作废，逐人给出结果")
def annul_roster(body: AnnullingRoster, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, Any]:
        listed = procedures.annul_roster(
            entry, body.memberships, body.why, body.reason, source=body.source,
            confirmed_by=body.confirmed_by,
        )  # fmt: skip
        return {"done": listed.done, "refused": refused(listed.refused)}

    return asked.record(body, decide)


def _ours(entry: Entry, asked: Asking, position: int) -> Fact:
    return _seen(entry, asked, entry.ledger.origin, position)


def _seen(entry: Entry, asked: Asking, origin: str, position: int) -> Fact:
    """The fact, of a person whom this visitor may see."""
    fact = _fact(entry, origin, position)
    person = corrections.person_of(fact.event)
    if person is not None:
        check_sight(entry, asked.who, person)
    return fact


def _fields(kind: type[Event], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The new values as the event's own fields have them; 422 where they cannot be."""
    hints = get_type_hints(kind)
    own = {each.name for each in fields(kind)}  # pyright: ignore[reportArgumentType]
    read: dict[str, Any] = {}
    faults: list[dict[str, str]] = []
    room = _LONGEST
    for name, value in changes.items():
        try:
            said = _json(value)
            room -= len(said)
            if room < 0:
                raise ValueError("too long for a record")
            if name not in hints or name not in own:
                raise ValueError("there is no such field")
            read[name] = fit(TypeAdapter(hints[name]).validate_json(said))
        except (ValueError, TypeError) as fault:
            what = fault.errors()[0]["msg"] if isinstance(fault, ValidationError) else str(fault)
            faults.append({"pointer": pointer(["changes", name]), "in": "body", "message": what})
    if faults:
        raise Problem(
            422, "malformed", "The changes are not of the form that this fact has.",
            "更正的字段或取值不正确。", errors=faults,
        )  # fmt: skip
    return read


def _json(value: Any) -> str:
    """A value as it was sent. Raises: ValueError where it is a thousand lists in each other."""
    try:
        return json.dumps(value)
    except RecursionError as fault:
        raise ValueError("too deep") from fault


# ── a partner's ──────────────────────────────────────────────────────────────────────────────


class Opining(Body):
    """Which fact of the partner's, and what we say to it."""

    origin: Word = Field(description="对方省总账", examples=["liangdi.example/guangdong"])
    position: _Position
    opinion: Text = Field("", description="意见")


@ROUTER.act("/acceptances", "认可对方登记的事实")
def accept(body: Opining, asked: Acting) -> Response:
    def decide(entry: Entry) -> None:
        fact = _seen(entry, asked, body.origin, body.position)
        own = entry.ledger.origin
        entry.write(corrections.accept_partners(entry.act, fact, origin=own, opinion=body.opinion))

    return asked.record(body, decide)


class Disputing(Opining):
    """What is wrong with it, in our view."""

    ground: Disagreement = Field(description="异议理由")


@ROUTER.act("/disputes", "对对方登记的事实提出异议")
def dispute(body: Disputing, asked: Acting) -> Response:
    def decide(entry: Entry) -> None:
        fact = _seen(entry, asked, body.origin, body.position)
        own = entry.ledger.origin
        entry.write(
            corrections.dispute_partners(entry.act, fact, body.ground, body.opinion, origin=own)
        )

    return asked.record(body, decide)


@ROUTER.act("/annotations", "批注对方登记的事实")
def annotate(body: Opining, asked: Acting) -> Response:
    def decide(entry: Entry) -> None:
        fact = _seen(entry, asked, body.origin, body.position)
        own = entry.ledger.origin
        entry.write(corrections.annotate_partners(entry.act, fact, body.opinion, origin=own))

    return asked.record(body, decide)
