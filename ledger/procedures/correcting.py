"""Corrections (更正办理): a fact of ours replaced or annulled, and a whole roster taken back."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from ledger.book import Entry, NotFound, Reader
from ledger.domain import corrections
from ledger.domain.aid import (
    AidApproved,
    AidHeld,
    AidListApproved,
    HoldLifted,
)
from ledger.domain.consents import ConsentGiven, ConsentWithdrawn, LegalBasisRecorded
from ledger.domain.corrections import (
    FINAL,
    Dependent,
    FactAnnulled,
    OthersRelyOnIt,
    SecondPersonConfirms,
    Why,
    kind_of,
    person_of,
    stream_of,
)
from ledger.domain.funds import CostDrawn
from ledger.domain.ids import ImportId, MembershipId, PersonId, ids_in
from ledger.domain.kernel import Act, Event, Fact, Late, Refused, standing
from ledger.domain.membership import AlreadyAMember
from ledger.domain.offices import NotYourOffice
from ledger.domain.services import CostRecorded
from ledger.journal.record import Record
from ledger.procedures import aiding
from ledger.procedures.delegation import stands_in_for
from ledger.procedures.enrolling import Listed, kin_of, known_as, membership_held
from ledger.procedures.serving import draw_anew
from ledger.procedures.sharing import keep_to_grounds
from ledger.projections import worker_files


def correct(
    entry: Entry,
    position: int,
    changes: Mapping[str, Any],
    why: Why,
    reason: str,
    *,
    confirmed_by: PersonId | None = None,
    on: date | None = None,
) -> Event:
    """Puts another fact in the place of one of ours: these fields, and the date, are different.

    Texts that do not change are sealed again as they are. What a cost drew on its fund is
    corrected with it. Returns what stands there now.

    Raises: NotFound, and what `corrections.correct` raises; of aid and offices also NotYourOffice,
    OneDutyEach, OwnOrKin; where a cost is corrected, NoCost, FundOfAnother, and what `Fund.spend`
    raises.
    """
    _not_alone(entry, position)
    _deciding(entry, position)
    instead = _correct(entry, position, changes, why, reason, confirmed_by, on)
    before = _ours(entry, position)[1]
    _keep_to_grounds(entry, before.event, instead)
    if isinstance(before.event, CostRecorded) and isinstance(instead, CostRecorded):
        day = on or before.on
        draw_anew(entry, _as_of(entry.act, day), before.event, instead)
        drawn = _drawn_for(entry, before.event)
        if drawn is not None and instead.fund != before.event.fund:
            _annul(entry, drawn, entry.history(before.event.fund or ""), why, reason, confirmed_by)
        elif drawn is not None and (instead.amount, day) != (before.event.amount, before.on):
            paid = {"amount": instead.amount}
            _correct(entry, drawn.position, paid, why, reason, confirmed_by, day)
    return instead


def _correct(
    entry: Entry, position: int, changes: Mapping[str, Any], why: Why, reason: str,
    confirmed_by: PersonId | None, on: date | None,
) -> Event:  # fmt: skip
    one, fact = _ours(entry, position)
    told = entry.restated(one)
    event: Any = told.event
    instead: Event = replace(event, **changes)
    act = _as_of(entry.act, on or fact.on)
    made = corrections.correct(
        act, replace(fact, event=told.event), instead, entry.history(one.stream),
        origin=entry.ledger.origin, line=_line(entry, fact), why=why, reason=reason,
        confirmed_by=confirmed_by,
    )  # fmt: skip
    _by_another(entry, fact, confirmed_by)
    entry.write(made.head)
    entry.write(made.replacement, act=act, corrects=made.corrects)
    return made.replacement


def annul(
    entry: Entry,
    position: int,
    why: Why,
    reason: str,
    *,
    confirmed_by: PersonId | None = None,
) -> FactAnnulled:
    """Takes one of our facts away; what a cost drew on its fund, or a grant kept in it, is free.

    Raises: NotFound, and what `corrections.annul` raises; of aid and offices also NotYourOffice,
    OneDutyEach, OwnOrKin, MoneyOutstanding; AlreadyAMember where a membership that ended would
    stand again beside another.
    """
    _not_alone(entry, position)
    _deciding(entry, position)
    one, fact = _ours(entry, position)
    _not_twice_a_member(entry, fact)
    free = aiding.unapproved(entry, fact) if isinstance(fact.event, _APPROVALS) else None
    annulled = _annul(entry, fact, entry.history(one.stream), why, reason, confirmed_by)
    _keep_to_grounds(entry, fact.event)
    if free is not None:
        free()
    if isinstance(fact.event, CostRecorded):
        drawn = _drawn_for(entry, fact.event)
        if drawn is not None:
            _annul(entry, drawn, entry.history(fact.event.fund or ""), why, reason, confirmed_by)
    return annulled


_APPROVALS = (AidApproved, AidListApproved)


def _keep_to_grounds(entry: Entry, *events: Event) -> None:
    """What a consent, or another basis, covers no longer as it now stands is given no longer."""
    for event in events:
        match event:
            case ConsentGiven() | LegalBasisRecorded():
                partner = event.receiver.partner
            case ConsentWithdrawn():
                partner = event.partner
            case _:
                continue
        if partner is not None:
            keep_to_grounds(entry, event.person, partner)


def _not_alone(entry: Entry, position: int) -> None:
    """Refuses to correct what a fund paid for a service without the cost itself."""
    drawn = _ours(entry, position)[1].event
    if isinstance(drawn, CostDrawn):
        raise OthersRelyOnIt(kind=kind_of(drawn), position=position, activity=drawn.activity)


_DECIDED_BY_OFFICES = ("grt_", "lis_", "fnd_", "sch_", "off_")


def _deciding(entry: Entry, position: int) -> None:
    """Of aid and of offices only who could have decided a fact changes it or takes it back.

    Raises: NotYourOffice, OneDutyEach, OwnOrKin.
    """
    act, event = entry.act, _ours(entry, position)[1].event
    if not stream_of(event).startswith(_DECIDED_BY_OFFICES):
        return
    by = HoldLifted.by if isinstance(event, AidHeld) else event.by
    if act.deciding_office not in by:
        raise NotYourOffice(event=kind_of(event), office=act.deciding_office, may=list(by))
    part = aiding.parts_in(entry, event)
    if part is not None:
        duties, concerned = part
        duties.keep_from_undoing(kind_of(event), act, stands_in_for(entry), concerned)


def _not_twice_a_member(entry: Entry, fact: Fact) -> None:
    """Refuses to let a membership stand again beside another. Raises: AlreadyAMember."""
    person = person_of(fact.event)
    if kind_of(fact.event) in corrections.ENDINGS and person is not None:
        held = membership_held(entry, person)
        if held is not None and held != stream_of(fact.event):
            raise AlreadyAMember(membership=held)


def _by_another(entry: Entry, fact: Fact, second: PersonId | None) -> None:
    """Who confirms holds an office in the fact's union or above it, and had no part in it.

    Raises: SecondPersonConfirms.
    """
    if second is None:
        return
    act, person = entry.act, person_of(fact.event)
    ids, line = known_as(entry, second), _line(entry, fact) or entry.line(act.union)
    posts = entry.offices_of(second).on(act.today)
    hands = {act.officer, act.decider, stands_in_for(entry), fact.officer, fact.decider, person}
    near = kin_of(entry, person) if person is not None else frozenset[PersonId]()
    part = aiding.parts_in(entry, fact.event)
    if (
        not any(post.union in line and not post.entrusted for post in posts)
        or not ids.isdisjoint(hands | near)
        or (part is not None and any(part[0].has_part(each) for each in ids))
    ):
        raise SecondPersonConfirms(kind=kind_of(fact.event))


def _drawn_for(entry: Entry, cost: CostRecorded) -> Fact | None:
    """What the fund of a cost paid for it, as it stands."""
    if cost.fund is None:
        return None
    paid = [
        fact
        for fact in standing(entry.history(cost.fund))
        if isinstance(fact.event, CostDrawn)
        and (fact.event.activity, fact.event.cost) == (cost.activity, cost.number)
    ]
    return paid[-1] if paid else None


def annul_roster(
    entry: Entry,
    memberships: Iterable[MembershipId],
    why: Why,
    reason: str,
    *,
    source: ImportId | None = None,
    confirmed_by: PersonId | None = None,
) -> Listed:
    """Takes back in one act what a roster brought: each membership's facts, a record each.

    Who has moved on meanwhile is named with the rule that says so; the others are taken back.
    """
    entry.act = replace(entry.act, correlation=source)
    listed = Listed()
    for name in dict.fromkeys(memberships):
        try:
            with entry.attempt():
                _annul_membership(entry, name, why, reason, confirmed_by)
        except Refused as refused:
            listed.refused[name] = refused
        else:
            listed.done.append(name)
    return listed


def _annul_membership(
    entry: Entry, name: MembershipId, why: Why, reason: str, confirmed_by: PersonId | None
) -> None:
    history = entry.history(name)
    if not history:
        raise NotFound(name)
    ours = [
        fact
        for fact in standing(history)
        if fact.origin == entry.ledger.origin and not isinstance(fact.event, FactAnnulled)
    ]
    final = [fact for fact in ours if kind_of(fact.event) in FINAL]
    for fact in [*final, *reversed(ours)]:
        if not isinstance(fact.event, corrections.FactCorrected):
            _annul(entry, fact, history, why, reason, confirmed_by)


def _annul(
    entry: Entry,
    fact: Fact,
    history: Iterable[Fact],
    why: Why,
    reason: str,
    confirmed_by: PersonId | None,
) -> FactAnnulled:
    annulled = corrections.annul(
        entry.act, fact, history, origin=entry.ledger.origin, line=_line(entry, fact), why=why,
        reason=reason, confirmed_by=confirmed_by,
    )  # fmt: skip
    _by_another(entry, fact, confirmed_by)
    entry.write(annulled, corrects=fact.position)
    return annulled


def _ours(entry: Entry, position: int) -> tuple[Record, Fact]:
    found = entry.facts_at([(entry.ledger.origin, position)])
    if not found:
        raise NotFound(f"{entry.ledger.origin}#{position}")
    return found[0]


def _line(entry: Entry, fact: Fact) -> list[Any]:
    return entry.line(fact.union) if fact.union is not None else []


def _as_of(act: Act, on: date) -> Act:
    return replace(act, on=on, late=act.late or Late.CORRECTION)


# ── what rests on a fact ─────────────────────────────────────────────────────────────────────


def resting_on(reader: Reader, fact: Fact) -> list[Dependent]:
    """The later facts that rest on one of ours, each with its next act."""
    return corrections.dependents(fact, _later(reader, fact))


def _later(reader: Reader, fact: Fact) -> list[Fact]:
    """What became known after a fact about anything that it names."""
    named = {id_ for value in fact.event.__dict__.values() for id_ in ids_in(value)}
    places = [
        one.place
        for one in worker_files.mentions(reader.conn, reader.ledger.origin, named)
        if one.seq > fact.position
    ]
    found = {(one.origin, one.position): later for one, later in reader.facts_at(places)}
    return [found[place] for place in places if place in found]
