"""更正: one record with all its fields, what rests on it, and what can be done about it.

Ours is corrected or annulled by the union that recorded it, or one above; a partner's is accepted,
disputed or annotated, and the partner corrects it. Reached from every line of a timeline.
"""

from fastapi import APIRouter, Request, Response

from api.console import restating
from api.console.fitting import Offer, offered
from api.console.pages import page, signed_in
from api.console.pickers import called
from api.problems import Problem
from api.showing import check_sight, looking
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain import corrections
from ledger.domain.corrections import (
    FINAL,
    SAID_ANEW,
    FactAnnulled,
    FactCorrected,
    PartnerFactAccepted,
    PartnerFactAnnotated,
    PartnerFactDisputed,
)
from ledger.domain.ids import ids_in
from ledger.domain.kernel import Event, Fact
from ledger.procedures import resting_on
from ledger.replay import Line
from ledger.replay.told import Names, gather, gather_streams, lines

router = APIRouter(include_in_schema=False)


@router.get("/corrections")
def correction(request: Request) -> Response:
    """一条记录：内容、以此为据的事实、更正或作废；对方的认可、异议、批注."""
    who = signed_in(request)
    said = request.query_params.get("record", "").strip()
    if not said:
        return page(request, "corrections.html", who=who, line=None)
    origin, position = _place(who, said)
    with looking(who, "corrections", "correction") as reader:
        record, fact = restating.fact_at(reader, origin, position)
        person = corrections.person_of(fact.event)
        if person is not None:
            check_sight(reader, who, person)
        told = gather(reader, [record.stream], None)
        if record.ref not in {each.record.ref for each in told}:
            # A thing that no file of a person mentions: a list, a tally, an appointment.
            told = gather_streams(reader, [record.stream], None)
        names = Names(reader, told, None)
        line = _line(
            lines(told, names, who.ledger.origin, None, mask=not who.sees_numbers), record.ref
        )
        ids = {each for value in fact.event.__dict__.values() for each in ids_in(value)}
        shown = restating.shown(who, fact.event, called(reader, who, ids))
        own = origin == who.ledger.origin
        resting = resting_on(reader, fact) if own else []
        titles = {each.fact.ref: _title(type(each.fact.event).__name__) for each in resting}
        offers = _offers(reader, who, fact, line)
    return page(
        request, "corrections.html", who=who, line=line, fields=shown, own=own, offers=offers,
        resting=resting, titles=titles, person=person, final=record.kind in FINAL,
        second=corrections.needs_second(type(fact.event)), ref=record.ref,
    )  # fmt: skip


def _place(who: Visitor, said: str) -> tuple[str, int]:
    """`origin#position`, or a position of ours. 400 where it is neither."""
    origin, found, position = said.rpartition("#")
    if not position.isdecimal() or not position.isascii() or len(position) > 15:
        raise Problem(400, "parameter", "No such record.", "记录写成它在总账的位置，如 1024。")
    return (origin if found else who.ledger.origin), int(position)


def _line(told: list[Line], ref: str) -> Line:
    """The line that tells of a record; a correction's own is told with what it put in place."""
    for line in told:
        if ref == line.ref or ref in line.told_with:
            return line
    raise NotFound(ref)


def _title(kind: str) -> str:
    found = Event.kinds.get(kind)
    return (found.__doc__ or kind).partition(":")[0].strip() if found else kind


def _offers(reader: Reader, who: Visitor, fact: Fact, line: Line) -> list[Offer]:
    """What can be done about a record now."""
    position = str(fact.position)
    if fact.origin != reader.ledger.origin:
        partners = {"origin": fact.origin, "position": position}
        return [
            *offered(who, "corrections/accept", "认可", PartnerFactAccepted, **partners),
            *offered(who, "corrections/dispute", "提出异议", PartnerFactDisputed, **partners),
            *offered(who, "corrections/annotate", "批注", PartnerFactAnnotated, **partners),
        ]
    if line.struck or isinstance(fact.event, FactCorrected | FactAnnulled):
        return []
    up: set[str | None] | None = set(reader.line(fact.union)) if fact.union else None
    kind, found = type(fact.event).__name__, list[Offer]()
    if kind not in SAID_ANEW:
        found += offered(who, "corrections/correct", "更正", FactCorrected, up, position=position)
    if kind not in FINAL:
        found += offered(who, "corrections/annul", "作废", FactAnnulled, up, position=position)
    return found
